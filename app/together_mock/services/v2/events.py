"""v2's feed of an endpoint's events, told from its stored history, newest first, in pages."""

import heapq
from collections.abc import Iterator
from itertools import islice
from sqlite3 import Connection

import orjson

from together_mock.core.endpoint_events import EndpointEvent, Named, Past, Position, Wanted
from together_mock.core.endpoint_story import Story
from together_mock.core.errors import MockError
from together_mock.core.events import Kind
from together_mock.core.instants import LATEST
from together_mock.core.states import State
from together_mock.services.catalog import Catalog
from together_mock.services.projects import Project
from together_mock.services.rows import value_of
from together_mock.services.v2 import endpoints
from together_mock.services.v2.members import Members
from together_mock.services.world import World
from together_mock.store import feed
from together_mock.store.positions import Positions
from together_mock.store.records import EndpointRecord, EventRecord

# The key of no event: to be read from the newest one on.
_NEWEST = 2**63 - 1
# Where a page of events begins: after an event's position, in what follows from the change with
# the last of the numbers as its key, or from an older one.
Cursor = tuple[int, int, int, int]
# An event, and the key of the change that has to be read to tell it.
_Told = tuple[int, EndpointEvent]


def events(
    world: World,
    project: Project,
    endpoint_id: str,
    wanted: Wanted,
    *,
    after: Cursor | None,
    limit: int,
) -> tuple[list[EndpointEvent], Cursor | None]:
    """A page of an endpoint's events, newest first, and where the next one begins.

    Args:
        world: the world.
        project: whose endpoint.
        endpoint_id: the endpoint.
        wanted: which events.
        after: where the page before ended; None for the first page.
        limit: most events of the page, at least 1.

    Raises:
        MockError: `v2_unknown_endpoint`; `v2_bad_value` for a deployment that the endpoint never
            had.
    """
    with world.read(project) as connection:
        endpoint = endpoints.found(connection, project, endpoint_id)
        members = Members(connection, endpoint)
        if not world.settings.lenient:
            _check_deployments(members, wanted)
        reader = _Reader(connection, world.catalog, project, endpoint, members)
        told = reader.read(wanted, world.now(project), after)
        page = [event for _, event in islice(told, limit)]
        following = next(told, None)
        return page, reader.cursor(page[-1], following[0]) if following else None


def _check_deployments(members: Members, wanted: Wanted) -> None:
    for deployment in sorted(wanted.deployments or ()):
        if members.key_of(deployment) is None:
            detail = f"{deployment} is no deployment of this endpoint"
            raise MockError("v2_bad_value", param="deploymentIds", detail=detail)


class _Reader:
    """Reads the history of one endpoint backwards, and tells it as events in their order.

    What follows from a change may lie before it: the phases of a start are known by its end. Such
    events wait until everything that is newer has been told.
    """

    def __init__(
        self,
        connection: Connection,
        catalog: Catalog,
        project: Project,
        endpoint: EndpointRecord,
        members: Members,
    ) -> None:
        self._connection = connection
        self._catalog = catalog
        self._endpoint = endpoint
        self._members = members
        positions = Positions(connection, endpoint.project_key)
        self._story = Story(project.facts.seed, endpoint.id, endpoint.name, positions.of)
        # A heap, the newest event first.
        self._waiting: list[tuple[Position, int, EndpointEvent]] = []

    def read(self, wanted: Wanted, now: int, after: Cursor | None) -> Iterator[_Told]:
        """The events that are wanted, of the time up to `now`, after a cursor."""
        last = _NEWEST if after is None else after[-1]
        for key, event in self._told(wanted, now, last):
            if wanted.takes(event) and (after is None or event.position < after[:3]):
                yield key, event

    def cursor(self, shown: EndpointEvent, key: int) -> Cursor:
        """Where a page begins that follows an event; the next one was just read, by its key."""
        return (*shown.position, max([key, *(key for _, key, _ in self._waiting)]))

    def _told(self, wanted: Wanted, now: int, last: int) -> Iterator[_Told]:
        since = 0 if wanted.since is None else wanted.since
        until = LATEST if wanted.until is None else wanted.until
        self._start_under_way(now)
        rows = feed.events_backwards(
            self._connection,
            self._endpoint.project_key,
            self._endpoint.id,
            last=last,
            kinds=wanted.kinds(),
            until=until,
        )
        for past in map(_past, rows):
            yield from self._newer_than((past.at, past.key + 1, 0))
            if past.at < since:
                return
            if wanted.may_take(past):
                self._tell(past)
            if past.creates_endpoint:
                yield from self._newer_than((0, 0, 0))
                return
        self._wait([self._story.unwritten_creation(self._endpoint.created_at)], 0)
        yield from self._newer_than((-1, 0, 0))

    def _newer_than(self, position: Position) -> Iterator[_Told]:
        while self._waiting and _backwards(self._waiting[0][0]) >= position:
            _, key, event = heapq.heappop(self._waiting)
            yield key, event

    def _wait(self, told: list[EndpointEvent], key: int) -> None:
        for event in told:
            heapq.heappush(self._waiting, (_backwards(event.position), key, event))

    def _tell(self, past: Past) -> None:
        if not past.deployment:
            self._wait(self._story.of_endpoint(past), past.key)
            return
        named = self._members.named(past.deployment)
        if named is None:
            # It was an endpoint of the same id, which is no more.
            return
        before = self._before(past) if past.kind in (Kind.MOVED, Kind.SCALED) else None
        self._wait(self._story.of_deployment(past, named, before), past.key)
        if past.ends_start and before is not None and before.to_state is State.STARTING:
            self._wait(self._story.on_the_way(before, named, past.at), past.key)

    def _start_under_way(self, now: int) -> None:
        """The phases that have begun of starts that have not ended."""
        endpoint = self._endpoint
        for row in feed.starting_deployments(self._connection, endpoint.key):
            start = self._change_before(row.key, _NEWEST)
            end = value_of(self._catalog, endpoint, row).next_at
            if start is not None and start.to_state is State.STARTING and end is not None:
                named = Named(row.id, f"{endpoint.name}/{row.name}")
                told = self._story.on_the_way(start, named, end)
                self._wait([event for event in told if event.at <= now], _NEWEST)

    def _before(self, past: Past) -> Past | None:
        return None if past.is_birth else self._change_before(past.deployment, past.key)

    def _change_before(self, deployment_key: int, key: int) -> Past | None:
        project = self._endpoint.project_key
        row = feed.change_before(self._connection, project, deployment_key, key)
        return None if row is None else _past(row)


def _backwards(position: Position) -> Position:
    at, key, slot = position
    return -at, -key, -slot


def _past(row: EventRecord) -> Past:
    return Past(
        key=row.key,
        deployment=row.deployment_key,
        kind=Kind(row.type),
        at=row.at,
        from_state=State(row.from_state) if row.from_state else None,
        to_state=State(row.to_state) if row.to_state else None,
        ready=row.ready,
        desired=row.desired,
        cause=row.cause,
        note=orjson.loads(row.note) if row.note else {},
    )
