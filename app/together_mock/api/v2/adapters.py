"""v2 routes: the adapters of a deployment."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from starlette.responses import Response

from together_mock.api.routing import router as new_router
from together_mock.api.v2 import model_mapping, schemas, wire
from together_mock.api.v2.deployments import ParentId
from together_mock.api.v2.wire import PageDep, ProjectDep
from together_mock.core.instants import to_exact_iso
from together_mock.services.v2 import adapters
from together_mock.services.v2.adapters import AdapterView, Named, NewAdapter, Place

_DEPLOYMENT = "/v2/projects/{projectId}/endpoints/{endpointId}/deployments/{deploymentId}"

router = new_router(prefix=f"{_DEPLOYMENT}/adapters", tags=["Adapters"])

AdapterId = Annotated[
    str, Path(alias="id", description="The attachment's id, or that of the adapter's model.")
]
# A check that clients of 2.42.0 may ask for.
ModelId = Annotated[
    str | None,
    Query(
        alias="adapterModelId", description="What the adapter's model has to be.", deprecated=True
    ),
]


async def _place(
    endpoint_id: ParentId,
    deployment_id: Annotated[str, Path(alias="deploymentId", description="The deployment's id.")],
) -> Place:
    return Place(endpoint_id, deployment_id)


# The deployment that the path names.
PlaceDep = Annotated[Place, Depends(_place)]


@router.get("", operation_id="listAdaptersV2")
def list_adapters(call: ProjectDep, place: PlaceDep, page: PageDep) -> Response:
    """List the adapters of a deployment, newest first."""
    before = model_mapping.before(call, page)
    views, following = adapters.page(call.world, call.project, place, before, page.limit)
    cursor = None if following is None else wire.cursor(following)
    return wire.listing(map(_shown, views), cursor)


@router.post("", operation_id="addAdapterV2")
def add_adapter(call: ProjectDep, place: PlaceDep, body: schemas.AddAdapterRequest) -> Response:
    """Attach an adapter to a deployment, which answers by its name from then on."""
    new = NewAdapter(body.adapter_model_id, body.adapter_revision_id, bool(body.force))
    return wire.answer(_shown(adapters.add(call.world, call.project, place, new)))


@router.get("/{id}", operation_id="getAdapterV2")
def get_adapter(
    call: ProjectDep, place: PlaceDep, adapter_id: AdapterId, model_id: ModelId = None
) -> Response:
    """Return one adapter of a deployment, with what its cluster reports."""
    named = Named(adapter_id, model_id)
    return wire.answer(_shown(adapters.get(call.world, call.project, place, named)))


@router.patch("/{id}", operation_id="updateAdapterV2")
def update_adapter(
    call: ProjectDep, place: PlaceDep, adapter_id: AdapterId, body: schemas.UpdateAdapterRequest
) -> Response:
    """Pin an adapter to another revision of its model."""
    named = Named(adapter_id, body.adapter_model_id)
    revision, etag = body.adapter_revision_id, body.etag
    view = adapters.update(call.world, call.project, place, named, revision=revision, etag=etag)
    return wire.answer(_shown(view))


@router.delete("/{id}", operation_id="removeAdapterV2")
def remove_adapter(
    call: ProjectDep,
    place: PlaceDep,
    adapter_id: AdapterId,
    etag: Annotated[str, Query(description="The adapter's, as it was read.")],
    model_id: ModelId = None,
) -> Response:
    """Detach an adapter; nothing answers by it there any more."""
    adapters.remove(call.world, call.project, place, Named(adapter_id, model_id), etag=etag)
    return wire.answer({})


def _shown(view: AdapterView) -> dict[str, Any]:
    record = view.record
    model = f"projects/{view.project_id}/models/{record.model_id}"
    return {
        "id": record.id,
        "adapterModelId": record.model_id,
        "adapterModel": model,
        "desiredRevisionId": record.revision,
        "desiredRevision": f"{model}/revisions/{record.revision}",
        "perCluster": [] if view.load is None else [_reported(view, model)],
        "etag": view.etag,
    }


def _reported(view: AdapterView, model: str) -> dict[str, Any]:
    load, record = view.load, view.record
    assert load is not None
    shown: dict[str, Any] = {
        "adapterModelId": record.model_id,
        "adapterModel": model,
        "clusterId": load.cluster,
        "state": f"ADAPTER_LOAD_STATE_{load.state}",
        "readyPodCount": load.ready,
        "failedPodCount": 0,
        "totalPodCount": load.total,
        "updatedAt": to_exact_iso(load.updated_at),
    }
    if load.loaded_at is not None:
        shown |= {
            "loadedAt": to_exact_iso(load.loaded_at),
            "realizedRevisionId": record.revision,
            "realizedRevision": f"{model}/revisions/{record.revision}",
            "realizedEtag": view.etag,
        }
    return shown
