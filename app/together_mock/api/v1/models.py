"""v1 routes: the model catalogue, bare arrays both."""

from together_mock.api.dependencies import CallDep
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.api.v1 import mapping, schemas

router = new_router(prefix="/v1", tags=["Models"])


@router.get(
    "/models",
    operation_id="models",
    responses=errors(400, 401),
    response_model_exclude_unset=True,
)
def list_models(call: CallDep, dedicated: bool | None = None) -> list[schemas.ModelInfo]:
    """List the model catalogue."""
    rows = call.world.catalog.models.values()
    return [mapping.model(row) for row in rows if row.dedicated or not dedicated]


@router.get("/autoscale/models", operation_id="listAutoscaleModels", responses=errors(400, 401))
def list_autoscale_models(call: CallDep) -> list[schemas.AutoscaleModel]:
    """List the names of deployable models; together 1.x asks for it."""
    return [
        schemas.AutoscaleModel(name=row.id)
        for row in call.world.catalog.models.values()
        if row.dedicated
    ]
