"""Faults: set, listed and removed over the control plane, and asked about each request."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from together_mock.core import http_faults, ids
from together_mock.core.errors import MockError
from together_mock.core.http_faults import Effect, Subject
from together_mock.services import engine
from together_mock.services.fault_documents import Fault, NewFault
from together_mock.services.operations import check_operation, operations
from together_mock.services.projects import Project
from together_mock.services.rules import ttl_end
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import fleet, queries

_OF_REQUESTS = ("operation", "method", "path")


class Asked(NamedTuple):
    """A request as far as faults ask about it; `names` are what its endpoint is called."""

    method: str
    path: str
    names: Sequence[str]
    stream: bool = False


def in_force(world: World, project: Project) -> list[Fault]:
    """The faults in force; those whose time has passed are left out."""
    with world.write(project) as unit:
        return [
            fault
            for fault in unit.facts.rules.faults
            if fault.until is None or unit.now < fault.until
        ]


def add(world: World, project: Project, document: NewFault) -> Fault:
    """Set a fault; `replica_crash` strikes at once at what serves already.

    Raises:
        MockError: it is for an operation that there is not.
    """
    check(document)
    with world.write(project) as unit:
        rules = unit.facts.rules
        number = rules.fault_count + 1
        fault = Fault(
            **dict(document),
            id="flt_" + ids.hex8(unit.facts.seed, "fault", number),
            until=ttl_end(document.ttl, unit.now),
        )
        changes = {"faults": [*rules.faults, fault], "fault_count": number}
        engine.set_facts(unit, rules=rules.model_copy(update=changes))
        if document.effect.lifecycle == "replica_crash":
            _crash_now(unit)
        engine.save(unit)
        return unit.facts.rules.faults[-1]


def check(document: NewFault, prefix: str = "") -> None:
    """Refuse a fault that could never strike.

    That is one of an operation that there is not, or of a lifecycle by what only requests have.

    Raises:
        MockError: `invalid_value`; `prefix` stands before the field's name.
    """
    check_operation(document.match.operation, f"{prefix}match.operation")
    if document.effect.is_of_requests:
        return
    for name in _OF_REQUESTS:
        if getattr(document.match, name) != "*":
            detail = "goes with effects on requests: status, latency, stream, reset"
            raise MockError("invalid_value", param=f"{prefix}match.{name}", detail=detail)


def _crash_now(unit: Unit) -> None:
    made = engine.simulation(unit)
    serving = queries.pairs_in_states(unit.connection, unit.project.key, engine.SERVING)
    for endpoint, row in serving:
        deployment = engine.deployment_of(unit, endpoint, row)
        # The others have had their turn when they were set.
        fault = made.strike(deployment, unit.now, made.timing.faults[-1:])
        if fault is not None:
            made.crash(deployment, unit.now, f"fault:{fault.effect}")


def delete(world: World, project: Project, fault_id: str | None) -> None:
    """Remove one fault, or all.

    Raises:
        MockError: `unknown_item`.
    """
    with world.write(project) as unit:
        rules = unit.facts.rules
        kept = [fault for fault in rules.faults if fault_id not in (None, fault.id)]
        if fault_id is not None and len(kept) == len(rules.faults):
            raise MockError("unknown_item", kind="fault", id=fault_id)
        engine.set_facts(unit, rules=rules.model_copy(update={"faults": kept}))


def ask_for_names(project: Project) -> bool:
    """Whether a fault is for some endpoints only, so that it matters what a request is about."""
    return any(fault.endpoint != "*" for fault in project.request_faults)


def strike(world: World, project: Project, asked: Asked, own: Effect) -> Effect:
    """What faults do to a request, beside what it asked for itself; each that is met is counted.

    Args:
        world: the world.
        project: whose request it is.
        asked: the request, its names as `names_of` finds them.
        own: what the request's own headers ask for.
    """
    with project.gate:
        first = not project.has_activity
        subject = Subject(
            method=asked.method,
            path=asked.path,
            operation=lambda: operations().of(asked.method, asked.path),
            names=asked.names,
            stream=asked.stream,
            at=world.now(project),
            seed=project.facts.seed,
        )
        counts = project.fault_counts
        effect = http_faults.strike(project.request_faults, counts, subject, own)
    if first and project.fault_counts:
        world.flush_soon()
    return effect


def names_of(world: World, project: Project, names: Sequence[str]) -> list[str]:
    """Names in a request, and the id, the name and the models of the endpoints that they name."""
    found = list(names)
    with world.read(project) as connection:
        for name in names:
            # A deployment's name begins with that of its endpoint.
            owner = name.rpartition("/")[0]
            endpoint = (
                fleet.endpoint_by_id(connection, project.key, name)
                or fleet.endpoint_named(connection, project.key, name)
                or (fleet.endpoint_named(connection, project.key, owner) if owner else None)
            )
            if endpoint is not None:
                pairs = queries.pairs_of_endpoint(connection, project.key, endpoint.id)
                found += [endpoint.id, endpoint.name, *(row.model for _, row in pairs)]
    return found


def read_inference(body: bytes) -> tuple[list[str], bool]:
    """What an inference request calls its model, and whether it asks for a stream.

    It is not checked yet: what cannot be read names nothing.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return [], False
    if not isinstance(value, dict):
        return [], False
    model = value.get("model")
    return [model] if isinstance(model, str) else [], value.get("stream") is True
