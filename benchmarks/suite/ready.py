"""From the start of the process to the first answer."""

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.client import Connection, request
from benchmarks.processes import mock, seconds_of_python
from benchmarks.registry import Figure, benchmark

ROUNDS = 7
# Each imports on top of the one before it.
_IMPORTS = {
    "bare interpreter": "pass",
    "import uvicorn": "import uvicorn",
    "import sqlmodel": "import uvicorn, sqlmodel",
    "own modules": "import uvicorn, sqlmodel, click, together_mock.runtime.process",
}


@benchmark
def ready() -> Iterator[Figure]:
    """Seconds from `together-mock serve --port 0` to the first answered GET /_mock/health."""
    _start("/_mock/health")  # writes the bytecode
    rounds = [_round() for _ in range(ROUNDS)]
    first, last = (median(ends[place] for ends in rounds) for place in (-2, -1))
    yield Figure("ready: start to first answer", first, "s", below=0.6)
    for place, part in enumerate([*_IMPORTS, "the rest"]):
        costs = [ends[place] - (ends[place - 1] if place else 0) for ends in rounds]
        yield Figure(f"ready: of it, {part}", median(costs), "s")
    # The framework is loaded behind the lanes, or by the first request that needs it.
    yield Figure("ready: start to an answer of the framework", last, "s")


def _round() -> list[float]:
    """When each part ends, and at last the whole: differences are what a part costs."""
    parts = [seconds_of_python(code) for code in _IMPORTS.values()]
    return [*parts, _start("/_mock/health"), _start("/v1/hardware")]


def _start(path: str) -> float:
    started = time.perf_counter()
    with mock() as served, Connection(served.url) as connection:
        connection.send(request("GET", path, "bench"))
        return time.perf_counter() - started
