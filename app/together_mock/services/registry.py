"""The projects of a world: found by key or by name, made on first use, made to order, deleted."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Any

from together_mock.core import ids
from together_mock.core.clock import RealTime, VirtualClock
from together_mock.core.errors import MockError
from together_mock.services import projects
from together_mock.services.access import Access
from together_mock.services.catalog import Catalog
from together_mock.services.projects import Project
from together_mock.settings import Settings
from together_mock.store import accounts, queries
from together_mock.store.database import Database

# As many keys of deleted projects are known at a time, the last ones.
MOST_DELETED = 100_000


class Registry(Access):
    """Every project, and the keys that lead to each. Thread-safe."""

    def __init__(
        self, settings: Settings, catalog: Catalog, database: Database, time: RealTime
    ) -> None:
        super().__init__(catalog, database, time)
        self.settings = settings
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
        self._by_hash: dict[str, Project] = {}
        self._by_name: dict[str, Project] = {}

    def _register(self, project: Project) -> None:
        self._by_name[project.id] = self._by_name[project.slug] = project

    def _forget(self, project: Project) -> None:
        self._by_name.pop(project.id, None)
        self._by_name.pop(project.slug, None)

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
        slug = slug or projects.default_slug(key_hash)
        with self._writing(slug) as connection:
            # Somebody else may have been faster.
            project = self._by_hash.get(key_hash)
            if project is not None:
                return project
            if key_hash in self._deleted:
                raise MockError("project_deleted")
            project = self._by_name.get(slug)
            if project is None:
                with self._founding(connection, key_hash, slug) as project:
                    self.on_new_project(project)
            else:
                accounts.add_api_key(connection, key_hash, project.key)
                connection.commit()
                self._by_hash[key_hash] = project
            return project

    @contextmanager
    def found_project(self, key_hash: str, slug: str, seed: str | None) -> Iterator[Project]:
        """Make a project for a key; its ids follow from its seed and slug.

        A unit of work in the block is committed with it; if the block raises, it never was.

        Args:
            key_hash: the hash of its key.
            slug: its slug.
            seed: what its ids follow from; None is the server's seed.

        Raises:
            MockError: `project_exists`: the key has a project, or the slug or the id is in use.
        """
        with self._writing(slug) as connection:
            if key_hash in self._by_hash:
                raise MockError("project_exists", param="api_key", what="the key")
            project_id = _project_id(seed or str(self.settings.seed), slug)
            if slug in self._by_name or project_id in self._by_name:
                raise MockError("project_exists", param="project.slug", what=f"the slug {slug}")
            with self._founding(connection, key_hash, slug, seed) as project:
                yield project

    @contextmanager
    def _founding(
        self, connection: Connection, key_hash: str, slug: str, seed: str | None = None
    ) -> Iterator[Project]:
        settings = self.settings
        clock = projects.starting_clock(settings, self._time.now())
        columns = _new_columns(slug, settings.seed, settings.preset, clock, seed)
        project = Project.from_row(accounts.add_project(connection, columns))
        accounts.add_api_key(connection, key_hash, project.key)
        try:
            yield project
            connection.commit()
        except BaseException:
            self._forget(project)
            raise
        self._register(project)
        self._by_hash[key_hash] = project

    def accept_again(self, key_hash: str) -> None:
        """Accept a key whose project was deleted, as it has another one."""
        self._deleted.pop(key_hash, None)

    def drop_project(self, project: Project) -> None:
        """Delete a project with everything in it; its keys are refused until one gets a new one.

        Args:
            project: what is deleted.

        Raises:
            MockError: `project_gone`: somebody else was faster.
        """
        with self._writing(project.slug) as connection:
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
            self._refuse_from_now_on(keys)
            self._forget(project)

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
