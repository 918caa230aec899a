"""What a test sets up over the control plane: profiles, capacity, faults, load, holds."""

from dataclasses import dataclass, replace

from together_mock.core import commands
from together_mock.core.capacity import Capacity
from together_mock.core.clock import SECOND
from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.core.lifecycle import ahead
from together_mock.core.load import Curve, parse_curve
from together_mock.core.states import FROM_V1, V1_STATES, State
from together_mock.services import control, engine
from together_mock.services.endpoints import deployment_found
from together_mock.services.projects import Project
from together_mock.services.rules import (
    CapacityDocument,
    PlannedCapacity,
    ProfileDocument,
)
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import queries

# Where a state may be forced to; ends of what is under way, and failures of whatever runs.
FORCED: dict[State, tuple[State, ...]] = {
    State.QUEUED: (State.STARTING, State.SERVING, State.STOPPED, State.FAILED),
    State.STARTING: (State.SERVING, State.STOPPING, State.STOPPED, State.FAILED),
    State.SERVING: (State.STOPPING, State.STOPPED, State.FAILED),
    State.STOPPING: (State.STOPPED, State.FAILED),
    State.STOPPED: (State.QUEUED,),
    State.FAILED: (State.QUEUED, State.STOPPED),
}


@dataclass(frozen=True)
class CapacityView:
    """The pools in force with their use, and those to come."""

    capacity: Capacity
    planned: list[PlannedCapacity]


def profiles(project: Project) -> dict[str, ProfileDocument]:
    """The profiles by name."""
    return project.facts.rules.profiles


def put_profile(world: World, project: Project, name: str, document: ProfileDocument) -> None:
    """Set a profile. Stages under way are timed anew from their start, never back in time."""
    with world.write(project) as unit:
        rules = unit.facts.rules
        changed = {**rules.profiles, name: document}
        engine.set_facts(unit, rules=rules.model_copy(update={"profiles": changed}))
        control.plan_anew(unit)


def delete_profile(world: World, project: Project, name: str) -> None:
    """Remove a profile.

    Raises:
        MockError: `unknown_item`.
    """
    with world.write(project) as unit:
        rules = unit.facts.rules
        if name not in rules.profiles:
            raise MockError("unknown_item", kind="profile", id=name)
        kept = {key: item for key, item in rules.profiles.items() if key != name}
        engine.set_facts(unit, rules=rules.model_copy(update={"profiles": kept}))
        control.plan_anew(unit)


def capacity(world: World, project: Project) -> CapacityView:
    """The pools with their use."""
    with world.write(project) as unit:
        return CapacityView(engine.simulation(unit).placement.capacity, unit.facts.rules.planned)


def put_capacity(
    world: World, project: Project, document: CapacityDocument, at: int | None
) -> CapacityView:
    """Put pools in force now, or at an instant to come.

    Raises:
        MockError: unknown hardware or zone, a pool named twice, an instant in the past.
    """
    check_capacity(world, document)
    with world.write(project) as unit:
        rules = unit.facts.rules
        if at is None:
            put_in_force(unit, document)
        elif at <= unit.now:
            raise MockError("invalid_value", param="at", detail="must be an instant to come")
        else:
            planned = [*rules.planned, PlannedCapacity(at=at, capacity=document)]
            planned.sort(key=lambda plan: plan.at)
            engine.set_facts(unit, rules=rules.model_copy(update={"planned": planned}))
    return capacity(world, project)


def put_in_force(unit: Unit, document: CapacityDocument) -> None:
    """Put pools in force now, and give out what they have."""
    made = engine.simulation(unit)
    held = queries.holding_pairs(unit.connection, unit.project.key)
    engine.load(unit, made, [*held, *queries.waiting_pairs(unit.connection, unit.project.key)])
    made.set_capacity(document.value(), unit.now)
    engine.save(unit)
    engine.set_facts(unit, rules=unit.facts.rules.model_copy(update={"capacity": document}))


