"""v2's autoscaling: how a deployment follows its load, by windows, policies and metrics.

Preset fast: a replica is ready 1.5 s after it was asked for, and gone 0.5 s after it was not.
"""

import pytest
from rehearsal import HOUR, pool, put_load, put_pools, replicas
from support import refused, status_of

METRIC = {"name": "inflight_requests", "type": "METRIC_TARGET_TYPE_AVERAGE_VALUE", "target": 8}
NO_GPUS = ("DEGRADED", "Cannot place replicas: insufficient GPU capacity")


def pods(value, seconds):
    return {"type": "SCALING_POLICY_TYPE_PODS", "value": value, "periodSeconds": seconds}


def percent(value, seconds):
    return {"type": "SCALING_POLICY_TYPE_PERCENT", "value": value, "periodSeconds": seconds}


@pytest.fixture
def scaled(v2):
    """A deployment that serves since 2 s, of one to `most` replicas."""

    def make(most=4, **scaling):
        bounds = {"minReplicas": 1, "maxReplicas": most}
        return v2.served(autoscaling={**bounds, **scaling})[1]

    return make


def desired(v2, deployment, since=3):
    """The desired counts that were decided on, each at its instant (seconds)."""
    counts, seen = [], 1
    for at, _, wanted in replicas(v2.api, deployment, since):
        if wanted != seen:
            counts.append((at, wanted))
            seen = wanted
    return counts


# Requests in flight ----------------------------------------------------------------------


def test_the_default_is_eight_in_flight_up_at_once_down_after_five_minutes(v2, scaled):
    """17 in flight are more than two replicas take."""
    deployment = scaled()
    put_load(v2.api, deployment, "spike:1:17:1m:1m")
    v2.advance(by="1h")
    assert replicas(v2.api, deployment, since=3) == [
        (62, 1, 3),
        (63.5, 3, 3),
        (122 + 300, 1, 1),
    ]


def test_each_state_on_the_way_is_shown(v2, scaled):
    """SCALING up and down, READY between; desired is what the autoscaler wants."""
    deployment = scaled()
    put_load(v2.api, deployment, "spike:1:17:1m:1m")
    seen = []
    for to in (62, 63.5, 422, 422.5):
        v2.advance(to=f"2026-01-01T00:{int(to // 60):02}:{to % 60:04.1f}Z")
        shown = v2.now(deployment)
        status = shown["status"]
        seen.append((status_of(shown), status["readyReplicas"], shown["desiredReplicas"]))
    assert seen == [
        (("SCALING", "Starting replicas"), 1, 3),
        (("READY", "All replicas ready"), 3, 3),
        (("SCALING", "Scaling down"), 1, 1),
        (("READY", "All replicas ready"), 1, 1),
    ]


def test_the_target_and_the_windows_are_its_own(v2, scaled):
    """Said at creation, changed by an update, which counts from then on."""
    deployment = scaled(
        scaleUpWindow="30s",
        scaleDownWindow="10s",
        scalingMetrics=[{**METRIC, "target": 4}],
    )
    put_load(v2.api, deployment, "spike:1:16:1m:10m")
    v2.advance(by="20m")
    assert desired(v2, deployment) == [(92, 4), (662 + 10, 1)]
    v2.change(
        deployment,
        autoscaling={"scaleUpWindow": "0s", "scalingMetrics": [{**METRIC, "target": 16}]},
    )
    put_load(v2.api, deployment, "step:1:33:0s")
    assert v2.now(deployment)["desiredReplicas"] == 3


def test_a_window_that_is_changed_moves_a_decision_under_way(v2, scaled):
    """A fall that has been one for long enough by the new window is followed at once."""
    deployment = scaled()
    put_load(v2.api, deployment, "spike:1:32:1s:10s")
    v2.advance(by="2m")
    assert v2.now(deployment)["desiredReplicas"] == 4
    v2.change(deployment, autoscaling={"scaleDownWindow": "60s"})
    v2.advance(by=0)
    assert v2.now(deployment)["desiredReplicas"] == 1


def test_streams_in_flight_are_a_load(v2, scaled):
    """Of the endpoint's name; as many as are open."""
    v2.put("/_mock/preset", json={"preset": "fast", "inference": "realistic"})
    deployment = scaled(scalingMetrics=[{**METRIC, "target": 1}])
    body = {
        "model": f"{v2.slug}/first",
        "messages": [{"role": "user", "content": "Tell me more."}],
        "stream": True,
    }
    with v2.http.stream("POST", "/v1/chat/completions", json=body) as stream:
        assert stream.status_code == 200
        next(stream.iter_lines())
        assert v2.now(deployment)["desiredReplicas"] == 1
    assert stream.headers["x-cluster"]


