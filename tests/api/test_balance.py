"""What is left to spend, and what will have been spent: the balance and the forecast.

2x H100 is 18 cents a minute and replica, 2x A100 5.42; preset fast: served from 2 s on.
"""

import pytest
from rehearsal import (
    A100X2,
    advance,
    billing,
    bounds,
    control,
    history,
    patch,
    pool,
    put_balance,
    put_load,
    put_pools,
    put_profile,
    start,
    states,
    timeline,
)
from support import H100X2, MIXTRAL, refused

NEW = {"model": MIXTRAL, "hardware": H100X2}


def forecast(api, horizon):
    answer = api.post("/_mock/billing/forecast", json={"horizon": horizon})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_forecast_is_what_then_happens(api):
    """Loads, inactivity, queued starts and planned pools are all looked ahead at; nothing moves."""
    put_pools(api, pool(3))
    put_pools(api, pool(4), at="2026-01-02T00:00:00Z")
    busy = api.create(**bounds(1, 3))
    idle = api.create(inactive_timeout=90)
    queued = api.create(**bounds(3))
    advance(api, 100)
    put_load(api, busy, "sine:0:24:12h")
    before = (api.state(), api.get("/_mock/clock").json(), billing(api))
    looked = forecast(api, "7d")
    assert looked["until"] == "2026-01-08T00:01:40.000Z"
    assert forecast(api, "7d") == looked
    assert (api.state(), api.get("/_mock/clock").json(), billing(api)) == before

    advance(api, "7d")
    assert billing(api)["total"] == looked["total"]
    assert float(looked["added"]) == pytest.approx(
        float(looked["total"]) - float(before[2]["total"])
    )
    assert states(api, idle, queued) == ["STOPPED", "STARTED"]


def test_a_forecast_knows_the_balance(api):
    """What will have been spent is never more than there is."""
    api.create()
    put_balance(api, "10.00")
    assert forecast(api, "30d")["total"] == "10"
    put_balance(api, None)
    assert forecast(api, "30d")["total"] == f"{0.18 * (30 * 1440 - 2 / 60):.3f}"


def test_a_forecast_of_an_idle_project_is_nothing(api):
    """Stopped endpoints add nothing."""
    api.create(state="STOPPED")
    assert forecast(api, 3600) == {
        "currency": "USD",
        "until": "2026-01-01T01:00:00.000Z",
        "total": "0",
        "added": "0",
    }


@pytest.mark.parametrize("horizon", ["soon", -1, None, "101000d"])
def test_a_forecast_needs_a_horizon(api, horizon):
    """400 naming the field."""
    answer = api.post("/_mock/billing/forecast", json={"horizon": horizon})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "horizon"


def test_a_spent_balance_stops_everything_at_that_instant(api):
    """9 cents are half a minute of 18 cents a minute; starts under way are called off."""
    serving = api.create()
    advance(api, 2)
    put_balance(api, "0.09")
    starting = api.create()
    put_profile(api, "slow", ("STARTING", "STARTED", "10m"), ("PENDING", "STARTING", "20s"))
    advance(api, 25)
    pending = api.create()
    named = {"serving": serving, "starting": starting, "pending": pending}
    assert states(api, starting, pending) == ["STARTING", "PENDING"]
    assert advance(api, 60, **named) == [
        (32, "serving", "STOPPING"),
        (32, "starting", "STOPPING"),
        (32, "pending", "STOPPED"),
        (32.5, "serving", "STOPPED"),
        (32.5, "starting", "STOPPED"),
    ]
    assert billing(api)["balance"] == "0"
    assert billing(api)["running_cents_per_minute"] == "0"


def test_the_instant_is_exact(api):
    """To the microsecond, with several prices running."""
    h100, a100 = api.create(**bounds(2)), api.create(hardware=A100X2)
    advance(api, 2)
    put_balance(api, "1.00")
    advance(api, 300)
    # --- a dollar lasts 100 / (2 * 18 + 5.42) minutes
    spent = 2 + 100 / 41.42 * 60
    assert [history(api, endpoint)[3][0] for endpoint in (h100, a100)] == pytest.approx(
        [spent, spent], abs=1e-6
    )
    assert timeline(api, h100)["history"][3]["cause"] == "balance_spent"
    assert states(api, h100, a100) == ["STOPPED", "STOPPED"]
    assert float(billing(api)["total"]) == pytest.approx(1, abs=1e-5)


