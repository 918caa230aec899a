"""The catalogues of `fixtures/`, read once and looked up by id."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import orjson

from together_mock.core.billing import cents_per_minute, hourly_price_units, price_units
from together_mock.core.catalog import Eligibility, Hardware, Model, Preset
from together_mock.core.errors import MockError
from together_mock.core.latency import Gpu, Physics
from together_mock.core.lifecycle import Stage
from together_mock.core.sources import Vocabulary
from together_mock.resources import directory
from together_mock.services.legacy.catalog import LegacyCatalog
from together_mock.services.platform import Platform

Speed = Literal["instant", "realistic"]


@dataclass(frozen=True)
class Uploads:
    """What uploaded models are taken to be: words for their types, and sizes by repository."""

    vocabulary: Vocabulary
    bytes_per_parameter: float
    sizes: dict[str, float]


@dataclass(frozen=True)
class ErrorCase:
    """One row of the error catalogue."""

    case: str
    status: int
    type: str
    code: str | None
    message: str
    grade: str
    source: str


class CatalogError(Exception):
    """A catalogue file that cannot be read; the text names it."""


class Catalog:
    """Hardware, zones, models, presets and errors. Files of `override` replace shipped ones."""

    def __init__(self, override: str | None = None) -> None:
        self._override = Path(override) if override else None
        if self._override and not self._override.is_dir():
            raise CatalogError(f"{override}: no such directory")
        hardware = self.read("hardware.json")
        self.hardware = {row["id"]: _hardware(row) for row in hardware["hardware"]}
        self.hardware_updated_at: str = hardware["updated_at"]
        self._aliases: dict[str, str] = hardware["aliases"]
        self.zones: tuple[str, ...] = tuple(zone["id"] for zone in self.read("zones.json")["zones"])
        self.models = {row["id"]: _model(row) for row in self.read("models.json")["models"]}
        rule = self.read("eligibility.json")
        self._eligibility = Eligibility(rule["overhead"], frozenset(rule["gpu_types"]))
        presets = self.read("presets.json")["presets"]
        self.presets = {name: _preset(name, stages) for name, stages in presets.items()}
        self._speeds = self.read("latency.json")
        self.physics = _physics(self._speeds)
        speeds = self._speeds["presets"].items()
        self._slow = frozenset(preset for preset, speed in speeds if speed == "realistic")
        self.uploads = _uploads(self.read("uploads.json"))
        errors = self.read("errors.json")["errors"]
        self.errors = {row["case"]: _error(row) for row in errors}

    def read(self, name: str) -> Any:
        """A catalogue file's content.

        Raises:
            CatalogError: an override that is missing or no JSON.
        """
        path = directory("fixtures") / name
        if self._override and (self._override / name).is_file():
            path = self._override / name
        try:
            return orjson.loads(path.read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            raise CatalogError(f"{path}: {error}") from error

    def fidelity(self) -> dict[str, Any]:
        """The error and behaviour catalogues, each case with its grade and source."""
        return {
            "errors": self.read("errors.json")["errors"],
            "behaviours": self.read("behaviours.json")["behaviours"],
        }

    def canonical_hardware(self, hardware_id: str) -> Hardware | None:
        """The hardware of an id or of a short id that 1.x's command line builds."""
        return self.hardware.get(self._aliases.get(hardware_id, hardware_id))

    def is_instant(self, preset: str, asked: Speed | None) -> bool:
        """Whether models answer at once: as was asked for, or as the lifecycle preset has it."""
        return preset not in self._slow if asked is None else asked == "instant"

    @property
    def serverless_hardware(self) -> Hardware:
        """What serverless models are taken to run on."""
        return self.hardware[self._speeds["serverless_hardware"]]

    def eligible(self, model: Model) -> list[Hardware]:
        """The hardware that a model can run on: in its own order, or by the rule."""
        if model.hardware is not None:
            return [self.hardware[hardware_id] for hardware_id in model.hardware]
        return [item for item in self.hardware.values() if self._eligibility.allows(model, item)]

    @cached_property
    def legacy(self) -> LegacyCatalog:
        """What the platform published in 2024."""
        return LegacyCatalog(self)

    @cached_property
    def platform(self) -> Platform:
        """What the platform itself publishes for v2."""
        return Platform(self)

    def sku(self, hardware_id: str, config: str) -> str:
        """What the bill calls hardware: the instance type where a config chose it, or v1's id."""
        return self.platform.instance_type_of(hardware_id).name if config else hardware_id

    def price_of(self, sku: str) -> int:
        """The price of a replica, in price units; `sku` is a hardware or an instance type."""
        hardware = self.hardware.get(sku)
        if hardware is not None:
            return price_units(hardware.cents_per_minute)
        return hourly_price_units(self.platform.instance_types[sku].cents_per_hour)

    def cents_per_minute(self, sku: str) -> Decimal:
        """The price of a replica as v1 shows it."""
        return cents_per_minute(self.price_of(sku))

    def describe(self, error: MockError) -> str:
        """An error in one line, with the field at fault."""
        text = self.errors[error.case].message.format(param=error.param, **error.values)
        return f"{error.param}: {text}" if error.param and error.param not in text else text

    def preset(self, name: str) -> Preset:
        """A preset by name.

        Raises:
            MockError: `unknown_preset`.
        """
        try:
            return self.presets[name]
        except KeyError:
            raise MockError(
                "unknown_preset", param="preset", preset=name, presets=", ".join(self.presets)
            ) from None


