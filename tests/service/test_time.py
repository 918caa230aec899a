"""History does not depend on who looks, or on how time passes.

Scenarios of 24 virtual hours: one jump from act to act, thousands of jumps, a running clock.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from service.scenario import END, ORIGIN, Act, Stage
from support import START, Api
from together_mock.core.clock import MINUTE, SECOND
from together_mock.services import control

HOUR = 60 * MINUTE
RATE = 10_000.0
# A day in the life of three endpoints: idle stops, stops and starts by hand, a change of preset.
DAY_OF_THREE = [
    Act(0, "create", 0, 60),
    Act(10 * SECOND, "create", 1, 15),
    Act(2 * MINUTE, "create", 2, None),
    Act(20 * MINUTE, "chat", 0),
    Act(20 * MINUTE, "chat", 1),
    Act(61 * MINUTE, "chat", 0),
    Act(HOUR + 20 * MINUTE, "stop", 2),
    Act(HOUR + 20 * MINUTE + 250_000, "start", 2),
    Act(3 * HOUR, "preset", 0, "realistic"),
    Act(3 * HOUR + 1, "start", 0),
    Act(3 * HOUR + 30 * SECOND, "stop", 2),
    Act(3 * HOUR + 31 * SECOND, "timeout", 0, 5),
    Act(5 * HOUR, "start", 1),
    Act(5 * HOUR + 10 * SECOND, "preset", 0, "fast"),
    Act(6 * HOUR, "chat", 1),
    Act(9 * HOUR, "delete", 2),
    Act(9 * HOUR, "chat", 2),
    Act(12 * HOUR, "start", 0),
    Act(12 * HOUR + 4 * MINUTE, "chat", 0),
]

INSTANTS = st.one_of(
    # --- where steps of the presets fall, where timeouts fall, and anywhere
    st.integers(0, 240).map(lambda halves: halves * SECOND // 2),
    st.integers(0, 24 * 60 - 1).map(lambda minutes: minutes * MINUTE + 2 * SECOND),
    st.integers(0, END),
)
ACTS = st.builds(
    lambda at, do, endpoint: Act(at, do[0], endpoint, do[1]),
    INSTANTS,
    st.one_of(
        st.tuples(st.just("create"), st.sampled_from([None, 0, 1, 60])),
        st.tuples(st.sampled_from(["start", "stop", "delete"]), st.none()),
        st.tuples(st.just("chat"), st.none()),
        st.tuples(st.just("timeout"), st.sampled_from([0, 1, 30])),
        st.tuples(st.just("preset"), st.sampled_from(["instant", "fast", "realistic", "manual"])),
    ),
    st.integers(0, 2),
)
SCENARIOS = st.lists(ACTS, max_size=14).map(
    lambda acts: sorted([Act(0, "create", 0, 60), *acts], key=lambda act: act.at)
)
PRESETS = st.sampled_from(["instant", "fast", "realistic", "manual"])
FEW = settings(max_examples=40, derandomize=True, deadline=None, database=None)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


def test_ten_thousand_jumps_are_one(stage):
    """A day in 10,000 jumps has the transitions, answers and end of a day in as few as can be."""
    few = stage.by_jumps(DAY_OF_THREE, "fast")
    many = stage.by_jumps(DAY_OF_THREE, "fast", jumps=10_000)
    assert many == few
    assert len(few.moves) > 20


def test_a_running_clock_makes_the_same_history(stage):
    """A day at rate 10,000, looked at a thousand times, is the day of jumps."""
    looks = list(range(1000))
    running, fell, end = stage.by_running(DAY_OF_THREE, "fast", RATE, looks)
    assert running.same_as(stage.by_jumps(fell, "fast", end))


def test_nobody_need_look(stage):
    """Steps that nobody asked about while they were due are found at their own instants."""
    unseen, fell, end = stage.by_running(DAY_OF_THREE, "realistic", RATE, [])
    assert unseen.same_as(stage.by_jumps(fell, "realistic", end))


@FEW
@given(acts=SCENARIOS, preset=PRESETS, jumps=st.integers(1, 40))
def test_any_scenario_has_one_history_however_often_the_clock_jumps(stage, acts, preset, jumps):
    """Whatever is done, more jumps on the way change nothing."""
    assert stage.by_jumps(acts, preset, jumps=jumps) == stage.by_jumps(acts, preset)


@FEW
@given(acts=SCENARIOS, preset=PRESETS, looks=st.lists(st.integers(0, 3), max_size=20))
def test_any_scenario_has_one_history_whoever_looks(stage, acts, preset, looks):
    """Whatever is done, a running clock and those who look at it change nothing."""
    running, fell, end = stage.by_running(acts, preset, RATE, looks)
    assert running.same_as(stage.by_jumps(fell, preset, end))


# The first half of the start is over when the stop is asked for, the second before it is done.
@example(acts=[Act(0, "create"), Act(0, "stop")], preset="fast", looks=[], seconds=1.6)
@FEW
@given(
    acts=st.one_of(SCENARIOS, SCENARIOS.map(lambda acts: [replace(act, at=0) for act in acts])),
    preset=PRESETS,
    looks=st.lists(st.integers(0, 3), max_size=10),
    seconds=st.sampled_from([0.5, 1.2, 1.6, 30, 600]),
)
def test_acts_explain_history_even_while_time_flies(stage, acts, preset, looks, seconds):
    """Each act is done at one instant, after all that was due by then, though time goes on.

    Each reading of the machine's time is some virtual seconds later than the one before.
    """
    running, fell, end = stage.by_running(acts, preset, RATE, looks, step=seconds / RATE)
    assert running.same_as(stage.by_jumps(fell, preset, end))


def test_moving_the_clock_loses_no_time(stage):
    """What passes while the clock is being changed has passed afterwards."""
    run = stage.player(RATE, "manual")
    begun, stage.time.step = stage.time.real, 1 / RATE
    for _ in range(20):
        control.advance_by(run.world, run.project, 0)
        control.set_clock(run.world, run.project, None, RATE)
        control.advance_next(run.world, run.project, 1)
    stage.time.step = 0.0
    passed = (stage.time.real - begun) * RATE * SECOND
    assert passed > 60 * SECOND
    assert run.now == pytest.approx(passed, abs=100)


def test_the_next_due_instant_counts_the_last_request(stage):
    """The clock tells when an endpoint will stop, whether or not its requests were stored yet."""
    run = stage.player(0.0, "fast")
    run.act(Act(0, "create", 0, 60))
    run.jump(HOUR)
    run.act(Act(HOUR, "chat", 0))
    assert control.clock(run.world, run.project).next_due == ORIGIN + 2 * HOUR


def test_a_day_over_http_is_one_however_it_passes(server):
    """The same holds for clients: /_mock/clock/advance and /_mock/state show one history."""
    days = [day_over_http(server.api(), jumps) for jumps in (2, 240)]
    assert days[0] == days[1]
    assert [move["to"] for move in days[0][0]] == 2 * ["STARTING", "STARTED", "STOPPING", "STOPPED"]


def day_over_http(api: Api, jumps: int) -> tuple[Any, ...]:
    api.put_state({"seed": "http", "clock": {"now": START, "rate": 0}, "preset": "realistic"})
    endpoint = f"/v1/endpoints/{api.create(inactive_timeout=45)['id']}"
    moves = []
    for _ in range(2):
        for _ in range(jumps // 2):
            moves += api.advance(by=24 * 3600 / jumps)["transitions"]
        api.patch(endpoint, json={"state": "STARTED"})
    entry = api.state()["endpoints"][0]
    return moves, entry["id"], entry["progress"]["since"], entry["progress"]["next_at"]
