"""Placement: who holds which replicas of which pool, and who waits for some, in order."""

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field

from together_mock.core.capacity import Capacity
from together_mock.core.deployment import Deployment
from together_mock.core.states import State

# Starts before growth, then who asked first; the key breaks ties.
Turn = tuple[bool, int, int]


@dataclass
class Placement:
    """The pools in force, and the queue of each hardware. The rule is in `core.capacity`."""

    capacity: Capacity
    _waiting: dict[str, list[Turn]] = field(default_factory=dict)

    def wait(self, deployment: Deployment) -> None:
        """Put a deployment that waits into the queue of its hardware, unless it stands there."""
        if deployment.waiting:
            queue, turn = self._waiting.setdefault(deployment.hardware, []), _turn(deployment)
            index = bisect.bisect_left(queue, turn)
            if queue[index : index + 1] != [turn]:
                queue.insert(index, turn)

    def waited_for(self) -> list[str]:
        """The hardware that anybody waits for."""
        return sorted(self._waiting)

    def take(self, deployment: Deployment, count: int) -> None:
        """Give a deployment replicas outright, even more than its pool has."""
        deployment.allocated += count
        index = self._pool_of(deployment)
        if index is not None:
            self.capacity.pools[index].used += count

    def give_back(self, deployment: Deployment, count: int) -> bool:
        """Take replicas back; whether a pool has more of them now."""
        deployment.allocated -= count
        index = self._pool_of(deployment)
        if index is None or not count:
            return False
        self.capacity.pools[index].used -= count
        return True

    def replace(self, capacity: Capacity, deployments: Mapping[int, Deployment]) -> None:
        """Put other pools in force. What runs goes on, even where a pool became too small."""
        self.capacity = capacity
        for deployment in deployments.values():
            index = self._pool_of(deployment)
            if index is not None:
                capacity.pools[index].used += deployment.allocated

    def grant(self, deployment: Deployment) -> int:
        """Give a deployment all that it wants of a hardware that is unlimited; how many."""
        serves = deployment.state is State.SERVING
        return self._grow(deployment, set()) if serves else self._start(deployment, set())

    def allot(
        self, hardware: str, deployments: Mapping[int, Deployment]
    ) -> list[tuple[Deployment, int]]:
        """Give out what is free of a hardware: who got how many replicas, in order."""
        pools = set(self.capacity.candidates(hardware, None))
        barred: set[int] = set()
        allotted: list[tuple[Deployment, int]] = []
        for turn in list(self._waiting.get(hardware, ())):
            if pools and barred >= pools:
                break
            deployment = deployments.get(turn[2])
            # A turn outlives its reason: the deployment may have been stopped or placed since.
            if deployment is None or not deployment.waiting or _turn(deployment) != turn:
                self._forget(hardware, turn)
                continue
            taken = self._grow(deployment, barred) if turn[0] else self._start(deployment, barred)
            if taken:
                allotted.append((deployment, taken))
            elif not turn[0]:
                barred.update(self._possible(deployment))
            if not deployment.waiting:
                self._forget(hardware, turn)
        return allotted

    def _possible(self, deployment: Deployment) -> list[int]:
        # A pool that is too small even when empty is none that the deployment can wait for.
        return [
            index
            for index in self.capacity.candidates(deployment.hardware, deployment.zone)
            if self.capacity.pools[index].replicas >= deployment.minimum
        ]

    def _start(self, deployment: Deployment, barred: set[int]) -> int:
        taken = deployment.desired
        if self.capacity.limited(deployment.hardware):
            index = self.capacity.choose(
                deployment.hardware, deployment.zone, deployment.minimum, barred
            )
            if index is None:
                return 0
            pool = self.capacity.pools[index]
            taken = min(pool.free, deployment.desired)
            pool.used += taken
            deployment.pool = pool.zone
        deployment.allocated, deployment.waiting = taken, False
        return taken

    def _grow(self, deployment: Deployment, barred: set[int]) -> int:
        wanted = taken = deployment.desired - deployment.coming
        index = self._pool_of(deployment)
        if index is not None:
            pool = self.capacity.pools[index]
            taken = 0 if index in barred else min(pool.free, wanted)
            pool.used += taken
        deployment.allocated += taken
        deployment.waiting = taken < wanted
        return taken

    def _pool_of(self, deployment: Deployment) -> int | None:
        if not self.capacity.pools:
            return None
        return self.capacity.pool_of(deployment.hardware, deployment.pool, deployment.zone)

    def _forget(self, hardware: str, turn: Turn) -> None:
        queue = self._waiting[hardware]
        index = bisect.bisect_left(queue, turn)
        if index < len(queue) and queue[index] == turn:
            del queue[index]


def _turn(deployment: Deployment) -> Turn:
    return deployment.state is State.SERVING, deployment.arrived_at, deployment.key
