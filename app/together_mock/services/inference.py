"""Inference: where a request goes, and whether it may. The common case runs no SQL."""

from collections.abc import Callable
from typing import NamedTuple

from together_mock.core.catalog import Model
from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.services import limits, metering
from together_mock.services.projects import Activity, Project
from together_mock.services.routes import find_routes
from together_mock.services.targets import Alias, Fanout, Lent, Route, Target
from together_mock.services.world import World

MOST_ROUTES = 250_000


# What can be asked of a model, by the types of the models that answer it.
Operation = frozenset[str]
CHAT: Operation = frozenset({"chat", "language", "moderation", "code"})
EMBEDDING: Operation = frozenset({"embedding"})
RERANK: Operation = frozenset({"rerank"})


class Admitted(NamedTuple):
    """A request that may be answered: by which model, at which virtual instant, as which number.

    `kind` is the model's row in the catalogue, None for a model that a lenient server lets through;
    `target` is None for a serverless model.
    """

    model: str
    at: int
    number: int
    kind: Model | None
    target: Route | None


def admit(
    world: World,
    project: Project,
    name: str,
    operation: Operation = CHAT,
    key: Callable[[], str] = str,
) -> Admitted | None:
    """Admit a request by the routing snapshot; None when only the store can tell.

    Args:
        world: the world.
        project: whose request it is.
        name: what the request names as its model.
        operation: what it asks for.
        key: gives the sampling key by which a traffic split chooses a deployment.

    Raises:
        MockError: the endpoint or model of that name does not answer, or not that operation.
    """
    with project.gate:
        at = world.now(project)
        if at >= project.valid_until or name not in project.routes:
            return None
        found = project.routes[name]
        among = None
        if isinstance(found, Alias):
            if found.endpoint_name not in project.routes:
                return None
            among = found.deployments
            found = project.routes[found.endpoint_name]
        first = not project.has_activity
        try:
            if isinstance(found, Fanout):
                found = found.route(at, name, key, among)
            model, kind = _model(world, name, found, operation, at)
            if not isinstance(found, Route):
                limits.take(project, name, at)
        except MockError as error:
            refused = None if isinstance(found, Lent | Alias) else found
            metering.turned_away(world, project, refused, at, error)
            raise
        target = found if isinstance(found, Route) else None
        project.request_count += 1
        if target is not None:
            noted = project.activity.get(target.deployment_key)
            if noted is None:
                noted = project.activity[target.deployment_key] = Activity()
            noted.request(at)
        admitted = Admitted(model, at, project.request_count, kind, target)
    if first:
        world.flush_soon()
    return admitted


class Flight(NamedTuple):
    """A request that is being answered: on which replica of which deployment."""

    deployment_key: int
    replica: int


def take_off(world: World, project: Project, admitted: Admitted) -> Flight | None:
    """Note that an answer takes time: it is in flight, on the least busy replica, until it lands.

    Serverless models have replicas that nobody counts: None.
    """
    target = admitted.target
    if target is None:
        return None
    key = target.deployment_key
    with project.gate:
        counts = project.in_flight.setdefault(key, [])
        counts += [0] * (target.replicas - len(counts))
        replica = min(range(max(1, target.replicas)), key=counts.__getitem__)
        counts[replica] += 1
        _note_flights(world, project, key, sum(counts))
    world.flush_soon()
    return Flight(key, replica)


def land(world: World, project: Project, flight: Flight | None) -> None:
    """Note that an answer has ended, or that its client has gone: its slot is free."""
    if flight is None:
        return
    with project.gate:
        counts = project.in_flight[flight.deployment_key]
        counts[flight.replica] -= 1
        total = sum(counts)
        if not total:
            del project.in_flight[flight.deployment_key]
        _note_flights(world, project, flight.deployment_key, total)
    world.flush_soon()


def _note_flights(world: World, project: Project, key: int, count: int) -> None:
    noted = project.activity.setdefault(key, Activity())
    noted.flights.append((world.now(project), count))


def in_flight(project: Project, deployment: Deployment) -> list[int]:
    """The requests in flight on each ready replica of a deployment."""
    with project.gate:
        counts = project.in_flight.get(deployment.key, ())[: deployment.ready]
    return [*counts, *[0] * (deployment.ready - len(counts))]


def beside(project: Project, target: Route | None) -> float:
    """How many requests are in flight on each replica, on the average."""
    if target is None:
        return 0.0
    return sum(project.in_flight.get(target.deployment_key, ())) / max(1, target.replicas)


def refuse(world: World, project: Project) -> int:
    """Count a request that is refused; its number."""
    with project.gate:
        first = not project.has_activity
        project.request_count += 1
        number = project.request_count
    if first:
        world.flush_soon()
    return number


def admit_by_store(
    world: World,
    project: Project,
    name: str,
    operation: Operation = CHAT,
    key: Callable[[], str] = str,
) -> Admitted:
    """Admit a request after bringing the snapshot up to date; may wait for the store.

    Raises:
        MockError: as `admit`.
    """
    while True:
        with world.finding(project) as unit:
            # Whoever was first has brought it up to date for all that waited.
            admitted = admit(world, project, name, operation, key)
            if admitted is not None:
                return admitted
            # Names that no endpoint has are remembered too, and clients can think of any number.
            unit.forget_routes = len(project.routes) >= MOST_ROUTES
            unit.routes.update(find_routes(unit, name))


def _model(
    world: World, name: str, found: Target, operation: Operation, at: int
) -> tuple[str, Model | None]:
    model = base = name
    if isinstance(found, Route):
        if not found.serving:
            if found.routed:
                raise MockError("routing_error", param="model", model=name)
            raise MockError("endpoint_not_running", param="model", model=name)
        model, base = found.model, found.base
    elif isinstance(found, Lent):
        if found.ready_at is None or at < found.ready_at:
            raise MockError("non_serverless_model", param="model", model=name)
        base = found.base
    kind = world.catalog.models.get(base)
    if found is None and not world.settings.lenient:
        if kind is None:
            raise MockError("unknown_model_chat", param="model", model=name)
        if not kind.serverless:
            raise MockError("non_serverless_model", param="model", model=name)
    if kind is not None and kind.type not in operation:
        answers = ", ".join(sorted(operation))
        raise MockError(
            "wrong_model_type", param="model", model=name, type=kind.type, answers=answers
        )
    return model, kind
