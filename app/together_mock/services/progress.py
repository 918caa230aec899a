"""How far a deployment is, as the state document shows it and takes it back."""

from typing import Any

from together_mock.core import commands
from together_mock.core.deployment import Deployment, Scaling
from together_mock.core.errors import MockError
from together_mock.core.load import parse_curve
from together_mock.core.states import FROM_V1, V1_STATES, State
from together_mock.services import engine
from together_mock.services.progress_documents import ProgressEntry, ScalingEntry
from together_mock.services.unit import Unit


def show(value: Deployment) -> ProgressEntry:
    """The progress of a deployment."""
    return ProgressEntry(
        since=value.since,
        steps=value.steps,
        next_at=value.next_at,
        next_state=_word(value.next_state),
        next_cause=value.next_cause,
        cause=value.cause,
        struck=value.struck,
        hold_before=_word(value.hold_before),
        arrived_at=value.arrived_at,
        waiting=value.waiting,
        pool=value.pool,
        allocated=value.allocated,
        desired=value.desired,
        ready=value.ready,
        starting=value.starting,
        draining=value.draining,
        active_at=value.active_at,
        active_until=value.active_until,
        billed_at=value.billed_at,
        scaling=None if value.scaling == Scaling() else _shown(value.scaling),
    )


def _shown(scaling: Scaling) -> ScalingEntry:
    # Open streams belong to this process, not to the project's state.
    curve = scaling.curve
    return ScalingEntry(
        target=scaling.target,
        up_window=scaling.up_window,
        down_window=scaling.down_window,
        curve=curve.text if curve else None,
        curve_start=curve.start if curve else None,
        level=scaling.level,
        level_until=scaling.level_until,
        diverged_at=scaling.diverged_at,
        seen=scaling.seen,
        decide_at=scaling.decide_at,
        moves=scaling.moves,
    )


def restore(value: Deployment, state: State, entry: ProgressEntry) -> None:
    """Put a deployment where a document says it is; the engine goes on from there.

    Raises:
        MockError: a load curve that cannot be read, or replicas ready where none can be.
    """
    if entry.ready and state is not State.SERVING:
        detail = "replicas are ready in STARTED only"
        raise MockError("invalid_value", param="progress.ready", detail=detail)
    value.state, value.since, value.steps = state, entry.since, entry.steps
    value.next_at, value.next_state = entry.next_at, _state(entry.next_state)
    value.next_cause, value.cause = entry.next_cause, entry.cause
    value.struck = entry.struck
    value.hold_before, value.arrived_at = _state(entry.hold_before), entry.arrived_at
    value.waiting, value.pool, value.allocated = entry.waiting, entry.pool, entry.allocated
    value.desired, value.ready = entry.desired, entry.ready
    value.starting, value.draining = list(entry.starting), list(entry.draining)
    value.active_at, value.active_until = entry.active_at, entry.active_until
    value.billed_at = entry.billed_at
    if entry.scaling is not None:
        value.scaling = _scaling(entry.scaling)


def enter(unit: Unit, value: Deployment, state: State) -> None:
    """Put a new deployment into a state that a document gives without its progress."""
    made = engine.simulation(unit)
    if state in (State.STARTING, State.SERVING, State.STOPPING):
        commands.take(made, value, max(1, value.minimum))
    made.enter(value, state, unit.now, "state")


def _scaling(entry: ScalingEntry) -> Scaling:
    curve = None
    if entry.curve is not None and entry.curve_start is not None:
        curve = parse_curve(entry.curve, entry.curve_start, "progress.scaling.curve")
    return Scaling(
        target=entry.target,
        up_window=entry.up_window,
        down_window=entry.down_window,
        curve=curve,
        level=entry.level,
        level_until=entry.level_until,
        diverged_at=entry.diverged_at,
        seen=list(entry.seen),
        decide_at=entry.decide_at,
        moves=list(entry.moves),
    )


def _word(state: State | None) -> Any:
    return None if state is None else V1_STATES[state]


def _state(word: str | None) -> State | None:
    return None if word is None else FROM_V1[word]
