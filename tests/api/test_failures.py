"""Failures by request: lifecycle faults, and how endpoints in ERROR are left."""

import pytest
from rehearsal import (
    A100X2,
    add_fault,
    advance,
    bounds,
    control,
    delete,
    history,
    patch,
    pool,
    put_pools,
    put_profile,
    replicas,
    start,
    states,
    stop,
    timeline,
    used,
)
from support import H100X2, MIXTRAL, refused


def faults(api):
    return api.get("/_mock/faults").json()["data"]


def test_a_start_that_fails_ends_in_error_half_way(api):
    """STARTING takes 1.5 s, so it fails after 0.75 s; nothing tries again by itself."""
    fault = add_fault(api, "start_error", times=1)
    endpoint = api.create()
    advance(api, "1d")
    assert history(api, endpoint) == [(0, "PENDING"), (0.5, "STARTING"), (1.25, "ERROR")]
    shown = timeline(api, endpoint)
    assert shown["history"][-1]["cause"] == "fault:start_error"
    assert (shown["next"], shown["why"]) == (
        None,
        "fault:start_error put it into ERROR, where it stays until it is restarted or deleted",
    )
    assert [(one["id"], one["hits"], one["remaining"]) for one in faults(api)] == [
        (fault["id"], 1, 0)
    ]
    assert api.chat(endpoint["name"]).json()["error"]["code"] == "dedicated_endpoint_not_running"


def test_error_is_left_by_a_restart_or_a_deletion(api):
    """A restart begins at PENDING; so does the state that a stop makes of ERROR."""
    add_fault(api, "start_error", times=2)
    restarted, stopped = api.create(), api.create()
    advance(api, 10)
    assert states(api, restarted, stopped) == ["ERROR", "ERROR"]
    start(api, restarted)
    stop(api, stopped)
    assert states(api, restarted, stopped) == ["PENDING", "STOPPED"]
    advance(api, 10)
    assert states(api, restarted) == ["STARTED"]
    assert api.chat(restarted["name"]).status_code == 200
    add_fault(api, "start_error")
    failed = api.create()
    api.run_until(failed["id"], "ERROR")
    delete(api, failed)
    assert api.get(f"/v1/endpoints/{failed['id']}").status_code == 404


def test_a_slow_start_takes_ten_times_as_long(api):
    """STARTING takes 15 s instead of 1.5 s."""
    add_fault(api, "slow_start", times=1)
    endpoint = api.create()
    assert advance(api, "1m", it=endpoint) == [(0.5, "it", "STARTING"), (15.5, "it", "STARTED")]
    assert timeline(api, endpoint)["history"][-1]["cause"] == "fault:slow_start"


def test_a_stuck_endpoint_stays_pending_until_it_is_stopped(api):
    """No time and no other preset or profile moves it; its fault says so."""
    add_fault(api, "stuck_pending", times=1)
    endpoint = api.create()
    advance(api, "30d")
    shown = timeline(api, endpoint)
    assert (shown["state"], shown["next"]) == ("PENDING", None)
    assert shown["why"] == "fault stuck_pending keeps it PENDING"
    put_profile(api, "quick", ("PENDING", "STARTING", 0))
    api.preset("instant")
    assert api.delete("/_mock/faults").status_code == 204
    advance(api, "1d")
    assert states(api, endpoint) == ["PENDING"]
    stop(api, endpoint)
    start(api, endpoint)
    assert states(api, endpoint) == ["STARTED"]


def test_a_stop_that_hangs_is_ended_by_force(api):
    """STOPPING for ever, its replicas held; a transition or a deletion ends it."""
    put_pools(api, pool(2))
    endpoints = [api.create(), api.create()]
    advance(api, 10)
    add_fault(api, "stop_hangs")
    for endpoint in endpoints:
        stop(api, endpoint)
    advance(api, "30d")
    assert states(api, *endpoints) == ["STOPPING", "STOPPING"]
    assert timeline(api, endpoints[0])["why"] == "fault stop_hangs keeps it STOPPING"
    path = f"/v1/endpoints/{endpoints[0]['id']}"
    refused(api.patch(path, json={"state": "STARTED"}), "restart_while_stopping")
    assert used(api) == [2]
    assert control(api, endpoints[0], "transition", to="STOPPED").status_code == 200
    delete(api, endpoints[1])
    assert used(api) == [0]


def test_faults_under_way_outlive_a_change_of_timing(api):
    """A start that is to fail still fails, and a slow one is still slow, by the new times."""
    add_fault(api, "start_error", times=1)
    failing = api.create()
    advance(api, 0.5)
    add_fault(api, "slow_start", times=1)
    slow = api.create()
    advance(api, 0.5)
    put_profile(api, "minute", ("STARTING", "STARTED", "1m"))
    assert advance(api, "1h", failing=failing, slow=slow) == [
        (0.5 + 30, "failing", "ERROR"),
        (1 + 600, "slow", "STARTED"),
    ]


