"""Explains what happens to an endpoint next, and why; and what happened to it so far."""

from collections.abc import Sequence
from dataclasses import dataclass

from together_mock.core.deployment import Deployment
from together_mock.core.events import HISTORY
from together_mock.core.instants import to_exact_iso
from together_mock.core.states import V1_STATES, State
from together_mock.core.timing import ENDLESS
from together_mock.services import engine
from together_mock.services.endpoints import found
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import history
from together_mock.store.records import EventRecord


@dataclass(frozen=True)
class Past:
    """One event of a history."""

    at: int
    from_state: State | None
    to_state: State
    ready: int
    desired: int
    cause: str


@dataclass(frozen=True)
class Timeline:
    """Where an endpoint stands, what comes next and why, and its history."""

    state: State
    next_state: State | None
    next_at: int | None
    why: str
    history: list[Past]


def timeline(world: World, project: Project, endpoint_id: str) -> Timeline:
    """An endpoint's timeline.

    Raises:
        MockError: `unknown_endpoint`.
    """
    with world.write(project) as unit:
        endpoint, row = found(unit, endpoint_id)
        deployment = engine.deployment_of(unit, endpoint, row)
        next_state, next_at = _next(deployment)
        return Timeline(
            state=deployment.state,
            next_state=next_state,
            next_at=next_at,
            why=why(unit, deployment),
            history=_history(history.events_of(unit.connection, project.key, row.key)),
        )


def _next(deployment: Deployment) -> tuple[State | None, int | None]:
    step, idle = deployment.step_at(), deployment.idle_at()
    if step is not None:
        return deployment.next_state, step
    return (State.STOPPING, idle) if idle is not None else (None, None)


def why(unit: Unit, deployment: Deployment) -> str:
    """What moves a deployment on, or what keeps it, in one sentence."""
    word = V1_STATES[deployment.state]
    if deployment.holds:
        assert deployment.hold_before is not None
        return f"it is held before {V1_STATES[deployment.hold_before]} until it is released"
    if deployment.struck in ENDLESS:
        return f"fault {deployment.struck} keeps it {word}"
    if deployment.waiting and deployment.state is State.QUEUED:
        wanted = f"{deployment.minimum} free replica(s) of {deployment.hardware}"
        return f"it waits for {wanted}, in order of arrival"
    step = deployment.step_at()
    if step is not None:
        assert deployment.next_state is not None
        target = V1_STATES[deployment.next_state]
        return f"{deployment.next_cause} moves it to {target} at {to_exact_iso(step)}"
    idle = deployment.idle_at()
    if idle is not None:
        return f"without a request it stops at {to_exact_iso(idle)} (inactive_timeout)"
    if deployment.waiting:
        missing = deployment.desired - deployment.coming
        return f"it waits for {missing} more replica(s) of {deployment.hardware}"
    if deployment.state is State.SERVING and deployment.inactive_minutes:
        return "requests are in flight, so it does not count as inactive"
    if deployment.state in (State.SERVING, State.STOPPED, State.FAILED):
        return f"it stays {word}: nothing is due"
    return f"it stays {word}: nothing moves it on under preset {unit.preset.name}"


def _history(rows: Sequence[EventRecord]) -> list[Past]:
    return [
        Past(
            at=row.at,
            from_state=State(row.from_state) if row.from_state else None,
            to_state=State(row.to_state),
            ready=row.ready,
            desired=row.desired,
            cause=row.cause,
        )
        for row in rows
        if row.type in HISTORY
    ]
