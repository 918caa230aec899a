"""Holds and forced transitions, and what the timeline says of what comes next."""

import itertools

import pytest
from rehearsal import (
    advance,
    control,
    delete,
    history,
    patch,
    pool,
    put_load,
    put_pools,
    put_profile,
    seconds,
    start,
    states,
    stop,
    timeline,
    used,
)
from support import H100X2, refused

WORDS = ["PENDING", "STARTING", "STARTED", "STOPPING", "STOPPED", "ERROR"]
POSSIBLE = {
    "PENDING": {"STARTING", "STARTED", "STOPPED", "ERROR"},
    "STARTING": {"STARTED", "STOPPING", "STOPPED", "ERROR"},
    "STARTED": {"STOPPING", "STOPPED", "ERROR"},
    "STOPPING": {"STOPPED", "ERROR"},
    "STOPPED": {"PENDING"},
    "ERROR": {"PENDING", "STOPPED"},
}


def test_a_hold_parks_it_before_a_state(api):
    """However far the clock goes; a release lets it go on at once."""
    endpoint = api.create()
    shown = control(api, endpoint, "hold", before="STARTED").json()
    assert shown["next"] == {"to": "STARTING", "at": "2026-01-01T00:00:00.500Z"}
    advance(api, "30d")
    shown = timeline(api, endpoint)
    assert (shown["state"], shown["next"]) == ("STARTING", None)
    assert shown["why"] == "it is held before STARTED until it is released"
    assert control(api, endpoint, "release").json()["state"] == "STARTED"
    assert history(api, endpoint)[-1] == (30 * 86400, "STARTED")


def test_a_release_in_time_changes_nothing(api):
    """It goes on when it would have; a hold is for once."""
    endpoint = api.create()
    control(api, endpoint, "hold", before="STARTING")
    control(api, endpoint, "release")
    control(api, endpoint, "release")
    advance(api, 10)
    assert history(api, endpoint)[-1] == (2, "STARTED")
    stop(api, endpoint)
    assert timeline(api, endpoint)["next"]["to"] == "STOPPED"
    control(api, endpoint, "hold", before="STOPPED")
    advance(api, 10)
    assert states(api, endpoint) == ["STOPPING"]
    control(api, endpoint, "release")
    start(api, endpoint)
    advance(api, 10)
    assert states(api, endpoint) == ["STARTED"]


def test_a_held_endpoint_has_its_place_and_its_replicas(api):
    """It is placed when its turn comes, and keeps nobody else from his."""
    put_pools(api, pool(1))
    first = api.create()
    held, last = api.create(), api.create()
    control(api, held, "hold", before="STARTING")
    advance(api, 10)
    delete(api, first)
    advance(api, 10)
    assert states(api, held, last) == ["PENDING", "PENDING"]
    assert used(api) == [1]
    control(api, held, "release")
    advance(api, 10)
    assert history(api, held)[1:] == [(20, "STARTING"), (21.5, "STARTED")]


def test_a_held_endpoint_can_be_stopped(api):
    """The hold is gone with the start that it was for."""
    endpoint = api.create()
    control(api, endpoint, "hold", before="STARTED")
    advance(api, 10)
    stop(api, endpoint)
    advance(api, 10)
    start(api, endpoint)
    advance(api, 10)
    assert states(api, endpoint) == ["STARTED"]


