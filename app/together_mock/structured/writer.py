"""The fake model: proposes a document value by value, and writes what the grammar allows.

Like a model it knows the schema only by heart (`Place`): what it proposes may be wrong. Where no
proposal fits it follows the mask, so that it gets on in every grammar.
"""

import json
from collections.abc import Iterator
from typing import Any

from together_mock.structured.dice import Dice
from together_mock.structured.grammar import Cursor, bits
from together_mock.structured.limits import (
    DEEP_DOCUMENT,
    DEEPEST_DOCUMENT,
    LONG_DOCUMENT,
    Effort,
    StuckError,
)
from together_mock.structured.numbers import Range
from together_mock.structured.outline import (
    KEYS,
    SCANT,
    Known,
    Spot,
    array_length,
    members,
    members_wanted,
)
from together_mock.structured.places import Place, Schemas
from together_mock.structured.spelling import QUOTE, Speller
from together_mock.structured.texts import Texts, names_for
from together_mock.structured.words import singular

_OPENINGS = {
    "null": bits(b"n"),
    "boolean": bits(b"tf"),
    "integer": bits(b"-0123456789"),
    "number": bits(b"-0123456789"),
    "string": QUOTE,
    "array": bits(b"["),
    "object": bits(b"{"),
}
_LITERALS = 16
_RETRIES = 8
_SET_RETRIES = 24
_LONGEST_NUMBER = 40
_ARRAY_END, _OBJECT_END = bits(b"]"), bits(b"}")
_AFTER_NUMBER = bits(b",]}")


