"""v1 routes: the model catalogue with the project's own models, bare arrays both, and uploads."""

from together_mock.api.dependencies import CallDep
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.api.v1 import mapping, schemas, upload_mapping, upload_schemas
from together_mock.services import jobs, served

router = new_router(prefix="/v1", tags=["Models"])


@router.get(
    "/models",
    operation_id="models",
    responses=errors(400, 401),
    response_model_exclude_unset=True,
)
def list_models(call: CallDep, dedicated: bool | None = None) -> list[schemas.ModelInfo]:
    """List the project's own models, and after them the model catalogue."""
    rows = call.world.catalog.models.values()
    listed = [mapping.model(row) for row in rows if row.dedicated or not dedicated]
    own = served.own(call.world, call.project, deployable=bool(dedicated))
    return [*(mapping.model(model.row, model.uuid) for model in own), *listed]


@router.post(
    "/models",
    operation_id="uploadModel",
    responses=errors(400, 401),
    response_model_exclude_unset=True,
)
async def upload_model(
    call: CallDep, body: upload_schemas.ModelUploadRequest
) -> upload_schemas.ModelUploadResponse:
    """Name a model and start a job that imports its files. Nothing is fetched."""
    view = await call.run(jobs.create, upload_mapping.new_model(body))
    return upload_mapping.made(view)


@router.get("/autoscale/models", operation_id="listAutoscaleModels", responses=errors(400, 401))
def list_autoscale_models(call: CallDep) -> list[schemas.AutoscaleModel]:
    """List the names of deployable models; together 1.x asks for it."""
    names = [model.row.id for model in served.own(call.world, call.project, deployable=True)]
    names += [row.id for row in call.world.catalog.models.values() if row.dedicated]
    return [schemas.AutoscaleModel(name=name) for name in names]
