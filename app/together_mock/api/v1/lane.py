"""The short way to an endpoint's routes: the same handlers, their arguments bound by hand.

Clients poll an endpoint and make many of them; for these calls the framework costs more than the
service. It declares and documents the routes, and would answer them alike. What the 2024 API asked
for or made is handed over to it (`api.dialects`).
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from together_mock.api.calls import Call, call_of
from together_mock.api.dialects import V1, Elder, asked
from together_mock.api.errors import render
from together_mock.api.guard import (
    Receive,
    Scope,
    Send,
    answer,
    header,
    no_content,
    read_json,
)
from together_mock.api.v1 import handlers, schemas
from together_mock.api.validation import read
from together_mock.core.errors import MockError
from together_mock.services.world import World

log = logging.getLogger("together_mock")

_LIST = "/v1/endpoints"
_ONE = "/v1/endpoints/"
# The status and the body; None is no body.
Answer = tuple[int, bytes | None]
Handler = Callable[["EndpointLane", Call, Scope, Any], Awaitable[Answer]]


class EndpointLane:
    """Creates, reads, changes and deletes an endpoint."""

    def __init__(self, world: World, elder: Elder) -> None:
        self._world = world
        self._elder = elder

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane."""
        return scope["type"] == "http" and _handler(scope) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, body = await self._answer(scope, receive)
        except MockError as error:
            await answer(send, *render(self._world.catalog, error))
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            await answer(send, *render(self._world.catalog, MockError("server_error")))
        else:
            await (no_content(send) if body is None else answer(send, status, body))

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        handler, body = _handler(scope), None
        assert handler is not None
        authorization = header(scope, b"authorization")
        if scope["method"] in ("POST", "PATCH"):
            _, body = await read_json(scope, receive)
            if handler is EndpointLane._create and self._elder.asks(body) and asked(scope) != V1:
                return await self._elder.create(self._world, authorization, body)
        call = await call_of(self._world, authorization)
        return await handler(self, call, scope, body)

    async def _create(self, call: Call, scope: Scope, body: Any) -> Answer:
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        zones = query.get("availability_zone", [None])
        request = read(schemas.CreateEndpointRequest, body)
        return 200, await handlers.create(call, request, zones[-1])

    async def _get(self, call: Call, scope: Scope, _body: Any) -> Answer:
        view = await handlers.get(call, _id(scope))
        if self._elder.made(view) and asked(scope) != V1:
            return 200, await self._elder.shown(call, view)
        return 200, handlers.shown(view)

    async def _update(self, call: Call, scope: Scope, body: Any) -> Answer:
        # The 2024 API has no such request, so its answer is v1's whoever made the endpoint.
        request = read(schemas.UpdateEndpointRequest, body)
        return 200, await handlers.update(call, _id(scope), request)

    async def _delete(self, call: Call, scope: Scope, _body: Any) -> Answer:
        view = await handlers.delete(call, _id(scope))
        if self._elder.made(view) and asked(scope) != V1:
            return 200, self._elder.deleted(call, view)
        return 204, None


def _handler(scope: Scope) -> Handler | None:
    path: str = scope["path"]
    if path == _LIST:
        return EndpointLane._create if scope["method"] == "POST" else None
    if path.startswith(_ONE) and len(path) > len(_ONE) and "/" not in path[len(_ONE) :]:
        return _HANDLERS.get(scope["method"])
    return None


_HANDLERS: dict[str, Handler] = {
    "GET": EndpointLane._get,
    "PATCH": EndpointLane._update,
    "DELETE": EndpointLane._delete,
}


def _id(scope: Scope) -> str:
    path: str = scope["path"]
    return path[len(_ONE) :]
