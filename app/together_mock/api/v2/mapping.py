"""Between v2's wire shapes of endpoints and deployments and the values of the services."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from together_mock.api.v2 import scaling, schemas
from together_mock.core import autoscaling, names, routing
from together_mock.core.errors import MockError
from together_mock.core.instants import to_exact_iso
from together_mock.services.v2.creation import NewDeployment
from together_mock.services.v2.deployments import DeploymentChange
from together_mock.services.v2.endpoints import EndpointChange
from together_mock.services.v2.lists import PublicEndpoint
from together_mock.services.v2.settings import Placement
from together_mock.services.v2.views import DeploymentView, EndpointView

T = TypeVar("T")
_COUNT = re.compile(r"0|[1-9][0-9]{0,18}")
_ENDPOINT_PATHS = ("name", "traffic_split", "visibility")
_DEPLOYMENT_PATHS = (
    "name",
    "inactive_timeout",
    "max_concurrent_requests_per_replica",
    *autoscaling.PATHS,
)


def endpoint_change(
    body: schemas.UpdateEndpointRequest, mask: Mapping[str, str] | None, *, lenient: bool
) -> EndpointChange:
    """What an update of an endpoint sets: the fields of the mask, or those that are there.

    An empty list is no traffic split unless the mask names it.

    Raises:
        MockError: `v2_bad_mask`.
    """
    paths = _known(mask, _ENDPOINT_PATHS, lenient=lenient)
    split = None
    if paths is None:
        split = entries(body.traffic_split) if body.traffic_split else None
    elif "traffic_split" in paths:
        split = entries(body.traffic_split or [])
    return EndpointChange(
        name=body.name if paths is None or "name" in paths else None,
        visibility=body.visibility if paths is None or "visibility" in paths else None,
        split=split,
    )


def entries(split: Sequence[schemas.TrafficSplitEntry]) -> tuple[routing.Entry, ...]:
    """A traffic split as a value."""
    return tuple((entry.deployment_id, entry.weight) for entry in split)


def _known(
    mask: Mapping[str, str] | None, paths: Sequence[str], *, lenient: bool
) -> Sequence[str] | None:
    if mask is None:
        return None
    for path, sent in mask.items():
        if path not in paths:
            if lenient:
                return None
            raise MockError("v2_bad_mask", param="updateMask", path=names.cut(sent))
    return list(mask)


def new_deployment(body: schemas.CreateDeploymentRequest, *, lenient: bool) -> NewDeployment:
    """A creation.

    Raises:
        MockError: `v2_bad_value`.
    """
    return NewDeployment(
        name=body.name,
        autoscaling=scaling.change(body.autoscaling),
        model=body.model,
        model_id=body.model_id,
        revision=body.model_revision_id,
        config=body.config,
        config_id=body.config_id,
        placement=_placement(body.placement),
        inactive_timeout=_minutes(body.inactive_timeout, lenient=lenient),
        max_concurrent=_count(body.max_concurrent_requests_per_replica, lenient=lenient),
        enable_lora=body.enable_lora,
    )


def deployment_change(
    body: schemas.UpdateDeploymentRequest, mask: Mapping[str, str] | None, *, lenient: bool
) -> DeploymentChange:
    """What an update of a deployment sets: the fields of the mask, or those that are there.

    Raises:
        MockError: `v2_bad_mask`, `v2_bad_value`.
    """
    paths = _known(mask, _DEPLOYMENT_PATHS, lenient=lenient)

    def said(path: str, value: T | None, absent: T) -> T | None:
        if paths is None:
            return value
        return (absent if value is None else value) if path in paths else None

    scaled = paths is None or any(path.startswith("autoscaling") for path in paths)
    change = None if body.autoscaling is None else scaling.change(body.autoscaling)
    if change is not None and change.is_empty:
        change = None
    minutes = _minutes(body.inactive_timeout, lenient=lenient)
    count = _count(body.max_concurrent_requests_per_replica, lenient=lenient)
    return DeploymentChange(
        name=body.name if paths is None or "name" in paths else None,
        autoscaling=change if scaled else None,
        inactive_timeout=said("inactive_timeout", minutes, 0),
        max_concurrent=said("max_concurrent_requests_per_replica", count, ""),
        paths=paths,
    )


def _minutes(value: int | None, *, lenient: bool) -> int | None:
    """A timeout; a lenient server takes a negative one for none."""
    return max(0, value) if lenient and value is not None else value


def _count(text: str | None, *, lenient: bool) -> str | None:
    """A 64-bit count, as text."""
    if text is None:
        return None
    if not (_COUNT.fullmatch(text) and int(text) < 2**63):
        if lenient:
            return None
        param = "maxConcurrentRequestsPerReplica"
        raise MockError("v2_bad_value", param=param, detail="must be a count, as text")
    return text


def _placement(body: schemas.Placement | None) -> Placement | None:
    if body is None or (body.inline is None and body.profile is None):
        return None
    if body.inline is None:
        return Placement(profile=body.profile)
    if body.profile is not None:
        raise MockError("v2_bad_value", param="placement", detail="takes one of inline and profile")
    inline = body.inline
    return Placement(
        regions=None if inline.regions is None else tuple(inline.regions),
        constraint=inline.constraint,
        hipaa=inline.compliance_policy.hipaa if inline.compliance_policy else None,
    )


def endpoint(view: EndpointView) -> dict[str, Any]:
    """An endpoint in full."""
    record = view.record
    return {
        "id": record.id,
        "projectId": view.project_id,
        "name": record.name,
        "endpointType": "ENDPOINT_TYPE_DEDICATED",
        "visibility": record.visibility,
        "etag": view.etag,
        "createdAt": to_exact_iso(record.created_at),
        "updatedAt": to_exact_iso(record.updated_at),
        "trafficSplit": [
            {"deploymentId": deployment, "weight": weight} for deployment, weight in view.split
        ],
        "deployments": [summary(deployment) for deployment in view.deployments],
    }


def public_endpoint(item: PublicEndpoint) -> dict[str, Any]:
    """An endpoint that everybody may call."""
    return {
        "id": item.id,
        "projectId": item.project_id,
        "name": item.name,
        "createdAt": to_exact_iso(item.created_at),
        "updatedAt": to_exact_iso(item.created_at),
        "visibility": "VISIBILITY_PUBLIC",
    }


def summary(view: DeploymentView) -> dict[str, Any]:
    """A deployment as its endpoint shows it."""
    deployment = view.deployment
    return {
        "id": deployment.id,
        "name": view.name,
        "model": view.settings.model,
        "modelId": view.settings.model_id,
        "state": view.status.state,
        "autoscaling": scaling.shown(view.autoscaling),
        "trafficMode": "TRAFFIC_MODE_LIVE",
        "estimatedEffectiveTrafficShare": view.share,
        "hardware": view.config.instance_type,
        "readyReplicas": deployment.ready,
        "desiredReplicas": deployment.desired,
        "createdAt": to_exact_iso(deployment.label.created_at),
    }


def deployment(view: DeploymentView) -> dict[str, Any]:
    """A deployment in full."""
    value, label, made = view.deployment, view.deployment.label, view.settings
    shown: dict[str, Any] = {
        "id": value.id,
        "projectId": view.project_id,
        "endpointId": view.endpoint_id,
        "name": view.name,
        "createdAt": to_exact_iso(label.created_at),
        "updatedAt": to_exact_iso(label.updated_at),
        "etag": view.etag,
        "model": made.model,
        "modelId": made.model_id,
        "modelRevisionId": made.revision,
        "config": f"projects/{view.config_owner}/configs/{view.config.id}",
        "configId": view.config.id,
        "hardware": view.config.instance_type,
        "autoscaling": scaling.shown(view.autoscaling),
        "desiredReplicas": value.desired,
        "trafficMode": "TRAFFIC_MODE_LIVE",
        "estimatedEffectiveTrafficShare": view.share,
        "status": _status(view),
        "runtimeInfo": {
            "engineType": view.engine,
            "functionCallingSupported": view.chats,
            "structuredOutputSupported": view.chats,
        },
    }
    if value.inactive_minutes is not None:
        shown["inactiveTimeout"] = value.inactive_minutes
    if made.max_concurrent is not None:
        shown["maxConcurrentRequestsPerReplica"] = made.max_concurrent
    if made.enable_lora is not None:
        shown["enableLora"] = made.enable_lora
    if made.placement is not None:
        shown["placement"] = _shown_placement(made.placement)
    return shown


def _status(view: DeploymentView) -> dict[str, Any]:
    ready, scheduled = view.deployment.ready, view.scheduled
    shown: dict[str, Any] = {
        "state": view.status.state,
        "message": view.status.message,
        "readyReplicas": ready,
        "scheduledReplicas": scheduled,
    }
    if scheduled and view.region:
        region = {
            "region": view.region,
            "readyReplicas": ready,
            "scheduledReplicas": scheduled,
        }
        shown["details"] = {"region": [region]}
    return shown


def _shown_placement(placement: Placement) -> dict[str, Any]:
    if placement.profile is not None:
        return {"profile": placement.profile}
    inline: dict[str, Any] = {}
    if placement.regions is not None:
        inline["regions"] = list(placement.regions)
    if placement.constraint is not None:
        inline["constraint"] = placement.constraint
    if placement.hipaa is not None:
        inline["compliancePolicy"] = {"hipaa": placement.hipaa}
    return {"inline": inline}
