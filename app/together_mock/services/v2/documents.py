"""The part of the state document that is about endpoints with any number of deployments."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from together_mock.core.autoscaling import (
    DEFAULT_METRICS,
    HIGHEST_TARGET,
    LEAST_TARGET,
    METRICS,
    Autoscaling,
    Metric,
)
from together_mock.core.clock import SECOND
from together_mock.core.deployment import Policy, Rules
from together_mock.core.visibility import PRIVATE, Visibility
from together_mock.services.adapter_documents import Adapter
from together_mock.services.fields import Entry, Instant, Seconds, Word
from together_mock.services.progress_documents import ProgressEntry
from together_mock.services.v2.settings import Placement

Replicas = Annotated[int, Field(ge=0, le=1_000_000)]
_LONGEST = 300


class PolicyEntry(Entry):
    """A limit on scaling over a trailing period."""

    type: Literal["pods", "percent"]
    value: int = Field(ge=1, le=2**31 - 1)
    period: Seconds


class RulesEntry(Entry):
    """The limits of one direction."""

    policies: list[PolicyEntry] = Field(default_factory=list)
    select: Literal["max", "min", "disabled"] = "max"

    def value(self) -> Rules:
        """The limits as the engine takes them."""
        policies = [
            Policy(policy.type == "percent", policy.value, round(policy.period * SECOND))
            for policy in self.policies
        ]
        return Rules(tuple(policies), self.select)


class MetricEntry(Entry):
    """A metric and its target; how the target is meant follows from the name."""

    name: str
    target: float = Field(ge=LEAST_TARGET, le=HIGHEST_TARGET)
    percentile: str | None = None

    @field_validator("name")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in METRICS:
            raise ValueError(f"must be one of {', '.join(METRICS)}")
        return name


class FullAutoscalingEntry(Entry):
    """Bounds, windows, limits and metrics; what is left out is as v2's creation has it."""

    min_replicas: Replicas = 1
    max_replicas: Replicas | None = None
    scale_up_window: Seconds = 0.0
    scale_down_window: Seconds = 300.0
    scale_to_zero_window: Seconds | None = None
    scale_up: RulesEntry = Field(default_factory=RulesEntry)
    scale_down: RulesEntry = Field(default_factory=RulesEntry)
    scaling_metrics: list[MetricEntry] | None = None

    def value(self) -> Autoscaling:
        """The autoscaling as the engine takes it."""
        zero, given = self.scale_to_zero_window, self.scaling_metrics
        metrics: tuple[Metric, ...] = DEFAULT_METRICS
        if given is not None:
            metrics = tuple(
                Metric(item.name, METRICS[item.name], item.target, item.percentile)
                for item in given
            )
        return Autoscaling(
            minimum=self.min_replicas,
            maximum=self.min_replicas if self.max_replicas is None else self.max_replicas,
            up_window=round(self.scale_up_window * SECOND),
            down_window=round(self.scale_down_window * SECOND),
            zero_window=None if zero is None else round(zero * SECOND),
            up=self.scale_up.value(),
            down=self.scale_down.value(),
            metrics=metrics,
        )


class PlacementEntry(Entry):
    """Where replicas may be placed."""

    profile: str | None = None
    regions: list[str] | None = None
    constraint: Literal["ENFORCEMENT_REQUIRED", "ENFORCEMENT_PREFERRED"] | None = None
    hipaa: bool | None = None

    def value(self) -> Placement:
        """The placement as a value."""
        regions = None if self.regions is None else tuple(self.regions)
        return Placement(self.profile, regions, self.constraint, self.hipaa)


class DeploymentEntry(Entry):
    """A deployment of an endpoint; what is left out gets what creation would give.

    `model` is a row of the catalogue, `model_name` what clients call it, if otherwise; `model_id`
    and `revision` are v2's ids of what is deployed.
    One with a `config` is v2's; one with a `hardware` and none is v1's, and billed at v1's price.
    """

    id: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    name: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    model: str | None = Field(default=None, min_length=1)
    model_name: str | None = Field(default=None, min_length=1)
    model_id: str | None = None
    revision: str | None = None
    config: str | None = None
    hardware: str | None = None
    state: Word = "PENDING"
    autoscaling: FullAutoscalingEntry = Field(default_factory=FullAutoscalingEntry)
    inactive_timeout: int | None = Field(default=None, ge=0, le=2**31 - 1)
    availability_zone: str | None = None
    placement: PlacementEntry | None = None
    max_concurrent_requests_per_replica: str | None = Field(
        default=None, pattern=r"^(0|[1-9][0-9]{0,18})$"
    )
    enable_lora: bool | None = None
    etag: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    adapters: list[Adapter] = Field(default_factory=list)
    progress: ProgressEntry | None = None


class WeightEntry(Entry):
    """A deployment's weight; the deployment by its id or by its name."""

    deployment: str
    weight: float = Field(default=1.0, ge=0, allow_inf_nan=False)


class SplitEntry(Entry):
    """A traffic split that the routers go by from an instant on."""

    at: Instant
    split: list[WeightEntry] = Field(default_factory=list)


class RoutedEntry(Entry):
    """An endpoint with its deployments and its traffic split.

    `traffic_split` is in force at once; `traffic_schedule` has several, where one is on its way.
    Null is the split of what v1 made: its one deployment takes everything, without a router.
    """

    generation: Literal["v1", "v2", "legacy"] = "v2"
    id: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    name: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    display_name: str | None = None
    visibility: Visibility = PRIVATE
    disable_prompt_cache: bool = False
    disable_speculative_decoding: bool = False
    etag: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    deployments: list[DeploymentEntry] = Field(default_factory=list)
    traffic_split: list[WeightEntry] | None = Field(default_factory=list)
    traffic_schedule: list[SplitEntry] | None = Field(default=None, min_length=1)


def is_routed(value: Any) -> bool:
    """Whether an entry is one of an endpoint with any number of deployments."""
    if isinstance(value, dict):
        return "generation" in value or "deployments" in value or "traffic_split" in value
    return isinstance(value, RoutedEntry)
