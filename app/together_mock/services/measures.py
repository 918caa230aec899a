"""What the server did since it started, counted as it goes: figures that no store has.

Counting a request costs a look into a dictionary and two additions, or one appended tuple: what its
operation is called is found when somebody asks for the figures.
"""

import asyncio
import logging
import threading
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from together_mock.core.events import Event, Kind
from together_mock.core.http_faults import Effect
from together_mock.core.instants import to_exact_iso
from together_mock.core.states import V1_STATES
from together_mock.services.operations import operations

log = logging.getLogger("together_mock")

# Upper bounds of durations, in seconds; the last cell is for what takes longer.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNKNOWN = "unknown"
# Requests that are kept to be looked up together: half a megabyte.
MOST_PENDING = 2_000
# How often each bound was met, and last the sum of the durations in seconds.
Cell = list[float]


class Asked(NamedTuple):
    """What a request asked for and how it was answered; the status is None where it was not."""

    generation: str
    operation: str
    status: int | None


class Measures:
    """Counts of requests, faults, streams and ticks. Requests are noted in the event loop only."""

    def __init__(self) -> None:
        # Lifecycle and request effects -> how often a fault had them.
        self.faults: Counter[str] = Counter()
        # Kinds of streams -> how many are open.
        self.streams: Counter[str] = Counter()
        self.ticks = 0
        self.failed_ticks = 0
        self._inference: dict[tuple[str, int], Cell] = {}
        self._pending: deque[tuple[str, str, int | None, float]] = deque()
        self._cells: dict[Asked, Cell] = {}
        self._folding = threading.Lock()

    def inference(self, path: str, status: int, seconds: float) -> None:
        """Note a request of inference that was answered in one piece. The hot path."""
        cell = self._inference.get((path, status))
        if cell is None:
            cell = self._inference[path, status] = _new_cell()
        cell[bisect_left(BOUNDS, seconds)] += 1
        cell[-1] += seconds

    def request(self, method: str, path: str, status: int | None, seconds: float) -> None:
        """Note any other request."""
        self._pending.append((method, path, status, seconds))
        if len(self._pending) == MOST_PENDING:
            # Not in the event loop: the documents of the operations may have to be read.
            asyncio.get_running_loop().run_in_executor(None, self.fold)

    def struck(self, effect: Effect) -> None:
        """Note what faults did to a request."""
        did = {
            "status": effect.status is not None,
            "reset": effect.reset,
            "latency": effect.latency is not None,
            "stream": effect.stream is not None,
        }
        self.faults.update(name for name, done in did.items() if done)

    def happened(self, project: str, events: Iterable[Event]) -> None:
        """Note what was committed; changes of state are logged with their causes."""
        told = log.isEnabledFor(logging.DEBUG)
        for event in events:
            if event.kind is Kind.STRUCK:
                self.faults[event.cause.removeprefix("fault:").partition(" ")[0]] += 1
            elif told and event.is_move:
                _log_move(project, event)

    @contextmanager
    def streaming(self, kind: str) -> Iterator[None]:
        """A stream of a kind is open."""
        self.streams[kind] += 1
        try:
            yield
        finally:
            self.streams[kind] -= 1

    def fold(self) -> None:
        """Find the operations of the requests noted since the last time; it takes a while."""
        known = operations()
        with self._folding:
            while self._pending:
                method, path, status, seconds = self._pending.popleft()
                found = known.find(method, path)
                where = (UNKNOWN, UNKNOWN) if found is None else (found.generation, found.name)
                cell = self._cells.setdefault(Asked(*where, status), _new_cell())
                cell[bisect_left(BOUNDS, seconds)] += 1
                cell[-1] += seconds

    def requests(self) -> dict[Asked, Cell]:
        """All requests so far."""
        self.fold()
        known = operations()
        with self._folding:
            cells = {asked: cell.copy() for asked, cell in self._cells.items()}
        for (path, status), cell in list(self._inference.items()):
            found = known.find("POST", path)
            assert found is not None
            into = cells.setdefault(Asked(found.generation, found.name, status), _new_cell())
            into[:] = map(sum, zip(into, cell.copy(), strict=True))
        return cells


def _new_cell() -> Cell:
    return [0] * (len(BOUNDS) + 2)


def _log_move(project: str, event: Event) -> None:
    before, after = event.from_state and V1_STATES[event.from_state], V1_STATES[event.to_state]
    at = to_exact_iso(event.at)
    endpoint, deployment = event.deployment.endpoint_id, event.deployment.id
    log.debug(
        "%s %s: %s -> %s at %s, cause %s, project %s",
        endpoint,
        deployment,
        before,
        after,
        at,
        event.cause,
        project,
        extra={
            "fields": {
                "project": project,
                "endpoint": endpoint,
                "deployment": deployment,
                "from": before,
                "to": after,
                "at": at,
                "cause": event.cause,
            }
        },
    )
