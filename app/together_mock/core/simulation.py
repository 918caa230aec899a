"""The simulation: everything that is due, in order, each at its own instant.

Pure: deployments, pools, profiles and faults in; changed deployments, events and usage out.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from together_mock.core import autoscale
from together_mock.core.capacity import Capacity
from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.core.events import Event, Events, Kind
from together_mock.core.lifecycle import ahead
from together_mock.core.money import Money
from together_mock.core.placement import Placement
from together_mock.core.states import State
from together_mock.core.timing import LifecycleFault, Timing

INACTIVE, TIMED_OUT = "inactive_timeout", "readiness_timeout"
AUTOSCALER, CAPACITY = "autoscaler", "capacity"
BALANCE, BOUNDS = "balance_spent", "bounds"


@dataclass
class Simulation:
    """Deployments that share pools and a balance.

    `deployments` must hold every one that is due or waits for capacity; with a balance, every one
    that is not stopped; with planned pools, every one that holds replicas. Others may be left out.
    """

    timing: Timing
    placement: Placement
    money: Money = field(default_factory=Money)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    # Pools that come into force at an instant, soonest first.
    planned: list[tuple[int, Capacity]] = field(default_factory=list)
    events: Events = field(default_factory=Events)
    changed: set[int] = field(default_factory=set)
    _queue: list[tuple[int, int]] = field(default_factory=list)

    def add(self, deployments: Iterable[Deployment]) -> None:
        """Take in deployments that were left out so far."""
        for deployment in deployments:
            if deployment.key not in self.deployments:
                self.deployments[deployment.key] = deployment
                self.money.reprice(deployment, self.money.balance_at)
                self.placement.wait(deployment)
                self._push(deployment)

    def drop(self, deployment: Deployment, at: int) -> None:
        """Take out a deployment that is deleted; its replicas go back at once."""
        self.accrue(deployment, at)
        deployment.ready = deployment.desired = 0
        deployment.state, deployment.waiting = State.STOPPED, False
        self.money.reprice(deployment, at)
        del self.deployments[deployment.key]
        self.changed.discard(deployment.key)
        self._release(deployment, deployment.allocated, at)

    # Running -------------------------------------------------------------------------------

    def run(
        self, until: int, stop: Callable[[Event], bool] | None = None, most: int | None = None
    ) -> int | None:
        """Run every step due at or before `until`; the instant of the last one, or None.

        Once `stop` is true for an event, only steps of the same instant follow.

        Raises:
            MockError: `too_many_steps` when more than `most` would be run.
        """
        last: int | None = None
        for ran in count():
            if ran == most:
                raise MockError("too_many_steps", param="by", most=most)
            step = self._step_at()
            shared = self.planned or self.money.balance is not None
            whole = self.project_due_at() if shared else None
            at = step if whole is None or (step is not None and step < whole) else whole
            if at is None or at > until:
                return last
            last = at
            seen = len(self.events)
            if at == whole:
                self._run_whole(at)
            else:
                self._step(at)
            if stop and any(map(stop, self.events[seen:])):
                until = at
        raise AssertionError("unreachable")

    def project_due_at(self) -> int | None:
        """The instant of the next thing due to the whole project: new pools, a spent balance."""
        instants = [self.money.spent_at(), self.planned[0][0] if self.planned else None]
        return min([at for at in instants if at is not None], default=None)

    def _step_at(self) -> int | None:
        while self._queue:
            at, key = self._queue[0]
            deployment = self.deployments.get(key)
            if deployment is not None and deployment.due == at:
                return at
            heapq.heappop(self._queue)
        return None

    def _run_whole(self, at: int) -> None:
        if self.planned and self.planned[0][0] == at:
            self.set_capacity(self.planned.pop(0)[1], at)
        else:
            self._stop_all(at)

    def touch(self, deployment: Deployment) -> None:
        """Have a deployment written back, and its next step looked up."""
        self.changed.add(deployment.key)
        self._push(deployment)

    def _push(self, deployment: Deployment) -> None:
        due = deployment.due_at()
        if due != deployment.due:
            deployment.due = due
            if due is not None:
                heapq.heappush(self._queue, (due, deployment.key))

    # Steps ---------------------------------------------------------------------------------

    def _step(self, at: int) -> None:
        deployment = self.deployments[heapq.heappop(self._queue)[1]]
        deployment.due = None
        self.changed.add(deployment.key)
        if deployment.state is State.SERVING:
            self._step_serving(deployment, at)
        elif deployment.give_up_at() == at and deployment.step_at() != at:
            self.enter(deployment, State.FAILED, at, TIMED_OUT)
        if deployment.next_at is not None and deployment.step_at() == at:
            assert deployment.next_state is not None
            self.enter(deployment, deployment.next_state, at, deployment.next_cause)
        self._push(deployment)

    def _step_serving(self, deployment: Deployment, at: int) -> None:
        if deployment.starting and deployment.starting[0][0] == at:
            self._arrive(deployment, at)
        if deployment.draining and deployment.draining[0][0] == at:
            self._release(deployment, deployment.draining.pop(0)[1], at)
        scaling = deployment.scaling
        if scaling.level_until == at:
            self._look(deployment, at)
        if scaling.decide_at == at:
            self._follow(deployment, at)
        if deployment.idle_at() == at:
            self.enter(deployment, State.STOPPING, at, INACTIVE)

    def _follow(self, deployment: Deployment, at: int) -> None:
        before, desired = deployment.desired, autoscale.decide(deployment, at)
        if desired != before:
            autoscale.note_move(deployment, desired - before, at)
            self._scale(deployment, desired, at, AUTOSCALER)
        autoscale.compare(deployment, at)

    def _arrive(self, deployment: Deployment, at: int) -> None:
        self.money.accrue(deployment, at)
        deployment.ready += deployment.starting.pop(0)[1]
        deployment.cause = "replicas_ready"
        self.record(deployment, deployment.state, at, deployment.cause)

    # Commands ------------------------------------------------------------------------------

    def enter(self, deployment: Deployment, state: State, at: int, cause: str) -> None:
        """Put a deployment into a state at an instant, and plan what follows."""
        self.changed.add(deployment.key)
        before = deployment.state
        self.money.accrue(deployment, at)
        deployment.state, deployment.since, deployment.cause = state, at, cause
        deployment.steps += 1
        deployment.next_at = deployment.next_state = None
        self._prepare(deployment, state, at)
        self.record(deployment, before if deployment.steps > 1 else None, at, cause)
        fault = self.strike(deployment, at)
        deployment.struck = fault.effect if fault else ""
        self.plan(deployment, at)
        if state in (State.QUEUED, State.STOPPED, State.FAILED):
            self._release(deployment, deployment.allocated, at)
        if state is State.QUEUED:
            self._wait(deployment, at)
        if state is State.SERVING:
            deployment.active_at = at
            # The bounds may have been changed while it was starting.
            self.follow_bounds(deployment, at)
            if deployment.coming < deployment.desired and not deployment.waiting:
                self._wait(deployment, at)
            if fault is not None:
                self.crash(deployment, at, f"fault:{fault.effect}")
        self._push(deployment)

    def _prepare(self, deployment: Deployment, state: State, at: int) -> None:
        deployment.starting, deployment.draining = [], []
        deployment.waiting = False
        scaling = deployment.scaling
        scaling.level_until = scaling.decide_at = scaling.diverged_at = None
        scaling.seen, scaling.moves = [], []
        deployment.ready = deployment.allocated if state is State.SERVING else 0
        deployment.billed_at = at
        if state is State.STARTING:
            deployment.arrived_at = deployment.arrived_at or at
        if state is State.QUEUED:
            deployment.desired = autoscale.initial_count(deployment, at)
        elif state in (State.STOPPING, State.STOPPED, State.FAILED):
            deployment.desired = 0
        if deployment.hold_before not in ahead(state):
            deployment.hold_before = None

    def plan(self, deployment: Deployment, at: int) -> None:
        """Plan how the present state ends by itself, not before `at`."""
        planned = self.timing.plan(deployment)
        if planned is None:
            deployment.next_at = deployment.next_state = None
        else:
            due, deployment.next_state, deployment.next_cause = planned
            deployment.next_at = max(due, at)
        self.touch(deployment)

    def observe(self, deployment: Deployment, at: int) -> None:
        """Let the autoscaler see the present load; a curve that just ended counts as activity."""
        self.changed.add(deployment.key)
        self._look(deployment, at)
        self._push(deployment)

    def _look(self, deployment: Deployment, at: int) -> None:
        self.money.accrue(deployment, at)
        before = deployment.scaling.level
        autoscale.observe(deployment, at)
        if before and not deployment.scaling.level:
            deployment.active_at = at

    def scale(self, deployment: Deployment, desired: int, at: int, cause: str) -> None:
        """Set the desired count; replicas take time to become ready and to drain."""
        self.changed.add(deployment.key)
        self._scale(deployment, desired, at, cause)
        self._push(deployment)

    def _scale(self, deployment: Deployment, desired: int, at: int, cause: str) -> None:
        self.money.accrue(deployment, at)
        deployment.desired, deployment.cause = desired, cause
        surplus = deployment.coming - desired
        # Before anything is given back: what has all it wants takes none of it.
        deployment.waiting = deployment.waiting and surplus < 0
        if surplus > 0:
            self._shrink(deployment, surplus, at)
        self.record(deployment, deployment.state, at, cause)
        if surplus < 0:
            self._wait(deployment, at)

    def _shrink(self, deployment: Deployment, surplus: int, at: int) -> None:
        cancelled = deployment.cancel_starting(surplus)
        self._release(deployment, cancelled, at)
        if surplus > cancelled:
            gone_at = self.timing.arrival(deployment, State.STOPPING, at)
            deployment.drain(surplus - cancelled, gone_at)

    def accrue(self, deployment: Deployment, at: int) -> None:
        """Book what a deployment used up to an instant."""
        self.money.accrue(deployment, at)
        self.money.reprice(deployment, at)
        self.changed.add(deployment.key)

    def set_capacity(self, capacity: Capacity, at: int) -> None:
        """Put other pools in force, and give out what they have."""
        self.placement.replace(capacity, self.deployments)
        for hardware in self.placement.waited_for():
            self.place(hardware, at)

    def crash(self, deployment: Deployment, at: int, cause: str) -> None:
        """Lose one ready replica at once; its replacement starts on the same hardware."""
        self.changed.add(deployment.key)
        self.money.accrue(deployment, at)
        deployment.ready, deployment.cause = deployment.ready - 1, cause
        deployment.start(1, self.timing.arrival(deployment, State.STARTING, at))
        self.record(deployment, deployment.state, at, cause)
        self._push(deployment)

    def follow_bounds(self, deployment: Deployment, at: int) -> None:
        """Bring the desired count within the bounds."""
        self.observe(deployment, at)
        within = max(deployment.minimum, min(deployment.maximum, deployment.desired))
        if within != deployment.desired:
            self.scale(deployment, within, at, BOUNDS)
            self.observe(deployment, at)

    # Parts ---------------------------------------------------------------------------------

    def _wait(self, deployment: Deployment, at: int) -> None:
        if not deployment.waiting:
            deployment.waiting, deployment.arrived_at = True, at
        if self.placement.capacity.limited(deployment.hardware):
            self.placement.wait(deployment)
            self.place(deployment.hardware, at)
        else:
            self._got(deployment, self.placement.grant(deployment), at)

    def place(self, hardware: str, at: int) -> None:
        """Give out what is free of a hardware to those who wait for it."""
        for deployment, taken in self.placement.allot(hardware, self.deployments):
            self.changed.add(deployment.key)
            self._got(deployment, taken, at)
            self._push(deployment)

    def _got(self, deployment: Deployment, count: int, at: int) -> None:
        if deployment.state is State.SERVING:
            deployment.start(count, self.timing.arrival(deployment, State.STARTING, at))
        elif deployment.is_overdue(at):
            self.enter(deployment, deployment.next_state or State.STARTING, at, CAPACITY)

    def _release(self, deployment: Deployment, count: int, at: int) -> None:
        # One that left the queue without ever holding any may have held back those behind it.
        if self.placement.give_back(deployment, count) or not deployment.desired:
            self.place(deployment.hardware, at)

    def _stop_all(self, at: int) -> None:
        stopped = sorted(self.deployments.values(), key=lambda item: item.key)
        for deployment in stopped:
            # What stops makes room for nobody: all of them stop.
            deployment.waiting = False
        for deployment in stopped:
            if deployment.state is State.QUEUED:
                self.enter(deployment, State.STOPPED, at, BALANCE)
            elif deployment.state in (State.STARTING, State.SERVING):
                self.enter(deployment, State.STOPPING, at, BALANCE)
            else:
                continue
            self.events.tell(Kind.SPENT, deployment, deployment.state, at, BALANCE)

    def record(self, deployment: Deployment, before: State | None, at: int, cause: str) -> None:
        """Tell a change of a deployment, and what it costs from then on."""
        self.money.reprice(deployment, at)
        kind = Kind.SCALED if before is deployment.state else Kind.MOVED
        self.events.tell(kind, deployment, before, at, cause)

    def strike(
        self, deployment: Deployment, at: int, faults: Sequence[LifecycleFault] | None = None
    ) -> LifecycleFault | None:
        """The fault, of these or of all, that strikes the present state; told."""
        fault = self.timing.strike(deployment, at, faults) if self.timing.faults else None
        if fault is not None:
            cause = f"fault:{fault.effect} {fault.id}"
            self.events.tell(Kind.STRUCK, deployment, deployment.state, at, cause)
        return fault
