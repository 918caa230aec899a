"""Between v2's wire shapes of models and uploads and the values of the services.

int64 are texts, int32 numbers; what is not known is left out (together-v2 reference, 2 and 4.4).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from together_mock.api.calls import Call
from together_mock.api.v2 import model_schemas as schemas
from together_mock.api.v2.wire import Page
from together_mock.core import names, uploads
from together_mock.core.errors import MockError
from together_mock.core.instants import to_iso
from together_mock.core.uploads import Happening, Job
from together_mock.core.visibility import PRIVATE
from together_mock.core.weights import ADAPTER, MODEL, File
from together_mock.services.model_views import Held, ModelView, Revision
from together_mock.services.models import NewModel
from together_mock.services.transfers import Download, NewFile, PlannedFile, SentFile
from together_mock.services.uploads import NewUpload, UploadView

_KINDS = {"model": MODEL, "models": MODEL, "adapter": ADAPTER, "adapters": ADAPTER}
_WEIGHTS = {MODEL: "WEIGHTS_TYPE_DEFAULT", ADAPTER: "WEIGHTS_TYPE_ADAPTER"}
_MUTABLE = ("name", "description", "visibility")
# Ours: the plan of an upload is an answer in one piece.
_MOST_PARTS = 10_000
_HIGHEST_KEY = 2**63 - 1


def new_model(body: schemas.CreateModelRequest, *, lenient: bool) -> NewModel:
    """A registration.

    Raises:
        MockError: `v2_bad_value`.
    """
    kind = _KINDS.get(body.type)
    if kind is None:
        if not lenient:
            detail = "must be model or adapter"
            raise MockError("v2_bad_value", param="type", detail=detail)
        kind = MODEL
    return NewModel(body.name, kind, body.base_model_id, body.description or None)


def changes(
    body: schemas.UpdateModelRequest, mask: Mapping[str, str] | None, *, lenient: bool
) -> dict[str, Any]:
    """What an update sets: the fields of the mask, or all; only a name is never emptied.

    A name that is null says nothing.

    Raises:
        MockError: `v2_bad_mask`, `v2_no_fields`; `missing_field` for a name in the mask alone.
    """
    unknown = [sent for path, sent in (mask or {}).items() if path not in _MUTABLE]
    if unknown and not lenient:
        raise MockError("v2_bad_mask", param="updateMask", path=names.cut(unknown[0]))
    nameless = {"name"} if body.name is None else set()
    paths = set(mask or ())
    if mask is None or unknown:
        paths = set(_MUTABLE if body.model_fields_set - nameless else ()) - nameless
    if paths & nameless and not lenient:
        raise MockError("missing_field", param="name")
    paths -= nameless
    if not paths and not lenient:
        raise MockError("v2_no_fields")
    values = {
        "name": body.name or "",
        "description": body.description or None,
        "visibility": body.visibility or PRIVATE,
    }
    return {path: value for path, value in values.items() if path in paths}


def before(call: Call, page: Page) -> int | None:
    """The key that a page is before; None is the first page.

    Raises:
        MockError: `v2_bad_cursor` for the cursor of a list of another form.
    """
    if page.position is None:
        return None
    if len(page.position) == 1:
        [key] = page.position
        if isinstance(key, int) and 0 <= key <= _HIGHEST_KEY:
            return key
    if call.world.settings.lenient:
        return None
    raise MockError("v2_bad_cursor", param="after")


def model(view: ModelView) -> dict[str, Any]:
    """A model."""
    shown: dict[str, Any] = {
        "id": view.id,
        "name": view.name,
        "organizationId": view.organization_id,
        "projectId": view.project_id,
        "visibility": view.visibility,
        "weights": _weights(view),
    }
    more = {"baseModel": view.base, "baseModelId": view.base_id, "description": view.description}
    return shown | {name: value for name, value in more.items() if value is not None}


def _weights(view: ModelView) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": _WEIGHTS[view.kind]}
    weights = view.weights
    if weights is None:
        return shown
    shown["architecture"] = weights.architecture
    if weights.context_length:
        shown["contextLength"] = str(weights.context_length)
    if weights.parameters:
        total = str(weights.parameters)
        counts = [{"dtype": weights.dtype, "count": total}]
        shown["parameters"] = {"total": total, "byDtype": counts}
    return shown


def revision(made: Revision) -> dict[str, Any]:
    """A revision; it was valid from the start, or there would be none."""
    at = to_iso(made.created_at)
    return {
        "revisionId": made.id,
        "createdAt": at,
        "validationStatus": "REVISION_VALIDATION_STATUS_SUCCESS",
        "lastValidatedAt": at,
        "validationErrors": [],
    }


def files(held: Held, revision_id: str | None) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The files of a revision, and what the list says beside them.

    Raises:
        MockError: `v2_unknown_item`.
    """
    made = held.revision(revision_id)
    if made is None:
        return [], {"totalSizeBytes": "0"}
    found = held.files(made)
    beside = {
        "revisionId": made.id,
        "revisionCreatedAt": to_iso(made.created_at),
        "totalSizeBytes": str(sum(file.size for file in found)),
    }
    return [_file(file) for file in found], beside


