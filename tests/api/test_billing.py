"""The bill: replicas that serve, by the minute and to the cent, however time passes.

2x H100 is 18 cents a minute and replica, 2x A100 5.42; preset fast: served from 2 s on.
"""

from rehearsal import (
    A100X2,
    DAY,
    add_fault,
    advance,
    billing,
    bounds,
    control,
    delete,
    item,
    pool,
    put_balance,
    put_load,
    put_pools,
    start,
    states,
    stop,
)
from support import H100X2, MIXTRAL, START

NEW = {"model": MIXTRAL, "hardware": H100X2}


def test_nothing_costs_nothing(api):
    """The bill of a project that ran nothing."""
    assert billing(api) == {
        "currency": "USD",
        "total": "0",
        "items": [],
        "days": [],
        "running_cents_per_minute": "0",
        "balance": None,
    }
    api.create()
    assert billing(api)["items"] == []


def test_an_endpoint_costs_its_price_by_the_minute(api):
    """Ten minutes of serving are ten times 18 cents, to the second."""
    endpoint = api.create()
    advance(api, 602)
    assert billing(api) == {
        "currency": "USD",
        "total": "1.8",
        "items": [
            {
                "endpoint": endpoint["id"],
                "hardware": H100X2,
                "replica_minutes": "10",
                "idle_minutes": "10",
                "cents_per_minute": "18",
                "cost": "1.8",
            }
        ],
        "days": [{"day": "2026-01-01", "cost": "1.8"}],
        "running_cents_per_minute": "18",
        "balance": None,
    }
    advance(api, 1)
    assert billing(api)["total"] == "1.803"
    advance(api, "1ms")
    assert billing(api)["total"] == "1.803003"


def test_prices_are_those_of_the_hardware(api):
    """Each endpoint has its own line, and the total is their sum."""
    h100, a100 = api.create(**bounds(2)), api.create(hardware=A100X2)
    advance(api, 3602)
    assert item(api, h100)["cost"] == "21.6"
    assert item(api, a100)["cents_per_minute"] == "5.42"
    assert item(api, a100)["cost"] == "3.252"
    assert billing(api)["total"] == "24.852"
    assert billing(api)["running_cents_per_minute"] == "41.42"


def test_only_serving_is_billed(api):
    """Neither PENDING, STARTING, STOPPING nor STOPPED, whatever time they take."""
    api.preset("manual")
    endpoint = api.create()
    for state, waited in (("STARTING", 100), ("STARTED", 200)):
        advance(api, waited)
        assert control(api, endpoint, "transition", to=state).status_code == 200
    assert billing(api)["items"] == []
    advance(api, 60)
    control(api, endpoint, "transition", to="STOPPING")
    advance(api, 1000)
    control(api, endpoint, "transition", to="STOPPED")
    advance(api, 1000)
    assert billing(api)["total"] == "0.18"
    assert billing(api)["running_cents_per_minute"] == "0"


def test_a_wait_for_capacity_and_a_failed_start_are_free(api):
    """What never ran is not on the bill."""
    put_pools(api, pool(0))
    failing, waiting = api.create(), api.create()
    add_fault(api, "start_error")
    advance(api, "1d")
    put_pools(api, pool(1))
    advance(api, "1d")
    assert states(api, failing, waiting) == ["ERROR", "ERROR"]
    assert billing(api)["items"] == []


def test_an_endpoint_that_fails_while_it_serves_costs_until_then(api):
    """ERROR ends the bill."""
    endpoint = api.create()
    advance(api, 62)
    control(api, endpoint, "transition", to="ERROR")
    advance(api, "1d")
    assert billing(api)["total"] == "0.18"


def test_replicas_are_billed_from_ready_to_drained(api):
    """A second replica costs from the instant it is ready to the instant it is let go."""
    endpoint = api.create(**bounds(1, 2))
    advance(api, 2)
    put_load(api, endpoint, "spike:1:16:1m:1m", scale_down_window=0)
    advance(api, 600)
    # --- asked for at 60 s, ready at 61.5 s, let go at 120 s
    assert item(api, endpoint)["replica_minutes"] == "10.975"
    assert billing(api)["total"] == "1.9755"


