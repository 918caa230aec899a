"""Access to the store: one thread at a time writes, and waits for other processes empty-handed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from sqlite3 import Connection

from together_mock.core.clock import RealTime
from together_mock.core.errors import MockError
from together_mock.services.catalog import Catalog
from together_mock.services.projects import Project
from together_mock.services.troubles import Troubles
from together_mock.services.waiting import PATIENCE, waiting
from together_mock.store.database import TROUBLES, BusyError, Database

# Seconds between two looks whether another process has given the store free.
_PAUSE = 0.01
# So many threads that wait for it may leave none to others.
_CROWD = 8


class Access:
    """The world's lock, and the connections that go with it. Thread-safe."""

    def __init__(self, catalog: Catalog, database: Database, time: RealTime) -> None:
        self.catalog = catalog
        # Set when the server is to stop: nothing long is gone on with, or waited for, then.
        self.stopping = False
        # Called with a real instant (seconds) at which there is something to do; set by the
        # heartbeat.
        self.wake: Callable[[float], None] = lambda _real: None
        self._database = database
        self._time = time
        self._lock = threading.RLock()
        # Whether the thread that has the lock must not be kept.
        self._hasty = False
        # The connection that the thread that has the lock writes by.
        self._writer: Connection | None = None
        self._troubles = Troubles(catalog)
        # Held by the thread that looks whether another process has given the store free.
        self._looking = threading.Lock()
        # The threads that wait for it.
        self._crowd: set[int] = set()
        self._pause = threading.Event()

    def real_now(self) -> float:
        """The machine's time, in seconds since the epoch."""
        return self._time.now()

    def now(self, project: Project) -> int:
        """A project's virtual instant."""
        return project.facts.clock.now(self._time.now())

    @contextmanager
    def in_haste(self, project: Project) -> Iterator[None]:
        """Units of work on the project run at once or not at all.

        Raises:
            BusyError: somebody has the lock, or more is to be done than takes no time.
        """
        if not self._lock.acquire(blocking=False):
            raise BusyError
        self._hasty = True
        try:
            if project.facts.rules.bind:
                raise BusyError
            yield
        finally:
            self._hasty = False
            self._lock.release()

    def queue(self) -> None:
        """Note that a request waits for a thread, which those that wait for the store may have."""
        if self._looking.locked():
            waiting().begin()

    @contextmanager
    def _writing(self, slug: str | None, patience: float = PATIENCE) -> Iterator[Connection]:
        """The lock, and a connection that may write: the same one inside of another's block.

        Args:
            slug: the project that is worked on, of which the log tells when the store fails.
            patience: what the request under way may wait in all, in seconds, for another process
                that has the store. It has nothing meanwhile that others need.

        Raises:
            BusyError: another process has the store, and the thread is in haste.
            MockError: `store_busy` when it keeps it for longer than that; `server_stopping`;
                another trouble of the store.
        """
        try:
            with ExitStack() as held:
                connection = self._wait_for_store(held, patience)
                before = connection.total_changes
                yield connection
                if connection.total_changes > before and not connection.in_transaction:
                    self._note_stored()
        except MockError as error:
            self._note_failure(error, slug)
            raise

    def _wait_for_store(self, held: ExitStack, patience: float) -> Connection:
        waited, looks, thread = waiting(), False, threading.get_ident()
        try:
            while (connection := self._begin(held, patience)) is None:
                left = waited.left(patience)
                if self.stopping:
                    raise MockError("server_stopping")
                if left <= 0:
                    raise MockError("store_busy")
                self._crowd.add(thread)
                # One looks for all that wait: together they would keep the lock from the others.
                if looks:
                    self._pause.wait(_PAUSE)
                else:
                    looks = self._looking.acquire(timeout=left)
        finally:
            self._crowd.discard(thread)
            if looks:
                self._looking.release()
        waited.end()
        return connection

    def _begin(self, held: ExitStack, patience: float) -> Connection | None:
        with ExitStack() as tried:
            tried.enter_context(self._lock)
            if self._writer is None:
                try:
                    self._writer = tried.enter_context(self._database.writing())
                except BusyError:
                    if self._hasty and patience > 0:
                        raise
                    return None
                tried.callback(setattr, self, "_writer", None)
            held.push(tried.pop_all())
            return self._writer

    @contextmanager
    def _reading(self, slug: str | None = None) -> Iterator[Connection]:
        """A connection with what was committed last; it needs no lock, and waits for no writer.

        Raises:
            MockError: a trouble of the store.
        """
        try:
            with self._database.reading() as connection:
                yield connection
        except MockError as error:
            self._note_failure(error, slug)
            raise

    def _is_in_trouble(self) -> bool:
        """Whether who only looks had better not wait: it would be in vain, or for a thread."""
        return self._troubles.case is not None or len(self._crowd) >= _CROWD

    def _note_failure(self, error: MockError, slug: str | None) -> None:
        if error.case in TROUBLES:
            self._troubles.failed(error, slug, self._time.now())

    def _note_stored(self) -> None:
        if self._troubles.case is not None:
            self._troubles.stored()
            self._look_whether_over()

    def _look_whether_over(self) -> None:
        if self._troubles.case is not None:
            at = self._troubles.look(self._time.now())
            if at is not None:
                self.wake(at)
