"""v2 routes: the rollouts and experiments of an endpoint, of which there are none yet.

They can be asked for, because clients do before they show or delete an endpoint; nothing makes one.
"""

from starlette.responses import Response

from together_mock.api.routing import router as new_router
from together_mock.api.v2 import wire
from together_mock.api.v2.deployments import ParentId
from together_mock.api.v2.wire import PageDep, ProjectDep
from together_mock.services.v2 import endpoints

router = new_router(prefix="/v2/projects/{projectId}/endpoints/{endpointId}", tags=["Experiments"])


def _none(call: ProjectDep, endpoint_id: str, page: wire.Page) -> Response:
    endpoints.get(call.world, call.project, endpoint_id)
    return wire.listing(*wire.sliced([], page))


@router.get("/rollouts", operation_id="listRolloutsV2")
def list_rollouts(call: ProjectDep, endpoint_id: ParentId, page: PageDep) -> Response:
    """List the rollouts of an endpoint: none."""
    return _none(call, endpoint_id, page)


@router.get("/abExperiments", operation_id="listABExperimentsV2")
def list_ab_experiments(call: ProjectDep, endpoint_id: ParentId, page: PageDep) -> Response:
    """List the A/B experiments of an endpoint: none."""
    return _none(call, endpoint_id, page)


@router.get("/shadowExperiments", operation_id="listShadowExperimentsV2")
def list_shadow_experiments(call: ProjectDep, endpoint_id: ParentId, page: PageDep) -> Response:
    """List the shadow experiments of an endpoint: none."""
    return _none(call, endpoint_id, page)
