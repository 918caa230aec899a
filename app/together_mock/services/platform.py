"""The platform's own catalogue of v2, looked up by id and by name.

Source: together-v2 reference, 4.4; what is published is a rule with exceptions, in
`fixtures/configs.json`.
"""

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from together_mock.core import platform
from together_mock.core.catalog import Hardware, Model
from together_mock.core.platform import (
    Benchmark,
    Config,
    Gpu,
    InstanceType,
    PlatformModel,
    Publication,
)

if TYPE_CHECKING:
    from together_mock.services.catalog import Catalog

# Hardware id -> how its config is published.
_Publications = dict[str, Publication]


class Platform:
    """What the platform publishes, from the same catalogues as v1's faces."""

    project_id = platform.PROJECT_ID
    organization_id = platform.ORGANIZATION_ID
    slug = platform.SLUG

    def __init__(self, catalog: "Catalog") -> None:
        self._catalog = catalog
        self._rule = catalog.read("configs.json")
        # How many adapters a deployment has at most.
        self.adapter_capacity: int = self._rule["adapter_capacity"]
        self._exceptions = {row["model"]: row["configs"] for row in self._rule["models"]}
        hardware = catalog.read("instance_types.json")
        # The regions that are attested for HIPAA.
        self.hipaa: tuple[str, ...] = tuple(hardware["hipaa"]["regions"])
        gpus = {row["gpu_type"]: _gpu(row) for row in hardware["gpus"]}
        made = platform.instance_types(catalog.hardware.values(), gpus)
        self.instance_types = {item.name: item for item in made}
        self._by_hardware = {item.hardware: item for item in made}
        self.supported = [platform.platform_model(model) for model in catalog.models.values()]
        self.models = {item.id: item for item in self.supported}
        self._by_name = {item.model.id: item for item in self.supported}

    def instance_type_of(self, hardware_id: str) -> InstanceType:
        """The instance type that is a hardware of v1's catalogue."""
        return self._by_hardware[hardware_id]

    def hardware_of(self, config: Config) -> Hardware:
        """The hardware in v1's catalogue that a config runs on."""
        return self._catalog.hardware[self.instance_types[config.instance_type].hardware]

    def model_named(self, name: str) -> PlatformModel:
        """A model by its id in the catalogue; one is made up for what a lenient server let in."""
        return self._by_name.get(name) or platform.platform_model(platform.stranger(name))

    @cached_property
    def configs(self) -> dict[str, Config]:
        """Every config by id: one for each hardware that a dedicated model can run on."""
        return {item.id: item for configs in self._by_model.values() for item in configs}

    @cached_property
    def _by_model(self) -> dict[str, list[Config]]:
        models = [item.model for item in self.supported if item.model.dedicated]
        return {model.id: self._configs_of(model) for model in models}

    def _configs_of(self, model: Model) -> list[Config]:
        """Published ones first, in the order in which they are published."""
        eligible = self._catalog.eligible(model)
        publications = self._publications(model, eligible)
        by_id = {item.id: item for item in eligible}
        order = [*publications, *(name for name in by_id if name not in publications)]
        return [
            self._config(model, by_id[name], publications.get(name))
            for name in order
            if name in by_id
        ]

    def _config(self, model: Model, hardware: Hardware, how: Publication | None) -> Config:
        plain = platform.config(model, self.instance_type_of(hardware.id))
        if how is None:
            return plain
        return replace(
            plain, published=True, optimization=how.optimization, adapter_mode=how.adapter_mode
        )

    def takes_adapters(self, model: Model, config_id: str) -> bool:
        """Whether a deployment loads adapters: by its config, or by its type where it has none."""
        config = self.configs.get(config_id)
        mode = (
            self._rule["adapter_modes"].get(model.type) if config is None else config.adapter_mode
        )
        return mode not in (None, platform.NO_ADAPTERS)

    def _publications(self, model: Model, eligible: list[Hardware]) -> _Publications:
        mode = self._rule["adapter_modes"].get(model.type)
        if mode is None:
            return {}
        rows = self._exceptions.get(model.id)
        if rows is None:
            least = platform.smallest(eligible, self._rule["gpu_types"])
            rows = [{"hardware": least.id}] if least else []
        usual = {"optimization": platform.BALANCED, "adapter_mode": mode}
        return {row["hardware"]: Publication(**{**usual, **row}) for row in rows}

    def config_for(self, model_name: str, hardware_id: str) -> Config:
        """The config of a model on a hardware; one is made up where the model cannot run on it."""
        model = self.model_named(model_name).model
        made = platform.config(model, self.instance_type_of(hardware_id))
        return self.configs.get(made.id, made)

    def configs_of(self, model_name: str) -> list[Config]:
        """The published configs of a model."""
        return self._published.get(model_name, [])

    @cached_property
    def _published(self) -> dict[str, list[Config]]:
        return {
            name: [item for item in configs if item.published]
            for name, configs in self._by_model.items()
        }

    @cached_property
    def published(self) -> list[Config]:
        """All published configs, in the order of the catalogue."""
        return [item for item in self.configs.values() if item.published]

    def benchmark(self, config: Config) -> Benchmark | None:
        """How fast a model answers by a config; None where that is not known."""
        model = self.model_named(config.model).model
        return platform.benchmark(self._catalog.physics, model, self.hardware_of(config))


def _gpu(row: dict[str, Any]) -> Gpu:
    return Gpu(
        gpu_type=row["gpu_type"],
        name=row["name"],
        accelerator=row["accelerator"],
        memory_gib=row["memory_gib"],
        cents_per_hour=row["cents_per_hour"],
        listed=row["listed"],
    )