class Writer:
    """One attempt at a document."""

    def __init__(
        self, cursor: Cursor, schemas: Schemas, dice: Dice, style: str, effort: Effort
    ) -> None:
        self._cursor = cursor
        self._schemas = schemas
        self._dice = dice
        self._style = style
        self._effort = effort
        self._open: list[int] = []

    def document(self, root: object) -> str:
        """The whole document."""
        self._value([root], Spot("", "", 0))
        if not self._cursor.complete():
            raise StuckError("the document has no end")
        return self._cursor.text.decode()

    def _value(self, given: list[object], spot: Spot) -> None:
        if spot.depth > DEEPEST_DOCUMENT:
            raise StuckError("the document is too deep")
        place = self._place(given, spot)
        literals = self._literals(place, spot)
        if any(self._whole(value) for value in literals[:_LITERALS]):
            return
        allowed = self._cursor.allowed()
        for kind in self._kinds(place, spot):
            if allowed & _OPENINGS[kind]:
                self._open.append(id(given[0]) if given else 0)
                self._write(kind, place, spot)
                self._open.pop()
                return
        raise StuckError("nothing may begin here")

    def _literals(self, place: Place, spot: Spot) -> list[Any]:
        literals = place.literals()
        if spot.number and literals:
            start = spot.number % len(literals)
            return [*literals[start:], *literals[:start]]
        return self._dice.turned(literals, spot.path, "literal")

    def _place(self, given: list[object], spot: Spot) -> Place:
        tight = self._tight(spot.depth)
        return Place(self._schemas, given, self._dice, spot.path, tight=tight)

    def _tight(self, depth: int) -> bool:
        """Whether to come to an end."""
        long = depth > DEEP_DOCUMENT or len(self._cursor.text) > LONG_DOCUMENT
        return long or self._style == SCANT

    def _whole(self, value: Any) -> bool:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return self._cursor.offer_last(text, _AFTER_NUMBER) if number else self._cursor.offer(text)

    def _kinds(self, place: Place, spot: Spot) -> list[str]:
        """The types in the order in which to try them."""
        named = place.kinds()
        if self._tight(spot.depth):
            return [kind for kind in _OPENINGS if kind in named] + list(_OPENINGS)
        usual = ["string", "integer", "object", "boolean", "array", "number", "null"]
        if not named and not spot.depth:
            usual.insert(0, "object")
        told = [kind for kind in named if kind != "null"]
        if told and self._dice.roll(6, spot.path, "null"):
            named = told
        return self._dice.turned(named, spot.path, "kind") + usual

    def _write(self, kind: str, place: Place, spot: Spot) -> None:
        if kind == "object":
            self._object(place, spot)
        elif kind == "array":
            self._array(place, spot)
        elif kind == "string":
            self._string(place, spot)
        elif kind == "null":
            self._cursor.put(b"null")
        elif kind == "boolean":
            words = self._dice.turned((b"true", b"false"), spot.path, "truth")
            if not any(map(self._cursor.offer, words)):
                raise StuckError("neither true nor false")
        else:
            self._number(place, spot, whole=kind == "integer")

    def _number(self, place: Place, spot: Spot, *, whole: bool) -> None:
        cursor = self._cursor
        for text in Range(place).proposals(self._dice, spot.path, whole=whole, count=spot.number):
            if cursor.offer_last(text.encode(), _AFTER_NUMBER):
                return
        for written in range(_LONGEST_NUMBER):
            allowed = cursor.allowed()
            if written and (cursor.complete() or allowed & _AFTER_NUMBER):
                return
            digits = allowed & _OPENINGS["number"] or allowed & bits(b".")
            if not digits:
                break
            choices = [byte for byte in range(256) if digits >> byte & 1]
            cursor.put(bytes([self._dice.pick(choices, spot.path, "digit", written)]))
        raise StuckError("the number has no end")

    def _string(self, place: Place, spot: Spot) -> None:
        texts = Texts(place, self._dice, spot, self._effort)
        if any(map(self._whole, texts.proposed())):
            return
        if texts.checked:
            raise StuckError("no text is known to match")
        self._cursor.put(b'"')
        start = len(self._cursor.text)
        self._begin(texts.fitting)
        Speller(self._dice, spot.path, QUOTE, texts.patterns).write(self._cursor, start)
        self._cursor.put(b'"')

    def _begin(self, texts: list[str]) -> None:
        """Write as much of a text as the grammar allows, of that with the longest beginning."""
        plain = [text.encode() for text in texts if '"' not in text and "\\" not in text]
        lengths = [self._cursor.fits(text) for text in plain]
        if lengths:
            length = max(lengths)
            self._cursor.put(plain[lengths.index(length)][:length])

    def _array(self, place: Place, spot: Spot) -> None:
        cursor = self._cursor
        cursor.put(b"[")
        wanted = array_length(place, self._dice, spot.path, tight=self._tight(spot.depth))
        known = Known(wanted) if True in place.values("uniqueItems") else None
        written = 0
        while True:
            allowed = cursor.allowed()
            closable = bool(allowed & _ARRAY_END)
            if closable and (written >= wanted or allowed == _ARRAY_END):
                break
            mark = len(cursor.text)
            if written and not cursor.offer(b","):
                break
            if not self._item(place, spot, written, known) and closable:
                cursor.back(mark)
                break
            written += 1
        cursor.put(b"]")

    def _item(self, place: Place, spot: Spot, index: int, known: Known | None) -> bool:
        """Write an item; say whether it is none of the known ones, where those are told."""
        cursor = self._cursor
        mark = len(cursor.text)
        given = place.item(index)
        depth = self._below(spot, given)
        for salt in range(_RETRIES if known is None else _SET_RETRIES):
            path = f"{spot.path}/{index}" + "~" * salt
            count = known.count(index, salt) if known else 0
            cursor.back(mark)
            self._value(given, Spot(path, singular(spot.name), depth, count))
            if known is None or known.add(bytes(cursor.text[mark:])):
                return True
        return False

    def _object(self, place: Place, spot: Spot) -> None:
        cursor = self._cursor
        cursor.put(b"{")
        used: set[str] = set()
        tight = self._tight(spot.depth)
        for name in members(place, self._dice, spot, self._style, tight=tight):
            self._member(place, spot, name, used)
        wanted = members_wanted(place, self._dice, spot.path, len(used), tight=tight)
        while not (closable := bool(cursor.allowed() & _OBJECT_END)) or len(used) < wanted:
            keys = self._keys(place, spot, len(used))
            if any(self._member(place, spot, name, used, pattern) for name, pattern in keys):
                continue
            if closable:
                break
            self._spelled_member(place, spot, used)
        cursor.put(b"}")

    def _member(
        self, place: Place, spot: Spot, name: str, used: set[str], pattern: str | None = None
    ) -> bool:
        """Write a property, if there may be one of this name."""
        key = json.dumps(name, ensure_ascii=False)
        if name in used or not self._cursor.offer(f"{',' if used else ''}{key}:".encode()):
            return False
        used.add(name)
        given = place.member(name, pattern)
        self._value(given, self._inside(spot, name, given))
        return True

    def _spelled_member(self, place: Place, spot: Spot, used: set[str]) -> None:
        """Write a property of whatever name the mask leads to."""
        cursor = self._cursor
        cursor.put(b',"' if used else b'"')
        start = len(cursor.text)
        Speller(self._dice, f"{spot.path}/{len(used)}", QUOTE, []).write(cursor, start)
        cursor.put(b'"')
        name = json.loads(bytes(cursor.text[start - 1 :]))
        cursor.put(b":")
        if name in used:
            raise StuckError("the mask leads to a name that is there")
        used.add(name)
        given = place.member(name)
        self._value(given, self._inside(spot, name, given))

    def _keys(self, place: Place, spot: Spot, index: int) -> Iterator[tuple[str, str | None]]:
        """Names for a further property, with the patterns they were made for."""
        paths = [f"{spot.path}/{index}~{salt}" for salt in range(_RETRIES)]
        for path in paths:
            for patterns in place.values("patternProperties"):
                for pattern in patterns:
                    for name in names_for(pattern, self._dice, path, index, self._effort):
                        yield name, pattern
        naming = place.values("propertyNames")
        if not naming:
            yield from ((name, None) for name in KEYS)
            yield from ((f"{spot.name or 'value'} {index}", None),)
            return
        names = self._place(naming, Spot(paths[0], spot.name, spot.depth))
        literals = names.literals()
        yield from ((name, None) for name in literals if isinstance(name, str))
        for salt, path in enumerate(() if literals else paths):
            named = Spot(path, spot.name, spot.depth, index + 1 if salt > _RETRIES // 2 else 0)
            texts = Texts(names, self._dice, named, self._effort)
            yield from ((name, None) for name in texts.names())

    def _inside(self, spot: Spot, name: str, given: list[object]) -> Spot:
        return Spot(f"{spot.path}/{name}", name, self._below(spot, given), spot.number)

    def _below(self, spot: Spot, given: list[object]) -> int:
        """The depth of what is inside; a schema inside itself counts as deep."""
        again = bool(given) and id(given[0]) in self._open
        return spot.depth + (3 if again else 1)
