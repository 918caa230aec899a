"""v2 route: the analytics of an endpoint."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import WithJsonSchema
from starlette.responses import Response

from together_mock.api.routing import router as new_router
from together_mock.api.v2 import analytics_mapping, wire
from together_mock.api.v2.wire import ProjectDep
from together_mock.services.v2 import analytics

router = new_router(prefix="/v2", tags=["Endpoints"])

DEFAULT_GRANULARITY = "1d"
Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


@router.get("/projects/{projectId}/endpoints/{id}/analytics", operation_id="getEndpointAnalyticsV2")
def get_analytics(
    call: ProjectDep,
    endpoint_id: Annotated[str, Path(alias="id", description="The endpoint's id.")],
    *,
    deployment_id: Annotated[
        str | None, Query(alias="deploymentId", description="Of this deployment alone.")
    ] = None,
    start_time: Annotated[
        Instant | None, Query(alias="startTime", description="From then; a day before the end.")
    ] = None,
    end_time: Annotated[
        Instant | None, Query(alias="endTime", description="Up to then; now unless given.")
    ] = None,
    include_time_series: Annotated[
        bool, Query(alias="includeTimeSeries", description="With the values of each bucket.")
    ] = False,
    granularity: Annotated[
        str, Query(description="Length of a bucket: whole minutes, such as 1m, 1h or 1d.")
    ] = DEFAULT_GRANULARITY,
) -> Response:
    """Sum up an endpoint's requests, tokens, latencies and errors over a time range."""
    asked = analytics_mapping.asked(
        deployment_id=deployment_id,
        start_time=start_time,
        end_time=end_time,
        granularity=granularity or DEFAULT_GRANULARITY,
        series=include_time_series,
        lenient=call.world.settings.lenient,
    )
    found = analytics.analytics(call.world, call.project, endpoint_id, asked)
    return wire.answer(analytics_mapping.analytics(found))
