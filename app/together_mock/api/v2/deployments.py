"""v2 routes: deployments of an endpoint."""

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from together_mock.api.routing import router as new_router
from together_mock.api.v2 import mapping, schemas, wire
from together_mock.api.v2.endpoints import Etag, Filter, Mask, OrderBy
from together_mock.api.v2.wire import PageDep, ProjectDep
from together_mock.services.v2 import creation, deployments, lists

router = new_router(prefix="/v2/projects/{projectId}/endpoints/{endpointId}", tags=["Deployments"])

ParentId = Annotated[str, Path(alias="endpointId", description="The endpoint's id.")]
DeploymentId = Annotated[str, Path(alias="id", description="The deployment's id.")]


@router.post("/deployments", operation_id="createDeploymentV2")
def create_deployment(
    call: ProjectDep,
    endpoint_id: ParentId,
    body: schemas.CreateDeploymentRequest,
    validate_only: Annotated[
        bool | None, Query(alias="validateOnly", description="Only check, and create nothing.")
    ] = None,
) -> Response:
    """Create a deployment of a model by a config; it takes no traffic until the split names it."""
    new = mapping.new_deployment(body, lenient=call.world.settings.lenient)
    view = creation.create(
        call.world, call.project, endpoint_id, new, validate_only=bool(validate_only)
    )
    return wire.answer(mapping.deployment(view))


@router.get("/deployments", operation_id="listDeploymentsV2")
def list_deployments(
    call: ProjectDep,
    endpoint_id: ParentId,
    page: PageDep,
    filter_: Filter = None,
    order_by: OrderBy = None,
) -> Response:
    """List the deployments of an endpoint, newest first."""
    asked = wire.asked(page, filter_, order_by)
    found, position = lists.deployments(call.world, call.project, endpoint_id, asked)
    return wire.listing(map(mapping.deployment, found), wire.cursor_at(position))


@router.get("/deployments/{id}", operation_id="getDeploymentV2")
def get_deployment(
    call: ProjectDep, endpoint_id: ParentId, deployment_id: DeploymentId
) -> Response:
    """Return one deployment with its status and replica counts."""
    view = deployments.get(call.world, call.project, endpoint_id, deployment_id)
    return wire.answer(mapping.deployment(view))


@router.patch("/deployments/{id}", operation_id="updateDeploymentV2")
def update_deployment(
    call: ProjectDep,
    endpoint_id: ParentId,
    deployment_id: DeploymentId,
    body: schemas.UpdateDeploymentRequest,
    update_mask: Mask = None,
) -> Response:
    """Change a deployment; bounds of 0 stop it, others start it again."""
    lenient = call.world.settings.lenient
    change = mapping.deployment_change(body, wire.mask(update_mask), lenient=lenient)
    view = deployments.update(
        call.world, call.project, endpoint_id, deployment_id, change, etag=body.etag
    )
    return wire.answer(mapping.deployment(view))


@router.delete("/deployments/{id}", operation_id="deleteDeploymentV2")
def delete_deployment(
    call: ProjectDep, endpoint_id: ParentId, deployment_id: DeploymentId, etag: Etag = None
) -> Response:
    """Delete a deployment that has stopped and stands in no traffic split."""
    deployments.delete(call.world, call.project, endpoint_id, deployment_id, etag)
    return wire.answer({})
