"""v2's events of an endpoint: what follows from what happened, in order."""

from chronicle import CONDITION, LOG, PHASE, STATUS, ids, info, listed, short, story, told, types
from rehearsal import add_fault, control, patch, pool, put_load, put_pools, timeline


def started(at=0.0):
    """The story of a start that begins at an instant, of a deployment that is there already."""
    return [
        info(at, STATUS, "PROVISIONING: Scheduling replicas"),
        info(at, CONDITION, "ReplicasProgressing"),
        info(at + 0.5, STATUS, "SCALING: Starting replicas"),
        info(at + 0.5, PHASE, "PullingImage"),
        info(at + 0.95, PHASE, "Starting"),
        info(at + 1.1, PHASE, "LoadingWeights"),
        info(at + 2.0, PHASE, "StartupComplete"),
        info(at + 2.0, STATUS, "READY: All replicas ready"),
        info(at + 2.0, CONDITION, "AllReplicasReady"),
    ]


# Pages --------------------------------------------------------------------------------------


def paged(v2, endpoint, limit, between=lambda: None, **params):
    """Everything in pages, newest first."""
    found, after = [], None
    while True:
        page = listed(v2, endpoint, limit=limit, **params, **({"after": after} if after else {}))
        found += page["data"]
        after = page["next_cursor"]
        if after is None:
            return found
        assert len(page["data"]) == limit
        between()


# What follows from what -------------------------------------------------------------------


def test_a_whole_life_is_told(v2):
    """Create, deploy, route, start, grow, stop, take out of the split, delete."""
    endpoint = v2.create()
    deployment = v2.deploy(endpoint)
    v2.split(endpoint, {deployment["id"]: 1})
    v2.advance(by=10)
    v2.bounds(deployment, 3, 3)
    v2.advance(by=10)
    v2.bounds(deployment, 0, 0)
    v2.advance(by=10)
    v2.split(endpoint, {})
    v2.delete(v2.at(deployment))
    start = started()
    assert story(v2, endpoint) == [
        info(0.0, "endpoint.created"),
        info(0.0, "deployment.created"),
        *start[:2],
        info(0.0, "endpoint.updated"),
        *start[2:],
        info(10.0, "deployment.updated"),
        info(10.0, "deployment.scaled"),
        info(10.0, STATUS, "SCALING: Starting replicas"),
        info(10.0, CONDITION, "ReplicasProgressing"),
        info(11.5, STATUS, "READY: All replicas ready"),
        info(11.5, CONDITION, "AllReplicasReady"),
        info(20.0, "deployment.updated"),
        info(20.0, STATUS, "STOPPING: Draining replicas"),
        info(20.0, CONDITION, "ScaledToZero"),
        info(20.5, STATUS, "STOPPED: Deployment is stopped"),
        info(30.0, "endpoint.updated"),
        info(30.0, "deployment.deleted"),
    ]


def test_each_type_says_what_is_documented_of_it(v2):
    """All fields of one event of each type."""
    endpoint, deployment = v2.served()
    v2.advance(by=10)
    v2.bounds(deployment, 2, 2)
    events = {event["type"]: event for event in told(v2, endpoint)}
    assert len({event["id"] for event in events.values()}) == len(events)
    assert all(event.pop("id").startswith("evt_") for event in events.values())
    assert all(event.pop("endpointId") == endpoint["id"] for event in events.values())
    of_endpoint = {
        "level": "LEVEL_INFO",
        "source": "endpoint-service",
        "sourceKind": "SOURCE_KIND_ENDPOINT",
    }
    of_deployment = {
        "level": "LEVEL_INFO",
        "source": "deployment-controller",
        "sourceKind": "SOURCE_KIND_DEPLOYMENT",
        "deploymentId": deployment["id"],
    }
    phase = events.pop(PHASE)
    assert phase.pop("replicaId").startswith("replica-")
    assert phase == {
        **of_deployment,
        "type": PHASE,
        "createdAt": "2026-01-01T00:00:02.000Z",
        "message": "Startup complete",
        "reason": "StartupComplete",
        "containerName": "engine",
        "serviceType": "model-deployment",
    }
    assert events.pop("endpoint.created") == {
        **of_endpoint,
        "type": "endpoint.created",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "message": "Endpoint created",
        "name": endpoint["name"],
    }
    assert events.pop("endpoint.updated") == {
        **of_endpoint,
        "type": "endpoint.updated",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "message": "Endpoint updated",
        "paths": ["trafficSplit"],
    }
    assert events.pop("deployment.created")["name"] == deployment["name"]
    assert events.pop("deployment.updated")["paths"] == ["autoscaling"]
    assert events.pop("deployment.scaled") == {
        **of_deployment,
        "type": "deployment.scaled",
        "createdAt": "2026-01-01T00:00:12.000Z",
        "message": "Scaling from 1 to 2 replicas",
        "oldReplicas": 1,
        "newReplicas": 2,
    }
    assert events.pop(CONDITION) == {
        **of_deployment,
        "type": CONDITION,
        "createdAt": "2026-01-01T00:00:12.000Z",
        "message": "Ready is False: ReplicasProgressing",
        "subjectId": "Ready",
        "status": "False",
        "reason": "ReplicasProgressing",
    }
    assert events.keys() == {STATUS}


