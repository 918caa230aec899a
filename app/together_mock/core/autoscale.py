"""Autoscaling: how many replicas a deployment should have, from requests in flight.

The level is load / target, rounded up. The desired count rises once the level has been above it
for the whole up window, to the lowest level seen in it; and falls once the level has been below
it for the whole down window, to the highest level seen in it. Policies then limit how far it may
go in a trailing period, and bounds clamp it.
"""

import math

from together_mock.core.clock import SECOND
from together_mock.core.deployment import DISABLED, NEVER, Deployment, Policy

# The longest period of a policy. Source: the types of together 3.1.1.
LONGEST_PERIOD = 1800 * SECOND


def initial_count(deployment: Deployment, at: int) -> int:
    """How many replicas a start asks for: the minimum, or what the load wants."""
    scaling = deployment.scaling
    curve = scaling.curve if scaling.follows_load else None
    level = curve.level(at, scaling.target, deployment.maximum) if curve else 0
    return max(deployment.minimum, level)


def observe(deployment: Deployment, at: int) -> None:
    """Take note of the load at an instant, and plan the next look."""
    scaling = deployment.scaling
    curve, cap, target = scaling.curve, deployment.maximum, scaling.target
    scaling.level, until = (0, None) if curve is None else curve.look(at, target, cap)
    scaling.level_until = _within_time(until)
    if scaling.in_flight:
        load = scaling.in_flight + (curve.value(at) if curve else 0.0)
        scaling.level = min(cap, math.ceil(load / target))
    compare(deployment, at)


def compare(deployment: Deployment, at: int) -> None:
    """Hold the present level against the desired count, and plan the decision between them."""
    scaling = deployment.scaling
    wanted = _clamp(deployment, scaling.level if scaling.follows_load else deployment.desired)
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
    opens_at = _open_at(deployment, wanted, max(at, scaling.diverged_at + window))
    scaling.decide_at = _within_time(opens_at)


def decide(deployment: Deployment, at: int) -> int:
    """The desired count at an instant at which a decision is due."""
    scaling = deployment.scaling
    if not scaling.seen:
        return deployment.desired
    rises = scaling.seen[-1][1] > deployment.desired
    window = scaling.up_window if rises else scaling.down_window
    levels = _within(scaling.seen, at - window)
    return _limited(deployment, min(levels) if rises else max(levels), at)


def note_move(deployment: Deployment, change: int, at: int) -> None:
    """Remember what was scaled by, for as long as a policy may count it."""
    scaling = deployment.scaling
    if scaling.up.policies or scaling.down.policies:
        kept = [move for move in scaling.moves if move[0] > at - LONGEST_PERIOD]
        scaling.moves = [*kept, (at, change)]


def _within_time(at: int | None) -> int | None:
    """An instant, or None for one that no clock reaches."""
    return at if at is not None and at < NEVER else None


def _open_at(deployment: Deployment, wanted: int, start: int) -> int | None:
    """The first instant from `start` on at which the policies allow a step towards a count."""
    scaling = deployment.scaling
    rules = scaling.up if wanted > deployment.desired else scaling.down
    if rules.select == DISABLED:
        return None
    if not rules.policies:
        return start
    ends = {moved + policy.period for moved, _ in scaling.moves for policy in rules.policies}
    instants = [start, *sorted(end for end in ends if end > start)]
    allowed = (at for at in instants if _limited(deployment, wanted, at) != deployment.desired)
    return next(allowed, None)


def _limited(deployment: Deployment, wanted: int, at: int) -> int:
    """A count, brought as near as the policies of its direction allow at an instant."""
    rises = wanted > deployment.desired
    rules = deployment.scaling.up if rises else deployment.scaling.down
    if not rules.policies:
        return wanted
    bounds = [_allowed(deployment, policy, at, rises=rises) for policy in rules.policies]
    # The least change is the lowest count on the way up, and the highest on the way down.
    if rises:
        bound = max(bounds) if rules.select == "max" else min(bounds)
        return max(deployment.desired, min(wanted, bound))
    bound = min(bounds) if rules.select == "max" else max(bounds)
    return min(deployment.desired, max(wanted, bound))


def _allowed(deployment: Deployment, policy: Policy, at: int, *, rises: bool) -> int:
    """The count that a policy allows: from that of the beginning of its trailing period."""
    moved = [change for moment, change in deployment.scaling.moves if moment > at - policy.period]
    base = deployment.desired - sum(change for change in moved if (change > 0) == rises)
    if not policy.percent:
        return base + (policy.value if rises else -policy.value)
    if rises:
        return math.ceil(base * (100 + policy.value) / 100)
    return max(0, base * (100 - policy.value) // 100)


def _within(seen: list[tuple[int, int]], since: int) -> list[int]:
    # The level in force when the window opened counts as well.
    before = [level for instant, level in seen if instant <= since]
    return before[-1:] + [level for instant, level in seen if instant > since]


def _clamp(deployment: Deployment, level: int) -> int:
    return max(deployment.minimum, min(deployment.maximum, level))
