"""Leads requests of the 2024 API at its documented URLs to its routes below `/legacy`."""

from together_mock.api.calls import call_of
from together_mock.api.dialects import LEGACY, NAME, PREFIX, V1, asked
from together_mock.api.errors import render
from together_mock.api.guard import App, Receive, Scope, Send, answer, header
from together_mock.core.errors import MockError
from together_mock.services.legacy import endpoints, jobs
from together_mock.services.world import World

_ENDPOINTS, _JOBS, _MODELS = "/v1/endpoints", "/v1/jobs", "/v0/models"
_MOVES = ("start", "stop")


class LegacyLane:
    """Takes what is the 2024 API's alone, and of what it shares with v1 what is asked of it."""

    def __init__(self, world: World, onward: App) -> None:
        self._world = world
        self._onward = onward

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane."""
        if scope["type"] != "http" or not scope["path"].startswith((_ENDPOINTS, _JOBS, _MODELS)):
            return False
        if scope["method"] == "PATCH":
            # v1 alone changes endpoints, whoever made them.
            return asked(scope) not in ("", V1, LEGACY)
        if _is_own(scope["path"]):
            return True
        if not _is_shared(scope["path"]):
            return False
        dialect = asked(scope)
        return dialect != V1 if dialect else _is_open(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on to the route that answers it."""
        path, dialect = scope["path"], asked(scope)
        own = _is_own(path)
        if not own and dialect not in ("", LEGACY):
            detail = f"it is {V1} or {LEGACY}"
            refusal = MockError("invalid_value", param=NAME, detail=detail)
            await answer(send, *render(self._world.catalog, refusal))
            return
        if own or dialect == LEGACY or await self._made(scope):
            scope["path"] = PREFIX + path
        await self._onward(scope, receive, send)

    async def _made(self, scope: Scope) -> bool:
        """Whether the 2024 API made what is asked for: a job, or all there is to be listed."""
        path: str = scope["path"]
        try:
            call = await call_of(self._world, header(scope, b"authorization"))
        except MockError:
            # Nobody's; the route refuses.
            return False
        if path == _ENDPOINTS:
            return await call.run(endpoints.are_all)
        if path == _JOBS:
            return await call.run(jobs.are_all)
        return await call.run(jobs.is_one, path.removeprefix(f"{_JOBS}/"))


def _is_own(path: str) -> bool:
    """Whether v1 has no such path."""
    if path.startswith(_MODELS):
        return path == _MODELS or (path.startswith(f"{_MODELS}/") and path.endswith("/hardware"))
    root, _, move = path.rpartition("/")
    return move in _MOVES and _is_below(root, _ENDPOINTS)


def _is_shared(path: str) -> bool:
    """Whether v1 has the path too."""
    lists = path in (_ENDPOINTS, _JOBS)
    return lists or _is_below(path, _ENDPOINTS) or _is_below(path, _JOBS)


def _is_open(scope: Scope) -> bool:
    """Whether the project's things decide who answers, as far as v1's lane does not see to it.

    v1 alone has filters for its list of endpoints.
    """
    if scope["method"] != "GET":
        return False
    path: str = scope["path"]
    return path.startswith(_JOBS) or (path == _ENDPOINTS and not scope["query_string"])


def _is_below(path: str, root: str) -> bool:
    """Whether a path is that of one thing in a list."""
    name = path.removeprefix(f"{root}/")
    return name not in (path, "") and "/" not in name
