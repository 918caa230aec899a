"""One inference request on its way to an answer, and the head of that answer."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from together_mock.api.clients import Client, Clients
from together_mock.api.faulting import Struck
from together_mock.api.guard import HEAD_LINES, KEYS, Receive, Scope, Send
from together_mock.api.openai.routed import sampling_key
from together_mock.api.recording import Recorder
from together_mock.api.telling import REQUEST_ID, chosen_id
from together_mock.core.clock import stopwatch
from together_mock.core.instants import to_iso
from together_mock.services.inference import Admitted
from together_mock.services.projects import Project
from together_mock.services.waiting import begin_request

Headers = list[tuple[bytes, bytes]]
# Source: third-party recordings of 2026 (together-v1 reference, 1.5).
_JSON = b"application/json; charset=utf-8"
JSON_HEADERS: Headers = [(b"content-type", _JSON)]
# The id of the request; the tail of the answer's id, which is the ray that the front of the service
# gave the request; two instants.
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

    project: Project | None = None
    body: Any = None
    raw = b""
    # Where it was sent, and when, also after it is noted what came of it.
    sent: Admitted | None = None
    # When it was refused, and by which endpoint, where it was sent nowhere.
    refused_at = 0
    refused_by: str | None = None
    # Notes what is received and sent bit by bit; what is sent whole is noted as a whole.
    recorder: Recorder | None = None
    # Where faults struck it.
    struck: Struck | None = None
    # Where it goes, from when it is admitted until it is noted what came of it.
    admitted: Admitted | None = None
    # Lines of the head that tell which deployment answers.
    routed = b""
    # Lines of the head that go past the server.
    lines = b""
    # Listened to where answering takes time.
    client: Client | None = None
    _may_wait = False

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        # When it came, by the stopwatch.
        self.arrived = stopwatch()
        # The first of a name counts. Without the key, once that is read.
        self.headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        state = scope.get("state") or {}
        self.add_to_head: Callable[[bytes], None] | None = state.get(HEAD_LINES)
        self.keys: dict[bytes, str] = state.get(KEYS, {})

    def may_wait(self) -> None:
        """Begin to count for how long it waits for the store: what the fast path has no need of."""
        if not self._may_wait:
            self._may_wait = True
            begin_request()

    def end(self, clients: Clients) -> None:
        """Let go of everybody who was part of it."""
        if self.client is not None:
            clients.leave(self.client)
        if self.struck is not None:
            self.struck.leave()
        if self.recorder is not None:
            # Whoever broke it off, the answer has not ended.
            self.recorder.finish(broken=True)

    def sampling_key(self) -> str:
        """By what a traffic split chooses a deployment."""
        return sampling_key(self.body)


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
    received, number = _instant(at // 1000), request_id.encode()
    ray = number[-_RAY:]
    if REQUEST_ID in exchange.headers:
        number = chosen_id(exchange.headers) or number
    if size is None:
        lines = _STREAM % (number, ray, received, received)
        headers: Headers = []
    else:
        ended = received if ended_at is None else _instant(ended_at // 1000)
        lines = _WHOLE % (number, ray, received, received, ended)
        headers = [(b"content-length", b"%d" % size)]
    lines += exchange.routed
    if exchange.add_to_head is not None:
        exchange.lines = lines
        if exchange.recorder is not None:
            exchange.recorder.lines = lines
        exchange.add_to_head(lines)
    else:
        pairs = [line.split(b": ", 1) for line in lines.splitlines()]
        headers += [(name, value) for name, value in pairs]
    return {"type": "http.response.start", "status": 200, "headers": headers}


@lru_cache(maxsize=64)
def _instant(milliseconds: int) -> bytes:
    # Many requests of a busy time share it.
    return to_iso(milliseconds * 1000).encode()


def error_headers(exchange: Exchange, at: int, request_id: str, body: bytes) -> Headers:
    """The headers of an error: those recorded in 2026 carry, beside the id, x-api-received alone.

    Args:
        exchange: the request.
        at: the virtual instant at which it was refused.
        request_id: the id of the answer.
        body: the answer.
    """
    return [
        *JSON_HEADERS,
        (b"content-length", b"%d" % len(body)),
        (b"x-api-received", _instant(at // 1000)),
        (REQUEST_ID, chosen_id(exchange.headers) or request_id.encode()),
    ]
