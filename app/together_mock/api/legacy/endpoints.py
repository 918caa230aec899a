"""The 2024 API's routes: endpoints."""

from typing import Annotated

import orjson
from fastapi import Path
from starlette.responses import Response

from together_mock.api.dependencies import CallDep
from together_mock.api.dialects import PREFIX
from together_mock.api.errors import JSON
from together_mock.api.legacy import handlers, mapping, schemas
from together_mock.api.routing import router as new_router
from together_mock.services import control
from together_mock.services import endpoints as shared
from together_mock.services.legacy import endpoints, models

router = new_router(prefix=f"{PREFIX}/v1", tags=["2024 API"])

EndpointId = Annotated[str, Path(alias="endpointId", description="The endpoint's id.")]


@router.get("/endpoints", operation_id="listLegacyEndpoints")
def list_endpoints(call: CallDep) -> Response:
    """List the project's endpoints, newest first."""
    views = endpoints.list_all(call.world, call.project)
    ids = models.ids_of(call.world, call.project, {view.model for view in views})
    catalog = call.world.catalog
    return _json(
        mapping.listed([mapping.endpoint(catalog, view, ids[view.model]) for view in views])
    )


@router.post("/endpoints", operation_id="createLegacyEndpoint")
async def create_endpoint(call: CallDep, body: schemas.CreateLegacyEndpointRequest) -> Response:
    """Create an endpoint for one model on one hardware configuration; it is not started."""
    return Response(await handlers.create(call, body), media_type=JSON)


@router.get("/endpoints/{endpointId}", operation_id="getLegacyEndpoint")
async def get_endpoint(call: CallDep, endpoint_id: EndpointId) -> Response:
    """Return one endpoint with its deployments; there is none until it is started."""
    view = await call.run(control.polled, endpoint_id)
    return Response(await handlers.shown(call, view), media_type=JSON)


@router.post("/endpoints/{endpointId}/start", operation_id="startLegacyEndpoint")
async def start_endpoint(
    call: CallDep, endpoint_id: EndpointId, body: schemas.StartEndpointRequest | None = None
) -> Response:
    """Start an endpoint, with other replica bounds where they are given."""
    view = await call.run_apart(endpoints.start, endpoint_id, *mapping.bounds(body))
    return _json(mapping.moved(call.world.catalog, view))


@router.post("/endpoints/{endpointId}/stop", operation_id="stopLegacyEndpoint")
async def stop_endpoint(call: CallDep, endpoint_id: EndpointId) -> Response:
    """Stop an endpoint."""
    view = await call.run(endpoints.stop, endpoint_id)
    return _json(mapping.moved(call.world.catalog, view))


@router.delete("/endpoints/{endpointId}", operation_id="deleteLegacyEndpoint")
async def delete_endpoint(call: CallDep, endpoint_id: EndpointId) -> Response:
    """Delete an endpoint for good, whatever its state."""
    view = await call.run(shared.delete, endpoint_id)
    return _json(mapping.deleted(call.world.catalog, view))


def _json(shape: mapping.Shape) -> Response:
    return Response(orjson.dumps(shape), media_type=JSON)
