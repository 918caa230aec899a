"""v1 routes: the adapters that an endpoint answers by (a preview of together 2.42.0)."""

from together_mock.api.dependencies import CallDep
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.api.v1 import upload_mapping as mapping
from together_mock.api.v1 import upload_schemas as schemas
from together_mock.api.v1.endpoints import EndpointId
from together_mock.services import adapters

router = new_router(prefix="/v1/endpoints/{endpointId}/adapters", tags=["Endpoints"])


@router.get("", operation_id="listAdapters", responses=errors(400, 401, 404))
async def list_adapters(call: CallDep, endpoint_id: EndpointId) -> schemas.AdapterList:
    """List the adapters that an endpoint answers by."""
    found = await call.run(adapters.page, endpoint_id)
    return schemas.AdapterList(data=[mapping.adapter(bound) for bound in found])


@router.post("", operation_id="addAdapter", responses=errors(400, 401, 403, 404))
async def add_adapter(
    call: CallDep, endpoint_id: EndpointId, body: schemas.AdapterRequest
) -> schemas.AdapterAdded:
    """Have an endpoint answer by an adapter, too: chat names `endpoint_name:adapter_model_name`."""
    await call.run(adapters.add, endpoint_id, body.model_id)
    return schemas.AdapterAdded(model_id=body.model_id)


@router.delete("", operation_id="removeAdapter", responses=errors(400, 401, 403, 404))
async def remove_adapter(
    call: CallDep, endpoint_id: EndpointId, body: schemas.AdapterRequest
) -> schemas.AdapterRemoved:
    """Have an endpoint no longer answer by an adapter."""
    await call.run(adapters.remove, endpoint_id, body.model_id)
    return schemas.AdapterRemoved(model_id=body.model_id)
