"""A deployment as a value: its bounds, its replicas, and everything that is due to happen to it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from together_mock.core.clock import MINUTE, SECOND
from together_mock.core.instants import LATEST
from together_mock.core.load import Curve
from together_mock.core.states import State

# A replica that is on its way: the instant at which it arrives (or is gone), and how many.
Batch = tuple[int, int]
# An instant that no clock reaches: under the manual preset replicas neither arrive nor go.
NEVER = LATEST - 1


# Where a start can end without ever having had a replica.
ENDS = (State.FAILED, State.STOPPED)


class Policy(NamedTuple):
    """A limit on scaling: at most so many replicas, or percent of them, in a trailing period."""

    percent: bool
    value: int
    period: int


class Rules(NamedTuple):
    """The limits of one direction: the policies, and which of them counts, `max` or `min`.

    `disabled` holds the direction steady. Source: OpenAPI 2.0.0 and the types of together 3.1.1.
    """

    policies: tuple[Policy, ...] = ()
    select: str = "max"


DISABLED = "disabled"
NO_RULES = Rules()


@dataclass(slots=True)
class Scaling:
    """What the autoscaler knows of a deployment.

    Defaults are v2's: 8 requests in flight per replica, up at once, down after five minutes.
    Source: together-v2 reference, 4.3.
    """

    target: float = 8.0
    up_window: int = 0
    down_window: int = 300 * SECOND
    up: Rules = NO_RULES
    down: Rules = NO_RULES
    # Whether requests in flight drive it; by other metrics it neither grows nor shrinks.
    follows_load: bool = True
    # Without a request for so long, it stops; None and 0 are never.
    zero_window: int | None = None
    # What it scaled by, while that still counts for a policy: instants and changes.
    moves: list[Batch] = field(default_factory=list)
    curve: Curve | None = None
    in_flight: int = 0
    # Replicas the load wants at present, and until when that is so by the curve alone.
    level: int = 0
    level_until: int | None = None
    # Since when the level has been above or below the desired count, and the levels since then.
    diverged_at: int | None = None
    seen: list[Batch] = field(default_factory=list)
    decide_at: int | None = None


class Label(NamedTuple):
    """What faces show of a deployment and the simulation does not look at; `settings` is JSON.

    `base` is the row of the catalogue that its model answers as.
    """

    name: str
    base: str
    config: str
    settings: str
    etag: str
    created_at: int
    updated_at: int


@dataclass(slots=True)
class Deployment:
    """A deployment in simulation. Instants are virtual microseconds.

    `sku` is what the bill calls its hardware; `patience` is how long it may take to be ready for
    the first time, None is for ever.
    """

    key: int
    id: str
    endpoint_id: str
    endpoint_name: str
    model: str
    hardware: str
    zone: str | None
    minimum: int
    maximum: int
    inactive_minutes: int | None
    sku: str
    price: int
    label: Label
    patience: int | None = None
    state: State = State.STOPPED
    since: int = 0
    steps: int = 0
    # How the present state ends by itself: when, where to, and why; None is "not by itself".
    next_at: int | None = None
    next_state: State | None = None
    next_cause: str = ""
    # Why it is as it is: the cause of the last change of its state or its replicas.
    cause: str = ""
    # The lifecycle fault that struck on entry to the present state, if any.
    struck: str = ""
    # Parked just before this state, by request.
    hold_before: State | None = None
    # When it asked for capacity, whether it still waits for some, and from which pool it has it.
    arrived_at: int = 0
    waiting: bool = False
    pool: str | None = None
    allocated: int = 0
    desired: int = 0
    ready: int = 0
    starting: list[Batch] = field(default_factory=list)
    draining: list[Batch] = field(default_factory=list)
    # Since when idleness counts: the last request, or the instant it began to serve.
    active_at: int = 0
    # Until when its time is billed as active.
    active_until: int = 0
    billed_at: int = 0
    scaling: Scaling = field(default_factory=Scaling)
    # The instant of whatever happens next, as of the last look.
    due: int | None = None

    @property
    def coming(self) -> int:
        """Replicas that are ready or on their way."""
        return self.ready + sum([count for _, count in self.starting])

    @property
    def holds(self) -> bool:
        """Whether it is parked before the state it would enter next by itself."""
        if self.state is State.SERVING and self.hold_before is State.STOPPING:
            return True
        return self.hold_before is not None and self.hold_before is self.next_state

    def start(self, count: int, ready_at: int) -> None:
        """Add replicas that are ready from an instant on."""
        self.starting.append((ready_at, count))
        self.starting.sort()

    def drain(self, count: int, gone_at: int) -> None:
        """Let ready replicas finish their work until an instant."""
        self.ready -= count
        self.draining.append((gone_at, count))
        self.draining.sort()

    def cancel_starting(self, count: int) -> int:
        """Cancel up to `count` replicas that are not ready yet, the latest first; how many."""
        left = count
        while left and self.starting:
            ready_at, coming = self.starting.pop()
            if coming > left:
                self.starting.append((ready_at, coming - left))
            left -= min(left, coming)
        return count - left

    def is_overdue(self, at: int) -> bool:
        """Whether its present state would have ended before, but for what it waited for."""
        return self.next_at is not None and self.next_at < at and not self.holds

    def step_at(self) -> int | None:
        """When the present state ends by itself."""
        if self.holds:
            return None
        if self.waiting and self.state is State.QUEUED and self.next_state not in ENDS:
            return None
        return _before_the_end(self.next_at)

    @property
    def idle_limit(self) -> int | None:
        """After how much inactivity it stops (microseconds); None is never."""
        zero = self.scaling.zero_window or None
        if not self.inactive_minutes:
            return zero
        limit = self.inactive_minutes * MINUTE
        return limit if zero is None else min(limit, zero)

    def idle_at(self) -> int | None:
        """When inactivity stops it: never while requests are in flight or a curve asks for some."""
        limit = self.idle_limit
        if self.state is not State.SERVING or limit is None or self.holds:
            return None
        if self.scaling.in_flight or self.scaling.level:
            return None
        return _before_the_end(self.active_at + limit)

    def give_up_at(self) -> int | None:
        """When a start that never gets ready is given up."""
        if self.patience is None or self.state not in (State.QUEUED, State.STARTING):
            return None
        return _before_the_end(self.arrived_at + self.patience)

    def due_at(self) -> int | None:
        """The instant of whatever happens to it next."""
        due = None if self.next_at is None else self.step_at()
        if self.state is not State.SERVING:
            given_up = self.give_up_at()
            return due if given_up is None or (due is not None and due <= given_up) else given_up
        scaling = self.scaling
        instants = [scaling.level_until, scaling.decide_at, due]
        if self.starting:
            instants.append(self.starting[0][0])
        if self.draining:
            instants.append(self.draining[0][0])
        if self.inactive_minutes or scaling.zero_window is not None:
            instants.append(self.idle_at())
        return _before_the_end(min([at for at in instants if at is not None], default=None))


def _before_the_end(at: int | None) -> int | None:
    """The instant, or None for one that no clock reaches."""
    return at if at is not None and at < NEVER else None
