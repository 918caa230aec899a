"""The guard in front of the framework: body size, content type, JSON - before any route runs."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol

import orjson

from together_mock.api.errors import JSON
from together_mock.core.errors import MockError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]
# The status and the body that refuse a request of a path.
Refusal = Callable[[str, MockError], tuple[int, bytes]]


class Lane(Protocol):
    """What answers some requests in front of the framework."""

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send, /) -> None:
        """Answer one request."""


BODY_LIMIT = 16 * 1024 * 1024
# The name of a function in a scope's state that puts lines into the head of the answer.
HEAD_LINES = "together_mock.head_lines"
# Of a mapping that lasts as long as the connection: the key that came last, and its hash.
KEYS = "together_mock.keys"
# Of functions that end its connection: by a reset, or once everything written is sent.
RESET = "together_mock.reset"
DROP = "together_mock.drop"
# Levels of JSON; the parser would take a thousand.
_DEEPEST = 256
_WITH_BODY = {"POST", "PUT", "PATCH", "DELETE"}


class Guard:
    """Pure ASGI: reads the body of a request that has one, refuses it or hands it on whole."""

    def __init__(self, app: App, refusal: Refusal) -> None:
        self._app = app
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] not in _WITH_BODY:
            await self._app(scope, receive, send)
            return
        try:
            body, _ = await read_json(scope, receive)
        except MockError as error:
            await answer(send, *self._refusal(scope["path"], error))
            return
        await self._app(scope, _replayed(body, receive), send)


async def read_json(scope: Scope, receive: Receive) -> tuple[bytes, Any]:
    """The body of a request, and its value; None when there is no body.

    Raises:
        MockError: `body_too_large`, `unsupported_media_type`, `broken_json`.
    """
    body = await read_body(receive)
    if not body:
        return body, None
    check_media_type(scope)
    return body, parse_json(body)


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request.

    Raises:
        MockError: `body_too_large`.
    """
    message = await receive()
    whole: bytes = message.get("body", b"")
    if not message.get("more_body") and len(whole) <= BODY_LIMIT:
        return whole
    return await _read_chunks(message, receive)


async def _read_chunks(message: Message, receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            return b"".join(chunks)
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > BODY_LIMIT:
            raise MockError("body_too_large", limit=BODY_LIMIT)
        if not message.get("more_body"):
            return b"".join([*chunks, chunk])
        chunks.append(chunk)
        message = await receive()


def check_media_type(scope: Scope) -> None:
    """Refuse a body that is declared as something else than JSON; no declaration will do.

    Raises:
        MockError: `unsupported_media_type`.
    """
    declared = header(scope, b"content-type")
    if declared == JSON:
        return
    kind = declared.partition(";")[0].strip().lower()
    if kind and kind != JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        raise MockError("unsupported_media_type", content_type=kind)


def parse_json(body: bytes) -> Any:
    """A JSON body's value.

    Raises:
        MockError: `broken_json`.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MockError("broken_json", detail=str(error)) from error
    # Cheap for most: so few brackets cannot be nested so deep.
    if len(body) > _DEEPEST and body.count(b"{") + body.count(b"[") > _DEEPEST and _is_deep(value):
        raise MockError("broken_json", detail=f"it is nested more than {_DEEPEST} levels deep")
    return value


def _is_deep(value: Any) -> bool:
    """Whether a value is nested deeper than anything in Python would follow it."""
    level = [value]
    for _ in range(_DEEPEST + 1):
        inner = [
            item.values() if isinstance(item, dict) else item for item in level if _holds(item)
        ]
        level = [item for items in inner for item in items]
        if not level:
            return False
    return True


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list)


def header(scope: Scope, name: bytes) -> str:
    """A request header's value, or an empty text."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""


async def answer(send: Send, status: int, body: bytes, more: Headers = ()) -> None:
    """Send a whole JSON answer, with `more` headers."""
    headers = [
        (b"content-type", JSON.encode()),
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def no_content(send: Send) -> None:
    """Send an answer without a body."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _replayed(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
