"""The application: lanes in front of the framework, which is loaded behind them."""

import asyncio
import threading
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from together_mock.api.clients import Clients
from together_mock.api.control.lane import ProbeLane
from together_mock.api.guard import App, Guard, Lane, Receive, Scope, Send
from together_mock.api.legacy.handlers import Handed
from together_mock.api.legacy.lane import LegacyLane
from together_mock.api.observing import Observer
from together_mock.api.openai.lane import InferenceLane
from together_mock.api.refusals import refusal
from together_mock.api.v1.lane import EndpointLane
from together_mock.api.v2.storage import StorageLane
from together_mock.core.errors import MockError
from together_mock.services.waiting import begin_request
from together_mock.services.world import World

if TYPE_CHECKING:
    from fastapi import FastAPI

# Where the beta clients of 2.x look for v2: their base URL ends in /v1, and they leave /v2 out.
_BETA = ("/v1/projects/", "/v1/organizations/", "/v1/supported-models/", "/v1/public/")
_BETA_LIST = "/v1/supported-models"


class Application:
    """One ASGI application on one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._has_v2 = world.settings.api != "v1"
        self._clients = Clients()
        self._inference = InferenceLane(world, self._clients)
        self._lanes: list[Lane] = []
        if world.settings.api != "v2":
            self._lanes += [LegacyLane(world, self._by_framework), EndpointLane(world, Handed())]
        if world.settings.api != "v1":
            self._lanes.append(StorageLane(world))
        self._lanes.append(ProbeLane(world))
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._loading: Future[None] | None = None
        self._api: FastAPI | None = None
        self._guarded: App | None = None
        self._observer = Observer(world, self._clients, self._manage, self._refusal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # Inference is asked the most: it is observed as it goes.
        if self._inference.takes(scope):
            await self._inference(scope, receive, send)
        else:
            begin_request()
            await self._observer(scope, receive, send)

    async def _manage(self, scope: Scope, receive: Receive, send: Send) -> None:
        for lane in self._lanes:
            if lane.takes(scope):
                await lane(scope, receive, send)
                return
        await self._by_framework(scope, receive, send)

    async def _by_framework(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._guarded is None:
            await asyncio.wrap_future(self.start_loading())
        assert self._guarded is not None
        if scope["type"] == "http":
            scope["path"] = self._place(scope["path"])
        await self._guarded(scope, receive, send)

    def _place(self, path: str) -> str:
        """Where a path leads."""
        is_beta = self._has_v2 and (path == _BETA_LIST or path.startswith(_BETA))
        return "/v2" + path.removeprefix("/v1") if is_beta else path

    def _refusal(self, path: str, error: MockError) -> tuple[int, bytes]:
        return refusal(self._world, self._place(path), error)

    def end_streams(self) -> None:
        """Let no client wait any longer; called in the event loop when the server is to stop."""
        self._clients.dismiss()

    @property
    def api(self) -> "FastAPI":
        """The framework's part, which has the OpenAPI document."""
        self.load()
        assert self._api is not None
        return self._api

    def start_loading(self) -> Future[None]:
        """Begin to `load`, in a thread that no stop has to wait for."""
        with self._starting:
            if self._loading is None:
                self._loading = Future()
                threading.Thread(
                    target=self._load_apart, args=(self._loading,), daemon=True
                ).start()
            return self._loading

    def _load_apart(self, loading: Future[None]) -> None:
        loading.set_running_or_notify_cancel()
        try:
            self.load()
        except BaseException as error:
            loading.set_exception(error)
        else:
            loading.set_result(None)

    @property
    def is_loading(self) -> bool:
        """Whether a thread is still at it."""
        return self._loading is not None and not self._loading.done()

    def load(self) -> None:
        """Import the framework and declare the routes: a third of a start that lanes can spare."""
        with self._lock:
            if self._guarded is None:
                from together_mock.api import framework

                self._api = framework.build(self._world, self._inference)
                self._guarded = Guard(self._queued, partial(refusal, self._world))

    async def _queued(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Its body has come: from now on it may wait for a thread.
        assert self._api is not None
        self._world.queue()
        await self._api(scope, receive, send)
