"""v2's lists of endpoints and deployments: pages, order, filters."""

import base64
import json

import pytest
from rehearsal import control
from support import V2, refused

ZERO = {"minReplicas": 0, "maxReplicas": 0}
QWEN = "Qwen/Qwen2.5-7B-Instruct-Turbo"


def bare(rows):
    """The last parts of names."""
    return [row["name"].rpartition("/")[2] for row in rows]


def listed(v2, path, **params):
    return bare(v2.got(path, **params)["data"])


@pytest.fixture
def several(v2):
    """Endpoints a to e, a second apart; b was changed last."""
    made = []
    for name in "abcde":
        made.append(v2.create(name))
        v2.advance(by=1)
    v2.change(made[1], visibility="VISIBILITY_INTERNAL")
    return v2


@pytest.fixture
def fleet(v2):
    """An endpoint with deployments a to e, a second apart; a is stopped, and b of another model."""
    endpoint = v2.create("fleet")
    for name in "abcde":
        v2.deploy(
            endpoint,
            name,
            of=QWEN if name == "b" else "google/gemma-3-27b-it",
            autoscaling=ZERO if name == "a" else {"minReplicas": 1},
        )
        v2.advance(by=1)
    return endpoint


@pytest.fixture(params=["endpoints", "deployments"])
def path(request, v2):
    """A list of five, a to e, in the order of creation."""
    if request.param == "endpoints":
        request.getfixturevalue("several")
        return v2.endpoints
    return v2.at(request.getfixturevalue("fleet"), "deployments")


def pages(v2, path, **params):
    """What all pages of a list have, put together."""
    seen, more = [], {}
    while True:
        page = v2.got(path, **params, **more)
        assert len(page["data"]) <= params["limit"]
        seen += page["data"]
        if page["next_cursor"] is None:
            return seen
        more = {"after": page["next_cursor"]}


# Pages -----------------------------------------------------------------------------------


def test_a_list_is_newest_first(v2, path):
    """In its envelope, with no cursor where nothing follows."""
    answer = v2.got(path)
    assert bare(answer["data"]) == ["e", "d", "c", "b", "a"]
    assert answer.keys() == {"object", "data", "next_cursor"}
    assert (answer["object"], answer["next_cursor"]) == ("list", None)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("order", [None, "created_at asc", "updated_at desc"])
def test_pages_add_up(v2, path, limit, order):
    """Each item once, in the order of the whole; the last page has no cursor."""
    params = {"orderBy": order} if order else {}
    assert pages(v2, path, limit=limit, **params) == v2.got(path, **params)["data"]


def test_what_comes_between_pages_moves_nothing(several):
    """A new endpoint is not on later pages, a deleted one is gone, and nothing is skipped."""
    v2 = several
    first = v2.got(v2.endpoints, limit=2)
    v2.create("f")
    for row in first["data"]:
        assert v2.delete(v2.at(row)).status_code == 200
    assert listed(v2, v2.endpoints, after=first["next_cursor"]) == ["c", "b", "a"]


@pytest.mark.parametrize(("limit", "count"), [(0, 5), (500, 5), (501, 5), (10**6, 5), (4, 4)])
def test_a_limit_has_a_default_and_a_bound(v2, path, limit, count):
    """None and 0 are 50; more than 500 are 500."""
    assert len(v2.got(path, limit=limit)["data"]) == count


@pytest.mark.parametrize("limit", ["-1", "many", "1.5", ""])
def test_a_limit_that_is_no_count_is_refused(v2, path, limit):
    """By its name."""
    answer = v2.get(path, params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "limit"


def test_fifty_are_a_page(v2):
    """And the rest is on the next."""
    for number in range(51):
        v2.create(f"e{number}")
    page = v2.got(v2.endpoints)
    assert len(page["data"]) == 50
    assert listed(v2, v2.endpoints, after=page["next_cursor"]) == ["e0"]


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "%",
        "ä",
        "a" * 9,
        encoded({"a": 1}),
        encoded([]),
        encoded([1]),
        encoded([1, 2, 3]),
        encoded(["x", "y"]),
        encoded([1, None]),
        encoded([1.5, 2]),
        encoded([2**63, 1]),
        encoded([10**40, 1]),
        encoded([True, "x"]),
    ],
)
def test_a_cursor_that_was_not_given_out_is_refused(v2, path, cursor):
    """Whatever it decodes to."""
    error = refused(v2.get(path, params={"after": cursor}), "v2_bad_cursor")
    assert error["param"] == "after"


