"""The 2024 API's routes: the models that can be deployed."""

from together_mock.api.dependencies import CallDep
from together_mock.api.dialects import PREFIX
from together_mock.api.legacy import mapping
from together_mock.api.routing import router as new_router

router = new_router(prefix=f"{PREFIX}/v0", tags=["2024 API"])


@router.get("/models", operation_id="listLegacyModels", response_model=None)
def list_models(call: CallDep) -> mapping.Shape:
    """List the models that can be deployed as dedicated endpoints."""
    catalog = call.world.catalog
    return mapping.listed([mapping.model(catalog, row) for row in catalog.legacy.deployable])
