"""Autoscaling: how many replicas a deployment should have, from requests in flight.

The level is load / target, rounded up. The desired count rises once the level has been above it
for the whole up window, to the lowest level seen in it; and falls once the level has been below
it for the whole down window, to the highest level seen in it. Bounds clamp both.
"""

import math

from together_mock.core.deployment import Deployment


def initial_count(deployment: Deployment, at: int) -> int:
    """How many replicas a start asks for: the minimum, or what the load wants."""
    curve = deployment.scaling.curve
    level = curve.level(at, deployment.scaling.target, deployment.maximum) if curve else 0
    return max(deployment.minimum, level)


def observe(deployment: Deployment, at: int) -> None:
    """Take note of the load at an instant, and plan the next look."""
    scaling = deployment.scaling
    curve, cap, target = scaling.curve, deployment.maximum, scaling.target
    scaling.level, scaling.level_until = (0, None) if curve is None else curve.look(at, target, cap)
    if scaling.in_flight:
        load = scaling.in_flight + (curve.value(at) if curve else 0.0)
        scaling.level = min(cap, math.ceil(load / target))
    compare(deployment, at)


def compare(deployment: Deployment, at: int) -> None:
    """Hold the present level against the desired count, and plan the decision between them."""
    scaling = deployment.scaling
    wanted = _clamp(deployment, scaling.level)
    if wanted == deployment.desired:
        scaling.diverged_at, scaling.seen, scaling.decide_at = None, [], None
        return
    rises = wanted > deployment.desired
    seen = [*scaling.seen, (at, wanted)]
    # Only the latest run of levels on this side of the desired count is the present divergence:
    # what a decision has just followed is no longer part of it.
    start = len(seen)
    while (
        start
        and seen[start - 1][1] != deployment.desired
        and (rises == (seen[start - 1][1] > deployment.desired))
    ):
        start -= 1
    scaling.seen = seen[start:]
    scaling.diverged_at = scaling.seen[0][0]
    window = scaling.up_window if rises else scaling.down_window
    scaling.decide_at = max(at, scaling.diverged_at + window)


def decide(deployment: Deployment, at: int) -> int:
    """The desired count at an instant at which a decision is due."""
    scaling = deployment.scaling
    if not scaling.seen:
        return deployment.desired
    rises = scaling.seen[-1][1] > deployment.desired
    window = scaling.up_window if rises else scaling.down_window
    levels = _within(scaling.seen, at - window)
    return min(levels) if rises else max(levels)


def _within(seen: list[tuple[int, int]], since: int) -> list[int]:
    # The level in force when the window opened counts as well.
    before = [level for instant, level in seen if instant <= since]
    return before[-1:] + [level for instant, level in seen if instant > since]


def _clamp(deployment: Deployment, level: int) -> int:
    return max(deployment.minimum, min(deployment.maximum, level))