def test_a_lost_replica_is_not_billed_until_it_is_replaced(api):
    """A crash leaves one replica less to pay for."""
    endpoint = api.create(**bounds(2))
    advance(api, 62)
    add_fault(api, "replica_crash", times=1)
    assert billing(api)["running_cents_per_minute"] == "18"
    advance(api, 60)
    assert item(api, endpoint)["replica_minutes"] == "3.975"


def test_idle_minutes_are_those_without_requests(api):
    """A request makes the minute after it active; so does a load, as long as it lasts."""
    endpoint = api.create()
    advance(api, 302)
    api.chat(endpoint["name"])
    advance(api, 600)
    line = item(api, endpoint)
    assert (line["replica_minutes"], line["idle_minutes"]) == ("15", "14")
    for _ in range(5):
        api.chat(endpoint["name"])
        advance(api, 59)
    assert item(api, endpoint)["idle_minutes"] == "14"
    put_load(api, endpoint, "spike:0:5:10m:10m")
    advance(api, 1800)
    assert item(api, endpoint)["idle_minutes"] == f"{14 + 20 - 1 / 60:.6f}"


def test_idle_replicas_count_each(api):
    """Idle time is replica time, as the rest of the bill."""
    endpoint = api.create(**bounds(3))
    advance(api, 602)
    assert item(api, endpoint)["idle_minutes"] == "30"
    api.chat(endpoint["name"])
    advance(api, 60)
    line = item(api, endpoint)
    assert (line["replica_minutes"], line["idle_minutes"]) == ("33", "30")


def test_the_days_of_a_bill_end_at_midnight(api):
    """Each day has its own sum, those without cost are left out."""
    api.put_state({"clock": {"now": "2026-02-27T23:00:00Z", "rate": 0}})
    endpoint = api.create()
    api.advance(to="2026-03-01T00:30:02Z")
    stop(api, endpoint)
    api.advance(to="2026-03-03T22:59:58Z")
    start(api, endpoint)
    api.advance(to="2026-03-03T23:30:00Z")
    assert billing(api)["days"] == [
        {"day": "2026-02-27", "cost": "10.794"},
        {"day": "2026-02-28", "cost": "259.2"},
        {"day": "2026-03-01", "cost": "5.406"},
        {"day": "2026-03-03", "cost": "5.4"},
    ]
    assert billing(api)["total"] == "280.8"


def test_a_deleted_endpoint_stays_on_the_bill(api):
    """What was used has to be paid; a new endpoint has a line of its own."""
    endpoint = api.create()
    advance(api, 62)
    delete(api, endpoint)
    advance(api, 600)
    again = api.create()
    advance(api, 62)
    assert [line["endpoint"] for line in billing(api)["items"]] == sorted(
        [endpoint["id"], again["id"]]
    )
    assert item(api, endpoint)["cost"] == item(api, again)["cost"] == "0.18"


def test_the_bill_does_not_depend_on_how_time_moved(api, server):
    """A day in one jump and in many, looked at or not, costs the same to the last digit."""
    other = server.api()
    document = api.state()
    bills = []
    for project, jumps in ((api, 1), (other, 97)):
        project.put_state(document)
        endpoint = project.create(hardware=A100X2, **bounds(1, 5))
        put_load(project, endpoint, "sine:0:40:7h")
        for number in range(1, jumps + 1):
            project.advance(to=_instant(DAY * number // jumps))
            billing(project)
        bills.append(billing(project))
    assert bills[0] == bills[1]
    other.http.close()


def _instant(at):
    return f"2026-01-{1 + at // DAY:02}T{at % DAY // 3600:02}:{at % 3600 // 60:02}:{at % 60:02}Z"


def test_a_reset_of_the_bill_begins_anew(api):
    """What was used before is forgotten, what runs goes on."""
    endpoint = api.create()
    advance(api, 602)
    put_balance(api, "100")
    assert api.post("/_mock/reset", json={"only": ["billing"]}).status_code == 200
    assert billing(api)["items"] == []
    assert billing(api)["balance"] is None
    advance(api, 60)
    assert item(api, endpoint)["cost"] == "0.18"
    assert api.get("/_mock/clock").json()["now"] > START
