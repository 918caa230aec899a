"""Filter expressions and orders: what is read, what it means, and what is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from together_mock.core import filters
from together_mock.core.errors import MockError
from together_mock.core.expressions import (
    And,
    Comparison,
    Expression,
    Not,
    Operator,
    Or,
    fields_of,
    matches,
    unqualified,
)
from together_mock.core.filters import DEEPEST, LONGEST, Kind, Order, parse, parse_order

FIELDS = {
    "name": Kind.TEXT,
    "created_at": Kind.INSTANT,
    "updated_at": Kind.INSTANT,
    "state": Kind.WORD,
    "model": Kind.MODEL,
}
WORDS = {"state": ["DEPLOYMENT_STATE_READY", "DEPLOYMENT_STATE_STOPPED"]}
KNOWN = ", ".join(sorted(FIELDS))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEW_YEAR = 1_767_225_600_000_000
ORDERED = [
    Operator.EQUAL,
    Operator.NOT_EQUAL,
    Operator.LESS,
    Operator.AT_MOST,
    Operator.MORE,
    Operator.AT_LEAST,
]


def read(text: str) -> Expression:
    return parse(text, FIELDS)


def detail(text: str, **more: Any) -> str:
    """What is wrong with a filter."""
    with pytest.raises(MockError) as error:
        parse(text, FIELDS, **more)
    assert (error.value.case, error.value.param) == ("v2_bad_filter", "filter")
    assert error.value.values.keys() == {"detail"}
    return str(error.value.values["detail"])


def problem(text: str) -> str | None:
    """What is wrong with a filter, if anything is."""
    try:
        read(text)
    except MockError as error:
        return str(error.values["detail"])
    return None


def name(operator: Operator, value: str) -> Comparison:
    return Comparison("name", operator, value)


A, B, C = (name(Operator.EQUAL, letter) for letter in "abc")


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ('name="a"', A),
        ("name = a", A),
        (" name\t=\n a ", A),
        ("((name=a))", A),
        ("name=a AND name=b AND name=c", And((A, B, C))),
        ("name=a OR name=b OR name=c", Or((A, B, C))),
        ("name=a OR name=b AND name=c", Or((A, And((B, C))))),
        ("name=a AND name=b OR name=c", Or((And((A, B)), C))),
        ("(name=a OR name=b) AND name=c", And((Or((A, B)), C))),
        ("name=a AND (name=b AND name=c)", And((A, And((B, C))))),
        ("NOT name=a AND name=b", And((Not(A), B))),
        ("NOT (name=a AND name=b)", Not(And((A, B)))),
        ("not Not NOT name=a", Not(Not(Not(A)))),
        ("name=a and name=b Or NOT(name=c)OR(name=a)", Or((And((A, B)), Not(C), A))),
        ('name="a"AND name="b"', And((A, B))),
        ("", And(())),
        (" \n", And(())),
    ],
)
def test_comparisons_are_joined(text, expression):
    """NOT binds tightest, then AND, then OR; parentheses come first, and case does not matter."""
    assert read(text) == expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ('name="a*"', name(Operator.STARTS, "a")),
        ("name=*a", name(Operator.ENDS, "a")),
        ("name=*a*", name(Operator.CONTAINS, "a")),
        ("name=a*b", name(Operator.EQUAL, "a*b")),
        ("name=*", name(Operator.STARTS, "")),
        ("name=**", name(Operator.CONTAINS, "")),
        ("name!=a*", Not(name(Operator.STARTS, "a"))),
        ("name!=a", name(Operator.NOT_EQUAL, "a")),
        ("name:a", name(Operator.CONTAINS, "a")),
        ("name:*a*", name(Operator.CONTAINS, "a")),
        ("name:a:b", name(Operator.CONTAINS, "a:b")),
        ("name<a*", name(Operator.LESS, "a*")),
        ('name=""', name(Operator.EQUAL, "")),
        ('name="a \\"b\\" \\\\ (c)"', name(Operator.EQUAL, 'a "b" \\ (c)')),
        ('name="AND"', name(Operator.EQUAL, "AND")),
        ("name=Orla", name(Operator.EQUAL, "Orla")),
        ("name=-7.5e3", name(Operator.EQUAL, "-7.5e3")),
        ("name=ünï", name(Operator.EQUAL, "ünï")),
    ],
)
def test_names(text, expression):
    """`=` is exact unless a star stands at an end, `:` looks anywhere; a value may be bare."""
    assert read(text) == expression


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ('"2026-01-01T00:00:00Z"', NEW_YEAR),
        ("2026-01-01T00:00:00Z", NEW_YEAR),
        ('"2026-01-01 00:00:00z"', NEW_YEAR),
        ("2026-01-01t02:30:00+02:30", NEW_YEAR),
        ("2025-12-31T16:00:00-08:00", NEW_YEAR),
        ("2026-01-01T00:00:00.5Z", NEW_YEAR + 500_000),
        ("2026-01-01T00:00:00.123456789Z", NEW_YEAR + 123_456),
        ("1970-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00+14:00", -62_135_596_800_000_000 - 14 * 3_600_000_000),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
    ],
)
def test_timestamps(text, instant):
    """RFC 3339, quoted or bare, with any zone, of any year."""
    for field in ("created_at", "createdAt"):
        assert read(f"{field}>={text}") == Comparison("created_at", Operator.AT_LEAST, instant)


def test_states_and_models():
    """A state is one of those that there are; of a model, the revision does not count."""
    ready = Comparison("state", Operator.EQUAL, "DEPLOYMENT_STATE_READY")
    assert parse("state=DEPLOYMENT_STATE_READY", FIELDS, WORDS) == ready
    assert read("state=ANYTHING").value == "ANYTHING"
    model = Comparison("model", Operator.NOT_EQUAL, "projects/p/models/m")
    assert read("model != projects/p/models/m") == model
    assert read('model != "projects/p/models/m/revisions/r"') == model


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name", "an operator is expected after name (at the end)"),
        ("name a", "an operator is expected after name (at character 6)"),
        ("name ~ a", "an operator is expected after name (at character 6)"),
        ("name==a", "a value is expected, in double quotes unless it is one word (at character 6)"),
        ("name=", "a value is expected, in double quotes unless it is one word (at the end)"),
        (
            "name='a'",
            "a value is expected, in double quotes unless it is one word (at character 6)",
        ),
        ("name=AND name=b", "a value is expected (at character 6)"),
        ("name=a name=b", "AND or OR is expected (at character 8)"),
        ("name=a)", "AND or OR is expected (at character 7)"),
        ("name=a NOT name=b", "AND or OR is expected (at character 8)"),
        ("name=a ANDname=b", "AND or OR is expected (at character 8)"),
        ("name=a AND", "a field is expected (at the end)"),
        ("OR name=a", "a field is expected (at character 1)"),
        ("NOT", "a field is expected (at the end)"),
        ("-name=a", "a field is expected (at character 1)"),
        ('"name"=a', "a field is expected (at character 1)"),
        ("()", "a field is expected (at character 2)"),
        ("(name=a", "the parenthesis of character 1 is not closed (at the end)"),
        ("(name=a name=b)", "the parenthesis of character 1 is not closed (at character 9)"),
        ('name="a', "a string is not closed (at character 6)"),
        ('name="a\\"', "a string is not closed (at character 6)"),
        ('name="a\\n"', 'only \\" and \\\\ are escapes (at character 8)'),
        ("name=\ud800", "there is half a character (at character 6)"),
        ("nam=a", f"unknown field 'nam', not one of {KNOWN} (at character 1)"),
        ("Name=a", f"unknown field 'Name', not one of {KNOWN} (at character 1)"),
        ("state:READY", "state does not take :, only =, != (at character 6)"),
        ("state<READY", "state does not take <, only =, != (at character 6)"),
        ("model>=m", "model does not take >=, only =, != (at character 6)"),
        (
            "createdAt:2026-01-01T00:00:00Z",
            "created_at does not take :, only =, !=, <, <=, >, >= (at character 10)",
        ),
        ("created_at>yesterday", "'yesterday' is no RFC 3339 timestamp (at character 12)"),
        ('created_at > "2026-01-01"', "'2026-01-01' is no RFC 3339 timestamp (at character 14)"),
    ],
)
def test_what_is_no_filter_is_refused(text, expected):
    """The error says what is wrong and where."""
    assert detail(text) == expected


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-01-01T00:00:00",
        "2026-01-01T00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T23:59:60Z",
        "2026-01-01T00:00:0012Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+0200",
        "2026-01-01T00:00:00+24:00",
        "20260101T000000Z",
        "2026-W01-1T00:00:00Z",
        "٢٠٢٦-01-01T00:00:00Z",
        "1767225600",
    ],
)
def test_what_is_no_timestamp_is_refused(stamp):
    """Nothing but RFC 3339, with seconds and a zone."""
    assert "is no RFC 3339 timestamp (at character 12)" in detail(f'created_at="{stamp}"')


def test_an_unknown_word_is_refused():
    """A state that there is not would find nothing, ever."""
    assert detail("state!=READY", words=WORDS) == (
        "state is never 'READY', only one of DEPLOYMENT_STATE_READY, DEPLOYMENT_STATE_STOPPED "
        "(at character 8)"
    )


def test_a_long_text_is_refused():
    """At most 2,000 characters are read, and errors do not repeat long ones."""
    assert read(f'name="{"a" * (LONGEST - 7)}"')
    assert detail("a" * 2_001) == "it has 2001 characters; at most 2000 are read"
    assert len(detail("a" * 2_000)) < 200


@pytest.mark.parametrize("opening", ["(", "NOT ", "NOT("])
def test_a_deep_text_is_refused(opening):
    """At most 50 levels of parentheses and NOT are read; side by side there may be more."""
    levels = DEEPEST // (2 if opening == "NOT(" else 1)

    def nested(count: int) -> str:
        return opening * count + "name=a" + ")" * (count if "(" in opening else 0)

    assert read(nested(levels))
    assert "nested deeper than 50 levels" in detail(nested(levels + 1))
    assert read(" OR ".join(["NOT (name=a)"] * 100))


# ---- What is put together is read as it was meant -------------------------------------------

names = st.text('aAbB *"\\é😀-/', max_size=4)
instants = st.integers(-62_000_000_000_000_000, 250_000_000_000_000_000) | st.integers(0, 3)
bare = st.text("abcXYZ0189_-./:*", min_size=1, max_size=5).filter(
    lambda text: text[0] != ":" and text.upper() not in ("AND", "OR", "NOT")
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def stamp(instant: int, hours: int = 0) -> str:
    moment = EPOCH + timedelta(microseconds=instant)
    return moment.astimezone(timezone(timedelta(hours=hours))).isoformat()


def unstarred(text: str) -> bool:
    return not (text.startswith("*") or text.endswith("*"))


comparisons = st.one_of(
    st.builds(name, st.sampled_from(ORDERED[:2]), names.filter(unstarred)),
    st.builds(name, st.sampled_from(ORDERED[2:]), names),
    st.builds(name, st.just(Operator.CONTAINS), names.filter(unstarred)),
    # A star at both ends says that it is contained, and a single one that it starts with nothing.
    st.builds(name, st.just(Operator.STARTS), names.filter(lambda text: text[:1] != "*")),
    st.builds(name, st.just(Operator.ENDS), names.filter(lambda text: text and text[-1] != "*")),
    st.builds(
        Comparison,
        st.sampled_from(["created_at", "updated_at"]),
        st.sampled_from(ORDERED),
        instants,
    ),
    st.builds(Comparison, st.just("state"), st.sampled_from(ORDERED[:2]), bare),
)
expressions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=12,
)


def printed(expression: Expression) -> str:
    """An expression as a text, with parentheses around everything that is joined."""
    if isinstance(expression, Comparison):
        return _printed_comparison(expression)
    if isinstance(expression, Not):
        return f"NOT {inner(expression.operand)}"
    word = " AND " if isinstance(expression, And) else " OR "
    return word.join(map(inner, expression.operands))


def inner(expression: Expression) -> str:
    text = printed(expression)
    return f"({text})" if isinstance(expression, And | Or) else text


def _printed_comparison(comparison: Comparison) -> str:
    field, operator, value = comparison.field, comparison.operator, comparison.value
    if isinstance(value, int):
        return f"{field}{operator}{stamp(value)}"
    if operator is Operator.STARTS:
        return f"{field} = {quoted(value + '*')}"
    if operator is Operator.ENDS:
        return f"{field} = {quoted('*' + value)}"
    return f"{field} {operator} {quoted(value)}"


@given(expression=expressions)
def test_an_expression_is_read_back(expression):
    """Printed and read, it is the same."""
    text = printed(expression)
    if len(text) <= LONGEST:
        assert read(text) == expression


# ---- What an expression means, told by something simpler -----------------------------------

Item = dict[str, Any]


@dataclass
class Told:
    """A piece of a filter, and what it has to mean."""

    text: str
    means: Callable[[Item], bool]


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
letters = st.text("aAb", max_size=2)
moments = st.integers(-2, 2)


def told_name(form: str, text: str, bare_word: bool) -> Told:
    patterns: dict[str, tuple[str, str, Callable[[str], bool]]] = {
        "is": ("=", text, lambda name: name == text),
        "is not": ("!=", text, lambda name: name != text),
        "starts": ("=", text + "*", lambda name: name[: len(text)] == text),
        "starts not": ("!=", text + "*", lambda name: name[: len(text)] != text),
        "ends": ("=", "*" + text, lambda name: name[len(name) - len(text) :] == text),
        "has": (":", text, lambda name: any(name[i:].startswith(text) for i in range(4))),
        "has too": ("=", f"*{text}*", lambda name: name.replace(text, "", 1) != name or not text),
        "before": ("<", text, lambda name: sorted([text, name])[0] == name != text),
    }
    operator, value, means = patterns[form]
    shown = value if bare_word and value else quoted(value)
    return Told(f"name{operator}{shown}", lambda item: means(item["name"]))


def told_instant(field: str, operator: str, instant: int, hours: int, bare_word: bool) -> Told:
    shown = stamp(instant, hours) if bare_word else quoted(stamp(instant, hours))
    return Told(
        f"{field} {operator} {shown}",
        lambda item: COMPARE[operator](item["created_at"], instant),
    )


def told_state(operator: str, word: str) -> Told:
    return Told(f"state {operator}{word}", lambda item: COMPARE[operator](item["state"], word))


forms = ["is", "is not", "starts", "starts not", "ends", "has", "has too", "before"]
simple = st.one_of(
    st.builds(told_name, st.sampled_from(forms), letters, st.booleans()),
    st.builds(
        told_instant,
        st.sampled_from(["created_at", "createdAt"]),
        st.sampled_from(sorted(COMPARE)),
        moments,
        st.integers(-23, 23),
        st.booleans(),
    ),
    st.builds(told_state, st.sampled_from(["=", "!="]), st.sampled_from(["UP", "DOWN"])),
)


def told_not(told: Told, word: str) -> Told:
    return Told(f"{word} ({told.text})", lambda item: not told.means(item))


def told_chain(parts: list[list[Told]], every: str, some: str) -> Told:
    """Alternatives of things that hold together, without parentheses around them."""
    text = f" {some} ".join(f" {every} ".join(told.text for told in part) for part in parts)

    def means(item: Item) -> bool:
        return max(min(told.means(item) for told in part) for part in parts)

    return Told(f"({text})", means)


told_filters = st.recursive(
    simple,
    lambda deeper: st.one_of(
        st.builds(told_not, deeper, st.sampled_from(["NOT", "not", "Not"])),
        st.builds(
            told_chain,
            st.lists(st.lists(deeper, min_size=1, max_size=3), min_size=1, max_size=3),
            st.sampled_from(["AND", "and"]),
            st.sampled_from(["OR", "or"]),
        ),
    ),
    max_leaves=8,
)
items = st.fixed_dictionaries(
    {
        "name": st.text("aAb", max_size=3),
        "created_at": moments,
        "state": st.sampled_from(["UP", "DOWN"]),
    }
)


@given(told=told_filters, some=st.lists(items, min_size=1, max_size=5))
def test_a_filter_means_what_it_says(told, some):
    """An item matches just when the comparisons, put together in plain code, hold for it."""
    if len(told.text) <= LONGEST:
        expression = read(told.text)
        for item in some:
            assert matches(expression, item) is told.means(item), told.text


def test_only_the_fields_that_are_named_are_asked_for():
    """A filter says which values it needs."""
    expression = read("NOT (name=a AND created_at<2026-01-01T00:00:00Z) OR name=b")
    assert fields_of(expression) == {"name", "created_at"}
    assert fields_of(read("")) == frozenset()
    assert matches(read(""), {})


# ---- Names with the project's slug ----------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "bare_text"),
    [
        ("name=me/a", "name=a"),
        ("name!=me/a", "name!=a"),
        ("NOT (name=me/a* OR name=b)", "NOT (name=a* OR name=b)"),
        ("name:me/a AND state=me/a", "name=a* AND state=me/a"),
        ("name=*me/a", "name=a"),
        ("name=*me/a*", "name=a*"),
        ("name>=me/a", "name>=a"),
        ("name=you/a", "name=you/a"),
        ("name:me", "name:me"),
    ],
)
def test_a_name_may_be_qualified(written, bare_text):
    """The slug is taken off; where it is given, the name begins right behind it."""
    assert unqualified(read(written), "name", "me/") == read(bare_text)


# ---- Whatever is sent -----------------------------------------------------------------------

pieces = st.sampled_from(
    [
        *("name", "createdAt", "state", "AND", "or", "NOT", "(", ")", "=", "!=", "<", ">=", ":"),
        *('"', '"x"', "\\", " ", "\u00a0", "\x00", "\ud800", "*", "a", "-", "😀", ","),
        "2026-01-01T00:00:00Z",
    ]
)


@given(text=st.text(max_size=40) | st.lists(pieces, max_size=25).map("".join))
def test_nothing_but_the_refusal_is_raised(text):
    """Any text is a filter or is refused in words that can be sent."""
    wrong = problem(text)
    if wrong is None:
        some = {"name": "a", "created_at": 0, "updated_at": 0, "state": "a", "model": "a"}
        assert matches(read(text), some) in (True, False)
    else:
        assert wrong == detail(text)
        assert wrong.encode()


@pytest.mark.parametrize(
    "text",
    [
        "name:a OR " * 20_000 + "name:a",
        "(" * 200_000,
        "NOT " * 50_000,
        '"' * 200_000,
        'name="' + '\\"' * 100_000,
        'name="' + "\\" * 200_000,
        "name=" + "a" * 200_000,
        "name=" + "*" * 200_000,
        "name=a" + " " * 200_000 + "!",
        "created_at=2026-01-01T00:00:00." + "0" * 200_000,
        "a_" * 100_000 + "=1",
        "\\" * 200_000,
        "\n" * 200_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_text_takes_no_time(text, monkeypatch):
    """A hundred times the longest text that is read takes a second: no step looks back."""
    monkeypatch.setattr(filters, "LONGEST", 10**6)
    start = process_time()
    assert len(problem(text) or "") < 200
    assert process_time() - start < 5


# ---- Orders ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "order"),
    [
        (None, Order("created_at", descending=True)),
        ("", Order("created_at", descending=True)),
        (" ", Order("created_at", descending=True)),
        ("created_at", Order("created_at", descending=False)),
        ("created_at asc", Order("created_at", descending=False)),
        ("createdAt desc", Order("created_at", descending=True)),
        (" updated_at  ASC ", Order("updated_at", descending=False)),
        ("updatedAt Desc", Order("updated_at", descending=True)),
    ],
)
def test_orders(text, order):
    """By creation or by the last change: newest first, or as it says, up unless it says down."""
    assert parse_order(text) == order


@pytest.mark.parametrize(
    "text",
    [
        *("name", "asc", "CREATED_AT", "-created_at", "\ud800", "a" * 10_000),
        *("created_at up", "created_at as c", "created_at asc desc", "created_at desc,updated_at"),
    ],
)
def test_what_is_no_order_is_refused(text):
    """The error shows what was sent, or the beginning of it."""
    with pytest.raises(MockError) as error:
        parse_order(text)
    assert (error.value.case, error.value.param) == ("v2_bad_order", "orderBy")
    assert text[:3].encode("ascii", "backslashreplace").decode() in str(error.value.values["value"])
    assert len(str(error.value.values["value"])) < 100
