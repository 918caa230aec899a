"""The projects of a world: found by key or by name, made on first use, made to order, deleted."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from sqlite3 import Connection
from typing import Any

from together_mock.core import ids
from together_mock.core.clock import RealTime, VirtualClock, stopwatch
from together_mock.core.errors import MockError
from together_mock.services import projects
from together_mock.services.projects import Project
from together_mock.settings import Settings
from together_mock.store import accounts, queries
from together_mock.store.database import TROUBLES, BusyError, Database

log = logging.getLogger("together_mock")

# Seconds that a unit of work waits for another process to give the store free, and one that only
# wants to look. Nobody else waits with them: they hold nothing meanwhile.
PATIENCE = 5.0
A_MOMENT = 0.25
_PAUSE = 0.01

# As many keys of deleted projects are known at a time, the last ones.
MOST_DELETED = 100_000


class Registry:
    """Every project, and the keys that lead to each. Thread-safe."""

    def __init__(self, settings: Settings, database: Database, time: RealTime) -> None:
        self.settings = settings
        # Set when the server is to stop: nothing long is gone on with, or waited for, then.
        self.stopping = False
        # The hashes of the listed keys; None when every key is accepted.
        self.listed_keys: set[str] | None = set() if settings.api_keys else None
        # The hashes of keys that are accepted as long as the projects made for them are there.
        self.lent_keys: set[str] = set()
        # The hashes of keys whose projects were deleted, oldest first. They are refused, or a
        # client that outlives its project would make another one and hide its mistake in it.
        self._deleted: dict[str, None] = {}
        # The keys of projects that no state file replaces: the database had them, or one made them.
        self.held: set[int] = set()
        # Called with every project made from now on; set by a state document for all of them.
        self.on_new_project: Callable[[Project], None] = lambda _project: None
        self._database = database
        self._time = time
        self._lock = threading.RLock()
        # Whether the thread that has the lock must not be kept.
        self._hasty = False
        # What kept the store from its work the last time, and what it waits for; None is nothing.
        self._trouble: str | None = None
        self._pause = threading.Event()
        self._by_hash: dict[str, Project] = {}
        self._by_name: dict[str, Project] = {}

    def _register(self, project: Project) -> None:
        self._by_name[project.id] = self._by_name[project.slug] = project

    @contextmanager
    def _writing(self, patience: float = PATIENCE) -> Iterator[Connection]:
        """The lock, and a connection that may write.

        Raises:
            BusyError: another process has the store, and the thread is in haste.
            MockError: `store_busy` when it keeps it for longer than the patience, in seconds;
                `server_stopping`; another trouble of the store.
        """
        given_up = stopwatch() + patience
        try:
            while True:
                with ExitStack() as held:
                    held.enter_context(self._lock)
                    try:
                        connection = held.enter_context(self._database.writing())
                    except BusyError:
                        if self._hasty:
                            raise
                    else:
                        before = connection.total_changes
                        yield connection
                        if connection.total_changes > before and not connection.in_transaction:
                            self._note_trouble(None)
                        return
                if self.stopping:
                    raise MockError("server_stopping")
                if stopwatch() >= given_up:
                    raise MockError("store_busy")
                self._pause.wait(_PAUSE)
        except MockError as error:
            if error.case in TROUBLES:
                self._note_trouble(error)
            raise

    def _note_trouble(self, error: MockError | None) -> None:
        """Log when the store begins to fail, and when it is well again; not every time it does."""
        before, self._trouble = self._trouble, None if error is None else error.case
        if error is not None and error.case != before:
            log.error("the database fails, and what would change it is refused: %s", error)
        elif error is None and before is not None:
            log.warning("the database can be written to again")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else works on the world, and no other process on its store as it begins.

        Raises:
            BusyError, MockError: as `_writing`.
        """
        # Waited for first: whoever waits for the store must have nothing that others need.
        with self._writing():
            pass
        with self._lock:
            yield

    def accepts(self, key_hash: str) -> bool:
        """Whether a key may be used: one that is listed, or any where none is.

        One whose project was deleted may not.
        """
        if key_hash in self._deleted:
            return False
        listed = self.listed_keys
        return listed is None or key_hash in listed or key_hash in self.lent_keys

    def refusal(self, key_hash: str, otherwise: MockError) -> MockError:
        """Why a key is not accepted: `project_deleted`, or otherwise what is given."""
        return MockError("project_deleted") if key_hash in self._deleted else otherwise

    def project_of(self, key_hash: str) -> Project | None:
        """The project of a key that was seen before."""
        return self._by_hash.get(key_hash)

    def project_named(self, name: str) -> Project | None:
        """A project by slug or id."""
        return self._by_name.get(name)

    def projects(self) -> list[Project]:
        """All projects, the oldest first."""
        by_key = {project.key: project for project in list(self._by_name.values())}
        return [by_key[key] for key in sorted(by_key)]

    def ensure_project(self, key_hash: str, slug: str | None = None) -> Project:
        """The project of a key, made on first use; `slug` may name one that exists.

        Raises:
            MockError: `project_deleted`: the key had one.
        """
        known = self._by_hash.get(key_hash)
        if known is not None:
            return known
        with self.alone():
            project = self._by_hash.get(key_hash)
            if project is None:
                if key_hash in self._deleted:
                    raise MockError("project_deleted")
                slug = slug or projects.default_slug(key_hash)
                project = self._by_name.get(slug)
                if project is None:
                    project = self._create_project(key_hash, slug)
                    self.on_new_project(project)
                else:
                    self._add_key(key_hash, project)
            return project

    def found_project(self, key_hash: str, slug: str, seed: str | None) -> Project:
        """Make a project for a key; its ids follow from its seed and slug.

        Args:
            key_hash: the hash of its key.
            slug: its slug.
            seed: what its ids follow from; None is the server's seed.

        Raises:
            MockError: `project_exists`: the key has a project, or the slug or the id is in use.
        """
        with self._lock:
            if key_hash in self._by_hash:
                raise MockError("project_exists", param="api_key", what="the key")
            project_id = _project_id(seed or str(self.settings.seed), slug)
            if slug in self._by_name or project_id in self._by_name:
                raise MockError("project_exists", param="project.slug", what=f"the slug {slug}")
            return self._create_project(key_hash, slug, seed)

    def _create_project(self, key_hash: str, slug: str, seed: str | None = None) -> Project:
        settings = self.settings
        clock = projects.starting_clock(settings, self._time.now())
        columns = _new_columns(slug, settings.seed, settings.preset, clock, seed)
        with self._writing() as connection:
            project = Project.from_row(accounts.add_project(connection, columns))
            accounts.add_api_key(connection, key_hash, project.key)
            connection.commit()
        self._register(project)
        self._by_hash[key_hash] = project
        return project

    def _add_key(self, key_hash: str, project: Project) -> None:
        with self._writing() as connection:
            accounts.add_api_key(connection, key_hash, project.key)
            connection.commit()
        self._by_hash[key_hash] = project

    def accept_again(self, key_hash: str) -> None:
        """Accept a key whose project was deleted, as it has another one."""
        self._deleted.pop(key_hash, None)

    def drop_project(self, project: Project, *, is_unmade: bool = False) -> None:
        """Delete a project with everything in it; its keys are refused until one gets a new one.

        Args:
            project: what is deleted.
            is_unmade: it never came to be; its keys are what they were before.

        Raises:
            MockError: `project_gone`: somebody else was faster.
        """
        with self._writing() as connection:
            if project.gone:
                raise MockError("project_gone", project=project.slug)
            keys = accounts.keys_of(connection, project.key)
            queries.delete_endpoints(connection, project.key)
            accounts.delete_project(connection, project.key)
            connection.commit()
            project.gone = True
            for key_hash in keys:
                self._by_hash.pop(key_hash, None)
            self.lent_keys.difference_update(keys)
            if not is_unmade:
                self._refuse_from_now_on(keys)
            self._by_name.pop(project.id, None)
            self._by_name.pop(project.slug, None)

    def _refuse_from_now_on(self, keys: Iterable[str]) -> None:
        self._deleted.update(dict.fromkeys(keys))
        while len(self._deleted) > MOST_DELETED:
            del self._deleted[next(iter(self._deleted))]


def _new_columns(
    slug: str, server_seed: int, preset: str, clock: VirtualClock, seed: str | None = None
) -> dict[str, Any]:
    """The columns of a new project; its ids follow from its seed, or the server's, and the slug."""
    facts = projects.Facts(slug, seed or projects.project_seed(server_seed, slug), preset, clock)
    seed = seed or str(server_seed)
    return {
        "id": _project_id(seed, slug),
        "organization_id": ids.prefixed("org", seed, slug),
        "request_count": 0,
        "script_hits": "{}",
        **facts.columns(),
    }


def _project_id(seed: str, slug: str) -> str:
    """The id of a project that a seed and a slug give."""
    return ids.prefixed("proj", seed, slug)