# Order -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("created_at", "abcde"),
        ("created_at asc", "abcde"),
        ("created_at desc", "edcba"),
        ("updated_at", "acdeb"),
        ("updated_at asc", "acdeb"),
        ("updated_at desc", "bedca"),
        ("", "edcba"),
    ],
)
def test_endpoints_are_ordered(several, order, expected):
    """By creation or by the last change: newest first, or as it says, up unless it says down."""
    assert "".join(listed(several, several.endpoints, orderBy=order)) == expected


@pytest.mark.parametrize("order", ["name", "created_at up", "created_at desc asc", ";"])
def test_an_unknown_order_is_refused(v2, path, order):
    """By its words."""
    assert refused(v2.get(path, params={"orderBy": order}), "v2_bad_order")["param"] == "orderBy"


# Filters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name="c"', "c"),
        ("name=c", "c"),
        ('name="{prefix}/c"', "c"),
        ('name="other/c"', ""),
        ('name="C"', ""),
        ('name!="c"', "edba"),
        ('name="a" OR name="d"', "da"),
        ('NOT (name="a" OR name="d")', "ecb"),
        ('name:"c"', "c"),
        ('name="c*"', "c"),
        ('name="*"', "edcba"),
        ('created_at >= "2026-01-01T00:00:02Z"', "edc"),
        ('created_at > "2026-01-01T00:00:02Z" AND name != "e"', "d"),
        ('created_at = "2026-01-01T00:00:02Z"', "c"),
        ('updated_at < "2026-01-01T00:00:01Z"', "a"),
        ("", "edcba"),
        ("  ", "edcba"),
    ],
)
def test_a_filter_picks(v2, path, text, expected):
    """By name, bare or qualified, and by instants."""
    above = v2.got(path)["data"][0]["name"].rpartition("/")[0]
    assert "".join(listed(v2, path, filter=text.format(prefix=above))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "name=",
        'name="c',
        'foo="c"',
        'name="c" AND',
        '(name="c"',
        'name="c" name="d"',
        'created_at="yesterday"',
        'created_at:"2026"',
        "name='c'",
        "(" * 1000,
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(v2, path, text):
    """As documented: an invalid filter expression."""
    error = refused(v2.get(path, params={"filter": text}), "v2_bad_filter")
    assert error["message"].startswith("invalid filter expression")


@pytest.mark.parametrize("field", ["state", "model"])
def test_endpoints_have_no_state_and_no_model(v2, field):
    """Those are fields of deployments."""
    answer = v2.get(v2.endpoints, params={"filter": f'{field}="x"'})
    refused(answer, "v2_bad_filter")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('state="DEPLOYMENT_STATE_STOPPED"', "a"),
        ('state="DEPLOYMENT_STATE_READY"', "cb"),
        ('state="DEPLOYMENT_STATE_SCALING"', "e"),
        ('state="DEPLOYMENT_STATE_READY" OR state="DEPLOYMENT_STATE_SCALING"', "ecb"),
        ('state="DEPLOYMENT_STATE_FAILED"', "d"),
        ('state!="DEPLOYMENT_STATE_READY" AND name!="e"', "da"),
        ('state="DEPLOYMENT_STATE_DEGRADED"', ""),
        ('model="{qwen}"', "b"),
        ('model="{qwen}/revisions/rv_any"', "b"),
        ('model!="{qwen}"', "edca"),
        ('model="{qwen}" AND state="DEPLOYMENT_STATE_READY"', "b"),
    ],
)
def test_deployments_are_filtered_by_state_and_model(v2, fleet, text, expected):
    """As they are now; a model's revision does not matter."""
    path = v2.at(fleet, "deployments")
    rows = {row["name"][-1]: row for row in v2.got(path)["data"]}
    control(v2.api, rows["d"], "transition", to="ERROR")
    qwen = v2.profiles(QWEN)[0]["model"].partition("/revisions")[0]
    assert "".join(listed(v2, path, filter=text.format(qwen=qwen))) == expected


