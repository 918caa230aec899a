"""Explains what happens to an endpoint next, and why; and what happened to it so far."""

from dataclasses import dataclass

from together_mock.core.deployment import NEVER, Deployment
from together_mock.core.events import HISTORY
from together_mock.core.instants import to_exact_iso
from together_mock.core.states import V1_STATES, State
from together_mock.core.timing import ENDLESS
from together_mock.services import engine, inference
from together_mock.services.endpoints import deployment_found
from together_mock.services.events import Happening, happening
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import history, queries


@dataclass(frozen=True)
class Timeline:
    """Where an endpoint stands, what comes next and why, and its history.

    `in_flight` counts the requests that each ready replica is answering.
    """

    state: State
    next_state: State | None
    next_at: int | None
    why: str
    history: list[Happening]
    in_flight: list[int]


def timeline(world: World, project: Project, endpoint_id: str) -> Timeline:
    """An endpoint's timeline.

    Raises:
        MockError: `unknown_endpoint`.
    """
    with world.write(project) as unit:
        endpoint, row = deployment_found(unit, endpoint_id)
        deployment = engine.deployment_of(unit, endpoint, row)
        next_state, next_at = _next(unit, deployment)
        return Timeline(
            state=deployment.state,
            next_state=next_state,
            next_at=next_at,
            why=why(unit, deployment),
            history=[
                happening(event)
                for event in history.events_of(unit.connection, project.key, row.key)
                if event.type in HISTORY
            ],
            in_flight=inference.in_flight(project, deployment),
        )


@dataclass(frozen=True)
class Standing:
    """Where a deployment stands, and why nothing else comes before `next_at`."""

    deployment: Deployment
    next_state: State | None
    next_at: int | None
    why: str


def standings(world: World, project: Project, most: int) -> list[Standing]:
    """Where the newest deployments stand, newest first, so many at most."""
    with world.write(project) as unit:
        pairs = queries.newest_pairs(unit.connection, project.key, most)
        deployments = [engine.deployment_of(unit, endpoint, row) for endpoint, row in pairs]
        return [Standing(value, *_next(unit, value), why(unit, value)) for value in deployments]


def _next(unit: Unit, deployment: Deployment) -> tuple[State | None, int | None]:
    step, idle = deployment.step_at(), deployment.idle_at()
    spent = _spent_at(unit, deployment)
    if spent is not None:
        return (State.STOPPED if deployment.state is State.QUEUED else State.STOPPING), spent
    if step is not None:
        return deployment.next_state, step
    return (State.STOPPING, idle) if idle is not None else (None, None)


def _spent_at(unit: Unit, deployment: Deployment) -> int | None:
    """When a spent balance stops the deployment, unless something else moves it on before."""
    if deployment.state not in (State.QUEUED, State.STARTING, State.SERVING):
        return None
    spent = engine.simulation(unit).money.spent_at()
    own = [at for at in (deployment.step_at(), deployment.idle_at()) if at is not None]
    return None if spent is None or any(at <= spent for at in own) else spent


def why(unit: Unit, deployment: Deployment) -> str:
    """What moves a deployment on, or what keeps it, in one sentence."""
    word = V1_STATES[deployment.state]
    spent = _spent_at(unit, deployment)
    if spent is not None:
        return f"the balance is spent at {to_exact_iso(spent)}, which stops it"
    if deployment.holds:
        assert deployment.hold_before is not None
        return f"it is held before {V1_STATES[deployment.hold_before]} until it is released"
    if deployment.struck in ENDLESS:
        return f"fault {deployment.struck} keeps it {word}"
    if deployment.waiting and deployment.state is State.QUEUED:
        return _why_queued(unit, deployment)
    step = deployment.step_at()
    if step is not None:
        assert deployment.next_state is not None
        target = V1_STATES[deployment.next_state]
        return f"{deployment.next_cause} moves it to {target} at {to_exact_iso(step)}"
    idle = deployment.idle_at()
    if idle is not None:
        return f"without a request it stops at {to_exact_iso(idle)} (inactive_timeout)"
    if deployment.state is State.SERVING:
        return _why_serving(deployment)
    if deployment.state is State.FAILED:
        cause = deployment.cause or "state"
        # What v2 made is not started again once it has failed.
        end = "deleted" if deployment.label.config else "restarted or deleted"
        return f"{cause} put it into ERROR, where it stays until it is {end}"
    if deployment.state is State.STOPPED:
        return f"it stays {word}: nothing is due"
    source = engine.simulation(unit).timing.source(deployment)
    return f"it stays {word}: nothing moves it on under {source}"


def _why_queued(unit: Unit, deployment: Deployment) -> str:
    capacity = engine.simulation(unit).placement.capacity
    hardware, zone = deployment.hardware, deployment.zone
    most = max((capacity.pools[i].replicas for i in capacity.candidates(hardware, zone)), default=0)
    text = f"it waits for {deployment.minimum} free replica(s) of {hardware}, in order of arrival"
    if most < deployment.minimum:
        text += f", but no pool has more than {most}"
    planned = unit.facts.rules.planned
    return (
        f"{text}; other pools come into force at {to_exact_iso(planned[0].at)}" if planned else text
    )


def _why_serving(deployment: Deployment) -> str:
    missing = deployment.desired - deployment.coming
    if deployment.waiting:
        return f"it waits for {missing} more replica(s) of {deployment.hardware}"
    for batches, what in (
        (deployment.starting, "ready"),
        (deployment.draining, "drained"),
    ):
        if batches and batches[0][0] < NEVER:
            return f"{batches[0][1]} replica(s) will be {what} at {to_exact_iso(batches[0][0])}"
    if deployment.inactive_minutes:
        return "requests are in flight, so it does not count as inactive"
    return "it stays STARTED: nothing is due"
