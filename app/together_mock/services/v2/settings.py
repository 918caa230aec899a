"""What v2 was told of a deployment and only shows again: its model, metrics, placement, limits."""

from dataclasses import dataclass
from typing import Any

import orjson

from together_mock.core.autoscaling import DEFAULT_METRICS, Metric
from together_mock.core.deployment import Deployment
from together_mock.services.catalog import Catalog

# What is stored of a deployment that v2 was told nothing of.
UNTOLD = "{}"


@dataclass(frozen=True)
class Placement:
    """Where replicas may be placed: by a saved profile, or by regions given inline."""

    profile: str | None = None
    regions: tuple[str, ...] | None = None
    constraint: str | None = None
    hipaa: bool | None = None


@dataclass(frozen=True)
class Settings:
    """A deployment's model by its ids, and what else is only shown."""

    owner: str
    model_id: str
    revision: str
    metrics: tuple[Metric, ...] = DEFAULT_METRICS
    placement: Placement | None = None
    max_concurrent: str | None = None
    enable_lora: bool | None = None

    @property
    def model(self) -> str:
        """The model's resource name, pinned to its revision."""
        return f"projects/{self.owner}/models/{self.model_id}/revisions/{self.revision}"


def stored(settings: Settings) -> str:
    """Settings as JSON."""
    placement = settings.placement
    document = {
        "owner": settings.owner,
        "model_id": settings.model_id,
        "revision": settings.revision,
        "metrics": [[m.name, m.kind, m.target, m.percentile] for m in settings.metrics],
        "placement": None if placement is None else vars(placement),
        "max_concurrent": settings.max_concurrent,
        "enable_lora": settings.enable_lora,
    }
    return orjson.dumps(document).decode()


def of(catalog: Catalog, deployment: Deployment) -> Settings:
    """The settings of a deployment; for one that v1 made, those that v2 would have given it."""
    if deployment.label.settings == UNTOLD:
        model = catalog.platform.model_named(deployment.label.base)
        return Settings(catalog.platform.project_id, model.id, model.revision)
    document: dict[str, Any] = orjson.loads(deployment.label.settings)
    placement = document.pop("placement")
    if placement is not None:
        regions = placement.pop("regions")
        placement = Placement(regions=None if regions is None else tuple(regions), **placement)
    metrics = tuple(Metric(*metric) for metric in document.pop("metrics"))
    return Settings(metrics=metrics, placement=placement, **document)
