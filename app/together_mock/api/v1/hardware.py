"""v1 route: hardware."""

from together_mock.api.dependencies import CallDep
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.api.v1 import mapping, schemas
from together_mock.services import hardware

router = new_router(prefix="/v1", tags=["Hardware"])


@router.get(
    "/hardware",
    operation_id="listHardware",
    responses=errors(400, 401),
    response_model_exclude_unset=True,
)
def list_hardware(call: CallDep, model: str | None = None) -> schemas.HardwareList:
    """List configurations; with `model` those that can run it, each with its availability."""
    updated_at = call.world.catalog.hardware_updated_at
    listed = hardware.list_hardware(call.world, call.project, model)
    return schemas.HardwareList(
        object="list", data=[mapping.hardware(item, updated_at, status) for item, status in listed]
    )
