"""The inference lane: a plain ASGI callable in front of the framework.

Bytes and headers in, bytes out. A request that the routing snapshot can answer costs no SQL.
"""

import asyncio
import logging
from itertools import count
from typing import Any

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
from together_mock.api.openai import chat
from together_mock.core import ids
from together_mock.core.errors import MockError
from together_mock.core.instants import to_iso
from together_mock.services import inference
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


class ChatLane:
    """Answers the inference routes of a world."""

    PATHS = frozenset({"/v1/chat/completions"})

    def __init__(self, world: World) -> None:
        self._world = world
        # Numbers of requests that belong to no project.
        self._strangers = count()

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane."""
        return scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self.PATHS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        project: Project | None = None
        try:
            body = await read_body(receive)
            key_hash = self._key_hash(scope)
            project = self._world.project_of(key_hash)
            if project is None:
                project = await asyncio.to_thread(self._world.ensure_project, key_hash)
            check_media_type(scope)
            await self._chat(project, parse_json(body), send)
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

    async def _chat(self, project: Project, body: Any, send: Send) -> None:
        request = chat.read(body)
        admitted = inference.admit(self._world, project, request.model)
        if admitted is None:
            call = Call(self._world, project, None)
            admitted = await call.run(inference.admit_by_store, request.model)
        answer = chat.reply(request, admitted, project.facts.seed)
        headers = _headers(answer.id, to_iso(admitted.at), request.stream)
        if request.stream:
            await self._stream(project, admitted, b"".join(chat.frames(answer)), headers, send)
            return
        payload = chat.completion(answer)
        headers.append((b"content-length", b"%d" % len(payload)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": payload})

    async def _stream(
        self,
        project: Project,
        admitted: inference.Admitted,
        payload: bytes,
        headers: Headers,
        send: Send,
    ) -> None:
        inference.stream_opened(self._world, project, admitted)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            # Without pacing every chunk is due at once, so they leave in one write.
            await send({"type": "http.response.body", "body": payload})
        finally:
            inference.stream_closed(self._world, project, admitted)

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


def _headers(request_id: str, at: str, stream: bool) -> Headers:
    instant = at.encode()
    headers = [
        *(_STREAM if stream else _JSON),
        *_COMMON,
        (b"x-request-id", request_id.encode()),
        (b"x-api-received", instant),
        (b"x-api-call-start", instant),
    ]
    if not stream:
        headers.append((b"x-api-call-end", instant))
    return headers
