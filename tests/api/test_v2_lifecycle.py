"""A deployment's life in v2's words: states and messages, bounds, and how time passes."""

import pytest
from phases import PROVISIONING, READY, STARTING, STOPPED, STOPPING, TIMED_OUT
from process.serving import FROZEN, Served
from rehearsal import HOUR, add_fault, control, now, pool, put_pools, timeline
from support import V2, refused, status_of

ZERO = {"minReplicas": 0, "maxReplicas": 0}
ONE = {"minReplicas": 1, "maxReplicas": 1}


# The table -------------------------------------------------------------------------------


def test_the_life_of_a_deployment_by_the_fast_preset(v2, endpoint):
    """Every state at its instant, in the deployment, its list and its endpoint."""
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 2})
    assert status_of(made) == PROVISIONING
    seen = []
    for pause in (0.499999, 0.000001, 1.499999, 0.000001):
        v2.advance(by=pause)
        seen.append((v2.status(made), v2.counts(made)))
        assert v2.got(v2.at(endpoint, "deployments"))["data"] == [v2.now(made)]
        (summary,) = v2.now(endpoint)["deployments"]
        assert summary["state"] == v2.now(made)["status"]["state"]
        assert (summary["readyReplicas"], summary["desiredReplicas"]) == seen[-1][1][::2]
    assert seen == [
        (PROVISIONING, (0, 2, 2)),
        (STARTING, (0, 2, 2)),
        (STARTING, (0, 2, 2)),
        (READY, (2, 2, 2)),
    ]
    assert status_of(v2.bounds(made, 0, 0)) == STOPPING
    assert v2.counts(made) == (0, 2, 0)
    v2.advance(by=0.499999)
    assert v2.status(made) == STOPPING
    v2.advance(by=0.000001)
    assert v2.status(made) == STOPPED
    assert v2.counts(made) == (0, 0, 0)
    v2.advance(by="30d")
    assert v2.status(made) == STOPPED
    assert status_of(v2.bounds(made, 1, 3)) == PROVISIONING
    v2.advance(by=2)
    assert v2.status(made) == READY
    assert v2.counts(made) == (1, 1, 1)


def test_the_instant_preset_is_ready_at_the_next_read(v2, endpoint):
    """Each answer shows the state that was asked for, the next one where that leads."""
    v2.preset("instant")
    made = v2.deploy(endpoint)
    assert status_of(made) == PROVISIONING
    assert v2.status(made) == READY
    assert status_of(v2.bounds(made, 2, 2)) == STARTING
    assert v2.status(made) == READY
    assert status_of(v2.bounds(made, 1, 1)) == ("SCALING", "Scaling down")
    assert v2.status(made) == READY
    assert status_of(v2.bounds(made, 0, 0)) == STOPPING
    assert v2.status(made) == STOPPED
    assert status_of(v2.bounds(made, 1, 1)) == PROVISIONING
    assert v2.status(made) == READY
    assert now(v2) == 0


def test_the_realistic_preset_takes_its_time(v2, endpoint):
    """20 to 40 s, then 180 to 480 s; 15 to 30 s to stop."""
    v2.preset("realistic")
    made = v2.deploy(endpoint)
    v2.run_until(made["id"], "STARTING")
    assert 20 <= now(v2) <= 40
    begun = now(v2)
    v2.run_until(made["id"], "STARTED")
    assert 180 <= now(v2) - begun <= 480
    assert v2.status(made) == READY
    begun = now(v2)
    v2.bounds(made, 0, 0)
    v2.run_until(made["id"], "STOPPED")
    assert 15 <= now(v2) - begun <= 30


