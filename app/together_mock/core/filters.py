"""v2's filter expressions and orders, read from text.

Fields, operators, wildcards, timestamps: together-v2 reference, section 2, and OpenAPI 2.0.0.
Inferred, because neither says: AND binds tighter than OR, as usual (AIP-160 has it the other way
round); keywords in any case; a blank text asks for everything; `*` at the ends of what a name is to
contain changes nothing; names are ordered by code points; fractions beyond microseconds are cut.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from together_mock.core.errors import MockError
from together_mock.core.expressions import And, Comparison, Expression, Not, Operator, Or

LONGEST = 2_000
DEEPEST = 50


class Kind(Enum):
    """What a field holds, and so how it is compared.

    A model is a resource name whose revision does not count: values are given without it.
    """

    TEXT = auto()
    INSTANT = auto()
    WORD = auto()
    MODEL = auto()


@dataclass(frozen=True)
class Order:
    """The field that a list is sorted by, and which way."""

    field: str
    descending: bool


def without_revision(model: str) -> str:
    """A model's resource name, without the revision that it may end in."""
    return model.partition("/revisions/")[0]


def parse(
    text: str, fields: Mapping[str, Kind], words: Mapping[str, Collection[str]] | None = None
) -> Expression:
    """Read a filter expression.

    Args:
        text: what the client wrote.
        fields: each field that may be named, in snake_case; camelCase is read as well.
        words: what the fields that are words may be; any word where nothing is given.

    Raises:
        MockError: `v2_bad_filter`, with what is wrong and where.
    """
    if len(text) > LONGEST:
        raise _refusal(f"it has {len(text)} characters; at most {LONGEST} are read")
    return _Parser(text, fields, words or {}).parse()


def parse_order(text: str | None) -> Order:
    """Read an order: newest first without one, ascending without a direction (inferred).

    Raises:
        MockError: `v2_bad_order`.
    """
    words = (text or "").split()
    field = _snake(words[0]) if words else "created_at"
    direction = " ".join(words[1:]).lower() or ("asc" if words else "desc")
    if field not in ("created_at", "updated_at") or direction not in ("asc", "desc"):
        raise MockError("v2_bad_order", param="orderBy", value=_shown(text or ""))
    return Order(field, direction == "desc")


_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*+")
_KEYWORD = re.compile(r"(?:AND|OR|NOT)(?![A-Za-z0-9_.])", re.IGNORECASE)
_OPERATOR = re.compile(r"[<>!]=|[=<>:]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WORD = re.compile(r"""[^\s()<>=!,:"'\\][^\s()<>=!,"'\\]*+""")
_SPACE = re.compile(r"\s*+")
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])"
    r"(?:(\.[0-9]{1,6})[0-9]*+)?([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAME = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})
_ORDERED = _SAME | {Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST}
_TAKEN = {
    Kind.TEXT: _ORDERED | {Operator.CONTAINS},
    Kind.INSTANT: _ORDERED,
    Kind.WORD: _SAME,
    Kind.MODEL: _SAME,
}


