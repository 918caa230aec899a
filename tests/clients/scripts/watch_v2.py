"""What v2 tells of an endpoint's life and traffic: `watch_v2.py PART sync|async [ARGUMENT...]`."""

from datetime import datetime
from typing import Any

import parts
from spelling import settled
from spelling_v2 import Spoken, every


async def events(kind: str, endpoint_id: str, deployment_id: str, moment: str) -> dict[str, Any]:
    """The feed of an endpoint by page, type, level, source and time; `moment` parts it in two."""
    spoken, instant = Spoken(kind), datetime.fromisoformat(moment)

    async def told(**query: Any) -> list[Any]:
        return await every(spoken.endpoints.list_events(endpoint_id, **query))

    feed = await told(limit=10_000)
    ids = [event.id for event in feed]
    by_type = await told(types=["endpoint.created", "endpoint.updated"])
    status = await told(types=["deployment.status_updated"])
    since, until = await told(since=instant), await told(until=instant)
    of_one = await told(deployment_ids=[deployment_id])
    kinds = ["SOURCE_KIND_ENDPOINT", "SOURCE_KIND_DEPLOYMENT"]
    of_both = await told(deployment_ids=[deployment_id], source_kinds=kinds)
    return {
        "paged": [event.id for event in await told(limit=3)] == ids,
        "newest first": feed == sorted(feed, key=lambda event: event.created_at, reverse=True),
        "first": [feed[-1].type, feed[-1].level, feed[-1].source_kind, feed[-1].name],
        "types": [[event.type, event.paths] for event in by_type],
        "states": [event.message.split(":")[0] for event in reversed(status)],
        "phases": [
            event.reason for event in reversed(await told(types=["pod.startup_phase_changed"]))
        ],
        "parted": [event.id for event in since + until] == ids and bool(since) and bool(until),
        "warnings": await told(min_level="LEVEL_WARN"),
        "of one": {event.source_kind for event in of_one} == {"SOURCE_KIND_DEPLOYMENT"},
        "of both": [event.id for event in of_both] == ids,
    }


async def analytics(kind: str, endpoint_id: str, start: str, end: str) -> dict[str, Any]:
    """How many requests and tokens there were, in all, by deployment and by minute."""
    spoken = Spoken(kind)
    span = {"start_time": datetime.fromisoformat(start), "end_time": datetime.fromisoformat(end)}
    call = spoken.endpoints.analytics(
        endpoint_id, **span, include_time_series=True, granularity="1m"
    )
    found = await settled(call)
    requests, tokens = found.metrics.request_metrics, found.metrics.token_metrics
    (deployment,) = found.deployment_analytics
    only = await settled(
        spoken.endpoints.analytics(endpoint_id, deployment_id=deployment.deployment_id)
    )
    return {
        "requests": [requests.total_requests, requests.successful_requests],
        "failed": requests.failed_requests,
        "codes": requests.requests_by_status_code,
        "tokens": [tokens.total_input_tokens, tokens.total_output_tokens],
        "deployment": [
            deployment.deployment_id,
            deployment.metrics.request_metrics.total_requests,
            only.metrics.request_metrics.total_requests,
        ],
        "series": [point.values["totalRequests"] for point in found.time_series],
        "range": [str(found.time_range.start_time), str(found.time_range.end_time)],
    }


parts.run(events, analytics)
