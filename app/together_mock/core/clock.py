"""Time as a value: a project's virtual clock, and the only reader of the machine's time.

Instants are integer microseconds since the Unix epoch, virtual or real according to the name.
"""

import math
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from together_mock.core.instants import LATEST

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE


# Seconds of real time since some instant, for how long something takes.
stopwatch = time.perf_counter


class RealTime(Protocol):
    """A source of real seconds since the Unix epoch that never steps back."""

    def now(self) -> float:
        """The present, in seconds."""
        ...


class MachineTime:
    """The machine's time: the wall clock read once, then carried on by the monotonic clock."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """The present, in seconds."""
        return self._offset + time.monotonic()


def wall_clock_in(seconds: float) -> datetime:
    """What the machine's wall clock, as it is set now, will show in so many seconds."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


@dataclass(frozen=True)
class VirtualClock:
    """A project's clock.

    When the machine's time was `base_real` (seconds), the virtual time was `base_at`
    (microseconds); since then it has moved at `rate` virtual seconds per real second.
    """

    base_at: int
    base_real: float
    rate: float

    def now(self, real: float) -> int:
        """The virtual instant at the real instant `real`; never before `base_at`."""
        if self.rate == 0:
            return self.base_at
        passed = int((real - self.base_real) * self.rate * SECOND)
        # At the end of the calendar it stands still; a later instant could not be written.
        return min(self.base_at + passed, LATEST - 1) if passed > 0 else self.base_at

    def real_at(self, at: int) -> float | None:
        """The real instant at which the virtual instant `at` is reached; None when frozen."""
        if self.rate == 0:
            return None
        if at <= self.base_at:
            return self.base_real
        real = self.base_real + (at - self.base_at) / (self.rate * SECOND)
        # Both ways are rounded: now(real) >= at may need a float or two more.
        while math.isfinite(real) and self.now(real) < at:
            real = math.nextafter(real, math.inf)
        return real

    def moved_to(self, at: int, real: float) -> "VirtualClock":
        """The clock set to `at` from `real` on, at the same rate."""
        return replace(self, base_at=at, base_real=real)

    def at_rate(self, rate: float, real: float) -> "VirtualClock":
        """The clock rebased at `real`, so that a new rate never makes time leap."""
        return VirtualClock(self.now(real), real, rate)
