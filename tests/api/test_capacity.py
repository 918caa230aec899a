"""Capacity: finite pools of replicas, who waits for them, and who gets them when."""

import pytest
from rehearsal import (
    A100X2,
    CENTRAL,
    EAST,
    advance,
    bounds,
    delete,
    patch,
    pool,
    put_load,
    put_pools,
    put_profile,
    replicas,
    start,
    states,
    stop,
    timeline,
    used,
)
from support import H100X2, MIXTRAL

NEW = {"model": MIXTRAL, "hardware": H100X2}


def test_starts_are_queued_in_the_order_of_arrival(api):
    """Each stop lets the one in that asked first, at the very instant at which it frees."""
    put_pools(api, pool(1))
    first, second, third = api.create(), api.create(), api.create()
    named = {"first": first, "second": second, "third": third}
    assert advance(api, 10, **named) == [(0.5, "first", "STARTING"), (2, "first", "STARTED")]
    assert states(api, second, third) == ["PENDING", "PENDING"]

    stop(api, first)
    assert advance(api, 10, **named) == [
        (10.5, "first", "STOPPED"),
        (10.5, "second", "STARTING"),
        (12, "second", "STARTED"),
    ]
    delete(api, second)
    assert advance(api, 10, **named) == [(21.5, "third", "STARTED")]
    assert timeline(api, third)["history"][1]["at"] == "2026-01-01T00:00:20.000Z"
    assert timeline(api, third)["history"][1]["cause"] == "capacity"


def test_what_is_freed_before_the_provisioning_is_over_is_not_waited_for(api):
    """One that gets its replica early still takes the whole of PENDING."""
    put_pools(api, pool(1))
    first = api.create()
    second = api.create()
    delete(api, first)
    assert advance(api, 10, second=second) == [
        (0.5, "second", "STARTING"),
        (2, "second", "STARTED"),
    ]


def test_a_restart_goes_to_the_end_of_the_queue(api):
    """Who stops gives up its place."""
    put_pools(api, pool(1))
    first = api.create()
    advance(api, 10)
    second = api.create()
    stop(api, first)
    advance(api, 0.5)
    start(api, first)
    assert advance(api, 10, first=first, second=second)[-1][1:] == ("second", "STARTED")
    assert states(api, first, second) == ["PENDING", "STARTED"]


def test_small_requests_do_not_overtake_a_large_one(api):
    """A start that does not fit holds back every later one that could use the same pool."""
    put_pools(api, pool(3))
    two, one = api.create(**bounds(2)), api.create()
    three = api.create(**bounds(3))
    small = api.create()
    advance(api, 10)
    stop(api, one)
    advance(api, 10)
    # --- one replica is free, and nobody may have it
    assert used(api) == [2]
    assert states(api, two, three, small) == ["STARTED", "PENDING", "PENDING"]
    stop(api, two)
    advance(api, 10)
    assert states(api, three, small) == ["STARTED", "PENDING"]
    stop(api, three)
    advance(api, 10)
    assert states(api, three, small) == ["STOPPED", "STARTED"]


@pytest.mark.parametrize("leave", [stop, delete])
def test_when_a_large_request_leaves_the_queue_those_behind_it_are_placed(api, leave):
    """What it held back starts at that very instant."""
    put_pools(api, pool(2))
    api.create()
    large, small = api.create(**bounds(2)), api.create()
    advance(api, 10)
    assert states(api, large, small) == ["PENDING", "PENDING"]
    leave(api, large)
    assert states(api, small) == ["STARTING"]
    assert advance(api, 10, small=small) == [(11.5, "small", "STARTED")]


def test_a_lower_minimum_ends_the_wait(api):
    """Reducing the minimum replica count is the way out that the service recommends."""
    put_pools(api, pool(2))
    large = api.create(**bounds(3))
    advance(api, 60)
    why = f"it waits for 3 free replica(s) of {H100X2}, in order of arrival, "
    why += "but no pool has more than 2"
    assert timeline(api, large)["why"] == why
    patch(api, large, autoscaling={"min_replicas": 2})
    assert advance(api, 10, large=large) == [(61.5, "large", "STARTED")]
    assert api.endpoint(large["id"])["autoscaling"]["ready_replicas"] == 2


def test_other_pools_and_other_hardware_are_not_held_back(api):
    """A queue is one of a hardware and zone; hardware without a pool is unlimited."""
    put_pools(api, pool(0, CENTRAL), pool(1, EAST))
    central = api.create(availability_zone=CENTRAL)
    east = api.create(availability_zone=EAST)
    other = api.create(hardware=A100X2, **bounds(50))
    advance(api, 10)
    assert states(api, central, east, other) == ["PENDING", "STARTED", "STARTED"]


def test_a_start_that_asks_for_no_zone_takes_any(api):
    """It goes into the first pool that has room; waiting, it bars those that could ever hold it."""
    put_pools(api, pool(1, CENTRAL), pool(2, EAST))
    double, single = api.create(**bounds(2)), api.create()
    advance(api, 10)
    assert used(api) == [1, 2]
    assert states(api, double, single) == ["STARTED", "STARTED"]
    anywhere = api.create(**bounds(2))
    central = api.create(availability_zone=CENTRAL)
    stop(api, single)
    advance(api, 10)
    assert states(api, anywhere, central) == ["PENDING", "STARTED"]
    stop(api, double)
    advance(api, 10)
    assert used(api) == [1, 2]
    assert states(api, anywhere, central) == ["STARTED", "STARTED"]


