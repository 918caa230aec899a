"""The section `jobs` of the state document: read, put in force, shown."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from together_mock.core import ids, sources, uploads
from together_mock.core.instants import to_exact_iso
from together_mock.core.uploads import Status
from together_mock.services import jobs, model_views
from together_mock.services.fields import Entry, Instant
from together_mock.services.model_documents import LONGEST, told_apart
from together_mock.services.unit import Unit
from together_mock.services.uploads import REMOTE, revision_of, timed
from together_mock.store import models as store
from together_mock.store.records import ModelRecord, UploadRecord

# v1's words, of which there are fewer than v2 has.
_WORDS = {
    Status.PENDING: "Queued",
    Status.RUNNING: "Running",
    Status.SUCCEEDED: "Complete",
    Status.FAILED: "Failed",
    Status.ERROR: "Failed",
}
# Why a job failed of which nothing else is said.
_USUAL_FAILURE = "corrupt"


class ArgsEntry(Entry):
    """What a job was told; the source without what may sign it."""

    model_name: str = Field(alias="modelName", min_length=1, max_length=LONGEST)
    model_source: str = Field(alias="modelSource", min_length=1, max_length=sources.LONGEST_SOURCE)
    description: str | None = None


class JobEntry(Entry):
    """An upload job; what is left out is as creation has it.

    Where no instants are given, `status` says how far it is; `failure` is a key of
    `core.uploads.FAILURES` or a reason of its own.
    """

    job_id: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    type: Literal["model_upload", "model_import", "remote_upload"] = "model_upload"
    status: Literal["Queued", "Running", "Complete", "Failed"] | None = None
    args: ArgsEntry
    model_id: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    revision: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    failure: str | None = Field(default=None, min_length=1, max_length=1000)
    created_at: Instant | None = None
    running_at: Instant | None = None
    ends_at: Instant | None = None

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        instants = [self.created_at, self.running_at, self.ends_at]
        known = [at for at in instants if at is not None]
        if known != sorted(known):
            raise ValueError("created_at, running_at and ends_at must follow each other")
        if self.ends_at is not None and self.running_at is None:
            raise ValueError("what has ends_at has running_at")
        return self


def show(unit: Unit) -> list[dict[str, Any]]:
    """The project's jobs as entries, in the order of creation."""
    return [
        _shown(record, unit.now)
        for record in store.uploads_oldest_first(unit.connection, unit.project.key)
    ]


def _shown(record: UploadRecord, now: int) -> dict[str, Any]:
    status, _ = uploads.milestones(model_views.job_of(record), now)[-1]
    return {
        "job_id": record.id,
        "type": record.type,
        "status": _WORDS[status],
        "args": {
            "modelName": record.model_name,
            "modelSource": record.remote_url,
            "description": record.description,
        },
        "model_id": record.model_id,
        "revision": record.revision,
        "failure": record.failure,
        "created_at": to_exact_iso(record.created_at),
        "running_at": None if record.running_at is None else to_exact_iso(record.running_at),
        "ends_at": None if record.ends_at is None else to_exact_iso(record.ends_at),
    }


def restore(unit: Unit, entries: Sequence[JobEntry]) -> None:
    """Replace the project's jobs; its models and its preset must be in force.

    Raises:
        MockError: `invalid_value`, with `param` from `jobs` on.
    """
    taken = told_apart("jobs", "job_id", [entry.job_id for entry in entries])
    store.delete_uploads(unit.connection, unit.project.key)
    records = [
        _made(unit, entry, entry.job_id or _new_id(unit, entry.type, taken)) for entry in entries
    ]
    store.insert_uploads(unit.connection, records)


def _new_id(unit: Unit, kind: str, taken: set[str]) -> str:
    if kind == REMOTE:
        return unit.new_id("job", taken.__contains__)
    return jobs.new_id(unit, taken.__contains__)


def _made(unit: Unit, entry: JobEntry, job_id: str) -> UploadRecord:
    args = entry.args
    model = store.model_by_name(unit.connection, unit.project.key, args.model_name)
    if entry.model_id is not None:
        model_id = entry.model_id
    else:
        model_id = model.id if model else ids.prefixed("ml", unit.facts.seed, "of job", job_id)
    created_at = entry.created_at
    if created_at is None:
        created_at = unit.now if entry.running_at is None else entry.running_at
    failure = entry.failure
    if "failure" not in entry.model_fields_set and entry.status in (None, "Queued", "Running"):
        failure = uploads.outcome(args.model_source, has_token=False)
    record = UploadRecord(
        key=None,
        project_key=unit.project.key,
        id=job_id,
        type=entry.type,
        model_id=model_id,
        model_name=args.model_name,
        remote_url=args.model_source,
        description=args.description,
        revision=entry.revision or _revision(unit, entry, model, job_id),
        failure=failure,
        created_at=created_at,
        running_at=entry.running_at,
        ends_at=entry.ends_at,
    )
    return record if _is_timed(entry) else _by_status(unit, record, entry.status)


def _is_timed(entry: JobEntry) -> bool:
    return bool({"running_at", "ends_at"} & entry.model_fields_set)


def _revision(unit: Unit, entry: JobEntry, model: ModelRecord | None, job_id: str) -> str:
    """The revision that a job made: the one that its model has, where it says no other."""
    held = model_views.read_revisions(model.revisions) if model else []
    if entry.status == "Complete" and held:
        return held[0].id
    return revision_of(unit, job_id)


def _by_status(unit: Unit, record: UploadRecord, status: str | None) -> UploadRecord:
    """A job of which no instants are known, as far as its status says."""
    at = record.created_at
    if status in ("Complete", "Failed"):
        failure = (record.failure or _USUAL_FAILURE) if status == "Failed" else None
        return record._replace(failure=failure, running_at=at, ends_at=at)
    planned = timed(unit, record)
    if status != "Running":
        return planned
    length = None
    if planned.running_at is not None and planned.ends_at is not None:
        length = planned.ends_at - planned.running_at
    return planned._replace(running_at=at, ends_at=None if length is None else at + length)
