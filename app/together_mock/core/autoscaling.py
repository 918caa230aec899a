"""What v2 is told about a deployment's autoscaling: bounds, windows, limits, metrics.

Source: together-v2 reference, 4.3; OpenAPI 2.0.0; the types of together 3.1.1. Which values are
refused beyond the documented ones is inferred.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from together_mock.core.clock import SECOND
from together_mock.core.deployment import NO_RULES, Deployment, Policy, Rules
from together_mock.core.errors import MockError
from together_mock.core.instants import LONGEST_SECONDS

IN_FLIGHT = "inflight_requests"
# How the target of each metric is meant.
METRICS = {
    IN_FLIGHT: "METRIC_TARGET_TYPE_AVERAGE_VALUE",
    "throughput_per_replica": "METRIC_TARGET_TYPE_AVERAGE_VALUE",
    "gpu_utilization": "METRIC_TARGET_TYPE_UTILIZATION",
    "token_utilization": "METRIC_TARGET_TYPE_UTILIZATION",
    "cache_hit_rate": "METRIC_TARGET_TYPE_UTILIZATION",
    "active_sessions": "METRIC_TARGET_TYPE_VALUE",
    "ttft": "METRIC_TARGET_TYPE_VALUE",
    "decoding_speed": "METRIC_TARGET_TYPE_VALUE",
    "e2e_latency": "METRIC_TARGET_TYPE_VALUE",
}
LATENCIES = ("ttft", "decoding_speed", "e2e_latency")
PERCENTILES = ("p50", "p90", "p95", "p99")
_FULL = 100.0
_LONGEST_PERIOD = 1800
# Targets beyond these bounds would ask for no replica ever, or for more than can be counted.
LEAST_TARGET, HIGHEST_TARGET = 0.1, 1e6
_WINDOWS = range(LONGEST_SECONDS * SECOND + 1)


@dataclass(frozen=True)
class Metric:
    """A metric, how its target is meant, and which percentile of it counts."""

    name: str
    kind: str
    target: float
    percentile: str | None = None


DEFAULT_METRICS = (Metric(IN_FLIGHT, METRICS[IN_FLIGHT], 8.0),)


@dataclass(frozen=True)
class Autoscaling:
    """A deployment's autoscaling, nothing left open; windows in microseconds."""

    minimum: int = 1
    maximum: int = 1
    up_window: int = 0
    down_window: int = 300 * SECOND
    zero_window: int | None = None
    up: Rules = NO_RULES
    down: Rules = NO_RULES
    metrics: tuple[Metric, ...] = DEFAULT_METRICS


@dataclass(frozen=True)
class RulesChange:
    """What is said of one direction's limits; None is nothing."""

    policies: tuple[Policy, ...] | None = None
    select: str | None = None


