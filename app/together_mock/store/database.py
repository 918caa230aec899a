"""The database: a SQLite file in WAL mode, opened, checked and migrated."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Index
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from together_mock.core.errors import MockError
from together_mock.store import tables as tables  # noqa: PLC0414 - fills the metadata
from together_mock.store.prepared import DIALECT

# The newest Alembic revision; a new store is created at it without running the migrations.
SCHEMA_VERSION = "0002"
_SIDE_FILES = ("", "-wal", "-shm")


try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]


# How long a reader waits for another process that holds the file, in seconds.
_PATIENCE = 5.0
_LOCKED = "database is locked"
# The cases of what keeps the store from its work, whatever was asked of it.
TROUBLES = frozenset({"store_busy", "store_full", "store_failed"})
# Primary result codes of SQLite: the lower bytes of codes, whose rest tells where it happened.
_BROKEN = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)


class BusyError(Exception):
    """What was asked for cannot be done at once; it can be done by a thread that waits."""


class DatabaseError(Exception):
    """A database that cannot be used; the text says why, in one line."""


class Database:
    """An open store. One writer at a time is the caller's duty; readers are free."""

    def __init__(self, location: str | None) -> None:
        """Open the file or `sqlite:///` URL, or a private temporary file when there is none.

        Raises:
            DatabaseError: the file cannot be opened, is no database of ours, or is newer.
        """
        self._private = location is None
        self._lock: int | None = None
        self._closed = False
        self._connections: list[sqlite3.Connection] = []
        self._idle: list[sqlite3.Connection] = []
        self.path = _temporary_path() if location is None else _path_of(location)
        try:
            self._writer = self._open()
            # It never waits: see `writing`.
            self._writer.execute("PRAGMA busy_timeout=0")
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise DatabaseError(f"{self.path}: {error}") from error
        except MockError as error:
            self.close()
            raise DatabaseError(f"{self.path}: {error.values.get('reason', _LOCKED)}") from error
        except DatabaseError:
            self.close()
            raise

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise sqlite3.ProgrammingError("the store is closed")
        # Transactions are begun by hand: the driver would begin a writer's as a reader's.
        connection = sqlite3.connect(
            self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        self._connections.append(connection)
        # A commit outlives the process either way. NORMAL keeps the file whole even when the
        # machine goes down; a private file is of no use to anybody then.
        connection.execute(f"PRAGMA synchronous={'OFF' if self._private else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def _claim(self) -> None:
        """Keep every other server off the file: each holds projects in memory."""
        if fcntl is None:
            return
        self._lock = os.open(self.path, os.O_RDWR)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DatabaseError(f"{self.path}: in use by another together-mock") from error

    def _prepare(self) -> None:
        version = _stored_version(self._writer, self.path)
        if version is None:
            # Kept in the file, and so not set for one that may yet be refused.
            self._writer.execute("PRAGMA journal_mode=WAL")
            self._fill()
            self._claim()
            return
        self._claim()
        if version != SCHEMA_VERSION:
            # Alembic costs 0.2 s to import, so only a store that is behind pays for it.
            from together_mock.store.migrate import known_versions, upgrade

            if version not in known_versions():
                raise DatabaseError(
                    f"{self.path}: made by another version of together-mock (schema {version}, "
                    f"this one knows {SCHEMA_VERSION})"
                )
            upgrade(self.path)

    def _fill(self) -> None:
        try:
            with self.writing() as connection:
                _create(connection)
                connection.commit()
        except BusyError as error:
            raise DatabaseError(f"{self.path}: {_LOCKED}") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection with a consistent snapshot.

        Raises:
            MockError: one of `TROUBLES`.
        """
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._open()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.rollback()
                self._idle.append(connection)
        except sqlite3.DatabaseError as error:
            _tell(error)
            raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that holds the write lock; what the caller does not commit is undone.

        There is one, and one writer at a time. A writer takes the lock at once: a reader that
        became a writer could be refused. Nobody waits for another process here: whoever does
        should hold nothing that others need.

        Raises:
            BusyError: another process has the lock.
            MockError: one of `TROUBLES`; nothing was changed.
        """
        try:
            self._begin()
            try:
                yield self._writer
            finally:
                self._writer.rollback()
        except sqlite3.DatabaseError as error:
            _tell(error)
            raise

    def _begin(self) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if _primary(error) == sqlite3.SQLITE_BUSY:
                raise BusyError from error
            raise

    def close(self) -> None:
        """Close every connection; a private file is removed."""
        self._closed = True
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._idle.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._private:
            for suffix in _SIDE_FILES:
                with suppress(FileNotFoundError):
                    os.unlink(f"{self.path}{suffix}")


def _primary(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


def _tell(error: sqlite3.DatabaseError) -> None:
    """Raise what keeps SQLite from its work, as a case of the catalogue; our mistakes are none."""
    code = _primary(error)
    if code == sqlite3.SQLITE_BUSY:
        raise MockError("store_busy") from error
    # What the driver itself refuses has no code.
    whole: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    # Where room is limited by a quota, and not by the disk, it is writing that fails.
    if code == sqlite3.SQLITE_FULL or whole == sqlite3.SQLITE_IOERR_WRITE:
        raise MockError("store_full", reason=str(error)) from error
    if code in _BROKEN:
        raise MockError("store_failed", reason=str(error)) from error


def _temporary_path() -> Path:
    handle, name = tempfile.mkstemp(prefix="together-mock-", suffix=".db")
    os.close(handle)
    return Path(name)


def _path_of(location: str) -> Path:
    scheme, separator, rest = location.partition("://")
    if not separator:
        return Path(location)
    if scheme != "sqlite" or not rest.startswith("/") or rest == "/":
        raise DatabaseError(f"{location}: only a file or a sqlite:///FILE URL can be opened")
    return Path(rest[1:])


def _stored_version(connection: sqlite3.Connection, path: Path) -> str | None:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    names = {name for (name,) in tables}
    if not names:
        return None
    version = None
    if "alembic_version" in names:
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if version is None:
        raise DatabaseError(f"{path}: not a database of together-mock")
    return str(version[0])


def _create(connection: sqlite3.Connection) -> None:
    for table in SQLModel.metadata.sorted_tables:
        connection.execute(str(CreateTable(table).compile(dialect=DIALECT)))
        for index in sorted(table.indexes, key=_name):
            connection.execute(str(CreateIndex(index).compile(dialect=DIALECT)))
    connection.execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
    )
    connection.execute("INSERT INTO alembic_version VALUES (?)", [SCHEMA_VERSION])


def _name(index: Index) -> str:
    return index.name or ""
