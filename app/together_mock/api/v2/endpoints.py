"""v2 routes: endpoints."""

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from together_mock.api.dependencies import CallDep
from together_mock.api.routing import router as new_router
from together_mock.api.v2 import mapping, schemas, wire
from together_mock.api.v2.wire import PageDep, ProjectDep
from together_mock.core.errors import MockError
from together_mock.services.v2 import endpoints, lists

router = new_router(prefix="/v2", tags=["Endpoints"])

EndpointId = Annotated[str, Path(alias="id", description="The endpoint's id.")]
Mask = Annotated[
    str | None, Query(alias="updateMask", description="The fields to set, parted by commas.")
]
Etag = Annotated[str | None, Query(description="Refused when it was changed since this one.")]
Filter = Annotated[str | None, Query(alias="filter", description="Which ones, as an expression.")]
OrderBy = Annotated[
    str | None, Query(alias="orderBy", description="created_at or updated_at, with asc or desc.")
]


@router.post("/projects/{projectId}/endpoints", operation_id="createEndpointV2")
def create_endpoint(call: ProjectDep, body: schemas.CreateEndpointRequest) -> Response:
    """Create an endpoint: a stable name, which routes nowhere until its traffic split is set."""
    view = endpoints.create(call.world, call.project, body.name, body.visibility)
    return wire.answer(mapping.endpoint(view))


@router.get("/projects/{projectId}/endpoints", operation_id="listEndpointsV2")
def list_endpoints(
    call: ProjectDep, page: PageDep, filter_: Filter = None, order_by: OrderBy = None
) -> Response:
    """List the project's endpoints, newest first, each with its newest deployments."""
    asked = wire.asked(page, filter_, order_by)
    found, position = lists.endpoints(call.world, call.project, asked)
    return wire.listing(map(mapping.endpoint, found), wire.cursor_at(position))


@router.get("/projects/{projectId}/endpoints/{id}", operation_id="getEndpointV2")
def get_endpoint(call: ProjectDep, endpoint_id: EndpointId) -> Response:
    """Return one endpoint with its traffic split and its newest deployments."""
    return wire.answer(mapping.endpoint(endpoints.get(call.world, call.project, endpoint_id)))


@router.patch("/projects/{projectId}/endpoints/{id}", operation_id="updateEndpointV2")
def update_endpoint(
    call: ProjectDep,
    endpoint_id: EndpointId,
    body: schemas.UpdateEndpointRequest,
    update_mask: Mask = None,
) -> Response:
    """Change an endpoint's name, visibility or traffic split."""
    lenient = call.world.settings.lenient
    change = mapping.endpoint_change(body, wire.mask(update_mask), lenient=lenient)
    view = endpoints.update(call.world, call.project, endpoint_id, change, body.etag)
    return wire.answer(mapping.endpoint(view))


@router.delete("/projects/{projectId}/endpoints/{id}", operation_id="deleteEndpointV2")
def delete_endpoint(call: ProjectDep, endpoint_id: EndpointId, etag: Etag = None) -> Response:
    """Delete an endpoint that has no deployments left."""
    endpoints.delete(call.world, call.project, endpoint_id, etag)
    return wire.answer({})


@router.get("/organizations/{organizationId}/endpoints", operation_id="listOrganizationEndpointsV2")
def list_organization_endpoints(
    call: CallDep,
    page: PageDep,
    organization_id: Annotated[str, Path(alias="organizationId")],
    filter_: Filter = None,
    order_by: OrderBy = None,
) -> Response:
    """List the endpoints that are shared with the organization."""
    own = organization_id == call.project.organization_id
    if not own and not call.world.settings.lenient:
        raise MockError(
            "v2_unknown_organization", param="organizationId", organization=organization_id
        )
    asked = wire.asked(page, filter_, order_by)
    found, position = lists.endpoints(call.world, call.project, asked, shared=True)
    return wire.listing(map(mapping.endpoint, found), wire.cursor_at(position))


@router.get("/public/endpoints", operation_id="listPublicEndpointsV2")
def list_public_endpoints(
    call: CallDep, page: PageDep, filter_: Filter = None, order_by: OrderBy = None
) -> Response:
    """List the endpoints that everybody may call: the platform's serverless models."""
    asked = wire.asked(page, filter_, order_by)
    found, position = lists.public(call.world, asked)
    return wire.listing(map(mapping.public_endpoint, found), wire.cursor_at(position))
