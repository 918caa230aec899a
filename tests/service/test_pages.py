"""Filters in the store and pages of lists, on a real file: what `matches` says, once and in order.

Rows are made for the tables as they are: what a test does not set is of no account.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from sqlite3 import Connection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, bindparam, select
from sqlmodel import SQLModel
from together_mock.core.errors import MockError
from together_mock.core.expressions import (
    And,
    Comparison,
    Expression,
    Not,
    Operator,
    Or,
    matches,
)
from together_mock.core.filters import Kind, parse
from together_mock.store.database import Database
from together_mock.store.fleet import endpoint_columns
from together_mock.store.pages import (
    Columns,
    Listing,
    Position,
    condition_of,
    keeping,
    page,
    position_of,
    statement,
)
from together_mock.store.prepared import DIALECT

ENDPOINTS = SQLModel.metadata.tables["endpoint"]
DEPLOYMENTS = SQLModel.metadata.tables["deployment"]
SLUG = "me/"
FIELDS = {
    "name": Kind.TEXT,
    "created_at": Kind.INSTANT,
    "updated_at": Kind.INSTANT,
    "state": Kind.WORD,
}
STORED: Columns = {
    "name": DEPLOYMENTS.c.name,
    "created_at": DEPLOYMENTS.c.created_at,
    "updated_at": DEPLOYMENTS.c.updated_at,
}
QUALIFIED: Columns = endpoint_columns()
ITEM = ("key", "name", "created_at", "updated_at")
keys = count(1)


def add(connection: Connection, table: str, **values: Any) -> int:
    """Insert a row; its key."""
    key = next(keys)
    row: dict[str, Any] = {"key": key, **values}
    for column in SQLModel.metadata.tables[table].columns:
        if column.name not in row and not column.nullable:
            row[column.name] = 0 if "INT" in str(column.type) else f"{column.name}-{key}"
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
    return key


def every_row(_row: Any) -> bool:
    """Keeps whatever there is."""
    return True


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A store with a project, and an endpoint for deployments."""
    database = Database(str(tmp_path_factory.mktemp("pages") / "store.db"))
    with database.writing() as connection:
        add(connection, "project", key=1)
        add(connection, "endpoint", key=1, project_key=1)
        connection.commit()
    yield database
    database.close()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A transaction, undone after the test."""
    with database.writing() as connection:
        yield connection


def add_deployment(connection: Connection, **values: Any) -> int:
    return add(connection, "deployment", **{"project_key": 1, "endpoint_key": 1, **values})


def deployments(condition: Any = None, *, order: str = "created_at", descending: bool = True):
    """The deployments of the endpoint, as (key, name, created_at, updated_at)."""
    rows = select(*(DEPLOYMENTS.c[name] for name in ITEM)).where(DEPLOYMENTS.c.endpoint_key == 1)
    return listing(rows, DEPLOYMENTS.c, condition, order, descending)


def endpoints(condition: Any = None, *, order: str = "created_at", descending: bool = True):
    """The endpoints of the project, likewise."""
    rows = select(*(ENDPOINTS.c[name] for name in ITEM)).where(
        ENDPOINTS.c.project_key == 1, ENDPOINTS.c.key > 1
    )
    return listing(rows, ENDPOINTS.c, condition, order, descending)


def listing(
    rows: Select[Any], columns: Any, condition: Any, order: str, descending: bool
) -> Listing:
    if condition is not None:
        rows = rows.where(condition)
    return Listing(rows, columns[order], columns.key, descending)


def pages(
    connection: Connection,
    listing: Listing,
    limit: int,
    keep: Callable[[Any], bool] | None = None,
    between: Callable[[], object] = lambda: None,
) -> list[Any]:
    """The rows of all pages, put together; each page but the last is full."""
    rows: list[Any] = []
    position: Position | None = None
    while True:
        last = position
        some, position = page(connection, listing, last, limit, keep)
        assert position is None or position != last
        rows += some
        assert len(some) == limit or (position is None and len(some) < limit)
        if position is None:
            return rows
        between()


# ---- The store and `matches` agree ----------------------------------------------------------

# Wildcards of LIKE and GLOB, quotes, letters that only differ in case, neighbours of what is no
# character, and the last character that there is.
ALPHABET = 'aA%_*?["\\é\u00c9\ud7ff\ue000\U0001f600\U0010ffff/'
texts = st.text(ALPHABET, max_size=3)
moments = st.integers(-2, 2)
compared = st.sampled_from(
    [
        Operator.EQUAL,
        Operator.NOT_EQUAL,
        Operator.LESS,
        Operator.AT_MOST,
        Operator.MORE,
        Operator.AT_LEAST,
    ]
)
wildcards = st.sampled_from([Operator.CONTAINS, Operator.STARTS, Operator.ENDS])
states = st.sampled_from(["UP", "DOWN"])
comparisons = st.one_of(
    st.builds(Comparison, st.just("name"), compared | wildcards, texts),
    st.builds(Comparison, st.sampled_from(["created_at", "updated_at"]), compared, moments),
    st.builds(Comparison, st.just("state"), st.sampled_from(["=", "!="]).map(Operator), states),
)
expressions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=8,
)
items = st.lists(
    st.tuples(texts, moments, moments), min_size=1, max_size=8, unique_by=lambda item: item[0]
)


def state_of(row: Any) -> str:
    """What a row's state is: something that is in no column."""
    return "UP" if (row[2] + row[3]) % 2 else "DOWN"


