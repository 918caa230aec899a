"""The environment in which clients find a test's project by themselves."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from together_mock.testing.clients import together_url
from together_mock.testing.project import MockProject

_ABSENT: Any = object()


class EnvironedProject(MockProject):
    """The project of `together_mock`, in an environment whose clients find it."""

    def __init__(self, project: MockProject) -> None:
        """Share all that the project is: what happens to one has happened to the other."""
        self.__dict__ = project.__dict__
        self._put_backs: list[Callable[[], None]] = []

    def fresh_import(self, name: str, *others: str) -> Any:
        """Import a module anew, for one that makes its client when it is imported.

        Whoever imports it until the test ends gets this one; then the one before is back.

        Args:
            name: the module's name; what lies below it is imported anew too.
            others: modules that are to be imported anew with it.
        """
        roots = (name, *others)
        before = [_attribute(root) for root in roots]
        self._put_backs.append(partial(_put_back, roots, _taken_out(roots), before))
        return import_module(name)

    def put_imports_back(self) -> None:
        """Have the modules again that were there before."""
        while self._put_backs:
            self._put_backs.pop()()


def _taken_out(roots: Sequence[str]) -> dict[str, ModuleType]:
    """Take modules, and what lies below them, out of those that are imported."""
    found = [name for name in sys.modules for root in roots if f"{name}.".startswith(f"{root}.")]
    return {name: sys.modules.pop(name) for name in dict.fromkeys(found)}


def _attribute(root: str) -> Any:
    """What a module's package has under its name: `from package import name` looks there."""
    package, _, name = root.rpartition(".")
    return getattr(sys.modules.get(package), name, _ABSENT)


def _put_back(
    roots: Sequence[str], modules: Mapping[str, ModuleType], attributes: Sequence[Any]
) -> None:
    _taken_out(roots)
    sys.modules.update(modules)
    for root, before in zip(roots, attributes, strict=True):
        package, _, name = root.rpartition(".")
        parent = sys.modules.get(package)
        if parent is None:
            continue
        if before is not _ABSENT:
            setattr(parent, name, before)
        elif hasattr(parent, name):
            delattr(parent, name)


@contextmanager
def environed(project: MockProject, monkeypatch: pytest.MonkeyPatch) -> Iterator[EnvironedProject]:
    """Set the variables that clients read, until the test ends."""
    for name, value in variables(project).items():
        monkeypatch.setenv(name, value)
    made = EnvironedProject(project)
    try:
        yield made
    finally:
        made.put_imports_back()


def variables(project: MockProject) -> dict[str, str]:
    """The environment that aims clients at a project, and keeps them from asking anybody else."""
    host = urlsplit(project.root_url).hostname or ""
    known = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    direct = f"{known},{host}" if known else host
    return {
        "TOGETHER_BASE_URL": together_url(project),
        "TOGETHER_API_KEY": project.api_key,
        "TOGETHER_PROJECT_ID": project.project.id,
        "OPENAI_BASE_URL": project.base_url,
        "OPENAI_API_KEY": project.api_key,
        "TOGETHER_TELEMETRY_DISABLED": "1",
        "TOGETHER_DISABLE_VERSION_CHECK": "1",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
