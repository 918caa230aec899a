"""The database: a SQLite file in WAL mode, opened, checked and migrated."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError as SqlDatabaseError
from sqlmodel import SQLModel

from together_mock.store import tables as tables  # noqa: PLC0414 - fills the metadata
from together_mock.store.prepared import driver_of

# The newest Alembic revision; a new store is created at it without running the migrations.
SCHEMA_VERSION = "0001"
_SIDE_FILES = ("", "-wal", "-shm")


try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]


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
        self.path = _temporary_path() if location is None else _path_of(location)
        self._engine = _engine(self.path, private=self._private)
        self._writer = self._engine.execution_options(together_mock_writer=True)
        try:
            self._prepare()
        except (SqlDatabaseError, sqlite3.Error, OSError) as error:
            self.close()
            reason = getattr(error, "orig", None) or error
            raise DatabaseError(f"{self.path}: {reason}") from error
        except DatabaseError:
            self.close()
            raise

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
        with self._engine.begin() as connection:
            version = _stored_version(connection)
        if version is None:
            self._use_wal()
            with self._writer.begin() as connection:
                _create(connection)
            self._claim()
            return
        self._claim()
        if version != SCHEMA_VERSION:
            # Alembic costs 0.2 s to import, so only a store that is behind pays for it.
            from together_mock.store.migrate import known_versions, upgrade

            if version not in known_versions():
                raise DatabaseError(
                    f"{self.path}: made by a newer version of together-mock (schema {version}, "
                    f"this one knows {SCHEMA_VERSION})"
                )
            upgrade(self._engine)

    def _use_wal(self) -> None:
        # Kept in the file, and so not for one that may yet be refused.
        connection = self._engine.raw_connection()
        connection.cursor().execute("PRAGMA journal_mode=WAL")
        connection.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection with a consistent snapshot."""
        with self._engine.connect() as connection:
            connection.begin()
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that holds the write lock; what the caller does not commit is undone."""
        with self._writer.connect() as connection:
            connection.begin()
            yield connection

    def close(self) -> None:
        """Close every connection; a private file is removed."""
        self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._private:
            for suffix in _SIDE_FILES:
                with suppress(FileNotFoundError):
                    os.unlink(f"{self.path}{suffix}")


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


def _engine(path: Path, *, private: bool) -> Engine:
    # A commit outlives the process either way. NORMAL keeps the file whole even when the machine
    # goes down; a private file is of no use to anybody then.
    synchronous = "OFF" if private else "NORMAL"
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": 5, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: see `begin` below.
        connection.isolation_level = None
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: a reader that became a writer could be refused.
        writer = connection.get_execution_options().get("together_mock_writer")
        driver_of(connection).execute("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def _stored_version(connection: Connection) -> str | None:
    tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type='table'"))
    names = {row[0] for row in tables}
    if not names:
        return None
    version = None
    if "alembic_version" in names:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if version is None:
        raise DatabaseError(f"{connection.engine.url.database}: not a database of together-mock")
    return str(version)


def _create(connection: Connection) -> None:
    SQLModel.metadata.create_all(connection, checkfirst=False)
    connection.execute(
        text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    )
    connection.execute(
        text("INSERT INTO alembic_version VALUES (:version)"), {"version": SCHEMA_VERSION}
    )