class TestHeldBeforeStopping:
    """One that serves is not stopped by inactivity while it is held."""

    HELD = "it is held before STOPPING until it is released"

    def test_it_stops_at_the_release_if_its_time_has_passed(self, api):
        """Not in the past, and not a timeout later."""
        endpoint = api.create(inactive_timeout=30)
        advance(api, 10)
        shown = control(api, endpoint, "hold", before="STOPPING").json()
        assert (shown["next"], shown["why"]) == (None, self.HELD)
        assert advance(api, "1d") == []
        assert control(api, endpoint, "release").json()["state"] == "STOPPING"
        assert history(api, endpoint)[-1] == (86410, "STOPPING")

    def test_it_stops_in_its_time_if_that_is_to_come(self, api):
        """As if it had never been held."""
        endpoint = api.create(inactive_timeout=30)
        advance(api, 10)
        control(api, endpoint, "hold", before="STOPPING")
        shown = control(api, endpoint, "release").json()
        assert shown["next"] == {"to": "STOPPING", "at": "2026-01-01T00:30:02.000Z"}

    def test_it_can_be_held_before_it_serves(self, api, server):
        """And the hold goes wherever the state document goes."""
        endpoint = api.create(inactive_timeout=30)
        shown = control(api, endpoint, "hold", before="STOPPING").json()
        assert shown["next"]["to"] == "STARTING"
        other = server.api()
        document = api.state()
        assert other.put_state(document).json() == document
        for project in (api, other):
            advance(project, "1d")
            assert states(project, endpoint) == ["STARTED"]
            assert timeline(project, endpoint)["why"] == self.HELD
        other.http.close()

    def test_what_is_asked_for_goes_through(self, api):
        """A stop, and a forced one; the next life is not held."""
        endpoints = [api.create(inactive_timeout=30) for _ in range(2)]
        advance(api, 10)
        for endpoint in endpoints:
            control(api, endpoint, "hold", before="STOPPING")
        stop(api, endpoints[0])
        assert control(api, endpoints[1], "transition", to="STOPPING").status_code == 200
        assert advance(api, 10)[-1][2] == "STOPPED"
        for endpoint in endpoints:
            start(api, endpoint)
        assert advance(api, "1d")[-1][2] == "STOPPED"

    def test_a_spent_balance_stops_it(self, api):
        """A hold is about its own life, not about money: 9 cents last for half a minute."""
        endpoint = api.create()
        advance(api, 2)
        control(api, endpoint, "hold", before="STOPPING")
        assert api.put("/_mock/billing", json={"balance": "0.09"}).status_code == 200
        assert [move[::2] for move in advance(api, 60)] == [(32, "STOPPING"), (32.5, "STOPPED")]


@pytest.mark.parametrize(
    ("state", "before"),
    [
        ("STARTED", "STARTING"),
        ("STOPPED", "PENDING"),
        ("STOPPING", "STOPPING"),
        ("STARTING", "PENDING"),
        ("ERROR", "ERROR"),
    ],
)
def test_only_what_comes_by_itself_can_be_held(api, state, before):
    """409 otherwise."""
    endpoint = {"id": api.put_endpoint(state)}
    refused(control(api, endpoint, "hold", before=before), "impossible_transition")


def test_a_hold_needs_an_endpoint_and_a_state(api):
    """404 and 400."""
    refused(control(api, {"id": "nobody"}, "hold", before="STARTED"), "unknown_endpoint")
    refused(control(api, {"id": "nobody"}, "release"), "unknown_endpoint")
    endpoint = api.create()
    assert control(api, endpoint, "hold", before="READY").status_code == 400


@pytest.mark.parametrize(("state", "to"), list(itertools.product(WORDS, WORDS)))
def test_what_is_possible_happens_now_and_the_rest_is_409(api, state, to):
    """Forced ones are told by their cause; a refusal changes nothing."""
    api.preset("manual")
    endpoint = {"id": api.put_endpoint(state)}
    answer = control(api, endpoint, "transition", to=to, reason="power_cut")
    if to in POSSIBLE[state]:
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] in (to, "STARTING", "STARTED", "STOPPED")
        last = answer.json()["history"][1]
        assert (last["from"], last["to"]) == (state, to)
        assert (last["cause"], seconds(last["at"])) == ("control power_cut", 0)
    else:
        refused(answer, "impossible_transition")
        assert states(api, endpoint) == [state]


def test_nobody_can_be_forced_past_the_queue(api):
    """Without a replica there is nothing to start; giving up is possible."""
    put_pools(api, pool(0))
    endpoint = api.create()
    for to in ("STARTING", "STARTED"):
        refused(control(api, endpoint, "transition", to=to), "impossible_transition")
    assert control(api, endpoint, "transition", to="ERROR").status_code == 200


def test_what_follows_is_planned_anew(api):
    """A forced STARTING takes the time of STARTING from then on."""
    endpoint = api.create()
    advance(api, 0.2)
    shown = control(api, endpoint, "transition", to="STARTING").json()
    assert shown["next"] == {"to": "STARTED", "at": "2026-01-01T00:00:01.700Z"}


