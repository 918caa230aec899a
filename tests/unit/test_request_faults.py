"""Faults of requests as rules: which strike, what they add up to, what headers may ask for."""

import pytest
from together_mock.core.errors import MockError
from together_mock.core.fault_limits import Limits
from together_mock.core.http_faults import (
    BY_HEADER,
    Effect,
    RequestFault,
    Status,
    StreamFault,
    Subject,
    asked_for,
    strike,
)

BUSY = Effect(status=Status(503))
SLOW = Effect(latency=0.2)


def subject(**fields):
    given = {
        "method": "POST",
        "path": "/v1/endpoints",
        "operation": lambda: "createEndpoint",
        "names": ("endpoint-1", "dev/mix", "org/model"),
        "stream": False,
        "at": 0,
        "seed": "seed",
    }
    return Subject(**{**given, **fields})


def hits(fault, times, **fields):
    """Which of so many requests a fault strikes."""
    counts = {}
    return [bool(strike([fault], counts, subject(**fields), Effect()).faults) for _ in range(times)]


def test_skip_and_times_count_what_matches():
    """The first is let through, two are struck, the rest is let through."""
    fault = RequestFault("flt", BUSY, operation="create*", limits=Limits(skip=1, times=2))
    assert hits(fault, 5) == [False, True, True, False, False]
    assert hits(fault, 5, operation=lambda: "getEndpoint") == [False] * 5


def test_counts_go_on_from_where_they_were_stored():
    """What a fault was met and struck before counts."""
    twice = RequestFault("flt", BUSY, limits=Limits(times=2), seen=1, hits=1)
    assert hits(twice, 3) == [True, False, False]
    late = RequestFault("flt", BUSY, limits=Limits(skip=2), seen=1)
    assert hits(late, 3) == [False, True, True]


def test_draws_follow_from_the_seed():
    """The same seed draws the same; the share is about the probability."""
    fault = RequestFault("flt", BUSY, limits=Limits(probability=0.3))
    drawn = hits(fault, 1000)
    assert drawn == hits(fault, 1000)
    assert drawn != hits(fault, 1000, seed="other")
    assert 250 < sum(drawn) < 350


@pytest.mark.parametrize(
    ("fields", "struck"),
    [
        ({"path": "/v1/*"}, True),
        ({"path": "/v2/*"}, False),
        ({"method": "post"}, True),
        ({"method": "GET"}, False),
        ({"operation": "createEndpoint"}, True),
        ({"operation": "delete*"}, False),
        ({"endpoint": "endpoint-1"}, True),
        ({"endpoint": "dev/*"}, True),
        ({"endpoint": "org/model"}, True),
        ({"endpoint": "endpoint-2"}, False),
        ({"limits": Limits(until=1)}, True),
        ({"limits": Limits(until=0)}, False),
    ],
)
def test_what_a_fault_matches(fields, struck):
    """Method, path, operation, any name of the endpoint, and its time."""
    assert hits(RequestFault("flt", BUSY, **fields), 1) == [struck]


def test_a_fault_of_streams_waits_for_one():
    """Whole answers do not even count as met."""
    fault = RequestFault("flt", Effect(stream=StreamFault(cut_after=1)), limits=Limits(skip=1))
    counts = {}
    for stream in (False, True, True):
        effect = strike([fault], counts, subject(stream=stream), Effect())
    assert effect.stream == StreamFault(cut_after=1)
    assert counts == {"flt": (2, 1)}


def test_effects_add_up_and_the_first_of_a_kind_counts():
    """A latency and a status come together; a second status is not even met."""
    faults = [
        RequestFault("a", SLOW),
        RequestFault("b", BUSY),
        RequestFault("c", Effect(status=Status(500), latency=9.0)),
        RequestFault("d", Effect(stream=StreamFault(cut_after=1))),
    ]
    counts = {}
    effect = strike(faults, counts, subject(stream=True), Effect())
    assert effect == Effect(status=Status(503), latency=0.2, faults=("a", "b"))
    assert counts == {"a": (1, 1), "b": (1, 1)}
    own = asked_for("429", None)
    assert strike(faults, counts, subject(), own).faults == (BY_HEADER, "a")


def test_headers_ask_for_faults():
    """A status with words and headers, a reset, a latency; nothing asks for nothing."""
    told = asked_for("429; retry-after=2; code=busy; message=Slow down", "200ms")
    status = Status(429, code="busy", message="Slow down", headers={"retry-after": "2"})
    assert told == Effect(status=status, latency=0.2, faults=(BY_HEADER,))
    assert asked_for("reset", None).reset
    assert asked_for(None, None) == Effect()


@pytest.mark.parametrize(
    ("fault", "latency", "case", "param"),
    [
        ("", None, "invalid_value", "X-Mock-Fault"),
        ("200", None, "invalid_value", "X-Mock-Fault"),
        ("4290", None, "invalid_value", "X-Mock-Fault"),
        ("٤٢٩", None, "invalid_value", "X-Mock-Fault"),
        ("429;retry-after", None, "invalid_value", "X-Mock-Fault"),
        ("429;bad name=1", None, "invalid_value", "X-Mock-Fault"),
        ("429;content-length=1", None, "invalid_value", "X-Mock-Fault"),
        ("429;x-a=\x07", None, "invalid_value", "X-Mock-Fault"),
        ("reset;x=1", None, "invalid_value", "X-Mock-Fault"),
        (None, "soon", "bad_duration", "X-Mock-Latency"),
        (None, "2h", "out_of_range", "X-Mock-Latency"),
    ],
)
def test_headers_that_cannot_be_read(fault, latency, case, param):
    """The refusal names the header."""
    with pytest.raises(MockError) as raised:
        asked_for(fault, latency)
    assert (raised.value.case, raised.value.param) == (case, param)
