"""The heartbeat: what is due happens while nobody asks, and a flaw in one beat stops no other."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from service.scenario import FakeTime, Stage
from support import H100X2, MIXTRAL, ServerFactory
from together_mock.bootstrap import build_world
from together_mock.core.clock import MachineTime
from together_mock.runtime.heartbeat import Heartbeat
from together_mock.services import inference, state
from together_mock.services.projects import hash_of
from together_mock.settings import Settings

PATIENCE = 20


class FakeWorld:
    """What the heartbeat needs of a world; `on_tick` is called with the number of the tick."""

    def __init__(self, on_tick: Callable[[int], None]) -> None:
        self.wake: Callable[[float], None] = lambda _real: None
        self.due: float | None = None
        self.ticks = 0
        self._on_tick = on_tick
        self._time = MachineTime()

    def real_now(self) -> float:
        return self._time.now()

    def next_wake(self) -> float | None:
        return self.due

    def tick(self) -> None:
        self.ticks += 1
        self._on_tick(self.ticks)


@pytest.fixture
def beating() -> Iterator[Callable[[Callable[[int], None]], FakeWorld]]:
    """Start a heartbeat on a fake world."""
    hearts: list[Heartbeat] = []

    def start(on_tick: Callable[[int], None]) -> FakeWorld:
        world = FakeWorld(on_tick)
        hearts.append(Heartbeat(world))  # type: ignore[arg-type]
        hearts[-1].start()
        return world

    yield start
    for heart in hearts:
        heart.stop()


def test_endpoints_live_and_stop_while_nobody_asks(start_server: ServerFactory, tmp_path):
    """Forty endpoints of eight projects start, idle and stop on a running clock, unobserved."""
    file = tmp_path / "store.db"
    running = start_server(clock_rate=1000.0, database=str(file))
    tick, stopped = running.world.tick, threading.Event()

    def watched() -> None:
        tick()
        with sqlite3.connect(file) as store:
            states = store.execute("SELECT state FROM deployment").fetchall()
        store.close()
        if states == [("stopped",)] * 40:
            stopped.set()

    running.world.tick = watched
    for _ in range(8):
        api = running.api()
        for _ in range(5):
            api.create(inactive_timeout=1)
    assert stopped.wait(PATIENCE)
    with sqlite3.connect(file) as store:
        (steps,) = store.execute("SELECT count(*) FROM event").fetchone()
    store.close()
    assert steps == 40 * 5


def test_a_wake_asked_for_during_a_tick_is_not_lost(beating):
    """Each tick asks for the next one at once; all of them come."""
    done = threading.Event()

    def on_tick(number: int) -> None:
        world.wake(world.real_now())
        if number == 100:
            done.set()

    world = beating(on_tick)
    world.wake(world.real_now())
    assert done.wait(PATIENCE)


def test_a_tick_that_fails_is_logged_and_the_next_one_comes(beating, caplog):
    """An error in one beat neither ends the heartbeat nor makes it race."""
    done = threading.Event()

    def on_tick(number: int) -> None:
        if number == 1:
            raise RuntimeError("the disk is full")
        done.set()

    world = beating(on_tick)
    with caplog.at_level(logging.ERROR, "together_mock"):
        world.wake(world.real_now())
        assert done.wait(PATIENCE)
    assert "the heartbeat failed" in caplog.text
    assert world.ticks == 2


def test_the_earliest_wake_counts_and_a_far_one_does_no_harm(beating):
    """A step ages away (a very slow clock) does not keep a step of now waiting."""
    done = threading.Event()
    world = beating(lambda _number: done.set())
    for real in (1e300, float("inf"), 1e12):
        world.wake(real)
    assert not done.is_set()
    world.wake(world.real_now())
    assert done.wait(PATIENCE)


def test_what_was_due_before_the_start_happens(beating):
    """A store may hold steps that fell due while the server was down."""
    done = threading.Event()
    heart = Heartbeat(world := FakeWorld(lambda _number: done.set()))  # type: ignore[arg-type]
    world.due = world.real_now() - 3600
    heart.start()
    try:
        assert done.wait(PATIENCE)
    finally:
        heart.stop()


def test_activity_asks_to_be_flushed_within_a_second():
    """A request that the store does not hold yet asks for a tick, clock frozen or not."""
    stage, asked = Stage(), []
    stage.world.wake = asked.append
    try:
        model = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
        inference.admit_by_store(stage.world, stage.project, model)
        assert asked == [FakeTime().real + 1]
        stage.world.tick()
        assert not stage.project.has_activity
    finally:
        stage.close()


def test_a_beat_that_a_stop_cuts_short_is_no_error_and_is_made_up_for(tmp_path, caplog):
    """What is due when a server is told to stop is run as it closes, and nothing is logged."""
    time, file = FakeTime(), tmp_path / "store.db"
    world = build_world(Settings(database=str(file)), time)
    project = world.ensure_project(hash_of("stopped"))
    asked = {"model": MIXTRAL, "hardware": H100X2, "state": "PENDING"}
    state.put(world, project, {"endpoints": [asked], "clock": {"rate": 1}})
    time.go_to(time.real + 60)
    world.stopping = True
    with caplog.at_level(logging.ERROR, "together_mock"):
        world.tick()
        with closing(sqlite3.connect(file)) as store:
            before = store.execute("SELECT state FROM deployment").fetchall()
        world.close()
    with closing(sqlite3.connect(file)) as store:
        after = store.execute("SELECT state FROM deployment").fetchall()
    assert (before, after) == ([("queued",)], [("serving",)])
    assert caplog.text == ""
