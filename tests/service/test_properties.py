"""What holds for every fleet, whatever is done to it and however time passes.

Replicas are conserved, the bill is what the history has to pay, there is one history however often
the clock jumps, nobody starves, and a state document goes on as the project that it shows.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from service import fleet_bill, fleet_plans
from service.fleet import Fleet
from service.fleet_plans import CROWDS, CUTS, END, HOUR, INSTANTS, ROOMS, plans_of
from service.scenario import Act
from support import START
from together_mock.bootstrap import build_world
from together_mock.core.clock import SECOND
from together_mock.services.rules import CapacityDocument, PoolDocument
from together_mock.services.world import World
from together_mock.settings import Settings

_names = itertools.count()


def few(examples: int) -> Callable[..., object]:
    """So many examples, always the same; one that fails is shown as it is, in good time."""
    phases = [Phase.explicit, Phase.generate]
    return settings(
        max_examples=examples, phases=phases, derandomize=True, deadline=None, database=None
    )


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = build_world(Settings(start_at=START, clock_rate=0.0))
    yield world
    world.close()


def new_fleet(world: World) -> Fleet:
    return Fleet(world, f"fleet-{next(_names)}")


def play(fleet: Fleet, acts: list[Act], stops: Iterable[int] = (), end: int = END) -> Fleet:
    """Play acts and go on to the end, jumping from one to the next, with looks at other stops."""
    moments: list[tuple[int, Act | None]] = [(act.at, act) for act in acts]
    moments += [(at, None) for at in stops]
    for at, act in sorted(moments, key=lambda moment: moment[0]):
        fleet.jump(at)
        if act is None:
            fleet.look()
        else:
            fleet.act(act)
    fleet.jump(end)
    return fleet


def step(fleet: Fleet, acts: list[Act], *, checking: bool = False) -> Fleet:
    """Play acts and go on to END, by way of everything that is due."""
    for act in acts:
        fleet.step(act.at, checking=checking)
        fleet.act(act)
        if checking:
            fleet.check()
    fleet.step(END, checking=checking)
    return fleet


@few(10)
@given(acts=plans_of(fleet_plans.LIVELY))
def test_replicas_are_conserved(world, acts):
    """At every instant the replicas that pools lack are those that endpoints hold, no more."""
    step(new_fleet(world), acts, checking=True)


@few(25)
@given(acts=plans_of(fleet_plans.LIVELY))
def test_the_bill_is_what_the_history_has_to_pay(world, acts):
    """Ready replicas over serving time cost their price, to the microsecond, by the day."""
    fleet_bill.check(play(new_fleet(world), acts))


@few(15)
@given(acts=plans_of(fleet_plans.QUIET))
def test_idle_is_what_no_request_covers(world, acts):
    """A request makes the minute after it active; the rest of the serving time is idle."""
    fleet_bill.check_idle(play(new_fleet(world), acts))


@few(14)
@given(acts=plans_of(fleet_plans.LIVELY), stops=st.lists(INSTANTS, max_size=12))
def test_there_is_one_history_however_time_passes(world, acts, stops):
    """Jumps from act to act, looks at other stops, and a stop at whatever is due are all one."""
    straight = play(new_fleet(world), acts)
    instants = [past.at for past in straight.events()]
    assert instants == sorted(instants)
    for other in (play(new_fleet(world), acts, stops), step(new_fleet(world), acts)):
        assert other.outcomes == straight.outcomes
        assert other.events() == straight.events()
        assert other.bill() == straight.bill()
        assert other.document() == straight.document()


@example(acts=fleet_plans.WAITERS, cuts=[(0.4, 5 * SECOND), (0.7, 0), (0.9, SECOND)])
@few(20)
@given(acts=plans_of(fleet_plans.LOADED, HOUR), cuts=CUTS)
def test_a_document_goes_on_as_the_project_that_it_shows(world, acts, cuts):
    """Put into other projects at any instant, it has the same future."""
    original, copies, done = new_fleet(world), [], -1
    for at in sorted(acts[int(share * len(acts))].at + after for share, after in cuts):
        play(original, [act for act in acts if done < act.at <= at], end=at)
        copies.append(continued(original))
        done = at
    play(original, [act for act in acts if act.at > done], end=3 * HOUR)
    for copy, events, outcomes in copies:
        play(copy, [act for act in acts if act.at > copy.now], end=3 * HOUR)
        assert copy.outcomes == original.outcomes[outcomes:]
        assert copy.events() == original.events()[events:]
        assert copy.bill() == original.bill()
        assert copy.document() == original.document()


def continued(original: Fleet) -> tuple[Fleet, int, int]:
    """A project that goes on where another is, and how much had happened by then."""
    copy = new_fleet(original.world)
    copy.continue_as(original)
    assert copy.document() == original.document()
    return copy, len(original.events()), len(original.outcomes)


@few(16)
@given(acts=CROWDS, room=ROOMS)
def test_nobody_starves(world, acts, room):
    """Whoever keeps asking starts, and before all who could have only what he waits for."""
    fleet = play(new_fleet(world), [Act(0, "pools", 0, (room, None)), *acts])
    crowd = list(waits_of(fleet, acts, room))
    for number, one in enumerate(crowd, start=1):
        assert one.started is not None or one.gave_up is not None or not one.possible, one
        for other in crowd[number:]:
            assert not one.is_passed_by(other), (one, other)


@dataclass(frozen=True)
class Wait:
    """How one of a crowd waited: for which pools (by zone), and until when."""

    possible: set[str | None]
    started: int | None
    gave_up: int | None

    def is_passed_by(self, other: "Wait") -> bool:
        """Whether one who asked later started though he could only have had what this waits for."""
        if other.started is None or not other.possible <= self.possible:
            return False
        ended = [at for at in (self.started, self.gave_up) if at is not None]
        return not ended or other.started < min(ended)


def _fits(pool: PoolDocument, zone: str | None, least: int) -> bool:
    return (zone is None or pool.zone in (None, zone)) and pool.replicas >= least


def waits_of(fleet: Fleet, acts: list[Act], room: CapacityDocument) -> Iterator[Wait]:
    """The waits of a crowd, whoever asked first coming first."""
    events = fleet.events()
    creates = [act for act in acts if act.do == "create"]
    for create, one in zip(creates, fleet.hardware, strict=True):
        _, zone, least, *_ = create.value
        possible = {pool.zone for pool in room.pools if _fits(pool, zone, least)}
        first = {past.state: past.at for past in reversed(events) if past.endpoint == one}
        gave_up = first.get("stopped", fleet.deleted.get(one))
        yield Wait(possible, first.get("starting"), gave_up)
