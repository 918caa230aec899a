"""Wires a world from its settings: the only place that does."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from together_mock.core.clock import MachineTime, RealTime
from together_mock.core.errors import MockError
from together_mock.core.instants import parse_instant
from together_mock.services import documents, starting
from together_mock.services.catalog import Catalog, CatalogError
from together_mock.services.projects import hash_of
from together_mock.services.world import World
from together_mock.services.yaml_files import read_file
from together_mock.settings import Settings
from together_mock.store.database import Database, DatabaseError

Start = tuple[str, dict[str, Any]]


FASTEST = 1e6


class StartError(Exception):
    """An option that the server cannot start with; the text names the option and the value."""


def build_world(settings: Settings, time: RealTime | None = None) -> World:
    """A world that is open but not ready: `apply_start` makes it so.

    Raises:
        StartError: a catalogue, state file or database that cannot be used, or a bad option value.
    """
    _check_texts(settings)
    starts = [start for name in settings.state for start in _documents(name)]
    if starts:
        _rehearse(settings, starts)
    world = _open_world(settings, time)
    world.starts = starts
    return world


def _check_texts(settings: Settings) -> None:
    """Refuse what a script passes on whose variable was never set; nothing has been opened yet."""
    for name in ("database", "start_at", "admin_token", "fixtures"):
        if getattr(settings, name) == "":
            option = name.replace("_", "-")
            raise StartError(f"--{option}: '' is empty; leave the option out for its default")
    if "" in settings.state:
        raise StartError("--state: '' names no file")
    for listed in settings.api_keys:
        _check_key(listed)


def _check_key(listed: str) -> None:
    # No bearer token begins with `=` (RFC 6750, section 2.1): what should stand before it is
    # missing. What stands behind it may be a key, written one sign too far: it is not shown.
    if not listed or listed.startswith("="):
        raise StartError("--api-key: the key is empty, and an empty one could never be sent")
    _, slug = split_key(listed)
    if slug is not None and not re.fullmatch(documents.SLUG, slug):
        raise StartError(f"--api-key: {slug} is not a project slug (letters, digits, . _ -)")


def _documents(name: str) -> list[Start]:
    try:
        content = Path(name).read_text(encoding="utf-8")
        return [(name, document) for document in read_file(content)]
    except (OSError, ValueError) as error:
        raise StartError(f"--state {name}: {error}") from error


def _rehearse(settings: Settings, starts: list[Start]) -> None:
    # A fault in a state file must leave the database as it is, and show before the first request.
    world = _open_world(replace(settings, database=None), None)
    try:
        for number, start in enumerate(starts):
            with _blaming(world, f"--state {start[0]}"):
                starting.load(world, start[1])
                # A document for every project yet to come is tried on one.
                world.ensure_project(hash_of(f"rehearsal {number}"))
    finally:
        world.close()


def _open_world(settings: Settings, time: RealTime | None) -> World:
    try:
        catalog = Catalog(settings.fixtures)
    except CatalogError as error:
        raise StartError(f"--fixtures: {error}") from error
    except (LookupError, TypeError, ArithmeticError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise StartError(
            f"--fixtures: {settings.fixtures}: a file of another form: {reason}"
        ) from error
    if not 0 <= settings.clock_rate <= FASTEST:
        raise StartError(f"--clock-rate: {settings.clock_rate} is not between 0 and {FASTEST:g}")
    try:
        catalog.preset(settings.preset)
        if settings.start_at:
            parse_instant(settings.start_at, "start-at")
    except MockError as error:
        raise StartError(f"--{error.param}: {catalog.describe(error)}") from error
    try:
        database = Database(settings.database)
    except DatabaseError as error:
        raise StartError(f"--database: {error}") from error
    return World(settings, catalog, database, time or MachineTime())


def apply_start(world: World) -> None:
    """Make the listed keys' projects, apply the state files, and declare the world ready.

    Raises:
        StartError: a state file that contradicts what the database holds.
    """
    for listed in world.settings.api_keys:
        key, slug = split_key(listed)
        with _blaming(world, f"--database: {world.settings.database}"):
            project = world.ensure_project(hash_of(key), slug)
        if slug is not None and project.slug != slug:
            raise StartError(
                f"--api-key: the key of {slug} already belongs to {project.slug} in the database"
            )
        if world.listed_keys is not None:
            world.listed_keys.add(hash_of(key))
    for start in world.starts:
        with _blaming(world, f"--state {start[0]}"):
            starting.load(world, start[1])
    world.ready = True


@contextmanager
def _blaming(world: World, option: str) -> Iterator[None]:
    try:
        yield
    except MockError as error:
        raise StartError(f"{option}: {world.catalog.describe(error)}") from error


def split_key(listed: str) -> tuple[str, str | None]:
    """`KEY` or `KEY=PROJECT_SLUG`."""
    key, separator, slug = listed.rpartition("=")
    return (key, slug) if separator and key and slug else (listed, None)
