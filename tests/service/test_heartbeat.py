"""The heartbeat: what is due happens while nobody asks, and a flaw in one beat stops no other."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator

import pytest
from service.scenario import Act, FakeTime, Stage
from support import H100X2, MIXTRAL, START, ServerFactory
from together_mock.core.clock import MachineTime
from together_mock.core.errors import MockError
from together_mock.runtime.heartbeat import Heartbeat
from together_mock.services import endpoints, inference
from together_mock.services.catalog import Catalog
from together_mock.services.endpoints import NewEndpoint
from together_mock.services.projects import hash_of
from together_mock.services.world import World
from together_mock.settings import Settings
from together_mock.store import queries
from together_mock.store.database import Database

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
        if number == 20:
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


def test_a_tick_that_a_stop_cuts_short_is_no_failure(caplog):
    """Nothing is logged, and what was due is done when the world is closed."""
    stage = Stage()
    world, player = stage.world, stage.player(1.0, "fast")
    player.act(Act(0, "create"))
    stage.time.real += 10
    world.stopping = True
    with caplog.at_level(logging.INFO, "together_mock"):
        world.tick()
    assert caplog.records == []
    assert world.measures.failed_ticks == 0
    with world.looking() as connection:
        before = queries.endpoints_oldest_first(connection, stage.project.key)
    assert [row.state for _, row in before] == ["queued"]
    # --- which goes on as if nobody had stopped it
    world.stopping = False
    world.tick()
    with world.looking() as connection:
        after = queries.endpoints_oldest_first(connection, stage.project.key)
    assert [row.state for _, row in after] == ["serving"]
    stage.close()


def read_only(connection: sqlite3.Connection, *, on: bool) -> None:
    connection.execute(f"PRAGMA query_only={int(on)}")


def full(connection: sqlite3.Connection, *, on: bool) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages if on else 1_000_000}")


@pytest.mark.parametrize(("fail", "case"), [(read_only, "store_failed"), (full, "store_full")])
def test_what_cannot_be_stored_is_kept_and_stored_later(caplog, fail, case):
    """A tick that fails so is told once and tried again; requests and steps are not lost."""
    settings = Settings(start_at=START, clock_rate=1.0, preset="fast")
    database, time = Database(None), FakeTime()
    world = World(settings, Catalog(None), database, time)
    project = world.ensure_project(hash_of("keeper"))
    made = endpoints.create(world, project, NewEndpoint(model=MIXTRAL, hardware=H100X2))
    time.real += 10
    inference.admit_by_store(world, project, made.name)
    with database.writing() as writer:
        pass
    fail(writer, on=True)
    failed = None
    with caplog.at_level(logging.INFO, "together_mock"):
        # Room is used up by and by.
        while failed is None:
            inference.admit(world, project, made.name)
            time.real += 3600
            try:
                world.tick()
            except MockError as error:
                failed = error.case
        with pytest.raises(MockError, match=case):
            world.tick()
        assert failed == case
        assert project.has_activity or project.next_due <= world.now(project)
        with world.read(project) as connection:
            assert len(queries.endpoints_oldest_first(connection, project.key)) == 1
        noted = project.request_count
        looks: list[float] = []
        world.wake = looks.append
        fail(writer, on=False)
        world.tick()
        # Only what nothing follows for a while is the end of it.
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert set(looks) == {time.real + 1}
        time.real += 1
        world.tick()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert caplog.messages[0].startswith(f"the database fails for project {project.slug}: The ")
    assert caplog.messages[1] == "the database can be written to again"
    assert world.measures.failed_ticks == 2
    assert not project.has_activity
    assert project.stored_request_count == noted
    world.close()
