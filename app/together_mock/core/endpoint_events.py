"""The feed of events that v2 has of an endpoint, as values: types, levels, sources, fields.

Source: together-v2 reference, 4.6, and OpenAPI 2.0.0; the names of the sources are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from together_mock.core.events import Kind
from together_mock.core.states import State

ENDPOINT, DEPLOYMENT = "SOURCE_KIND_ENDPOINT", "SOURCE_KIND_DEPLOYMENT"
SOURCES = {ENDPOINT: "endpoint-service", DEPLOYMENT: "deployment-controller"}

ENDPOINT_CREATED, ENDPOINT_UPDATED = "endpoint.created", "endpoint.updated"
CREATED, UPDATED, DELETED = "deployment.created", "deployment.updated", "deployment.deleted"
SCALED, STATUS_UPDATED = "deployment.scaled", "deployment.status_updated"
CONDITION_SET, PHASE_CHANGED, POD_LOG = "condition.set", "pod.startup_phase_changed", "pod.log"

# The stored kinds that each type of event follows from.
FOLLOWS_FROM: dict[str, tuple[Kind, ...]] = {
    ENDPOINT_CREATED: (Kind.ENDPOINT_CREATED, Kind.MOVED),
    ENDPOINT_UPDATED: (Kind.ENDPOINT_UPDATED,),
    CREATED: (Kind.MOVED,),
    UPDATED: (Kind.DEPLOYMENT_UPDATED,),
    DELETED: (Kind.DEPLOYMENT_DELETED,),
    SCALED: (Kind.SCALED,),
    STATUS_UPDATED: (Kind.MOVED, Kind.SCALED, Kind.STRUCK),
    CONDITION_SET: (Kind.MOVED, Kind.SCALED),
    PHASE_CHANGED: (Kind.MOVED,),
    POD_LOG: (Kind.MOVED, Kind.SCALED),
}
# How v1 makes an endpoint together with its deployment.
_V1_CREATION = "api:createEndpoint"


class Level(IntEnum):
    """How much an event matters."""

    DEBUG = 0
    INFO = 1
    WARN = 2
    ERROR = 3


class Slot(IntEnum):
    """The place of an event among those that follow from one change."""

    ENDPOINT = 0
    DEPLOYMENT = 1
    SCALED = 2
    LOG = 3
    COMPLETE = 4
    STATUS = 5
    CONDITION = 6
    PULLING = 7
    STARTING = 8
    LOADING = 9


class Past(NamedTuple):
    """A change as it is stored: of a deployment, by its key, or of the endpoint itself, by 0.

    `note` is what else is told of it.
    """

    key: int
    deployment: int
    kind: Kind
    at: int
    from_state: State | None
    to_state: State | None
    ready: int
    desired: int
    cause: str
    note: Mapping[str, Any]

    @property
    def is_birth(self) -> bool:
        """Whether a deployment came into being."""
        return self.kind is Kind.MOVED and self.from_state is None

    @property
    def ends_start(self) -> bool:
        """Whether a start has ended, one way or another."""
        return self.kind is Kind.MOVED and self.from_state is State.STARTING

    @property
    def creates_endpoint(self) -> bool:
        """Whether the endpoint came into being: nothing of it is older."""
        if self.kind is Kind.ENDPOINT_CREATED:
            return True
        return self.is_birth and self.cause == _V1_CREATION

    @property
    def waits(self) -> bool:
        """Whether no capacity was free for the state that was entered."""
        return bool(self.note.get("waiting"))

    @property
    def worst(self) -> Level:
        """The highest level that anything told of it can have."""
        calm = self.kind is Kind.SCALED and not self.cause.startswith("fault:")
        return Level.INFO if calm else Level.ERROR


class Named(NamedTuple):
    """A deployment's id and its qualified name."""

    id: str
    name: str


# Where an event stands in a feed: its instant, the key of the change that it follows from, its
# place among those that do.
Position = tuple[int, int, int]


@dataclass(frozen=True)
class EndpointEvent:
    """One event; what is None is not said of it."""

    id: str
    position: Position
    at: int
    type: str
    message: str
    deployment: Named | None = None
    level: Level = Level.INFO
    name: str | None = None
    subject: str | None = None
    status: str | None = None
    reason: str | None = None
    old_replicas: int | None = None
    new_replicas: int | None = None
    paths: tuple[str, ...] | None = None
    replica: str | None = None
    log: str | None = None

    @property
    def source_kind(self) -> str:
        """Whether it is about the endpoint or about a deployment of it."""
        return ENDPOINT if self.deployment is None else DEPLOYMENT


@dataclass(frozen=True)
class Wanted:
    """Which events are asked for; what is None is not asked about."""

    types: frozenset[str] | None = None
    level: Level | None = None
    since: int | None = None
    until: int | None = None
    deployments: frozenset[str] | None = None
    source_kinds: frozenset[str] | None = None
    subject: str | None = None

    def takes(self, event: EndpointEvent) -> bool:
        """Whether an event is asked for."""
        return (
            (self.types is None or event.type in self.types)
            and (self.level is None or event.level >= self.level)
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
            and (self.subject is None or event.subject == self.subject)
            and self._takes_source(event)
        )

    def _takes_source(self, event: EndpointEvent) -> bool:
        if self.source_kinds is not None and event.source_kind not in self.source_kinds:
            return False
        if self.deployments is None:
            return True
        if event.deployment is None:
            # A choice of deployments hides the endpoint, unless that is asked for as well.
            return self.source_kinds is not None
        return event.deployment.id in self.deployments

    def may_take(self, past: Past) -> bool:
        """Whether anything that follows from a change can be asked for."""
        return self.level is None or past.worst >= self.level

    def kinds(self) -> frozenset[Kind]:
        """The kinds of changes that anything asked for can follow from."""
        types = FOLLOWS_FROM if self.types is None else self.types
        return frozenset(kind for type_ in types for kind in FOLLOWS_FROM.get(type_, ()))