def test_how_the_clock_moves_makes_no_difference(api, server):
    """A jump past the end, and many small steps to it, stop at the same instant."""
    other = server.api()
    ends = []
    for project, step in ((api, 1000), (other, 7)):
        endpoint = project.create(hardware=A100X2)
        advance(project, 2)
        put_balance(project, "0.333333")
        for _ in range(1000 // step + 1):
            advance(project, step)
            billing(project)
        ends.append(history(project, endpoint)[3])
    assert ends[0] == ends[1]
    other.http.close()


def test_scaling_brings_the_end_nearer(api):
    """The balance pays for every replica that is ready."""
    endpoint = api.create(**bounds(1, 2))
    advance(api, 2)
    put_balance(api, "0.36")
    patch(api, endpoint, autoscaling={"min_replicas": 2})
    advance(api, 300)
    # --- 1.5 s of one replica, and the rest of two minutes by two
    assert history(api, endpoint)[3] == (2 + 1.5 + (120 - 1.5) / 2, "STOPPING")


def test_creation_and_restart_are_refused_once_it_is_spent(api):
    """402 in the service's envelope, nothing created; other changes are let through."""
    endpoint = api.create()
    advance(api, 2)
    put_balance(api, "0.18")
    advance(api, 600)
    assert states(api, endpoint) == ["STOPPED"]
    refused(api.post("/v1/endpoints", json=NEW), "insufficient_balance")
    path = f"/v1/endpoints/{endpoint['id']}"
    refused(api.patch(path, json={"state": "STARTED"}), "insufficient_balance")
    assert len(api.get("/v1/endpoints?mine=true").json()["data"]) == 1
    assert patch(api, endpoint, display_name="Kept")["display_name"] == "Kept"
    # --- topped up, it goes on
    put_balance(api, "5")
    start(api, endpoint)
    api.create()
    assert advance(api, 2)[-1][2] == "STARTED"


def test_a_queue_is_given_up_when_nothing_is_left(api):
    """What waits for capacity is stopped as well, and nobody gets the capacity that frees."""
    put_pools(api, pool(1))
    running, waiting, last = api.create(), api.create(), api.create()
    advance(api, 2)
    put_balance(api, "0.18")
    advance(api, 600)
    assert states(api, running, waiting, last) == ["STOPPED"] * 3
    assert [state for _, state in history(api, waiting)] == ["PENDING", "STOPPED"]
    assert history(api, last)[-1] == (62, "STOPPED")


def test_a_balance_that_outlives_every_clock(api):
    """Nothing is due then: its end is an instant that no clock reaches."""
    endpoint = api.create()
    advance(api, "1h")
    put_balance(api, "999999999999")
    assert timeline(api, endpoint)["next"] is None
    advance(api, "30d")
    assert states(api, endpoint) == ["STARTED"]


def test_no_balance_is_no_limit(api):
    """Null takes the limit off; zero is nothing left."""
    put_balance(api, "0")
    refused(api.post("/v1/endpoints", json=NEW), "insufficient_balance")
    assert put_balance(api, None)["balance"] is None
    endpoint = api.create()
    advance(api, 2)
    put_balance(api, "0.00")
    assert history(api, endpoint)[-1] == (2, "STOPPING")


def test_a_spent_balance_stops_what_has_not_begun_to_run(api):
    """PENDING and STARTING too, at once, whether it was spent before or just set so."""
    pending, starting = api.create(), api.create()
    advance(api, 0.5)
    control(api, pending, "transition", to="STOPPED")
    put_balance(api, "0")
    assert states(api, pending, starting) == ["STOPPED", "STOPPING"]
    control(api, pending, "transition", to="PENDING")
    assert history(api, pending)[-2:] == [(0.5, "PENDING"), (0.5, "STOPPED")]


def test_the_timeline_tells_when_the_balance_ends(api):
    """Where it comes before whatever else would move the endpoint on."""
    endpoint = api.create(inactive_timeout=60)
    advance(api, 2)
    put_balance(api, "1")
    shown, due = timeline(api, endpoint), api.get("/_mock/clock").json()["next_due"]
    assert shown["next"] == {"to": "STOPPING", "at": due}
    assert shown["why"] == f"the balance is spent at {due}, which stops it"
    put_balance(api, "1000")
    assert "without a request" in timeline(api, endpoint)["why"]


def test_the_balance_moves_with_the_state(api, server):
    """Put into another project, a balance is spent at the same instant."""
    endpoint = api.create(hardware=A100X2)
    advance(api, 2)
    put_balance(api, "0.10")
    advance(api, 0.333)
    billing(api)
    other = server.api()
    document = api.state()
    assert other.put_state(document).json() == document
    advance(api, 600)
    advance(other, 600)
    assert history(api, endpoint)[-2:] == history(other, endpoint)
    other.http.close()


@pytest.mark.parametrize(
    "body",
    [
        {"balance": "-1"},
        {"balance": "abc"},
        {"balance": ""},
        {"balance": 5},
        {"balance": "1e9"},
        {"balance": "1.0000000000001"},
        {},
        {"balance": "1", "currency": "EUR"},
    ],
)
def test_a_bad_balance_is_refused(api, body):
    """400 naming the field, and the balance is as before."""
    put_balance(api, "7.25")
    answer = api.put("/_mock/billing", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == ("currency" if "currency" in body else "balance")
    assert billing(api)["balance"] == "7.25"
