"""GET /metrics: the figures of the server as Prometheus reads them."""

import hmac
import platform
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

from fastapi import Depends, Header, Query, Request
from starlette.responses import Response

from together_mock import __version__
from together_mock.api.calls import bearer
from together_mock.api.dependencies import WorldDep, admin, world_of
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.services.figures import Figures, figures
from together_mock.services.measures import BOUNDS, Cell

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

PREFIX = "together_mock_"


class Kind(StrEnum):
    """The kinds of metrics, in Prometheus's words."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """What a metric is: its kind, what it tells, its labels."""

    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


# By name, without the prefix; counters get `_total`.
METRICS = {
    "build_info": Metric(Kind.GAUGE, "Always 1; what runs.", ("version", "python")),
    "requests": Metric(
        Kind.COUNTER,
        "Requests to the service that were answered; not those of the control plane.",
        ("generation", "operation", "status"),
    ),
    "request_duration_seconds": Metric(
        Kind.HISTOGRAM,
        "Real time from a request to the end of its answer.",
        ("generation", "operation"),
    ),
    "open_streams": Metric(
        Kind.GAUGE, "Streams under way: paced answers, followers of events.", ("kind",)
    ),
    "faults_fired": Metric(Kind.COUNTER, "Faults that struck, by what they did.", ("effect",)),
    "endpoints": Metric(Kind.GAUGE, "Endpoints, by who made them.", ("generation",)),
    "deployments": Metric(
        Kind.GAUGE,
        "Deployments by state, in v1's words; an endpoint of v1 has one.",
        ("generation", "state"),
    ),
    "heartbeat_lag_seconds": Metric(
        Kind.GAUGE, "For how long the earliest step that is due in any project has waited."
    ),
    "heartbeat_ticks": Metric(Kind.COUNTER, "How often the heartbeat woke."),
    "heartbeat_failures": Metric(Kind.COUNTER, "How often it could not do what was due."),
    "cost_dollars": Metric(Kind.GAUGE, "What all projects spent so far, in US dollars."),
    "running_cents_per_minute": Metric(Kind.GAUGE, "What all projects spend in a virtual minute."),
    "projects": Metric(Kind.GAUGE, "Projects of the server."),
    "project_clock_seconds": Metric(
        Kind.GAUGE, "A project's virtual instant, in seconds since the epoch.", ("project",)
    ),
    "project_clock_rate": Metric(
        Kind.GAUGE, "Its virtual seconds per real second; 0 is frozen.", ("project",)
    ),
    "project_cost_dollars": Metric(Kind.GAUGE, "What it spent so far, in dollars.", ("project",)),
    "project_running_cents_per_minute": Metric(
        Kind.GAUGE, "What it spends in a virtual minute.", ("project",)
    ),
}
Labels = tuple[str, ...]
_TEXT = {
    "description": "The figures, by metric.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}


async def scraper(request: Request) -> None:
    """Guard the metrics as the control plane; a scraper may send the token as a bearer's.

    Raises:
        MockError: `admin_token`.
    """
    token = (await world_of(request)).settings.admin_token
    sent = bearer(request.headers.get("authorization")) or ""
    if token is None or not hmac.compare_digest(sent.encode(), token.encode()):
        await admin(request)


router = new_router(tags=["Control"], dependencies=[Depends(scraper)])


@router.get(
    "/metrics",
    operation_id="getMetrics",
    response_class=Response,
    responses={200: _TEXT, **errors(400, 401, 404)},
    openapi_extra={"security": []},
)
def get_metrics(
    world: WorldDep,
    project: Annotated[list[str], Query(description="Projects to show, by slug or id.")] = [],  # noqa: B006 - never changed
    accept: Annotated[str, Header()] = "",
) -> Response:
    """Show the server's figures as Prometheus text; `project` names whose own are shown."""
    # Imported here: most servers are never asked, and it takes as long as a tenth of the start.
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder

    found = figures(world, project)
    registry = CollectorRegistry()
    registry.register(_Collector(found))
    try:
        encode, media_type = choose_encoder(accept)
    except (TypeError, ValueError):
        # Of no form that can be read: the oldest one will do.
        encode, media_type = choose_encoder("")
    return Response(encode(registry), headers={"content-type": media_type})


class _Collector:
    """Figures as families of metrics."""

    def __init__(self, found: Figures) -> None:
        self._found = found

    def collect(self) -> Iterator["Family"]:
        """Every family, in the order of `METRICS`."""
        from prometheus_client import core

        kinds = {
            Kind.COUNTER: core.CounterMetricFamily,
            Kind.GAUGE: core.GaugeMetricFamily,
        }
        values = _values(self._found)
        for name, metric in METRICS.items():
            if metric.kind is Kind.HISTOGRAM:
                yield _histogram(self._found, name, metric)
                continue
            family = kinds[metric.kind](PREFIX + name, metric.help, labels=metric.labels)
            for labels, value in values[name].items():
                family.add_metric(labels, value)
            yield family


def _histogram(found: Figures, name: str, metric: Metric) -> "Family":
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(PREFIX + name, metric.help, labels=metric.labels)
    cells: dict[Labels, Cell] = {}
    for asked, cell in found.requests.items():
        place = (asked.generation, asked.operation)
        before = cells.get(place, [0] * len(cell))
        cells[place] = [sum(pair) for pair in zip(before, cell, strict=True)]
    for labels, cell in sorted(cells.items()):
        buckets, count = [], 0.0
        for bound, met in zip([*map(str, BOUNDS), "+Inf"], cell, strict=False):
            count += met
            buckets.append((bound, count))
        family.add_metric(labels, buckets, cell[-1])
    return family


def _values(found: Figures) -> dict[str, dict[Labels, float]]:
    """The values of every metric that is no histogram, by their labels."""
    return {
        "build_info": {(__version__, platform.python_version()): 1},
        "requests": {
            (asked.generation, asked.operation, str(asked.status or "none")): sum(cell[:-1])
            for asked, cell in sorted(found.requests.items(), key=str)
        },
        "open_streams": {(kind,): found.streams.get(kind, 0) for kind in ("inference", "events")},
        "faults_fired": {(effect,): count for effect, count in sorted(found.faults.items())},
        "endpoints": {(birth,): count for birth, count in found.endpoints.items()},
        "deployments": {**found.deployments},
        "heartbeat_lag_seconds": {(): found.lag},
        "heartbeat_ticks": {(): found.ticks},
        "heartbeat_failures": {(): found.failed_ticks},
        "cost_dollars": {(): found.money.dollars},
        "running_cents_per_minute": {(): found.money.cents_per_minute},
        "projects": {(): found.project_count},
        "project_clock_seconds": {(one.slug,): one.now for one in found.projects},
        "project_clock_rate": {(one.slug,): one.rate for one in found.projects},
        "project_cost_dollars": {(one.slug,): one.money.dollars for one in found.projects},
        "project_running_cents_per_minute": {
            (one.slug,): one.money.cents_per_minute for one in found.projects
        },
    }
