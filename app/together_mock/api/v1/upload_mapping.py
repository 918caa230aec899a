"""Between v1's wire shapes of uploads, jobs and adapters and the values of the services."""

from together_mock.api.v1 import upload_schemas as schemas
from together_mock.core import sources
from together_mock.core.instants import to_iso
from together_mock.core.uploads import V1_STATUSES, failure_of
from together_mock.services.adapters import Bound
from together_mock.services.jobs import UPLOAD, JobView, NewModel
from together_mock.services.uploads import REMOTE

_MADE = "Processing model weights. Job created."
# Documented for what was uploaded before; the rest of the text is ours.
_KNOWN = "Model weights already exist. No job was created."


def new_model(body: schemas.ModelUploadRequest) -> NewModel:
    """An upload; of the token it is only known that there is one."""
    adapter = body.model_type in ("adapter", "lora")
    return NewModel(
        name=body.model_name,
        source=body.model_source,
        adapter=adapter,
        has_token=bool(body.hf_token),
        description=body.description,
        base=(body.lora_model or body.base_model) if adapter else None,
        allow_unsupported=bool(body.allow_unsupported),
    )


def made(view: JobView | None) -> schemas.ModelUploadResponse:
    """What an upload is answered with."""
    if view is None:
        return schemas.ModelUploadResponse(message=_KNOWN)
    data = schemas.UploadedModel(
        job_id=view.job.id,
        model_name=view.model_name,
        model_id=view.model_uuid,
        model_source=sources.kind_of(view.job.remote_url),
    )
    return schemas.ModelUploadResponse(data=data, message=_MADE)


def job(view: JobView) -> schemas.Job:
    """A job with its course so far."""
    failure = failure_of(view.job)
    updates = [
        schemas.StatusUpdate(
            status=V1_STATUSES[status],
            message=_message(V1_STATUSES[status], failure.message if failure else ""),
            timestamp=to_iso(at),
        )
        for status, at in view.milestones
    ]
    args: dict[str, str] = {"modelName": view.model_name, "modelSource": view.job.remote_url}
    if view.description is not None:
        args["description"] = view.description
    return schemas.Job.model_validate(
        {
            "type": UPLOAD if view.type == REMOTE else view.type,
            "job_id": view.job.id,
            "status": updates[-1].status,
            "status_updates": [update.model_dump() for update in updates],
            "args": args,
            "created_at": to_iso(view.job.created_at),
            "updated_at": updates[-1].timestamp,
        }
    )


def _message(status: str, failure: str) -> str:
    return failure if status == "Failed" else f"Job is {status}"


def adapter(bound: Bound) -> schemas.Adapter:
    """An adapter of an endpoint."""
    return schemas.Adapter(
        model_id=bound.id, adapter_name=bound.adapter_name, endpoint_name=bound.endpoint_name
    )
