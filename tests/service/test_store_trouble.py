"""A store that cannot be written to: one wait a request, all or nothing, and what is told of it."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter

import pytest
from service.scenario import FakeTime
from support import H100X2, MIXTRAL, START
from together_mock.core.errors import MockError
from together_mock.services import endpoints, inference, starting
from together_mock.services.catalog import Catalog
from together_mock.services.endpoints import Change, NewEndpoint
from together_mock.services.projects import Project, hash_of
from together_mock.services.waiting import begin_request
from together_mock.services.world import World
from together_mock.settings import Settings
from together_mock.store import accounts
from together_mock.store.database import Database

NEW = NewEndpoint(model=MIXTRAL, hardware=H100X2)
PATIENCE = 0.3


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def database(file: Path) -> Database:
    return Database(str(file))


@pytest.fixture
def world(database: Database, time: FakeTime) -> Iterator[World]:
    """A world on a file, whose clocks stand still."""
    settings = Settings(start_at=START, clock_rate=0.0, preset="instant")
    world = World(settings, Catalog(None), database, time)
    world.ready = True
    yield world
    world.close()


@pytest.fixture
def project(world: World) -> Project:
    return world.ensure_project(hash_of("somebody"))


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Another process has the store."""
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")


def refused_after(world: World, project: Project) -> float:
    """For how long a unit of work waits before it is refused, in seconds."""
    asked = perf_counter()
    with pytest.raises(MockError, match="store_busy"), world.write(project, PATIENCE):
        raise AssertionError("another process has the store")
    return perf_counter() - asked


def test_a_request_waits_for_the_store_once(world, project, file):
    """Whatever it does in how many steps; the next request waits anew."""
    with held(file):
        begin_request()
        assert refused_after(world, project) >= PATIENCE
        assert refused_after(world, project) < PATIENCE / 2
        begin_request()
        assert refused_after(world, project) >= PATIENCE


def test_what_a_request_does_while_it_need_not_wait_is_no_wait(world, project, file):
    """A store that was free in between is waited for as long as is left, not less."""
    begin_request()
    with world.write(project, PATIENCE):
        pass
    with held(file):
        assert refused_after(world, project) >= PATIENCE


def test_a_first_request_by_a_name_only_reads(world, project, file):
    """The routes are found beside any writer, and are never older than what was committed."""
    view = endpoints.create(world, project, NEW)
    with world.write(project):
        pass
    with held(file):
        for name in (view.name, view.id):
            assert inference.admit_by_store(world, project, name).target.endpoint_id == view.id
        with pytest.raises(MockError, match="unknown_model_chat"):
            inference.admit_by_store(world, project, "nobody/nothing")
    # --- what they lead to is what each unit of work makes of it from now on
    endpoints.update(world, project, view.id, Change(started=False))
    for name in (view.name, view.id):
        with pytest.raises(MockError, match="endpoint_not_running"):
            inference.admit_by_store(world, project, name)


def test_where_something_is_due_inference_waits_for_the_store(world, project, file):
    """What is due decides on the answer, and has to be stored."""
    view = endpoints.create(world, project, NEW)
    assert project.next_due <= world.now(project)
    world.stopping = True
    with held(file), pytest.raises(MockError, match="server_stopping"):
        inference.admit_by_store(world, project, view.name)
    world.stopping = False
    assert inference.admit_by_store(world, project, view.name).target.endpoint_id == view.id


def stored_projects(world: World) -> list[str]:
    with world.looking() as connection:
        return [row.slug for row in accounts.projects(connection)]


@pytest.mark.parametrize("how", ["ensured", "founded"])
def test_a_project_is_made_with_its_start_or_not_at_all(world, how):
    """A start that cannot be stored leaves no project that would go without it."""
    key, value = "newcomer", {"preset": "manual", "project": {"slug": "new"}}

    def make() -> Project:
        if how == "founded":
            return starting.found(world, key, value)[0]
        return world.ensure_project(hash_of(key), "new")

    def fail(project: Project) -> None:
        starting.start_from(world, project, {"endpoints": [{"model": "nobody/nothing"}]})

    world.on_new_project = fail
    bad = {**value, "endpoints": [{"model": "nobody/nothing"}]}
    with pytest.raises(MockError):
        starting.found(world, key, bad) if how == "founded" else make()
    assert world.project_of(hash_of(key)) is None
    assert world.project_named("new") is None
    assert world.accepts(hash_of(key))
    assert stored_projects(world) == []

    world.on_new_project = lambda project: starting.start_from(world, project, value)
    made = make()
    assert made.facts.preset == "manual"
    assert world.project_of(hash_of(key)) is world.project_named("new") is made
    assert stored_projects(world) == ["new"]


def test_a_full_store_that_takes_a_little_is_not_well_again(world, project, database, time, caplog):
    """It is told once that it fails, and once that nothing has failed for a second."""
    with database.writing() as writer:
        pass

    def write(slug: str, *, room: bool) -> None:
        writer.execute(f"PRAGMA query_only={int(not room)}")
        with world.write(project) as unit:
            accounts.update_project(unit.connection, project.key, {"preset": slug})

    with caplog.at_level(logging.INFO, "together_mock"):
        for _ in range(3):
            with pytest.raises(MockError):
                write("manual", room=False)
            write("manual", room=True)
            time.real += 0.9
        assert len(caplog.records) == 1
        time.real += 0.1
        # What changes nothing shows nothing, but what was committed before it counts.
        world.tick()
        assert len(caplog.records) == 2
    failed, over = caplog.records
    assert (failed.levelname, over.levelname) == ("ERROR", "WARNING")
    assert failed.fields == {"project": project.slug, "case": "store_failed"}
    assert failed.getMessage() == (
        f"the database fails for project {project.slug}: The emulator's database cannot be used "
        "(attempt to write a readonly database); nothing was changed"
    )