READERS: Mapping[str, Callable[[Any], Any]] = {
    "name": lambda row: row[1],
    "created_at": lambda row: row[2],
    "updated_at": lambda row: row[3],
    "state": state_of,
}
BARE = {**READERS, "name": lambda row: row[1].removeprefix(SLUG)}


def wanted(expression: Expression, rows: Iterable[Any], readers: Any) -> set[Any]:
    return {
        row
        for row in rows
        if matches(expression, {name: read(row) for name, read in readers.items()})
    }


def check(
    connection: Connection, lister: Any, columns: Columns, readers: Any, expression: Expression
) -> None:
    """The condition lets everything through that matches, and with the residual nothing else."""
    every = pages(connection, lister(), 100)
    asked = wanted(expression, every, readers)
    condition, residual = condition_of(expression, columns)
    kept = keeping(residual, readers)
    assert set(pages(connection, lister(condition), 3, kept)) == asked
    through = set(pages(connection, lister(condition), 100))
    assert through >= asked
    if residual is None:
        assert through == asked


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(expression=expressions, rows=items, stored=st.sets(st.sampled_from(sorted(STORED))))
def test_the_store_decides_as_matches_does(database, expression, rows, stored):
    """Whatever is asked of whatever rows, and whichever fields are columns."""
    with database.writing() as connection:
        for name, created_at, updated_at in rows:
            values = {"created_at": created_at, "updated_at": updated_at}
            add_deployment(connection, name=name, **values)
            add(connection, "endpoint", project_key=1, name=SLUG + name, **values)
        some = {name: column for name, column in STORED.items() if name in stored}
        check(connection, deployments, some, READERS, expression)
        check(connection, endpoints, QUALIFIED, BARE, expression)


def test_the_slug_is_no_part_of_a_name(connection):
    """A name is found by what comes after the slug, and never by the slug."""
    for name in ("me", "my", "m", "e/m"):
        add(connection, "endpoint", project_key=1, name=SLUG + name)

    def found(text: str) -> set[str]:
        condition, residual = condition_of(parse(text, FIELDS), QUALIFIED)
        assert residual is None
        return {BARE["name"](row) for row in pages(connection, endpoints(condition), 10)}

    assert found("name=me") == {"me"}
    assert found("name=me/me") == set()
    assert found("name=me*") == {"me"}
    assert found("name=*e") == {"me"}
    assert found("name:e") == {"me", "e/m"}
    assert found("name:me/") == set()
    assert found("name=*/m") == {"e/m"}
    assert found("name:M") == set()
    assert found("name>=me") == {"me", "my"}
    assert found("name!=me") == {"my", "m", "e/m"}


LAST = chr(0x10FFFF)


@pytest.mark.parametrize("start", ["", "a", "a\ud7ff", f"a{LAST}", LAST, LAST + LAST])
def test_a_prefix_is_a_range_of_texts(connection, start):
    """It ends where the next text begins that has another prefix, at the ends of Unicode too."""
    near = ("", "A", "a", "a\ud7ff", "a\ud7ffz", "a\ue000", "b", "ba")
    for name in (
        *near,
        *(before + LAST + after for before in ("", "a", LAST) for after in ("", "z")),
    ):
        add_deployment(connection, name=name)
    check(connection, deployments, STORED, READERS, Comparison("name", Operator.STARTS, start))


