"""The control plane's rules for time: clock, preset, polling."""

from contextlib import suppress
from dataclasses import dataclass, replace

from together_mock.core import commands
from together_mock.core.clock import DAY
from together_mock.core.errors import MockError
from together_mock.core.events import Event
from together_mock.core.instants import LATEST, to_duration, to_exact_iso
from together_mock.core.states import FROM_V1, V1_STATES
from together_mock.core.timing import NEXT
from together_mock.services import engine, uploads
from together_mock.services.catalog import Speed
from together_mock.services.endpoints import EndpointView, deployment_found, get
from together_mock.services.explain import why
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import queries

POLL_LIMIT = 30 * DAY
# Some tens of seconds of work: a jump over centuries of traffic is refused, not run for hours.
MOST_STEPS = 2_000_000


class _NoMoveError(Exception):
    """The polled endpoint does not move by itself."""


@dataclass(frozen=True)
class ClockView:
    """A project's clock: its instant, its rate, the next due instant, what a poll does."""

    now: int
    rate: float
    next_due: int | None
    on_poll: str


@dataclass(frozen=True)
class Advance:
    """What moving the clock did: the changes of state, in order."""

    from_at: int
    now: int
    moves: list[Event]


def clock(world: World, project: Project) -> ClockView:
    """The project's clock, everything due having been run."""
    with world.write(project) as unit:
        next_due = engine.next_due(unit)
        facts = unit.facts
        return ClockView(unit.now, facts.clock.rate, next_due, facts.rules.on_poll)


def set_clock(
    world: World,
    project: Project,
    now: int | None = None,
    rate: float | None = None,
    on_poll: str | None = None,
) -> ClockView:
    """Set the clock's instant, its rate, what a poll does, or any of them.

    Raises:
        MockError: `clock_backwards`.
    """
    with world.move_clock(project) as unit:
        if now is not None:
            _jump(unit, now, "now")
        if rate is not None:
            unit.facts = replace(unit.facts, clock=unit.facts.clock.at_rate(rate, unit.real))
        if on_poll is not None:
            rules = unit.facts.rules.model_copy(update={"on_poll": on_poll})
            unit.facts = unit.facts.with_rules(rules)
    return clock(world, project)


def advance_to(world: World, project: Project, at: int) -> Advance:
    """Move the clock to an instant.

    Raises:
        MockError: `clock_backwards`.
    """
    with world.move_clock(project) as unit:
        started = unit.now
        _jump(unit, at, "to")
        return _advance(unit, started)


def advance_by(world: World, project: Project, duration: int) -> Advance:
    """Move the clock on by a duration in microseconds."""
    with world.move_clock(project) as unit:
        started = unit.now
        _jump(unit, started + duration, "by")
        return _advance(unit, started)


def advance_next(world: World, project: Project, steps: int) -> Advance:
    """Move the clock to the next due instant, `steps` times, or until nothing is due."""
    with world.move_clock(project) as unit:
        started = unit.now
        for _ in range(steps):
            due = engine.next_due(unit)
            if due is None:
                break
            _jump(unit, due, "next")
        return _advance(unit, started)


def advance_until(
    world: World, project: Project, endpoint_id: str, state: str, limit: int
) -> Advance:
    """Move the clock to the instant at which an endpoint enters a state.

    Args:
        world: the world.
        project: whose clock is moved.
        endpoint_id: the endpoint waited for.
        state: one of v1's words.
        limit: how far the clock may go, in microseconds.

    Raises:
        MockError: `unknown_endpoint`, `until_not_reached` (nothing is run then).
    """
    wanted = FROM_V1[state]
    with world.move_clock(project) as unit:
        started = unit.now
        endpoint, row = deployment_found(unit, endpoint_id, param="until.endpoint")
        deployment = engine.deployment_of(unit, endpoint, row)
        made = engine.simulation(unit)

        def reached(event: Event) -> bool:
            return event.deployment is deployment and event.is_move and event.to_state is wanted

        # It may be there already, or have been there at this very instant.
        if deployment.state is wanted or any(map(reached, made.events)):
            return _advance(unit, started)
        end = min(started + limit, LATEST - 1)
        last = engine.settle(unit, {}, end, reached, MOST_STEPS)
        if last is None or not any(map(reached, made.events)):
            raise MockError(
                "until_not_reached",
                param="until",
                endpoint=endpoint_id,
                state=state,
                limit=to_duration(limit),
                why=f"it is {V1_STATES[deployment.state]} then; {why(unit, deployment)}",
            )
        unit.move_to(last)
        return _advance(unit, started)


def polled(world: World, project: Project, endpoint_id: str) -> EndpointView:
    """An endpoint as a client reads it; where reads move the clock, one state further.

    Raises:
        MockError: `unknown_endpoint`.
    """
    if project.facts.rules.on_poll == "next":
        move_on(world, project, endpoint_id)
    return get(world, project, endpoint_id)


def move_on(world: World, project: Project, named: str) -> None:
    """Let a waiter through: move the clock to the next change of state of what is named, if any."""
    with suppress(_NoMoveError), world.move_clock(project) as unit:
        endpoint, row = deployment_found(unit, named)
        deployment = engine.deployment_of(unit, endpoint, row)
        if deployment.state not in NEXT:
            return

        def moved(event: Event) -> bool:
            return event.deployment is deployment and event.is_move

        last = engine.settle(unit, {}, min(unit.now + POLL_LIMIT, LATEST - 1), moved, MOST_STEPS)
        if last is None or not any(map(moved, engine.simulation(unit).events)):
            # Raised so that nothing of what was run on the way is kept.
            raise _NoMoveError
        unit.move_to(last)


def set_preset(world: World, project: Project, name: str, inference: Speed | None = None) -> None:
    """Put a preset in force. Stages under way are timed anew from their start, never back in time.

    Args:
        world: the world.
        project: whose preset is set.
        name: the preset.
        inference: how fast models answer; None leaves that to the preset too.

    Raises:
        MockError: `unknown_preset`.
    """
    world.catalog.preset(name)
    with world.write(project) as unit:
        rules = unit.facts.rules.model_copy(update={"inference": inference})
        engine.set_facts(unit, preset=name, rules=rules)
        plan_anew(unit)


def plan_anew(unit: Unit) -> None:
    """Time the stages and the upload jobs under way by the rules in force."""
    made = engine.simulation(unit)
    timed = [state.value for state in NEXT]
    pairs = queries.pairs_in_states(unit.connection, unit.project.key, timed)
    for endpoint, row in pairs:
        made.plan(engine.deployment_of(unit, endpoint, row), unit.now)
    uploads.plan_anew(unit)
    serving = queries.pairs_in_states(unit.connection, unit.project.key, engine.SERVING)
    for endpoint, row in serving:
        commands.hurry(made, engine.deployment_of(unit, endpoint, row), unit.now)


def _jump(unit: Unit, at: int, param: str) -> None:
    if at < unit.now:
        raise MockError(
            "clock_backwards", param=param, now=to_exact_iso(unit.now), value=to_exact_iso(at)
        )
    if at >= LATEST:
        raise MockError("bad_instant", param=param, value="an instant after the year 2200")
    engine.settle(unit, {}, at, most=MOST_STEPS)
    unit.move_to(at)


def _advance(unit: Unit, started: int) -> Advance:
    engine.save(unit)
    return Advance(started, unit.now, [event for event in unit.events if event.is_move])
