"""Events: a project's history as a stream that can be followed and resumed."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass

from together_mock.core.states import State
from together_mock.services.projects import Project
from together_mock.services.world import World
from together_mock.store import history
from together_mock.store.records import EventRecord

_PAGE = 500


@dataclass(frozen=True)
class Happening:
    """One event; `number` grows and resumes a stream."""

    number: int
    type: str
    endpoint_id: str
    at: int
    from_state: State | None
    to_state: State | None
    ready: int
    desired: int
    cause: str


def happening(event: EventRecord) -> Happening:
    """An event of the store as a value."""
    return Happening(
        number=event.key,
        type=event.type,
        endpoint_id=event.endpoint_id,
        at=event.at,
        from_state=State(event.from_state) if event.from_state else None,
        to_state=State(event.to_state) if event.to_state else None,
        ready=event.ready,
        desired=event.desired,
        cause=event.cause,
    )


class EventHub:
    """Wakes followers when a project has new events. One a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._followers: dict[Project, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}
        world.on_events = self._notify

    def _notify(self, project: Project) -> None:
        with self._lock:
            for loop, event in self._followers.get(project, ()):
                loop.call_soon_threadsafe(event.set)

    async def follow(self, project: Project, after: int | None) -> AsyncIterator[list[Happening]]:
        """Pages of events after a number (None: from now on), until the project is deleted."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        follower = (loop, news)
        with self._lock:
            self._followers.setdefault(project, set()).add(follower)
        self._world.measures.streams["events"] += 1
        try:
            number = await asyncio.to_thread(self.last, project) if after is None else after
            while not project.gone:
                news.clear()
                page = await asyncio.to_thread(self.page, project, number)
                if page:
                    number = page[-1].number
                    yield page
                if len(page) < _PAGE:
                    await news.wait()
        finally:
            self._world.measures.streams["events"] -= 1
            with self._lock:
                followers = self._followers[project]
                followers.discard(follower)
                if not followers:
                    del self._followers[project]

    async def past(self, project: Project, after: int) -> AsyncIterator[list[Happening]]:
        """Pages of the events after a number that have happened so far."""
        while page := await asyncio.to_thread(self.page, project, after):
            after = page[-1].number
            yield page

    def last(self, project: Project) -> int:
        """The number of the newest event."""
        with self._world.read(project) as connection:
            return history.last_event(connection, project.key)

    def page(self, project: Project, after: int) -> list[Happening]:
        """Events after a number, oldest first."""
        with self._world.read(project) as connection:
            events = history.events_after(connection, project.key, after, _PAGE)
        return [happening(event) for event in events]