def test_the_manual_preset_waits_to_be_moved(v2, endpoint):
    """By the control plane, by the deployment's id; and it too gives up after six hours."""
    v2.preset("manual")
    made = v2.deploy(endpoint)
    v2.advance(by="5h")
    assert v2.status(made) == PROVISIONING
    for word, shown in (("STARTING", STARTING), ("STARTED", READY)):
        assert control(v2.api, made, "transition", to=word).status_code == 200
        assert v2.status(made) == shown
    v2.advance(by="30d")
    assert v2.status(made) == READY
    assert status_of(v2.bounds(made, 0, 0)) == STOPPING
    v2.advance(by="30d")
    assert v2.status(made) == STOPPING
    control(v2.api, made, "transition", to="STOPPED")
    assert v2.status(made) == STOPPED


def test_what_is_created_with_bounds_of_0_is_stopped(v2, endpoint):
    """From the first answer on, at no cost; it is started by others."""
    made = v2.deploy(endpoint, autoscaling=ZERO)
    assert status_of(made) == STOPPED
    assert v2.counts(made) == (0, 0, 0)
    v2.advance(by="1d")
    assert v2.status(made) == STOPPED
    assert v2.get("/_mock/billing").json()["total"] == "0"
    assert status_of(v2.bounds(made, 1, 1)) == PROVISIONING


def test_a_stop_while_it_is_scheduled_is_over_at_once(v2, endpoint):
    """What has started has to drain."""
    first, second = v2.deploy(endpoint, "first"), v2.deploy(endpoint, "second")
    assert status_of(v2.bounds(first, 0, 0)) == STOPPED
    v2.run_until(second["id"], "STARTING")
    assert status_of(v2.bounds(second, 0, 0)) == STOPPING
    v2.advance(by=0.5)
    assert v2.status(second) == STOPPED


def test_a_stop_that_stops_already_changes_nothing(v2, endpoint):
    """Bounds of 0 once more; STOPPING goes on, STOPPED and FAILED stay."""
    made = v2.deploy(endpoint)
    v2.advance(by=2)
    v2.bounds(made, 0, 0)
    v2.advance(by=0.25)
    assert status_of(v2.bounds(made, 0, 0)) == STOPPING
    v2.advance(by=0.25)
    assert v2.status(made) == STOPPED
    assert status_of(v2.bounds(made, 0, 0)) == STOPPED
    other = v2.deploy(endpoint, "other")
    control(v2.api, other, "transition", to="ERROR")
    assert status_of(v2.bounds(other, 0, 0))[0] == "FAILED"


# Restarts --------------------------------------------------------------------------------


def test_a_restart_while_it_stops_is_refused(v2, endpoint):
    """It has to be stopped first."""
    made = v2.deploy(endpoint)
    v2.advance(by=2)
    stopping = v2.bounds(made, 0, 0)
    error = refused(v2.ask_change(made, autoscaling=ONE), "v2_restart_stopping")
    assert error["message"] == "the deployment must be stopped before it can be restarted"
    assert v2.now(made) == stopping
    v2.advance(by=0.5)
    assert status_of(v2.bounds(made, 1, 1)) == PROVISIONING


def test_a_failed_deployment_stays_failed(v2, endpoint):
    """Terminal: no bounds restart it; it can be renamed and deleted."""
    made = v2.deploy(endpoint)
    control(v2.api, made, "transition", to="ERROR", reason="engine_oom")
    failed = v2.now(made)
    assert status_of(failed) == ("FAILED", "Startup failed: engine_oom")
    assert v2.counts(made) == (0, 0, 0)
    for bounds in (ONE, {"minReplicas": 1}, {"maxReplicas": 3}):
        error = refused(v2.ask_change(made, autoscaling=bounds), "v2_restart_failed")
        assert error["message"] == (
            "the deployment is in a terminal FAILED state and cannot be restarted; "
            "create a new deployment"
        )
    assert v2.now(made) == failed
    assert v2.change(made, name="old")["name"].endswith("/old")
    assert v2.delete(v2.at(made)).json() == {}