def _file(file: File) -> dict[str, Any]:
    return {"path": file.path, "hash": file.hash, "sizeBytes": str(file.size)}


def new_upload(body: schemas.CreateRemoteUploadRequest) -> NewUpload:
    """An import, without its token."""
    has_token = body.token is not None and bool(body.token.get_secret_value().strip())
    return NewUpload(body.model_id, body.remote_url, has_token)


def upload(view: UploadView) -> dict[str, Any]:
    """A remote upload."""
    job, progress = view.job, view.progress
    return {
        "id": job.id,
        "projectId": view.project_id,
        "modelId": job.model_id,
        "remoteUrl": job.remote_url,
        "status": f"REMOTE_UPLOAD_STATUS_{progress.status}",
        "statusMessage": progress.message,
        "restartCount": progress.restarts,
        "maxRestarts": uploads.MAX_RESTARTS,
        "createdAt": to_iso(job.created_at),
        "updatedAt": to_iso(progress.updated_at),
    }


def event(job: Job, happened: Happening) -> dict[str, Any]:
    """An event of a remote upload."""
    return {
        "id": uploads.event_id(job, happened.number),
        "createdAt": to_iso(happened.at),
        "level": f"LEVEL_{happened.level}",
        "type": happened.type,
        "message": happened.message,
    }


def new_files(body: schemas.CreateModelUploadRequest) -> list[NewFile]:
    """The files of an upload in parts.

    Raises:
        MockError: `v2_bad_value`.
    """
    _refuse_none(body.files)
    left = _MOST_PARTS
    for index, file in enumerate(body.files):
        left -= file.num_parts
        if left < 0:
            detail = f"an upload has at most {_MOST_PARTS} parts"
            raise MockError("v2_bad_value", param=f"files.{index}.numParts", detail=detail)
    return [NewFile(file.path, file.hash, file.num_parts) for file in body.files]


def plan(call: Call, root: str, planned: Sequence[PlannedFile]) -> dict[str, Any]:
    """Where the parts of an upload are to be put; `root` is where this server is reached."""
    return {"files": [_planned(call, root, file) for file in planned]}


def _planned(call: Call, root: str, file: PlannedFile) -> dict[str, Any]:
    if file.upload_id is None:
        return {"path": file.path, "skipUpload": True}
    place = f"{root}v2/projects/{call.project.id}/models/upload/parts/{file.upload_id}"
    parts = [
        {
            "partNumber": part.number,
            "url": f"{place}/{part.number}?signature={part.signature}",
            "headers": {},
        }
        for part in file.parts
    ]
    return {"path": file.path, "uploadId": file.upload_id, "parts": parts}


def sent_files(body: schemas.CompleteModelUploadRequest) -> list[SentFile]:
    """The files that were put.

    Raises:
        MockError: `v2_bad_value`, `missing_field`.
    """
    _refuse_none(body.files)
    sent = []
    for index, file in enumerate(body.files):
        details = file.upload_details
        if details is None and not file.skip_upload:
            raise MockError("missing_field", param=f"files.{index}.uploadDetails")
        tags: Mapping[int, str] = {}
        if details is not None:
            tags = {part.part_number: part.hash for part in details.parts}
        sent.append(SentFile(file.path, file.hash, details.upload_id if details else None, tags))
    return sent


def _refuse_none(files: Sequence[Any]) -> None:
    if not files:
        raise MockError("v2_bad_value", param="files", detail="must name a file at least")


def download(root: str, project_id: str, asked: Download) -> dict[str, Any]:
    """Where the files of a revision are to be had, each in one part."""
    place = f"{root}v2/projects/{project_id}/models/download/parts/{quote(asked.revision, '')}"
    return {
        "revisionId": asked.revision,
        "files": [{**_file(file), "parts": _parts(place, file)} for file in asked.files],
    }


def _parts(place: str, file: File) -> list[dict[str, Any]]:
    if not file.size:
        return []
    url = f"{place}?path={quote(file.path, '')}&size={file.size}"
    return [{"partNumber": 1, "sizeBytes": str(file.size), "url": url, "headers": {}}]
