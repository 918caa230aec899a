"""A unit of work: the connection, the instant, and what becomes visible once it is committed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from sqlite3 import Connection

from together_mock.core import ids
from together_mock.core.catalog import Preset
from together_mock.core.deployment import Deployment
from together_mock.core.events import Event
from together_mock.core.http_faults import Counts
from together_mock.core.simulation import Simulation
from together_mock.core.states import State
from together_mock.services.catalog import Catalog
from together_mock.services.projects import Facts, Project, ScriptHits
from together_mock.services.targets import Route, Target
from together_mock.store import adapters, queries
from together_mock.store.records import EndpointRecord


@dataclass
class Unit:
    """One unit of work on a project, at one instant.

    `facts` starts as the project's own; what a unit replaces in it reaches the store and the
    project when the unit is committed, and neither when it is not.
    """

    connection: Connection
    project: Project
    # The machine's time (seconds) and the project's, read as one.
    real: float
    now: int
    facts: Facts
    catalog: Catalog
    routes: dict[str, Target] = field(default_factory=dict)
    forget_routes: bool = False
    # The deployments at work, and the endpoint of each by its key; written back before the commit.
    simulation: Simulation | None = None
    endpoints: dict[int, EndpointRecord] = field(default_factory=dict)
    # The keys of deployments that the store does not hold yet.
    fresh: set[int] = field(default_factory=set)
    # Ids and names that the store does not know yet, but that are given out.
    taken: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    # Whether something else was recorded that followers of events want to hear of.
    told: bool = False
    # Names whose routes are to be found anew.
    stale: set[str] = field(default_factory=set)
    # Set to make the project's count of inference requests start anew from there.
    request_count: int | None = None
    # Set to make the counts of its scripts start anew from there.
    script_hits: ScriptHits | None = None
    # What faults of requests counted since it was stored, which `facts` have already.
    fault_counts: Counts = field(default_factory=dict)
    committed: bool = False
    # Whether the server is to stop: work that takes long is given up then.
    is_stopping: Callable[[], bool] = bool
    _next_keys: tuple[int, int] | None = None

    def move_to(self, at: int) -> None:
        """Set the project's clock to the virtual instant `at`, as of the unit's real instant."""
        self.facts = replace(self.facts, clock=self.facts.clock.moved_to(at, self.real))
        self.now = at

    @property
    def preset(self) -> Preset:
        """The preset in force."""
        return self.catalog.preset(self.facts.preset)

    def next_number(self) -> int:
        """The number of the project's next endpoint, from which its ids follow."""
        self.facts = replace(self.facts, endpoint_count=self.facts.endpoint_count + 1)
        return self.facts.endpoint_count

    def new_id(self, prefix: str, is_taken: Callable[[str], object]) -> str:
        """A new id of a kind: not one that a state document has brought."""
        while True:
            made = ids.prefixed(prefix, self.facts.seed, self.next_number())
            if not is_taken(made):
                return made

    def new_keys(self) -> tuple[int, int]:
        """Keys for a new endpoint and for its deployment."""
        endpoint, deployment = self._next_keys or queries.next_keys(self.connection)
        self._next_keys = (endpoint + 1, deployment + 1)
        return endpoint, deployment

    def discard_simulation(self) -> None:
        """Forget the deployments at work: their rows are about to be replaced."""
        self.simulation, self.endpoints, self.fresh = None, {}, set()

    def publish(self, endpoint: EndpointRecord, deployment: Deployment) -> None:
        """Let inference see the endpoint as it is now, where it remembers something of it."""
        names = (endpoint.name, endpoint.id, f"{endpoint.name}/{deployment.label.name}")
        if endpoint.traffic:
            self.stale.update(names)
            return
        for name in names:
            if name in self.project.routes or name in self.routes:
                self.routes[name] = route(endpoint, deployment)

    def withdraw(self, endpoint: EndpointRecord) -> None:
        """Let inference find the endpoint and its deployments anew, or no longer."""
        self.stale |= {endpoint.name, endpoint.id}
        self.stale |= self.project.names_below.get(endpoint.name, set())
        for adapter in adapters.names(self.connection, endpoint.key):
            self.withdraw_adapter(endpoint, adapter)

    def withdraw_adapter(self, endpoint: EndpointRecord, adapter: str) -> None:
        """Let inference find anew what answers by an adapter of an endpoint."""
        self.stale |= {adapter, f"{endpoint.name}:{adapter}"}


class _UndoneError(Exception):
    """Ends a unit of work that is not to be kept."""


@contextmanager
def undone(work: AbstractContextManager[Unit]) -> Iterator[Unit]:
    """A unit of work of which nothing is kept, whatever comes of it."""
    try:
        with work as unit:
            yield unit
            raise _UndoneError
    except _UndoneError:
        pass


def route(endpoint: EndpointRecord, deployment: Deployment) -> Route:
    """What inference needs to know of a deployment."""
    return Route(
        endpoint_id=endpoint.id,
        deployment_id=deployment.id,
        deployment_key=deployment.key,
        model=deployment.model,
        base=deployment.label.base,
        serving=deployment.state is State.SERVING and deployment.ready > 0,
        hardware=deployment.hardware,
        replicas=deployment.ready,
        since=deployment.since,
        speculative=not endpoint.disable_speculative_decoding,
        routed=bool(endpoint.traffic or deployment.label.config),
    )