def test_bounds_clamp_what_the_load_wants(v2, scaled):
    """Raised under load, the count follows; lowered, it gives back."""
    deployment = scaled(most=2)
    put_load(v2.api, deployment, "step:1:80:1m")
    v2.advance(by="10m")
    assert v2.now(deployment)["desiredReplicas"] == 2
    v2.bounds(deployment, 1, 6)
    assert v2.now(deployment)["desiredReplicas"] == 6
    assert v2.bounds(deployment, 1, 3)["desiredReplicas"] == 3
    assert v2.bounds(deployment, 5, 5)["desiredReplicas"] == 5


def test_a_restart_comes_up_with_what_the_load_wants(v2, scaled):
    """Not with the minimum first."""
    deployment = scaled()
    put_load(v2.api, deployment, "step:24:24:1m")
    v2.bounds(deployment, 0, 0)
    v2.advance(by=1)
    assert v2.bounds(deployment, 1, 4)["desiredReplicas"] == 3


def test_what_the_pool_lacks_is_degraded_until_it_is_there(v2, scaled):
    """Growth that was decided on waits."""
    put_pools(v2.api, pool(2))
    deployment = scaled()
    put_load(v2.api, deployment, "step:1:32:1m")
    v2.advance(by="2m")
    assert v2.status(deployment) == NO_GPUS
    shown = v2.now(deployment)
    assert (shown["status"]["readyReplicas"], shown["desiredReplicas"]) == (2, 4)
    put_pools(v2.api, pool(4))
    v2.advance(by=1.5)
    assert v2.status(deployment) == ("READY", "All replicas ready")


# Policies --------------------------------------------------------------------------------


def test_pods_a_minute(v2, scaled):
    """Two more each, from the instant of the first; then what is wanted."""
    deployment = scaled(most=9, scaleUp={"policies": [pods(2, 60)]})
    put_load(v2.api, deployment, "step:1:64:1m")
    v2.advance(by="1h")
    assert desired(v2, deployment) == [(62, 3), (122, 5), (182, 7), (242, 8)]


def test_percent_a_minute(v2, scaled):
    """Half again as many, rounded up; a fall by half, rounded down."""
    deployment = scaled(
        most=9,
        scaleDownWindow="0s",
        scaleUp={"policies": [percent(50, 60)]},
        scaleDown={"policies": [percent(50, 60)]},
    )
    put_load(v2.api, deployment, "spike:1:64:1m:10m")
    v2.advance(by="1h")
    assert desired(v2, deployment) == [
        (62, 2),
        (122, 3),
        (182, 5),
        (242, 8),
        (662, 4),
        (722, 2),
        (782, 1),
    ]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("MAX", [(62, 4), (122, 8)]),
        ("MIN", [(62, 2), (122, 4), (182, 7), (242, 8)]),
        (None, [(62, 4), (122, 8)]),
        ("DISABLED", []),
    ],
)
def test_a_selector_picks_one_of_several(v2, scaled, select, expected):
    """MAX without one; DISABLED holds steady."""
    rules = {"policies": [pods(3, 60), percent(100, 60)]}
    if select:
        rules["selectPolicy"] = f"SCALING_POLICY_SELECT_{select}"
    deployment = scaled(most=9, scaleUp=rules)
    put_load(v2.api, deployment, "step:1:64:1m")
    v2.advance(by="1h")
    assert desired(v2, deployment) == expected


def test_a_disabled_direction_keeps_what_a_spike_left(v2, scaled):
    """Until it is enabled again; bounds hold all the same."""
    disabled = {"selectPolicy": "SCALING_POLICY_SELECT_DISABLED"}
    deployment = scaled(scaleDown=disabled)
    put_load(v2.api, deployment, "spike:1:32:1m:1m")
    v2.advance(by="1d")
    assert desired(v2, deployment) == [(62, 4)]
    assert v2.bounds(deployment, 1, 3)["desiredReplicas"] == 3
    v2.change(deployment, "autoscaling.scaleDown.selectPolicy")
    v2.advance(by="1h")
    assert v2.now(deployment)["desiredReplicas"] == 1


def test_policies_that_are_lifted_let_the_rest_through(v2, scaled):
    """At the instant of the update, not at the end of the period."""
    deployment = scaled(most=9, scaleUp={"policies": [pods(1, 1800)]})
    put_load(v2.api, deployment, "step:1:64:1m")
    v2.advance(by="2m")
    assert v2.now(deployment)["desiredReplicas"] == 2
    v2.change(deployment, "autoscaling.scaleUp.policies", autoscaling={"scaleUp": {}})
    v2.advance(by=0)
    assert v2.now(deployment)["desiredReplicas"] == 8


def test_what_was_scaled_before_counts_for_a_policy_that_comes_later(v2, scaled):
    """As far as it is known: what was decided on while any policy was there."""
    deployment = scaled(most=20, scaleUp={"policies": [pods(3, 60)]})
    put_load(v2.api, deployment, "step:1:160:1m")
    v2.advance(by="90s")
    assert desired(v2, deployment) == [(62, 4)]
    v2.change(deployment, autoscaling={"scaleUp": {"policies": [pods(3, 600)]}})
    v2.advance(by="1h")
    assert desired(v2, deployment)[:3] == [(62, 4), (662, 7), (1262, 10)]


