"""The lifecycle of a deployment: which trigger leads where, and when the next step is due.

The table is the whole of it; times come from a preset, jitter from the project's seed.
"""

from dataclasses import dataclass

from together_mock.core.clock import SECOND
from together_mock.core.errors import MockError
from together_mock.core.states import State, Trigger

REFUSED = "refused"

# (state, trigger) -> the next state; the state itself means "nothing to do".
# Sources: together-v1 reference 2.2 and the behaviour catalogue (fixtures/behaviours.json).
TRANSITIONS: dict[tuple[State, Trigger], State | str] = {
    (State.QUEUED, Trigger.START): State.QUEUED,
    (State.STARTING, Trigger.START): State.STARTING,
    (State.SERVING, Trigger.START): State.SERVING,
    (State.STOPPING, Trigger.START): REFUSED,
    (State.STOPPED, Trigger.START): State.QUEUED,
    (State.FAILED, Trigger.START): State.QUEUED,
    (State.QUEUED, Trigger.STOP): State.STOPPED,
    (State.STARTING, Trigger.STOP): State.STOPPING,
    (State.SERVING, Trigger.STOP): State.STOPPING,
    (State.STOPPING, Trigger.STOP): State.STOPPING,
    (State.STOPPED, Trigger.STOP): State.STOPPED,
    (State.FAILED, Trigger.STOP): State.STOPPED,
}

# The course of a life that nobody interferes with; inactivity or a spent balance ends SERVING.
COURSE = (State.QUEUED, State.STARTING, State.SERVING, State.STOPPING, State.STOPPED)

# The stage of a preset that times each state a deployment leaves by itself.
STAGES = {State.QUEUED: "pending", State.STARTING: "starting", State.STOPPING: "stopping"}


@dataclass(frozen=True)
class Stage:
    """How long a stage takes: `after` seconds and up to `jitter` seconds more."""

    after: float
    jitter: float = 0.0

    def length(self, fraction: float) -> int:
        """The stage's length in microseconds for a draw in [0, 1)."""
        return round((self.after + self.jitter * fraction) * SECOND)


def ahead(state: State) -> tuple[State, ...]:
    """The states that a deployment comes to from a state by itself, however late."""
    if state not in COURSE[:-1]:
        return ()
    # A profile or a fault may let any stage on the way fail.
    return (*COURSE[COURSE.index(state) + 1 :], State.FAILED)


def next_state(state: State, trigger: Trigger) -> State:
    """Where a trigger leads from a state.

    Raises:
        MockError: `restart_while_stopping` where the table refuses.
    """
    target = TRANSITIONS[state, trigger]
    if not isinstance(target, State):
        raise MockError("restart_while_stopping", param="state")
    return target
