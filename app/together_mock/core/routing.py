"""The traffic split of an endpoint: which deployment answers a request, and what share each takes.

A deployment's capacity is its weight times its ready replicas, and requests are spread in
proportion to capacity. A request's sampling key decides, so that equal keys go to the same
deployment: each deployment draws a score from (endpoint, deployment, key), weighted by its
capacity, and the highest score wins. Where capacities change, only as many keys move as have to.
Source: together-v2 reference, 5, and OpenAPI 2.0.0; how keys are drawn is ours.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from together_mock.core import ids

# Deployment id and weight.
Entry = tuple[str, float]


@dataclass(frozen=True)
class Split:
    """A traffic split, and from which instant on the routers go by it."""

    at: int
    entries: tuple[Entry, ...]


# Splits in the order of their instants; the last one is what the endpoint shows.
Schedule = tuple[Split, ...]


def declared(schedule: Schedule) -> tuple[Entry, ...]:
    """What the endpoint shows as its split."""
    return schedule[-1].entries if schedule else ()


def in_force(schedule: Schedule, now: int) -> tuple[Entry, ...]:
    """The split that the routers go by at an instant."""
    for split in reversed(schedule):
        if split.at <= now:
            return split.entries
    return ()


def changed(schedule: Schedule, entries: Iterable[Entry], now: int, propagation: int) -> Schedule:
    """A schedule under which other entries come into force, `propagation` microseconds from now."""
    current = Split(now, in_force(schedule, now))
    coming = [split for split in schedule if split.at > now]
    changes = Split(now + propagation, tuple(entries))
    if not propagation:
        return (changes,)
    return (current, *[split for split in coming if split.at < changes.at], changes)


def capacities(entries: Iterable[Entry], ready: Callable[[str], int]) -> dict[str, float]:
    """The capacity of each deployment of a split, its weight times its ready replicas.

    Only ratios mean anything, so weights are brought down, or up, by a power of two, which rounds
    nothing: any finite weights have finite capacities then.
    """
    replicas = {deployment: (weight, ready(deployment)) for deployment, weight in entries}
    greatest = max([weight for weight, count in replicas.values() if count], default=0.0)
    _, exponent = math.frexp(greatest)
    return {
        name: math.ldexp(weight, -exponent) * count if count else 0.0
        for name, (weight, count) in replicas.items()
    }


def shares(entries: Iterable[Entry], ready: Callable[[str], int]) -> dict[str, float]:
    """The share of the traffic that each deployment of a split takes, between 0 and 1."""
    capacity = capacities(entries, ready)
    total = sum(capacity.values())
    return {name: size / total if total else 0.0 for name, size in capacity.items()}


def choose(endpoint: str, capacity: Mapping[str, float], key: str) -> str | None:
    """The deployment that answers the requests of a sampling key; None when none has capacity."""
    live = [(name, size) for name, size in capacity.items() if size > 0]
    if len(live) == 1:
        return live[0][0]
    scores = ((_score(endpoint, name, key, size), name) for name, size in live)
    best = max(scores, default=None)
    return best and best[1]


def _score(endpoint: str, deployment: str, key: str, size: float) -> float:
    # An exponential draw of rate `size`: the smallest of several is each one's by its share.
    drawn = ids.fraction(endpoint, "route", deployment, key)
    return math.log(1.0 - drawn) / size
