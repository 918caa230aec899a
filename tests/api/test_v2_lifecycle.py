"""A deployment's life in v2's words: states and messages, instants, idleness, failures."""

import pytest
from process.serving import FROZEN, Served
from rehearsal import (
    add_fault,
    advance,
    control,
    history,
    pool,
    put_pools,
    put_profile,
    seconds,
    timeline,
)
from support import V2, refused, status_of

HOUR = 3600
PROVISIONING = ("PROVISIONING", "Scheduling replicas")
STARTING = ("SCALING", "Starting replicas")
READY = ("READY", "All replicas ready")
NO_GPUS = ("DEGRADED", "Cannot place replicas: insufficient GPU capacity")
STOPPING = ("STOPPING", "Draining replicas")
STOPPED = ("STOPPED", "Deployment is stopped")
TIMED_OUT = ("FAILED", "Timed out waiting for readiness")
ZERO = {"minReplicas": 0, "maxReplicas": 0}
ONE = {"minReplicas": 1, "maxReplicas": 1}


@pytest.fixture
def endpoint(v2):
    return v2.create()


def patch(v2, deployment, **body):
    return v2.patch(v2.at(deployment), json=body)


def now(v2):
    return seconds(v2.get("/_mock/clock").json()["now"])


def counts(v2, deployment):
    """Ready, scheduled and desired replicas."""
    shown = v2.now(deployment)
    status = shown["status"]
    return status["readyReplicas"], status["scheduledReplicas"], shown["desiredReplicas"]


# The table -------------------------------------------------------------------------------


def test_the_life_of_a_deployment_by_the_fast_preset(v2, endpoint):
    """Every state at its instant, in the deployment, its list and its endpoint."""
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 2})
    assert status_of(made) == PROVISIONING
    seen = []
    for pause in (0.499999, 0.000001, 1.499999, 0.000001):
        v2.advance(by=pause)
        seen.append((v2.status(made), counts(v2, made)))
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
    assert counts(v2, made) == (0, 2, 0)
    v2.advance(by=0.499999)
    assert v2.status(made) == STOPPING
    v2.advance(by=0.000001)
    assert v2.status(made) == STOPPED
    assert counts(v2, made) == (0, 0, 0)
    v2.advance(by="30d")
    assert v2.status(made) == STOPPED
    assert status_of(v2.bounds(made, 1, 3)) == PROVISIONING
    v2.advance(by=2)
    assert v2.status(made) == READY
    assert counts(v2, made) == (1, 1, 1)


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
    assert counts(v2, made) == (0, 0, 0)
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
    error = refused(patch(v2, made, autoscaling=ONE), "v2_restart_stopping")
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
    assert counts(v2, made) == (0, 0, 0)
    for bounds in (ONE, {"minReplicas": 1}, {"maxReplicas": 3}):
        error = refused(patch(v2, made, autoscaling=bounds), "v2_restart_failed")
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
    assert counts(v2, made) == (1, 3, 3)
    v2.advance(by=1.499999)
    assert v2.status(made) == STARTING
    assert v2.chat(f"{endpoint['name']}/main").status_code == 200
    v2.advance(by=0.000001)
    assert v2.status(made) == READY
    assert counts(v2, made) == (3, 3, 3)
    assert status_of(v2.bounds(made, 1, 2)) == ("SCALING", "Scaling down")
    assert counts(v2, made) == (2, 3, 2)
    v2.advance(by=0.499999)
    assert v2.status(made) == ("SCALING", "Scaling down")
    v2.advance(by=0.000001)
    assert v2.status(made) == READY
    assert counts(v2, made) == (2, 2, 2)


def test_bounds_that_hold_already_scale_nothing(v2, endpoint):
    """READY stays READY."""
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 2})
    v2.advance(by=2)
    assert status_of(v2.bounds(made, 1, 5)) == READY
    assert counts(v2, made) == (2, 2, 2)
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
    assert counts(v2, made) == (3, 3, 3)


# Six hours -------------------------------------------------------------------------------


def stuck_by_fault(v2, endpoint):
    add_fault(v2.api, "stuck_pending", times=1)
    return v2.deploy(endpoint)


def stuck_by_capacity(v2, endpoint):
    put_pools(v2.api, pool(0))
    return v2.deploy(endpoint)


def stuck_by_preset(v2, endpoint):
    v2.preset("manual")
    return v2.deploy(endpoint)


def stuck_by_profile(v2, endpoint):
    put_profile(v2.api, "slow", ("STARTING", "STARTED", "7h"))
    return v2.deploy(endpoint)


def stuck_by_hold(v2, endpoint):
    made = v2.deploy(endpoint)
    control(v2.api, made, "hold", before="STARTED")
    return made


