"""v2's lists of endpoints and deployments: filtered, ordered, page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, TypeVar

from together_mock.core import filters, ids
from together_mock.core.errors import MockError
from together_mock.core.expressions import (
    And,
    Comparison,
    Expression,
    Not,
    Operator,
    Or,
    matches,
    unqualified,
)
from together_mock.core.filters import Kind, Order
from together_mock.core.status import STATES, status
from together_mock.core.visibility import INTERNAL
from together_mock.services.projects import Project
from together_mock.services.rows import value_of
from together_mock.services.v2 import endpoints as own
from together_mock.services.v2 import settings, views
from together_mock.services.v2.views import DeploymentView, EndpointView
from together_mock.services.world import World
from together_mock.store import fleet, pages
from together_mock.store.pages import Position, Row
from together_mock.store.records import DeploymentRecord, EndpointRecord

_ENDPOINT_FIELDS = {"name": Kind.TEXT, "created_at": Kind.INSTANT, "updated_at": Kind.INSTANT}
_DEPLOYMENT_FIELDS = {**_ENDPOINT_FIELDS, "state": Kind.WORD, "model": Kind.MODEL}
_PATTERNS = (Operator.EQUAL, Operator.STARTS, Operator.ENDS, Operator.CONTAINS)
_WORDS = {"state": STATES}
_EVERYTHING: Expression = And(())
_NEWEST_FIRST = Order("created_at", descending=True)

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """What a list is asked for: what follows a position, at most so many, which, in what order."""

    position: tuple[Any, ...] | None
    limit: int
    filter: str | None
    order: str | None


@dataclass(frozen=True)
class PublicEndpoint:
    """An endpoint that everybody may call."""

    id: str
    project_id: str
    name: str
    created_at: int


def endpoints(
    world: World, project: Project, asked: Asked, *, shared: bool = False
) -> tuple[list[EndpointView], Position | None]:
    """A page of the project's endpoints, and the position that the next one follows.

    Args:
        world: the world.
        project: whose endpoints.
        asked: which part of the list.
        shared: only those that the organization may see.

    Raises:
        MockError: `v2_bad_filter`, `v2_bad_order`, `v2_bad_cursor`.
    """
    expression, order, position = _read(world, asked, _ENDPOINT_FIELDS)
    condition, left = pages.condition_of(_either_name(expression), fleet.endpoint_columns())
    assert left is None
    listing = fleet.endpoint_listing(order, condition, INTERNAL if shared else None)
    with world.read(project) as connection:
        rows, following = pages.page(
            connection, listing, position, asked.limit, project=project.key
        )
        records = [EndpointRecord._make(row) for row in rows]
        return own.shown(world, connection, project, records), following


def _either_name(expression: Expression) -> Expression:
    """The same of names, be they written with their slugs or without."""
    if isinstance(expression, Not):
        return Not(_either_name(expression.operand))
    if not isinstance(expression, Comparison):
        return replace(expression, operands=tuple(map(_either_name, expression.operands)))
    # Without a slash in it, a text is none that begins with a slug.
    if expression.field != "name" or "/" not in str(expression.value):
        return expression
    whole = replace(expression, field="whole_name")
    if expression.operator is Operator.NOT_EQUAL:
        return And((expression, whole))
    if expression.operator is Operator.EQUAL:
        # As a range, which SQLite looks up in the index even as one of two alternatives.
        bounds = (Operator.AT_LEAST, Operator.AT_MOST)
        return Or((And(tuple(replace(expression, operator=each) for each in bounds)), whole))
    return Or((expression, whole)) if expression.operator in _PATTERNS else whole


def deployments(
    world: World, project: Project, endpoint_id: str, asked: Asked
) -> tuple[list[DeploymentView], Position | None]:
    """A page of an endpoint's deployments, and the position that the next one follows.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_bad_filter`, `v2_bad_order`, `v2_bad_cursor`.
    """
    expression, order, position = _read(world, asked, _DEPLOYMENT_FIELDS)
    with world.read(project) as connection:
        endpoint = own.found(connection, project, endpoint_id, "endpointId")
        expression = unqualified(expression, "name", f"{endpoint.name}/")
        condition, left = pages.condition_of(expression, fleet.deployment_columns())
        keep = pages.keeping(left, _Derived(world, endpoint).fields())
        listing = fleet.deployment_listing(order, condition)
        rows, following = pages.page(
            connection, listing, position, asked.limit, keep, endpoint=endpoint.key
        )
        records = [DeploymentRecord._make(row) for row in rows]
        only = records[0].id if records else None
        split = views.in_force(endpoint, only, world.now(project))
        routed = fleet.deployments_by_ids(connection, endpoint.key, [name for name, _ in split])
    shares = views.shares(split, {row.id: views.ready_replicas(row) for row in routed})
    catalog = world.catalog
    return [
        views.deployment_view(
            catalog,
            project,
            endpoint,
            value_of(catalog, endpoint, record),
            shares.get(record.id, 0.0),
        )
        for record in records
    ], following


def _stored(columns: Sequence[str]) -> dict[str, Callable[[Row], Any]]:
    """How to tell the fields that stand in a row as they are."""
    return {name: itemgetter(columns.index(name)) for name in _ENDPOINT_FIELDS}


class _Derived:
    """What of a deployment only its value tells, from its row."""

    def __init__(self, world: World, endpoint: EndpointRecord) -> None:
        self._catalog, self._endpoint = world.catalog, endpoint

    def fields(self) -> dict[str, Any]:
        """By field: how to tell its value."""
        stored = _stored(DeploymentRecord._fields)
        return {**stored, "state": self._state, "model": self._model}

    def _state(self, row: Row) -> str:
        record = DeploymentRecord._make(row)
        return status(value_of(self._catalog, self._endpoint, record)).state

    def _model(self, row: Row) -> str:
        value = value_of(self._catalog, self._endpoint, DeploymentRecord._make(row))
        return filters.without_revision(settings.of(self._catalog, value).model)


def public(world: World, asked: Asked) -> tuple[list[PublicEndpoint], Position | None]:
    """A page of the endpoints that everybody may call: the platform's serverless models.

    Raises:
        MockError: `v2_bad_filter`, `v2_bad_order`, `v2_bad_cursor`.
    """
    expression, order, position = _read(world, asked, _ENDPOINT_FIELDS)
    platform = world.catalog.platform
    items = [
        PublicEndpoint(
            id=ids.prefixed("ep", "", "public", model.id),
            project_id=platform.project_id,
            name=model.id,
            created_at=platform.model_named(model.id).published_at,
        )
        for model in world.catalog.models.values()
        if model.serverless
    ]
    kept = [
        (index, item)
        for index, item in enumerate(sorted(items, key=lambda item: (item.created_at, item.name)))
        if matches(
            expression,
            {"name": item.name, "created_at": item.created_at, "updated_at": item.created_at},
        )
    ]
    if order.descending:
        kept.reverse()
    start = 0 if position is None else _after(kept, position[1])
    page = kept[start : start + asked.limit]
    more = start + asked.limit < len(kept)
    return [item for _, item in page], (0, page[-1][0]) if more and page else None


def _after(kept: list[tuple[int, PublicEndpoint]], index: int) -> int:
    places = [place for place, _ in kept]
    return places.index(index) + 1 if index in places else len(places)


def _read(
    world: World, asked: Asked, fields: dict[str, Kind]
) -> tuple[Expression, Order, Position | None]:
    """The filter, the order and the position; a lenient server passes over what it cannot read."""
    text = asked.filter or ""
    return (
        _parsed(world, lambda: filters.parse(text, fields, _WORDS), _EVERYTHING),
        _parsed(world, lambda: filters.parse_order(asked.order), _NEWEST_FIRST),
        _parsed(world, lambda: pages.position_of(asked.position), None),
    )


def _parsed(world: World, parse: Callable[[], T], instead: T) -> T:
    try:
        return parse()
    except MockError:
        if world.settings.lenient:
            return instead
        raise