@pytest.mark.parametrize(
    ("text", "decided", "exact"),
    [
        ("", None, True),
        ("name=a", "name=a", True),
        ("state=UP", None, False),
        ("name=a AND state=UP", "name=a", False),
        ("name=a OR state=UP", None, False),
        ("NOT (name=a OR state=UP)", "NOT name=a", False),
        ("NOT (name=a AND state=UP)", None, False),
        ("name=a AND (name=b OR state=UP)", "name=a", False),
        ("name=a OR name=b AND NOT state=UP", "name=b OR name=a", False),
    ],
)
def test_what_the_store_cannot_decide_is_left_out(text, decided, exact):
    """As much as possible is decided by the store, and the rest by the whole expression."""
    expression = parse(text, FIELDS)
    condition, residual = condition_of(expression, STORED)
    assert residual == (None if exact else expression)
    if decided is None:
        assert condition is None
    else:
        alone, _ = condition_of(parse(decided, FIELDS), STORED)
        assert sql(condition) == sql(alone)


def sql(clause: Any) -> str:
    """A clause with its values in it."""
    return str(clause.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))


def last_deep(level: int) -> str:
    """A filter in which what goes deeper always comes last."""
    inner = f"({last_deep(level - 1)})" if level else "name=z"
    return f"name:{level % 10} {'AND' if level % 2 else 'OR'} {inner}"


def first_deep(level: int) -> str:
    """The same, always first."""
    inner = f"({first_deep(level - 1)})" if level else "name=z"
    return f"{inner} {'AND' if level % 2 else 'OR'} name:{level % 10}"


def twice_deep(level: int) -> str:
    """A tree whose branches all go as deep as they can."""
    if level == 0:
        return "name=z"
    joined = "AND" if level % 2 else "OR"
    return f"({twice_deep(level - 1)}) {joined} ({twice_deep(level - 1)})"


def rope(level: int) -> str:
    """What goes deeper comes last, behind something as deep that is as short as can be."""
    if level == 0:
        return "name=z"
    joined = "AND" if level % 2 else "OR"
    beside = "name:a"
    for below in range(1, level):
        beside = f"name:a {'AND' if below % 2 else 'OR'} ({beside})"
    return f"({beside}) {joined} ({rope(level - 1)})"


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize(
    "text",
    [last_deep(48), first_deep(48), twice_deep(7), rope(12), last_deep(30) + f" OR ({rope(8)})"],
    ids=["last", "first", "tree", "rope", "both"],
)
def test_a_deep_filter_is_decided(connection, text, negated):
    """SQLite's parser holds as many levels as a filter may have, however they are put."""
    for name in ("z", "1", "2", "12", "0123456789", "13579", "02468", "a", "za"):
        add_deployment(connection, name=name)
        add(connection, "endpoint", project_key=1, name=SLUG + name)
    expression = parse(f"NOT ({text})" if negated else text, FIELDS)
    assert condition_of(expression, STORED)[1] is None
    check(connection, deployments, STORED, READERS, expression)
    check(connection, endpoints, QUALIFIED, BARE, expression)


def test_a_wide_filter_is_decided(connection):
    """As many comparisons as fit into a filter."""
    for name in ("a", "b", "ab"):
        add_deployment(connection, name=name)
    text = " OR ".join(["name=a"] * 200)
    check(connection, deployments, STORED, READERS, parse(text, FIELDS))


# ---- An index finds names -------------------------------------------------------------------


def plan(connection: Connection, listing: Listing) -> str:
    """How SQLite goes about a page."""
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql(statement(listing, (5, 5), 51))}")
    return "; ".join(row[3] for row in rows)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name=a", "name=?"),
        ("name=a AND state=UP", "name=?"),
        ("created_at>2026-01-01T00:00:00Z AND name=a", "name=?"),
        ("name=a*", "name>? AND name<?"),
        ("name=a* AND NOT name:b", "name>? AND name<?"),
    ],
)
def test_a_name_is_found_by_its_index(connection, text, found):
    """However many there are: no row of another name is read."""
    expression = parse(text, FIELDS)
    of_endpoint = plan(connection, deployments(condition_of(expression, STORED)[0]))
    of_project = plan(connection, endpoints(condition_of(expression, QUALIFIED)[0]))
    assert f"(endpoint_key=? AND {found})" in of_endpoint
    # Endpoints have one on their names without the slugs.
    bare = found.replace("name", "<expr>")
    assert f"(project_key=? AND {bare}" in of_project


# ---- Pages ----------------------------------------------------------------------------------


