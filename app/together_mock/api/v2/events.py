"""v2 route: the feed of an endpoint's events."""

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import WithJsonSchema
from starlette.responses import Response

from together_mock.api.routing import router as new_router
from together_mock.api.v2 import events_mapping, wire
from together_mock.api.v2.wire import PageDep, ProjectDep
from together_mock.core.endpoint_events import SOURCES
from together_mock.services.v2 import events

router = new_router(prefix="/v2", tags=["Endpoints"])

# Source: OpenAPI 2.0.0.
HIGHEST_LIMIT = 10_000
Level = Literal["LEVEL_DEBUG", "LEVEL_INFO", "LEVEL_WARN", "LEVEL_ERROR"]
# Checked where commas are read: one value may hold several of them.
SourceKind = Annotated[str, WithJsonSchema({"type": "string", "enum": list(SOURCES)})]
Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


@router.get("/projects/{projectId}/endpoints/{id}/events", operation_id="listEndpointEventsV2")
def list_events(
    call: ProjectDep,
    page: PageDep,
    endpoint_id: Annotated[str, Path(alias="id", description="The endpoint's id.")],
    *,
    limit: Annotated[
        int | None, Query(ge=0, description="Most events; 50 unless given, at most 10000.")
    ] = None,
    types: Annotated[list[str] | None, Query(description="Those of these types.")] = None,
    min_level: Annotated[
        Level | None, Query(alias="minLevel", description="Those of this level or above.")
    ] = None,
    since: Annotated[Instant | None, Query(description="Those at this instant or later.")] = None,
    until: Annotated[Instant | None, Query(description="Those before this instant.")] = None,
    deployment_ids: Annotated[
        list[str] | None,
        Query(alias="deploymentIds", description="Those of these deployments."),
    ] = None,
    source_kinds: Annotated[
        list[SourceKind] | None,
        Query(alias="sourceKinds", description="Those of endpoints, or of deployments."),
    ] = None,
    subject_id: Annotated[
        str | None, Query(alias="subjectId", description="Those on this subject.")
    ] = None,
) -> Response:
    """List what happened to an endpoint and to its deployments, newest first."""
    wanted = events_mapping.wanted(
        types=types,
        min_level=min_level,
        since=since,
        until=until,
        deployment_ids=deployment_ids,
        source_kinds=source_kinds,
        subject_id=subject_id,
    )
    after = events_mapping.cursor(page.position, lenient=call.world.settings.lenient)
    found, following = events.events(
        call.world,
        call.project,
        endpoint_id,
        wanted,
        after=after,
        limit=min(limit or wire.DEFAULT_LIMIT, HIGHEST_LIMIT),
    )
    return wire.listing(
        [events_mapping.event(endpoint_id, told) for told in found],
        None if following is None else wire.cursor(*following),
    )
