"""What faults do to answers: errors in the service's place, delays, broken streams, resets."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import orjson

from together_mock.api.clients import Client, Clients
from together_mock.api.errors import body_of
from together_mock.api.guard import BODY_LIMIT, DROP, RESET, Headers, Message, Scope
from together_mock.api.recording import Recorder
from together_mock.core.errors import MockError
from together_mock.core.http_faults import Effect, InjectedError, Status, asked_for
from together_mock.services.world import World

ASKS = (b"x-mock-fault", b"x-mock-latency")
_END = b"\n\n"
_BAD_CHUNK = b'data: {"id":"broken","object":"chat.completion.chunk","choices":[{"delta":{"con\n\n'
_LIMIT = 60
# What an error says by its status, where its fault says nothing: a case of the catalogue.
_CASES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "unauthorized_management",
    HTTPStatus.PAYMENT_REQUIRED: "insufficient_balance",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "unknown_path",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
    HTTPStatus.INTERNAL_SERVER_ERROR: "server_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "capacity",
    HTTPStatus.GATEWAY_TIMEOUT: "gateway_timeout",
    524: "origin_timeout",
}


class BrokenError(ConnectionResetError):
    """The connection broke off, where there is none that could be ended: inside one process."""


def own_effect(headers: Mapping[bytes, bytes]) -> Effect:
    """What a request asks for itself.

    Raises:
        MockError: a header that cannot be read, named by `param`.
    """
    told = [headers.get(name) for name in ASKS]
    return asked_for(*(None if text is None else text.decode("latin-1") for text in told))


def injected(status: Status, scope: Scope) -> InjectedError:
    """The error that a fault answers with; what it does not say follows from its status."""
    ours = status.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    case = _CASES.get(status.status, "injected_failure" if ours else "injected_refusal")
    values = {
        "status": status.status,
        "amount": "0.01",
        "resource": scope["path"],
        "method": scope["method"],
        "path": scope["path"],
        "limit": BODY_LIMIT if case == "body_too_large" else _LIMIT,
    }
    return InjectedError(status, case, values)


def told_by(effect: Effect) -> Headers:
    """The headers that tell which faults struck, and those that the fault itself sends."""
    given = effect.status.headers if effect.status else {}
    return [
        (b"x-mock-fault", ", ".join(effect.faults).encode()),
        *((name.lower().encode(), value.encode()) for name, value in given.items()),
    ]


class Struck:
    """An answer that faults struck, on its way out."""

    def __init__(
        self, world: World, clients: Clients, scope: Scope, recorder: Recorder, effect: Effect
    ) -> None:
        self._world = world
        self._clients = clients
        self._scope = scope
        self._recorder = recorder
        self.effect = effect
        world.measures.struck(effect)
        self._client: Client | None = None
        # Events that were sent, and what has begun of the next.
        self._chunks = 0
        self._begun = b""
        self._is_over = False

    def leave(self) -> None:
        """Listen to the client no longer."""
        if self._client is not None:
            self._clients.leave(self._client)

    async def send(self, message: Message) -> None:
        """Send a part of the answer, as the faults have it."""
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            if not await self.delay():
                return
            headers = [*message.get("headers", ()), *told_by(self.effect)]
            message = {**message, "headers": headers}
        elif self.effect.stream is not None:
            await self._send_events(message)
            return
        await self._recorder.send(message)

    async def reset(self) -> None:
        """End the connection without an answer."""
        if await self.delay():
            self._note_broken()
            await self._break_off(RESET)

    def _listen(self) -> Client:
        # The request has been read.
        if self._client is None:
            recorder = self._recorder
            self._client = self._clients.listen(recorder.receive, recorder.arrived)
        return self._client

    async def delay(self) -> bool:
        """Hold the answer back as long as it is to be; whether anybody is there to have it.

        One that nobody waited for is noted as broken, and nothing of it is sent.
        """
        if self.effect.latency is None or self._is_over:
            return not self._is_over
        return await self._stays(self.effect.latency)

    async def _stays(self, seconds: float) -> bool:
        client = self._listen()
        # Where the server is to stop, the client has its answer early.
        if not await client.stays(seconds) and not client.dismissed:
            self._is_over = True
            self._note_broken()
        return not self._is_over

    def _note_broken(self) -> None:
        self._recorder.finish(broken=True, told=told_by(self.effect))

    async def _break_off(self, how: str) -> None:
        self._is_over = True
        end = self._scope.get("state", {}).get(how)
        if end is None:
            raise BrokenError("a fault ended the connection")
        client = self._listen()
        end()
        await client.gone()

    async def _send_events(self, message: Message) -> None:
        *events, self._begun = (self._begun + message.get("body", b"")).split(_END)
        ready: list[bytes] = []
        for event in events:
            if event.startswith(b"data:"):
                await self._before(ready)
                if self._is_over:
                    return
                self._chunks += 1
            ready.append(event + _END)
        rest = b"" if message.get("more_body") else self._begun
        body = b"".join([*ready, rest])
        await self._recorder.send({**message, "body": body})

    async def _before(self, ready: list[bytes]) -> None:
        """Do what is to be done before the next event, where that is the one."""
        fault, chunks = self.effect.stream, self._chunks
        assert fault is not None
        if chunks == fault.bad_chunk_after:
            ready.append(_BAD_CHUNK)
        elif chunks == fault.stall_after:
            await self._flush(ready)
            await self._stays(self._listen().elapsed() + fault.stall_for)
        elif chunks == fault.cut_after:
            await self._flush(ready)
            self._recorder.finish(broken=True)
            await self._break_off(DROP)
        elif chunks == fault.error_after:
            _, body = body_of(self._world.catalog, MockError("server_error"))
            ready.append(b"data: " + orjson.dumps(body) + _END)
            last = {"type": "http.response.body", "body": b"".join(ready)}
            await self._recorder.send(last)
            self._is_over = True

    async def _flush(self, ready: list[bytes]) -> None:
        body, ready[:] = b"".join(ready), []
        # Also where there is nothing: the head of the answer is to leave.
        await self._recorder.send({"type": "http.response.body", "body": body, "more_body": True})
        await asyncio.sleep(0)