def test_the_phases_of_a_start_are_told_as_they_begin(v2):
    """Under the plan; once it has ended they are the same events."""
    endpoint = v2.create()
    deployment = v2.deploy(endpoint)
    seen, before = [], []
    for by in (0.5, 0.45, 0.15, 0.9):
        v2.advance(by=by)
        before = told(v2, endpoint, types=PHASE)
        assert before[: len(seen)] == seen
        seen = before
        assert len({event["replicaId"] for event in seen}) == 1
    assert [short(event)[::3] for event in seen] == [
        (0.5, "PullingImage"),
        (0.95, "Starting"),
        (1.1, "LoadingWeights"),
        (2.0, "StartupComplete"),
    ]
    assert {event["deploymentId"] for event in seen} == {deployment["id"]}


def test_a_start_takes_its_phases_by_the_time_that_it_takes(v2):
    """Held before it serves, then let go: the phases are parts of the whole."""
    v2.preset("manual")
    endpoint = v2.create()
    deployment = v2.deploy(endpoint)
    control(v2.api, deployment, "transition", to="STARTING")
    v2.advance(by=100)
    assert story(v2, endpoint, types=PHASE) == [info(0.0, PHASE, "PullingImage")]
    control(v2.api, deployment, "transition", to="STARTED")
    assert [event[::3] for event in story(v2, endpoint, types=PHASE)] == [
        (0.0, "PullingImage"),
        (30.0, "Starting"),
        (40.0, "LoadingWeights"),
        (100.0, "StartupComplete"),
    ]


def test_a_start_that_is_stopped_has_no_last_phase(v2):
    """What it went through stays told."""
    endpoint = v2.create()
    deployment = v2.deploy(endpoint)
    v2.advance(by=1.5)
    v2.bounds(deployment, 0, 0)
    phases = [event["reason"] for event in told(v2, endpoint, types=PHASE)]
    assert phases == ["PullingImage", "Starting", "LoadingWeights"]


def test_a_failed_start_leaves_a_log(v2):
    """A stall warns, and the failure comes with an excerpt that gives the reason."""
    add_fault(v2.api, "start_error")
    endpoint = v2.create()
    v2.deploy(endpoint)
    v2.advance(by=10)
    events = told(v2, endpoint, since="2026-01-01T00:00:00.500Z")
    assert [short(event) for event in events] == [
        info(0.5, STATUS, "SCALING: Starting replicas"),
        info(0.5, PHASE, "PullingImage"),
        (0.5, "WARN", STATUS, "DEGRADED: Startup stalled: start_error"),
        info(0.725, PHASE, "Starting"),
        info(0.8, PHASE, "LoadingWeights"),
        (1.25, "ERROR", LOG, None),
        (1.25, "ERROR", STATUS, "FAILED: Startup failed: start_error"),
        info(1.25, CONDITION, "StartupFailed"),
    ]
    log = events[5]
    assert (log["message"], log["logExcerpt"]) == ("Startup failed: start_error", "start_error")
    assert log["containerName"] == "engine"
    assert log["replicaId"] == events[1]["replicaId"]


