"""Time: what the presets take, what inactivity does, and that looking never matters."""

from datetime import datetime, timedelta

import pytest
from support import H100X2, MIXTRAL, START, refused

BEGIN = datetime.fromisoformat(START)
UP = ("PENDING", "STARTING", "STARTED")
TIMEOUT = {"inactive_timeout": 1}


def instant(seconds):
    """The instant so many seconds after START, as a request may write it."""
    return (BEGIN + timedelta(seconds=seconds)).isoformat()


def seconds_of(at):
    """How many seconds after START an instant is."""
    return (datetime.fromisoformat(at) - BEGIN).total_seconds()


def steps(moved):
    """The transitions of an advance as (seconds after START, state entered)."""
    return [(seconds_of(step["at"]), step["to"]) for step in moved["transitions"]]


def through_life(api, preset):
    """Create, start and stop under a preset: how long each of the three stages took."""
    api.preset(preset)
    created = seconds_of(api.state()["clock"]["now"])
    endpoint = api.create()["id"]
    (starting, _), (started, _) = steps(api.advance(by="1h"))
    api.patch(f"/v1/endpoints/{endpoint}", json={"state": "STOPPED"})
    stopping = seconds_of(api.state()["clock"]["now"])
    ((stopped, _),) = steps(api.advance(by="1h"))
    return [
        round(end - begin, 6)
        for begin, end in ((created, starting), (starting, started), (stopping, stopped))
    ]


def test_fast_takes_exactly_what_it_says(api):
    """Preset fast: half a second, a second and a half, half a second."""
    assert through_life(api, "fast") == [0.5, 1.5, 0.5]


def test_instant_takes_no_time(api):
    """Preset instant: every stage ends where it began, and the clock has not moved."""
    api.preset("instant")
    api.advance(to=instant(10))
    endpoint = api.create()["id"]
    for word, asked in (("STARTED", "STOPPED"), ("STOPPED", "STARTED")):
        assert api.state_of(endpoint) == word
        assert api.state()["endpoints"][0]["progress"]["since"] == "2026-01-01T00:00:10.000Z"
        api.patch(f"/v1/endpoints/{endpoint}", json={"state": asked})
    assert api.get("/_mock/clock").json()["now"] == "2026-01-01T00:00:10.000Z"


