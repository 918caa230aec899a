"""Between the 2024 API's wire shapes of uploads and jobs and the values of the services.

Source: the examples of the 2024 documentation; that a job is queued first, and how a failure is
told, are inferred.
"""

from typing import Any

from together_mock.api.legacy import schemas
from together_mock.core.instants import to_iso
from together_mock.core.uploads import Status, failure_of
from together_mock.services.jobs import IMPORT, JobView, NewModel

Shape = dict[str, Any]

_STATUSES = {
    Status.PENDING: "queued",
    Status.RUNNING: "processing",
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.ERROR: "failed",
}
# What an update says: its own word for the status, and a message where no failure has one.
_UPDATES = {
    Status.PENDING: ("queued", "Model import is waiting"),
    Status.RUNNING: ("started", "Starting model import"),
    Status.SUCCEEDED: ("completed", "Model import successful"),
    Status.FAILED: ("failed", "Model import failed"),
    Status.ERROR: ("failed", "Model import failed"),
}


def new_model(body: schemas.CreateModelRequest) -> NewModel:
    """An upload; of the token it is only known that there is one."""
    return NewModel(
        name=body.model_name,
        source=body.model_source,
        has_token=bool(body.hf_token),
        description=body.description,
        type=IMPORT,
    )


def made(view: JobView | None) -> Shape:
    """What an upload is answered with; no data where nothing is to be done."""
    if view is None:
        return {"message": "Model weights already exist"}
    data = {
        "job_id": view.job.id,
        "model_name": view.model_name,
        "model_source": view.job.remote_url,
    }
    return {"message": "Processing model weights", "data": data}


def job(view: JobView) -> Shape:
    """A job with its course so far."""
    updates = [_update(view, status, at) for status, at in view.milestones]
    args = {"model_name": view.model_name.rpartition("/")[2], "model_source": view.job.remote_url}
    if view.description is not None:
        args["description"] = view.description
    return {
        "type": IMPORT,
        "job_id": view.job.id,
        "status": _STATUSES[view.milestones[-1][0]],
        "status_updates": updates,
        "args": args,
        "created_at": to_iso(view.job.created_at),
        "updated_at": updates[-1]["timestamp"],
    }


def found(view: JobView) -> Shape:
    """One job: its own fields, and the list that the documentation shows around them."""
    shown = job(view)
    return {"object": "list", "data": [shown], **shown}


def _update(view: JobView, status: Status, at: int) -> Shape:
    word, message = _UPDATES[status]
    failure = failure_of(view.job)
    if word == "failed" and failure is not None:
        message = failure.message
    return {"status": word, "message": message, "timestamp": to_iso(at)}