class TestReplicaCrash:
    """A ready replica is lost, and replaced on its hardware."""

    def test_the_only_replica_is_missed_by_chat(self, api):
        """STARTED without a ready replica answers nobody until the next one is there."""
        endpoint = api.create()
        advance(api, 10)
        assert api.chat(endpoint["name"]).status_code == 200
        add_fault(api, "replica_crash", times=1)
        shown = api.endpoint(endpoint["id"])
        assert shown["state"] == "STARTED"
        assert shown["autoscaling"]["ready_replicas"] == 0
        refused(api.chat(endpoint["name"]), "endpoint_not_running")
        advance(api, 1.5)
        assert api.chat(endpoint["name"]).status_code == 200
        assert replicas(api, endpoint, 3) == [(10, 0, 1), (11.5, 1, 1)]
        assert timeline(api, endpoint)["replicas"][3]["cause"] == "fault:replica_crash"

    def test_one_of_several_is_lost_and_the_others_go_on(self, api):
        """Readiness drops by one, capacity does not; each endpoint counts as a hit."""
        put_pools(api, pool(5))
        pair, triple = api.create(**bounds(2)), api.create(**bounds(3))
        advance(api, 10)
        add_fault(api, "replica_crash")
        assert [replicas(api, one)[-1] for one in (pair, triple)] == [(10, 1, 2), (10, 2, 3)]
        assert api.chat(pair["name"]).status_code == 200
        assert used(api) == [5]
        advance(api, 10)
        assert [replicas(api, one)[-1] for one in (pair, triple)] == [(11.5, 2, 2), (11.5, 3, 3)]
        assert faults(api)[0]["hits"] == 2

    def test_a_crash_strikes_those_that_begin_to_serve_later(self, api):
        """Set before, it takes one replica at the instant of STARTED."""
        add_fault(api, "replica_crash", times=1)
        endpoint = api.create(**bounds(2))
        advance(api, 10)
        assert replicas(api, endpoint, 2) == [(2, 1, 2), (3.5, 2, 2)]
        stop(api, endpoint)
        advance(api, 1)
        start(api, endpoint)
        advance(api, 10)
        assert replicas(api, endpoint)[-1] == (13, 2, 2)

    def test_a_crash_is_not_spent_on_one_without_a_ready_replica(self, api):
        """What it cannot hit is neither counted nor struck; the next that it can hit is."""
        missed = api.create()
        advance(api, 10)
        add_fault(api, "replica_crash", times=1)
        second = add_fault(api, "replica_crash", skip=1, times=1)
        assert (faults(api)[1]["seen"], faults(api)[1]["hits"]) == (0, 0)
        spared, struck = api.create(), api.create()
        advance(api, 10)
        assert replicas(api, missed, 3) == [(10, 0, 1), (11.5, 1, 1)]
        assert replicas(api, spared) == [(10, 0, 1), (12, 1, 1)]
        assert replicas(api, struck) == [(10, 0, 1), (13.5, 1, 1)]
        assert [(one["id"], one["hits"]) for one in faults(api)][1] == (second["id"], 1)

    def test_a_crash_that_is_set_strikes_no_other_again(self, api):
        """Setting one for another endpoint leaves what an earlier one struck as it is."""
        first, other = api.create(**bounds(3)), api.create(**bounds(3))
        advance(api, 10)
        for endpoint in (first, other):
            add_fault(api, "replica_crash", match={"endpoint": endpoint["id"]})
        assert [replicas(api, one)[-1] for one in (first, other)] == [(10, 2, 3), (10, 2, 3)]
        assert [one["hits"] for one in faults(api)] == [1, 1]

    def test_a_crash_waits_for_a_start_that_brings_replicas(self, api):
        """One that begins to serve with none at all is passed over."""
        since = {"since": "2026-01-01T00:00:00Z", "steps": 2}
        planned = {"next_at": "2026-01-01T00:00:01Z", "next_state": "STARTED"}
        empty = {"id": api.put_endpoint("STARTING", progress={**since, **planned})}
        add_fault(api, "replica_crash", times=1)
        advance(api, 1)
        assert (states(api, empty), faults(api)[0]["hits"]) == (["STARTED"], 0)
        struck = api.create()
        advance(api, 10)
        assert replicas(api, struck) == [(1, 0, 1), (4.5, 1, 1)]


