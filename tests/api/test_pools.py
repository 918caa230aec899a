"""Pools: what is put in force, when, and what it says; queue or reject."""

import pytest
from rehearsal import (
    A100X2,
    CENTRAL,
    EAST,
    advance,
    bounds,
    delete,
    pool,
    put_pools,
    start,
    states,
    stop,
    used,
)
from support import H100X2, MIXTRAL, refused

NEW = {"model": MIXTRAL, "hardware": H100X2}


def test_reject_refuses_what_finds_no_room(api):
    """Creation and restart answer the service's error, and nothing has changed."""
    put_pools(api, pool(1), on_exhausted="reject")
    first = api.create()
    answer = api.post("/v1/endpoints", json=NEW)
    assert refused(answer, "hardware_unavailable")["param"] == "hardware"
    assert "hardware request not available" in answer.json()["error"]["message"]
    assert len(api.get("/v1/endpoints?mine=true").json()["data"]) == 1

    parked = api.create(state="STOPPED")
    start_parked = {"state": "STARTED", "display_name": "Renamed"}
    answer = api.patch(f"/v1/endpoints/{parked['id']}", json=start_parked)
    refused(answer, "hardware_unavailable")
    assert api.endpoint(parked["id"])["display_name"] == MIXTRAL

    delete(api, first)
    start(api, parked)
    assert advance(api, 10)[-1][2] == "STARTED"


def test_reject_asks_for_the_minimum_in_the_zone(api):
    """More than there is of a zone is refused, though other zones have some."""
    put_pools(api, pool(1, CENTRAL), pool(5, EAST), on_exhausted="reject")
    answer = api.post("/v1/endpoints", json={**NEW, **bounds(2), "availability_zone": CENTRAL})
    refused(answer, "hardware_unavailable")
    refused(api.post("/v1/endpoints", json={**NEW, **bounds(6)}), "hardware_unavailable")
    api.create(**bounds(1, 9), availability_zone=CENTRAL)
    api.create(**bounds(5), availability_zone=EAST)


def test_a_planned_stock_out_takes_effect_at_its_instant(api):
    """Until then there is plenty; what runs goes on, what starts waits until the next plan."""
    put_pools(api, pool(5))
    shown = put_pools(api, pool(0), at="2026-01-01T01:00:00Z")
    put_pools(api, pool(2), at="2026-01-01T02:00:00Z")
    assert shown["pools"][0]["replicas"] == 5
    assert [plan["at"] for plan in shown["planned"]] == ["2026-01-01T01:00:00.000Z"]
    before = api.create()
    api.advance(to="2026-01-01T00:59:59.400Z")
    late = api.create()
    api.advance(to="2026-01-01T01:30:00Z")
    during = api.create()
    assert api.get("/_mock/capacity").json()["pools"][0]["status"] == "unavailable"
    assert states(api, before, late, during) == ["STARTED", "STARTED", "PENDING"]
    delete(api, late)
    moved = api.advance(to="2026-01-01T03:00:00Z")["transitions"]
    assert [(step["at"], step["to"]) for step in moved] == [
        ("2026-01-01T02:00:00.000Z", "STARTING"),
        ("2026-01-01T02:00:01.500Z", "STARTED"),
    ]
    assert api.get("/_mock/capacity").json()["planned"] == []
    assert used(api) == [2]


def test_plans_are_run_by_each_way_of_moving_the_clock(api):
    """They are due like everything else: `next` goes there."""
    put_pools(api, pool(0))
    put_pools(api, at="2026-01-01T01:00:00Z")
    waiting = api.create()
    assert api.get("/_mock/clock").json()["next_due"] == "2026-01-01T01:00:00.000Z"
    assert api.advance(next=1)["now"] == "2026-01-01T01:00:00.000Z"
    assert states(api, waiting) == ["STARTING"]