def test_a_reason_of_ones_own_is_logged(v2):
    """As the control plane was told it."""
    endpoint = v2.create()
    deployment = v2.deploy(endpoint)
    v2.advance(by=1)
    control(v2.api, deployment, "transition", to="ERROR", reason="engine_oom")
    (log,) = told(v2, endpoint, types=LOG)
    assert log["logExcerpt"] == "engine_oom"
    assert story(v2, endpoint, types=STATUS)[-1][1::2] == (
        "ERROR",
        "FAILED: Startup failed: engine_oom",
    )


def test_who_is_never_ready_is_given_up(v2):
    """After six hours, with a condition that says so; no replica was there to leave a log."""
    add_fault(v2.api, "stuck_pending")
    endpoint = v2.create()
    v2.deploy(endpoint)
    v2.advance(by="7h")
    assert story(v2, endpoint)[4:] == [
        (21600.0, "ERROR", STATUS, "FAILED: Timed out waiting for readiness"),
        info(21600.0, CONDITION, "ReadinessTimeout"),
    ]


def test_a_crash_degrades_until_the_replica_is_back(v2):
    """The counts that are wanted stay as they are, so nothing is scaled."""
    endpoint, deployment = v2.served(autoscaling={"minReplicas": 2})
    v2.advance(by=10)
    add_fault(v2.api, "replica_crash", times=1)
    v2.advance(by=10)
    assert v2.status(deployment)[0] == "READY"
    assert story(v2, endpoint, since="2026-01-01T00:00:05Z") == [
        (12.0, "ERROR", LOG, None),
        (12.0, "WARN", STATUS, "DEGRADED: Not ready: 1 of 2 replicas are ready"),
        info(12.0, CONDITION, "ReplicasProgressing"),
        info(13.5, STATUS, "READY: All replicas ready"),
        info(13.5, CONDITION, "AllReplicasReady"),
    ]


def test_who_waits_for_capacity_is_degraded_at_once(v2):
    """And goes on once there is some; who waited and gave up has the same beginning."""
    put_pools(v2.api, pool(0))
    endpoint = v2.create()
    patient, hasty = v2.deploy(endpoint, "patient"), v2.deploy(endpoint, "hasty")
    waiting = [
        info(0.0, "deployment.created"),
        (0.0, "WARN", STATUS, "DEGRADED: Cannot place replicas: insufficient GPU capacity"),
        info(0.0, CONDITION, "InsufficientCapacity"),
    ]
    assert v2.status(hasty)[0] == "DEGRADED"
    assert story(v2, endpoint, deploymentIds=hasty["id"]) == waiting
    v2.advance(by=60)
    v2.bounds(hasty, 0, 0)
    assert story(v2, endpoint, deploymentIds=hasty["id"])[:3] == waiting
    put_pools(v2.api, pool(1))
    v2.advance(by=5)
    later = started(at=59.5)
    assert story(v2, endpoint, deploymentIds=patient["id"]) == [
        *waiting,
        later[2],
        info(60.0, CONDITION, "ReplicasProgressing"),
        *later[3:],
    ]


def test_the_autoscaler_tells_how_it_scales(v2):
    """Up and down; with fewer replicas than before, all that are wanted are ready."""
    endpoint, deployment = v2.served(autoscaling={"minReplicas": 1, "maxReplicas": 4})
    load = {"id": deployment["id"]}
    put_load(v2.api, load, "step:0:24:1m", target=8)
    v2.advance(by="2m")
    put_load(v2.api, load, None)
    v2.advance(by="10m")
    scaled = told(v2, endpoint, types="deployment.scaled")
    counts = [(event["oldReplicas"], event["newReplicas"]) for event in scaled]
    assert counts == [(1, 3), (3, 1)]
    ready = [event["status"] for event in told(v2, endpoint, types=CONDITION)]
    assert ready == ["False", "True", "False", "True"]
    assert v2.status(deployment)[0] == "READY"


def test_a_restart_begins_anew(v2):
    """The second start of a deployment has phases and replicas of its own."""
    endpoint, deployment = v2.served()
    v2.bounds(deployment, 0, 0)
    v2.advance(by=8)
    v2.bounds(deployment, 1, 1)
    v2.advance(by=10)
    again = [event for event in story(v2, endpoint) if event[0] >= 10 and event[2][0] != "d"]
    assert again == [event for event in started(at=10.0) if event[2] != STATUS]
    replicas = {event["replicaId"] for event in told(v2, endpoint, types=PHASE)}
    assert len(replicas) == 2


