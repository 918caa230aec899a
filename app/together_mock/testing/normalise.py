"""Answers without what differs from run to run, for tests that compare them with stored ones."""

import re
from collections.abc import Mapping
from typing import Any

# What is generated, by the name that its placeholder gets. A whole name goes before its parts.
_KINDS = {
    "endpoint": r"endpoint-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "owner": r"\buser_[0-9a-f]{8}(?:-[0-9a-f]{6})?(?:-[0-9]+)?\b",
    # v2's: a short word, and 22 characters of base58 - or eight of ours.
    "id": r"\b[a-z]{2,4}_(?:[1-9A-HJ-NP-Za-km-z]{22}|[0-9a-f]{8})\b",
    "uuid": r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    "request": r"\b[0-9A-Za-z]{7}-[0-9A-Za-z]{6}-[0-9a-f]{16}\b",
    "completion": r"\b(?:chatcmpl|cmpl|call|gen)[-_][0-9A-Za-z]{8,}\b",
    "suffix": r"(?<=-)[0-9a-f]{8}(?![0-9a-zA-Z-])",
    "instant": r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)",
    "url": r"https?://(?:127\.0\.0\.1|localhost|\[::1\]|together-mock\.invalid)(?::\d+)?",
}
_FOUND = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _KINDS.items()))
# Fields that hold seconds since the epoch.
_EPOCHS = frozenset({"created", "created_at", "updated_at", "expires_at"})
_FIRST_YEAR = 365 * 86_400


def normalised(value: Any) -> Any:
    """A value in which generated ids, names, instants and addresses are placeholders.

    The same id is the same placeholder wherever it stands - `<endpoint-1>`, `<dep-1>` -
    numbered in the order in which they come. What a client answered is taken as what it dumps to.

    Args:
        value: text, numbers, lists and mappings of them, or a client's models.

    Returns:
        The same, made of text, numbers, lists and dictionaries.
    """
    return _Normaliser().of(value)


class _Normaliser:
    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def of(self, value: Any, field: str = "") -> Any:
        if hasattr(value, "model_dump"):
            value = value.model_dump(mode="json")
        if field == "etag" and isinstance(value, str) and value:
            return self._placed("etag", value)
        if isinstance(value, str):
            return _FOUND.sub(lambda found: self._placed(found.lastgroup or "", found[0]), value)
        if isinstance(value, Mapping):
            return {self.of(key): self.of(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(item, field) for item in value]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if field in _EPOCHS and is_number and value > _FIRST_YEAR:
            return self._placed("instant", str(value))
        return value

    def _placed(self, kind: str, text: str) -> str:
        kind = text.partition("_")[0] if kind == "id" else kind
        if (kind, text) not in self._known:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[kind, text] = f"<{kind}-{self._counts[kind]}>"
        return self._known[kind, text]
