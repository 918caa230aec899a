"""What there is at a look: the server's projects, a project's endpoints, a page of them all."""

from functools import cache
from importlib.resources import files
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.responses import HTMLResponse

from together_mock.api.control import mapping, schemas
from together_mock.api.dependencies import ControlledDep, WorldDep, admin, knowing
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.core.instants import to_exact_iso
from together_mock.core.states import V1_STATES
from together_mock.services import explain
from together_mock.services.explain import Standing
from together_mock.services.fields import Word

# Where the page is.
PAGE = "/_mock/ui"
# What a browser may do with it: nothing beyond the server.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {"content-security-policy": _POLICY, "cache-control": "no-cache"}
router = new_router(prefix="/_mock", tags=["Control"], dependencies=[Depends(admin)])
open_router = new_router(tags=["Control"])

Limit = Annotated[int, Query(ge=1, le=1_000)]


class ProjectShown(BaseModel):
    """A project of the server."""

    id: str
    slug: str
    organization_id: str
    now: str
    endpoints: int


class Projects(BaseModel):
    """The newest projects, newest first, and how many there are."""

    data: list[ProjectShown]
    total: int


class StandingShown(BaseModel):
    """Where a deployment of an endpoint stands, what comes next and why."""

    id: str
    deployment: str
    name: str
    model: str
    hardware: str
    state: Word
    ready: int
    desired: int
    next: schemas.NextStep | None
    why: str


class Standings(BaseModel):
    """The newest deployments, newest first."""

    data: list[StandingShown]


@open_router.get(PAGE, include_in_schema=False)
async def page() -> HTMLResponse:
    """Show the projects in a browser: endpoints, clock, cost and requests."""
    return HTMLResponse(_page(), headers=_HEADERS)


@cache
def _page() -> bytes:
    return files(__package__).joinpath("page.html").read_bytes()


@router.get(
    "/projects",
    operation_id="listServerProjects",
    responses=errors(400, 401),
    dependencies=[Depends(knowing)],
)
def list_projects(world: WorldDep, limit: Limit = 100) -> Projects:
    """List the server's projects, newest first."""
    projects = world.projects()
    shown = [
        ProjectShown(
            id=project.id,
            slug=project.slug,
            organization_id=project.organization_id,
            now=to_exact_iso(world.now(project)),
            endpoints=project.facts.endpoint_count,
        )
        for project in projects[: -limit - 1 : -1]
    ]
    return Projects(data=shown, total=len(projects))


@router.get("/endpoints", operation_id="listStandings", responses=errors(400, 401, 404))
def list_endpoints(call: ControlledDep, limit: Limit = 100) -> Standings:
    """List the newest endpoints, deployment by deployment: where they stand, what is next, why."""
    return Standings(
        data=[_shown(standing) for standing in explain.standings(call.world, call.project, limit)]
    )


def _shown(standing: Standing) -> StandingShown:
    deployment = standing.deployment
    return StandingShown.model_validate(
        {
            "id": deployment.endpoint_id,
            "deployment": deployment.id,
            "name": deployment.endpoint_name,
            "model": deployment.model,
            "hardware": deployment.sku,
            "state": V1_STATES[deployment.state],
            "ready": deployment.ready,
            "desired": deployment.desired,
            "next": mapping.following(standing.next_state, standing.next_at),
            "why": standing.why,
        }
    )