@dataclass(frozen=True)
class AutoscalingChange:
    """What a request says about autoscaling; None is nothing."""

    minimum: int | None = None
    maximum: int | None = None
    up_window: int | None = None
    down_window: int | None = None
    zero_window: int | None = None
    up: RulesChange | None = None
    down: RulesChange | None = None
    metrics: tuple[Metric, ...] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said; an empty list, and limits without any, say nothing."""
        said = [value for value in vars(self).values() if value not in (None, ())]
        return all(
            isinstance(value, RulesChange) and not any(vars(value).values()) for value in said
        )


# A field -> its path in an update mask, below `autoscaling`.
_PATHS = {
    "minimum": "min_replicas",
    "maximum": "max_replicas",
    "up_window": "scale_up_window",
    "down_window": "scale_down_window",
    "zero_window": "scale_to_zero_window",
    "up": "scale_up",
    "down": "scale_down",
    "metrics": "scaling_metrics",
}
PATHS = (
    "autoscaling",
    *(f"autoscaling.{path}" for path in _PATHS.values()),
    *(f"autoscaling.{way}.policies" for way in ("scale_up", "scale_down")),
    *(f"autoscaling.{way}.select_policy" for way in ("scale_up", "scale_down")),
)


def created(change: AutoscalingChange) -> Autoscaling:
    """The autoscaling of a new deployment: the maximum defaults to the minimum, and that to 1."""
    minimum = change.minimum
    if minimum is None:
        minimum = 0 if change.maximum == 0 else 1
    maximum = minimum if change.maximum is None else change.maximum
    return merged(Autoscaling(minimum, maximum), change, None)


def merged(
    current: Autoscaling, change: AutoscalingChange, paths: Iterable[str] | None
) -> Autoscaling:
    """An autoscaling after an update: what is not said keeps its value.

    Args:
        current: what it was.
        change: what the request says.
        paths: the paths of the update mask; None takes everything that is said. Naming a part by a
            path of its own, and saying nothing about it, sets it back to its default; a bound
            that is not said keeps its value all the same. An empty list says nothing.
    """
    named = None if paths is None else set(paths)
    values: dict[str, Any] = {}
    for field, path in _PATHS.items():
        said = getattr(change, field)
        own = named is not None and f"autoscaling.{path}" in named
        if field in ("up", "down"):
            values[field] = _merged_rules(getattr(current, field), said, path, named)
        elif said is not None and said != ():
            if named is None or own or "autoscaling" in named:
                values[field] = said
        elif own and field not in ("minimum", "maximum"):
            values[field] = getattr(Autoscaling(), field)
    return replace(current, **values)


def sets_bounds(change: AutoscalingChange, paths: Iterable[str] | None) -> bool:
    """Whether an update sets a bound: the only way to ask for a start; arguments as `merged`."""
    named = None if paths is None else set(paths)
    return any(
        getattr(change, field) is not None
        and (named is None or not named.isdisjoint(("autoscaling", f"autoscaling.{_PATHS[field]}")))
        for field in ("minimum", "maximum")
    )


def _merged_rules(
    current: Rules, change: RulesChange | None, path: str, named: set[str] | None
) -> Rules:
    said = change or RulesChange()
    whole = named is None or "autoscaling" in named or f"autoscaling.{path}" in named
    policies, select = current
    if named is not None and f"autoscaling.{path}.policies" in named:
        policies = said.policies or ()
    elif whole and said.policies:
        policies = said.policies
    if named is not None and f"autoscaling.{path}.select_policy" in named:
        select = said.select or NO_RULES.select
    elif whole and said.select is not None:
        select = said.select
    return Rules(policies, select)


def check(autoscaling: Autoscaling) -> None:
    """Refuse bounds, windows, limits and metrics that cannot be meant.

    Raises:
        MockError: `v2_min_zero`, `v2_min_exceeds_max`, `v2_bad_value`.
    """
    minimum, maximum = autoscaling.minimum, autoscaling.maximum
    if minimum == 0 < maximum:
        raise MockError("v2_min_zero", param="autoscaling.minReplicas")
    if minimum > maximum:
        raise MockError(
            "v2_min_exceeds_max", param="autoscaling.minReplicas", min=minimum, max=maximum
        )
    for name, window in (
        ("scaleUpWindow", autoscaling.up_window),
        ("scaleDownWindow", autoscaling.down_window),
        ("scaleToZeroWindow", autoscaling.zero_window),
    ):
        if window is not None and window not in _WINDOWS:
            raise _bad(f"autoscaling.{name}", f"must be between 0s and {LONGEST_SECONDS}s")
    for name, rules in (("scaleUp", autoscaling.up), ("scaleDown", autoscaling.down)):
        for index, policy in enumerate(rules.policies):
            _check_policy(policy, f"autoscaling.{name}.policies.{index}")
    _check_metrics(autoscaling.metrics)


def meant(autoscaling: Autoscaling) -> Autoscaling:
    """What is left of an autoscaling without what `check` refuses: what a lenient server takes."""
    minimum, default = autoscaling.minimum, Autoscaling()
    maximum = max(minimum, autoscaling.maximum)
    up, down, zero = autoscaling.up_window, autoscaling.down_window, autoscaling.zero_window
    named = {metric.name: metric for metric in reversed(autoscaling.metrics)}
    metrics = (metric for metric in named.values() if _passes(_check_metrics, (metric,)))
    return Autoscaling(
        minimum=max(minimum, 1) if maximum else 0,
        maximum=maximum,
        up_window=up if up in _WINDOWS else default.up_window,
        down_window=down if down in _WINDOWS else default.down_window,
        zero_window=zero if zero is not None and zero in _WINDOWS else None,
        up=_meant_rules(autoscaling.up),
        down=_meant_rules(autoscaling.down),
        metrics=tuple(metrics) or default.metrics,
    )


def _meant_rules(rules: Rules) -> Rules:
    kept = (policy for policy in rules.policies if _passes(_check_policy, policy, ""))
    return rules._replace(policies=tuple(kept))


def _passes(check: Callable[..., None], *values: Any) -> bool:
    try:
        check(*values)
    except MockError:
        return False
    return True


def _check_policy(policy: Policy, param: str) -> None:
    if policy.value < 1:
        raise _bad(f"{param}.value", "must be positive")
    if not SECOND <= policy.period <= _LONGEST_PERIOD * SECOND:
        raise _bad(f"{param}.periodSeconds", f"must be between 1 and {_LONGEST_PERIOD}")


def _check_metrics(metrics: tuple[Metric, ...]) -> None:
    seen = set()
    for index, metric in enumerate(metrics):
        param = f"autoscaling.scalingMetrics.{index}"
        if metric.name in seen:
            raise _bad(f"{param}.name", f"{metric.name} is named a second time")
        seen.add(metric.name)
        if metric.kind != METRICS[metric.name]:
            raise _bad(f"{param}.type", f"must be {METRICS[metric.name]} for {metric.name}")
        percent = metric.kind == METRICS["gpu_utilization"]
        if not LEAST_TARGET <= metric.target <= HIGHEST_TARGET:
            raise _bad(f"{param}.target", f"must be between {LEAST_TARGET} and {HIGHEST_TARGET:g}")
        if percent and metric.target > _FULL:
            raise _bad(f"{param}.target", "is a percentage, so at most 100")
        if metric.percentile is not None and (
            metric.name not in LATENCIES or metric.percentile not in PERCENTILES
        ):
            detail = f"must be one of {', '.join(PERCENTILES)}, and goes with latencies only"
            raise _bad(f"{param}.percentile", detail)


def _bad(param: str, detail: str) -> MockError:
    return MockError("v2_bad_value", param=param, detail=detail)


def of(deployment: Deployment, metrics: tuple[Metric, ...]) -> Autoscaling:
    """The autoscaling of a deployment, whose metrics are known."""
    scaling = deployment.scaling
    return Autoscaling(
        minimum=deployment.minimum,
        maximum=deployment.maximum,
        up_window=scaling.up_window,
        down_window=scaling.down_window,
        zero_window=scaling.zero_window,
        up=scaling.up,
        down=scaling.down,
        metrics=metrics,
    )


def put(deployment: Deployment, autoscaling: Autoscaling) -> None:
    """Have a deployment scale by other windows, limits and metrics; the bounds stay as they are."""
    scaling = deployment.scaling
    scaling.up_window, scaling.down_window = autoscaling.up_window, autoscaling.down_window
    scaling.zero_window = autoscaling.zero_window
    scaling.up, scaling.down = autoscaling.up, autoscaling.down
    targets = [metric.target for metric in autoscaling.metrics if metric.name == IN_FLIGHT]
    scaling.follows_load = bool(targets)
    scaling.target = targets[0] if targets else Autoscaling().metrics[0].target
