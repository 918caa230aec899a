"""Capacity: finite pools of replicas per hardware and zone, and who gets them.

The rule of the queue: per hardware, whoever asked first is placed first. A start that does not
fit holds back every later start that could use the same pool, however small; so nobody starves.
Only when no start waits for a pool may running deployments grow into it, in their order.
Growth that still waits keeps its place when only its size changes; growth that was served in full
or given up takes a new place when it is wanted again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

OnExhausted = Literal["queue", "reject"]
Status = Literal["available", "insufficient", "unavailable"]


@dataclass(slots=True)
class Pool:
    """Replicas of one hardware in one zone; a zone of None stands for every zone."""

    hardware: str
    zone: str | None
    replicas: int
    used: int = 0

    @property
    def free(self) -> int:
        """Replicas that can be had now; none when the pool was cut below its use."""
        return max(0, self.replicas - self.used)

    @property
    def status(self) -> Status:
        """What the service calls the pool: none at all, none left, or some."""
        if self.replicas == 0:
            return "unavailable"
        return "available" if self.free else "insufficient"

    def takes(self, zone: str | None) -> bool:
        """Whether a deployment that asks for `zone` may be placed here."""
        return zone is None or self.zone is None or self.zone == zone


@dataclass(slots=True)
class Capacity:
    """A project's pools. Hardware without a pool is unlimited."""

    pools: list[Pool] = field(default_factory=list)
    on_exhausted: OnExhausted = "queue"

    def limited(self, hardware: str) -> bool:
        """Whether the hardware has any pool."""
        return any(pool.hardware == hardware for pool in self.pools)

    def candidates(self, hardware: str, zone: str | None) -> list[int]:
        """The pools (by index) that a deployment may be placed in, in their order."""
        if not self.pools:
            return []
        return [
            index
            for index, pool in enumerate(self.pools)
            if pool.hardware == hardware and pool.takes(zone)
        ]

    def choose(self, hardware: str, zone: str | None, least: int, barred: set[int]) -> int | None:
        """The first pool that has `least` replicas free and is not barred by an earlier start."""
        for index in self.candidates(hardware, zone):
            if index not in barred and self.pools[index].free >= least:
                return index
        return None

    def index_of(self, hardware: str, zone: str | None) -> int | None:
        """The pool of a hardware and zone."""
        for index, pool in enumerate(self.pools):
            if pool.hardware == hardware and pool.zone == zone:
                return index
        return None

    def pool_of(self, hardware: str, pool: str | None, zone: str | None) -> int | None:
        """The pool that a placed deployment's replicas count against.

        A deployment that was placed before the pools were set counts against the first one that
        its zone allows.
        """
        index = self.index_of(hardware, pool)
        return index if index is not None else next(iter(self.candidates(hardware, zone)), None)

    def status(self, hardware: str) -> Status:
        """The best status among the hardware's pools; unlimited hardware is available."""
        statuses = {pool.status for pool in self.pools if pool.hardware == hardware}
        return _best(statuses) if statuses else "available"


def _best(statuses: Iterable[Status]) -> Status:
    order: tuple[Status, ...] = ("available", "insufficient", "unavailable")
    found = set(statuses)
    return next(status for status in order if status in found)
