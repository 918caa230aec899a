"""The application: lanes in front of the framework, which is loaded behind them."""

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING

from together_mock.api.control.lane import ProbeLane
from together_mock.api.guard import App, Guard, Lane, Receive, Scope, Send
from together_mock.api.legacy.handlers import Handed
from together_mock.api.legacy.lane import LegacyLane
from together_mock.api.openai.lane import InferenceLane
from together_mock.api.v1.lane import EndpointLane
from together_mock.api.v2.storage import StorageLane
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
        self._inference = InferenceLane(world)
        self._lanes: list[Lane] = [self._inference]
        if world.settings.api != "v2":
            self._lanes += [LegacyLane(world, self._by_framework), EndpointLane(world, Handed())]
        if world.settings.api != "v1":
            self._lanes.append(StorageLane(world))
        self._lanes.append(ProbeLane(world))
        self._lock = threading.Lock()
        self._api: FastAPI | None = None
        self._guarded: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        for lane in self._lanes:
            if lane.takes(scope):
                await lane(scope, receive, send)
                return
        await self._by_framework(scope, receive, send)

    async def _by_framework(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._guarded is None:
            await asyncio.to_thread(self.load)
        assert self._guarded is not None
        if scope["type"] == "http" and self._is_beta(scope["path"]):
            scope["path"] = "/v2" + scope["path"].removeprefix("/v1")
        await self._guarded(scope, receive, send)

    def _is_beta(self, path: str) -> bool:
        return self._has_v2 and (path == _BETA_LIST or path.startswith(_BETA))

    def end_streams(self) -> None:
        """Let no client wait any longer; called in the event loop when the server is to stop."""
        self._inference.end_streams()

    @property
    def api(self) -> "FastAPI":
        """The framework's part, which has the OpenAPI document."""
        self.load()
        assert self._api is not None
        return self._api

    def load(self) -> None:
        """Import the framework and declare the routes: a third of a start that lanes can spare."""
        with self._lock:
            if self._guarded is None:
                from together_mock.api import framework
                from together_mock.api.refusals import refusal

                self._api = framework.build(self._world, self._inference)
                self._guarded = Guard(self._api, partial(refusal, self._world))
