"""One inference request on its way to an answer, and the head of that answer."""

import asyncio
from collections.abc import Callable
from typing import Any

from together_mock.api.guard import HEAD_LINES, Receive, Scope, Send
from together_mock.api.openai.pacing import Client
from together_mock.core.instants import to_iso
from together_mock.services.inference import Admitted
from together_mock.services.projects import Project

Headers = list[tuple[bytes, bytes]]
# Source: third-party recordings of 2026 (together-v1 reference, 1.5).
_JSON = b"application/json; charset=utf-8"
JSON_HEADERS: Headers = [(b"content-type", _JSON)]
# The answer's id; its tail, the ray that the front of the service gave the request; two instants.
_COMMON = (
    b"x-inference-version: v2\r\n"
    b"access-control-allow-origin: *\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"x-request-id: %b\r\n"
    b"cf-ray: %b\r\n"
    b"x-api-received: %b\r\n"
    b"x-api-call-start: %b\r\n"
)
_WHOLE = b"content-type: %b\r\n%bx-api-call-end: %%b\r\n" % (_JSON, _COMMON)
_STREAM = (
    b"content-type: text/event-stream;charset=utf-8\r\n"
    b"cache-control: no-cache, no-transform\r\n%b" % _COMMON
)
# Hex digits.
_RAY = 16


class Exchange:
    """One request on its way to an answer."""

    __slots__ = (
        "add_to_head",
        "admitted",
        "body",
        "client",
        "project",
        "receive",
        "routed",
        "send",
        "size",
        "started",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.receive = receive
        self.send = send
        # When it came, in the event loop's time.
        self.started = asyncio.get_running_loop().time()
        self.project: Project | None = None
        self.body: Any = None
        self.size = 0
        # Where it goes, from when it is admitted until it is noted what came of it.
        self.admitted: Admitted | None = None
        # Lines of the head that tell which deployment answers.
        self.routed = b""
        # Listened to where answering takes time.
        self.client: Client | None = None
        state = scope.get("state")
        self.add_to_head: Callable[[bytes], None] | None = state.get(HEAD_LINES) if state else None


def head_of(
    exchange: Exchange, at: int, request_id: str, size: int | None, ended_at: int | None = None
) -> dict[str, Any]:
    """The head of an answer; its lines go past the server's checks where that is possible.

    Args:
        exchange: the request.
        at: the virtual instant at which it was received.
        request_id: the id of the answer.
        size: the bytes of the body; None is a stream.
        ended_at: the virtual instant at which it was answered, if that is a later one.
    """
    received, number = to_iso(at).encode(), request_id.encode()
    if size is None:
        lines = _STREAM % (number, number[-_RAY:], received, received)
        headers: Headers = []
    else:
        ended = received if ended_at is None else to_iso(ended_at).encode()
        lines = _WHOLE % (number, number[-_RAY:], received, received, ended)
        headers = [(b"content-length", b"%d" % size)]
    lines += exchange.routed
    if exchange.add_to_head is not None:
        exchange.add_to_head(lines)
    else:
        pairs = [line.split(b": ", 1) for line in lines.splitlines()]
        headers += [(name, value) for name, value in pairs]
    return {"type": "http.response.start", "status": 200, "headers": headers}