def ordered(rows: list[Any], order: str, descending: bool) -> list[Any]:
    place = ITEM.index(order)
    return sorted(rows, key=lambda row: (row[place], row[0]), reverse=descending)


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(
    instants=st.lists(st.tuples(moments, moments), max_size=20),
    limit=st.integers(1, 25),
    order=st.tuples(st.sampled_from(["created_at", "updated_at"]), st.booleans()),
    rare=st.integers(1, 6),
)
def test_pages_make_the_list(database, instants, limit, order, rare):
    """Of any size, in any order, with many at the same instant, whether all count or some."""
    with database.writing() as connection:
        for created_at, updated_at in instants:
            add_deployment(connection, created_at=created_at, updated_at=updated_at)
        rows = connection.execute(f"SELECT {', '.join(ITEM)} FROM deployment").fetchall()
        every = ordered(rows, *order)
        listing = deployments(order=order[0], descending=order[1])
        assert pages(connection, listing, limit) == every

        def keep(row: Any) -> bool:
            return row[0] % rare == 0

        assert pages(connection, listing, limit, keep) == [row for row in every if keep(row)]


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(
    before=st.lists(moments, min_size=1, max_size=12),
    changes=st.lists(st.tuples(moments, st.booleans()), max_size=12),
    limit=st.integers(1, 5),
    way=st.tuples(st.booleans(), st.integers(1, 3)),
)
def test_what_comes_and_goes_between_pages_moves_nothing(database, before, changes, limit, way):
    """What is there all the time is listed exactly once, in order; nothing is listed twice."""
    descending, rare = way
    with database.writing() as connection:
        start = [add_deployment(connection, created_at=at) for at in before]
        left, gone = list(changes), set()

        def change() -> None:
            if left:
                at, remove = left.pop()
                add_deployment(connection, created_at=at)
                if remove and len(gone) < len(start):
                    gone.add(start[len(gone)])
                    connection.execute("DELETE FROM deployment WHERE key = ?", [max(gone)])

        def keep(row: Any) -> bool:
            return row[0] % rare == 0

        listing = deployments(descending=descending)
        rows = pages(connection, listing, limit, keep, change)
        listed = [row[0] for row in rows]
        assert len(set(listed)) == len(listed)
        assert set(listed) >= {key for key in start if key % rare == 0} - gone
        assert rows == ordered(rows, "created_at", descending)


def test_an_empty_list_has_one_page(connection):
    """Without rows there is nothing more; nor when a page is just full."""
    assert page(connection, deployments(), None, 5) == ([], None)
    assert page(connection, deployments(), None, 5, every_row) == ([], None)
    for _ in range(5):
        add_deployment(connection)
    for keep in (None, every_row):
        rows, position = page(connection, deployments(), None, 5, keep)
        assert (len(rows), position) == (5, None)
        rows, position = page(connection, deployments(), None, 4, keep)
        assert (len(rows), position) == (4, (0, rows[-1][0]))


def test_a_listing_has_parameters(connection):
    """What is selected may name values that come with each page."""
    one, two = (add_deployment(connection, availability_zone=zone) for zone in ("here", "there"))
    rows = select(DEPLOYMENTS.c.key).where(DEPLOYMENTS.c.availability_zone == bindparam("zone"))
    listing = Listing(rows, DEPLOYMENTS.c.created_at, DEPLOYMENTS.c.key, descending=False)
    assert page(connection, listing, None, 5, zone="here") == ([(one,)], None)
    assert page(connection, listing, None, 5, every_row, zone="there") == ([(two,)], None)


def test_no_more_rows_are_looked_at_than_it_takes(connection):
    """A page that is full is all that is read; one that is rarely so takes two statements."""
    for _ in range(200):
        add_deployment(connection)
    seen: list[Any] = []
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    page(connection, deployments(), None, 5, lambda row: not seen.append(row))
    assert (len(seen), len(statements)) == (6, 1)
    seen.clear()
    statements.clear()
    rows, position = page(connection, deployments(), None, 5, lambda row: bool(seen.append(row)))
    connection.set_trace_callback(None)
    assert (rows, position) == ([], None)
    assert (len(seen), len(statements)) == (200, 2)


# ---- Positions that clients hand back -------------------------------------------------------


@pytest.mark.parametrize("parts", [None, (0, 1), (-(2**63), 2**63 - 1)])
def test_a_position_is_two_integers(connection, parts):
    """Each is one that the store can compare with."""
    position = position_of(parts)
    assert position == parts
    assert page(connection, deployments(), position, 5) == ([], None)


@pytest.mark.parametrize(
    "parts", [(), (1,), (1, 2, 3), ("1", 2), (1, None), (1.0, 2), (2**63, 1), (1, -(2**63) - 1)]
)
def test_what_is_no_position_is_refused(parts):
    """The cursor of another list, or one that somebody made up."""
    with pytest.raises(MockError) as error:
        position_of(parts)
    assert (error.value.case, error.value.param) == ("v2_bad_cursor", "after")