def _hardware(row: dict[str, Any]) -> Hardware:
    return Hardware(
        id=row["id"],
        gpu_type=row["gpu_type"],
        gpu_link=row["gpu_link"],
        gpu_memory=row["gpu_memory"],
        gpu_count=row["gpu_count"],
        cents_per_minute=Decimal(row["cents_per_minute"]),
        listed=row["listed"],
    )


def _model(row: dict[str, Any]) -> Model:
    hardware = row["hardware"]
    return Model(
        id=row["id"],
        display_name=row["display_name"],
        organization=row["organization"],
        type=row["type"],
        context_length=row["context_length"],
        serverless=row["serverless"],
        dedicated=row["dedicated"],
        parameters_billion=row["parameters_billion"],
        bytes_per_parameter=row["bytes_per_parameter"],
        hardware=tuple(hardware) if hardware else None,
        engine=row["engine"],
        reasoning=row["reasoning"],
        dimension=row["dimension"],
        pricing=row["pricing"],
        created=row["created"],
        license=row["license"],
        link=row["link"],
    )


def _uploads(row: dict[str, Any]) -> Uploads:
    vocabulary = Vocabulary(
        types=tuple((word, kind) for word, kind in row["types"]),
        supported=tuple(row["supported"]),
        unsupported=tuple(row["unsupported"]),
        usual_type=row["usual_type"],
        usual_billions=row["usual_billions"],
    )
    sizes = {size["source"].lower(): size["billions"] for size in row["sizes"]}
    return Uploads(vocabulary, row["bytes_per_parameter"], sizes)


def _physics(row: dict[str, Any]) -> Physics:
    return Physics(
        gpus={name: Gpu(**gpu) for name, gpu in row["gpus"].items()},
        memory_efficiency=row["memory_efficiency"],
        compute_efficiency=row["compute_efficiency"],
        overhead_seconds=row["overhead_seconds"],
        speculative_speedup=row["speculative_speedup"],
        batch=row["batch"],
    )


def _preset(name: str, stages: dict[str, Any]) -> Preset:
    return Preset(
        name, {stage: Stage(**timing) if timing else None for stage, timing in stages.items()}
    )


def _error(row: dict[str, Any]) -> ErrorCase:
    return ErrorCase(
        case=row["case"],
        status=row["status"],
        type=row["type"],
        code=row["code"],
        message=row["message"],
        grade=row["grade"],
        source=row["source"],
    )
