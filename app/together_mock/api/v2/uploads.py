"""v2 routes: remote uploads, and uploads and downloads in parts as the command line does them."""

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from together_mock.api.routing import router as new_router
from together_mock.api.v2 import model_mapping as mapping
from together_mock.api.v2 import model_schemas as schemas
from together_mock.api.v2 import wire
from together_mock.api.v2.models import ReaderDep
from together_mock.api.v2.wire import PageDep, ProjectDep
from together_mock.services import job_polling, transfers, uploads

router = new_router(prefix="/v2", tags=["Model uploads"])

UploadId = Annotated[str, Path(alias="id", description="The job's id.")]


@router.post("/projects/{projectId}/models/uploads", operation_id="createRemoteModelUploadV2")
def create_upload(call: ProjectDep, body: schemas.CreateRemoteUploadRequest) -> Response:
    """Start a job that imports files into a model. Nothing is fetched: it only takes its time."""
    view = uploads.create(call.world, call.project, mapping.new_upload(body))
    return wire.answer(mapping.upload(view))


@router.get("/projects/{projectId}/models/uploads", operation_id="listRemoteModelUploadsV2")
def list_uploads(call: ProjectDep, page: PageDep) -> Response:
    """List the project's import jobs, newest first."""
    start = mapping.before(call, page)
    views, following = uploads.page(call.world, call.project, start, page.limit)
    return wire.listing(map(mapping.upload, views), _cursor(following))


@router.get("/projects/{projectId}/models/uploads/{id}", operation_id="getRemoteModelUploadV2")
def get_upload(call: ProjectDep, upload_id: UploadId) -> Response:
    """Return one import job."""
    job_polling.move_on(call.world, call.project, upload_id)
    return wire.answer(mapping.upload(uploads.get(call.world, call.project, upload_id)))


@router.get(
    "/projects/{projectId}/models/uploads/{id}/events",
    operation_id="listRemoteModelUploadEventsV2",
)
def list_events(call: ProjectDep, upload_id: UploadId, page: PageDep) -> Response:
    """List what has happened to an import job, newest first."""
    start = mapping.before(call, page)
    job, told, following = uploads.events(call.world, call.project, upload_id, start, page.limit)
    return wire.listing([mapping.event(job, event) for event in told], _cursor(following))


@router.post("/projects/{projectId}/models/upload/create", operation_id="createModelUploadV2")
def create_parts(
    call: ProjectDep, request: Request, body: schemas.CreateModelUploadRequest
) -> Response:
    """Tell where the parts of each file are to be put."""
    files = mapping.new_files(body)
    planned = transfers.plan(call.world, call.project, body.object_id, files)
    return wire.answer(mapping.plan(call, str(request.base_url), planned))


@router.post("/projects/{projectId}/models/upload/complete", operation_id="completeModelUploadV2")
def complete_parts(call: ProjectDep, body: schemas.CompleteModelUploadRequest) -> Response:
    """Make a revision of the files that were put."""
    files = mapping.sent_files(body)
    revision_id = transfers.complete(call.world, call.project, body.object_id, files)
    return wire.answer({"revisionId": revision_id})


@router.post("/projects/{projectId}/models/download", operation_id="downloadModelV2")
def download(reader: ReaderDep, request: Request, body: schemas.DownloadModelRequest) -> Response:
    """Tell where the files of a revision are to be had."""
    held = reader.held(body.object_id, "objectId")
    asked = transfers.download(held, body.revision_id, body.paths or ())
    return wire.answer(mapping.download(str(request.base_url), held.view.project_id, asked))


def _cursor(following: int | None) -> str | None:
    return None if following is None else wire.cursor(following)
