"""Verifying requests: what matches, what differs, what came near; rate windows."""

import json

import pytest
from together_mock.core.limits import Limits, Window, exceeded, seconds_left, told
from together_mock.core.operations import Operation, Operations
from together_mock.core.verifying import ABSENT, RequestMatch, Seen, Times, verify

STARTED = {"state": "STARTED", "autoscaling": {"min": 1, "max": 2}, "tags": ["a", {"b": 1, "c": 2}]}


def seen(name="req_1", body=STARTED, **fields):
    given = {"method": "PATCH", "path": "/v1/endpoints/e-1", "operation": "updateEndpoint"}
    return Seen(name, **{**given, "status": 200, "endpoint": "e-1", "body": body, **fields})


@pytest.mark.parametrize(
    ("match", "differs"),
    [
        ({}, []),
        ({"method": "patch", "path": "/v1/endpoints/*", "operation": "update*"}, []),
        ({"status": 200, "endpoint": "e-?"}, []),
        ({"body": {"autoscaling": {"min": 1}}}, []),
        ({"body": {"tags": ["a", {"b": 1}]}}, []),
        ({"body": {"state": "STOPPED"}}, ["body.state: STARTED"]),
        ({"body": {"tags": ["a"]}}, ['body.tags: ["a", {"b": 1, "c": 2}]']),
        ({"body": {"tags": ["a", {"b": True}]}}, ["body.tags.1.b: 1"]),
        ({"body": {"name": None}}, ["body.name: <absent>"]),
        ({"body": []}, [f"body: {json.dumps(STARTED)}"]),
        ({"method": "GET", "status": 404}, ["method: PATCH", "status: 200"]),
        ({"path": "/v1/models", "endpoint": "x"}, ["path: /v1/endpoints/e-1", "endpoint: e-1"]),
    ],
)
def test_what_differs_is_told_field_by_field(match, differs):
    """A subset matches; each difference says where it is and what was there."""
    assert RequestMatch(**match).differs(seen()) == differs


def test_what_was_not_there_is_told_as_absent():
    """No operation, no endpoint, no status, no body."""
    bare = Seen("req", "GET", "/x", None, None, None)
    match = RequestMatch(operation="a", status=200, endpoint="*", body={})
    assert match.differs(bare) == [
        f"{name}: <absent>" for name in ("operation", "endpoint", "status", "body")
    ]
    assert bare.body is ABSENT


def test_long_values_are_cut():
    """A person reads them."""
    (text,) = RequestMatch(body={"x": 1}).differs(seen(body={"x": "y" * 500}))
    assert len(text) == len("body.x: ") + 200
    assert text.endswith("...")


def test_the_nearest_come_first_and_only_when_there_are_too_few():
    """Fewest fields, then fewest places, then the newest; no more than three."""
    requests = [
        seen("a", method="GET"),
        seen("b", body={"state": "PENDING"}),
        seen("c"),
        seen("d", body=ABSENT),
        seen("e", body={}, method="GET"),
    ]
    match = RequestMatch(method="PATCH", body={"state": "STOPPED", "autoscaling": {"min": 1}})
    verdict = verify(requests, match, Times(1))
    assert (verdict.ok, verdict.count) == (False, 0)
    assert [near.id for near in verdict.closest] == ["c", "b", "d"]
    assert verdict.closest[0].differs == ["body.state: STARTED"]
    many = verify(requests, RequestMatch(), Times(1, 2))
    assert (many.ok, many.count, many.closest) == (False, 5, [])
    assert verify([], match, Times(0, 0)).ok


def test_what_shares_nothing_is_not_near():
    """A field, or a name of the body, is enough."""
    requests = [
        seen("a", method="GET", body={"other": 1}),
        seen("b", method="GET", body={"state": "PENDING"}),
        seen("c", method="PATCH", body=ABSENT),
        seen("d", method="GET", body=[1]),
    ]
    match = RequestMatch(method="PATCH", body={"state": "STOPPED"})
    assert {near.id for near in verify(requests, match, Times(1)).closest} == {"b", "c"}
    match = RequestMatch(method="PATCH", body=[1, 2])
    assert {near.id for near in verify(requests, match, Times(1)).closest} == {"c", "d"}


def test_minutes_are_counted_by_their_number():
    """A window ends with its minute, wherever the clock goes."""
    limits, second = Limits(2, 100), 1_000_000
    window = Window().at(59 * second).asked().spent(60).asked()
    assert exceeded(limits, window) == "requests"
    assert exceeded(Limits(None, 60), window) == "tokens"
    assert exceeded(Limits(), window) is None
    assert window.at(60 * second) == Window(1)
    assert window.at(0) is window
    assert [seconds_left(at) for at in (0, 1, 59 * second, 59 * second + 1)] == [60, 60, 1, 1]
    assert told(limits, window, 59 * second) == {
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "0",
        "x-tokenlimit-limit": "100",
        "x-tokenlimit-remaining": "40",
        "x-ratelimit-reset": "1",
    }


def test_operations_are_found_by_method_and_path():
    """Literal segments first; the other prefixes of a path lead to it too."""
    known = Operations(
        [
            Operation("GET", "/v2/things/{id}", "getThing"),
            Operation("GET", "/v2/things/all", "allThings"),
            Operation("POST", "/v0/jobs", "addJob"),
        ]
    )
    assert known.of("GET", "/v2/things/all") == "allThings"
    assert known.of("GET", "/v1/things/7") == "getThing"
    assert known.of("POST", "/legacy/v0/jobs") == "addJob"
    assert known.of("GET", "/v2/things/7/parts") is None
    assert known.of("PUT", "/v2/things/7") is None
    assert known.has("*Thing*")
    assert not known.has("getThings")
    assert known.nearest("getting") == "getThing"
