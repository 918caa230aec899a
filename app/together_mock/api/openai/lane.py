"""The inference lane: a plain ASGI callable in front of the framework.

Bytes and headers in, bytes out. A request that the routing snapshot can answer costs no SQL.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from typing import TypeVar

from together_mock.api.calls import Call, bearer, made_project
from together_mock.api.clients import Client, Clients
from together_mock.api.errors import JSON, render_inference
from together_mock.api.faulting import ASKS, BrokenError
from together_mock.api.guard import (
    Receive,
    Scope,
    Send,
    check_media_type,
    parse_json,
    read_body,
)
from together_mock.api.openai import chat, embeddings, reading, rendering, rerank
from together_mock.api.openai.exchange import Exchange, error_headers, head_of
from together_mock.api.openai.limiting import limit_headers, limit_lines
from together_mock.api.openai.noting import (
    note_end,
    note_place,
    note_refusal,
    record_parts,
    send_whole,
)
from together_mock.api.openai.pacing import send_paced
from together_mock.api.openai.rendering import Rendered
from together_mock.api.openai.routed import endpoint_of, routing_lines
from together_mock.api.openai.striking import Strikes
from together_mock.core import ids
from together_mock.core.answers import Usage
from together_mock.core.clock import SECOND
from together_mock.core.errors import MockError
from together_mock.core.meter import Sample
from together_mock.core.redaction import REDACTED
from together_mock.core.requests import ChatRequest
from together_mock.services import generation, inference, metering
from together_mock.services.brief import brief
from together_mock.services.generation import GivenUp
from together_mock.services.inference import Admitted, Operation
from together_mock.services.operations import INFERENCE
from together_mock.services.projects import Project, hash_of
from together_mock.services.world import World

log = logging.getLogger("together_mock")

PATHS = INFERENCE
_JSON_TYPE = JSON.encode()
_FAULT, _LATENCY = ASKS
_REDACTED = REDACTED.encode()
_Answering = Callable[[Exchange, Project], Awaitable[None]]
# Bytes of a request's body; what is larger is answered in a thread.
_SMALL = 20_000
T = TypeVar("T")


class InferenceLane:
    """Answers the inference routes of a world."""

    def __init__(self, world: World, clients: Clients) -> None:
        self._world = world
        # Numbers of requests that belong to no project.
        self._strangers = count()
        # Those whose answers take time.
        self._clients = clients
        self._strikes = Strikes(world, clients)
        self._makers = asyncio.Semaphore(64)  # more at once would only keep the event loop
        answers = (self._chat, self._complete, self._embed, self._rerank)
        self._answers: dict[str, _Answering] = dict(zip(PATHS, answers, strict=True))

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane."""
        return (
            scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._answers
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send)
        try:
            headers = exchange.headers
            key_hash = self._key_hash(headers.get(b"authorization", b""), exchange.keys)
            headers[b"authorization"] = _REDACTED
            project = self._world.project_of(key_hash)
            project = project or await made_project(self._world, key_hash)
            exchange.project = project
            exchange.raw = body = await read_body(receive)
            strikes = project.request_faults or _FAULT in headers or _LATENCY in headers
            if strikes and await self._strikes.end(exchange, project):
                return
            if headers.get(b"content-type") != _JSON_TYPE:
                check_media_type(scope)
            exchange.body = parse_json(body)
            await self._answers[scope["path"]](exchange, project)
        except BrokenError:
            raise
        except MockError as error:
            await self._refuse(exchange, error)
        except Exception:
            log.exception("an inference request failed")
            await self._refuse(exchange, MockError("server_error"))
        finally:
            if exchange.client is not None:
                self._clients.leave(exchange.client)
            if exchange.struck is not None:
                exchange.struck.leave()
            if exchange.recorder is not None:
                # Whoever broke it off, the answer has not ended.
                exchange.recorder.finish(broken=True)

    def _key_hash(self, authorization: bytes, known: dict[bytes, str]) -> str:
        key_hash = known.get(authorization)
        if key_hash is None:
            key = bearer(authorization.decode("latin-1"))
            if key is None:
                raise MockError("unauthorized_inference")
            known.clear()
            key_hash = known[authorization] = hash_of(key)
        if not self._world.accepts(key_hash):
            raise self._world.refusal(key_hash, MockError("unauthorized_inference"))
        return key_hash

    async def _chat(self, exchange: Exchange, project: Project) -> None:
        body, world = exchange.body, self._world
        if isinstance(body, dict) and "messages" not in body and "prompt" in body:
            # A sample of docs.together.ai (LoRA inference) asks for a completion here.
            await self._complete(exchange, project)
            return
        request = reading.read_chat(body, lenient=world.settings.lenient)
        admitted = await self._admit(exchange, project, request.model, inference.CHAT)
        short = not request.stream and exchange.struck is None
        said = brief(world, project, admitted, request) if short else None
        if said is not None:
            number = ids.request_id(project.facts.seed, admitted.number)
            told = chat.of_brief(number, admitted.at // SECOND, request.model, said)
            metering.answered_at_once(world, project, admitted.target, admitted.at, said.usage)
            exchange.admitted = None
            if admitted.target is None:
                exchange.routed = limit_lines(project, admitted.at)
            head = head_of(exchange, admitted.at, number, len(told))
            await send_whole(world, exchange, head, told)
            return
        if len(exchange.raw) > _SMALL or generation.needs_time(request):
            answer = partial(self._rendered, project, admitted, request)
            rendered = await self._apart(exchange, answer)
        else:
            rendered = self._rendered(project, admitted, request)
        await self._send(exchange, project, admitted, rendered)

    def _rendered(
        self,
        project: Project,
        admitted: Admitted,
        request: ChatRequest,
        given_up: GivenUp = bool,
    ) -> Rendered:
        answer = generation.answer(self._world, project, admitted, request, given_up)
        return rendering.of_chat(answer, stream=request.stream)

    async def _complete(self, exchange: Exchange, project: Project) -> None:
        world = self._world
        requests = reading.read_completion(exchange.body, lenient=world.settings.lenient)
        admitted = await self._admit(exchange, project, requests[0].model, inference.CHAT)

        def answer(given_up: GivenUp) -> Rendered:
            made = generation.answers(world, project, admitted, requests, given_up)
            return rendering.of_completions(made, stream=requests[0].stream)

        rendered = await self._apart(exchange, answer)
        await self._send(exchange, project, admitted, rendered)

    async def _embed(self, exchange: Exchange, project: Project) -> None:
        request = embeddings.read(exchange.body)
        admitted = await self._admit(exchange, project, request.model, inference.EMBEDDING)
        dimension = admitted.kind.dimension if admitted.kind else None

        def answer(given_up: GivenUp) -> tuple[bytes, int]:
            made = embeddings.answer(request, admitted.model, dimension, given_up)
            return made, embeddings.tokens_read(request, given_up)

        payload, read = await self._apart(exchange, answer)
        await self._send_other(exchange, project, admitted, payload, read)

    async def _rerank(self, exchange: Exchange, project: Project) -> None:
        request = rerank.read(exchange.body)
        admitted = await self._admit(exchange, project, request.model, inference.RERANK)
        number = ids.request_id(project.facts.seed, admitted.number)

        def answer(given_up: GivenUp) -> tuple[bytes, int]:
            read = rerank.tokens_read(request, given_up)
            return rerank.answer(request, number, given_up, read), read

        payload, read = await self._apart(exchange, answer)
        await self._send_other(exchange, project, admitted, payload, read)

    async def _admit(
        self, exchange: Exchange, project: Project, model: str, operation: Operation
    ) -> Admitted:
        key = exchange.sampling_key
        admitted = inference.admit(self._world, project, model, operation, key)
        if admitted is None:
            call = Call(self._world, project, None)
            admitted = await call.run(inference.admit_by_store, model, operation, key)
        exchange.admitted = exchange.sent = admitted
        if admitted.target is None:
            exchange.routed = limit_lines(project, admitted.at)
        elif admitted.target.routed:
            exchange.routed = routing_lines(admitted)
        if exchange.recorder is not None:
            note_place(exchange)
        return admitted

    async def _apart(self, exchange: Exchange, answer: Callable[[GivenUp], T]) -> T:
        """Make an answer in a thread, which gives up when nobody waits for it."""
        client = self._listen(exchange)
        async with self._makers:
            return await asyncio.to_thread(answer, lambda: not client.waits)

    def _listen(self, exchange: Exchange) -> Client:
        if exchange.client is None:
            exchange.client = self._clients.listen(exchange.receive, exchange.arrived)
        return exchange.client

    async def _send(
        self, exchange: Exchange, project: Project, admitted: Admitted, rendered: Rendered
    ) -> None:
        due = rendered.due
        if rendered.paced is None and due is None:
            await self._at_once(exchange, project, admitted, rendered)
            return
        client = self._listen(exchange)
        # An answer that takes time holds a slot of its replica, until it ends or nobody waits.
        flight = inference.take_off(self._world, project, admitted)
        try:
            if rendered.paced is not None:
                record_parts(self._world, project, exchange)
                with self._world.measures.streaming("inference"):
                    await exchange.send(head_of(exchange, admitted.at, rendered.id, None))
                    whole = await send_paced(client, exchange.send, rendered.paced)
                note_end(self._world, project, exchange, rendered.sample if whole else None)
            elif due is not None and await client.stays(due):
                await self._at_once(exchange, project, admitted, rendered, self._world.now(project))
            elif client.dismissed:
                raise MockError("capacity")
            else:
                note_end(self._world, project, exchange, None)
        finally:
            inference.land(self._world, project, flight)

    async def _send_other(
        self, exchange: Exchange, project: Project, admitted: Admitted, payload: bytes, read: int
    ) -> None:
        number = ids.request_id(project.facts.seed, admitted.number)
        rendered = Rendered(number, stream=False, body=payload, sample=Sample(Usage(read, 0)))
        await self._at_once(exchange, project, admitted, rendered)

    async def _at_once(
        self,
        exchange: Exchange,
        project: Project,
        admitted: Admitted,
        rendered: Rendered,
        ended_at: int | None = None,
    ) -> None:
        if exchange.struck is not None and not await exchange.struck.delay():
            note_end(self._world, project, exchange, None)
            return
        note_end(self._world, project, exchange, rendered.sample)
        if admitted.target is None and not rendered.stream:
            # What the answer itself used is known only now.
            exchange.routed = limit_lines(project, admitted.at)
        size = None if rendered.stream else len(rendered.body)
        head = head_of(exchange, admitted.at, rendered.id, size, ended_at)
        await send_whole(self._world, exchange, head, rendered.body)

    async def _refuse(self, exchange: Exchange, error: MockError) -> None:
        project, world = exchange.project, self._world
        if project is None:
            number = ids.request_id("", next(self._strangers))
            at = int(world.real_now() * 1e6)
        else:
            at, number = world.now(project), self._strikes.number_of(project, error)
            note_refusal(world, project, exchange, error)
            exchange.refused_by = endpoint_of(project, exchange.body)
            note_place(exchange)
        exchange.refused_at = at
        status, body = render_inference(world.catalog, error, number)
        # Those of a rate limit say where it is.
        headers = [*error_headers(exchange, at, number, body), *limit_headers(project, error, at)]
        head = {"type": "http.response.start", "status": status, "headers": headers}
        await send_whole(world, exchange, head, body)
