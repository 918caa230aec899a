"""Synthetic load: in-flight requests as a function of time, solved rather than sampled.

A curve is written `kind:...`; loads are in-flight requests, times are durations:

- `ramp:FROM:TO:OVER` rises or falls in a straight line, then stays;
- `step:FROM:TO:AFTER` jumps once;
- `sine:LOW:HIGH:PERIOD` swings for ever, beginning at its low;
- `spike:BASE:PEAK:AFTER:FOR` jumps up, and back again.
"""

import bisect
import math
from dataclasses import dataclass, field
from functools import lru_cache

from together_mock.core.clock import MINUTE, SECOND
from together_mock.core.errors import MockError
from together_mock.core.instants import parse_duration

_HIGHEST = 100_000
_LOADS = {"ramp": 2, "step": 2, "sine": 2, "spike": 2}
_DURATIONS = {"ramp": 1, "step": 1, "sine": 1, "spike": 2}


@dataclass(frozen=True, slots=True)
class Shape:
    """A load over time, as offsets (microseconds) from its beginning; shared by equal curves."""

    kind: str
    low: float
    high: float
    first: int
    second: int

    def value(self, t: int) -> float:
        """The load at an offset."""
        if self.kind == "ramp":
            share = 1.0 if self.first == 0 else min(1.0, t / self.first)
            return self.low + (self.high - self.low) * share
        if self.kind == "step":
            return self.low if t < self.first else self.high
        if self.kind == "spike":
            return self.high if self.first <= t < self.first + self.second else self.low
        swing = (1 - math.cos(2 * math.pi * (t % self.first) / self.first)) / 2
        return self.low + (self.high - self.low) * swing

    def crossings(self, bound: float) -> list[int]:
        """The offsets at which a ramp, or one period of a sine, passes a load."""
        span = self.high - self.low
        share = (bound - self.low) / span if span else -1.0
        if not 0 <= share <= 1:
            return []
        if self.kind == "ramp":
            return [round(share * self.first)]
        up = math.acos(1 - 2 * share) / (2 * math.pi) * self.first
        return [round(up), round(self.first - up)]


@dataclass(frozen=True, slots=True)
class Curve:
    """A shape that begins at an instant."""

    text: str
    start: int
    shape: Shape
    # Looked up at every change of level; the cache of `_steps` is shared, but has to hash a shape.
    _solved: dict[tuple[float, int], "Steps"] = field(
        default_factory=dict, compare=False, repr=False
    )

    def value(self, at: int) -> float:
        """The load at an instant."""
        return self.shape.value(at - self.start)

    def level(self, at: int, target: float, cap: int) -> int:
        """How many replicas the load wants: load / target, rounded up, at most `cap`."""
        return self.look(at, target, cap)[0]

    def look(self, at: int, target: float, cap: int) -> tuple[int, int | None]:
        """The level, and the first instant with another one; None when there is none.

        The load is looked at once a second, so levels change at whole seconds of the curve.
        """
        offsets, levels, period = self._steps(target, cap)
        t = at - self.start
        cycle = t // period * period if period else 0
        index = bisect.bisect_right(offsets, t - cycle)
        level = levels[index - 1]
        if index < len(offsets):
            return level, self.start + cycle + offsets[index]
        if period and len(levels) > 1:
            # The first entry begins a period at the level that the last one ends with, or not.
            first = 0 if levels[0] != levels[-1] else 1
            return level, self.start + cycle + period + offsets[first]
        return level, None

    def _steps(self, target: float, cap: int) -> "Steps":
        known = self._solved.get((target, cap))
        if known is None:
            known = self._solved[target, cap] = _steps(self.shape, target, cap)
        return known


Steps = tuple[list[int], list[int], int]


@lru_cache(maxsize=4096)
def _steps(curve: Shape, target: float, cap: int) -> Steps:
    """A curve as steps: offsets (microseconds), the level from each on, and the period or 0."""
    kind, low, high = curve.kind, curve.low, curve.high
    first, second = curve.first, curve.second
    period = first if kind == "sine" else 0
    if kind == "step":
        instants = [0, first]
    elif kind == "spike":
        instants = [0, first, first + second]
    else:
        least, most = min(low, high) / target, min(cap, max(low, high) / target)
        wanted = [bound * target for bound in range(math.floor(least), math.ceil(most) + 1)]
        instants = sorted({0, *(at for bound in wanted for at in curve.crossings(bound))})
    offsets: list[int] = []
    levels: list[int] = []
    for instant in instants:
        second_after = -(-instant // SECOND) * SECOND
        for look in (second_after, second_after + SECOND):
            if period and look >= period:
                continue
            level = min(cap, math.ceil(curve.value(look) / target - 1e-9))
            if not levels or (level != levels[-1] and look > offsets[-1]):
                offsets.append(look)
                levels.append(level)
    return offsets, levels, period


def parse_curve(text: object, start: int, param: str) -> Curve:
    """Read a curve that begins at `start`.

    Raises:
        MockError: `invalid_value` naming the form that the kind takes.
    """
    parts = text.split(":") if isinstance(text, str) else [""]
    kind = parts[0]
    if kind not in _LOADS or len(parts) != 1 + _LOADS[kind] + _DURATIONS[kind]:
        raise _bad(param, text)
    low, high = (_load(part, param, text) for part in parts[1:3])
    times = [round(parse_duration(part, param) * SECOND) for part in parts[3:]]
    if kind == "sine" and times[0] < MINUTE:
        raise MockError("invalid_value", param=param, detail="a period must be a minute or more")
    shape = Shape(kind, low, high, times[0], times[1] if len(times) > 1 else 0)
    return Curve(str(text), start, shape)


def _load(part: str, param: str, text: object) -> float:
    try:
        value = float(part if part.isascii() else "")
    except ValueError:
        raise _bad(param, text) from None
    if not 0 <= value <= _HIGHEST:
        raise _bad(param, text)
    return value


def _bad(param: str, text: object) -> MockError:
    forms = "ramp:FROM:TO:OVER, step:FROM:TO:AFTER, sine:LOW:HIGH:PERIOD, spike:BASE:PEAK:AFTER:FOR"
    return MockError("invalid_value", param=param, detail=f"{text!r} is not one of {forms}")
