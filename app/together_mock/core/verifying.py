"""Verifying: whether requests of a kind came as often as they should, and if not, what came near.

A body matches when it has all that is asked for: objects may have more fields, at any depth;
lists have as many items, each matching in its place.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from together_mock.core.wildcards import is_like

# What stands for a body, or a field of one, that is not asked about; or that was not there.
ANY: Any = object()
ABSENT: Any = object()
# What stands for a body that was not kept to its end, and matches nothing.
CUT: Any = object()
CLOSEST = 3
_LONGEST = 200


class Seen(NamedTuple):
    """A request as it came, with the status of its answer; None is "none" everywhere."""

    id: str
    method: str
    path: str
    operation: str | None
    status: int | None
    endpoint: str | None
    body: Any = ABSENT


@dataclass(frozen=True)
class RequestMatch:
    """Which requests are meant; None is any. Texts take `*` and `?`."""

    method: str | None = None
    path: str | None = None
    operation: str | None = None
    status: int | None = None
    endpoint: str | None = None
    body: Any = ANY

    def differs(self, seen: Seen) -> list[str]:
        """What does not match, each as `field: what it was`; empty where all does."""
        found = [
            f"{name}: {_shown(ABSENT if value is None else value)}"
            for name, wanted, value in (
                ("method", self.method and self.method.upper(), seen.method),
                ("path", self.path, seen.path),
                ("operation", self.operation, seen.operation),
                ("endpoint", self.endpoint, seen.endpoint),
            )
            if wanted is not None and (value is None or not is_like(value, wanted))
        ]
        if self.status is not None and self.status != seen.status:
            found.append(f"status: {_shown(ABSENT if seen.status is None else seen.status)}")
        if self.body is not ANY:
            found += _differs(self.body, seen.body, "body")
        return found

    def shares(self, seen: Seen, differs: Sequence[str]) -> bool:
        """Whether a request that does not match has anything of what is asked for.

        Args:
            seen: the request.
            differs: what does not match, as `differs` found it.
        """
        asked = {"method", "path", "operation", "endpoint", "status"} - _fields(differs)
        if any(getattr(self, name) is not None for name in asked):
            return True
        return self.body is not ANY and _has_some(self.body, seen.body)


def _has_some(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(value, dict):
        return any(name in value for name in wanted)
    return isinstance(wanted, list) and isinstance(value, list)


def _differs(wanted: Any, value: Any, where: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(value, dict):
        for name, part in wanted.items():
            yield from _differs(part, value.get(name, ABSENT), f"{where}.{name}")
    elif isinstance(wanted, list) and isinstance(value, list) and len(wanted) == len(value):
        for index, part in enumerate(wanted):
            yield from _differs(part, value[index], f"{where}.{index}")
    elif not _is_equal(wanted, value):
        yield f"{where}: {_shown(value)}"


def _is_equal(wanted: Any, value: Any) -> bool:
    # In JSON, true is not 1.
    return isinstance(wanted, bool) == isinstance(value, bool) and bool(wanted == value)


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "<absent>"
    if value is CUT:
        return "cut after 64 KB, not compared"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


@dataclass(frozen=True)
class Times:
    """How often requests are to have come, both bounds included; None is "without end"."""

    least: int
    most: int | None = None

    def allows(self, count: int) -> bool:
        """Whether so many are right."""
        return self.least <= count and (self.most is None or count <= self.most)


class Near(NamedTuple):
    """A request that did not match, and why."""

    id: str
    differs: Sequence[str]


@dataclass(frozen=True)
class Verdict:
    """Whether it was as often as it should, how often, and what came near if it was too seldom."""

    ok: bool
    count: int
    closest: Sequence[Near]


def verify(requests: Iterable[Seen], match: RequestMatch, times: Times) -> Verdict:
    """Judge requests, which come newest first.

    Those come near that have anything of what is asked for. The nearest differ in the fewest
    fields of a request, then in the fewest places of its body.
    """
    count, others = 0, []
    for seen in requests:
        differs = match.differs(seen)
        if not differs:
            count += 1
        elif match.shares(seen, differs):
            others.append(Near(seen.id, differs))
    ok = times.allows(count)
    if ok or count >= times.least:
        return Verdict(ok, count, [])
    return Verdict(ok, count, sorted(others, key=_distance)[:CLOSEST])


def _distance(near: Near) -> tuple[int, bool, int]:
    has_another_body = any(text.startswith("body:") for text in near.differs)
    return len(_fields(near.differs)), has_another_body, len(near.differs)


def _fields(differs: Iterable[str]) -> set[str]:
    """The fields of a request that differ."""
    return {text.partition(":")[0].partition(".")[0] for text in differs}
