"""A database outlives its server: nothing acknowledged is lost, and time goes on as it should."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from process.serving import FROZEN, Served
from service.scenario import ORIGIN, FakeTime
from support import H100X2, MIXTRAL, START, Api
from together_mock.bootstrap import build_world
from together_mock.core.clock import MINUTE, SECOND
from together_mock.services import control, endpoints, inference, snapshot
from together_mock.services.endpoints import NewEndpoint
from together_mock.services.projects import Project, hash_of
from together_mock.services.world import World
from together_mock.settings import Settings
from together_mock.store import queries
from together_mock.store.history import events_of

NEW = NewEndpoint(model=MIXTRAL, hardware=H100X2, inactive_timeout=60)
STATES = ["PENDING", "STARTING", "STARTED", "STOPPING", "STOPPED", "ERROR"]


def bring_to(api: Api, wanted: str) -> None:
    """Make an endpoint and bring it into a state in the way a user would."""
    endpoint = api.create(inactive_timeout=30)["id"]
    if wanted == "ERROR":
        entry = {"id": endpoint, "model": MIXTRAL, "hardware": H100X2, "state": wanted}
        assert (
            api.put_state({"endpoints": [entry], "counters": {"endpoints": 1}}).status_code == 200
        )
    elif wanted == "STARTING":
        api.run_until(endpoint, "STARTING")
    elif wanted != "PENDING":
        api.run_until(endpoint, "STARTED")
        api.chat(endpoint)
    if wanted in ("STOPPING", "STOPPED"):
        api.patch(f"/v1/endpoints/{endpoint}", json={"state": "STOPPED"})
    if wanted == "STOPPED":
        api.run_until(endpoint, "STOPPED")
    assert api.state_of(endpoint) == wanted


def live_on(api: Api) -> tuple[Any, ...]:
    """What becomes of a project: the transitions of two hours, a new endpoint, the end."""
    moves = api.advance(by="2h")["transitions"]
    created = api.create()
    return moves, created, api.chat(created["id"]).json()["error"], api.state()


def test_a_kill_in_any_state_loses_nothing(tmp_path, start_server):
    """After SIGKILL every project is as it was, and ends as it would have without the break."""
    file = tmp_path / "store.db"
    with Served(*FROZEN, "--database", file) as served:
        for word in STATES:
            bring_to(served.api(word), word)
        before = {word: served.api(word).state() for word in STATES}
        served.kill()
    with Served(*FROZEN, "--database", file) as served:
        assert {word: served.api(word).state() for word in STATES} == before
        broken = {word: live_on(served.api(word)) for word in STATES}
    unbroken = start_server()
    for word in STATES:
        bring_to(unbroken.api(word), word)
    assert {word: live_on(unbroken.api(word)) for word in STATES} == broken


def test_a_kill_under_load_loses_nothing_that_was_answered(tmp_path):
    """Endpoints whose creation was answered are there; those deleted are not; no id comes twice."""
    file, kept, gone = tmp_path / "store.db", set(), set()
    enough = threading.Event()

    def load(api: Api) -> None:
        try:
            while True:
                kept.add(first := api.create()["id"])
                second = api.create()["id"]
                if api.delete(f"/v1/endpoints/{second}").status_code == 204:
                    gone.add(second)
                if len(gone) > 20:
                    enough.set()
                assert first != second
        except httpx.HTTPError:
            return

    with Served(*FROZEN, "--database", file) as served:
        threads = [threading.Thread(target=load, args=(served.api("load"),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert enough.wait(30)
        served.kill()
        for thread in threads:
            thread.join()
    with Served(*FROZEN, "--database", file) as served:
        api = served.api("load")
        there = {entry["id"] for entry in api.state()["endpoints"]}
        assert kept <= there
        assert not gone & there
        assert api.create()["id"] not in kept | gone | there


@contextmanager
def opened(file: Path, time: FakeTime, **options: Any) -> Iterator[tuple[World, Project]]:
    """A world on a database file, and the one project used here."""
    world = build_world(Settings(database=str(file), **({"start_at": START} | options)), time)
    try:
        yield world, world.ensure_project(hash_of("restart"))
    finally:
        world.close()


def test_a_clean_stop_keeps_the_last_requests(tmp_path):
    """Requests of the last moment before a stop still put off the inactivity stop afterwards."""
    file, time = tmp_path / "store.db", FakeTime()
    with opened(file, time, clock_rate=0.0) as (world, project):
        name = endpoints.create(world, project, NEW).name
        control.advance_by(world, project, 30 * MINUTE)
        first = inference.admit_by_store(world, project, name)
        second = inference.admit(world, project, name)
    with opened(file, time, clock_rate=0.0) as (world, project):
        assert control.clock(world, project).next_due == first.at + 60 * MINUTE
        third = inference.admit_by_store(world, project, name)
        assert [first.number, second.number, third.number] == [1, 2, 3]


def test_streams_end_with_the_server_at_the_latest(tmp_path):
    """What was in flight when it went down keeps an endpoint up until it is back, not for ever."""
    file, time = tmp_path / "store.db", FakeTime()
    with opened(file, time, clock_rate=0.0) as (world, project):
        name = endpoints.create(world, project, NEW).name
        control.advance_by(world, project, 30 * MINUTE)
        inference.take_off(world, project, inference.admit_by_store(world, project, name))
        control.advance_by(world, project, 120 * MINUTE)
        assert control.clock(world, project).next_due is None
    with opened(file, time, clock_rate=0.0) as (world, project):
        assert control.clock(world, project).next_due == ORIGIN + (150 + 60) * MINUTE
        assert snapshot.show(world, project)["endpoints"][0]["state"] == "STARTED"


def test_time_goes_on_while_the_server_is_down(tmp_path):
    """On a running clock, what fell due meanwhile happened at its own instant."""
    # --- rate 2: starting after 0.25 s, serving after 1 s, stopped after half an hour
    broken = life(tmp_path / "broken.db", [0.25, 0.5, 0.75, 1800.0, 4000.0])
    assert broken == life(tmp_path / "unbroken.db", [4000.0])
    assert [step[2] for step in broken[1]][-3:] == ["serving", "stopping", "stopped"]


def life(file: Path, restarts: list[float]) -> tuple[Any, ...]:
    """An endpoint's life on a clock at rate 2, the server being up for an instant at a time."""
    time = FakeTime()
    begun = time.real
    with opened(file, time, clock_rate=2.0) as (world, project):
        endpoints.create(world, project, NEW)
    for real in restarts:
        time.go_to(begun + real)
        with opened(file, time, clock_rate=2.0) as (world, project):
            assert world.now(project) == ORIGIN + 2 * real * SECOND
            shown, steps = snapshot.show(world, project), history(world, project)
    return shown, steps


def history(world: World, project: Project) -> list[tuple[Any, ...]]:
    with world.read(project) as connection:
        [(_, deployment)] = queries.endpoints_oldest_first(connection, project.key)
        rows = events_of(connection, project.key, deployment.key)
        return [(row.at, row.from_state, row.to_state, row.cause) for row in rows]


def test_a_frozen_clock_stays_where_it_was(tmp_path):
    """However long the server was down, and whatever rate it is started with again."""
    file, time = tmp_path / "store.db", FakeTime()
    with opened(file, time, clock_rate=0.0) as (world, project):
        control.advance_by(world, project, 90 * SECOND)
    time.go_to(time.real + 1e6)
    with opened(file, time, clock_rate=5.0, start_at="2030-01-01T00:00:00Z") as (world, project):
        assert world.now(project) == ORIGIN + 90 * SECOND
        assert project.facts.clock.rate == 0
