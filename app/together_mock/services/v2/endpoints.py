"""v2's endpoints: create, read, change, delete; their names, their traffic splits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from sqlite3 import Connection
from typing import Any

from together_mock.core import names, routing
from together_mock.core.errors import MockError
from together_mock.core.events import Kind
from together_mock.core.visibility import PRIVATE
from together_mock.services import engine, etags
from together_mock.services.birth import V2
from together_mock.services.projects import Project
from together_mock.services.routes import schedule_of, stored_schedule
from together_mock.services.unit import Unit
from together_mock.services.v2 import views
from together_mock.services.v2.views import EndpointView
from together_mock.services.world import World
from together_mock.store import fleet, queries
from together_mock.store.records import EndpointRecord


@dataclass(frozen=True)
class EndpointChange:
    """What an update sets; None leaves a value as it is."""

    name: str | None = None
    visibility: str | None = None
    split: tuple[routing.Entry, ...] | None = None

    @property
    def paths(self) -> list[str]:
        """The fields that it sets, as events name them."""
        fields = {"name": self.name, "visibility": self.visibility, "trafficSplit": self.split}
        return [path for path, value in fields.items() if value is not None]


def create(world: World, project: Project, name: str, visibility: str | None) -> EndpointView:
    """Create an endpoint that routes nowhere yet.

    Raises:
        MockError: `v2_bad_name`, `v2_foreign_slug`, `v2_name_exists`.
    """
    with world.write(project) as unit:
        qualified = names.qualified(project.slug, name, "name")
        refuse_if_taken(unit, qualified)
        key, _ = unit.new_keys()
        endpoint = EndpointRecord(
            key=key,
            project_key=project.key,
            id=unit.new_id("ep", partial(fleet.endpoint_by_id, unit.connection, unit.project.key)),
            name=qualified,
            birth=V2,
            display_name=qualified,
            disable_prompt_cache=False,
            disable_speculative_decoding=False,
            visibility=visibility or PRIVATE,
            traffic=stored_schedule((routing.Split(unit.now, ()),)),
            etag="",
            created_at=unit.now,
            updated_at=unit.now,
        )
        queries.insert_endpoints(unit.connection, [endpoint])
        engine.tell(unit, Kind.ENDPOINT_CREATED, endpoint.id, name=qualified)
        unit.withdraw(endpoint)
        return views.endpoint_view(unit.catalog, project, endpoint, [], routed=[], now=unit.now)


def get(world: World, project: Project, endpoint_id: str) -> EndpointView:
    """One endpoint by id.

    Raises:
        MockError: `v2_unknown_endpoint`.
    """
    with world.read(project) as connection:
        endpoint = found(connection, project, endpoint_id)
        return shown(world, connection, project, [endpoint])[0]


def shown(
    world: World, connection: Connection, project: Project, records: Sequence[EndpointRecord]
) -> list[EndpointView]:
    """Endpoints with the newest of their deployments."""
    now = world.now(project)
    made = []
    for record in records:
        rows = fleet.newest_deployments(connection, record.key, views.MOST_SUMMARIES)
        # Beyond the newest ones, only the size of what is routed matters.
        known = {row.id for row in rows}
        named = [name for name, _ in views.in_force(record, None, now) if name not in known]
        routed = fleet.deployments_by_ids(connection, record.key, named)
        made.append(
            views.endpoint_view(world.catalog, project, record, rows, routed=routed, now=now)
        )
    return made


def update(
    world: World, project: Project, endpoint_id: str, change: EndpointChange, etag: str | None
) -> EndpointView:
    """Apply every part of a change, or none of it.

    Raises:
        MockError: an unknown endpoint, `v2_stale_etag`, `v2_no_fields`, `v2_bad_split`, a bad name.
    """
    with world.write(project) as unit:
        endpoint = found(unit.connection, project, endpoint_id)
        check_etag(world, etag, etags.of_endpoint(endpoint), "endpoint")
        if world.settings.lenient and change.split is not None:
            change = replace(change, split=_without_strangers(unit, endpoint, change.split))
        if change.paths:
            _apply(unit, endpoint, change)
        elif not world.settings.lenient:
            raise MockError("v2_no_fields")
        engine.save(unit)
        changed = found(unit.connection, project, endpoint_id)
        return shown(world, unit.connection, project, [changed])[0]


def _apply(unit: Unit, endpoint: EndpointRecord, change: EndpointChange) -> None:
    unit.withdraw(endpoint)
    values: dict[str, Any] = {"updated_at": unit.now}
    if change.name is not None:
        name = change.name
        if name != endpoint.name:
            name = names.qualified(unit.facts.slug, name, "name")
        if name != endpoint.name:
            refuse_if_taken(unit, name, endpoint.key)
            unit.withdraw(endpoint._replace(name=name))
        values["name"] = name
        if endpoint.display_name == endpoint.name:
            values["display_name"] = name
    if change.visibility is not None:
        values["visibility"] = change.visibility
    if change.split is not None:
        _check_split(unit, endpoint, change.split)
        delay = unit.facts.rules.propagation_delay(unit.facts.preset)
        schedule = current_schedule(unit, endpoint)
        after = routing.changed(schedule, change.split, unit.now, delay)
        values["traffic"] = stored_schedule(after)
    values["etag"] = etags.following(unit, endpoint.id, etags.of_endpoint(endpoint))
    queries.update_endpoint(unit.connection, endpoint._replace(**values))
    engine.tell(unit, Kind.ENDPOINT_UPDATED, endpoint.id, paths=change.paths)


def current_schedule(unit: Unit, endpoint: EndpointRecord) -> routing.Schedule:
    """The splits of an endpoint; one that v1 made sends everything to its one deployment."""
    if endpoint.traffic:
        return schedule_of(endpoint)
    rows = queries.pairs_of_endpoint(unit.connection, unit.project.key, endpoint.id)
    return (routing.Split(0, tuple((row.id, 1.0) for _, row in rows[:1])),)


def _without_strangers(
    unit: Unit, endpoint: EndpointRecord, split: Sequence[routing.Entry]
) -> tuple[routing.Entry, ...]:
    """What a lenient server takes of a split: the entries of deployments that are there."""
    named = [deployment for deployment, _ in split]
    there = {row.id for row in fleet.deployments_by_ids(unit.connection, endpoint.key, named)}
    return tuple(entry for entry in split if entry[0] in there)


def _check_split(unit: Unit, endpoint: EndpointRecord, split: Sequence[routing.Entry]) -> None:
    seen: set[str] = set()
    for index, (deployment, weight) in enumerate(split):
        param = f"trafficSplit.{index}"
        if deployment in seen:
            detail = f"{deployment} is named a second time"
            raise MockError("v2_bad_split", param=f"{param}.deploymentId", detail=detail)
        seen.add(deployment)
        if not math.isfinite(weight) or weight < 0:
            detail = "weights must be finite and not negative"
            raise MockError("v2_bad_split", param=f"{param}.weight", detail=detail)
        if fleet.deployment_by_id(unit.connection, endpoint.key, deployment) is None:
            detail = f"{deployment} is no deployment of this endpoint"
            raise MockError("v2_bad_split", param=f"{param}.deploymentId", detail=detail)


def delete(world: World, project: Project, endpoint_id: str, etag: str | None) -> None:
    """Delete an endpoint that has no deployments left.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_stale_etag`, `v2_endpoint_has_deployments`.
    """
    with world.write(project) as unit:
        endpoint = found(unit.connection, project, endpoint_id)
        check_etag(world, etag, etags.of_endpoint(endpoint), "endpoint")
        count = fleet.deployment_count(unit.connection, endpoint.key)
        if count:
            raise MockError("v2_endpoint_has_deployments", count=count)
        queries.delete_endpoint(unit.connection, endpoint.key)
        engine.tell(unit, Kind.ENDPOINT_DELETED, endpoint.id, name=endpoint.name)
        unit.withdraw(endpoint)


def found(
    connection: Connection, project: Project, endpoint_id: str, param: str = "id"
) -> EndpointRecord:
    """An endpoint's record.

    Raises:
        MockError: `v2_unknown_endpoint`.
    """
    endpoint = fleet.endpoint_by_id(connection, project.key, endpoint_id)
    if endpoint is None:
        raise MockError("v2_unknown_endpoint", param=param, endpoint=endpoint_id)
    return endpoint


def refuse_if_taken(unit: Unit, name: str, own: int = 0) -> None:
    """Refuse an endpoint's name that another one has, be it with the slug that it came with.

    `own` is the key of the endpoint that is to have the name, if it is there.

    Raises:
        MockError: `v2_name_exists`.
    """
    bare = name.partition("/")[2]
    if fleet.is_called(unit.connection, unit.project.key, bare, own):
        raise MockError("v2_name_exists", param="name", kind="Endpoint", name=name)


def check_etag(world: World, given: str | None, current: str, kind: str) -> None:
    """Refuse a write to something that was changed after the writer read it.

    Raises:
        MockError: `v2_stale_etag`.
    """
    if given and given != current and not world.settings.lenient:
        raise MockError("v2_stale_etag", param="etag", kind=kind)
