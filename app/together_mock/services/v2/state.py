"""Endpoints with any number of deployments, as the state document shows them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from together_mock.core import autoscaling, routing
from together_mock.core.autoscaling import Autoscaling
from together_mock.core.clock import SECOND
from together_mock.core.deployment import Deployment, Rules
from together_mock.core.instants import to_exact_iso
from together_mock.core.states import V1_STATES
from together_mock.core.visibility import PRIVATE
from together_mock.services import progress
from together_mock.services.birth import ONLY, V2
from together_mock.services.routes import schedule_of
from together_mock.services.unit import Unit
from together_mock.services.v2 import settings
from together_mock.services.v2.settings import Settings
from together_mock.store.records import EndpointRecord


def is_plain(unit: Unit, endpoint: EndpointRecord, deployments: Sequence[Deployment]) -> bool:
    """Whether v1's form of an entry tells everything: one deployment, of which v2 knows nothing."""
    if endpoint.birth == V2 or endpoint.traffic or len(deployments) != 1:
        return False
    label = deployments[0].label
    if label.name != ONLY or endpoint.visibility != PRIVATE:
        return False
    # Of a model of the project's own, v1 has told which one and nothing else.
    told = settings.of(unit.catalog, deployments[0])
    return told == Settings(told.owner, told.model_id, told.revision)


def show(
    unit: Unit,
    endpoint: EndpointRecord,
    deployments: Sequence[Deployment],
    adapters: Mapping[int, list[dict[str, Any]]],
) -> dict[str, Any]:
    """An endpoint as an entry of the document; `adapters` are entries by a deployment's key."""
    shown: dict[str, Any] = {
        "generation": endpoint.birth,
        "id": endpoint.id,
        "name": endpoint.name,
        "display_name": endpoint.display_name,
        "visibility": endpoint.visibility,
        "disable_prompt_cache": bool(endpoint.disable_prompt_cache),
        "disable_speculative_decoding": bool(endpoint.disable_speculative_decoding),
        "etag": endpoint.etag,
        "created_at": to_exact_iso(endpoint.created_at),
        "updated_at": to_exact_iso(endpoint.updated_at),
        "deployments": [
            _deployment(unit, deployment)
            | ({"adapters": found} if (found := adapters.get(deployment.key)) else {})
            for deployment in deployments
        ],
    }
    if not endpoint.traffic:
        # Its one deployment takes everything, without a router.
        return {**shown, "traffic_split": None}
    schedule = schedule_of(endpoint)
    there = {deployment.id for deployment in deployments}
    if all(split.at <= unit.now for split in schedule):
        return {**shown, "traffic_split": _weights(routing.declared(schedule), there)}
    splits = [
        {"at": to_exact_iso(split.at), "split": _weights(split.entries, there)}
        for split in schedule
    ]
    return {**shown, "traffic_schedule": splits}


def _weights(entries: Sequence[routing.Entry], there: Collection[str]) -> list[dict[str, Any]]:
    # A split that is on its way out may name a deployment that was deleted since.
    return [{"deployment": name, "weight": weight} for name, weight in entries if name in there]


def _deployment(unit: Unit, deployment: Deployment) -> dict[str, Any]:
    label, made = deployment.label, settings.of(unit.catalog, deployment)
    placement = made.placement
    return {
        "id": deployment.id,
        "name": label.name,
        "model": label.base,
        "model_name": None if deployment.model == label.base else deployment.model,
        "model_id": made.model_id,
        "revision": made.revision,
        "config": label.config or None,
        "hardware": deployment.hardware,
        "state": V1_STATES[deployment.state],
        "autoscaling": _autoscaling(autoscaling.of(deployment, made.metrics)),
        "inactive_timeout": deployment.inactive_minutes,
        "availability_zone": deployment.zone,
        "placement": None
        if placement is None
        else {**vars(placement), "regions": placement.regions and list(placement.regions)},
        "max_concurrent_requests_per_replica": made.max_concurrent,
        "enable_lora": made.enable_lora,
        "etag": label.etag,
        "created_at": to_exact_iso(label.created_at),
        "updated_at": to_exact_iso(label.updated_at),
        "progress": progress.show(deployment).model_dump(mode="json"),
    }


def _autoscaling(value: Autoscaling) -> dict[str, Any]:
    zero = value.zero_window
    return {
        "min_replicas": value.minimum,
        "max_replicas": value.maximum,
        "scale_up_window": value.up_window / SECOND,
        "scale_down_window": value.down_window / SECOND,
        "scale_to_zero_window": None if zero is None else zero / SECOND,
        "scale_up": _rules(value.up),
        "scale_down": _rules(value.down),
        "scaling_metrics": [
            {"name": metric.name, "target": metric.target, "percentile": metric.percentile}
            for metric in value.metrics
        ],
    }


def _rules(rules: Rules) -> dict[str, Any]:
    policies = [
        {
            "type": "percent" if policy.percent else "pods",
            "value": policy.value,
            "period": policy.period / SECOND,
        }
        for policy in rules.policies
    ]
    return {"policies": policies, "select": rules.select}
