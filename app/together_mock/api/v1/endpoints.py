"""v1 routes: endpoints and availability zones."""

from typing import Annotated, Literal

from fastapi import Path, Query
from starlette.responses import Response

from together_mock.api.dependencies import CallDep
from together_mock.api.documented import errors
from together_mock.api.errors import JSON
from together_mock.api.routing import router as new_router
from together_mock.api.v1 import handlers, mapping, schemas
from together_mock.services import endpoints

router = new_router(prefix="/v1", tags=["Endpoints"])

EndpointId = Annotated[str, Path(alias="endpointId", description="The endpoint's id.")]


@router.get("/endpoints", operation_id="listEndpoints", responses=errors(400, 401))
def list_endpoints(
    call: CallDep,
    type_: Annotated[Literal["dedicated", "serverless"] | None, Query(alias="type")] = None,
    usage_type: Literal["on-demand", "reserved"] | None = None,
    mine: bool | None = None,
) -> schemas.EndpointList:
    """List endpoints, newest first: the project's own and the platform's serverless ones."""
    items = []
    # The project's endpoints are all on demand; serverless rows have no usage type.
    if type_ != "serverless" and usage_type != "reserved":
        items += endpoints.list_own(call.world, call.project)
    if type_ != "dedicated" and usage_type is None and not mine:
        items += endpoints.list_serverless(call.world)
    return schemas.EndpointList.model_construct(data=[mapping.item(item) for item in items])


@router.post(
    "/endpoints",
    operation_id="createEndpoint",
    response_model=schemas.DedicatedEndpoint,
    responses=errors(400, 401, 402, 403, 404),
)
async def create_endpoint(
    call: CallDep, body: schemas.CreateEndpointRequest, availability_zone: str | None = None
) -> Response:
    """Create an endpoint for one model on one hardware configuration."""
    return _json(await handlers.create(call, body, availability_zone))


@router.get(
    "/endpoints/{endpointId}",
    operation_id="getEndpoint",
    response_model=schemas.DedicatedEndpoint,
    responses=errors(400, 401, 404),
)
async def get_endpoint(call: CallDep, endpoint_id: EndpointId) -> Response:
    """Return one endpoint with its state, hardware and replica counts."""
    return _json(handlers.shown(await handlers.get(call, endpoint_id)))


@router.patch(
    "/endpoints/{endpointId}",
    operation_id="updateEndpoint",
    response_model=schemas.DedicatedEndpoint,
    responses=errors(400, 401, 402, 403, 404),
)
async def update_endpoint(
    call: CallDep, endpoint_id: EndpointId, body: schemas.UpdateEndpointRequest
) -> Response:
    """Change the fields given; `state` starts or stops the endpoint."""
    return _json(await handlers.update(call, endpoint_id, body))


@router.delete(
    "/endpoints/{endpointId}",
    operation_id="deleteEndpoint",
    status_code=204,
    response_class=Response,
    responses=errors(400, 401, 404),
)
async def delete_endpoint(call: CallDep, endpoint_id: EndpointId) -> None:
    """Delete an endpoint for good, whatever its state."""
    await handlers.delete(call, endpoint_id)


@router.get(
    "/clusters/availability-zones",
    operation_id="availabilityZones",
    responses=errors(400, 401),
)
async def list_zones(call: CallDep) -> schemas.AvailabilityZones:
    """List the zones an endpoint can be placed in."""
    return schemas.AvailabilityZones(avzones=list(call.world.catalog.zones))


def _json(body: bytes) -> Response:
    # Encoded already: the framework has nothing left to check or to convert.
    return Response(body, media_type=JSON)
