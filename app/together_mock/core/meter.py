"""A meter of requests: what was answered and refused, minute by minute, and what follows from it.

Counts are exact. Durations are counted in steps of two per cent, so that a percentile is within
one per cent of what it stands for; what is answered at once takes no time at all.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from together_mock.core.answers import Usage
from together_mock.core.clock import MINUTE, SECOND

# The first step ends at ten microseconds; there is one more for no time at all.
_FIRST, _RATIO = 1e-5, 1.02
ANSWERED = 200
# What a request counts as whose client went away before it was answered, as many servers log it.
CLIENT_GONE, CLIENT_GONE_KIND = 499, "client_closed_request"
_FAILED = 400


class Measure(StrEnum):
    """What is counted, and by what: statuses, kinds of errors, steps of a duration, or nothing."""

    STATUS = "status"
    ERROR = "error"
    INPUT = "input"
    OUTPUT = "output"
    CACHED = "cached"
    LATENCY = "latency"
    TTFT = "ttft"
    ITL = "itl"


# A measure, and which of it: a status, a kind of error, the number of a step.
Cell = tuple[str, str]


class Sample(NamedTuple):
    """One answer: its tokens, and how many seconds it was due after its request.

    `ttft` is when its first token was due, `itl` how long after the one before each other token
    was; None where nothing is generated.
    """

    usage: Usage
    latency: float = 0.0
    ttft: float | None = None
    itl: float | None = None


def step_of(seconds: float) -> int:
    """The step that a duration is counted in."""
    return 0 if seconds < _FIRST else 1 + int(math.log(seconds / _FIRST, _RATIO))


def milliseconds(step: int) -> float:
    """What the durations of a step are taken for."""
    return 1000 * _FIRST * _RATIO ** (step - 0.5) if step else 0.0


class Tally:
    """What was noted of the requests that came within one minute."""

    __slots__ = ("at_once", "cached", "cells", "input", "output")

    def __init__(self) -> None:
        # Answers that took no time and were generated; by far the most.
        self.at_once = self.input = self.output = self.cached = 0
        self.cells: dict[Cell, int] = {}

    def answered_at_once(self, usage: Usage) -> None:
        """Note an answer that took no time."""
        # Faster than by name; this is done for every brief chat.
        prompt, completion, _, cached = usage
        self.at_once += 1
        self.input += prompt
        self.output += completion
        if cached:
            self.cached += cached

    def answered(self, sample: Sample) -> None:
        """Note an answer."""
        usage = sample.usage
        self.input += usage.prompt
        self.output += usage.completion
        self.cached += usage.cached
        self._add((Measure.STATUS, str(ANSWERED)))
        durations = {
            Measure.LATENCY: sample.latency,
            Measure.TTFT: sample.ttft,
            Measure.ITL: sample.itl,
        }
        for measure, seconds in durations.items():
            if seconds is not None:
                self._add((measure, str(step_of(seconds))))

    def refused(self, status: int, kind: str) -> None:
        """Note a request that got no answer, with the status and the kind of the error."""
        self._add((Measure.STATUS, str(status)))
        self._add((Measure.ERROR, kind))

    def extend(self, later: "Tally") -> None:
        """Add what was noted after this."""
        self.at_once += later.at_once
        self.input += later.input
        self.output += later.output
        self.cached += later.cached
        for cell, amount in later.cells.items():
            self._add(cell, amount)

    def amounts(self) -> dict[Cell, int]:
        """What is to be added to each cell."""
        found = dict(self.cells)
        at_once = [(Measure.STATUS, str(ANSWERED))]
        at_once += [(measure, "0") for measure in (Measure.LATENCY, Measure.TTFT, Measure.ITL)]
        for cell in at_once:
            found[cell] = found.get(cell, 0) + self.at_once
        found[Measure.INPUT, ""] = self.input
        found[Measure.OUTPUT, ""] = self.output
        found[Measure.CACHED, ""] = self.cached
        return {cell: amount for cell, amount in found.items() if amount}

    def _add(self, cell: Cell, amount: int = 1) -> None:
        self.cells[cell] = self.cells.get(cell, 0) + amount


class Traffic(dict[tuple[str, int], Tally]):
    """Tallies by the endpoint's id and the number of the minute since the epoch."""

    def tally(self, endpoint_id: str, at: int) -> Tally:
        """The tally of an endpoint at an instant."""
        place = endpoint_id, at // MINUTE
        found = self.get(place)
        if found is None:
            found = self[place] = Tally()
        return found

    def extend(self, later: "Traffic") -> None:
        """Add what was noted after this."""
        for place, tally in later.items():
            self.setdefault(place, Tally()).extend(tally)


@dataclass
class Durations:
    """How long something took: how often by steps."""

    steps: dict[int, int] = field(default_factory=dict)

    def percentile(self, share: float) -> float | None:
        """The duration that a share of all does not exceed (milliseconds); None without any."""
        wanted = math.ceil(share * sum(self.steps.values()))
        passed = 0
        for step in sorted(self.steps):
            passed += self.steps[step]
            if passed >= wanted:
                return milliseconds(step)
        return None


@dataclass
class Totals:
    """What came of the requests of a time: by statuses, by kinds of errors, in tokens, in time."""

    statuses: dict[int, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    tokens: dict[Measure, int] = field(default_factory=dict)
    durations: dict[Measure, Durations] = field(default_factory=dict)

    def add(self, cell: Cell, amount: int) -> None:
        """Add to a cell."""
        measure, which = Measure(cell[0]), cell[1]
        if measure is Measure.STATUS:
            self.statuses[int(which)] = self.statuses.get(int(which), 0) + amount
        elif measure is Measure.ERROR:
            self.errors[which] = self.errors.get(which, 0) + amount
        elif measure in (Measure.LATENCY, Measure.TTFT, Measure.ITL):
            steps = self.durations.setdefault(measure, Durations()).steps
            steps[int(which)] = steps.get(int(which), 0) + amount
        else:
            self.tokens[measure] = self.tokens.get(measure, 0) + amount

    @property
    def requests(self) -> int:
        """All requests."""
        return sum(self.statuses.values())

    @property
    def failed(self) -> int:
        """Requests that got no answer."""
        return sum(count for status, count in self.statuses.items() if status >= _FAILED)

    @property
    def successful(self) -> int:
        """Requests that were answered."""
        return self.requests - self.failed


class Span(NamedTuple):
    """A time range of whole minutes, the end not in it (microseconds)."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start) / SECOND

    def buckets(self, width: int) -> list["Span"]:
        """Parts of a length from the start on; the last one may be shorter."""
        starts = range(self.start, self.end, width)
        return [Span(start, min(start + width, self.end)) for start in starts]


def whole_minutes(start: int, end: int) -> Span:
    """The whole minutes that a time range lies in."""
    return Span(start // MINUTE * MINUTE, -(-end // MINUTE) * MINUTE)
