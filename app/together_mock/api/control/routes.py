"""The control plane's routes. Control calls are never activity."""

from typing import Annotated, Any

import orjson
from fastapi import Depends, Header
from starlette.responses import Response

from together_mock.api.calls import bearer
from together_mock.api.control import lane, mapping, schemas
from together_mock.api.dependencies import ControlledDep, WorldDep, admin
from together_mock.api.documented import errors
from together_mock.api.errors import JSON
from together_mock.api.routing import router as new_router
from together_mock.core.instants import parse_instant
from together_mock.services import control, snapshot, starting, state
from together_mock.services.projects import key_id

# Probes have no key.
_OPEN: dict[str, Any] = {"security": []}
open_router = new_router(prefix="/_mock", tags=["Control"])
router = new_router(prefix="/_mock", tags=["Control"], dependencies=[Depends(admin)])


@open_router.get("/health", operation_id="health", openapi_extra=_OPEN)
async def health() -> schemas.Health:
    """Answer as soon as the process serves."""
    return schemas.Health.model_validate(lane.health())


@open_router.get("/ready", operation_id="ready", responses=errors(503), openapi_extra=_OPEN)
async def ready(world: WorldDep) -> schemas.Ready:
    """Answer 200 once the database is open and the state files are applied."""
    return schemas.Ready.model_validate(lane.ready(world))


@router.get("/project", operation_id="getProject", responses=errors(401, 404))
def get_project(
    call: ControlledDep,
) -> schemas.Project:
    """Tell which project the call acts on."""
    project = call.project
    return schemas.Project(
        id=project.id,
        slug=project.slug,
        organization_id=project.organization_id,
        api_key_id=key_id(call.key_hash) if call.key_hash else None,
    )


@router.delete(
    "/project", operation_id="deleteProject", status_code=204, responses=errors(401, 404)
)
def delete_project(call: ControlledDep) -> None:
    """Delete the project with everything in it; its keys are refused until one gets a new one."""
    call.world.drop_project(call.project)


@router.post(
    "/projects",
    operation_id="createProject",
    status_code=201,
    responses=errors(400, 401, 409),
)
def create_project(
    world: WorldDep,
    body: dict[str, Any],
    authorization: Annotated[str | None, Header()] = None,
) -> schemas.Project:
    """Make a project for `api_key` (else the caller's) that starts from a state document."""
    project, key_hash = starting.found(world, bearer(authorization), body)
    return schemas.Project(
        id=project.id,
        slug=project.slug,
        organization_id=project.organization_id,
        api_key_id=key_id(key_hash),
    )


@router.post("/reset", operation_id="reset", responses=errors(400, 401, 404))
def reset(call: ControlledDep, body: schemas.Reset | None = None) -> schemas.ResetDone:
    """Bring the project, or the parts named, back to how it started."""
    parts = state.reset(call.world, call.project, body.only if body else None)
    return schemas.ResetDone.model_validate({"reset": parts})


@router.get(
    "/state",
    operation_id="getState",
    response_model=schemas.State,
    responses=errors(401, 404),
)
def get_state(call: ControlledDep) -> Response:
    """Show the whole project as one document."""
    return _document(call)


@router.put(
    "/state",
    operation_id="putState",
    response_model=schemas.State,
    responses=errors(400, 401, 404),
)
def put_state(call: ControlledDep, body: dict[str, Any]) -> Response:
    """Replace the whole project by a document, or nothing of it."""
    state.put(call.world, call.project, body)
    return _document(call)


def _document(call: ControlledDep) -> Response:
    # Plain values already: what the framework would do to them takes longer than all the rest.
    return Response(orjson.dumps(snapshot.show(call.world, call.project)), media_type=JSON)


@router.get("/clock", operation_id="getClock", responses=errors(401, 404))
def get_clock(call: ControlledDep) -> schemas.Clock:
    """Show the project's clock."""
    return mapping.clock(control.clock(call.world, call.project))


@router.put("/clock", operation_id="setClock", responses=errors(400, 401, 404, 409))
def set_clock(call: ControlledDep, body: schemas.SetClock) -> schemas.Clock:
    """Set the clock's instant, its rate, or both; time never goes back."""
    now = None if body.now is None else parse_instant(body.now, "now")
    return mapping.clock(control.set_clock(call.world, call.project, now, body.rate, body.on_poll))


@router.post("/clock/advance", operation_id="advanceClock", responses=errors(400, 401, 404, 409))
def advance_clock(call: ControlledDep, body: schemas.AdvanceClock) -> schemas.Advanced:
    """Move the clock, run everything due on the way, and tell what happened."""
    return mapping.advanced(mapping.advance(call.world, call.project, body))


@router.put(
    "/preset",
    operation_id="setPreset",
    responses=errors(400, 401, 404),
    response_model_exclude_none=True,
)
def set_preset(call: ControlledDep, body: schemas.Preset) -> schemas.Preset:
    """Put a lifecycle preset in force, and say how fast models answer."""
    control.set_preset(call.world, call.project, body.preset, body.inference)
    return body


@router.get("/fidelity", operation_id="fidelity", responses=errors(401))
def fidelity(world: WorldDep) -> dict[str, Any]:
    """Show the catalogues of errors and behaviours, each case with its grade and source."""
    return world.catalog.fidelity()
