"""A deployment's life in v2's words where it is disturbed: faults, holds, polls."""

import pytest
from phases import READY, STARTING, STOPPED, STOPPING
from rehearsal import add_fault, control, now, put_profile, seconds, timeline
from support import refused, status_of

ONE = {"minReplicas": 1, "maxReplicas": 1}


# Faults, holds, and who reads ------------------------------------------------------------


def test_a_crash_is_degraded_until_the_replica_is_back(v2, endpoint):
    """What is left goes on serving."""
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 2})
    v2.advance(by=2)
    add_fault(v2.api, "replica_crash", times=1)
    assert v2.status(made) == ("DEGRADED", "Not ready: 1 of 2 replicas are ready")
    assert v2.counts(made) == (1, 2, 2)
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
    refused(v2.ask_change(made, autoscaling=ONE), "v2_restart_failed")
    assert v2.delete(v2.at(made)).status_code == 200


def test_a_stop_that_hangs_stays_stopping(v2, endpoint):
    """And can be deleted all the same."""
    add_fault(v2.api, "stop_hangs", times=1)
    made = v2.deploy(endpoint)
    v2.advance(by=2)
    v2.bounds(made, 0, 0)
    v2.advance(by="30d")
    assert v2.status(made) == STOPPING
    refused(v2.ask_change(made, autoscaling=ONE), "v2_restart_stopping")
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
