"""The section `jobs` of the state document: read, put in force, shown."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from together_mock.core import sources, uploads
from together_mock.core.errors import MockError
from together_mock.core.instants import to_exact_iso
from together_mock.services import jobs, model_views
from together_mock.services.fields import Entry, Instant
from together_mock.services.model_documents import LONGEST, told_apart
from together_mock.services.unit import Unit
from together_mock.services.uploads import REMOTE, revision_of, timed
from together_mock.store import models as store
from together_mock.store.records import ModelRecord, UploadRecord

# Why a job failed of which nothing else is said.
_USUAL_FAILURE = "corrupt"


class ArgsEntry(Entry):
    """What a job was told; the source without what may sign it."""

    model_name: str = Field(alias="modelName", min_length=1, max_length=LONGEST)
    model_source: str = Field(alias="modelSource", min_length=1, max_length=sources.LONGEST_SOURCE)
    description: str | None = None


class JobEntry(Entry):
    """An upload job; what is left out is as creation has it.

    Where no instants are given, `status` says how far it is. `failure` is one that its source
    calls for, `reason` one of a profile's.
    """

    job_id: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    type: Literal["model_upload", "model_import", "remote_upload"] = "model_upload"
    status: Literal["Queued", "Running", "Complete", "Failed"] | None = None
    args: ArgsEntry
    model_id: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    revision: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    failure: Literal["not_found", "gated", "corrupt", "unavailable"] | None = None
    reason: str | None = Field(default=None, min_length=1, max_length=1000)
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
        "status": uploads.V1_STATUSES[status],
        "args": {
            "modelName": record.model_name,
            "modelSource": record.remote_url,
            "description": record.description,
        },
        "model_id": record.model_id,
        "revision": record.revision,
        "failure": record.failure,
        "reason": record.reason,
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
    for index, entry in enumerate(entries):
        try:
            record = _made(unit, entry, entry.job_id or _new_id(unit, entry.type, taken))
        except MockError as error:
            error.param = f"jobs.{index}.{error.param}"
            raise
        store.insert_uploads(unit.connection, [record])


def drop_orphans(unit: Unit) -> None:
    """Forget the jobs whose models are no more."""
    known = {model.id for model in store.models_oldest_first(unit.connection, unit.project.key)}
    jobs_left = store.uploads_oldest_first(unit.connection, unit.project.key)
    store.delete_uploads(unit.connection, unit.project.key)
    store.insert_uploads(
        unit.connection, [job._replace(key=None) for job in jobs_left if job.model_id in known]
    )


def keep_imports(unit: Unit) -> None:
    """Have models keep what was imported into them, whose jobs are about to be forgotten."""
    for model in store.models_oldest_first(unit.connection, unit.project.key):
        held = model_views.held(unit.connection, unit.catalog, unit.project, model, unit.now)
        written = model_views.write_revisions(list(held.revisions[::-1]))
        store.update_model(unit.connection, model._replace(revisions=written))


def _new_id(unit: Unit, kind: str, taken: set[str]) -> str:
    if kind == REMOTE:
        return unit.new_id("job", taken.__contains__)
    return jobs.new_id(unit, taken.__contains__)


def _made(unit: Unit, entry: JobEntry, job_id: str) -> UploadRecord:
    args = entry.args
    source = sources.without_secrets(args.model_source)
    created_at = entry.created_at
    if created_at is None:
        created_at = unit.now if entry.running_at is None else entry.running_at
    if created_at > unit.now:
        detail = "must not be after the project's present instant"
        raise MockError("invalid_value", param="created_at", detail=detail)
    model = _model(unit, entry)
    failure: str | None = entry.failure
    if "failure" not in entry.model_fields_set and entry.status in (None, "Queued", "Running"):
        failure = uploads.outcome(args.model_source, has_token=False)
    record = UploadRecord(
        key=None,
        project_key=unit.project.key,
        id=job_id,
        type=entry.type,
        model_id=model.id,
        model_name=args.model_name,
        remote_url=source,
        description=args.description,
        revision=entry.revision or _revision(unit, entry, model, job_id),
        failure=failure,
        reason=entry.reason,
        created_at=created_at,
        running_at=entry.running_at,
        ends_at=entry.ends_at,
    )
    if not {"running_at", "ends_at"} & entry.model_fields_set:
        record = _by_status(unit, record, entry.status)
    return _checked(unit, record, entry.status)


def _checked(unit: Unit, record: UploadRecord, status: str | None) -> UploadRecord:
    """A job whose status, where one is given, is the one that its instants say."""
    if status is None:
        return record
    if status == "Failed" and record.failure is None and record.reason is None:
        record = record._replace(failure=_USUAL_FAILURE)
    reached, _ = uploads.milestones(model_views.job_of(record), unit.now)[-1]
    said = uploads.V1_STATUSES[reached]
    if said != status:
        detail = f"by its instants the job is {said}"
        raise MockError("invalid_value", param="status", detail=detail)
    return record


def _model(unit: Unit, entry: JobEntry) -> ModelRecord:
    """The model that a job is for; one that the document has no entry of is made."""
    args, project = entry.args, unit.project.key
    known = None
    if entry.model_id is not None:
        known = store.model_by_id(unit.connection, project, entry.model_id)
    known = known or store.model_by_name(unit.connection, project, args.model_name)
    if known is not None:
        return known
    new = jobs.NewModel(
        args.model_name, args.model_source, description=args.description, allow_unsupported=True
    )
    return jobs.registered(unit, new, args.model_name, entry.model_id)


def _revision(unit: Unit, entry: JobEntry, model: ModelRecord, job_id: str) -> str:
    """The revision that a job made: the one that its model has, where it says no other."""
    held = model_views.read_revisions(model.revisions)
    if entry.status == "Complete" and held:
        return held[0].id
    return revision_of(unit, job_id)


def _by_status(unit: Unit, record: UploadRecord, status: str | None) -> UploadRecord:
    """A job of which no instants are known, as far as its status says."""
    at = record.created_at
    if status in ("Complete", "Failed"):
        return record._replace(running_at=at, ends_at=at)
    # What is under way has all of it before it, however long ago it was asked for.
    planned = timed(unit, record._replace(created_at=unit.now))._replace(created_at=at)
    if status == "Queued" and planned.running_at == unit.now:
        return planned._replace(running_at=None, ends_at=None)
    if status != "Running":
        return planned
    length = None
    if planned.running_at is not None and planned.ends_at is not None:
        length = planned.ends_at - planned.running_at
    ends_at = None if not length else unit.now + length
    return planned._replace(running_at=at, ends_at=ends_at)