@pytest.mark.parametrize("state", ["STOPPING", "STOPPED", "ERROR"])
def test_only_bounds_ask_for_a_restart(v2, endpoint, state):
    """A deployment that stopped by itself keeps its bounds; windows and metrics start nothing."""
    made = v2.deploy(endpoint, inactiveTimeout=30)
    if state == "ERROR":
        control(v2.api, made, "transition", to="ERROR")
    else:
        v2.run_until(made["id"], state)
    before = v2.now(made)
    assert before["autoscaling"]["minReplicas"] == 1
    changed = v2.change(made, autoscaling={"scaleDownWindow": "60s"})
    assert changed["status"] == before["status"]
    assert changed["autoscaling"] == {**before["autoscaling"], "scaleDownWindow": "60s"}
    changed = v2.change(made, "autoscaling.scaleUpWindow", autoscaling={**ONE})
    assert changed["status"] == before["status"]
    if state == "STOPPED":
        assert status_of(v2.change(made, autoscaling={"minReplicas": 1})) == PROVISIONING


def test_a_stopped_deployment_keeps_its_weight(v2):
    """It never restarts by itself, whoever asks; started, it answers as before."""
    endpoint, deployment = v2.served()
    v2.bounds(deployment, 0, 0)
    assert v2.now(endpoint)["trafficSplit"] == endpoint["trafficSplit"]
    v2.advance(by="1d")
    for _ in range(3):
        refused(v2.chat(endpoint["name"]), "routing_error")
    assert v2.status(deployment) == STOPPED
    v2.bounds(deployment, 1, 1)
    v2.advance(by=2)
    assert v2.chat(endpoint["name"]).status_code == 200


# Scaling by bounds -----------------------------------------------------------------------


def test_bounds_of_what_is_ready_are_followed_at_once(v2, endpoint):
    """SCALING until the replicas are there, or gone; it serves all the while."""
    made = v2.deploy(endpoint)
    v2.advance(by=2)
    assert status_of(v2.bounds(made, 3, 3)) == STARTING
    assert v2.counts(made) == (1, 3, 3)
    v2.advance(by=1.499999)
    assert v2.status(made) == STARTING
    assert v2.chat(f"{endpoint['name']}/main").status_code == 200
    v2.advance(by=0.000001)
    assert v2.status(made) == READY
    assert v2.counts(made) == (3, 3, 3)
    assert status_of(v2.bounds(made, 1, 2)) == ("SCALING", "Scaling down")
    assert v2.counts(made) == (2, 3, 2)
    v2.advance(by=0.499999)
    assert v2.status(made) == ("SCALING", "Scaling down")
    v2.advance(by=0.000001)
    assert v2.status(made) == READY
    assert v2.counts(made) == (2, 2, 2)


def test_bounds_that_hold_already_scale_nothing(v2, endpoint):
    """READY stays READY."""
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 2})
    v2.advance(by=2)
    assert status_of(v2.bounds(made, 1, 5)) == READY
    assert v2.counts(made) == (2, 2, 2)
    assert v2.now(made)["desiredReplicas"] == 2


def test_bounds_may_change_on_the_way_up(v2, endpoint):
    """It is ready with what the last of them ask for."""
    made = v2.deploy(endpoint)
    v2.advance(by=1)
    assert status_of(v2.bounds(made, 3, 3)) == STARTING
    v2.advance(by=1)
    assert v2.status(made) == STARTING
    v2.advance(by=1.5)
    assert v2.status(made) == READY
    assert v2.counts(made) == (3, 3, 3)


# How time passes -------------------------------------------------------------------------


