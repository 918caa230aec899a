"""Finds where inference requests by a name go: an endpoint, a deployment of it, or nowhere."""

import orjson

from together_mock.core.routing import Schedule, Split
from together_mock.core.weights import ADAPTER
from together_mock.services import model_views
from together_mock.services.birth import V2
from together_mock.services.rows import value_of
from together_mock.services.targets import Alias, Fanout, Lent, Route, Target
from together_mock.services.unit import Unit, route
from together_mock.store import adapters, fleet, models, queries
from together_mock.store.records import EndpointRecord


def schedule_of(endpoint: EndpointRecord) -> Schedule:
    """The traffic splits of an endpoint, as it has them stored."""
    if not endpoint.traffic:
        return ()
    return tuple(
        Split(at, tuple((deployment, weight) for deployment, weight in entries))
        for at, entries in orjson.loads(endpoint.traffic)
    )


def stored_schedule(schedule: Schedule) -> str:
    """Traffic splits, to be stored."""
    return orjson.dumps([[split.at, split.entries] for split in schedule]).decode()


def find_routes(unit: Unit, name: str) -> dict[str, Target]:
    """Where requests by a name go, with what another name of it leads to."""
    found = find_route(unit, name)
    if isinstance(found, Alias):
        return {name: found, found.endpoint_name: find_route(unit, found.endpoint_name)}
    return {name: found}


def find_route(unit: Unit, name: str) -> Target:
    """Where requests by a name go.

    That is by an endpoint's name, v1's id of one, a deployment's name, `endpoint:adapter`, or the
    name of a model of the project's own.

    Source: OpenAPI 2.0.0 for deployments' names and adapters; that v2's ids are none,
    together-v2 reference, 5.
    """
    connection, project = unit.connection, unit.project.key
    endpoint = fleet.endpoint_named(connection, project, name)
    if endpoint is None:
        endpoint = fleet.endpoint_by_id(connection, project, name)
        if endpoint is not None and endpoint.birth == V2:
            endpoint = None
    if endpoint is not None:
        return _of_endpoint(unit, endpoint)
    return _of_deployment(unit, name) or _of_adapter(unit, name) or _of_own_model(unit, name)


def _of_adapter(unit: Unit, name: str) -> Alias | None:
    """The endpoint that answers by an adapter: the one that is named, or the last it was added to.

    Source: OpenAPI 2.0.0, addAdapter.
    """
    owner, colon, adapter = name.partition(":")
    found = adapters.carriers(
        unit.connection, unit.project.key, adapter if colon else name, owner if colon else None
    )
    return Alias(*found) if found else None


def _of_own_model(unit: Unit, name: str) -> Lent | None:
    """A model of one's own that is asked for by its name.

    An adapter of a serverless model answers without an endpoint. Source: docs.together.ai, LoRA
    inference.
    """
    record = models.model_by_name(unit.connection, unit.project.key, name)
    if record is None:
        return None
    base = unit.catalog.models.get(record.base_model)
    if record.kind != ADAPTER or base is None or not base.serverless:
        return Lent(record.base_model, None)
    return Lent(base.id, model_views.ready_at(unit.connection, unit.project, record))


def _of_endpoint(unit: Unit, endpoint: EndpointRecord) -> Route | Fanout | None:
    if not endpoint.traffic:
        pairs = queries.pairs_of_endpoint(unit.connection, unit.project.key, endpoint.id)
        return route(endpoint, value_of(unit.catalog, *pairs[0])) if pairs else None
    schedule = schedule_of(endpoint)
    named = {deployment for split in schedule for deployment, _ in split.entries}
    rows = fleet.deployments_by_ids(unit.connection, endpoint.key, sorted(named))
    routes = {row.id: route(endpoint, value_of(unit.catalog, endpoint, row)) for row in rows}
    return Fanout(endpoint.id, schedule, routes)


def _of_deployment(unit: Unit, name: str) -> Route | None:
    owner, _, deployment = name.rpartition("/")
    endpoint = fleet.endpoint_named(unit.connection, unit.project.key, owner) if owner else None
    if endpoint is None:
        return None
    row = fleet.deployment_named(unit.connection, endpoint.key, deployment)
    return row and route(endpoint, value_of(unit.catalog, endpoint, row))
