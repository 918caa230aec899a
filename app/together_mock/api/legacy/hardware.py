"""The 2024 API's routes: hardware, all of it or what a model can be deployed on."""

from typing import Annotated

from fastapi import Path

from together_mock.api.dependencies import CallDep
from together_mock.api.dialects import PREFIX
from together_mock.api.legacy import mapping
from together_mock.api.routing import router as new_router
from together_mock.services import hardware
from together_mock.services.legacy import endpoints

router = new_router(prefix=PREFIX, tags=["2024 API"])

ModelId = Annotated[str, Path(alias="modelId", description="The model's id or its name.")]


@router.get("/v1/hardware", operation_id="listLegacyHardware", response_model=None)
def list_hardware(call: CallDep) -> mapping.Shape:
    """List hardware configurations with their prices."""
    updated = {"updated_at": call.world.catalog.hardware_updated_at}
    listed = hardware.list_hardware(call.world, call.project, None)
    return mapping.listed([mapping.hardware(item) | updated for item, _ in listed])


@router.get(
    "/v0/models/{modelId:path}/hardware",
    operation_id="listLegacyModelHardware",
    response_model=None,
)
def list_model_hardware(call: CallDep, model_id: ModelId) -> mapping.Shape:
    """List the hardware that a model can be deployed on, each with its availability."""
    found = endpoints.list_hardware(call.world, call.project, model_id)
    return mapping.listed(
        [mapping.hardware(item) | {"availability": {"status": status}} for item, status in found]
    )
