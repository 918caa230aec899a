"""Finds where inference requests by a name go: an endpoint, a deployment of it, or nowhere."""

import orjson

from together_mock.core.routing import Schedule, Split
from together_mock.services.birth import V2
from together_mock.services.rows import value_of
from together_mock.services.targets import Fanout, Route
from together_mock.services.unit import Unit, route
from together_mock.store import fleet, queries
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


def find_route(unit: Unit, name: str) -> Route | Fanout | None:
    """Where requests by a name go: by an endpoint's name, v1's id of one, or a deployment's name.

    Source: OpenAPI 2.0.0 for deployments' names; that v2's ids are none, together-v2 reference, 5.
    """
    connection, project = unit.connection, unit.project.key
    endpoint = fleet.endpoint_named(connection, project, name)
    if endpoint is None:
        endpoint = fleet.endpoint_by_id(connection, project, name)
        if endpoint is not None and endpoint.birth == V2:
            endpoint = None
    if endpoint is not None:
        return _of_endpoint(unit, endpoint)
    return _of_deployment(unit, name)


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
