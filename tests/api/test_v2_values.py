"""Values that v2 refuses, and what a refusal says: targets, windows, masks, counts, cursors."""

import base64
import json

import pytest
from support import V2, refused

IN_FLIGHT = {"name": "inflight_requests", "type": "METRIC_TARGET_TYPE_AVERAGE_VALUE"}
LONG = "x" * 5000


@pytest.fixture
def deployment(v2):
    """A deployment that is on its way."""
    return v2.deploy(v2.create())


@pytest.fixture
def lenient(start_server):
    """A project of a lenient server."""
    return V2(start_server(lenient=True).api())


def scaled(v2, deployment, **autoscaling):
    return v2.patch(v2.at(deployment), json={"autoscaling": autoscaling})


def cursor(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


# Targets and windows -------------------------------------------------------------------------


@pytest.mark.parametrize("target", [1e-310, 5e-324, 0.05, 1e7, 1e308, 0, -1])
def test_a_target_out_of_bounds_is_refused(v2, deployment, target):
    """Nothing is changed, and the project can still be shown and loaded."""
    answer = scaled(v2, deployment, scalingMetrics=[{**IN_FLIGHT, "target": target}])
    error = refused(answer, "v2_bad_value")
    assert error["param"] == "autoscaling.scalingMetrics.0.target"
    load = {"endpoint": deployment["id"], "curve": "step:1:50:10m"}
    assert v2.post("/_mock/load", json=load).status_code == 200
    assert v2.put_state(v2.state()).status_code == 200


@pytest.mark.parametrize("target", [0.1, 1e6])
def test_targets_at_the_bounds_are_taken(v2, deployment, target):
    """A tenth, and a million."""
    metrics = [{**IN_FLIGHT, "target": target}]
    shown = v2.change(deployment, autoscaling={"scalingMetrics": metrics})
    assert shown["autoscaling"]["scalingMetrics"] == metrics
    assert v2.put_state(v2.state()).status_code == 200


def test_a_lenient_server_passes_over_targets_out_of_bounds(lenient):
    """It keeps the metric that there would be without any."""
    made = lenient.deploy(lenient.create(), autoscaling={"minReplicas": 1, "scalingMetrics": []})
    metrics = [{**IN_FLIGHT, "target": 1e-310}]
    shown = lenient.change(made, autoscaling={"scalingMetrics": metrics})
    assert shown["autoscaling"]["scalingMetrics"] == [{**IN_FLIGHT, "target": 8}]


@pytest.mark.parametrize("field", ["scaleUpWindow", "scaleDownWindow", "scaleToZeroWindow"])
def test_a_window_longer_than_any_clock_is_refused(v2, deployment, field):
    """A century is long enough; the field is named."""
    error = refused(scaled(v2, deployment, **{field: "999999999999.999999s"}), "v2_bad_value")
    assert error["param"] == f"autoscaling.{field}"
    century = f"{100 * 366 * 86400}s"
    assert scaled(v2, deployment, **{field: century}).status_code == 200
    assert v2.put_state(v2.state()).status_code == 200


def test_a_decision_past_the_end_of_clocks_is_none(api, v2):
    """The project's document has no instant that no clock reaches."""
    api.put_state({"preset": "instant", "clock": {"now": "2150-01-01T00:00:00Z", "rate": 0}})
    _, made = v2.served()
    window = f"{99 * 365 * 86400}s"
    v2.change(made, autoscaling={"maxReplicas": 3, "scaleUpWindow": window})
    load = {"endpoint": made["id"], "curve": "step:50:1:10m"}
    assert v2.post("/_mock/load", json=load).status_code == 200
    document = v2.state()
    (entry,) = document["endpoints"]
    assert entry["deployments"][0]["progress"]["scaling"]["decide_at"] is None
    assert v2.put_state(document).status_code == 200


def test_a_lenient_server_takes_a_negative_timeout_for_none(lenient):
    """At creation as at a change; otherwise it would stop at once, and have no document."""
    lenient.preset("instant")
    endpoint = lenient.create()
    made = lenient.deploy(endpoint, inactiveTimeout=-7)
    lenient.advance(by="1s")
    changed = lenient.change(made, inactiveTimeout=-30)
    lenient.advance(by="1h")
    assert lenient.status(made)[0] == "READY"
    assert changed.get("inactiveTimeout", 0) == 0
    assert lenient.put_state(lenient.state()).status_code == 200


# What a refusal says -------------------------------------------------------------------------


@pytest.mark.parametrize("value", [True, 1.5, [], {}])
def test_a_count_of_another_type_is_named_plainly(v2, deployment, value):
    """The field, and nothing of how it was read."""
    body = {"maxConcurrentRequestsPerReplica": value}
    error = refused(v2.patch(v2.at(deployment), json=body), "invalid_type", "INVALID_ARGUMENT")
    assert error["param"] == "maxConcurrentRequestsPerReplica"


@pytest.mark.parametrize("value", ["5", 5])
def test_a_count_is_a_number_or_a_text(v2, deployment, value):
    """It is shown as a text."""
    shown = v2.change(deployment, maxConcurrentRequestsPerReplica=value)
    assert shown["maxConcurrentRequestsPerReplica"] == "5"


@pytest.mark.parametrize("name", [f"other/{LONG}", f"-{LONG}"])
def test_a_refusal_repeats_no_more_than_a_line_of_a_name(v2, name):
    """A name may be as long as a body."""
    answer = v2.post(v2.endpoints, json={"name": name})
    assert answer.status_code == 400
    assert len(answer.text) < 500


def test_a_bad_mask_is_shown_as_it_was_sent(v2, deployment):
    """Not as it is spelled within, and not at any length."""
    answer = v2.patch(v2.at(deployment), params={"updateMask": "minReplicasX"}, json={})
    assert refused(answer, "v2_bad_mask")["message"].endswith(": minReplicasX")
    answer = v2.patch(v2.at(deployment), params={"updateMask": LONG}, json={})
    assert len(refused(answer, "v2_bad_mask")["message"]) < 200


@pytest.mark.parametrize("body", [{}, {"scaleUp": {}}, {"scalingMetrics": []}])
def test_an_autoscaling_that_says_nothing_is_no_field(v2, deployment, body):
    """Nothing to update, so nothing is updated."""
    refused(scaled(v2, deployment, **body), "v2_no_fields")
    assert v2.now(deployment)["etag"] == deployment["etag"]


@pytest.mark.parametrize("parts", [(-5,), (True,), ("a",), (), (0, 0), (1, 2, 3), (None,)])
def test_a_cursor_of_a_list_in_one_piece_is_one_count(v2, parts):
    """Whatever else it is, is none of such a list."""
    for path in ("/v2/supported-models", f"{v2.root}/configs", f"{v2.root}/placement-profiles"):
        refused(v2.get(path, params={"after": cursor(*parts)}), "v2_bad_cursor")


@pytest.mark.parametrize("path", ["/v1/supported-modelsX", "/v1/supported-models-list"])
def test_an_alias_is_a_whole_path(api, path):
    """What only begins like one is unknown."""
    assert api.get(path).status_code == 404
    assert api.get("/v1/supported-models").status_code == 200


@pytest.mark.parametrize("year", ["0001", "1900", "2300", "9999"])
def test_bounds_of_time_may_be_of_any_year(v2, year):
    """As in filters; a range that ends before it begins is refused all the same."""
    path = v2.at(v2.create())
    at = f"{year}-01-01T00:00:00Z"
    whole = len(v2.got(f"{path}/events")["data"])
    early = year < "2026"
    assert len(v2.got(f"{path}/events", since=at)["data"]) == (whole if early else 0)
    assert len(v2.got(f"{path}/events", until=at)["data"]) == (0 if early else whole)
    found = v2.got(f"{path}/analytics", **{"startTime" if early else "endTime": at})
    assert found["endpointId"] == path.rpartition("/")[2]
    refused(v2.get(f"{path}/events", params={"since": "soon"}), "bad_instant", "INVALID_ARGUMENT")


def test_a_new_name_is_shown_by_v1_as_well(v2):
    """Unless a display name of its own was given."""
    endpoint = v2.create("old")
    v2.deploy(endpoint)
    v2.change(endpoint, name="new")
    assert v2.api.endpoint(endpoint["id"])["display_name"] == f"{v2.slug}/new"
    own = v2.api.create(display_name="Mine")
    v2.change(own, name="other")
    assert v2.api.endpoint(own["id"])["display_name"] == "Mine"
