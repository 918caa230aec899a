"""Between v2's wire shape of an endpoint's events, or what asks for them, and core's values."""

from collections.abc import Sequence
from typing import Any

from together_mock.api.v2.wire import instant
from together_mock.core.endpoint_events import (
    PHASE_CHANGED,
    POD_LOG,
    SOURCES,
    EndpointEvent,
    Level,
    Wanted,
)
from together_mock.core.errors import MockError
from together_mock.core.instants import to_iso
from together_mock.services.v2.events import Cursor

_LEVEL = "LEVEL_"
_BIGGEST = 2**63
# What of a replica tells of its start.
_CONTAINERS = {"PullingImage": "engine", "Starting": "engine", "LoadingWeights": "model-download"}
_SERVICE = "model-deployment"


def event(endpoint_id: str, told: EndpointEvent) -> dict[str, Any]:
    """An event; what is not said of it is left out."""
    fields = {
        "id": told.id,
        "createdAt": to_iso(told.at),
        "endpointId": endpoint_id,
        "deploymentId": told.deployment and told.deployment.id,
        "level": f"{_LEVEL}{told.level.name}",
        "type": told.type,
        "source": SOURCES[told.source_kind],
        "sourceKind": told.source_kind,
        "message": told.message,
        "name": told.name,
        "subjectId": told.subject,
        "status": told.status,
        "reason": told.reason,
        "oldReplicas": told.old_replicas,
        "newReplicas": told.new_replicas,
        "paths": None if told.paths is None else list(told.paths),
        "replicaId": told.replica,
        "logExcerpt": told.log,
        **(_of_replica(told) if told.type in (PHASE_CHANGED, POD_LOG) else {}),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _of_replica(told: EndpointEvent) -> dict[str, str]:
    container = _CONTAINERS.get(told.reason or "", "engine")
    return {"containerName": container, "serviceType": _SERVICE}


def wanted(
    *,
    types: Sequence[str] | None,
    min_level: str | None,
    since: str | None,
    until: str | None,
    deployment_ids: Sequence[str] | None,
    source_kinds: Sequence[str] | None,
    subject_id: str | None,
) -> Wanted:
    """Which events are asked for; what is empty is not asked about.

    Raises:
        MockError: `bad_instant`, `v2_bad_value`.
    """
    kinds = _items(source_kinds)
    for kind in sorted(kinds or ()):
        if kind not in SOURCES:
            detail = f"{kind} is none of {', '.join(SOURCES)}"
            raise MockError("v2_bad_value", param="sourceKinds", detail=detail)
    return Wanted(
        types=_items(types),
        level=Level[min_level.removeprefix(_LEVEL)] if min_level else None,
        since=instant(since, "since") if since else None,
        until=instant(until, "until") if until else None,
        deployments=_items(deployment_ids),
        source_kinds=kinds,
        subject=subject_id or None,
    )


def _items(values: Sequence[str] | None) -> frozenset[str] | None:
    """What a list says whose parts are parted by commas, or given one by one."""
    parts = [part.strip() for value in values or () for part in value.split(",")]
    return frozenset(filter(None, parts)) or None


def cursor(position: Sequence[Any] | None, *, lenient: bool) -> Cursor | None:
    """A position in the feed that a client has handed back.

    Raises:
        MockError: `v2_bad_cursor`.
    """
    match position:
        case None:
            return None
        case (int(at), int(key), int(slot), int(last)):
            numbers = at, key, slot, last
            if all(0 <= number < _BIGGEST for number in numbers):
                return numbers
    if lenient:
        return None
    raise MockError("v2_bad_cursor", param="after")
