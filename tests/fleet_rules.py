"""What must be true of a fleet at every instant, told from what it shows."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from together_mock.core.capacity import Pool
from together_mock.core.instants import parse_instant


@dataclass(frozen=True)
class Holder:
    """An endpoint as it is shown; `number` counts the endpoints in the order of creation."""

    number: int
    id: str
    state: str
    hardware: str
    zone: str | None
    least: int
    most: int
    waiting: bool
    arrived: int
    pool: str | None
    allocated: int
    desired: int
    ready: int
    starting: int
    draining: int

    @classmethod
    def of(cls, number: int, entry: dict[str, Any]) -> Self:
        """Read an entry of the state document."""
        progress = entry["progress"]
        return cls(
            number=number,
            id=entry["id"],
            state=entry["state"],
            hardware=entry["hardware"],
            zone=entry["availability_zone"],
            least=entry["autoscaling"]["min_replicas"],
            most=entry["autoscaling"]["max_replicas"],
            waiting=progress["waiting"],
            arrived=parse_instant(progress["arrived_at"], "arrived_at"),
            pool=progress["pool"],
            allocated=progress["allocated"],
            desired=progress["desired"],
            ready=progress["ready"],
            starting=sum(count for _, count in progress["starting"]),
            draining=sum(count for _, count in progress["draining"]),
        )


@dataclass(frozen=True)
class Look:
    """The pools and the endpoints at one instant."""

    pools: list[Pool]
    holders: list[Holder]

    @classmethod
    def at(cls, shown: list[Pool], entries: list[dict[str, Any]]) -> Self:
        """Read pools and the endpoints of a state document."""
        return cls(list(shown), [Holder.of(*numbered) for numbered in enumerate(entries)])

    def held_by(self, one: str) -> int:
        """The replicas that an endpoint holds."""
        return next((holder.allocated for holder in self.holders if holder.id == one), 0)

    def pool_of(self, holder: Holder) -> Pool | None:
        """The pool that a holder's replicas count against: the one it has them from.

        The pools may have been set after it was placed: then the first that its zone allows.
        """
        of_kind = [pool for pool in self.pools if pool.hardware == holder.hardware]
        own = [pool for pool in of_kind if pool.zone == holder.pool]
        allowed = [pool for pool in of_kind if pool.takes(holder.zone)]
        return next(iter([*own, *allowed]), None)

    def waiting(self, state: str) -> Iterator[Holder]:
        """Those who wait in a state, whoever asked first coming first."""
        waiting = [one for one in self.holders if one.waiting and one.state == state]
        yield from sorted(waiting, key=lambda one: (one.arrived, one.number))


def check(before: Look | None, now: Look) -> None:
    """Hold a look, and what was given out since the look before, against every rule.

    Args:
        before: the look before; at most one command, or what one instant brought, lies between.
        now: the look.
    """
    for holder in now.holders:
        _check_counts(holder)
        limited = any(pool.hardware == holder.hardware for pool in now.pools)
        assert limited or not holder.waiting, holder
    for pool in now.pools:
        _check_pool(before, now, pool)
    _check_turns(before, now)


def _check_counts(holder: Holder) -> None:
    """Every replica that is reserved is ready, starting or draining, in a state that has any."""
    coming = holder.ready + holder.starting
    if holder.state == "STARTED":
        assert holder.allocated == coming + holder.draining, holder
        assert holder.waiting == (coming < holder.desired), holder
        assert holder.least <= holder.desired <= holder.most, holder
    else:
        assert coming == holder.draining == 0, holder
    if holder.state in ("STOPPED", "ERROR"):
        assert holder.allocated == 0, holder
    if holder.state in ("STARTING", "STOPPING"):
        assert holder.allocated > 0, holder
    if holder.state == "PENDING":
        assert holder.waiting == (holder.allocated == 0), holder


def _check_pool(before: Look | None, now: Look, pool: Pool) -> None:
    """A pool is used by those who hold some of it; where it was cut, by nobody anew."""
    holders = [holder for holder in now.holders if now.pool_of(holder) is pool]
    assert pool.used == sum(holder.allocated for holder in holders), (pool, holders)
    if pool.used > pool.replicas:
        for holder in holders:
            held = before.held_by(holder.id) if before else 0
            assert holder.allocated <= held, (pool, holder)


def _check_turns(before: Look | None, now: Look) -> None:
    """Nobody waits for what he could have, or is passed by one who asked later or only grows."""
    queue = list(now.waiting("PENDING"))
    for ahead in queue:
        for pool in _possible(now, ahead):
            barred = any(pool in _possible(now, one) for one in queue[: queue.index(ahead)])
            assert barred or pool.free < ahead.least, (ahead, pool)
            for other in _given(before, now, pool):
                assert _asked(before, other) < (ahead.arrived, ahead.number), (ahead, other)
    for grower in now.waiting("STARTED"):
        own = now.pool_of(grower)
        assert own is not None, grower
        barred = any(own in _possible(now, one) for one in queue)
        assert barred or not own.free, (grower, own)


def _possible(look: Look, holder: Holder) -> list[Pool]:
    """The pools that a start can wait for: those that would do if they were empty."""
    return [
        pool
        for pool in look.pools
        if pool.hardware == holder.hardware
        and pool.takes(holder.zone)
        and pool.replicas >= holder.least
    ]


def _given(before: Look | None, now: Look, pool: Pool) -> list[Holder]:
    """Those who hold more of a pool than at the look before."""
    return [
        holder
        for holder in now.holders
        if now.pool_of(holder) is pool
        and holder.allocated > (before.held_by(holder.id) if before else 0)
    ]


def _asked(before: Look | None, given: Holder) -> tuple[float, int]:
    """When one asked for what it was given; growth is asked for after every start."""
    past = next((one for one in before.holders if one.id == given.id), None) if before else None
    if past is not None and past.allocated:
        return math.inf, given.number
    # One that serves at once may have begun to wait for more.
    return past.arrived if past is not None and past.waiting else given.arrived, given.number