class TestWhichFaultsStrike:
    """match, skip, times, probability and ttl."""

    @pytest.mark.parametrize("by", ["id", "name", "model", "*-instruct-*", "*Mixtral*"])
    def test_an_endpoint_is_matched_by_id_name_or_model(self, api, by):
        """As it is written, or with wildcards; upper and lower case are told apart."""
        endpoint = api.create(state="STOPPED")
        add_fault(api, "start_error", match={"endpoint": endpoint.get(by, by)})
        other = api.create(model="Qwen/QwQ-32B", hardware=H100X2, state="STOPPED")
        start(api, endpoint)
        start(api, other)
        advance(api, 10)
        expected = "STARTED" if by == "*-instruct-*" else "ERROR"
        assert states(api, endpoint, other) == [expected, "STARTED"]

    def test_skip_and_times_count_the_starts_that_match(self, api):
        """The first is spared, the next two fail, then it is over."""
        other = api.create(hardware=A100X2, state="STOPPED")
        add_fault(api, "start_error", skip=1, times=2, match={"endpoint": other["id"]})
        api.create()
        outcomes = []
        for _ in range(5):
            start(api, other)
            advance(api, 10)
            outcomes += states(api, other)
            stop(api, other)
            advance(api, 10)
        assert outcomes == ["STARTED", "ERROR", "ERROR", "STARTED", "STARTED"]
        assert (faults(api)[0]["hits"], faults(api)[0]["remaining"]) == (2, 0)

    def test_a_fault_ends_with_its_time_to_live(self, api):
        """Exactly: a start at the end is no longer struck, and it is no longer listed."""
        add_fault(api, "start_error", ttl="10s")
        advance(api, 9.499999)
        last = api.create()
        advance(api, 0.000001)
        first_after = api.create()
        assert len(faults(api)) == 1
        advance(api, 10)
        assert states(api, last, first_after) == ["ERROR", "STARTED"]
        assert faults(api) == []

    def test_a_probability_is_drawn_from_the_seed(self, server):
        """About one in three fails, the same ones for the same seed."""
        drawn = []
        for seed in ("one", "one", "two"):
            project = server.api()
            project.put_state({"seed": seed})
            add_fault(project, "start_error", probability=0.33)
            endpoints = [project.create() for _ in range(30)]
            advance(project, 10)
            drawn.append(states(project, *endpoints))
            project.http.close()
        assert drawn[0] == drawn[1] != drawn[2]
        assert 4 <= drawn[0].count("ERROR") <= 16

    def test_never_and_always_are_probabilities(self, api):
        """0 strikes nobody, and uses nothing up."""
        add_fault(api, "start_error", probability=0, times=1)
        endpoint = api.create()
        advance(api, 10)
        assert states(api, endpoint) == ["STARTED"]
        assert faults(api)[0]["remaining"] == 1

    def test_the_first_fault_of_a_kind_strikes(self, api):
        """One fault an entry to a state; when it is used up the next one is asked."""
        add_fault(api, "slow_start", times=1)
        add_fault(api, "start_error", times=1)
        first, second, third = api.create(), api.create(), api.create()
        advance(api, "1m")
        assert [history(api, one)[-1] for one in (first, second, third)] == [
            (15.5, "STARTED"),
            (1.25, "ERROR"),
            (2, "STARTED"),
        ]

    def test_a_deleted_fault_strikes_no_more(self, api):
        """One by its id, or all; an unknown id is 404."""
        one, other = add_fault(api, "start_error"), add_fault(api, "slow_start")
        assert one["id"] != other["id"]
        assert api.delete(f"/_mock/faults/{one['id']}").status_code == 204
        assert [left["id"] for left in faults(api)] == [other["id"]]
        refused(api.delete(f"/_mock/faults/{one['id']}"), "unknown_item")
        assert api.delete("/_mock/faults").status_code == 204
        endpoint = api.create()
        advance(api, 10)
        assert history(api, endpoint)[-1] == (2, "STARTED")
        # --- ids are not used twice
        assert add_fault(api, "slow_start")["id"] not in (one["id"], other["id"])


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"effect": {"lifecycle": "meltdown"}}, "effect.lifecycle"),
        ({"effect": {}}, "effect"),
        ({}, "effect"),
        ({"effect": {"lifecycle": "slow_start"}, "times": 0}, "times"),
        ({"effect": {"lifecycle": "slow_start"}, "skip": -1}, "skip"),
        ({"effect": {"lifecycle": "slow_start"}, "probability": 1.5}, "probability"),
        ({"effect": {"lifecycle": "slow_start"}, "ttl": "soon"}, "ttl"),
        ({"effect": {"lifecycle": "slow_start"}, "match": {"zone": "*"}}, "match.zone"),
        ({"effect": {"lifecycle": "slow_start"}, "id": "flt_1"}, "id"),
    ],
)
def test_a_bad_fault_is_refused(api, fields, param):
    """400 naming the field, and no fault is set."""
    answer = api.post("/_mock/faults", json=fields)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert faults(api) == []


def test_faults_of_one_project_leave_others_alone(api, server):
    """Each has its own."""
    add_fault(api, "start_error")
    other = server.api()
    endpoint = other.create()
    advance(other, 10)
    assert states(other, endpoint) == ["STARTED"]
    assert faults(other) == []
    other.http.close()


def test_a_display_name_and_other_changes_do_not_meet_faults(api):
    """Only entering a state does."""
    add_fault(api, "stop_hangs")
    endpoint = api.create()
    advance(api, 10)
    assert patch(api, endpoint, display_name="New")["model"] == MIXTRAL
    assert faults(api)[0]["hits"] == 0
