"""Between v2's wire shape of autoscaling and its value."""

from decimal import Decimal
from typing import Any

from together_mock.api.v2 import schemas
from together_mock.core.autoscaling import Autoscaling, AutoscalingChange, Metric, RulesChange
from together_mock.core.clock import SECOND
from together_mock.core.deployment import Policy, Rules

_PERCENT = "SCALING_POLICY_TYPE_PERCENT"
_SELECT = "SCALING_POLICY_SELECT_"


def change(body: schemas.Autoscaling) -> AutoscalingChange:
    """What a request says about autoscaling."""
    metrics = body.scaling_metrics
    return AutoscalingChange(
        minimum=body.min_replicas,
        maximum=body.max_replicas,
        up_window=_microseconds(body.scale_up_window),
        down_window=_microseconds(body.scale_down_window),
        zero_window=_microseconds(body.scale_to_zero_window),
        up=_rules_change(body.scale_up),
        down=_rules_change(body.scale_down),
        metrics=None
        if metrics is None
        else tuple(Metric(m.name, m.type, m.target, m.percentile) for m in metrics),
    )


def _microseconds(duration: str | None) -> int | None:
    return None if duration is None else int(Decimal(duration.removesuffix("s")) * SECOND)


def _rules_change(body: schemas.ScalingRules | None) -> RulesChange | None:
    if body is None:
        return None
    select = body.select_policy and body.select_policy.removeprefix(_SELECT).lower()
    if body.policies is None:
        return RulesChange(select=select)
    policies = tuple(
        Policy(policy.type == _PERCENT, policy.value, policy.period_seconds * SECOND)
        for policy in body.policies
    )
    return RulesChange(policies, select)


def shown(value: Autoscaling) -> dict[str, Any]:
    """An autoscaling as answers show it, with every default resolved."""
    told: dict[str, Any] = {
        "minReplicas": value.minimum,
        "maxReplicas": value.maximum,
        "scaleUpWindow": _duration(value.up_window),
        "scaleDownWindow": _duration(value.down_window),
        "scalingMetrics": [_metric(metric) for metric in value.metrics],
    }
    if value.zero_window is not None:
        told["scaleToZeroWindow"] = _duration(value.zero_window)
    for name, rules in (("scaleUp", value.up), ("scaleDown", value.down)):
        if rules != Rules():
            told[name] = _shown_rules(rules)
    return told


def _duration(microseconds: int) -> str:
    return f"{(Decimal(microseconds) / SECOND).normalize():f}s"


def _metric(metric: Metric) -> dict[str, Any]:
    shown = {"name": metric.name, "type": metric.kind, "target": metric.target}
    return shown if metric.percentile is None else {**shown, "percentile": metric.percentile}


def _shown_rules(rules: Rules) -> dict[str, Any]:
    return {
        "policies": [
            {
                "type": _PERCENT if policy.percent else "SCALING_POLICY_TYPE_PODS",
                "value": policy.value,
                "periodSeconds": policy.period // SECOND,
            }
            for policy in rules.policies
        ],
        "selectPolicy": _SELECT + rules.select.upper(),
    }