def check_capacity(world: World, document: CapacityDocument) -> None:
    """Refuse pools of what the platform does not have.

    Raises:
        MockError: unknown hardware or zone, or a pool named twice.
    """
    seen = set()
    for index, pool in enumerate(document.pools):
        param = f"pools.{index}"
        hardware = world.catalog.canonical_hardware(pool.hardware)
        if hardware is None or hardware.id != pool.hardware:
            known = ", ".join(world.catalog.hardware)
            raise MockError(
                "invalid_value", param=f"{param}.hardware", detail=f"must be one of {known}"
            )
        if pool.zone is not None and pool.zone not in world.catalog.zones:
            zones = ", ".join(world.catalog.zones)
            raise MockError(
                "invalid_value", param=f"{param}.zone", detail=f"must be one of {zones}"
            )
        if (pool.hardware, pool.zone) in seen:
            raise MockError("invalid_value", param=param, detail="names a pool a second time")
        seen.add((pool.hardware, pool.zone))


def set_propagation(world: World, project: Project, seconds: float | None) -> None:
    """Set how long routers take to go by another traffic split; None leaves it to the preset."""
    with world.write(project) as unit:
        rules = unit.facts.rules.model_copy(update={"propagation": seconds})
        engine.set_facts(unit, rules=rules)


def force(world: World, project: Project, endpoint_id: str, state: str, reason: str | None) -> None:
    """Put an endpoint into a state now.

    Raises:
        MockError: `unknown_endpoint`, `impossible_transition`.
    """
    target = FROM_V1[state]
    with world.write(project) as unit:
        deployment = _deployment(unit, endpoint_id)
        made = engine.simulation(unit)
        if target not in FORCED[deployment.state]:
            raise _impossible(endpoint_id, deployment, target)
        if target in (State.STARTING, State.SERVING) and deployment.waiting:
            raise _impossible(endpoint_id, deployment, target)
        made.enter(deployment, target, unit.now, f"control {reason}" if reason else "control")


def _impossible(
    endpoint_id: str, deployment: Deployment, target: State, param: str = "to"
) -> MockError:
    return MockError(
        "impossible_transition",
        param=param,
        endpoint=endpoint_id,
        from_state=V1_STATES[deployment.state],
        to_state=V1_STATES[target],
    )


def hold(world: World, project: Project, endpoint_id: str, before: str) -> None:
    """Park an endpoint just before a state that it would enter by itself.

    Raises:
        MockError: `unknown_endpoint`, `impossible_transition`.
    """
    target = FROM_V1[before]
    with world.write(project) as unit:
        deployment = _deployment(unit, endpoint_id)
        if target not in ahead(deployment.state):
            raise _impossible(endpoint_id, deployment, target, "before")
        commands.hold(engine.simulation(unit), deployment, target)


def release(world: World, project: Project, endpoint_id: str) -> None:
    """Let a parked endpoint go on; one that is not parked goes on as it was.

    Raises:
        MockError: `unknown_endpoint`.
    """
    with world.write(project) as unit:
        deployment = _deployment(unit, endpoint_id)
        commands.release_hold(engine.simulation(unit), deployment, unit.now)


@dataclass(frozen=True)
class Load:
    """A synthetic load, and how the autoscaler answers to it; None leaves a setting as it is."""

    curve: str | None
    target: float | None = None
    up_seconds: float | None = None
    down_seconds: float | None = None


def put_load(world: World, project: Project, endpoint_id: str, load: Load) -> Curve | None:
    """Put a synthetic load on an endpoint from now on; no curve takes it off.

    Raises:
        MockError: `unknown_endpoint`, a curve that cannot be read.
    """
    with world.write(project) as unit:
        made = engine.simulation(unit)
        deployment = _deployment(unit, endpoint_id, "endpoint")
        curve = None if load.curve is None else parse_curve(load.curve, unit.now, "curve")
        scaling = deployment.scaling
        deployment.scaling = replace(
            scaling,
            curve=curve,
            target=load.target or scaling.target,
            up_window=_window(load.up_seconds, scaling.up_window),
            down_window=_window(load.down_seconds, scaling.down_window),
        )
        made.changed.add(deployment.key)
        if deployment.state is State.SERVING:
            made.observe(deployment, unit.now)
        return curve


def _window(seconds: float | None, present: int) -> int:
    return present if seconds is None else round(seconds * SECOND)


def _deployment(unit: Unit, endpoint_id: str, param: str | None = None) -> Deployment:
    return engine.deployment_of(unit, *deployment_found(unit, endpoint_id, param))