def test_bounds_are_followed_whatever_policies_say(v2, scaled):
    """They limit the autoscaler alone."""
    deployment = scaled(scaleUp={"policies": [pods(1, 600)]})
    assert v2.bounds(deployment, 4, 4)["desiredReplicas"] == 4
    assert v2.bounds(deployment, 1, 1)["desiredReplicas"] == 1


# Other metrics ---------------------------------------------------------------------------

OTHERS = {
    "gpu_utilization": "UTILIZATION",
    "token_utilization": "UTILIZATION",
    "cache_hit_rate": "UTILIZATION",
    "throughput_per_replica": "AVERAGE_VALUE",
    "active_sessions": "VALUE",
    "ttft": "VALUE",
    "decoding_speed": "VALUE",
    "e2e_latency": "VALUE",
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_metrics_leave_the_count_alone(v2, scaled, name):
    """They are taken and shown; nothing here moves them."""
    metric = {"name": name, "type": f"METRIC_TARGET_TYPE_{OTHERS[name]}", "target": 50.0}
    deployment = scaled(scalingMetrics=[metric])
    assert deployment["autoscaling"]["scalingMetrics"] == [metric]
    put_load(v2.api, deployment, "step:1:320:1m")
    v2.advance(by="1h")
    assert desired(v2, deployment) == []
    both = [metric, METRIC]
    changed = v2.change(deployment, autoscaling={"scalingMetrics": both})
    assert changed["autoscaling"]["scalingMetrics"] == [metric, {**METRIC, "target": 8.0}]
    assert v2.now(deployment)["desiredReplicas"] == 4


def test_a_switch_to_another_metric_keeps_the_count(v2, scaled):
    """Nothing says that it should fall; bounds still count."""
    deployment = scaled()
    put_load(v2.api, deployment, "step:1:32:1m")
    v2.advance(by="2m")
    other = {"name": "gpu_utilization", "type": "METRIC_TARGET_TYPE_UTILIZATION", "target": 80.0}
    v2.change(deployment, autoscaling={"scalingMetrics": [other]})
    put_load(v2.api, deployment, None)
    v2.advance(by="1h")
    assert v2.now(deployment)["desiredReplicas"] == 4
    assert v2.bounds(deployment, 1, 2)["desiredReplicas"] == 2


# Loads and idleness ----------------------------------------------------------------------


def test_a_load_keeps_a_deployment_from_being_idle(v2, scaled):
    """The window to zero begins where the load ends."""
    deployment = scaled(scaleToZeroWindow="600s")
    put_load(v2.api, deployment, "step:1:0:1h")
    v2.advance(by=f"{HOUR + 599.999999}s")
    assert v2.status(deployment)[0] == "READY"
    v2.advance(by=0.000001)
    assert v2.status(deployment)[0] == "STOPPING"


def test_a_load_is_put_on_one_deployment(v2, scaled):
    """By its id, or by its endpoint's while that has no other; each scales for itself."""
    first = scaled()
    endpoint = v2.got(v2.endpoints)["data"][0]
    put_load(v2.api, endpoint, "step:17:17:1m")
    assert v2.now(first)["desiredReplicas"] == 3
    second = v2.deploy(endpoint, "second", autoscaling={"minReplicas": 1, "maxReplicas": 9})
    v2.run_until(second["id"], "STARTED")
    answer = v2.post("/_mock/load", json={"endpoint": endpoint["id"], "curve": "step:1:9:1m"})
    refused(answer, "several_deployments")
    put_load(v2.api, second, "step:72:72:1m")
    assert v2.now(second)["desiredReplicas"] == 9
    assert v2.now(first)["desiredReplicas"] == 3


def test_shares_follow_the_ready_replicas(v2, scaled):
    """A deployment that grows takes more of the traffic as soon as its replicas are ready."""
    first = scaled()
    endpoint = v2.got(v2.endpoints)["data"][0]
    second = v2.deploy(endpoint, "second")
    v2.run_until(second["id"], "STARTED")
    v2.split(endpoint, {first["id"]: 1, second["id"]: 1})
    put_load(v2.api, first, "step:1:17:1m")

    def shares():
        return [v2.now(one)["estimatedEffectiveTrafficShare"] for one in (first, second)]

    v2.advance(by="1m")
    assert shares() == [0.5, 0.5]
    v2.advance(by=1.5)
    assert shares() == [0.75, 0.25]
    rows = v2.now(endpoint)["deployments"]
    assert [row["estimatedEffectiveTrafficShare"] for row in rows] == [0.25, 0.75]
