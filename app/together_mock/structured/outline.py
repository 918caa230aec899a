"""How much the fake model means to write: how many items, and which properties."""

from typing import NamedTuple

from together_mock.structured.dice import Dice
from together_mock.structured.places import Place

# How an attempt goes about what the schema leaves open.
FREE, SCANT, FULL = "free", "scant", "full"
# What properties are called that have no name in the schema.
KEYS = (
    *("answer", "detail", "note", "first", "second", "third"),
    *("fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
)
_SHALLOW = 2
# Items of a set that differ by chance, and attempts at one before it is told by its number.
_MANY = 8
_BY_CHANCE = 4
_LONGEST = 8


class Spot(NamedTuple):
    """Where a value stands: its path, the property it belongs to, how deep it is.

    A number above 0 is what tells an item of a set from the others.
    """

    path: str
    name: str
    depth: int
    number: int = 0


class Known:
    """The items that a set has already."""

    def __init__(self, wanted: int) -> None:
        self._items: set[bytes] = set()
        self._many = wanted > _MANY

    def add(self, item: bytes) -> bool:
        """Whether it is a new one, which is known from then on."""
        new = item not in self._items
        self._items.add(item)
        return new

    def count(self, index: int, attempt: int) -> int:
        """What an attempt at an item counts: sets of many begin with that, others come to it."""
        if self._many and not attempt:
            return index + 1
        return index + attempt if attempt >= _BY_CHANCE and attempt % 2 else 0


def array_length(place: Place, dice: Dice, path: str, *, tight: bool) -> int:
    """How many items to write: a few, as many as a tuple has, within the bounds."""
    contained = place.least("minContains", 1) if place.values("contains") else 0
    least = max(place.least("minItems"), contained)
    if tight:
        return least
    most = place.most("maxItems", _LONGEST)
    tuples = [*place.values("prefixItems"), *place.values("items")]
    first = [value for value in tuples if isinstance(value, list)]
    few = max(map(len, first), default=0) or 1 + dice.roll(3, path, "length")
    return max(least, min(few, most))


def members(place: Place, dice: Dice, spot: Spot, style: str, *, tight: bool) -> list[str]:
    """The properties to write, in the grammar's order."""
    required = set(place.listed("required"))
    optional = [
        name
        for name in place.names
        if name not in required and not any(part is False for part in place.member(name))
    ]
    chance = 7 if spot.depth <= _SHALLOW else 2
    kept = [
        name
        for name in optional
        if style == FULL or (not tight and dice.roll(chance, spot.path, "with", name))
    ]
    kept = kept[: max(0, place.most("maxProperties", len(place.names)) - len(required))]
    missing = place.least("minProperties") - len(required) - len(kept)
    kept += [name for name in optional if name not in kept][: max(0, missing)]
    chosen = _with_dependants(place, required.union(kept))
    return [name for name in (*place.names, *sorted(chosen - set(place.names))) if name in chosen]


def members_wanted(place: Place, dice: Dice, path: str, used: int, *, tight: bool) -> int:
    """How many properties to write in all: a few that the schema does not name if it names none."""
    least = place.least("minProperties")
    if place.names or tight:
        return max(least, used)
    mapped = any(
        isinstance(value, dict) and value
        for keyword in ("additionalProperties", "patternProperties", "propertyNames")
        for value in place.values(keyword)
    )
    few = 1 + (dice.roll(2, path, "further") if mapped else 0)
    return max(least, place.most("maxProperties", few))


def _with_dependants(place: Place, chosen: set[str]) -> set[str]:
    """The properties with those that must be there when they are."""
    lists = {
        name: needed
        for keyword in ("dependentRequired", "dependencies")
        for value in place.values(keyword)
        if isinstance(value, dict)
        for name, needed in value.items()
        if isinstance(needed, list)
    }
    left = list(chosen)
    while left:
        for name in lists.get(left.pop(), ()):
            if name not in chosen:
                chosen.add(name)
                left.append(name)
    return chosen