class _Parser:
    """Reads a text once, from left to right, by recursive descent."""

    def __init__(
        self, text: str, fields: Mapping[str, Kind], words: Mapping[str, Collection[str]]
    ) -> None:
        self._text = text
        self._fields = fields
        self._words = words
        self._at = 0
        self._depth = 0

    def parse(self) -> Expression:
        if found := _SURROGATE.search(self._text):
            raise self._refusal("there is half a character", found.start())
        self._skip()
        if self._ended():
            return And(())
        expression = self._some()
        if not self._ended():
            raise self._refusal("AND or OR is expected")
        return expression

    def _some(self) -> Expression:
        operands = [self._every()]
        while self._keyword("OR"):
            operands.append(self._every())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _every(self) -> Expression:
        operands = [self._term()]
        while self._keyword("AND"):
            operands.append(self._term())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _term(self) -> Expression:
        start = self._at
        if self._keyword("NOT"):
            self._enter(start)
            expression: Expression = Not(self._term())
        elif self._text.startswith("(", start):
            self._take(1)
            self._enter(start)
            expression = self._some()
            if not self._text.startswith(")", self._at):
                raise self._refusal(f"the parenthesis of character {start + 1} is not closed")
            self._take(1)
        else:
            return self._comparison()
        self._depth -= 1
        return expression

    def _enter(self, at: int) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refusal(f"it is nested deeper than {DEEPEST} levels", at)

    def _comparison(self) -> Expression:
        field = self._field()
        kind = self._fields[field]
        start = self._at
        found = _OPERATOR.match(self._text, start)
        if not found:
            raise self._refusal(f"an operator is expected after {field}")
        operator = Operator(found[0])
        if operator not in _TAKEN[kind]:
            taken = ", ".join(item for item in Operator if item in _TAKEN[kind])
            raise self._refusal(f"{field} does not take {operator}, only {taken}", start)
        self._take(len(operator))
        start = self._at
        return self._compared(field, operator, self._value(), start)

    def _field(self) -> str:
        found = _FIELD.match(self._text, self._at)
        if not found or _KEYWORD.match(self._text, self._at):
            raise self._refusal("a field is expected")
        field = found[0] if found[0] in self._fields else _snake(found[0])
        if field not in self._fields:
            known = ", ".join(sorted(self._fields))
            raise self._refusal(f"unknown field {_shown(found[0])}, not one of {known}")
        self._take(len(found[0]))
        return field

    def _value(self) -> str:
        if found := _QUOTED.match(self._text, self._at):
            for escape in _ESCAPE.finditer(self._text, found.start(1), found.end(1)):
                if escape[1] not in ('"', "\\"):
                    raise self._refusal('only \\" and \\\\ are escapes', escape.start())
            value = _ESCAPE.sub(r"\1", found[1])
        elif self._text.startswith('"', self._at):
            raise self._refusal("a string is not closed")
        elif found := _WORD.match(self._text, self._at):
            if _KEYWORD.fullmatch(found[0]):
                raise self._refusal("a value is expected")
            value = found[0]
        else:
            raise self._refusal("a value is expected, in double quotes unless it is one word")
        self._take(len(found[0]))
        return value

    def _compared(self, field: str, operator: Operator, value: str, at: int) -> Expression:
        kind = self._fields[field]
        if kind is Kind.TEXT:
            return _of_text(field, operator, value)
        if kind is Kind.MODEL:
            return Comparison(field, operator, without_revision(value))
        if kind is Kind.WORD:
            if field in self._words and value not in self._words[field]:
                known = ", ".join(self._words[field])
                raise self._refusal(f"{field} is never {_shown(value)}, only one of {known}", at)
            return Comparison(field, operator, value)
        instant = _instant(value)
        if instant is None:
            raise self._refusal(f"{_shown(value)} is no RFC 3339 timestamp", at)
        return Comparison(field, operator, instant)

    def _keyword(self, word: str) -> bool:
        found = _KEYWORD.match(self._text, self._at)
        if not found or found[0].upper() != word:
            return False
        self._take(len(word))
        return True

    def _take(self, count: int) -> None:
        self._at += count
        self._skip()

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found
        self._at = found.end()

    def _ended(self) -> bool:
        return self._at == len(self._text)

    def _refusal(self, what: str, at: int | None = None) -> MockError:
        where = self._at if at is None else at
        ended = where == len(self._text)
        return _refusal(f"{what} (at the end)" if ended else f"{what} (at character {where + 1})")


def _of_text(field: str, operator: Operator, value: str) -> Expression:
    """A comparison of texts, in which a star at either end stands for anything."""
    open_end = value.endswith("*")
    open_start = value.startswith("*") and len(value) > 1
    if operator not in (Operator.EQUAL, Operator.NOT_EQUAL, Operator.CONTAINS):
        return Comparison(field, operator, value)
    stem = value[open_start : len(value) - open_end]
    if operator is Operator.CONTAINS:
        return Comparison(field, operator, stem)
    if not (open_start or open_end):
        return Comparison(field, operator, value)
    wildcard = Operator.CONTAINS if open_start and open_end else Operator.ENDS
    found = Comparison(field, wildcard if open_start else Operator.STARTS, stem)
    return found if operator is Operator.EQUAL else Not(found)


def _instant(text: str) -> int | None:
    """An RFC 3339 timestamp in microseconds since the epoch.

    A bound may be any year: nothing is as old or as late as that, and clients do ask.
    """
    found = _RFC3339.fullmatch(text)
    if not found:
        return None
    day, time, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{fraction or ''}{zone.upper()}")
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)


def _shown(text: str) -> str:
    """A client's text as an error shows it: in quotes, and not all of a long one."""
    most = 60
    return ascii(text if len(text) <= most else text[:most] + "...")


def _refusal(detail: str) -> MockError:
    return MockError("v2_bad_filter", param="filter", detail=detail)