def play(v2, jumps):
    """A day of one endpoint with three deployments, in jumps of some length (seconds)."""
    put_pools(v2.api, pool(5))
    endpoint = v2.create()
    policy = {"type": "SCALING_POLICY_TYPE_PODS", "value": 1, "periodSeconds": 90}
    rules = {"policies": [policy]}
    scaling = {"minReplicas": 1, "maxReplicas": 4, "scaleUp": rules, "scaleDown": rules}
    made = [
        v2.deploy(endpoint, "scaled", autoscaling={**scaling, "scaleUpWindow": "45s"}),
        v2.deploy(endpoint, "idle", autoscaling={**ONE, "scaleToZeroWindow": "2000s"}),
        v2.deploy(endpoint, "stuck", autoscaling={"minReplicas": 5}),
    ]
    v2.split(endpoint, {made[0]["id"]: 1, made[1]["id"]: 3})
    curve = {"endpoint": made[0]["id"], "curve": "sine:0:40:2h"}
    assert v2.post("/_mock/load", json=curve).status_code == 200
    end, at = 8 * HOUR, 0
    while at < end:
        step = min(jumps, end - at)
        v2.advance(by=step)
        at += step
    shown = {
        one["name"].rpartition("/")[2]: (status_of(one), one["desiredReplicas"], one["autoscaling"])
        for one in v2.got(v2.at(endpoint, "deployments"))["data"]
    }
    return shown, [timeline(v2.api, one) for one in made], v2.get("/_mock/billing").json()["total"]


def test_one_jump_is_many_small_ones(server):
    """With windows, policies, idleness and six hours, of which each step is the same."""
    runs = [play(V2(server.api()), jump) for jump in (8 * HOUR, 613.37, 90)]
    whole = runs[0]
    assert whole[0]["stuck"][0] == TIMED_OUT
    assert whole[0]["idle"][0] == STOPPED
    assert len(whole[1][0]["replicas"]) > 20
    assert runs[1] == runs[2] == whole


def test_a_database_keeps_deployments_as_they_are(tmp_path, start_server):
    """Whatever they are doing: states, splits, windows, policies, tags; and they go on so."""

    def begin(v2):
        endpoint, ready = v2.served(
            autoscaling={
                "minReplicas": 1,
                "maxReplicas": 9,
                "scaleToZeroWindow": "7200s",
                "scaleUp": {
                    "policies": [
                        {"type": "SCALING_POLICY_TYPE_PODS", "value": 1, "periodSeconds": 600}
                    ]
                },
            },
            placement={"inline": {"regions": ["us-east-1a"]}},
            maxConcurrentRequestsPerReplica="7",
        )
        v2.post("/_mock/load", json={"endpoint": ready["id"], "curve": "step:0:40:60s"})
        stopping = v2.deploy(endpoint, "stopping")
        v2.advance(by="5m")
        v2.bounds(stopping, 0, 0)
        v2.deploy(endpoint, "starting", inactiveTimeout=30)
        add_fault(v2.api, "stuck_pending", times=1)
        v2.deploy(endpoint, "stuck")
        v2.change(endpoint, visibility="VISIBILITY_INTERNAL")
        return endpoint

    def shown(v2, endpoint):
        return v2.now(endpoint), v2.got(v2.at(endpoint, "deployments"))["data"]

    def ends(v2, endpoint):
        v2.advance(by="7h")
        return shown(v2, endpoint), [
            timeline(v2.api, one) for one in v2.got(v2.at(endpoint, "deployments"))["data"]
        ]

    file = tmp_path / "store.db"
    with Served(*FROZEN, "--database", file) as served:
        v2 = V2(served.api("kept"))
        endpoint = begin(v2)
        before, cluster = shown(v2, endpoint), v2.chat(endpoint["name"]).headers["x-cluster"]
        v2.get("/_mock/state")
        served.kill()
    with Served(*FROZEN, "--database", file) as served:
        v2 = V2(served.api("kept"))
        assert shown(v2, endpoint) == before
        assert v2.chat(endpoint["name"]).headers["x-cluster"] == cluster
        broken = ends(v2, endpoint)
    unbroken = V2(start_server().api("kept"))
    begin(unbroken)
    for _ in range(2):
        unbroken.chat(endpoint["name"])
    assert ends(unbroken, endpoint) == broken
