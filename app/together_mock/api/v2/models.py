"""v2 routes: models, their files and their revisions. To be added after those of `uploads`.

`models/uploads` would be taken for the model of that id.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query
from starlette.responses import Response

from together_mock.api.calls import Call
from together_mock.api.dependencies import CallDep
from together_mock.api.routing import router as new_router
from together_mock.api.v2 import model_mapping as mapping
from together_mock.api.v2 import model_schemas as schemas
from together_mock.api.v2 import wire
from together_mock.api.v2.wire import PageDep, ProjectDep
from together_mock.core.errors import MockError
from together_mock.core.visibility import INTERNAL, Visibility
from together_mock.services import models
from together_mock.services.model_views import Held

router = new_router(prefix="/v2", tags=["Models"])

ModelId = Annotated[str, Path(alias="id", description="The model's id.")]
Mask = Annotated[
    str | None, Query(alias="updateMask", description="The fields to set, parted by commas.")
]


@dataclass(frozen=True)
class Reader:
    """A call that reads a model: one of the project's own, or one of the platform's."""

    call: Call
    of_platform: bool

    def held(self, model_id: str, param: str = "id") -> Held:
        """The model, with its revisions; `param` is where its id was given.

        Raises:
            MockError: `v2_unknown_model`.
        """
        if self.of_platform:
            return models.of_platform(self.call.world, model_id, param)
        return models.get(self.call.world, self.call.project, model_id, param)


async def _reader(
    call: CallDep,
    project_id: Annotated[
        str, Path(alias="projectId", description="The owner: one's own project, or the platform's.")
    ],
) -> Reader:
    if project_id == call.world.catalog.platform.project_id:
        return Reader(call, of_platform=True)
    if project_id != call.project.id and not call.world.settings.lenient:
        raise MockError("v2_unknown_project", param="projectId", project=project_id)
    return Reader(call, of_platform=False)


ReaderDep = Annotated[Reader, Depends(_reader)]


@router.post("/projects/{projectId}/models", operation_id="createModelV2")
def create_model(call: ProjectDep, body: schemas.CreateModelRequest) -> Response:
    """Register a model or an adapter; it has no revision until files are uploaded."""
    new = mapping.new_model(body, lenient=call.world.settings.lenient)
    return wire.answer(mapping.model(models.create(call.world, call.project, new)))


@router.get("/projects/{projectId}/models", operation_id="listModelsV2")
def list_models(
    call: ProjectDep,
    page: PageDep,
    visibility: Annotated[
        Visibility | None, Query(description="Only those of this visibility.")
    ] = None,
    organization_id: Annotated[
        str | None, Query(alias="organizationId", description="The caller's organization.")
    ] = None,
) -> Response:
    """List the project's own models, newest first."""
    if organization_id is not None:
        _check_organization(call, organization_id)
    return _listed(call, page, visibility)


@router.get("/projects/{projectId}/models/{id}", operation_id="getModelV2")
def get_model(reader: ReaderDep, model_id: ModelId) -> Response:
    """Return one model."""
    return wire.answer(mapping.model(reader.held(model_id).view))


@router.patch("/projects/{projectId}/models/{id}", operation_id="updateModelV2")
def update_model(
    call: ProjectDep, model_id: ModelId, body: schemas.UpdateModelRequest, update_mask: Mask = None
) -> Response:
    """Overwrite name, description and visibility, or those of them that the mask names."""
    lenient = call.world.settings.lenient
    changes = mapping.changes(body, wire.mask(update_mask), lenient=lenient)
    return wire.answer(mapping.model(models.update(call.world, call.project, model_id, changes)))


@router.delete("/projects/{projectId}/models/{id}", operation_id="deleteModelV2")
def delete_model(call: ProjectDep, model_id: ModelId) -> Response:
    """Delete a model that no live deployment uses."""
    models.delete(call.world, call.project, model_id)
    return wire.answer({})


@router.get("/projects/{projectId}/models/{id}/files", operation_id="listModelFilesV2")
def list_files(
    reader: ReaderDep,
    model_id: ModelId,
    revision_id: Annotated[
        str | None, Query(alias="revisionId", description="The latest one unless given.")
    ] = None,
) -> Response:
    """List the files of a revision, by path."""
    items, beside = mapping.files(reader.held(model_id), revision_id)
    return wire.listing(items, **beside)


@router.get("/projects/{projectId}/models/{id}/revisions", operation_id="listModelRevisionsV2")
def list_revisions(reader: ReaderDep, model_id: ModelId) -> Response:
    """List a model's revisions, newest first."""
    return wire.listing(map(mapping.revision, reader.held(model_id).revisions))


@router.get(
    "/projects/{projectId}/models/{id}/revisions/{revisionId}",
    operation_id="getRevisionByModelTypeV2",
)
def get_revision(
    reader: ReaderDep,
    model_id: ModelId,
    revision_id: Annotated[str, Path(alias="revisionId", description="The revision's id.")],
) -> Response:
    """Return one revision of a model."""
    revision = reader.held(model_id).revision(revision_id)
    assert revision is not None  # only without an id
    return wire.answer(mapping.revision(revision))


@router.get("/organizations/{organizationId}/models", operation_id="listOrganizationModelsV2")
def list_organization_models(
    call: CallDep, page: PageDep, organization_id: Annotated[str, Path(alias="organizationId")]
) -> Response:
    """List the models that are shared with the organization, newest first."""
    _check_organization(call, organization_id)
    return _listed(call, page, INTERNAL)


def _check_organization(call: Call, organization_id: str) -> None:
    own = organization_id == call.project.organization_id
    if not own and not call.world.settings.lenient:
        raise MockError(
            "v2_unknown_organization", param="organizationId", organization=organization_id
        )


def _listed(call: Call, page: wire.Page, visibility: str | None) -> Response:
    start = mapping.before(call, page)
    views, following = models.page(call.world, call.project, start, page.limit, visibility)
    cursor = None if following is None else wire.cursor(following)
    return wire.listing(map(mapping.model, views), cursor)
