"""A history in v2's words: which events follow from which change of an endpoint.

The phases of a start and the reasons of conditions: together-v2 reference, 4.6, and OpenAPI 2.0.0.
What follows from what, the shares of the phases and the messages are ours. Replicas that start
together take one course, which is told once; a change of the status is told where it follows from
the change itself, which the end of a scale-down does not.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from together_mock.core import endpoint_events as events
from together_mock.core import ids, status
from together_mock.core.deployment import Deployment, Label
from together_mock.core.endpoint_events import EndpointEvent, Level, Named, Past, Slot
from together_mock.core.events import Kind
from together_mock.core.simulation import TIMED_OUT
from together_mock.core.states import State
from together_mock.core.status import Status

# The condition that tells whether a deployment has all the replicas that it should have.
READY = "Ready"
_PREFIX = "DEPLOYMENT_STATE_"
_LEVELS = {status.DEGRADED: Level.WARN, status.FAILED: Level.ERROR}
_UNLABELLED = Label("", "", "", "", "", 0, 0)


class Phase(NamedTuple):
    """A phase of a start, and after which share of the time that the start takes it begins."""

    slot: Slot
    name: str
    message: str
    share: float


PULLING = Phase(Slot.PULLING, "PullingImage", "Pulling the image", 0.0)
ON_THE_WAY = (
    Phase(Slot.STARTING, "Starting", "Starting the engine", 0.3),
    Phase(Slot.LOADING, "LoadingWeights", "Loading the weights", 0.4),
)
COMPLETE = Phase(Slot.COMPLETE, "StartupComplete", "Startup complete", 1.0)


class Condition(NamedTuple):
    """Whether a deployment has all its replicas, and the reason."""

    status: str
    reason: str


class Story:
    """Tells the changes of one endpoint and of its deployments as events.

    `position` gives the place of a change among the project's, from its key: ids follow from that.
    """

    def __init__(
        self, seed: str, endpoint_id: str, name: str, position: Callable[[int], int]
    ) -> None:
        self._position = position
        self._seed = seed
        self._endpoint_id = endpoint_id
        self._name = name

    def of_endpoint(self, past: Past) -> list[EndpointEvent]:
        """What follows from a change of the endpoint itself."""
        if past.kind is Kind.ENDPOINT_CREATED:
            return [self._creation(past, past.note.get("name", self._name))]
        if past.kind is Kind.ENDPOINT_UPDATED:
            told = {"message": "Endpoint updated", "paths": _paths(past)}
            return [self._event(past, Slot.ENDPOINT, events.ENDPOINT_UPDATED, None, **told)]
        return []

    def unwritten_creation(self, at: int) -> EndpointEvent:
        """The endpoint's creation where no change tells it; it stands before everything else."""
        return EndpointEvent(
            id=ids.prefixed("evt", self._seed, self._endpoint_id),
            position=(0, 0, 0),
            at=at,
            type=events.ENDPOINT_CREATED,
            message="Endpoint created",
            name=self._name,
        )

    def of_deployment(self, past: Past, named: Named, before: Past | None) -> list[EndpointEvent]:
        """What follows from a change of a deployment, in order.

        Args:
            past: the change.
            named: the deployment.
            before: the change of its state or its counts before that, if it is known.
        """
        if past.kind is Kind.MOVED:
            return self._moved(past, named, before)
        if past.kind is Kind.SCALED:
            return self._scaled(past, named, before)
        if past.kind is Kind.STRUCK:
            return self._struck(past, named)
        if past.kind is Kind.DEPLOYMENT_UPDATED:
            told = {"message": "Deployment updated", "paths": _paths(past)}
            return [self._event(past, Slot.DEPLOYMENT, events.UPDATED, named, **told)]
        if past.kind is Kind.DEPLOYMENT_DELETED:
            told = {"message": "Deployment deleted", "name": named.name}
            return [self._event(past, Slot.DEPLOYMENT, events.DELETED, named, **told)]
        return []

    def on_the_way(self, start: Past, named: Named, end: int) -> list[EndpointEvent]:
        """The phases that begin in the course of a start that ends at an instant."""
        return [self._phase(start, named, phase, start, end) for phase in ON_THE_WAY]

    def _moved(self, past: Past, named: Named, before: Past | None) -> list[EndpointEvent]:
        told = []
        if past.creates_endpoint:
            told.append(self._creation(past, self._name))
        if past.is_birth:
            created = {"message": "Deployment created", "name": named.name}
            told.append(self._event(past, Slot.DEPLOYMENT, events.CREATED, named, **created))
        shown = _status(past, waiting=past.waits)
        if past.ends_start and past.to_state is State.FAILED:
            told.append(self._log(past, named, before, shown.message))
        if past.ends_start and past.to_state is State.SERVING:
            told.append(self._phase(past, named, COMPLETE, before, past.at))
        told.append(self._status(past, named, shown))
        told += self._conditions(past, named, before)
        if past.to_state is State.STARTING:
            told.append(self._phase(past, named, PULLING, past, past.at))
        return told

    def _scaled(self, past: Past, named: Named, before: Past | None) -> list[EndpointEvent]:
        told = []
        old, new = past.desired if before is None else before.desired, past.desired
        if old != new:
            counts = {"old_replicas": old, "new_replicas": new}
            message = f"Scaling from {old} to {new} replicas"
            told.append(
                self._event(past, Slot.SCALED, events.SCALED, named, message=message, **counts)
            )
        if past.cause.startswith("fault:"):
            told.append(self._log(past, named, None, "A replica has crashed"))
        shown = _status(past)
        if before is None or _status(before).state != shown.state:
            told.append(self._status(past, named, shown))
        return told + self._conditions(past, named, before)

    def _struck(self, past: Past, named: Named) -> list[EndpointEvent]:
        # Faults of other states change nothing that is shown, or do so by another change.
        if past.to_state is not State.STARTING:
            return []
        effect = past.cause.removeprefix("fault:").partition(" ")[0]
        return [self._status(past, named, _status(past, struck=effect))]

    def _creation(self, past: Past, name: str) -> EndpointEvent:
        told = {"message": "Endpoint created", "name": name}
        return self._event(past, Slot.ENDPOINT, events.ENDPOINT_CREATED, None, **told)

    def _status(self, past: Past, named: Named, shown: Status) -> EndpointEvent:
        told = {
            "message": f"{shown.state.removeprefix(_PREFIX)}: {shown.message}",
            "level": _LEVELS.get(shown.state, Level.INFO),
        }
        return self._event(past, Slot.STATUS, events.STATUS_UPDATED, named, **told)

    def _conditions(self, past: Past, named: Named, before: Past | None) -> list[EndpointEvent]:
        now = _condition(past)
        if before is not None and _condition(before) == now:
            return []
        told = {
            "message": f"{READY} is {now.status}: {now.reason}",
            "subject": READY,
            "status": now.status,
            "reason": now.reason,
        }
        return [self._event(past, Slot.CONDITION, events.CONDITION_SET, named, **told)]

    def _phase(
        self, past: Past, named: Named, phase: Phase, start: Past | None, end: int
    ) -> EndpointEvent:
        begin = end if start is None else start.at
        told = {
            "at": begin + int((end - begin) * phase.share),
            "message": phase.message,
            "reason": phase.name,
            "replica": self._replica(named, start),
        }
        return self._event(past, phase.slot, events.PHASE_CHANGED, named, **told)

    def _log(self, past: Past, named: Named, start: Past | None, message: str) -> EndpointEvent:
        # `profile:NAME reason`, `control reason`, `fault:EFFECT`: the last word says most.
        reason = past.cause.replace(":", " ").split()[-1:]
        told = {
            "message": message,
            "level": Level.ERROR,
            "log": "".join(reason),
            "replica": self._replica(named, start),
        }
        return self._event(past, Slot.LOG, events.POD_LOG, named, **told)

    def _replica(self, named: Named, start: Past | None) -> str | None:
        """What stands for the replicas of one start."""
        if start is None or start.to_state is not State.STARTING:
            return None
        return f"replica-{ids.hex8(self._seed, 'replica', named.id, start.at)}"

    def _event(
        self, past: Past, slot: Slot, type_: str, named: Named | None, **told: Any
    ) -> EndpointEvent:
        at = told.pop("at", past.at)
        place = self._endpoint_id, past.at, past.kind, past.cause, self._position(past.key)
        id_ = ids.prefixed("evt", self._seed, *place, int(slot))
        return EndpointEvent(id_, (at, past.key, int(slot)), at, type_, deployment=named, **told)


def _paths(past: Past) -> tuple[str, ...]:
    return tuple(past.note.get("paths", ()))


def _status(past: Past, *, waiting: bool = False, struck: str = "") -> Status:
    """What v2 showed of a deployment after a change."""
    then = Deployment(0, "", "", "", "", "", None, 0, 0, None, "", 0, _UNLABELLED)
    then.state = past.to_state or State.STOPPED
    then.ready, then.desired, then.cause = past.ready, past.desired, past.cause
    then.waiting, then.struck = waiting, struck
    return status.status(then)


def _condition(past: Past) -> Condition:
    """Whether a deployment had all its replicas after a change, and the reason."""
    if past.to_state is State.SERVING and past.ready >= past.desired:
        return Condition("True", "AllReplicasReady")
    if past.to_state is State.FAILED:
        if past.from_state is State.STOPPING:
            return Condition("False", "TeardownFailed")
        timed_out = past.cause == TIMED_OUT
        return Condition("False", "ReadinessTimeout" if timed_out else "StartupFailed")
    if past.to_state in (State.STOPPING, State.STOPPED):
        return Condition("False", "ScaledToZero")
    return Condition("False", "InsufficientCapacity" if past.waits else "ReplicasProgressing")
