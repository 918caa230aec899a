"""State documents as tests name them: a mapping, or a file of YAML or JSON."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

State: TypeAlias = Mapping[str, Any] | str | os.PathLike[str]

# What a document says of whose it is; a project of a test has a key of its own.
_WHOSE = ("api_key", "project")


def read(state: State, folder: Path | None = None) -> dict[str, Any]:
    """A state document.

    Args:
        state: the document, or the name of a file that holds one.
        folder: where a relative name is looked up; None is the working directory.

    Raises:
        ValueError: the file holds no document, or several; or what it holds is none.
        OSError: the file cannot be read.
    """
    if isinstance(state, Mapping):
        return dict(state)
    if not isinstance(state, str | os.PathLike):
        raise ValueError(f"a state document is a mapping or the name of a file, not {state!r}")
    from together_mock.services.yaml_files import read_file

    path = (folder or Path()) / state
    found = list(read_file(path.read_text(encoding="utf-8")))
    if len(found) != 1 or not isinstance(found[0], dict):
        raise ValueError(f"{path} holds {len(found)} documents; one mapping is needed")
    return found[0]


def slug_of(document: Mapping[str, Any]) -> str | None:
    """The slug that a document is written for, if it says so."""
    project = document.get("project")
    return project.get("slug") if isinstance(project, Mapping) else None


def with_defaults(document: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A document without whose it is, with defaults where it says nothing; the clock by field."""
    clock = {**(defaults.get("clock") or {}), **(document.get("clock") or {})}
    whole = {**defaults, **document}
    if clock:
        whole["clock"] = clock
    return {name: part for name, part in whole.items() if name not in _WHOSE}
