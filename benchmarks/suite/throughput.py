"""Requests in a second, against a constant application in the same run."""

import time
from collections.abc import Callable, Iterator
from statistics import median

import orjson

from benchmarks.client import Connection, Load
from benchmarks.processes import Served, bare, mock
from benchmarks.project import Project
from benchmarks.registry import Figure, benchmark

ROUNDS = 7
ROUND_SECONDS = 1.5
CONNECTIONS = 32


@benchmark
def chat() -> Iterator[Figure]:
    """Chat to a started endpoint: one worker, 32 connections, no stream."""
    with mock() as served, Project(served, "chat") as project:
        message = project.chat(project.started_endpoint())
        size = len(project.connection.send(message))
        with (
            bare(size) as constant,
            Load(served.url, message, CONNECTIONS) as ours,
            Load(constant.url, message, CONNECTIONS) as theirs,
        ):
            rates = _alternate(lambda: ours.rate(ROUND_SECONDS), lambda: theirs.rate(ROUND_SECONDS))
    yield Figure("chat: share of a bare ASGI app", _share(rates), above=0.65)
    yield Figure("chat: requests", median(rate for rate, _ in rates), "/s")
    yield Figure("chat: bare app's requests", median(rate for _, rate in rates), "/s")


@benchmark
def pairs() -> Iterator[Figure]:
    """POST /v1/endpoints and GET of what it made, on one connection."""
    rates, creates, reads = _pairs()
    yield Figure("pairs: create and get", median(rate for rate, _ in rates), "/s", above=800)
    yield Figure("pairs: share of a bare ASGI app", _share(rates))
    yield Figure("pairs: of it, create", median(creates) * 1e3, "ms")
    yield Figure("pairs: of it, get", median(reads) * 1e3, "ms")
    # Without the steps of what was created before, which a running clock takes in between.
    rates, _, _ = _pairs("--clock-rate", "0")
    yield Figure("pairs: with a frozen clock", median(rate for rate, _ in rates), "/s")


def _pairs(*options: str) -> tuple[list[tuple[float, float]], list[float], list[float]]:
    """Rates of pairs and of as many bare exchanges, and the seconds of each create and get."""
    creates: list[float] = []
    reads: list[float] = []
    with mock(*options) as served, Project(served, "pairs") as project:
        size = len(project.connection.send(project.creation()))
        with bare(size) as constant:
            rates = _alternate(
                lambda: _pairs_a_second(project, creates, reads),
                lambda: _exchanges_a_second(constant, project.creation()) / 2,
            )
    return rates, creates, reads


def _alternate(ours: Callable[[], float], theirs: Callable[[], float]) -> list[tuple[float, float]]:
    """Rounds of both in turn, after one that warms up."""
    return [(ours(), theirs()) for _ in range(ROUNDS + 1)][1:]


def _share(rates: list[tuple[float, float]]) -> float:
    return median(ours / theirs for ours, theirs in rates)


def _pairs_a_second(project: Project, creates: list[float], reads: list[float]) -> float:
    creation, connection = project.creation(), project.connection
    started, done = time.perf_counter(), 0
    while time.perf_counter() < started + ROUND_SECONDS:
        seconds, body = connection.timed(creation)
        creates.append(seconds)
        reads.append(connection.timed(project.reading(orjson.loads(body)["id"]))[0])
        done += 1
    return done / (time.perf_counter() - started)


def _exchanges_a_second(served: Served, message: bytes) -> float:
    with Connection(served.url) as connection:
        started, done = time.perf_counter(), 0
        while time.perf_counter() < started + ROUND_SECONDS:
            connection.send(message)
            done += 1
        return done / (time.perf_counter() - started)
