"""The inference lane: a plain ASGI callable in front of the framework.

Bytes and headers in, bytes out. A request that the routing snapshot can answer costs no SQL.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, NamedTuple

from together_mock.api.calls import Call, bearer
from together_mock.api.errors import render_inference
from together_mock.api.guard import (
    Receive,
    Scope,
    Send,
    check_media_type,
    header,
    parse_json,
    read_body,
)
from together_mock.api.openai import (
    chat,
    completions,
    embeddings,
    reading,
    rerank,
    streams,
)
from together_mock.api.openai.pacing import Client, send_paced
from together_mock.api.openai.streams import Frame
from together_mock.core import ids
from together_mock.core.answers import Answer, Pace
from together_mock.core.errors import MockError
from together_mock.core.instants import to_iso
from together_mock.core.requests import ChatRequest
from together_mock.services import generation, inference
from together_mock.services.inference import Admitted, Operation
from together_mock.services.projects import Project, hash_of
from together_mock.services.world import World

log = logging.getLogger("together_mock")

Headers = list[tuple[bytes, bytes]]
# Source: third-party recordings of 2026 (together-v1 reference, 1.5).
_JSON: Headers = [(b"content-type", b"application/json; charset=utf-8")]
_STREAM: Headers = [
    (b"content-type", b"text/event-stream;charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
]
_COMMON: Headers = [
    (b"x-inference-version", b"v2"),
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
]


PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/rerank")


class Exchange(NamedTuple):
    """One request on its way to an answer."""

    project: Project
    body: Any
    receive: Receive
    send: Send
    # When it came, in the event loop's time.
    started: float


_Answering = Callable[[Exchange], Awaitable[None]]


class InferenceLane:
    """Answers the inference routes of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        # Numbers of requests that belong to no project.
        self._strangers = count()
        answers = (self._chat, self._complete, self._embed, self._rerank)
        self._answers: dict[str, _Answering] = dict(zip(PATHS, answers, strict=True))

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane."""
        return (
            scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._answers
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        project: Project | None = None
        started = asyncio.get_running_loop().time()
        try:
            body = await read_body(receive)
            key_hash = self._key_hash(scope)
            project = self._world.project_of(key_hash)
            if project is None:
                project = await asyncio.to_thread(self._world.ensure_project, key_hash)
            check_media_type(scope)
            exchange = Exchange(project, parse_json(body), receive, send, started)
            await self._answers[scope["path"]](exchange)
        except MockError as error:
            await self._refuse(project, error, send)
        except Exception:
            log.exception("an inference request failed")
            await self._refuse(project, MockError("server_error"), send)

    def _key_hash(self, scope: Scope) -> str:
        key = bearer(header(scope, b"authorization"))
        key_hash = hash_of(key) if key else None
        if key_hash is None or not self._world.accepts(key_hash):
            raise MockError("unauthorized_inference")
        return key_hash

    async def _chat(self, exchange: Exchange) -> None:
        body, lenient = exchange.body, self._world.settings.lenient
        if isinstance(body, dict) and "messages" not in body and "prompt" in body:
            # A sample of docs.together.ai (LoRA inference) asks for a completion here.
            await self._complete(exchange)
            return
        request = reading.read_chat(body, lenient=lenient)
        admitted = await self._admit(exchange.project, request.model, Operation.CHAT)
        answer = await self._answer(exchange.project, admitted, request)
        if not request.stream:
            await self._whole(exchange, admitted, answer, chat.completion(answer))
        elif answer.pace is None:
            # Every chunk is due at once, so they leave in one write.
            await self._burst(exchange, admitted, answer, streams.whole(answer))
        else:
            await self._paced(exchange, admitted, answer, answer.pace, streams.frames(answer))

    async def _complete(self, exchange: Exchange) -> None:
        lenient = self._world.settings.lenient
        requests = reading.read_completion(exchange.body, lenient=lenient)
        first = requests[0]
        admitted = await self._admit(exchange.project, first.model, Operation.CHAT)
        answers = [await self._answer(exchange.project, admitted, request) for request in requests]
        answer = answers[0]
        if not first.stream:
            await self._whole(exchange, admitted, answer, completions.completion(answers))
            return
        frames = completions.frames(answers)
        if answer.pace is None:
            payload = b"".join([data for _, data in frames])
            await self._burst(exchange, admitted, answer, payload)
        else:
            await self._paced(exchange, admitted, answer, answer.pace, frames)

    async def _embed(self, exchange: Exchange) -> None:
        request = embeddings.read(exchange.body)
        admitted = await self._admit(exchange.project, request.model, Operation.EMBEDDING)
        dimension = admitted.kind.dimension if admitted.kind else None
        payload = await asyncio.to_thread(embeddings.answer, request, admitted.model, dimension)
        number = ids.request_id(exchange.project.facts.seed, admitted.number)
        await self._at_once(exchange, admitted, payload, number)

    async def _rerank(self, exchange: Exchange) -> None:
        request = rerank.read(exchange.body)
        admitted = await self._admit(exchange.project, request.model, Operation.RERANK)
        number = ids.request_id(exchange.project.facts.seed, admitted.number)
        payload = await asyncio.to_thread(rerank.answer, request, number)
        await self._at_once(exchange, admitted, payload, number)

    async def _admit(self, project: Project, model: str, operation: Operation) -> Admitted:
        admitted = inference.admit(self._world, project, model, operation)
        if admitted is None:
            call = Call(self._world, project, None)
            admitted = await call.run(inference.admit_by_store, model, operation)
        return admitted

    async def _answer(self, project: Project, admitted: Admitted, request: ChatRequest) -> Answer:
        if generation.needs_time(request):
            return await asyncio.to_thread(
                generation.answer, self._world, project, admitted, request
            )
        return generation.answer(self._world, project, admitted, request)

    async def _burst(
        self, exchange: Exchange, admitted: Admitted, answer: Answer, payload: bytes
    ) -> None:
        headers = _headers(answer.id, to_iso(admitted.at), _STREAM)
        await exchange.send({"type": "http.response.start", "status": 200, "headers": headers})
        await exchange.send({"type": "http.response.body", "body": payload})

    async def _paced(
        self,
        exchange: Exchange,
        admitted: Admitted,
        answer: Answer,
        pace: Pace,
        frames: list[Frame],
    ) -> None:
        headers = _headers(answer.id, to_iso(admitted.at), _STREAM)
        async with self._in_flight(exchange, admitted) as client:
            await exchange.send({"type": "http.response.start", "status": 200, "headers": headers})
            await send_paced(client, exchange.send, frames, pace)

    async def _whole(
        self, exchange: Exchange, admitted: Admitted, answer: Answer, payload: bytes
    ) -> None:
        if answer.pace is None:
            await self._at_once(exchange, admitted, payload, answer.id)
            return
        async with self._in_flight(exchange, admitted) as client:
            if await client.stays(answer.pace.at(answer.tokens)):
                now = self._world.now(exchange.project)
                await self._at_once(exchange, admitted, payload, answer.id, now)

    @asynccontextmanager
    async def _in_flight(self, exchange: Exchange, admitted: Admitted) -> AsyncIterator[Client]:
        """An answer that takes time holds a slot of its replica, until it ends or nobody waits."""
        flight = inference.take_off(self._world, exchange.project, admitted)
        client = Client(exchange.receive, exchange.started)
        try:
            yield client
        finally:
            client.leave()
            inference.land(self._world, exchange.project, flight)

    async def _at_once(
        self,
        exchange: Exchange,
        admitted: Admitted,
        payload: bytes,
        number: str,
        ended_at: int | None = None,
    ) -> None:
        received = to_iso(admitted.at)
        ended = received if ended_at is None else to_iso(ended_at)
        headers = _headers(number, received, _JSON)
        headers.append((b"x-api-call-end", ended.encode()))
        headers.append((b"content-length", b"%d" % len(payload)))
        await exchange.send({"type": "http.response.start", "status": 200, "headers": headers})
        await exchange.send({"type": "http.response.body", "body": payload})

    async def _refuse(self, project: Project | None, error: MockError, send: Send) -> None:
        if project is None:
            seed, number = "", next(self._strangers)
            at = to_iso(int(self._world.real_now() * 1e6))
        else:
            seed, number = project.facts.seed, inference.refuse(self._world, project)
            at = to_iso(self._world.now(project))
        status, body = render_inference(self._world.catalog, error, ids.request_id(seed, number))
        # Errors carry only x-api-received of the x- headers.
        headers = [
            *_JSON,
            (b"content-length", b"%d" % len(body)),
            (b"x-api-received", at.encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _headers(request_id: str, at: str, kind: Headers) -> Headers:
    instant = at.encode()
    return [
        *kind,
        *_COMMON,
        (b"x-request-id", request_id.encode()),
        # The tail of a body's id is the ray that the front of the service gave the request.
        (b"cf-ray", request_id.rpartition("-")[2].encode()),
        (b"x-api-received", instant),
        (b"x-api-call-start", instant),
    ]
