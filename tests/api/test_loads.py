"""Loads: synthetic requests in flight as activity, and real streams, which add to them.

Preset fast: served from 2 s on; a replica takes 8 requests in flight, and 1.5 s to be ready.
"""

import pytest
from rehearsal import (
    HOUR,
    MINUTE,
    advance,
    bounds,
    control,
    history,
    item,
    patch,
    put_load,
    replicas,
    start,
    timeline,
)
from support import refused
from together_mock.services import inference
from together_mock.services.projects import hash_of


@pytest.fixture
def serving(api):
    """An endpoint of one to four replicas that began to serve at 2 s."""
    endpoint = api.create(**bounds(1, 4))
    advance(api, 2)
    return endpoint


def test_a_load_is_activity_until_it_is_over(api):
    """Inactivity counts from the end of the load, or from the instant it was taken off."""
    endpoint = api.create(inactive_timeout=10)
    advance(api, 2)
    put_load(api, endpoint, "spike:0:5:5m:2h")
    assert timeline(api, endpoint)["next"] == {"to": "STOPPING", "at": "2026-01-01T00:10:02.000Z"}
    advance(api, "10m")
    assert timeline(api, endpoint)["next"] is None
    advance(api, "1d")
    assert history(api, endpoint)[-2] == (2 + 7500 + 600, "STOPPING")

    start(api, endpoint)
    api.run_until(endpoint["id"], "STARTED")
    put_load(api, endpoint, "step:5:5:0s")
    api.advance(to="2026-01-03T00:00:00Z")
    put_load(api, endpoint, None)
    assert timeline(api, endpoint)["next"] == {"to": "STOPPING", "at": "2026-01-03T00:10:00.000Z"}


def test_a_load_without_requests_is_no_activity(api):
    """A curve that never leaves zero lets the endpoint stop."""
    endpoint = api.create(inactive_timeout=10)
    put_load(api, endpoint, "ramp:0:0:1h")
    advance(api, "1h")
    assert history(api, endpoint)[3] == (602, "STOPPING")


def test_a_load_outlives_a_stop(api, serving):
    """After a restart the curve is where it would be, and the start wants what it asks for."""
    put_load(api, serving, "ramp:0:32:1h")
    advance(api, 10)
    patch(api, serving, state="STOPPED")
    api.advance(to="2026-01-01T00:45:02Z")
    start(api, serving)
    advance(api, 2)
    assert replicas(api, serving, 45 * MINUTE) == [(2702, 0, 3), (2704, 3, 4)]


def test_a_held_endpoint_does_not_scale(api):
    """Load on an endpoint that does not serve yet is seen when it does."""
    endpoint = api.create(**bounds(1, 4))
    control(api, endpoint, "hold", before="STARTED")
    put_load(api, endpoint, "step:32:32:0s")
    advance(api, "1h")
    assert replicas(api, endpoint)[-1] == (0, 0, 1)
    control(api, endpoint, "release")
    advance(api, 10)
    assert replicas(api, endpoint, HOUR) == [(3600, 1, 4), (3601.5, 4, 4)]


@pytest.mark.parametrize(
    "curve",
    [
        "",
        "flat:1",
        "ramp:1:2",
        "ramp:1:2:1m:1m",
        "ramp:one:2:1m",
        "ramp:-1:2:1m",
        "ramp:0:nan:1m",
        "ramp:0:inf:1m",
        "ramp:0:100001:1m",
        "sine:0:1:0s",
        "sine:0:1:0.5s",
        "step:0:1:soon",
        "spike:1:2:3m",
    ],
)
def test_a_curve_that_cannot_be_read_is_refused(api, serving, curve):
    """400 naming the field; the load in force stays."""
    put_load(api, serving, "step:8:17:1m")
    answer = api.post("/_mock/load", json={"endpoint": serving["id"], "curve": curve})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == "curve"
    advance(api, 100)
    assert replicas(api, serving)[-1] == (63.5, 3, 3)


@pytest.mark.parametrize(
    "fields",
    [
        {"curve": 5},
        {"target": 0},
        {"target": 1e9},
        {"scale_up_window": "soon"},
        {"scale_down_window": -1},
        {"shape": "ramp"},
    ],
)
def test_other_bad_fields_are_refused(api, serving, fields):
    """400 naming the field."""
    body = {"endpoint": serving["id"], "curve": None, **fields}
    answer = api.post("/_mock/load", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == next(iter(fields))


def test_a_load_needs_an_endpoint(api):
    """404 naming the field, 400 when it is missing."""
    answer = api.post("/_mock/load", json={"endpoint": "endpoint-9", "curve": None})
    assert refused(answer, "unknown_endpoint")["param"] == "endpoint"
    answer = api.post("/_mock/load", json={"curve": None})
    assert refused(answer, "missing_field")["param"] == "endpoint"


@pytest.fixture
def streams(api, server):
    """Open streams to an endpoint; what closes them."""
    world = server.world

    def open_streams(endpoint, count):
        project = world.project_of(hash_of(api.key))
        admitted = [
            inference.admit_by_store(world, project, endpoint["name"]) for _ in range(count)
        ]
        flights = [inference.take_off(world, project, one) for one in admitted]
        return lambda: [inference.land(world, project, flight) for flight in flights]

    return open_streams


def test_streams_in_flight_scale(api, serving, streams):
    """Twenty streams want three replicas; five minutes after they end, one is enough."""
    close = streams(serving, 20)
    advance(api, 10)
    assert replicas(api, serving)[-2:] == [(2, 1, 3), (3.5, 3, 3)]
    more = streams(serving, 10)
    advance(api, 10)
    assert replicas(api, serving)[-2:] == [(12, 3, 4), (13.5, 4, 4)]
    more()
    close()
    advance(api, "1h")
    assert replicas(api, serving)[-1] == (322, 1, 1)


def test_streams_add_to_a_synthetic_load(api, serving, streams):
    """Six in flight of the curve and six of clients are twelve."""
    put_load(api, serving, "step:6:6:0s")
    close = streams(serving, 6)
    advance(api, 10)
    assert replicas(api, serving)[-1][2] == 2
    close()
    advance(api, "10m")
    assert replicas(api, serving)[-1][2] == 1


def test_a_stream_in_flight_keeps_an_endpoint_up(api, streams):
    """However long it takes; inactivity counts from its end."""
    endpoint = api.create(inactive_timeout=5)
    advance(api, 2)
    close = streams(endpoint, 1)
    advance(api, "2d")
    shown = timeline(api, endpoint)
    assert (shown["state"], shown["next"]) == ("STARTED", None)
    assert "in flight" in shown["why"]
    close()
    assert timeline(api, endpoint)["next"]["at"] == "2026-01-03T00:05:02.000Z"
    assert item(api, endpoint)["idle_minutes"] == "0"


def test_a_stream_that_ends_after_its_endpoint_changes_nothing(api, serving, streams):
    """It may have been stopped, or deleted, meanwhile."""
    close = streams(serving, 9)
    patch(api, serving, state="STOPPED")
    advance(api, 10)
    close()
    advance(api, 10)
    assert history(api, serving)[-1] == (2.5, "STOPPED")
    assert api.delete(f"/v1/endpoints/{serving['id']}").status_code == 204


def test_a_streamed_answer_over_http_has_ended_with_it(api):
    """Nothing is left in flight, so the endpoint stops when its time has come."""
    endpoint = api.create(inactive_timeout=5)
    advance(api, 2)
    assert api.chat(endpoint["name"], stream=True).text.endswith("data: [DONE]\n\n")
    advance(api, "1h")
    assert history(api, endpoint)[3] == (302, "STOPPING")