# Endpoints of other births ------------------------------------------------------------------


def test_an_endpoint_that_v1_made_has_events_too(v2):
    """Its creation follows from its deployment's, and a PATCH of v1 is told in v2's words."""
    made = v2.api.create()
    endpoint = {"id": made["id"]}
    v2.advance(by=10)
    patch(v2.api, made, display_name="Mine")
    patch(v2.api, made, autoscaling={"min_replicas": 2, "max_replicas": 2}, inactive_timeout=30)
    patch(v2.api, made, state="STOPPED")
    events = told(v2, endpoint)
    start = started()
    assert [short(event) for event in events][:11] == [
        info(0.0, "endpoint.created"),
        info(0.0, "deployment.created"),
        *start,
    ]
    assert [event["name"] for event in events[:2]] == [made["name"], f"{made['name']}/default"]
    paths = [(event["type"], event["paths"]) for event in events if "paths" in event]
    assert paths == [
        ("endpoint.updated", ["displayName"]),
        ("deployment.updated", ["autoscaling", "inactiveTimeout"]),
        ("deployment.updated", ["autoscaling"]),
    ]
    (shown,) = v2.got(v2.at(endpoint, "deployments"))["data"]
    of_deployments = {event.get("deploymentId") for event in events}
    assert of_deployments == {None, shown["id"]}


def test_what_is_asked_for_does_not_hide_why_it_failed(v2):
    """A change of v1 is in the history, and explains nothing."""
    made = v2.api.create()
    control(v2.api, made, "transition", to="ERROR", reason="engine_oom")
    patch(v2.api, made, inactive_timeout=30)
    assert timeline(v2.api, made)["why"].startswith("control engine_oom put it into ERROR")
    assert types(told(v2, {"id": made["id"]}))[-1] == "deployment.updated"


def test_an_endpoint_of_a_state_document_begins_with_its_creation(v2):
    """At the instant that the document gives, though nothing is stored of it."""
    id_ = v2.put_endpoint("STARTED", created_at="2025-06-01T00:00:00Z")
    first, *others = told(v2, {"id": id_})
    assert (first["type"], first["createdAt"]) == ("endpoint.created", "2025-06-01T00:00:00.000Z")
    assert [short(event)[2:] for event in others] == [
        ("deployment.created", None),
        (STATUS, "READY: All replicas ready"),
        (CONDITION, "AllReplicasReady"),
    ]
    assert v2.put_state(v2.state()).status_code == 200
    assert types(told(v2, {"id": id_})) == ["endpoint.created"]
    everything = listed(v2, {"id": id_}, limit=1)
    assert everything["next_cursor"] is None


def test_a_new_state_forgets_what_was_before(v2):
    """Only what the document brings about is told, by the ids that it had the first time."""
    v2.put_endpoint("STARTED")
    endpoint = {"id": "endpoint-1"}
    v2.advance(by=5)
    patch(v2.api, endpoint, state="STOPPED")
    before = told(v2, endpoint)
    v2.put_endpoint("STARTED")
    after = told(v2, endpoint)
    assert len(after) == 4 < len(before)
    assert set(ids(after)) <= set(ids(before))


def test_a_deleted_deployments_events_stay(v2):
    """With its id and its name, on every page, and for who asks for them."""
    endpoint = v2.create()
    gone = v2.deploy(endpoint, "gone")
    v2.bounds(gone, 0, 0)
    v2.advance(by=10)
    v2.delete(v2.at(gone))
    kept = v2.deploy(endpoint, "kept")
    events = told(v2, endpoint, deploymentIds=gone["id"])
    ends = events[0], events[-1]
    assert types(ends) == ["deployment.created", "deployment.deleted"]
    assert {event["name"] for event in ends} == {gone["name"]}
    assert {event["deploymentId"] for event in events} == {gone["id"]}
    assert paged(v2, endpoint, 1) == told(v2, endpoint)[::-1]
    both = told(v2, endpoint, deploymentIds=f"{gone['id']},{kept['id']}")
    assert {event["deploymentId"] for event in both} == {gone["id"], kept["id"]}