def test_a_transition_needs_an_endpoint_and_a_state(api):
    """404 and 400."""
    refused(control(api, {"id": "nobody"}, "transition", to="ERROR"), "unknown_endpoint")
    endpoint = api.create()
    assert control(api, endpoint, "transition", to="READY").status_code == 400
    assert control(api, endpoint, "transition").status_code == 400


def test_the_timeline_explains_each_situation(api):
    """What comes next, when, and why."""
    put_pools(api, pool(1))
    first, waiting = api.create(inactive_timeout=30), api.create()

    def said(endpoint):
        shown = timeline(api, endpoint)
        following = shown["next"] and (shown["next"]["to"], seconds(shown["next"]["at"]))
        return shown["state"], following, shown["why"]

    # --- PENDING, placed and not
    why = "preset:fast moves it to STARTING at 2026-01-01T00:00:00.500Z"
    assert said(first) == ("PENDING", ("STARTING", 0.5), why)
    why = f"it waits for 1 free replica(s) of {H100X2}, in order of arrival"
    assert said(waiting) == ("PENDING", None, why)
    # --- STARTED, idle, under load, and without a timeout
    advance(api, 2)
    why = "without a request it stops at 2026-01-01T00:30:02.000Z (inactive_timeout)"
    assert said(first) == ("STARTED", ("STOPPING", 1802), why)
    put_load(api, first, "step:1:1:0s")
    why = "requests are in flight, so it does not count as inactive"
    assert said(first) == ("STARTED", None, why)
    patch(api, first, inactive_timeout=0)
    assert said(first) == ("STARTED", None, "it stays STARTED: nothing is due")
    # --- growing, without room
    patch(api, first, autoscaling={"min_replicas": 2, "max_replicas": 2})
    assert said(first) == ("STARTED", None, f"it waits for 1 more replica(s) of {H100X2}")
    # --- STOPPING, STOPPED, and preset manual
    stop(api, first)
    assert said(first)[:2] == ("STOPPING", ("STOPPED", 2.5))
    advance(api, 1)
    assert said(first) == ("STOPPED", None, "it stays STOPPED: nothing is due")
    api.preset("manual")
    why = "it stays STARTING: nothing moves it on under preset manual"
    assert said(waiting) == ("STARTING", None, why)
    refused(api.get("/_mock/endpoints/nobody/timeline"), "unknown_endpoint")


def test_until_says_why_it_was_not_reached(api):
    """409 with the reason, and nothing was run."""
    put_pools(api, pool(0))
    endpoint = api.create()
    until = {"endpoint": endpoint["id"], "state": "STARTED"}
    answer = api.post("/_mock/clock/advance", json={"until": until, "limit": "2h"})
    message = refused(answer, "until_not_reached")["message"]
    assert "it waits for 1 free replica(s)" in message
    assert api.get("/_mock/clock").json()["now"] == "2026-01-01T00:00:00.000Z"


def test_a_failure_can_be_held_back(api):
    """ERROR is entered by itself as well, where a profile or a fault says so."""
    put_profile(api, "broken", ("STARTING", "ERROR", "10m"))
    endpoint = api.create()
    advance(api, 60)
    control(api, endpoint, "hold", before="ERROR")
    advance(api, "1h")
    assert states(api, endpoint) == ["STARTING"]
    control(api, endpoint, "release")
    advance(api, 0)
    assert states(api, endpoint) == ["ERROR"]
    why = timeline(api, endpoint)["why"]
    assert why.startswith("profile:broken put it into ERROR")
    answer = api.post(f"/_mock/endpoints/{endpoint['id']}/hold", json={"before": "STARTED"})
    assert refused(answer, "impossible_transition")["param"] == "before"


def test_the_timeline_names_what_keeps_an_endpoint(api):
    """The profile that has no end; the replicas that are on their way."""
    put_profile(api, "endless", ("STARTING", "STARTED", None))
    endpoint = api.create()
    advance(api, 60)
    why = "it stays STARTING: nothing moves it on under profile:endless"
    assert timeline(api, endpoint)["why"] == why
    control(api, endpoint, "transition", to="STARTED")
    api.delete("/_mock/profiles/endless")
    patch(api, endpoint, autoscaling={"min_replicas": 3, "max_replicas": 3})
    why = "2 replica(s) will be ready at 2026-01-01T00:01:01.500Z"
    assert timeline(api, endpoint)["why"] == why
