"""How long one advance of the clock takes: a month of traffic, many that rest, many that start."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from benchmarks.client import request
from benchmarks.processes import mock
from benchmarks.project import HARDWARE, MODEL, Project
from benchmarks.registry import Figure, benchmark

_BUSY, _STILL, _STARTING = 1_000, 100_000, 10_000
# Requests in flight for a replica.
_TARGET = 8


@benchmark
def rehearse() -> Iterator[Figure]:
    """One advance each: 30 days of daily curves, 30 days of rest, 10,000 starts at once."""
    for most, target in ((4, 5.0), (8, None)):
        name = f"rehearse: {_BUSY:,} endpoints of 1 to {most} replicas, 30 days of curves"
        yield Figure(name, _month(most), "s", below=target)
    with _project("STOPPED", _STILL) as project:
        seconds, moves = _advance(project, "30d")
        assert not moves
        yield Figure(
            f"rehearse: {_STILL:,} stopped endpoints, 30 days", seconds * 1e3, "ms", below=50
        )
    with _project("PENDING", _STARTING) as project:
        seconds, moves = _advance(project, "1h")
        assert sum(move["to"] == "STARTED" for move in moves) == _STARTING
        yield Figure(f"rehearse: {_STARTING:,} endpoints start", seconds, "s", below=10)


def _month(most: int) -> float:
    """Seconds of an advance over 30 days of daily curves, whose peaks want 2 to `most` replicas."""
    bounds = {"min_replicas": 1, "max_replicas": most}
    with _project("STARTED", _BUSY, autoscaling=bounds) as project:
        for number in range(_BUSY):
            peak = _TARGET + 1 + number % (_TARGET * (most - 1))
            load = {"endpoint": f"endpoint-{number}", "curve": f"sine:0:{peak}:24h"}
            project.call(request("POST", "/_mock/load", project.key, load))
        seconds, _ = _advance(project, "30d")
        bill = project.call(request("GET", "/_mock/billing", project.key))
    # Every one of them has scaled.
    assert sum(float(item["replica_minutes"]) > 30 * 1440 for item in bill["items"]) == _BUSY
    return seconds


@contextmanager
def _project(state: str, count: int, **fields: Any) -> Iterator[Project]:
    """A project of so many endpoints in a state, on a frozen clock."""
    entry = {"model": MODEL, "hardware": HARDWARE, "state": state, **fields}
    endpoints = [
        {**entry, "id": f"endpoint-{number}", "name": f"bench/{number}"} for number in range(count)
    ]
    clock = {"now": "2026-01-01T00:00:00Z", "rate": 0}
    with mock("--preset", "realistic") as served, Project(served, "rehearse") as project:
        document = {"clock": clock, "endpoints": endpoints}
        project.connection.send(request("PUT", "/_mock/state", project.key, document))
        yield project


def _advance(project: Project, by: str) -> tuple[float, list[dict[str, Any]]]:
    """Seconds of an advance, and the changes of state that it tells."""
    message = request("POST", "/_mock/clock/advance", project.key, {"by": by})
    seconds, body = project.connection.timed(message)
    return seconds, orjson.loads(body)["transitions"]
