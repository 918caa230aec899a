"""The probes: answered as soon as the process serves, before the framework is there."""

import orjson

from together_mock import __version__
from together_mock.api.errors import render
from together_mock.api.guard import Receive, Scope, Send, answer
from together_mock.core.errors import MockError
from together_mock.services.world import World


def health() -> dict[str, str]:
    """The process serves."""
    return {"status": "ok", "version": __version__}


def ready(world: World) -> dict[str, bool]:
    """Everything that was to be applied at the start has been.

    Raises:
        MockError: `not_ready`.
    """
    if not world.ready:
        raise MockError("not_ready", why="state files are being applied")
    return {"ready": True}


class ProbeLane:
    """Answers /_mock/health and /_mock/ready."""

    PATHS = frozenset({"/_mock/health", "/_mock/ready"})

    def __init__(self, world: World) -> None:
        self._world = world

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane; probes like to ask for the head alone."""
        return (
            scope["type"] == "http"
            and scope["path"] in self.PATHS
            and scope["method"] in ("GET", "HEAD")
        )

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            shown = health() if scope["path"] == "/_mock/health" else ready(self._world)
        except MockError as error:
            await answer(send, *render(self._world.catalog, error))
            return
        await answer(send, 200, orjson.dumps(shown))