def test_instant_is_started_at_the_next_read(api):
    """The answer to the creation says PENDING, the next read STARTED, with no clock moved."""
    api.preset("instant")
    created = api.create(state="STARTED")
    assert created["state"] == "PENDING"
    assert api.chat(created["name"]).status_code == 200
    assert api.state_of(created["id"]) == "STARTED"
    stopping = api.patch(f"/v1/endpoints/{created['id']}", json={"state": "STOPPED"}).json()
    assert stopping["state"] == "STOPPING"
    assert api.state_of(created["id"]) == "STOPPED"
    assert api.state()["clock"]["now"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("state", ["PENDING", "STARTING", "STOPPING"])
def test_manual_never_moves_by_itself(api, state):
    """Preset manual: each passing state lasts until somebody asks for another."""
    document = {
        "preset": "manual",
        "endpoints": [{"id": "e", "model": MIXTRAL, "hardware": H100X2, "state": state}],
    }
    assert api.put_state(document).status_code == 200
    assert api.get("/_mock/clock").json()["next_due"] is None
    assert api.advance(by="3650d")["transitions"] == []
    assert api.state_of("e") == state


def test_realistic_stays_within_its_bounds(api):
    """Preset realistic: 20-40 s, 180-480 s and 15-30 s, and not the same for everybody."""
    lives = [through_life(api, "realistic") for _ in range(12)]
    for stage, (low, high) in enumerate([(20, 40), (180, 480), (15, 30)]):
        lengths = [life[stage] for life in lives]
        assert all(low <= length <= high for length in lengths)
        assert len(set(lengths)) == len(lengths)
        assert max(lengths) - min(lengths) > (high - low) / 4


def test_jitter_follows_from_the_seed(start_server):
    """The same seed, key and calls give the same instants; another seed gives others."""
    lives = [
        [through_life(start_server(seed=seed).api("same-key"), "realistic") for _ in range(2)]
        for seed in (5, 5, 6)
    ]
    assert lives[0] == lives[1] != lives[2]


def test_jitter_does_not_hang_on_other_calls(api, server):
    """Unrelated endpoints, reads and inference shift nobody's times."""
    other = server.api()
    for project in (api, other):
        document = {"seed": "the-same", "preset": "realistic"}
        assert project.put_state(document).status_code == 200
    first = api.create()
    other_first = other.create()
    for _ in range(3):
        other.create()
        other.chat("Qwen/QwQ-32B")
    api.run_until(first["id"], "STARTED")
    other.run_until(other_first["id"], "STARTED")
    assert api.state()["clock"]["now"] == other.state()["clock"]["now"]


def run_for_an_hour(api, jump, watched):
    """Live through an hour in jumps of so many seconds: the transitions and the end."""
    document = {"seed": "s", "preset": "realistic"}
    assert api.put_state(document).status_code == 200
    for minutes in (None, 1, 7, 60):
        api.create(model="Qwen/QwQ-32B", inactive_timeout=minutes)
    transitions = []
    for end in range(jump, 3600 + jump, jump):
        transitions += api.advance(to=instant(min(end, 3600)))["transitions"]
        if watched:
            for row in api.get("/v1/endpoints?mine=true").json()["data"]:
                api.endpoint(row["id"])
    return transitions, api.state()


@pytest.mark.parametrize("jump", [1800, 97, 31])
@pytest.mark.parametrize("watched", [False, True])
def test_history_does_not_depend_on_who_looks(api, jump, watched):
    """One jump of an hour and many small ones, read or not, give the same history and end."""
    whole, end = run_for_an_hour(api, 3600, watched=False)
    assert len(whole) == 4 * 2 + 2 * 2
    assert run_for_an_hour(api, jump, watched) == (whole, end)


def test_inactivity_is_exact_to_the_microsecond(api):
    """An idle endpoint serves until one microsecond before its timeout, and stops at it."""
    endpoint = api.create(**TIMEOUT)["id"]
    api.run_until(endpoint, "STARTED")
    assert steps(api.advance(to=instant(61.999999))) == []
    assert api.state_of(endpoint) == "STARTED"
    assert steps(api.advance(to=instant(62))) == [(62, "STOPPING")]
    assert steps(api.advance(by="1h")) == [(62.5, "STOPPED")]


def test_the_cause_of_each_transition_is_told(api):
    """Timers are named by the preset in force, inactivity by its field."""
    api.create(**TIMEOUT)
    causes = [step["cause"] for step in api.advance(by="1h")["transitions"]]
    assert causes == ["preset:fast", "preset:fast", "inactive_timeout", "preset:fast"]


@pytest.mark.parametrize("by", ["name", "id"])
@pytest.mark.parametrize("stream", [False, True])
def test_inference_puts_the_stop_off(api, by, stream):
    """A request, by name or by id, streamed or not, starts the idle minute anew."""
    created = api.create(**TIMEOUT)
    api.run_until(created["id"], "STARTED")
    api.advance(to=instant(61.999999))
    assert api.chat(created[by], stream=stream).status_code == 200
    assert api.state()["endpoints"][0]["progress"]["active_at"] == "2026-01-01T00:01:01.999999Z"
    assert steps(api.advance(to=instant(121.999998))) == []
    assert steps(api.advance(by="1h"))[0] == (121.999999, "STOPPING")


def test_a_request_at_the_very_instant_of_the_stop_comes_too_late(api):
    """At the boundary itself the endpoint is stopping already, for inference too."""
    created = api.create(**TIMEOUT)
    api.run_until(created["id"], "STARTED")
    api.advance(to=instant(62))
    refused(api.chat(created["name"]), "endpoint_not_running")


def test_reads_changes_and_refused_requests_are_no_activity(api):
    """Only answered inference counts: nothing else puts the stop off."""
    created = api.create(**TIMEOUT)
    path = f"/v1/endpoints/{created['id']}"
    api.run_until(created["id"], "STARTED")
    api.advance(to=instant(60))
    api.get(path)
    api.get("/v1/endpoints")
    api.patch(path, json={"display_name": "Renamed", "state": "STARTED"})
    api.post("/v1/chat/completions", json={"model": created["name"], "messages": []})
    api.chat("Qwen/QwQ-32B")
    api.state()
    assert steps(api.advance(by="1h"))[0] == (62, "STOPPING")


def test_a_restarted_endpoint_has_its_whole_idle_time_again(api):
    """Stopped for inactivity, started anew: it lives as before, from its new start."""
    endpoint = api.create(**TIMEOUT)["id"]
    api.run_until(endpoint, "STOPPED")
    api.advance(to=instant(100))
    answer = api.patch(f"/v1/endpoints/{endpoint}", json={"state": "STARTED"})
    assert answer.json()["state"] == "PENDING"
    assert steps(api.advance(by="1h")) == [
        (100.5, "STARTING"),
        (102, "STARTED"),
        (162, "STOPPING"),
        (162.5, "STOPPED"),
    ]


@pytest.mark.parametrize(
    ("minutes", "stops_at"),
    [(1, 62), (2, 122), (10, 602), (0, None), (None, 182)],
)
def test_a_new_timeout_counts_from_the_last_request(api, minutes, stops_at):
    """Changed after 30 s of idleness, the timeout counts from when they began."""
    endpoint = api.create(inactive_timeout=3)["id"]
    api.advance(to=instant(32))
    api.patch(f"/v1/endpoints/{endpoint}", json={"inactive_timeout": minutes})
    moved = steps(api.advance(by="1d"))
    assert moved == (
        [] if stops_at is None else [(stops_at, "STOPPING"), (stops_at + 0.5, "STOPPED")]
    )


def test_a_timeout_that_has_passed_already_stops_now_and_not_before(api):
    """Lowered below the time already idle, it stops the endpoint at once: history stays."""
    endpoint = api.create(inactive_timeout=60)["id"]
    api.advance(to=instant(600))
    answer = api.patch(f"/v1/endpoints/{endpoint}", json=TIMEOUT)
    assert answer.json()["state"] == "STARTED"
    assert api.state_of(endpoint) == "STOPPING"
    assert steps(api.advance(by="1h")) == [(600.5, "STOPPED")]


@pytest.mark.parametrize(("minutes", "stops_at"), [(30, 1802), (10, 1200)])
def test_a_timeout_taken_off_and_set_again_counts_from_the_last_request(api, minutes, stops_at):
    """With none nothing is forgotten: the idleness is the same when there is a timeout again."""
    endpoint = api.create(inactive_timeout=60)["id"]
    api.advance(to=instant(600))
    api.patch(f"/v1/endpoints/{endpoint}", json={"inactive_timeout": 0})
    api.advance(to=instant(1200))
    api.patch(f"/v1/endpoints/{endpoint}", json={"inactive_timeout": minutes})
    assert steps(api.advance(by="1d")) == [(stops_at, "STOPPING"), (stops_at + 0.5, "STOPPED")]


def test_a_timeout_changed_before_the_start_moves_no_stage(api):
    """While an endpoint starts, its timeout may change; the start keeps its instants."""
    endpoint = api.create()["id"]
    api.advance(to=instant(0.3))
    api.patch(f"/v1/endpoints/{endpoint}", json=TIMEOUT)
    assert steps(api.advance(by="1h"))[:3] == [(0.5, "STARTING"), (2, "STARTED"), (62, "STOPPING")]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("fast", "manual", []),
        ("fast", "instant", [(0.2, "STARTING"), (0.2, "STARTED")]),
        ("manual", "fast", [(0.5, "STARTING"), (2, "STARTED")]),
        ("manual", "instant", [(0.2, "STARTING"), (0.2, "STARTED")]),
        ("realistic", "fast", [(0.5, "STARTING"), (2, "STARTED")]),
    ],
)
def test_a_preset_changed_on_the_way_times_the_stage_anew(api, before, after, expected):
    """A stage under way is timed by the new preset from its own start."""
    api.preset(before)
    endpoint = api.create()["id"]
    api.advance(by="0.2s")
    api.preset(after)
    if after == "instant":
        assert api.state_of(endpoint) == "STARTED"
    else:
        assert steps(api.advance(by="1h")) == expected


def test_a_preset_changed_late_does_not_rewrite_history(api):
    """A stage that should have ended by the new preset ends now, not in the past."""
    api.preset("manual")
    api.create()
    api.advance(to=instant(10))
    api.preset("fast")
    assert steps(api.advance(by=0)) == [(10, "STARTING")]
    assert steps(api.advance(by="1h")) == [(11.5, "STARTED")]
