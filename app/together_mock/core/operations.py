"""Operations: which one a method and a path are, by the names that the documents give them."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from together_mock.core.wildcards import is_like

_PLACEHOLDER = re.compile(r"\\\{[^}]+\\\}")
_ENDPOINT = re.compile(r"/endpoints/([^/]+)")


class Operation(NamedTuple):
    """One operation: its method, its path with placeholders, its name, and whose it is."""

    method: str
    path: str
    name: str
    generation: str = ""


class Operations:
    """All operations of the documents."""

    def __init__(self, known: Iterable[Operation]) -> None:
        # A literal segment goes before a placeholder in its place, as in the framework.
        ordered = sorted(known, key=lambda one: [part[:1] == "{" for part in one.path.split("/")])
        self.names = sorted({one.name for one in ordered})
        self._known: dict[str, list[tuple[Operation, re.Pattern[str]]]] = {}
        for one in ordered:
            self._known.setdefault(one.method, []).append((one, _compiled(one.path)))

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that a request asks for; None is none of them."""
        for place in _places(path):
            for known, pattern in self._known.get(method, ()):
                if pattern.fullmatch(place):
                    return known
        return None

    def of(self, method: str, path: str) -> str | None:
        """The name of the operation that a request asks for; None is none of them."""
        found = self.find(method, path)
        return None if found is None else found.name

    def has(self, pattern: str) -> bool:
        """Whether a name, in which `*` and `?` are wild, is that of an operation."""
        return any(is_like(name, pattern) for name in self.names)

    def nearest(self, name: str) -> str:
        """The name that is written most alike."""
        lower = {known.lower(): known for known in self.names}
        return lower[get_close_matches(name.lower(), lower, n=1, cutoff=0.0)[0]]


def endpoint_in(path: str) -> str | None:
    """The endpoint that a path names."""
    found = _ENDPOINT.search(path)
    return found[1] if found else None


def makes_endpoint(method: str, path: str) -> bool:
    """Whether a request asks for a new endpoint."""
    return method == "POST" and path.endswith("/endpoints")


def _places(path: str) -> Iterator[str]:
    """Where a path is found in the documents: it, or what it is another prefix of."""
    yield path
    if path.startswith("/v1/"):
        # The beta clients of 2.x leave v2's prefix out.
        yield "/v2" + path.removeprefix("/v1")
    # The 2024 API answers at its documented URLs, too.
    yield path.removeprefix("/legacy") if path.startswith("/legacy/") else f"/legacy{path}"


def _compiled(path: str) -> re.Pattern[str]:
    # A model of the 2024 API may be given by its name, which has slashes.
    pattern = re.escape(path).replace(r"\{modelId\}", ".+")
    return re.compile(_PLACEHOLDER.sub("[^/]+", pattern))