STUCK = [stuck_by_fault, stuck_by_capacity, stuck_by_preset, stuck_by_profile, stuck_by_hold]


@pytest.mark.parametrize("stuck", STUCK)
def test_what_is_never_ready_fails_after_six_hours(v2, endpoint, stuck):
    """To the microsecond, for good; what holds it back does not matter."""
    v2.advance(by=1.5)
    made = stuck(v2, endpoint)
    due = timeline(v2.api, made)["next"]
    assert due is None or due["to"] in ("ERROR", "STARTING", "STARTED")
    v2.advance(by="5h59m59.999999s")
    assert v2.status(made)[0] in ("PROVISIONING", "SCALING", "DEGRADED")
    v2.advance(by=0.000001)
    assert v2.status(made) == TIMED_OUT
    assert history(v2.api, made)[-1] == (6 * HOUR + 1.5, "ERROR")
    assert counts(v2, made) == (0, 0, 0)
    refused(patch(v2, made, autoscaling=ONE), "v2_restart_failed")
    v2.preset("fast")
    put_pools(v2.api)
    v2.advance(by="1d")
    assert v2.status(made) == TIMED_OUT


def test_a_jump_past_the_six_hours_ends_at_them(v2, endpoint):
    """The clock may be anywhere; the failure is at its own instant."""
    made = stuck_by_capacity(v2, endpoint)
    advance(v2.api, "30d")
    assert history(v2.api, made)[-1] == (6 * HOUR, "ERROR")


def test_a_start_within_the_six_hours_ends_them(v2, endpoint):
    """What was ready once is never given up; a restart has six hours of its own."""
    put_pools(v2.api, pool(0))
    made = v2.deploy(endpoint)
    v2.advance(by="5h59m")
    put_pools(v2.api, pool(1))
    v2.advance(by=2)
    assert v2.status(made) == READY
    v2.bounds(made, 2, 2)
    v2.advance(by="7h")
    assert v2.status(made) == NO_GPUS
    v2.bounds(made, 0, 0)
    v2.advance(by=1)
    put_pools(v2.api, pool(0))
    v2.bounds(made, 1, 1)
    v2.advance(by="5h59m59.999999s")
    assert v2.status(made) == NO_GPUS
    v2.advance(by=0.000001)
    assert v2.status(made) == TIMED_OUT


def test_new_bounds_in_the_queue_give_no_new_time(v2, endpoint):
    """The six hours run from when it asked to run."""
    put_pools(v2.api, pool(0))
    made = v2.deploy(endpoint)
    v2.advance(by="3h")
    v2.bounds(made, 2, 3)
    v2.advance(by="3h")
    assert v2.status(made) == TIMED_OUT


def test_a_failure_lets_the_next_one_in(v2, endpoint):
    """Who waited behind it for the same pool is placed at that instant."""
    put_pools(v2.api, pool(1))
    large = v2.deploy(endpoint, "large", autoscaling={"minReplicas": 1})
    control(v2.api, large, "hold", before="STARTED")
    v2.advance(by="1h")
    small = v2.deploy(endpoint, "small")
    v2.advance(by="5h")
    assert v2.status(large) == TIMED_OUT
    assert v2.status(small) == STARTING
    v2.advance(by=1.5)
    assert v2.status(small) == READY


def test_a_v1_endpoint_waits_for_ever(v2):
    """The six hours are v2's."""
    put_pools(v2.api, pool(0))
    made = v2.api.create()
    v2.advance(by="30d")
    assert v2.state_of(made["id"]) == "PENDING"
    (summary,) = v2.got(v2.endpoints)["data"][0]["deployments"]
    assert summary["state"] == "DEPLOYMENT_STATE_DEGRADED"


# Idleness --------------------------------------------------------------------------------


IDLE = {
    "scaleToZeroWindow": {"autoscaling": {**ONE, "scaleToZeroWindow": "1800s"}},
    "inactiveTimeout": {"inactiveTimeout": 30},
    "both": {
        "autoscaling": {**ONE, "scaleToZeroWindow": "1800s"},
        "inactiveTimeout": 60,
    },
    "other way round": {
        "autoscaling": {**ONE, "scaleToZeroWindow": "7200s"},
        "inactiveTimeout": 30,
    },
}


