"""The sections `models` and `uploads` of the state document: read, put in force, shown."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from together_mock.core import ids, uploads
from together_mock.core.errors import MockError
from together_mock.core.instants import to_exact_iso
from together_mock.core.visibility import PRIVATE, Visibility
from together_mock.core.weights import File
from together_mock.services import model_views, models
from together_mock.services.fields import Entry, Instant
from together_mock.services.model_views import Revision
from together_mock.services.unit import Unit
from together_mock.services.uploads import course, revision_of
from together_mock.store import models as store
from together_mock.store.records import ModelRecord, UploadRecord

_LONGEST = 300


class FileEntry(Entry):
    """A file of a revision; its size in bytes."""

    path: str = Field(min_length=1)
    hash: str
    size: int = Field(ge=0, le=2**53)


class RevisionEntry(Entry):
    """A revision; without files it has such as a model of its kind would have."""

    id: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    created_at: Instant | None = None
    files: list[FileEntry] | None = None


class ModelEntry(Entry):
    """A model of the project's own; `id` is its name, `model_id` what v2 calls its id.

    `base_model` is a row of the catalogue, from which its type and its context length follow; where
    it is left out, they choose it. A model whose revisions are left out has one.
    """

    id: str = Field(min_length=1, max_length=_LONGEST)
    model_id: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    kind: Literal["model", "adapter"] = "model"
    type: str = "chat"
    context_length: int | None = Field(default=None, ge=0, le=2**53)
    base_model: str | None = None
    base_id: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    description: str | None = None
    visibility: Visibility = PRIVATE
    revisions: list[RevisionEntry] = Field(default_factory=lambda: [RevisionEntry()])
    created_at: Instant | None = None
    updated_at: Instant | None = None


class UploadEntry(Entry):
    """A remote upload into a model, by its `ml_` id; what is left out is as creation has it."""

    id: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    model_id: str = Field(min_length=1, max_length=_LONGEST)
    remote_url: str = Field(min_length=1, max_length=uploads.LONGEST_SOURCE)
    revision: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    failure: Literal["not_found", "gated", "corrupt", "unavailable"] | None = None
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
    """The project's models as entries, in the order of creation."""
    return [
        _shown(unit, record)
        for record in store.models_oldest_first(unit.connection, unit.project.key)
    ]


def show_uploads(unit: Unit) -> list[dict[str, Any]]:
    """The project's remote uploads as entries, in the order of creation."""
    return [
        {
            "id": record.id,
            "model_id": record.model_id,
            "remote_url": record.remote_url,
            "revision": record.revision,
            "failure": record.failure,
            "created_at": to_exact_iso(record.created_at),
            "running_at": None if record.running_at is None else to_exact_iso(record.running_at),
            "ends_at": None if record.ends_at is None else to_exact_iso(record.ends_at),
        }
        for record in store.uploads_oldest_first(unit.connection, unit.project.key)
    ]


def restore(unit: Unit, entries: Sequence[ModelEntry]) -> None:
    """Replace the project's models.

    Raises:
        MockError: `invalid_value`, with `param` from `models` on.
    """
    taken = _told_apart("models", "model_id", [entry.model_id for entry in entries])
    _told_apart("models", "id", [entry.id for entry in entries])
    store.delete_models(unit.connection, unit.project.key)
    records = []
    for index, entry in enumerate(entries):
        try:
            records.append(
                _model(unit, entry, entry.model_id or unit.new_id("ml", taken.__contains__))
            )
        except MockError as error:
            error.param = f"models.{index}.{error.param}"
            raise
    store.insert_models(unit.connection, records)


def restore_uploads(unit: Unit, entries: Sequence[UploadEntry]) -> None:
    """Replace the project's remote uploads; the preset must be in force.

    Raises:
        MockError: `invalid_value`, with `param` from `uploads` on.
    """
    taken = _told_apart("uploads", "id", [entry.id for entry in entries])
    store.delete_uploads(unit.connection, unit.project.key)
    records = [
        _upload(unit, entry, entry.id or unit.new_id("job", taken.__contains__))
        for entry in entries
    ]
    store.insert_uploads(unit.connection, records)


