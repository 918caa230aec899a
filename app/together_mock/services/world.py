"""The world: settings, catalogues, store and projects, and the units of work on them.

Everything that changes a project goes through `World.write`: lock, catch up with the clock, body,
commit, publish. What a client is told is committed before the answer leaves.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Any

from together_mock.core.clock import MINUTE, RealTime
from together_mock.core.errors import MockError
from together_mock.services import engine, fault_counts
from together_mock.services.catalog import Catalog
from together_mock.services.measures import Measures
from together_mock.services.projects import CLOSED, FOREVER, Activity, Project
from together_mock.services.registry import Registry
from together_mock.services.unit import Unit
from together_mock.services.waiting import A_MOMENT, PATIENCE
from together_mock.settings import Settings
from together_mock.store import accounts, models, queries
from together_mock.store.database import TROUBLES, Database
from together_mock.store.database import BusyError as BusyError  # noqa: PLC0414 - raised on

log = logging.getLogger("together_mock")

# What a SIGKILL can lose: activity of less than this long ago, never an endpoint.
FLUSH_SECONDS = 1.0
# Deployments that are brought up to date without a thread of their own.
_MOST_IN_HASTE = 20
# Projects that a line of the log names.
_MOST_TOLD = 5


class World(Registry):
    """One server's whole state. Thread-safe."""

    def __init__(
        self, settings: Settings, catalog: Catalog, database: Database, time: RealTime
    ) -> None:
        super().__init__(settings, catalog, database, time)
        self.measures = Measures()
        self.ready = False
        # State documents to start from, each with the name of the file that it stands in.
        self.starts: Sequence[tuple[str, dict[str, Any]]] = ()
        # Called after a commit that wrote events; set by the event stream.
        self.on_events: Callable[[Project], None] = lambda _project: None
        self._load()

    def _load(self) -> None:
        with self._reading() as connection:
            by_key = {}
            for row in accounts.projects(connection):
                project = Project.from_row(row)
                job = models.next_upload_at(connection, project.key, self.now(project))
                due = (queries.next_due_at(connection, project.key), row.due_at, job)
                project.next_due = min((at for at in due if at is not None), default=None)
                self._end_streams(project, queries.with_open_streams(connection, project.key))
                by_key[project.key] = project
                self.held.add(project.key)
                self._register(project)
            for key_hash, project_key in accounts.api_keys(connection):
                self._by_hash[key_hash] = by_key[project_key]

    def _end_streams(self, project: Project, deployments: Sequence[int]) -> None:
        """Take streams for ended that were open when the process before this one ended."""
        if deployments:
            project.next_due = now = self.now(project)
            project.activity = {key: Activity(flights=[(now, 0)]) for key in deployments}

    # Time ----------------------------------------------------------------------------------

    def tick(self) -> None:
        """Run what is due in every project and flush its activity: the heartbeat's whole job.

        Raises:
            MockError: the store fails; nothing is lost, and it is for the caller to try again.
        """
        self.measures.ticks += 1
        for project in list(self._by_name.values()):
            # A clock that stands still is moved by somebody, who then hears what was due.
            runs = project.facts.clock.rate > 0
            if project.has_activity or (runs and self._is_behind(project)):
                try:
                    with self.write(project, A_MOMENT):
                        pass
                except Exception as error:
                    case = error.case if isinstance(error, MockError) else None
                    if case in TROUBLES:
                        self.measures.failed_ticks += 1
                        raise
                    if self.stopping or case == "server_stopping":
                        # What a stop cuts short is run as the world is closed.
                        return
                    if project.gone:
                        continue
                    self.measures.failed_ticks += 1
                    # One project's trouble keeps no other from going on; its next request shows it.
                    log.exception("project %s could not be brought up to date", project.slug)
        self._look_whether_over()

    def flush_soon(self) -> None:
        """Have what inference noted stored before long."""
        self.wake(self.real_now() + FLUSH_SECONDS)

    def next_wake(self) -> float | None:
        """The real instant of the earliest due step of any running clock."""
        instants = [
            real
            for project in list(self._by_name.values())
            if project.next_due is not None
            and (real := project.facts.clock.real_at(project.next_due)) is not None
        ]
        return min(instants, default=None)

    def _is_behind(self, project: Project) -> bool:
        return project.next_due is not None and project.next_due <= self.now(project)

    # Units of work -------------------------------------------------------------------------

    @contextmanager
    def read(self, project: Project) -> Iterator[Connection]:
        """A connection with the project as it is now: what is due has been run before.

        While the store cannot be written to, it has what was stored last.
        """
        if project.activity or self._is_behind(project):
            try:
                # Whoever looks does not wait for what is known to fail.
                with self.write(project, 0.0 if self._is_in_trouble() else A_MOMENT):
                    pass
            except MockError as error:
                if error.case not in TROUBLES:
                    raise
        with self._reading(project.slug) as connection:
            yield connection

    @contextmanager
    def finding(self, project: Project) -> Iterator[Unit]:
        """A unit of work that finds routes, and changes nothing; they are inference's at its end.

        It waits for no other process where nothing is due: nobody of this one writes meanwhile, so
        that what was committed last is how things are.
        """
        with self._lock:
            if not self._is_behind(project):
                with self._reading(project.slug) as connection:
                    unit = self._unit(connection, project)
                    yield unit
                    with project.gate:
                        self._take_routes(unit, project.next_due)
                return
        with self.write(project) as unit:
            yield unit

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A connection to look at all projects with, as they are stored."""
        with self._reading() as connection:
            yield connection

    @contextmanager
    def write(self, project: Project, patience: float = PATIENCE) -> Iterator[Unit]:
        """A unit of work that is committed when its block ends, and not at all if it raises.

        Args:
            project: what is worked on.
            patience: how long the request may wait in all, in seconds, for another process that
                has the store.
        """
        with self._writing(project.slug, patience) as connection:
            unit = self._unit(connection, project)
            due = project.next_due is not None and project.next_due <= unit.now
            if due or project.activity:
                if self._hasty and self._is_much_due(unit):
                    raise BusyError
                # Where nothing is due, inference goes on: it could be told nothing else.
                with self._settled(unit, closed=due):
                    yield unit
                    self._commit(unit)
            else:
                yield unit
                self._commit(unit)

    @contextmanager
    def move_clock(self, project: Project) -> Iterator[Unit]:
        """A unit of work that may move the clock: inference waits until it has."""
        with self._writing(project.slug) as connection:
            unit = self._unit(connection, project)
            with self._settled(unit, closed=True):
                yield unit
                self._commit(unit)

    def _is_much_due(self, unit: Unit) -> bool:
        project = unit.project
        noted, most = len(project.activity), _MOST_IN_HASTE + 1
        if project.next_due is None or project.next_due > unit.now:
            return noted >= most
        due = queries.due_count(unit.connection, project.key, unit.now, most)
        # One that is long overdue may have many steps to go through.
        return unit.now - project.next_due > MINUTE or max(due, noted) >= most

    def _unit(self, connection: Connection, project: Project) -> Unit:
        if project.gone:
            raise MockError("project_gone", project=project.slug)
        with project.gate:
            counts, window = dict(project.fault_counts), project.window
        facts = fault_counts.folded(project.facts, counts).with_window(window)
        real = self._time.now()
        unit = Unit(connection, project, real, facts.clock.now(real), facts, self.catalog)
        unit.fault_counts = counts
        unit.is_stopping = lambda: self.stopping
        return unit

    @contextmanager
    def _settled(self, unit: Unit, *, closed: bool) -> Iterator[None]:
        """Run what is due by what inference noted so far; the routing snapshot may be closed to it.

        What was noted is put back if the block raises before it is committed.
        """
        project = unit.project
        with project.gate:
            activity, project.activity = project.activity, {}
            if closed:
                project.valid_until = CLOSED
        try:
            engine.settle(unit, activity, unit.now)
            engine.save(unit)
            yield
        except BaseException:
            if unit.committed:
                raise
            with project.gate:
                for key, noted in project.activity.items():
                    activity.setdefault(key, Activity()).extend(noted)
                project.activity = activity
            raise

    def _commit(self, unit: Unit) -> None:
        project, connection = unit.project, unit.connection
        next_due = engine.next_due(unit)
        requests = project.request_count if unit.request_count is None else unit.request_count
        hits = project.hits_under(unit.facts, unit.script_hits)
        changed = unit.facts.changes_from(project.facts) | project.unstored(requests, hits)
        if changed:
            accounts.update_project(connection, project.key, changed)
        connection.commit()
        unit.committed = True
        project.stored_request_count, project.stored_script_hits = requests, hits
        self._publish(unit, next_due)

    def _publish(self, unit: Unit, next_due: int | None) -> None:
        project = unit.project
        with project.gate:
            self._take_routes(unit, next_due)
            self._by_name.pop(project.slug, None)
            project.go_by(unit.facts, unit.request_count, unit.script_hits, unit.fault_counts)
            self._register(project)
            project.next_due = next_due
        if unit.events:
            self.measures.happened(project.slug, unit.events)
        if unit.events or unit.told:
            self.on_events(project)
        if next_due is not None and (real := unit.facts.clock.real_at(next_due)) is not None:
            self.wake(real)

    def _take_routes(self, unit: Unit, next_due: int | None) -> None:
        project = unit.project
        project.take_routes(unit.routes, unit.stale, anew=unit.forget_routes)
        project.valid_until = FOREVER if next_due is None else next_due

    def drop_project(self, project: Project) -> None:
        """Delete a project with everything in it; who follows its events is told no more."""
        super().drop_project(project)
        self.on_events(project)

    def close(self) -> None:
        """Flush what inference noted, then close the store."""
        with self._lock:
            self.ready = self.stopping = False
            try:
                self.tick()
            except MockError as error:
                self._tell_of_loss(error)
            finally:
                self._troubles.end()
                self._database.close()

    def _tell_of_loss(self, error: MockError) -> None:
        lost = [project.slug for project in self.projects() if project.has_activity]
        more = f" and {len(lost) - _MOST_TOLD} others" if len(lost) > _MOST_TOLD else ""
        log.error(
            "what inference noted last could not be stored for project %s%s: %s",
            ", ".join(lost[:_MOST_TOLD]),
            more,
            self.catalog.describe(error),
            extra={"fields": {"project": lost[0] if len(lost) == 1 else None, "case": error.case}},
        )
