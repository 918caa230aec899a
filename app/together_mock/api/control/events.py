"""Control routes for events: a stream that resumes, and a wait for one event."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Query, Request
from starlette.responses import StreamingResponse

from together_mock.api.control import mapping, schemas
from together_mock.api.dependencies import ControlledDep, admin
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.core.errors import MockError
from together_mock.services.events import EventHub, Happening
from together_mock.services.projects import Project

router = new_router(prefix="/_mock", tags=["Control"], dependencies=[Depends(admin)])


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


@router.get(
    "/events",
    operation_id="followEvents",
    response_class=EventStream,
    responses=errors(400, 401, 404),
)
async def follow_events(
    request: Request,
    call: ControlledDep,
    last_event_id: Annotated[str | None, Header()] = None,
    follow: Annotated[bool, Query(description="Whether to wait for events to come.")] = True,
) -> StreamingResponse:
    """Follow the project's events as server-sent events; `Last-Event-ID` resumes after one."""
    hub: EventHub = request.app.state.events
    if last_event_id is None:
        # Known before the answer begins: whatever happens once it has is told.
        after = await asyncio.to_thread(hub.last, call.project)
    elif re.fullmatch("[0-9]{1,18}", last_event_id):
        after = int(last_event_id)
    else:
        raise MockError("invalid_value", param="Last-Event-ID", detail="must be an event's number")
    pages = hub.follow(call.project, after) if follow else hub.past(call.project, after)
    return EventStream(_frames(pages))


async def _frames(listened: AsyncIterator[list[Happening]]) -> AsyncIterator[bytes]:
    # Sent at once, so that a client knows that it is listening.
    yield b": listening\n\n"
    async with aclosing(listened) as pages:  # type: ignore[type-var]
        async for page in pages:
            yield b"".join(map(_frame, page))


def _frame(event: Happening) -> bytes:
    data = orjson.dumps(mapping.event(event))
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.number, event.type.encode(), data)


@router.post("/events/wait", operation_id="waitForEvent", responses=errors(400, 401, 404, 408))
async def wait_for_event(
    request: Request, call: ControlledDep, body: schemas.WaitFor
) -> dict[str, Any]:
    """Answer with the first event that matches: one that has happened, or the next to come."""
    hub: EventHub = request.app.state.events
    after = body.after
    if after is not None:
        # What has happened is found however short the wait.
        found, after = await asyncio.to_thread(_told, hub, call.project, body, after)
        if found is not None:
            return mapping.event(found)
    try:
        async with asyncio.timeout(body.timeout):
            return mapping.event(await _next(hub, call.project, body, after))
    except TimeoutError:
        raise MockError("event_timeout", timeout=f"{body.timeout:g} s") from None


def _told(
    hub: EventHub, project: Project, wanted: schemas.WaitFor, after: int
) -> tuple[Happening | None, int]:
    """The first event after a number that matches, or None; and the number of the last one seen."""
    while page := hub.page(project, after):
        for event in page:
            if mapping.is_wanted(event, wanted):
                return event, event.number
        after = page[-1].number
    return None, after


async def _next(
    hub: EventHub, project: Project, wanted: schemas.WaitFor, after: int | None
) -> Happening:
    async with aclosing(hub.follow(project, after)) as pages:  # type: ignore[type-var]
        async for page in pages:
            for event in page:
                if mapping.is_wanted(event, wanted):
                    return event
    raise MockError("project_gone", project=project.slug)
