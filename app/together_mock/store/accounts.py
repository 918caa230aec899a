"""Every statement on projects and their keys."""

from collections.abc import Iterable
from functools import cache
from sqlite3 import Connection
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import SQLModel, col

from together_mock.store.prepared import Prepared
from together_mock.store.records import ProjectRecord
from together_mock.store.tables import ApiKeyRow, ProjectRow

_PROJECTS = SQLModel.metadata.tables["project"]
_KEYS = SQLModel.metadata.tables["api_key"]


def projects(connection: Connection) -> list[ProjectRecord]:
    """Every project, oldest first."""
    return [ProjectRecord._make(row) for row in _ALL_PROJECTS.run(connection)]


def add_project(connection: Connection, values: dict[str, Any]) -> ProjectRecord:
    """Add a project; what it is then."""
    _add_project(tuple(values)).run(connection, **values)
    [row] = _PROJECT_BY_ID.run(connection, id=values["id"])
    return ProjectRecord._make(row)


@cache
def _add_project(columns: tuple[str, ...]) -> Prepared:
    return Prepared(insert(_PROJECTS).values(_parameters(columns)))


def update_project(connection: Connection, key: int, values: dict[str, Any]) -> None:
    """Set columns of a project."""
    _update_project(tuple(values)).run(connection, project=key, **values)


@cache
def _update_project(columns: tuple[str, ...]) -> Prepared:
    chosen = col(ProjectRow.key) == bindparam("project")
    return Prepared(update(_PROJECTS).where(chosen).values(_parameters(columns)))


def _parameters(columns: Iterable[str]) -> dict[str, Any]:
    return {name: bindparam(name) for name in columns}


def initial_state(connection: Connection, key: int) -> str | None:
    """The state document that a project started from, as JSON."""
    initial: str | None = _INITIAL.run(connection, project=key).fetchone()[0]
    return initial


def api_keys(connection: Connection) -> list[tuple[str, int]]:
    """The hash of every known key, and its project's key."""
    return _API_KEYS.run(connection).fetchall()


def add_api_key(connection: Connection, key_hash: str, project_key: int) -> None:
    """Add a key of a project."""
    _ADD_API_KEY.run(connection, hash=key_hash, project_key=project_key)


def keys_of(connection: Connection, project_key: int) -> list[str]:
    """The hashes of a project's keys."""
    return [key_hash for (key_hash,) in _KEYS_OF.run(connection, project=project_key)]


def delete_project(connection: Connection, project_key: int) -> None:
    """Delete a project that has no endpoints any more, with its keys and its history."""
    _DELETE_KEYS.run(connection, project=project_key)
    _DELETE_PROJECT.run(connection, project=project_key)


_ALL_PROJECTS = Prepared(select(_PROJECTS).order_by(col(ProjectRow.key)))
_PROJECT_BY_ID = Prepared(select(_PROJECTS).where(col(ProjectRow.id) == bindparam("id")))
_INITIAL = Prepared(
    select(col(ProjectRow.initial)).where(col(ProjectRow.key) == bindparam("project"))
)
_API_KEYS = Prepared(select(_KEYS))
_ADD_API_KEY = Prepared(insert(_KEYS))
_KEY_OF = col(ApiKeyRow.project_key) == bindparam("project")
_KEYS_OF = Prepared(select(_KEYS.c.hash).where(_KEY_OF))
_DELETE_KEYS = Prepared(delete(_KEYS).where(_KEY_OF))
_DELETE_PROJECT = Prepared(delete(_PROJECTS).where(col(ProjectRow.key) == bindparam("project")))
