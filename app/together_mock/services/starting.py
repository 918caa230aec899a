"""Projects that start from a state document: those of `--state`, and those made to order."""

from typing import Any

import orjson

from together_mock.core.errors import MockError
from together_mock.services import projects
from together_mock.services.documents import read_document
from together_mock.services.projects import Project, hash_of
from together_mock.services.state import replace_by
from together_mock.services.world import World
from together_mock.store import accounts


def load(world: World, value: dict[str, Any]) -> None:
    """Apply a `--state` document: to the project it names, or to every project yet to come.

    A project that the database already holds is left as it is: the document is a start.

    Raises:
        MockError: the document is at fault; nothing is changed.
    """
    document = read_document(value)
    slug = document.project.slug if document.project else None
    if document.api_key is None and slug is None:
        world.on_new_project = lambda project: start_from(world, project, value)
        return
    key_hash = hash_of(document.api_key or f"project {slug}")
    if document.api_key and world.listed_keys is not None:
        world.listed_keys.add(key_hash)
    project = world.project_of(key_hash) or world.project_named(slug or "")
    if project is None or document.api_key:
        project = world.ensure_project(key_hash, project.slug if project else slug)
    if project.key not in world.held:
        world.held.add(project.key)
        start_from(world, project, value)


def start_from(world: World, project: Project, value: dict[str, Any]) -> None:
    """Put a project into the state it starts from, and goes back to on reset.

    Raises:
        MockError: the document is at fault.
    """
    with world.move_clock(project) as unit:
        replace_by(world, unit, read_document(value))
        start = {name: part for name, part in value.items() if name not in ("api_key", "project")}
        initial = orjson.dumps(start).decode()
        accounts.update_project(unit.connection, project.key, {"initial": initial})


def found(world: World, key: str | None, value: dict[str, Any]) -> tuple[Project, str]:
    """Make a project that starts from a document, and goes back to it on reset.

    Args:
        world: the world.
        key: the project's key when the document names none.
        value: the document; without a slug the project gets the one of its key.

    Returns:
        The project, and the hash of its key.

    Raises:
        MockError: the document is at fault, the key or the slug has a project already, or there
            is no key; nothing is changed.
    """
    document = read_document(value)
    key = document.api_key or key
    if key is None:
        raise MockError("missing_field", param="api_key")
    key_hash = hash_of(key)
    is_listed = world.listed_keys is None or key_hash in world.listed_keys
    if not is_listed and world.settings.admin_token is None:
        raise MockError("unauthorized_management")
    slug = document.project.slug if document.project else None
    slug = slug or projects.default_slug(key_hash)
    with world.found_project(key_hash, slug, document.seed) as project:
        start_from(world, project, value)
    world.accept_again(key_hash)
    if not is_listed:
        world.lent_keys.add(key_hash)
    return project, key_hash
