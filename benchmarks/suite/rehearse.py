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


@benchmark
def rehearse() -> Iterator[Figure]:
    """One advance each: 30 days of daily curves, 30 days of rest, 10,000 starts at once."""
    with _project("STARTED", _BUSY, autoscaling={"min_replicas": 1, "max_replicas": 8}) as project:
        for number in range(_BUSY):
            # Peaks of 9 to 64 requests in flight, at eight for a replica: up to eight replicas.
            load = {"endpoint": f"endpoint-{number}", "curve": f"sine:0:{9 + number % 56}:24h"}
            project.call(request("POST", "/_mock/load", project.key, load))
        seconds, _ = _advance(project, "30d")
        yield Figure(f"rehearse: {_BUSY:,} endpoints, 30 days of curves", seconds, "s", below=5)
        bill = project.call(request("GET", "/_mock/billing", project.key))
        assert sum(float(item["replica_minutes"]) > 30 * 1440 for item in bill["items"]) == _BUSY
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
