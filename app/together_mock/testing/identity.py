"""Who a project of a test is: what names it, and names that are the same on every run."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

_LONGEST_SEED = 200


class ProjectId(str):
    """A project's id, as the v2 API and `TOGETHER_PROJECT_ID` take it, and what else names it."""

    __slots__ = ("api_key_id", "organization_id", "slug")
    slug: str
    organization_id: str
    api_key_id: str | None

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> "ProjectId":
        """The project that `GET /_mock/project` shows."""
        made = cls(shown["id"])
        made.slug, made.organization_id = shown["slug"], shown["organization_id"]
        made.api_key_id = shown["api_key_id"]
        return made

    @property
    def id(self) -> str:
        """Itself, as plain text."""
        return str(self)


def seed_of(name: str) -> str:
    """The seed that follows from a name: itself, unless it is too long for one."""
    return name if 0 < len(name) <= _LONGEST_SEED else _hash(name)


def slug_of(name: str) -> str:
    """The slug that follows from a name, in the form of those that keys get."""
    return f"user_{_hash(name)[:8]}"


def key_of(name: str, run: str) -> str:
    """The key that follows from a name; `run` tells apart those who share a server."""
    return f"mock-{_hash(f'{run} {name}')[:24]}"


def mark_of(run: str) -> str:
    """A few letters that tell a run from others."""
    return _hash(run)[:6]


def unnumbered(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event without its number, which depends on what else the server has told."""
    return {name: value for name, value in event.items() if name != "number"}


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
