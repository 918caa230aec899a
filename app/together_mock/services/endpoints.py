"""Endpoints: create, list, read, change, delete - the rules that v1 and its kin share."""

from dataclasses import dataclass
from sqlite3 import Connection

from together_mock.core import commands, ids, lifecycle
from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.core.events import Kind
from together_mock.core.states import State, Trigger
from together_mock.services import checks, engine, etags
from together_mock.services.birth import V2, NewEndpoint, make
from together_mock.services.projects import Project
from together_mock.services.rows import value_of
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import fleet, lists, queries
from together_mock.store.records import EndpointRecord, Pair

# The states in which a deployment's replicas are shown, ready or not.
HOLDING = (State.STARTING, State.SERVING)


@dataclass(frozen=True)
class Change:
    """What an update asks for; None leaves a value as it is."""

    display_name: str | None = None
    started: bool | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    inactive_timeout: int | None = None


@dataclass(frozen=True)
class EndpointView:
    """An endpoint with its one deployment, as a face shows it."""

    id: str
    name: str
    display_name: str
    model: str
    hardware: str
    owner: str
    state: State
    min_replicas: int
    max_replicas: int
    current_replicas: int
    ready_replicas: int
    inactive_timeout: int | None
    availability_zone: str | None
    created_at: int
    # The generation that made it, and whether it has ever been started.
    birth: str
    has_run: bool


@dataclass(frozen=True)
class EndpointItem:
    """An endpoint as a list shows it."""

    id: str
    name: str
    model: str
    owner: str
    serverless: bool
    state: State
    created_at: int


def create(world: World, project: Project, new: NewEndpoint) -> EndpointView:
    """Create an endpoint and, unless it is to be stopped, put it on its way up.

    Raises:
        MockError: unknown model, hardware or zone, ineligible hardware, bad replica bounds,
            or creation retired.
    """
    checks.refuse_if_retired(world)
    checks.check_replicas(new.min_replicas, new.max_replicas)
    checks.check_zone(world, new.availability_zone)
    with world.write(project) as unit:
        model, hardware = checks.check_deployable(world, unit, new.model, new.hardware)
        checks.refuse_if_spent(unit)
        endpoint, deployment = make(unit, new, model, hardware)
        if new.started:
            checks.refuse_if_exhausted(unit, deployment)
        engine.add(unit, endpoint, deployment)
        state = State.QUEUED if new.started else State.STOPPED
        engine.simulation(unit).enter(deployment, state, unit.now, "api:createEndpoint")
        return view(project, endpoint, deployment)


def get(world: World, project: Project, endpoint_id: str) -> EndpointView:
    """One endpoint by id.

    Raises:
        MockError: `unknown_endpoint`.
    """
    with world.read(project) as connection:
        pair = found(connection, project, endpoint_id)
    return view_of_row(world, project, pair)


def update(world: World, project: Project, endpoint_id: str, change: Change) -> EndpointView:
    """Apply every part of a change, or none of it.

    Raises:
        MockError: `unknown_endpoint`, `min_exceeds_max`, `restart_while_stopping`,
            `v2_restart_failed`, retired restart.
    """
    with world.write(project) as unit:
        endpoint, row = found(unit.connection, project, endpoint_id)
        deployment = engine.deployment_of(unit, endpoint, row)
        made = engine.simulation(unit)
        made.changed.add(deployment.key)
        # Told before what follows from it; whatever is refused below is not told either.
        _tell(unit, endpoint, deployment, change)
        _change_replicas(unit, deployment, change)
        if change.inactive_timeout is not None:
            # An idle time that has already passed ends the endpoint now, not in the past.
            commands.set_inactive_minutes(made, deployment, change.inactive_timeout, unit.now)
        if change.started is not None:
            retirable = None if endpoint.birth == V2 else world
            _change_state(unit, deployment, retirable, started=change.started)
        if change.display_name is not None:
            endpoint = _renamed(unit, endpoint, change.display_name)
        return view(project, endpoint, deployment)


def _renamed(unit: Unit, endpoint: EndpointRecord, name: str) -> EndpointRecord:
    etag = etags.following(unit, endpoint.id, etags.of_endpoint(endpoint))
    endpoint = endpoint._replace(display_name=name, etag=etag, updated_at=unit.now)
    queries.update_endpoint(unit.connection, endpoint)
    engine.tell(unit, Kind.ENDPOINT_UPDATED, endpoint.id, paths=["displayName"])
    return endpoint


def _tell(unit: Unit, endpoint: EndpointRecord, deployment: Deployment, change: Change) -> None:
    """Record what was asked of the deployment, by the names that v2 has for it."""
    bounds = (change.started, change.min_replicas, change.max_replicas)
    paths = ["autoscaling"] if any(part is not None for part in bounds) else []
    paths += ["inactiveTimeout"] if change.inactive_timeout is not None else []
    if paths:
        etag = etags.following(unit, deployment.id, etags.of_deployment(deployment))
        deployment.label = deployment.label._replace(etag=etag, updated_at=unit.now)
        fleet.relabel_deployment(unit.connection, deployment.key, deployment.label)
        told = {"id": deployment.id, "paths": paths}
        engine.tell(unit, Kind.DEPLOYMENT_UPDATED, endpoint.id, deployment.key, **told)


