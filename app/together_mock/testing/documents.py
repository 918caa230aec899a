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
        folder: where a relative name is looked up before the working directory.

    Raises:
        ValueError: the file holds no document, or several; or what it holds is none.
        OSError: the file cannot be read.
    """
    if isinstance(state, Mapping):
        return _whole(state)
    if not isinstance(state, str | os.PathLike):
        raise ValueError(f"a state document is a mapping or the name of a file, not {state!r}")
    from together_mock.services.yaml_files import read_file

    path = _found(Path(state), folder)
    found = list(read_file(path.read_text(encoding="utf-8")))
    if len(found) != 1 or not isinstance(found[0], dict):
        raise ValueError(f"{path} holds {len(found)} documents; one mapping is needed")
    return _whole(found[0])


def _found(file: Path, folder: Path | None) -> Path:
    beside = file if folder is None else folder / file
    if beside.exists():
        return beside
    if file.exists():
        return file
    places = dict.fromkeys(str(place.absolute()) for place in (beside, file))
    raise FileNotFoundError(f"there is no state file {' and no '.join(places)}")


def _whole(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document whose parts that are read here are what they should be; the server reads all.

    Raises:
        ValueError: one is not; it is named.
    """
    for name, kind, text in (
        ("clock", Mapping, "a mapping"),
        ("project", Mapping, "a mapping"),
        ("api_key", str, "text"),
    ):
        value = document.get(name)
        if value is not None and not isinstance(value, kind):
            raise ValueError(f"{name} of a state document is {text}, not {value!r}")
    return dict(document)


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


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a document that say something: all but those that are None."""
    return {name: value for name, value in fields.items() if value is not None}
