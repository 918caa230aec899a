"""What a traffic split decides: shares, which deployment a key goes to, and from when on."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from together_mock.core import routing
from together_mock.core.clock import SECOND
from together_mock.core.routing import Split

KEYS = [f"key {number}" for number in range(3000)]
NAMES = st.sampled_from(["a", "b", "c", "d"])
SPLITS = st.dictionaries(NAMES, st.floats(0, 1e308), min_size=1)
READY = st.fixed_dictionaries({name: st.integers(0, 1000) for name in "abcd"})


def chosen(capacity, keys=KEYS):
    """By key: the deployment that answers it."""
    return {key: routing.choose("ep_1", capacity, key) for key in keys}


# Shares ----------------------------------------------------------------------------------


def test_a_share_is_weight_times_ready_replicas():
    """Of the sum of all."""
    ready = {"a": 2, "b": 1, "c": 0}
    assert routing.shares([("a", 3), ("b", 2), ("c", 7)], ready.__getitem__) == {
        "a": 0.75,
        "b": 0.25,
        "c": 0.0,
    }


def test_nothing_ready_takes_no_share():
    """Nor does what has weight 0, nor anything of an empty split."""
    assert routing.shares([("a", 1)], lambda _: 0) == {"a": 0.0}
    assert routing.shares([("a", 0)], lambda _: 5) == {"a": 0.0}
    assert routing.shares([], lambda _: 1) == {}


@given(split=SPLITS, ready=READY)
def test_shares_are_parts_of_one(split, ready):
    """Whatever the weights: any that a request can bring, the largest and the smallest."""
    shares = routing.shares(list(split.items()), ready.__getitem__)
    assert shares.keys() == split.keys()
    assert all(0 <= share <= 1 for share in shares.values())
    live = any(weight and ready[name] for name, weight in split.items())
    assert sum(shares.values()) == pytest.approx(1 if live else 0)


# Keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "capacity",
    [
        {"a": 1.0, "b": 1.0},
        {"a": 1.0, "b": 3.0},
        {"a": 90.0, "b": 9.0, "c": 1.0},
        {"a": 1e-9, "b": 3e-9},
    ],
)
def test_keys_are_spread_by_capacity(capacity):
    """Within three standard deviations of a fair draw."""
    counts, total = Counter(chosen(capacity).values()), sum(capacity.values())
    for name, size in capacity.items():
        share = size / total
        deviation = math.sqrt(len(KEYS) * share * (1 - share))
        assert abs(counts[name] - len(KEYS) * share) < 3 * deviation


@pytest.mark.parametrize("factor", [1e308, 1e-300, 5e-324])
def test_extreme_weights_are_spread_like_others(factor):
    """Only their ratio counts, and only that of what is ready."""
    weights = [("a", factor), ("b", factor), ("c", 1.0)]
    capacity = routing.capacities(weights, {"a": 2, "b": 1, "c": 0}.__getitem__)
    assert (capacity["a"], capacity["c"]) == (2 * capacity["b"], 0.0)
    assert 0.5 <= capacity["b"] < 1


def test_shares_of_plain_weights_are_exact():
    """Nine to one is 0.9, as a client would work it out."""
    assert routing.shares([("a", 9.0), ("b", 1.0)], lambda _: 1) == {"a": 0.9, "b": 0.1}


def test_equal_keys_go_to_the_same_deployment():
    """Whatever the order in which a split names them."""
    capacity = {"a": 1.0, "b": 2.0, "c": 3.0}
    assert chosen(capacity) == chosen(dict(reversed(capacity.items())))


def test_endpoints_draw_for_themselves():
    """The same key of two endpoints says nothing of each other."""
    capacity = {"a": 1.0, "b": 1.0}
    other = [routing.choose("ep_2", capacity, key) for key in KEYS]
    same = sum(mine == its for mine, its in zip(chosen(capacity).values(), other, strict=True))
    assert 0.45 < same / len(KEYS) < 0.55


@pytest.mark.parametrize("nothing", [{}, {"a": 0.0}, {"a": 0.0, "b": 0.0}])
def test_without_capacity_nothing_is_chosen(nothing):
    """An endpoint with nothing ready has nowhere to send a request."""
    assert routing.choose("ep_1", nothing, "key") is None


def test_no_capacity_is_never_chosen():
    """Neither weight 0 nor no replica takes a request."""
    assert set(chosen({"a": 1.0, "b": 0.0, "c": 1.0}).values()) == {"a", "c"}
    assert set(chosen({"a": 0.0, "b": 1e-9}).values()) == {"b"}


def test_growth_takes_keys_and_gives_none_away():
    """A deployment that gains capacity takes some keys of the others, which trade none."""
    before = chosen({"a": 1.0, "b": 1.0, "c": 1.0})
    after = chosen({"a": 2.0, "b": 1.0, "c": 1.0})
    moved = {(before[key], after[key]) for key in KEYS if before[key] != after[key]}
    assert moved == {("b", "a"), ("c", "a")}
    # From a third to a half of all: a sixth of the keys move.
    share = sum(before[key] != after[key] for key in KEYS) / len(KEYS)
    assert share == pytest.approx(1 / 6, abs=0.025)


def test_a_loss_moves_the_keys_of_what_was_lost_alone():
    """Where a deployment goes, its keys go to the others, and no other key moves."""
    before = chosen({"a": 1.0, "b": 1.0, "c": 1.0})
    after = chosen({"a": 1.0, "b": 1.0, "c": 0.0})
    assert all(after[key] == before[key] for key in KEYS if before[key] != "c")
    assert {after[key] for key in KEYS if before[key] == "c"} == {"a", "b"}


@given(
    capacity=st.dictionaries(NAMES, st.floats(0.01, 100), min_size=2),
    name=NAMES,
    factor=st.floats(0.1, 10),
    key=st.text(),
)
def test_one_change_moves_keys_to_or_from_it_alone(capacity, name, factor, key):
    """For every key, capacity and change."""
    if name not in capacity:
        return
    before = routing.choose("ep_1", capacity, key)
    after = routing.choose("ep_1", {**capacity, name: capacity[name] * factor}, key)
    assert before == after or name in {before, after}
    if factor > 1:
        assert after in (before, name)


# Instants --------------------------------------------------------------------------------

ONE, TWO, THREE = ((("a", 1.0),), (("b", 1.0),), (("c", 1.0),))


def test_nothing_is_declared_by_no_schedule():
    """An endpoint that has none has no split."""
    assert routing.declared(()) == ()
    assert routing.in_force((), 5) == ()


def test_without_a_delay_a_change_is_in_force_at_once():
    """And nothing of what was is kept."""
    schedule = routing.changed((Split(0, ONE),), TWO, 10, 0)
    assert schedule == (Split(10, TWO),)


def test_a_delay_keeps_the_old_split_in_force():
    """What the endpoint shows is the new one; routers go by it to the microsecond later."""
    schedule = routing.changed((Split(0, ONE),), TWO, 10 * SECOND, 30 * SECOND)
    assert routing.declared(schedule) == TWO
    assert routing.in_force(schedule, 10 * SECOND) == ONE
    assert routing.in_force(schedule, 40 * SECOND - 1) == ONE
    assert routing.in_force(schedule, 40 * SECOND) == TWO


def test_changes_under_way_come_into_force_one_after_the_other():
    """Each after its own delay."""
    schedule = routing.changed((Split(0, ONE),), TWO, 10, 30)
    schedule = routing.changed(schedule, THREE, 20, 30)
    assert [routing.in_force(schedule, at) for at in (20, 39, 40, 49, 50)] == [
        ONE,
        ONE,
        TWO,
        TWO,
        THREE,
    ]


def test_a_faster_change_overtakes_those_under_way():
    """Routers never go back to a split that was given up."""
    schedule = routing.changed((Split(0, ONE),), TWO, 10, 60)
    schedule = routing.changed(schedule, THREE, 20, 30)
    assert [routing.in_force(schedule, at) for at in (20, 49, 50, 70, 1000)] == [
        ONE,
        ONE,
        THREE,
        THREE,
        THREE,
    ]


def test_a_change_to_nothing_is_one_too():
    """Clearing a split takes as long as any other change."""
    schedule = routing.changed((Split(0, ONE),), (), 10, 30)
    assert routing.declared(schedule) == ()
    assert routing.in_force(schedule, 39) == ONE
    assert routing.in_force(schedule, 40) == ()


@given(
    changes=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12),
    look=st.integers(0, 700),
)
def test_a_schedule_stays_short_and_in_order(changes, look):
    """However many changes: what has passed is dropped, and the last one wins in the end."""
    schedule, now = (Split(0, ONE),), 0
    for number, (pause, delay) in enumerate(changes):
        now += pause
        before = routing.in_force(schedule, now)
        schedule = routing.changed(schedule, [(f"d{number}", 1.0)], now, delay)
        if delay:
            assert routing.in_force(schedule, now) == before
        else:
            assert schedule == (Split(now, ((f"d{number}", 1.0),)),)
        instants = [split.at for split in schedule]
        assert instants == sorted(set(instants))
        assert all(at > now for at in instants[1:])
    assert routing.in_force(schedule, now + 50) == routing.declared(schedule)
    assert routing.in_force(schedule, now + look) in [split.entries for split in schedule]
