"""The framework's part: every route declared, documented, and answered unless a lane does."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from together_mock import __version__
from together_mock.api import document
from together_mock.api.control import events, metrics, money, overview, requests, scripts, setups
from together_mock.api.control import routes as control
from together_mock.api.errors import JSON
from together_mock.api.legacy import endpoints as legacy_endpoints
from together_mock.api.legacy import hardware as legacy_hardware
from together_mock.api.legacy import jobs as legacy_jobs
from together_mock.api.legacy import models as legacy_models
from together_mock.api.openai import routes as openai
from together_mock.api.openai.lane import InferenceLane
from together_mock.api.refusals import refusal
from together_mock.api.v1 import account, adapters, endpoints, hardware, jobs, models
from together_mock.api.v2 import adapters as v2_adapters
from together_mock.api.v2 import analytics, deployments, experiments, uploads
from together_mock.api.v2 import catalog as v2_catalog
from together_mock.api.v2 import endpoints as v2_endpoints
from together_mock.api.v2 import events as v2_events
from together_mock.api.v2 import models as v2_models
from together_mock.api.validation import error_of
from together_mock.core.errors import MockError
from together_mock.services.events import EventHub
from together_mock.services.world import World

_V1 = (endpoints.router, hardware.router, models.router, jobs.router, adapters.router)
_LEGACY = (
    legacy_endpoints.router,
    legacy_hardware.router,
    legacy_models.router,
    legacy_jobs.router,
)
# Literal paths go before those with a placeholder in the same place.
_V2 = (
    v2_endpoints.router,
    v2_events.router,
    analytics.router,
    deployments.router,
    v2_adapters.router,
    experiments.router,
    v2_catalog.router,
    uploads.router,
    v2_models.router,
)


# Where the documentation is, and what it is made of.
DOCS = "/docs"


def build(world: World, lane: InferenceLane) -> FastAPI:
    """The FastAPI application on a world; its inference routes are answered by `lane`."""
    app = FastAPIOffline(
        title="together-mock",
        version=__version__,
        description="A local stand-in for Together AI's dedicated-endpoints platform.",
        redirect_slashes=False,
        docs_url=DOCS,
        redoc_url=None,
        static_url=f"{DOCS}/static",
    )
    app.state.world = world
    app.state.lane = lane
    app.state.events = EventHub(world)
    # In the order of use: the framework tries one route after the other.
    routers = list(_V1) if world.settings.api != "v2" else []
    routers += _V2 if world.settings.api != "v1" else ()
    routers += _LEGACY if world.settings.api != "v2" else ()
    routers += [account.router, openai.router, control.open_router, control.router]
    routers += [setups.router, scripts.router, requests.router, events.router, money.router]
    routers += [overview.router, overview.open_router, metrics.router]
    for router in routers:
        # Included, each router would be searched on its own, which doubles the cost of a call.
        app.router.routes.extend(router.routes)
    document.install(app)
    _handle_errors(app, world, routers)
    return app


def _handle_errors(app: FastAPI, world: World, routers: Sequence[APIRouter]) -> None:
    def respond(request: Request, error: MockError) -> Response:
        status, body = refusal(world, request.url.path, error)
        return Response(body, status, media_type=JSON)

    @app.exception_handler(MockError)
    async def refused(request: Request, error: MockError) -> Response:
        return respond(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return respond(request, error_of(error.errors()))

    @app.exception_handler(HTTPException)
    async def unrouted(request: Request, error: HTTPException) -> Response:
        method, path = request.method, request.url.path
        if error.status_code == HTTPStatus.BAD_REQUEST:
            # The framework's own parser gives up on a depth of nesting that the guard's takes.
            return respond(request, MockError("broken_json", detail=error.detail))
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(_allowed(routers, path))
            refusal = MockError("method_not_allowed", method=method, path=path, allowed=allowed)
            answer = respond(request, refusal)
            answer.headers["allow"] = allowed
            return answer
        if path == "/" and "text/html" in request.headers.get("accept", ""):
            # A browser: whoever opens the server's URL finds what it has.
            return RedirectResponse(overview.PAGE)
        return respond(request, MockError("unknown_path", method=method, path=path))

    @app.exception_handler(Exception)
    async def failed(request: Request, _error: Exception) -> Response:
        return respond(request, MockError("server_error"))


def _allowed(routers: Sequence[APIRouter], path: str) -> list[str]:
    # Starlette names the methods of the first route that has the path, and no others.
    return sorted(
        method
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.path_regex.match(path)
        for method in route.methods or ()
    )
