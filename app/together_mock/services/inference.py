"""Inference: where a request goes, and whether it may. The common case runs no SQL."""

from typing import NamedTuple

from together_mock.core.errors import MockError
from together_mock.services.projects import Activity, Project, Route
from together_mock.services.rows import value_of
from together_mock.services.unit import route
from together_mock.services.world import World
from together_mock.store import queries


class Admitted(NamedTuple):
    """A request that may be answered: by which model, at which virtual instant, as which number."""

    model: str
    at: int
    number: int
    deployment_key: int | None


def admit(world: World, project: Project, name: str) -> Admitted | None:
    """Admit a request by the routing snapshot; None when only the store can tell.

    Raises:
        MockError: the endpoint or model of that name does not answer.
    """
    with project.gate:
        at = world.now(project)
        if at >= project.valid_until or name not in project.routes:
            return None
        target = project.routes[name]
        model = _model(world, name, target)
        first = not project.has_activity
        project.request_count += 1
        if target is not None:
            noted = project.activity.get(target.deployment_key)
            if noted is None:
                noted = project.activity[target.deployment_key] = Activity()
            noted.request(at)
        admitted = Admitted(
            model, at, project.request_count, target.deployment_key if target else None
        )
    if first:
        world.wake(world.real_now() + FLUSH_SECONDS)
    return admitted


def stream_opened(world: World, project: Project, admitted: Admitted) -> None:
    """Note that an admitted request's answer is being streamed: it is in flight until closed."""
    _count_streams(world, project, admitted, 1)


def stream_closed(world: World, project: Project, admitted: Admitted) -> None:
    """Note that a stream has ended, or that its client has gone."""
    _count_streams(world, project, admitted, -1)


def _count_streams(world: World, project: Project, admitted: Admitted, change: int) -> None:
    key = admitted.deployment_key
    if key is None:
        return
    with project.gate:
        count = project.in_flight.get(key, 0) + change
        if count:
            project.in_flight[key] = count
        else:
            project.in_flight.pop(key, None)
        noted = project.activity.setdefault(key, Activity())
        noted.flights.append((world.now(project), count))
    world.wake(world.real_now() + FLUSH_SECONDS)


def refuse(world: World, project: Project) -> int:
    """Count a request that is refused; its number."""
    with project.gate:
        first = not project.has_activity
        project.request_count += 1
        number = project.request_count
    if first:
        world.wake(world.real_now() + FLUSH_SECONDS)
    return number


MOST_ROUTES = 250_000
# What a SIGKILL can lose: activity of less than this long ago, never an endpoint.
FLUSH_SECONDS = 1.0


def admit_by_store(world: World, project: Project, name: str) -> Admitted:
    """Admit a request after bringing the snapshot up to date; may wait for the store.

    Raises:
        MockError: as `admit`.
    """
    while True:
        with world.alone():
            # Whoever was first has brought it up to date for all that waited.
            admitted = admit(world, project, name)
            if admitted is not None:
                return admitted
            _load(world, project, name)


def _load(world: World, project: Project, name: str) -> None:
    with world.write(project) as unit:
        # Names that no endpoint has are remembered too, and clients can think of any number.
        unit.forget_routes = len(project.routes) >= MOST_ROUTES
        pair = queries.endpoint_by_name(unit.connection, project.key, name)
        pair = pair or queries.endpoint_by_id(unit.connection, project.key, name)
        unit.routes[name] = pair and route(pair[0], value_of(world.catalog, *pair))


def _model(world: World, name: str, target: Route | None) -> str:
    if target is not None:
        if not target.serving:
            raise MockError("endpoint_not_running", param="model", model=name)
        return target.model
    model = world.catalog.models.get(name)
    if model is not None and not model.serverless and not world.settings.lenient:
        raise MockError("non_serverless_model", param="model", model=name)
    if model is None and not world.settings.lenient:
        raise MockError("unknown_model_chat", param="model", model=name)
    return name