def delete(world: World, project: Project, endpoint_id: str) -> EndpointView:
    """Delete an endpoint in any state, with all it has; it is gone at once. What it was.

    Raises:
        MockError: `unknown_endpoint`.
    """
    with world.write(project) as unit:
        endpoint, only = found(unit.connection, project, endpoint_id)
        gone = view(project, endpoint, engine.deployment_of(unit, endpoint, only))
        for row in fleet.deployments(unit.connection, endpoint.key):
            engine.simulation(unit).drop(engine.deployment_of(unit, endpoint, row), unit.now)
        # Before its adapters are gone, whose names lead to it.
        unit.withdraw(endpoint)
        queries.delete_endpoint(unit.connection, endpoint.key)
        engine.tell(unit, Kind.ENDPOINT_DELETED, endpoint.id, name=endpoint.name)
        return gone


def list_own(world: World, project: Project) -> list[EndpointItem]:
    """The project's endpoints, newest first."""
    with world.read(project) as connection:
        return [
            EndpointItem(
                id=row.id,
                name=row.name,
                model=row.model,
                owner=project.slug,
                serverless=False,
                state=State(row.state),
                created_at=row.created_at,
            )
            for row in lists.listed_endpoints(connection, project.key)
        ]


def list_serverless(world: World) -> list[EndpointItem]:
    """The platform's serverless models as endpoints, owned by `together`, newest first."""
    items = [
        EndpointItem(
            id="endpoint-" + ids.uuid4("", "serverless", model.id),
            name=model.id,
            model=model.id,
            owner="together",
            serverless=True,
            state=State.SERVING,
            created_at=model.created * 1_000_000,
        )
        for model in world.catalog.models.values()
        if model.serverless
    ]
    return sorted(items, key=lambda item: item.created_at, reverse=True)


def view(project: Project, endpoint: EndpointRecord, deployment: Deployment) -> EndpointView:
    """An endpoint and its deployment as one value."""
    state = deployment.state
    return EndpointView(
        id=endpoint.id,
        name=endpoint.name,
        display_name=endpoint.display_name,
        model=deployment.model,
        hardware=deployment.hardware,
        owner=project.slug,
        state=state,
        # v2 stops by bounds of 0; here they are what a start would give.
        min_replicas=max(1, deployment.minimum),
        max_replicas=max(1, deployment.maximum),
        current_replicas=deployment.allocated if state in HOLDING else 0,
        ready_replicas=deployment.ready,
        inactive_timeout=deployment.inactive_minutes,
        availability_zone=deployment.zone,
        created_at=endpoint.created_at,
        birth=endpoint.birth,
        # Creation is the first step; what has stopped since has taken more of them.
        has_run=state is not State.STOPPED or deployment.steps > 1,
    )


def view_of_row(world: World, project: Project, pair: Pair) -> EndpointView:
    """An endpoint and its deployment, as the store has them, as one value."""
    endpoint, row = pair
    return view(project, endpoint, value_of(world.catalog, endpoint, row))


def found(connection: Connection, project: Project, endpoint_id: str) -> Pair:
    """An endpoint's rows.

    Raises:
        MockError: `unknown_endpoint`, also where v2 gave it several deployments.
    """
    return _only(queries.pairs_of_endpoint(connection, project.key, endpoint_id), endpoint_id)


def deployment_found(unit: Unit, named: str, param: str | None = None) -> Pair:
    """The rows of an endpoint with one deployment, or of a deployment, by id.

    Raises:
        MockError: `unknown_endpoint`, `several_deployments`.
    """
    project = unit.project.key
    pairs = queries.pairs_of_endpoint(unit.connection, project, named)
    if len(pairs) > 1:
        raise MockError("several_deployments", param=param, endpoint=named)
    pair = pairs[0] if pairs else queries.pair_of_deployment(unit.connection, project, named)
    return _only([pair] if pair else [], named, param)


def _only(pairs: list[Pair], endpoint_id: str, param: str | None = None) -> Pair:
    # Of several, the one that v1 or its elder made: the oldest, and without a config.
    own = bool(pairs) and pairs[0][0].birth != V2 and not pairs[0][1].config
    if len(pairs) != 1 and not own:
        raise MockError("unknown_endpoint", param=param, endpoint=endpoint_id)
    return pairs[0]


def _change_replicas(unit: Unit, deployment: Deployment, change: Change) -> None:
    if change.min_replicas is None and change.max_replicas is None:
        return
    # Where v2 stopped it by bounds of 0, those that are shown count.
    shown = max(1, deployment.minimum), max(1, deployment.maximum)
    minimum = shown[0] if change.min_replicas is None else change.min_replicas
    maximum = shown[1] if change.max_replicas is None else change.max_replicas
    checks.check_replicas(minimum, maximum)
    commands.set_bounds(engine.simulation(unit), deployment, minimum, maximum, unit.now)


def _change_state(
    unit: Unit, deployment: Deployment, retirable: World | None, *, started: bool
) -> None:
    target = lifecycle.next_state(deployment.state, Trigger.START if started else Trigger.STOP)
    if target is deployment.state:
        return
    if started:
        if deployment.state is State.FAILED and deployment.label.config:
            raise MockError("v2_restart_failed", param="state")
        if retirable is not None:
            checks.refuse_if_retired(retirable)
        deployment.minimum = max(1, deployment.minimum)
        deployment.maximum = max(1, deployment.maximum)
        checks.refuse_if_spent(unit)
        checks.refuse_if_exhausted(unit, deployment)
    engine.simulation(unit).enter(deployment, target, unit.now, "api:updateEndpoint")
