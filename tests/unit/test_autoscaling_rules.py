"""What v2 may say of autoscaling, how updates merge, and what policies make of a load."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from together_mock.core import autoscaling
from together_mock.core.autoscaling import (
    METRICS,
    Autoscaling,
    AutoscalingChange,
    Metric,
    RulesChange,
)
from together_mock.core.capacity import Capacity
from together_mock.core.catalog import Preset
from together_mock.core.clock import DAY, MINUTE, SECOND
from together_mock.core.deployment import DISABLED, NO_RULES, Deployment, Policy, Rules
from together_mock.core.errors import MockError
from together_mock.core.lifecycle import Stage
from together_mock.core.load import parse_curve
from together_mock.core.placement import Placement
from together_mock.core.simulation import AUTOSCALER, Simulation
from together_mock.core.states import State
from together_mock.core.timing import Timing
from unit.rows import LABEL

TWO_PODS = Policy(percent=False, value=2, period=60 * SECOND)
HALF = Policy(percent=True, value=50, period=90 * SECOND)
LATENCY = Metric("ttft", METRICS["ttft"], 250.0, "p95")
FULL = Autoscaling(
    minimum=2,
    maximum=9,
    up_window=7 * SECOND,
    down_window=8 * SECOND,
    zero_window=9 * MINUTE,
    up=Rules((TWO_PODS,), "min"),
    down=Rules((HALF, TWO_PODS), DISABLED),
    metrics=(LATENCY,),
)


def refusal(value):
    """The case and the field by which an autoscaling is refused; None when it is not."""
    try:
        autoscaling.check(value)
    except MockError as error:
        return error.case, error.param
    return None


# Creation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "bounds"),
    [
        ({}, (1, 1)),
        ({"minimum": 3}, (3, 3)),
        ({"maximum": 3}, (1, 3)),
        ({"minimum": 2, "maximum": 3}, (2, 3)),
        ({"minimum": 0}, (0, 0)),
        ({"maximum": 0}, (0, 0)),
        ({"minimum": 0, "maximum": 0}, (0, 0)),
    ],
)
def test_a_bound_that_is_left_out_follows_from_the_other(said, bounds):
    """The maximum is the minimum; the minimum is one, unless nothing may run."""
    made = autoscaling.created(AutoscalingChange(**said))
    assert (made.minimum, made.maximum) == bounds
    assert refusal(made) is None


def test_what_is_not_said_has_the_documented_defaults():
    """Up at once, down after five minutes, by 8 requests in flight each, never to zero."""
    assert autoscaling.created(AutoscalingChange()) == Autoscaling(
        minimum=1,
        maximum=1,
        up_window=0,
        down_window=300 * SECOND,
        zero_window=None,
        up=Rules((), "max"),
        down=Rules((), "max"),
        metrics=(Metric("inflight_requests", "METRIC_TARGET_TYPE_AVERAGE_VALUE", 8.0),),
    )


def test_all_that_is_said_is_kept():
    """Policies without a selector use MAX."""
    said = AutoscalingChange(
        minimum=2,
        maximum=9,
        up_window=7 * SECOND,
        down_window=8 * SECOND,
        zero_window=9 * MINUTE,
        up=RulesChange((TWO_PODS,)),
        down=RulesChange((HALF, TWO_PODS), DISABLED),
        metrics=(LATENCY,),
    )
    assert autoscaling.created(said) == replace(FULL, up=Rules((TWO_PODS,), "max"))


# Updates ---------------------------------------------------------------------------------


def test_without_a_mask_what_is_said_is_set_and_the_rest_stays():
    """Field by field, within the rules of a direction too."""
    said = AutoscalingChange(maximum=20, down_window=0, up=RulesChange(select="max"))
    assert autoscaling.merged(FULL, said, None) == replace(
        FULL, maximum=20, down_window=0, up=Rules((TWO_PODS,), "max")
    )
    assert autoscaling.merged(FULL, AutoscalingChange(), None) == FULL


def test_the_mask_of_the_whole_merges_like_none():
    """An omitted bound keeps its value, as the command line relies on."""
    said = AutoscalingChange(minimum=3)
    assert autoscaling.merged(FULL, said, ["autoscaling"]) == replace(FULL, minimum=3)


def test_a_mask_lets_nothing_else_through():
    """What is said beyond it is not set."""
    said = AutoscalingChange(
        minimum=3, maximum=20, up_window=1, up=RulesChange((HALF,), "max"), metrics=(LATENCY,)
    )
    paths = ["autoscaling.max_replicas", "autoscaling.scale_up.select_policy"]
    assert autoscaling.merged(FULL, said, paths) == replace(
        FULL, maximum=20, up=Rules((TWO_PODS,), "max")
    )


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("scale_up_window", {"up_window": 0}),
        ("scale_down_window", {"down_window": 300 * SECOND}),
        ("scale_to_zero_window", {"zero_window": None}),
        ("scaling_metrics", {"metrics": autoscaling.DEFAULT_METRICS}),
        ("scale_up.policies", {"up": Rules((), "min")}),
        ("scale_up.select_policy", {"up": Rules((TWO_PODS,), "max")}),
        ("scale_down.policies", {"down": Rules((), DISABLED)}),
        ("scale_down.select_policy", {"down": Rules((HALF, TWO_PODS), "max")}),
    ],
)
def test_what_is_named_and_not_said_is_reset(path, after):
    """To its default: the way to clear policies, selectors and windows."""
    paths = [f"autoscaling.{path}"]
    expected = replace(FULL, **after)
    assert autoscaling.merged(FULL, AutoscalingChange(), paths) == expected
    empty = AutoscalingChange(up=RulesChange((), None), down=RulesChange((), None), metrics=())
    assert autoscaling.merged(FULL, empty, paths) == expected


def test_a_bound_that_is_named_and_not_said_keeps_its_value():
    """Omitting one on update preserves it (the types of together 3.1.1)."""
    paths = ["autoscaling.min_replicas", "autoscaling.max_replicas"]
    assert autoscaling.merged(FULL, AutoscalingChange(maximum=5), paths) == replace(FULL, maximum=5)


@pytest.mark.parametrize("paths", [None, ["autoscaling"]])
def test_an_empty_list_says_nothing_unless_its_own_path_is_named(paths):
    """Non-empty lists replace; an empty one is what proto3 sends of none."""
    empty = AutoscalingChange(up=RulesChange((), None), down=RulesChange((), None), metrics=())
    assert autoscaling.merged(FULL, empty, paths) == FULL


def test_the_rules_of_a_direction_can_be_named_as_a_whole():
    """Then its parts merge as under no mask."""
    said = AutoscalingChange(down=RulesChange((TWO_PODS,), None), up=RulesChange((HALF,)))
    merged = autoscaling.merged(FULL, said, ["autoscaling.scale_down"])
    assert merged == replace(FULL, down=Rules((TWO_PODS,), DISABLED))


# Refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "case", "param"),
    [
        ({"minimum": 0}, "v2_min_zero", "autoscaling.minReplicas"),
        ({"minimum": 10}, "v2_min_exceeds_max", "autoscaling.minReplicas"),
        ({"up_window": -1}, "v2_bad_value", "autoscaling.scaleUpWindow"),
        ({"down_window": -1}, "v2_bad_value", "autoscaling.scaleDownWindow"),
        ({"zero_window": -1}, "v2_bad_value", "autoscaling.scaleToZeroWindow"),
        (
            {"up": Rules((TWO_PODS, TWO_PODS._replace(value=0)))},
            "v2_bad_value",
            "autoscaling.scaleUp.policies.1.value",
        ),
        (
            {"down": Rules((HALF._replace(period=SECOND - 1),))},
            "v2_bad_value",
            "autoscaling.scaleDown.policies.0.periodSeconds",
        ),
        (
            {"down": Rules((HALF._replace(period=1801 * SECOND),))},
            "v2_bad_value",
            "autoscaling.scaleDown.policies.0.periodSeconds",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(value, case, param):
    """By the field that is wrong."""
    assert refusal(replace(FULL, **value)) == (case, param)


@pytest.mark.parametrize("period", [SECOND, 1800 * SECOND])
def test_periods_from_a_second_to_half_an_hour_are_taken(period):
    """Both included."""
    assert refusal(replace(FULL, up=Rules((TWO_PODS._replace(period=period),)))) is None


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_has_one_type(name):
    """Each of the allowlist its own; another is refused."""
    good = Metric(name, METRICS[name], 5.0)
    assert refusal(replace(FULL, metrics=(good,))) is None
    for kind in set(METRICS.values()) - {good.kind}:
        assert refusal(replace(FULL, metrics=(replace(good, kind=kind),))) == (
            "v2_bad_value",
            "autoscaling.scalingMetrics.0.type",
        )


@pytest.mark.parametrize(
    ("name", "target", "taken"),
    [
        ("inflight_requests", 0.0, False),
        ("inflight_requests", -1.0, False),
        ("inflight_requests", float("nan"), False),
        ("inflight_requests", float("inf"), False),
        ("inflight_requests", 0.1, True),
        ("inflight_requests", 0.09, False),
        ("inflight_requests", 1e6, True),
        ("inflight_requests", 1.1e6, False),
        ("gpu_utilization", 100.0, True),
        ("gpu_utilization", 100.1, False),
        ("ttft", 100.1, True),
    ],
)
def test_a_target_is_positive_and_a_percentage_at_most_all(name, target, taken):
    """Utilization is a percentage; other targets have no bound."""
    value = replace(FULL, metrics=(Metric(name, METRICS[name], target),))
    expected = None if taken else ("v2_bad_value", "autoscaling.scalingMetrics.0.target")
    assert refusal(value) == expected


@pytest.mark.parametrize(
    ("name", "percentile", "taken"),
    [
        ("ttft", "p50", True),
        ("decoding_speed", "p90", True),
        ("e2e_latency", "p99", True),
        ("e2e_latency", "p98", False),
        ("e2e_latency", "", False),
        ("inflight_requests", "p95", False),
        ("active_sessions", "p95", False),
    ],
)
def test_percentiles_go_with_latencies(name, percentile, taken):
    """Four of them."""
    value = replace(FULL, metrics=(Metric(name, METRICS[name], 5.0, percentile),))
    expected = None if taken else ("v2_bad_value", "autoscaling.scalingMetrics.0.percentile")
    assert refusal(value) == expected


def test_a_metric_is_named_once():
    """The second one is refused."""
    assert refusal(replace(FULL, metrics=(LATENCY, replace(LATENCY, percentile="p50")))) == (
        "v2_bad_value",
        "autoscaling.scalingMetrics.1.name",
    )


# On a deployment -------------------------------------------------------------------------


def new_deployment(minimum=1, maximum=50):
    return Deployment(
        1, "d", "e", "name", "m", "gpu", None, minimum, maximum, None, "gpu", 1, LABEL
    )


def test_a_deployment_gives_back_what_was_put_on_it():
    """But for the bounds, which commands set, and the metrics, which it does not keep."""
    deployment = new_deployment(2, 9)
    autoscaling.put(deployment, FULL)
    assert autoscaling.of(deployment, FULL.metrics) == FULL


def test_only_requests_in_flight_drive_replicas():
    """By other metrics alone, the load is not followed; with it among them, by its target."""
    deployment = new_deployment()
    autoscaling.put(deployment, FULL)
    assert not deployment.scaling.follows_load
    in_flight = Metric("inflight_requests", METRICS["inflight_requests"], 3.0)
    autoscaling.put(deployment, replace(FULL, metrics=(LATENCY, in_flight)))
    assert deployment.scaling.follows_load
    assert deployment.scaling.target == 3.0


# Policies --------------------------------------------------------------------------------

PRESET = Preset("test", {name: Stage(1) for name in ("pending", "starting", "stopping")})
END = DAY
BEGUN = 2 * SECOND


def scaled(curve, stops=(), minimum=1, maximum=50, **settings):
    """The instants (seconds after the load came) and counts that an autoscaler decided on.

    One request in flight is one replica; windows and rules as `Autoscaling` has them.
    """
    metrics = (Metric("inflight_requests", METRICS["inflight_requests"], 1.0),)
    windows = {"up_window": 0, "down_window": 0, "metrics": metrics, **settings}
    deployment = new_deployment(minimum, maximum)
    autoscaling.put(deployment, Autoscaling(minimum, maximum, **windows))
    simulation = Simulation(Timing("seed", PRESET), Placement(Capacity()))
    simulation.add([deployment])
    simulation.enter(deployment, State.QUEUED, 0, "test")
    simulation.run(BEGUN)
    assert deployment.state is State.SERVING
    deployment.scaling.curve = parse_curve(curve, BEGUN, "curve")
    simulation.observe(deployment, BEGUN)
    for stop in (*sorted(stops), END):
        simulation.run(stop)
    return [
        ((event.at - BEGUN) / SECOND, event.desired)
        for event in simulation.events
        if event.cause == AUTOSCALER
    ]


def pods(value, seconds):
    return Policy(percent=False, value=value, period=seconds * SECOND)


def percent(value, seconds):
    return Policy(percent=True, value=value, period=seconds * SECOND)


def test_without_policies_a_load_is_followed_at_once():
    """All the way."""
    assert scaled("step:1:10:1m") == [(60, 10)]


def test_pods_bound_the_change_of_a_period():
    """Two more a minute, from the instant of the first."""
    up = Rules((pods(2, 60),))
    assert scaled("step:1:8:1m", up=up) == [(60, 3), (120, 5), (180, 7), (240, 8)]


def test_percent_is_of_the_count_when_the_period_began():
    """Up by half each minute, rounded up: 2, 3, 5, 8, 12; the last step is what is wanted."""
    up = Rules((percent(50, 60),))
    assert scaled("step:1:10:1m", up=up) == [(60, 2), (120, 3), (180, 5), (240, 8), (300, 10)]


def test_percent_on_the_way_down_rounds_down():
    """Half a minute halves it, and one goes to none but for the bound."""
    down = Rules((percent(50, 30),))
    assert scaled("step:9:0:1m", down=down)[1:] == [(60, 4), (90, 2), (120, 1)]


def test_max_takes_the_policy_that_allows_most():
    """Four more or twice as many, whichever is more."""
    up = Rules((pods(4, 60), percent(100, 60)), "max")
    assert scaled("step:1:30:1m", up=up) == [(60, 5), (120, 10), (180, 20), (240, 30)]


def test_min_takes_the_policy_that_allows_least():
    """Four more or twice as many, whichever is less."""
    up = Rules((pods(4, 60), percent(100, 60)), "min")
    assert scaled("step:1:12:1m", up=up) == [(60, 2), (120, 4), (180, 8), (240, 12)]


def test_disabled_holds_a_direction_steady():
    """The other one is free; bounds still count."""
    assert scaled("spike:1:10:1m:1m", down=Rules((), DISABLED)) == [(60, 10)]
    assert scaled("step:1:10:1m", up=Rules((pods(2, 60),), DISABLED)) == []


def test_periods_of_different_lengths_hold_each_other_back():
    """Three a minute, but no more than four in five minutes."""
    up = Rules((pods(3, 60), pods(4, 300)), "min")
    assert scaled("step:1:12:1m", up=up) == [(60, 4), (120, 5), (360, 8), (420, 9), (660, 12)]


def test_the_window_comes_before_the_policies():
    """The first step waits for the window, the next ones for the period alone."""
    up = Rules((pods(4, 60),))
    assert scaled("step:1:9:1m", up=up, up_window=30 * SECOND) == [(90, 5), (150, 9)]


def test_a_load_that_falls_while_policies_hold_it_back_is_followed_no_further():
    """What is wanted is looked at anew at every step."""
    up = Rules((pods(2, 60),))
    assert scaled("spike:1:20:1m:90s", up=up) == [(60, 3), (120, 5), (150, 1)]


POLICIES = st.builds(
    Policy, st.booleans(), st.integers(1, 60), st.integers(1, 1800).map(lambda n: n * SECOND)
)
RULES = st.builds(Rules, st.lists(POLICIES, max_size=3).map(tuple), st.sampled_from(["max", "min"]))
CURVES = st.sampled_from(
    ["step:1:40:2m", "ramp:40:1:20m", "spike:3:45:5m:10m", "sine:1:40:5h", "ramp:1:60:10m"]
)
WINDOWS = st.integers(0, 600).map(lambda n: n * SECOND)


def bound(policy, moves, index):
    """The count that a policy allows after a move, told from the counts alone."""
    at, _ = moves[index]
    first = 1 if index == 0 else moves[index - 1][1]
    rises = moves[index][1] > first
    base, before = first, index
    while before and moves[before - 1][0] > at - policy.period / SECOND:
        before -= 1
        change = moves[before][1] - (moves[before - 1][1] if before else 1)
        # Only changes of the same direction are counted against it.
        base -= change if (change > 0) == rises else 0
    if not policy.percent:
        return base + (policy.value if rises else -policy.value)
    whole, rest = divmod(base * (100 + (policy.value if rises else -policy.value)), 100)
    return whole + (1 if rises and rest else 0)


@settings(max_examples=100)
@given(curve=CURVES, up=RULES, down=RULES, up_window=WINDOWS, down_window=WINDOWS)
def test_no_policy_is_broken_in_any_period(curve, up, down, up_window, down_window):
    """After each move: all of the policies hold under MIN, one of them under MAX."""
    moves = scaled(curve, up=up, down=down, up_window=up_window, down_window=down_window)
    for index, (_, count) in enumerate(moves):
        rises = count > (1 if index == 0 else moves[index - 1][1])
        rules = up if rises else down
        if rules.policies:
            bounds = [bound(policy, moves, index) for policy in rules.policies]
            holds = [count <= most if rises else count >= most for most in bounds]
            assert all(holds) if rules.select == "min" else any(holds)


@settings(max_examples=100)
@given(
    curve=CURVES.filter(lambda curve: not curve.startswith("sine")),
    up=RULES,
    down=RULES,
    up_window=WINDOWS,
    down_window=WINDOWS,
)
def test_policies_delay_and_change_no_end(curve, up, down, up_window, down_window):
    """Where a load comes to rest, the count ends where it does without policies."""
    windows = {"up_window": up_window, "down_window": down_window}
    free = scaled(curve, **windows)
    held = scaled(curve, up=up, down=down, **windows)
    assert ends(held) == ends(free)


def ends(moves):
    """The count after the last move."""
    return moves[-1][1] if moves else 1


@settings(max_examples=100)
@given(
    curve=CURVES,
    up=RULES,
    down=RULES,
    window=WINDOWS,
    stops=st.lists(st.integers(BEGUN, 600 * MINUTE), max_size=30),
)
def test_one_jump_is_many_small_ones(curve, up, down, window, stops):
    """With policies and windows too."""
    rules = {"up": up, "down": down, "down_window": window}
    assert scaled(curve, stops, **rules) == scaled(curve, **rules)


def test_bounds_hold_whatever_policies_say():
    """A deployment whose bounds are raised follows at once; only the autoscaler is held back."""
    up = Rules((pods(1, 600),))
    assert scaled("step:0:40:1m", minimum=5, maximum=7, up=up) == [(60, 6), (660, 7)]
    assert NO_RULES.policies == ()
