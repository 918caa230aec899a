"""Leads requests of the 2024 API at its documented URLs to its routes below `/legacy`."""

from together_mock.api.calls import call_of
from together_mock.api.dialects import LEGACY, NAME, PREFIX, V1, asked
from together_mock.api.errors import render
from together_mock.api.guard import App, Receive, Scope, Send, answer, header
from together_mock.core.errors import MockError
from together_mock.services.legacy import endpoints
from together_mock.services.world import World

_LIST = "/v1/endpoints"
_BELOW = "/v1/endpoints/"
_MODELS = "/v0/models"
_HARDWARE = "/hardware"
_MOVES = ("/start", "/stop")


class LegacyLane:
    """Takes what is the 2024 API's alone, and of what it shares with v1 what is asked of it."""

    def __init__(self, world: World, onward: App) -> None:
        self._world = world
        self._onward = onward

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane."""
        if scope["type"] != "http":
            return False
        path: str = scope["path"]
        if path == _LIST:
            dialect = asked(scope)
            # Without filters, which are v1's, the project's own endpoints decide.
            undecided = scope["method"] == "GET" and not scope["query_string"]
            return dialect != V1 if dialect else undecided
        if path.startswith(_BELOW):
            return _is_move(path) or asked(scope) not in ("", V1)
        return path == _MODELS or (path.startswith(f"{_MODELS}/") and path.endswith(_HARDWARE))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on to the route that answers it."""
        path, dialect = scope["path"], asked(scope)
        shared = path == _LIST or (path.startswith(_BELOW) and not _is_move(path))
        if shared and dialect not in ("", LEGACY):
            detail = f"it is {V1} or {LEGACY}"
            refusal = MockError("invalid_value", param=NAME, detail=detail)
            await answer(send, *render(self._world.catalog, refusal))
            return
        if not shared or dialect == LEGACY or await self._made_all(scope):
            scope["path"] = PREFIX + path
        await self._onward(scope, receive, send)

    async def _made_all(self, scope: Scope) -> bool:
        """Whether the 2024 API made all of the caller's endpoints, and there are some."""
        try:
            call = await call_of(self._world, header(scope, b"authorization"))
        except MockError:
            # Nobody's endpoints; the route refuses.
            return False
        return await call.run(endpoints.are_all)


def _is_move(path: str) -> bool:
    return path.endswith(_MOVES) and path.count("/") == _MOVE_DEPTH


_MOVE_DEPTH = f"{_BELOW}id{_MOVES[0]}".count("/")
