"""The short way to an endpoint's routes: the same handlers, their arguments bound by hand.

Clients poll an endpoint and make many of them; for these calls the framework costs more than the
service. It declares and documents the routes, and would answer them alike.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs

from pydantic import BaseModel, ValidationError

from together_mock.api.calls import Call, call_of
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
from together_mock.api.validation import error_of
from together_mock.core.errors import MockError
from together_mock.services.world import World

log = logging.getLogger("together_mock")

_LIST = "/v1/endpoints"
_ONE = "/v1/endpoints/"
Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[Call, Scope, Any], Awaitable[bytes | None]]


class EndpointLane:
    """Creates, reads, changes and deletes an endpoint."""

    def __init__(self, world: World) -> None:
        self._world = world

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane."""
        return scope["type"] == "http" and _handler(scope) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = await self._answer(scope, receive)
        except MockError as error:
            await answer(send, *render(self._world.catalog, error))
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            await answer(send, *render(self._world.catalog, MockError("server_error")))
        else:
            await (no_content(send) if body is None else answer(send, 200, body))

    async def _answer(self, scope: Scope, receive: Receive) -> bytes | None:
        handler, body = _handler(scope), None
        assert handler is not None
        if scope["method"] in ("POST", "PATCH"):
            _, body = await read_json(scope, receive)
        call = await call_of(self._world, header(scope, b"authorization"))
        return await handler(call, scope, body)


def _handler(scope: Scope) -> Handler | None:
    path: str = scope["path"]
    if path == _LIST:
        return _create if scope["method"] == "POST" else None
    if path.startswith(_ONE) and len(path) > len(_ONE) and "/" not in path[len(_ONE) :]:
        return _HANDLERS.get(scope["method"])
    return None


async def _create(call: Call, scope: Scope, body: Any) -> bytes | None:
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    zones = query.get("availability_zone", [None])
    request = _read(schemas.CreateEndpointRequest, body)
    return await handlers.create(call, request, zones[-1])


async def _get(call: Call, scope: Scope, _body: Any) -> bytes | None:
    return await handlers.get(call, _id(scope))


async def _update(call: Call, scope: Scope, body: Any) -> bytes | None:
    request = _read(schemas.UpdateEndpointRequest, body)
    return await handlers.update(call, _id(scope), request)


async def _delete(call: Call, scope: Scope, _body: Any) -> bytes | None:
    await handlers.delete(call, _id(scope))
    return None


_HANDLERS: dict[str, Handler] = {"GET": _get, "PATCH": _update, "DELETE": _delete}


def _id(scope: Scope) -> str:
    path: str = scope["path"]
    return path[len(_ONE) :]


def _read(model: type[Model], body: Any) -> Model:
    if body is None:
        raise MockError("missing_field", param="body")
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise error_of([{**problem, "loc": ("body", *problem["loc"])}]) from error