def test_a_pool_without_a_zone_serves_all_of_them(api):
    """Whichever zone is asked for, the replicas come from it."""
    put_pools(api, pool(2))
    zoned, free = api.create(availability_zone=EAST), api.create()
    waiting = api.create(availability_zone=CENTRAL)
    advance(api, 10)
    assert states(api, zoned, free, waiting) == ["STARTED", "STARTED", "PENDING"]
    assert used(api) == [2]


def test_an_endpoint_starts_with_what_there_is_and_grows_later(api):
    """A load that wants four replicas gets two of them now, and the rest as it frees."""
    put_pools(api, pool(3))
    other = api.create()
    greedy = api.create(state="STOPPED", **bounds(1, 4))
    put_load(api, greedy, "step:32:32:0s")
    start(api, greedy)
    advance(api, 10)
    assert replicas(api, greedy)[-1] == (2, 2, 4)
    assert timeline(api, greedy)["why"] == f"it waits for 2 more replica(s) of {H100X2}"
    stop(api, other)
    advance(api, 10)
    # --- freed at 10.5, and a replica takes the time of STARTING
    assert replicas(api, greedy)[-1] == (12, 3, 4)
    put_pools(api, pool(9))
    advance(api, 10)
    assert replicas(api, greedy)[-1] == (21.5, 4, 4)
    assert used(api) == [4]


def test_growth_waits_for_starts(api):
    """While a start waits for a pool, nobody grows into it."""
    put_pools(api, pool(2))
    growing, other = api.create(**bounds(1, 4)), api.create()
    advance(api, 10)
    put_load(api, growing, "step:32:32:0s")
    late = api.create(**bounds(2))
    stop(api, other)
    advance(api, 10)
    assert used(api) == [1]
    assert replicas(api, growing)[-1][1:] == (1, 4)
    delete(api, late)
    advance(api, 10)
    assert replicas(api, growing)[-1] == (21.5, 2, 4)


def test_growth_is_served_in_the_order_of_asking(api):
    """Of two that want more, the one that wanted it first gets it."""
    put_pools(api, pool(3))
    one, two, three = (api.create(**bounds(1, 2)) for _ in range(3))
    advance(api, 10)
    put_load(api, two, "step:16:16:0s")
    advance(api, 1)
    put_load(api, one, "step:16:16:0s")
    delete(api, three)
    advance(api, 10)
    assert [replicas(api, grown)[-1][1:] for grown in (one, two)] == [(1, 2), (2, 2)]


def test_growth_that_waits_keeps_its_place_when_its_size_changes(api):
    """To want more, or less, is no new request."""
    put_pools(api, pool(3))
    resized, later, leaving = api.create(**bounds(1, 4)), api.create(**bounds(1, 2)), api.create()
    advance(api, 10)
    put_load(api, resized, "step:16:16:0s")
    advance(api, 1)
    put_load(api, later, "step:16:16:0s")
    advance(api, 1)
    put_load(api, resized, "step:32:32:0s")
    advance(api, 1)
    patch(api, resized, autoscaling={"max_replicas": 3})
    assert replicas(api, resized)[-1][1:] == (1, 3)
    delete(api, leaving)
    advance(api, 10)
    assert [replicas(api, grown)[-1][1:] for grown in (resized, later)] == [(2, 3), (1, 2)]
    put_pools(api, pool(4))
    advance(api, 10)
    assert [replicas(api, grown)[-1][1:] for grown in (resized, later)] == [(3, 3), (1, 2)]


def test_growth_that_no_longer_waits_asks_anew(api):
    """Who gave up its request, or was served, goes to the end of the queue."""
    put_pools(api, pool(3))
    again, later, leaving = api.create(**bounds(1, 2)), api.create(**bounds(1, 2)), api.create()
    advance(api, 10)
    put_load(api, again, "step:16:16:0s")
    advance(api, 1)
    put_load(api, later, "step:16:16:0s")
    advance(api, 1)
    patch(api, again, autoscaling={"max_replicas": 1})
    patch(api, again, autoscaling={"max_replicas": 2})
    advance(api, 1)
    delete(api, leaving)
    advance(api, 10)
    assert [replicas(api, grown)[-1][1:] for grown in (again, later)] == [(1, 2), (2, 2)]


def test_a_fall_below_what_is_ready_ends_the_wait_before_anything_is_given_back(api):
    """One that gives up growth takes nothing of what its own cancelled replicas free."""
    put_pools(api, pool(3))
    endpoint = api.create(**bounds(2, 4))
    put_profile(api, "slow", ("STARTING", "STARTED", "10m"))
    api.run_until(endpoint["id"], "STARTED")
    patch(api, endpoint, autoscaling={"min_replicas": 4})
    assert used(api) == [3]
    patch(api, endpoint, autoscaling={"min_replicas": 1, "max_replicas": 1})
    assert used(api) == [2]
    assert api.state()["endpoints"][0]["progress"]["starting"] == []
    advance(api, 10)
    assert used(api) == [1]
    assert replicas(api, endpoint)[-1][1:] == (1, 1)


def test_a_start_whose_minimum_is_raised_is_placed_anew(api):
    """What it has no longer does: it waits again, in its old place, and never starts with less."""
    put_pools(api, pool(2))
    first, second = api.create(**bounds(1)), api.create(**bounds(1))
    patch(api, first, autoscaling={"min_replicas": 2, "max_replicas": 2})
    advance(api, 0.1)
    third = api.create(**bounds(1))
    advance(api, 10)
    assert states(api, first, second, third) == ["PENDING", "STARTED", "PENDING"]
    stop(api, second)
    advance(api, 10)
    assert states(api, first, third) == ["STARTED", "PENDING"]
    assert api.endpoint(first["id"])["autoscaling"]["ready_replicas"] == 2
