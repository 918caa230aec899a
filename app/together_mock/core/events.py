"""What a simulation tells: changes of state and of replica counts, faults, a balance's end."""

from enum import StrEnum
from typing import NamedTuple

from together_mock.core.deployment import Deployment
from together_mock.core.states import State


class Kind(StrEnum):
    """What happened, in the words of the event stream."""

    MOVED = "endpoint.state_changed"
    SCALED = "endpoint.scaled"
    STRUCK = "fault.struck"
    SPENT = "billing.stopped"
    ENDPOINT_CREATED = "endpoint.created"
    ENDPOINT_UPDATED = "endpoint.updated"
    ENDPOINT_DELETED = "endpoint.deleted"
    DEPLOYMENT_UPDATED = "deployment.updated"
    DEPLOYMENT_DELETED = "deployment.deleted"


# What a deployment's history consists of; the others tell why it took its course.
HISTORY = (Kind.MOVED, Kind.SCALED)


class Event(NamedTuple):
    """One thing that happened to a deployment, with its replica counts from then on."""

    kind: Kind
    at: int
    deployment: Deployment
    from_state: State | None
    to_state: State
    ready: int
    desired: int
    cause: str

    @property
    def is_move(self) -> bool:
        """Whether the state changed."""
        return self.kind is Kind.MOVED


class Events(list[Event]):
    """What a simulation tells, in order."""

    def tell(
        self, kind: Kind, deployment: Deployment, before: State | None, at: int, cause: str
    ) -> None:
        """Add what happened to a deployment, with its counts as they are now."""
        counts = deployment.ready, deployment.desired
        self.append(Event(kind, at, deployment, before, deployment.state, *counts, cause))
