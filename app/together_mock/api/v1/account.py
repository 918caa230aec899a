"""Routes that tell who a key belongs to, in v1's flat form and in v3's, and its projects."""

from typing import Annotated

from fastapi import Query

from together_mock.api.dependencies import CallDep
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.api.v1 import mapping, schemas

router = new_router(tags=["Account"])


@router.get(
    "/v1/whoami",
    operation_id="whoami",
    responses=errors(400, 401),
    response_model_exclude_unset=True,
)
async def whoami(call: CallDep) -> schemas.Whoami:
    """Tell which project and organization the key belongs to."""
    return mapping.whoami(call)


@router.get("/v3/whoami", operation_id="whoamiV3", responses=errors(400, 401))
async def whoami_v3(call: CallDep) -> schemas.ProjectApiKeyIdentity:
    """The same identity as a union told apart by `type`."""
    return mapping.identity(call)


@router.get("/v1/projects", operation_id="listProjects", responses=errors(400, 401))
async def list_projects(
    call: CallDep,
    _after: Annotated[
        str | None, Query(alias="after", description="Cursor of the previous page.")
    ] = None,
    _limit: Annotated[
        int | None, Query(alias="limit", ge=0, description="Most items on the page.")
    ] = None,
) -> schemas.ProjectList:
    """List the projects that the key can use: its own."""
    # One project is a page whatever the limit, and no cursor is ever given out.
    return mapping.projects(call)