def test_pages_of_a_filter_add_up(v2, fleet):
    """Also where the store cannot decide it alone."""
    path = v2.at(fleet, "deployments")
    text = 'state!="DEPLOYMENT_STATE_STOPPED"'
    first = v2.got(path, filter=text, limit=3)
    rest = v2.got(path, filter=text, limit=3, after=first["next_cursor"])
    assert bare(first["data"]) + bare(rest["data"]) == ["e", "d", "c", "b"]
    assert rest["next_cursor"] is None


def test_a_filter_is_no_way_to_another_project(v2, server):
    """Whatever it says."""
    V2(server.api()).create("secret")
    for text in ('name:"secret"', 'name="*"', 'NOT name="x"', 'name!="x" OR name="secret"'):
        assert listed(v2, v2.endpoints, filter=text) == []


# Summaries -------------------------------------------------------------------------------


def test_an_endpoint_shows_its_ten_newest_deployments(v2):
    """Newest first; all of them are in the list of deployments, and the split names any."""
    endpoint = v2.create()
    made = [v2.deploy(endpoint, f"d{number}") for number in range(12)]
    v2.advance(by=2)
    v2.split(endpoint, {made[0]["id"]: 3, made[11]["id"]: 1})
    shown = v2.now(endpoint)
    assert [row["id"] for row in shown["deployments"]] == [one["id"] for one in made[:1:-1]]
    # What is not shown takes its share all the same.
    assert shown["deployments"][0]["estimatedEffectiveTrafficShare"] == 0.25
    assert v2.now(made[0])["estimatedEffectiveTrafficShare"] == 0.75
    assert v2.got(v2.endpoints)["data"] == [shown]
    rows = v2.got(v2.at(endpoint, "deployments"))["data"]
    assert bare(rows) == [f"d{number}" for number in range(11, -1, -1)]
    shares = {row["id"]: row["estimatedEffectiveTrafficShare"] for row in rows}
    assert (shares[made[0]["id"]], shares[made[11]["id"]]) == (0.75, 0.25)


def test_shares_are_of_the_whole_endpoint_on_every_page(v2):
    """Whatever a page or a filter leaves out."""
    endpoint = v2.create()
    made = [v2.deploy(endpoint, name) for name in ("a", "b")]
    v2.advance(by=2)
    v2.split(endpoint, {one["id"]: weight for one, weight in zip(made, (1, 3), strict=True)})
    path = v2.at(endpoint, "deployments")
    for params, share in (({"limit": 1}, 0.75), ({"filter": 'name="a"'}, 0.25)):
        (row,) = v2.got(path, **params)["data"]
        assert row["estimatedEffectiveTrafficShare"] == share


def test_generations_stand_in_one_list(v2):
    """v1's endpoints among v2's, in the order of creation."""
    first = v2.create("first")
    v2.advance(by=1)
    second = v2.api.create()
    v2.advance(by=1)
    third = v2.create("third")
    rows = v2.got(v2.endpoints)["data"]
    assert [row["id"] for row in rows] == [third["id"], second["id"], first["id"]]
    assert v2.got(v2.endpoints, filter=f'name="{second["name"]}"')["data"] == [rows[1]]


@pytest.mark.parametrize("order", [{}, {"orderBy": "created_at asc"}])
def test_public_endpoints_come_in_pages(v2, order):
    """Each once, in the order of the whole."""
    whole = v2.got("/v2/public/endpoints", limit=500, **order)["data"]
    seen = pages(v2, "/v2/public/endpoints", limit=7, **order)
    assert seen == whole
    assert len({row["id"] for row in seen}) == len(seen) > 7


def test_public_endpoints_are_filtered(v2):
    """By name, as others are."""
    rows = v2.got("/v2/public/endpoints", filter=f'name="{QWEN}"')["data"]
    assert [row["name"] for row in rows] == [QWEN]
    refused(v2.get("/v2/public/endpoints", params={"filter": "?"}), "v2_bad_filter")
    refused(v2.get("/v2/public/endpoints", params={"after": "?"}), "v2_bad_cursor")
