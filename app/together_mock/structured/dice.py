"""The choices of one attempt: each a hash of the seed, the attempt and the place."""

from collections.abc import Sequence
from typing import TypeVar

from together_mock.core.ids import digest, uuid4

_Item = TypeVar("_Item")


class Dice:
    """Answers by place, so that what one place chooses shifts nothing elsewhere."""

    def __init__(self, seed: str, attempt: int) -> None:
        self._seed = seed
        self._attempt = attempt

    def roll(self, sides: int, *place: object) -> int:
        """A number from 0 to below `sides`."""
        raw = digest(self._seed, "structured", self._attempt, *place, size=8)
        return int.from_bytes(raw) % sides

    def pick(self, items: Sequence[_Item], *place: object) -> _Item:
        """One of the items."""
        return items[self.roll(len(items), *place)]

    def turned(self, items: Sequence[_Item], *place: object) -> list[_Item]:
        """All the items, beginning with one of them."""
        start = self.roll(len(items), *place) if items else 0
        return [*items[start:], *items[:start]]

    def uuid(self, *place: object) -> str:
        """A version 4 UUID."""
        return uuid4(self._seed, "structured", self._attempt, *place)