def _shown(unit: Unit, record: ModelRecord) -> dict[str, Any]:
    row = unit.catalog.platform.model_named(record.base_model).model
    return {
        "id": record.name,
        "model_id": record.id,
        "kind": record.kind,
        "type": row.type,
        "context_length": row.context_length,
        "base_model": record.base_model,
        "base_id": record.base_id,
        "description": record.description,
        "visibility": record.visibility,
        "revisions": [
            {
                "id": made.id,
                "created_at": to_exact_iso(made.created_at),
                "files": made.files
                and [
                    {"path": file.path, "hash": file.hash, "size": file.size} for file in made.files
                ],
            }
            for made in model_views.read_revisions(record.revisions)
        ],
        "created_at": to_exact_iso(record.created_at),
        "updated_at": to_exact_iso(record.updated_at),
    }


def _model(unit: Unit, entry: ModelEntry, model_id: str) -> ModelRecord:
    base_model = _base_model(unit, entry)
    created_at = unit.now if entry.created_at is None else entry.created_at
    return ModelRecord(
        key=None,
        project_key=unit.project.key,
        id=model_id,
        name=entry.id,
        kind=entry.kind,
        base_id=entry.base_id or unit.catalog.platform.model_named(base_model).id,
        base_model=base_model,
        description=entry.description,
        visibility=entry.visibility,
        revisions=_revisions(unit, entry, model_id, created_at),
        created_at=created_at,
        updated_at=created_at if entry.updated_at is None else entry.updated_at,
    )


def _base_model(unit: Unit, entry: ModelEntry) -> str:
    if entry.base_model is None:
        return models.default_base(unit.catalog, entry.type, entry.context_length).id
    row = unit.catalog.models.get(entry.base_model)
    if row is None:
        detail = "is no model of the catalogue"
        raise MockError("invalid_value", param="base_model", detail=detail)
    for field, value in (("type", row.type), ("context_length", row.context_length)):
        if field in entry.model_fields_set and getattr(entry, field) not in (None, value):
            detail = f"is {value} for models that are based on {row.id}"
            raise MockError("invalid_value", param=field, detail=detail)
    return row.id


def _revisions(unit: Unit, entry: ModelEntry, model_id: str, created_at: int) -> str:
    seed, made = unit.facts.seed, []
    _told_apart("revisions", "id", [revision.id for revision in entry.revisions])
    for index, revision in enumerate(entry.revisions):
        files = revision.files
        made.append(
            Revision(
                revision.id or ids.prefixed("rv", seed, model_id, index),
                created_at if revision.created_at is None else revision.created_at,
                None
                if files is None
                else tuple(File(file.path, file.hash, file.size) for file in files),
            )
        )
    return model_views.write_revisions(made)


def _upload(unit: Unit, entry: UploadEntry, job_id: str) -> UploadRecord:
    given = entry.model_fields_set
    created_at = entry.created_at
    if created_at is None:
        created_at = unit.now if entry.running_at is None else entry.running_at
    running_at, ends_at = entry.running_at, entry.ends_at
    if not {"running_at", "ends_at"} & given:
        running_at, ends_at = course(unit, job_id, created_at)
    failure: str | None = entry.failure
    if "failure" not in given:
        failure = uploads.outcome(entry.remote_url, has_token=False)
    return UploadRecord(
        key=None,
        project_key=unit.project.key,
        id=job_id,
        model_id=entry.model_id,
        remote_url=entry.remote_url,
        revision=entry.revision or revision_of(unit, job_id),
        failure=failure,
        created_at=created_at,
        running_at=running_at,
        ends_at=ends_at,
    )


def _told_apart(section: str, field: str, values: Sequence[str | None]) -> set[str]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            detail = f"{value} stands twice in the document"
            raise MockError("invalid_value", param=f"{section}.{index}.{field}", detail=detail)
        if value is not None:
            seen.add(value)
    return seen
