"""When a deployment of v2 ends by itself: never ready for six hours, or idle."""

import pytest
from phases import NO_GPUS, READY, STARTING, STOPPED, STOPPING, TIMED_OUT
from rehearsal import (
    HOUR,
    add_fault,
    advance,
    control,
    history,
    now,
    pool,
    put_pools,
    put_profile,
    timeline,
)
from support import refused

ONE = {"minReplicas": 1, "maxReplicas": 1}


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
    assert v2.counts(made) == (0, 0, 0)
    refused(v2.ask_change(made, autoscaling=ONE), "v2_restart_failed")
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