@pytest.mark.parametrize("fields", IDLE.values(), ids=IDLE)
def test_without_requests_it_stops(v2, fields):
    """Half an hour after it began to serve, or after the last request; the shorter limit counts."""
    endpoint, deployment = v2.served(**fields)
    v2.advance(by="20m")
    assert v2.chat(endpoint["name"]).status_code == 200
    v2.advance(by="29m59.999999s")
    assert v2.status(deployment) == READY
    v2.advance(by=0.000001)
    assert v2.status(deployment) == STOPPING
    assert history(v2.api, deployment)[-1] == (2 + 50 * 60, "STOPPING")
    v2.advance(by=1)
    assert v2.status(deployment) == STOPPED
    shown = v2.now(deployment)
    assert shown["autoscaling"] == deployment["autoscaling"]
    assert shown["autoscaling"]["minReplicas"] == 1


def test_requests_by_any_name_keep_it_alive(v2):
    """The endpoint's and its own; one of another deployment does not."""
    endpoint, deployment = v2.served(inactiveTimeout=30)
    other = v2.deploy(endpoint, "other", inactiveTimeout=30)
    v2.run_until(other["id"], "STARTED")
    for name in (endpoint["name"], f"{endpoint['name']}/main"):
        v2.advance(by="25m")
        assert v2.chat(name).status_code == 200
    assert v2.status(deployment) == READY
    assert v2.status(other) == STOPPED


def test_a_limit_set_late_counts_from_the_last_request(v2):
    """One that has passed already stops it at once; none lets it be."""
    endpoint, deployment = v2.served()
    v2.advance(by="1h")
    v2.chat(endpoint["name"])
    v2.advance(by="20m")
    v2.change(deployment, inactiveTimeout=30)
    v2.advance(by="9m59.999999s")
    assert v2.status(deployment) == READY
    v2.change(deployment, "inactiveTimeout")
    v2.advance(by="1d")
    assert v2.status(deployment) == READY
    changed = v2.change(deployment, autoscaling={"scaleToZeroWindow": "60s"})
    assert changed["autoscaling"]["scaleToZeroWindow"] == "60s"
    assert v2.status(deployment) == STOPPING
    assert history(v2.api, deployment)[-1] == (now(v2), "STOPPING")


def test_a_window_of_0_never_stops_it(v2):
    """Like a timeout of 0; and taken off by its path."""
    _, deployment = v2.served(autoscaling={**ONE, "scaleToZeroWindow": "0s"}, inactiveTimeout=0)
    v2.advance(by="30d")
    assert v2.status(deployment) == READY
    assert deployment["autoscaling"]["scaleToZeroWindow"] == "0s"
    cleared = v2.change(deployment, "autoscaling.scaleToZeroWindow")
    assert "scaleToZeroWindow" not in cleared["autoscaling"]
    v2.advance(by="30d")
    assert v2.status(deployment) == READY


# Faults, holds, and who reads ------------------------------------------------------------


def test_a_crash_is_degraded_until_the_replica_is_back(v2, endpoint):
    """What is left goes on serving."""
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 2})
    v2.advance(by=2)
    add_fault(v2.api, "replica_crash", times=1)
    assert v2.status(made) == ("DEGRADED", "Not ready: 1 of 2 replicas are ready")
    assert counts(v2, made) == (1, 2, 2)
    assert v2.chat(f"{endpoint['name']}/main").status_code == 200
    v2.advance(by=1.5)
    assert v2.status(made) == READY


def test_a_crash_of_the_only_replica_leaves_nothing_to_route_to(v2):
    """503 until its replacement is ready."""
    endpoint, deployment = v2.served()
    add_fault(v2.api, "replica_crash", times=1)
    assert v2.status(deployment) == ("DEGRADED", "Not ready: 0 of 1 replicas are ready")
    refused(v2.chat(endpoint["name"]), "routing_error")
    assert v2.now(deployment)["estimatedEffectiveTrafficShare"] == 0
    v2.advance(by=1.5)
    assert v2.chat(endpoint["name"]).status_code == 200


@pytest.mark.parametrize(
    ("effect", "message", "ends"),
    [
        ("slow_start", "Startup stalled: slow_start", READY),
        ("start_error", "Startup stalled: start_error", ("FAILED", "Startup failed: start_error")),
    ],
)
def test_a_start_that_stalls_is_degraded(v2, endpoint, effect, message, ends):
    """Until it is over, one way or the other."""
    add_fault(v2.api, effect, times=1)
    made = v2.deploy(endpoint)
    v2.advance(by=0.5)
    assert v2.status(made) == ("DEGRADED", message)
    v2.advance(by=15)
    assert v2.status(made) == ends


def test_a_profile_may_let_it_fail(v2, endpoint):
    """With its reason; the profile is chosen by the hardware's id of v1."""
    put_profile(
        v2.api,
        "flaky",
        ("STARTING", "ERROR", "9m", {"reason": "engine_oom"}),
        select={"hardware": "2x_*h100*"},
    )
    made = v2.deploy(endpoint)
    v2.advance(by="10m")
    assert v2.status(made) == ("FAILED", "Startup failed: engine_oom")


