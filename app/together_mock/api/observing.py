"""Around the routes of management: the journal notes every request, faults strike some."""

import re
from collections.abc import Sequence
from itertools import count
from typing import Any

import orjson

from together_mock.api.calls import Call, key_hash_of, made_project
from together_mock.api.clients import Clients
from together_mock.api.faulting import ASKS, Struck, injected, own_effect
from together_mock.api.guard import App, Message, Receive, Refusal, Scope, Send, answer, header
from together_mock.api.recording import Recorder
from together_mock.api.telling import REQUEST_ID, chosen_id, log_request, next_id
from together_mock.core import ids
from together_mock.core.clock import stopwatch
from together_mock.core.errors import MockError
from together_mock.core.http_faults import Effect
from together_mock.core.operations import endpoint_in
from together_mock.services import faults
from together_mock.services.faults import Asked
from together_mock.services.projects import Project
from together_mock.services.world import World

# What is no part of the service, and never noted.
_OURS = "/_mock/"
_PAGES = frozenset({"/openapi.json", "/metrics"})
_DOCUMENTATION = "/docs/"
_PART = re.compile(r"/v2/projects/([^/]+)/models/(?:upload|download)/parts/")
# By what a body names an endpoint's model, and the endpoint.
_NAMES = ("model", "name", "display_name")
# Bytes of a body that are read to see what it names.
_MOST = 1_000_000


class Observer:
    """An application whose requests are noted, and struck by faults."""

    def __init__(self, world: World, clients: Clients, app: App, refusal: Refusal) -> None:
        self._world = world
        self._clients = clients
        self._app = app
        self._refusal = refusal
        # Numbers of requests that belong to no project, and of those of the control plane.
        self._strangers = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, project = dict(reversed(scope["headers"])), None
        chosen = chosen_id(headers)
        if not _is_ours(scope["path"]):
            try:
                project = await self._project(scope)
            except MockError as error:
                stranger = self._stranger(scope, send, chosen)
                await answer(stranger.send, *self._refusal(scope["path"], error))
                return
        if project is None:
            await self._app(scope, receive, self._stranger(scope, send, chosen).send)
            return
        recorder = Recorder(self._world, project, scope, receive, send)
        recorder.request_id = chosen or next_id(project)
        try:
            await self._answer(scope, headers, recorder, project)
        finally:
            # Whoever broke it off, the answer has not ended.
            recorder.finish(broken=True)

    async def _project(self, scope: Scope) -> Project | None:
        """Whose request it is; None where that cannot be told, or the key is not accepted."""
        key_hash = key_hash_of(header(scope, b"authorization"))
        if key_hash is None:
            # The object store's clients send no key: the signed URL says whose it is.
            part = _PART.match(scope["path"])
            return self._world.project_named(part[1]) if part else None
        if not self._world.accepts(key_hash):
            return None
        project = self._world.project_of(key_hash)
        try:
            return project or await made_project(self._world, key_hash)
        except MockError as error:
            if error.case != "project_deleted":
                raise
            # Meanwhile; the route tells of it.
            return None

    def _stranger(self, scope: Scope, send: Send, chosen: bytes | None) -> "_Stranger":
        number = ids.request_id(f"{self._world.settings.seed}\x1fcontrol", next(self._strangers))
        return _Stranger(self._world, scope, send, chosen or number.encode())

    async def _answer(
        self, scope: Scope, headers: dict[bytes, bytes], recorder: Recorder, project: Project
    ) -> None:
        if not project.request_faults and not any(name in headers for name in ASKS):
            await self._app(scope, recorder.receive, recorder.send)
            return
        messages = _Messages(recorder.receive)
        try:
            effect = await self._effect(scope, headers, messages, project)
        except MockError as error:
            await messages.drain()
            await answer(recorder.send, *self._refusal(scope["path"], error))
            return
        if not effect.faults:
            await self._app(scope, messages.receive, recorder.send)
            return
        struck = Struck(self._world, self._clients, scope, recorder, effect)
        try:
            await self._strike(scope, messages, struck)
        finally:
            struck.leave()

    async def _strike(self, scope: Scope, messages: "_Messages", struck: Struck) -> None:
        if not struck.effect.answers:
            await self._app(scope, messages.receive, struck.send)
            return
        await messages.drain()
        if struck.effect.status is None:
            await struck.reset()
            return
        error = injected(struck.effect.status, scope)
        await answer(struck.send, *self._refusal(scope["path"], error))

    async def _effect(
        self, scope: Scope, headers: dict[bytes, bytes], messages: "_Messages", project: Project
    ) -> Effect:
        own = own_effect(headers)
        if not project.request_faults:
            return own
        method, path = scope["method"], scope["path"]
        names: Sequence[str] = ()
        if faults.ask_for_names(project):
            named = endpoint_in(path)
            names = [named] if named else names_in(await messages.peek())
            names = await Call(self._world, project, None).run(faults.names_of, names)
        return faults.strike(self._world, project, Asked(method, path, names), own)


class _Stranger:
    """The answer to a request that no project's journal has."""

    def __init__(self, world: World, scope: Scope, send: Send, request_id: bytes) -> None:
        self._world = world
        self._asked = scope["method"], scope["path"]
        self._send = send
        self._request_id = request_id
        self._arrived = stopwatch()
        self._head: Message = {}

    async def send(self, message: Message) -> None:
        """Send a part of the answer; the request is told of at its end."""
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (REQUEST_ID, self._request_id)]
            message = self._head = {**message, "headers": headers}
        elif not message.get("more_body"):
            self._tell()
        await self._send(message)

    def _tell(self) -> None:
        seconds, measures = stopwatch() - self._arrived, self._world.measures
        if not _is_ours(self._asked[1]):
            measures.request(*self._asked, self._head["status"], seconds)
        log_request(None, self._asked, self._head, b"", seconds)


def _is_ours(path: str) -> bool:
    return f"{path}/".startswith((_OURS, _DOCUMENTATION)) or path in _PAGES


def names_in(body: bytes) -> list[str]:
    """What a body calls the model or the endpoint that it is about."""
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(value, dict):
        return []
    return [value[name] for name in _NAMES if isinstance(value.get(name), str)]


class _Messages:
    """The messages of a request, some of which are read ahead."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ahead: list[Message] = []

    async def receive(self) -> Message:
        """The next message."""
        return self._ahead.pop(0) if self._ahead else await self._receive()

    async def peek(self) -> bytes:
        """The body, as far as it is looked at; it is still to be received."""
        size, whole = 0, b""
        while size <= _MOST:
            message = await self._receive()
            self._ahead.append(message)
            whole += message.get("body", b"")
            size = len(whole)
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        return whole

    async def drain(self) -> None:
        """Receive the body to its end."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return
