"""v2's requests for endpoints and deployments.

Sources: OpenAPI 2.0.0 and the types of together 3.1.1 (together-v2 reference, 3 and 4).
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from together_mock.api.v2.wire import Body
from together_mock.core.visibility import Visibility

# Protocol-buffer durations: seconds, with up to nine decimals.
Duration = Annotated[str, Field(pattern=r"^-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,9})?s$")]
# The service's own bound is not known; this one keeps a day's replica-time within 64 bits.
Replicas = Annotated[int, Field(ge=0, le=1_000_000)]
Bounded = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# A 64-bit count, which may come as a number or as text.
Count = Annotated[
    str,
    BeforeValidator(_text),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
]


class TrafficSplitEntry(Body):
    """A deployment's weight in a traffic split."""

    deployment_id: str
    weight: float


class CreateEndpointRequest(Body):
    """A new endpoint."""

    name: str
    visibility: Visibility | None = None


class UpdateEndpointRequest(Body):
    """An update of an endpoint; a field that is absent or null is left alone."""

    name: str | None = None
    etag: str | None = None
    traffic_split: list[TrafficSplitEntry] | None = None
    visibility: Visibility | None = None


class ScalingPolicy(Body):
    """A limit on scaling over a trailing period."""

    type: Literal["SCALING_POLICY_TYPE_PODS", "SCALING_POLICY_TYPE_PERCENT"]
    value: Bounded
    period_seconds: Bounded


class ScalingRules(Body):
    """The limits of one direction."""

    policies: list[ScalingPolicy] | None = Field(default=None, max_length=100)
    select_policy: (
        Literal[
            "SCALING_POLICY_SELECT_MAX",
            "SCALING_POLICY_SELECT_MIN",
            "SCALING_POLICY_SELECT_DISABLED",
        ]
        | None
    ) = None


class ScalingMetric(Body):
    """A metric and the target that replicas follow."""

    name: Literal[
        "active_sessions",
        "cache_hit_rate",
        "decoding_speed",
        "e2e_latency",
        "gpu_utilization",
        "inflight_requests",
        "throughput_per_replica",
        "token_utilization",
        "ttft",
    ]
    type: Literal[
        "METRIC_TARGET_TYPE_VALUE",
        "METRIC_TARGET_TYPE_UTILIZATION",
        "METRIC_TARGET_TYPE_AVERAGE_VALUE",
    ]
    target: float
    percentile: str | None = None


class Autoscaling(Body):
    """Bounds, windows, limits and metrics; what is absent keeps its value."""

    min_replicas: Replicas | None = None
    max_replicas: Replicas | None = None
    scale_up_window: Duration | None = None
    scale_down_window: Duration | None = None
    scale_to_zero_window: Duration | None = None
    scale_up: ScalingRules | None = None
    scale_down: ScalingRules | None = None
    scaling_metrics: list[ScalingMetric] | None = Field(default=None, max_length=100)


class CompliancePolicy(Body):
    """Regimes that placement must respect."""

    hipaa: bool | None = None


class InlinePlacement(Body):
    """Regions, and how strictly they are kept to."""

    regions: list[str] | None = Field(default=None, max_length=100)
    constraint: Literal["ENFORCEMENT_REQUIRED", "ENFORCEMENT_PREFERRED"] | None = None
    compliance_policy: CompliancePolicy | None = None


class Placement(Body):
    """Where replicas may be placed: one of the two."""

    inline: InlinePlacement | None = None
    profile: str | None = None


class CreateDeploymentRequest(Body):
    """A new deployment of a model under an endpoint."""

    name: str
    autoscaling: Autoscaling
    model: str | None = None
    model_id: str | None = None
    model_revision_id: str | None = None
    config: str | None = None
    config_id: str | None = None
    placement: Placement | None = None
    inactive_timeout: Bounded | None = None
    max_concurrent_requests_per_replica: Count | None = None
    enable_lora: bool | None = None


class UpdateDeploymentRequest(Body):
    """An update of a deployment; a field that is absent or null is left alone."""

    name: str | None = None
    autoscaling: Autoscaling | None = None
    etag: str | None = None
    inactive_timeout: Bounded | None = None
    max_concurrent_requests_per_replica: Count | None = None


class AddAdapterRequest(Body):
    """An adapter to attach to a deployment."""

    adapter_model_id: str
    adapter_revision_id: str | None = None
    force: bool | None = None


class UpdateAdapterRequest(Body):
    """The revision that an attached adapter is to be."""

    adapter_revision_id: str
    etag: str
    adapter_model_id: str | None = None