def test_a_teardown_can_fail(v2, endpoint):
    """STOPPING ends in FAILED, which is terminal as well."""
    made = v2.deploy(endpoint)
    v2.advance(by=2)
    put_profile(v2.api, "bad", ("STOPPING", "ERROR", "1m", {"reason": "teardown_failed"}))
    v2.bounds(made, 0, 0)
    v2.advance(by="1m")
    assert v2.status(made)[0] == "FAILED"
    refused(patch(v2, made, autoscaling=ONE), "v2_restart_failed")
    assert v2.delete(v2.at(made)).status_code == 200


def test_a_stop_that_hangs_stays_stopping(v2, endpoint):
    """And can be deleted all the same."""
    add_fault(v2.api, "stop_hangs", times=1)
    made = v2.deploy(endpoint)
    v2.advance(by=2)
    v2.bounds(made, 0, 0)
    v2.advance(by="30d")
    assert v2.status(made) == STOPPING
    refused(patch(v2, made, autoscaling=ONE), "v2_restart_stopping")
    assert v2.delete(v2.at(made)).status_code == 200


def test_a_deployment_is_held_by_its_id(v2, endpoint):
    """And released; others of the endpoint go on."""
    held, other = v2.deploy(endpoint, "held"), v2.deploy(endpoint, "other")
    assert control(v2.api, held, "hold", before="STARTED").status_code == 200
    v2.advance(by="1h")
    assert (v2.status(held), v2.status(other)) == (STARTING, READY)
    refused(control(v2.api, endpoint, "hold", before="STOPPED"), "several_deployments")
    assert control(v2.api, held, "release").status_code == 200
    assert v2.status(held) == READY


def test_an_endpoint_with_one_deployment_stands_for_it(v2, endpoint):
    """In every control route that takes an endpoint."""
    made = v2.deploy(endpoint)
    v2.run_until(endpoint["id"], "STARTED")
    assert timeline(v2.api, endpoint) == timeline(v2.api, made)
    assert control(v2.api, endpoint, "transition", to="ERROR").status_code == 200
    assert v2.status(made)[0] == "FAILED"


def test_a_timeline_tells_each_step_and_its_cause(v2, endpoint):
    """By the deployment's id; creation, update and idleness by name."""
    made = v2.deploy(endpoint, inactiveTimeout=30)
    v2.advance(by="1h")
    v2.bounds(made, 1, 1)
    v2.advance(by=1)
    v2.bounds(made, 0, 0)
    assert [
        (seconds(past["at"]), past["to"], past["cause"])
        for past in timeline(v2.api, made)["history"]
    ] == [
        (0, "PENDING", "api:createDeployment"),
        (0.5, "STARTING", "preset:fast"),
        (2, "STARTED", "preset:fast"),
        (1802, "STOPPING", "inactive_timeout"),
        (1802.5, "STOPPED", "preset:fast"),
        (3600, "PENDING", "api:updateDeployment"),
        (3600.5, "STARTING", "preset:fast"),
        (3601, "STOPPING", "api:updateDeployment"),
    ]


def test_a_poll_moves_the_clock_to_the_next_state(v2, endpoint):
    """Reads of one deployment are polls where that is asked for; no other read is."""
    v2.put("/_mock/clock", json={"on_poll": "next"})
    made = v2.deploy(endpoint)
    v2.now(endpoint)
    v2.got(v2.endpoints)
    v2.got(v2.at(endpoint, "deployments"))
    assert now(v2) == 0
    assert [v2.status(made) for _ in range(3)] == [STARTING, READY, READY]
    assert now(v2) == 2
    assert status_of(v2.bounds(made, 0, 0)) == STOPPING
    assert v2.status(made) == STOPPED
    assert now(v2) == 2.5


def test_a_poll_for_nothing_moves_nothing(v2, endpoint):
    """A deployment that is not there, or not of that endpoint, is unknown and polls nobody."""
    v2.put("/_mock/clock", json={"on_poll": "next"})
    made = v2.deploy(endpoint)
    other = v2.create("other")
    at = v2.at(other, "deployments")
    refused(v2.get(f"{at}/{made['id']}"), "v2_unknown_deployment")
    refused(v2.get(f"{at}/dep_unknown"), "v2_unknown_deployment")
    refused(v2.get(f"{v2.endpoints}/ep_unknown/deployments/{made['id']}"), "v2_unknown_endpoint")
    refused(v2.get(f"{at}/{endpoint['id']}"), "v2_unknown_deployment")
    assert now(v2) == 0


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
