"""v2's analytics of an endpoint: sums of what was noted of its requests, over a time range."""

from dataclasses import dataclass, field

from together_mock.core.clock import DAY, MINUTE
from together_mock.core.errors import MockError
from together_mock.core.meter import Span, Totals, whole_minutes
from together_mock.services.projects import Project
from together_mock.services.v2 import endpoints
from together_mock.services.v2.members import Members
from together_mock.services.world import World
from together_mock.store import traffic
from together_mock.store.traffic import Amount

# Parts of a time range, and of all deployments' time ranges together.
MOST_BUCKETS = 5_000
MOST_POINTS = 50_000
# The deployment of requests that were turned away before one was chosen.
_NONE = 0


@dataclass(frozen=True)
class Asked:
    """What analytics are asked for; instants and the width of a bucket in microseconds.

    Without an end it is now, without a start it is a day before the end.
    """

    deployment: str | None = None
    start: int | None = None
    end: int | None = None
    width: int = DAY
    series: bool = False


@dataclass
class Summary:
    """What came of requests over the whole of a time range, and in each of its buckets."""

    totals: Totals = field(default_factory=Totals)
    series: list[Totals] = field(default_factory=list)

    def add(self, amount: Amount) -> None:
        """Add what there was in a bucket."""
        cell = amount.measure, amount.which
        self.totals.add(cell, amount.amount)
        if self.series:
            self.series[amount.part].add(cell, amount.amount)


@dataclass(frozen=True)
class Analytics:
    """What came of an endpoint's requests: of all of them, and of those to each deployment.

    Deployments stand there by their ids, in the order of their creation, if they had requests or
    were asked for; `buckets` is empty unless a series was asked for.
    """

    endpoint_id: str
    span: Span
    buckets: list[Span]
    whole: Summary
    deployments: dict[str, Summary]


def analytics(world: World, project: Project, endpoint_id: str, asked: Asked) -> Analytics:
    """The analytics of an endpoint, or of one of its deployments.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`; `v2_bad_value` for a time range
            that is empty, or a width that makes too many buckets.
    """
    with world.read(project) as connection:
        endpoint = endpoints.found(connection, project, endpoint_id)
        span = _span(asked, world.now(project))
        buckets = _buckets(asked, span)
        members = Members(connection, endpoint)
        only = _only(world, members, asked.deployment)
        width = asked.width if buckets else span.end - span.start
        amounts = traffic.sums(
            connection,
            project.key,
            endpoint.id,
            since=span.start // MINUTE,
            until=span.end // MINUTE,
            width=width // MINUTE,
        )
        named = {
            amount.deployment_key for amount in amounts if only in (None, amount.deployment_key)
        }
        shown = {key: found.id for key in sorted(named) if (found := members.named(key))}
    if only is not None and asked.deployment is not None:
        shown.setdefault(only, asked.deployment)
    if len(buckets) * (1 + len(shown)) > MOST_POINTS:
        raise _too_fine(len(buckets) * (1 + len(shown)), MOST_POINTS)
    whole, parts = _summary(buckets), {key: _summary(buckets) for key in shown}
    for amount in amounts:
        if amount.deployment_key in parts:
            parts[amount.deployment_key].add(amount)
        if amount.deployment_key in parts or (only is None and amount.deployment_key == _NONE):
            whole.add(amount)
    deployments = {id_: parts[key] for key, id_ in shown.items()}
    return Analytics(endpoint.id, span, buckets, whole, deployments)


def _span(asked: Asked, now: int) -> Span:
    end = now + 1 if asked.end is None else asked.end
    start = whole_minutes(0, end).end - DAY if asked.start is None else asked.start
    if start >= end:
        param = "startTime" if asked.end is None else "endTime"
        raise MockError("v2_bad_value", param=param, detail="startTime must be before endTime")
    return whole_minutes(max(0, start), end)


def _buckets(asked: Asked, span: Span) -> list[Span]:
    if not asked.series:
        return []
    count = -(-(span.end - span.start) // asked.width)
    if count > MOST_BUCKETS:
        raise _too_fine(count, MOST_BUCKETS)
    return span.buckets(asked.width)


def _too_fine(count: int, most: int) -> MockError:
    detail = f"{count} buckets are more than {most}; ask for longer ones or for a shorter time"
    return MockError("v2_bad_value", param="granularity", detail=detail)


def _only(world: World, members: Members, deployment: str | None) -> int | None:
    """The key of the one deployment that is asked for; None is all of them."""
    if deployment is None:
        return None
    key = members.key_of(deployment)
    if key is None and not world.settings.lenient:
        raise MockError("v2_unknown_deployment", param="deploymentId", deployment=deployment)
    return key


def _summary(buckets: list[Span]) -> Summary:
    return Summary(series=[Totals() for _ in buckets])