def test_a_pool_cut_below_its_use_stops_nobody(api):
    """What runs goes on; nothing more is placed until the use has fallen below the size."""
    put_pools(api, pool(3))
    running = [api.create() for _ in range(3)]
    advance(api, 10)
    shown = put_pools(api, pool(1))["pools"][0]
    assert (shown["used"], shown["free"], shown["status"]) == (3, 0, "insufficient")
    waiting = api.create()
    for endpoint in running[:2]:
        delete(api, endpoint)
        advance(api, 10)
        assert states(api, waiting, running[2]) == ["PENDING", "STARTED"]
    delete(api, running[2])
    assert states(api, waiting) == ["STARTING"]


def test_capacity_back_at_its_start_lets_those_in_that_waited(api):
    """A reset of the pools is a change of pools like any other."""
    put_pools(api, pool(0))
    waiting = api.create()
    advance(api, 10)
    assert api.post("/_mock/reset", json={"only": ["capacity"]}).status_code == 200
    assert states(api, waiting) == ["STARTING"]


def test_the_hardware_list_says_what_is_left(api):
    """available, insufficient (none left) and unavailable (none at all), the best zone counting."""

    def status(hardware=H100X2):
        rows = api.get("/v1/hardware", params={"model": MIXTRAL}).json()["data"]
        return next(row["availability"]["status"] for row in rows if row["id"] == hardware)

    assert status() == "available"
    put_pools(api, pool(0))
    assert (status(), status(A100X2)) == ("unavailable", "available")
    put_pools(api, pool(0, CENTRAL), pool(1, EAST))
    assert status() == "available"
    endpoint = api.create()
    assert status() == "insufficient"
    delete(api, endpoint)
    assert status() == "available"


def test_replicas_are_held_until_a_stop_has_ended(api):
    """Reserved from the start of PENDING, released with STOPPED, ERROR or deletion."""
    put_pools(api, pool(4))
    endpoint = api.create(**bounds(2))
    assert used(api) == [2]
    advance(api, 10)
    stop(api, endpoint)
    assert used(api) == [2]
    advance(api, 0.5)
    assert used(api) == [0]
    start(api, endpoint)
    assert used(api) == [2]
    delete(api, endpoint)
    assert used(api) == [0]
    failed = api.create()
    assert (
        api.post(f"/_mock/endpoints/{failed['id']}/transition", json={"to": "ERROR"}).status_code
        == 200
    )
    assert used(api) == [0]


def test_only_the_project_that_set_pools_has_them(api, server):
    """Pools of one project hold nobody back in another."""
    put_pools(api, pool(0))
    other = server.api()
    endpoint = other.create()
    other.run_until(endpoint["id"], "STARTED")
    assert other.get("/_mock/capacity").json()["pools"] == []
    other.http.close()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"pools": [pool(1, hardware="1x_nvidia_abacus")]}, "pools.0.hardware"),
        ({"pools": [pool(1), pool(1, "mars-1a")]}, "pools.1.zone"),
        ({"pools": [pool(1), pool(2)]}, "pools.1"),
        ({"pools": [pool(1, EAST), pool(1), pool(2, EAST)]}, "pools.2"),
        ({"pools": [pool(-1)]}, "pools.0.replicas"),
        ({"pools": [{"hardware": H100X2}]}, "pools.0.replicas"),
        ({"pools": [{**pool(1), "gpus": 8}]}, "pools.0.gpus"),
        ({"pools": [], "on_exhausted": "explode"}, "on_exhausted"),
        ({"pools": [], "at": "2026-01-01T00:00:00Z"}, "at"),
        ({"pools": [], "at": "2025-12-31T00:00:00Z"}, "at"),
        ({"pools": [], "at": "soon"}, "at"),
        ({"pools": [], "pool": []}, "pool"),
        ({}, "pools"),
        ({"on_exhausted": "reject"}, "pools"),
    ],
)
def test_a_bad_document_is_refused_by_the_name_of_its_field(api, body, param):
    """400 naming the field, and the pools are as before."""
    before = put_pools(api, pool(7))
    answer = api.put("/_mock/capacity", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert api.get("/_mock/capacity").json() == before
