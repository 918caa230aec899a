"""The section `models` of the state document: read, put in force, shown."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from together_mock.core import ids
from together_mock.core.errors import MockError
from together_mock.core.instants import to_exact_iso
from together_mock.core.visibility import PRIVATE, Visibility
from together_mock.core.weights import File
from together_mock.services import model_views, models
from together_mock.services.fields import Entry, Instant
from together_mock.services.model_views import Revision
from together_mock.services.unit import Unit
from together_mock.store import models as store
from together_mock.store.records import ModelRecord

LONGEST = 300


class FileEntry(Entry):
    """A file of a revision; its size in bytes."""

    path: str = Field(min_length=1)
    hash: str
    size: int = Field(ge=0, le=2**53)


class RevisionEntry(Entry):
    """A revision; without files it has such as a model of its kind would have."""

    id: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    created_at: Instant | None = None
    files: list[FileEntry] | None = None


class ModelEntry(Entry):
    """A model of the project's own; `id` is its name, `model_id` what v2 calls its id.

    `base_model` is a row of the catalogue, from which its type and its context length follow; where
    it is left out, they choose it. Its hardware follows from `parameters_billion`, where that is
    given, and from its base otherwise. A model whose revisions are left out has one.
    """

    id: str = Field(min_length=1, max_length=LONGEST)
    model_id: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    kind: Literal["model", "adapter"] = "model"
    type: str = "chat"
    context_length: int | None = Field(default=None, ge=0, le=2**53)
    base_model: str | None = None
    base_id: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    parameters_billion: float | None = Field(default=None, gt=0, le=1e9, allow_inf_nan=False)
    description: str | None = None
    visibility: Visibility = PRIVATE
    revisions: list[RevisionEntry] = Field(default_factory=lambda: [RevisionEntry()])
    created_at: Instant | None = None
    updated_at: Instant | None = None


def show(unit: Unit) -> list[dict[str, Any]]:
    """The project's models as entries, in the order of creation."""
    return [
        _shown(unit, record)
        for record in store.models_oldest_first(unit.connection, unit.project.key)
    ]


def restore(unit: Unit, entries: Sequence[ModelEntry]) -> None:
    """Replace the project's models.

    Raises:
        MockError: `invalid_value`, with `param` from `models` on.
    """
    taken = told_apart("models", "model_id", [entry.model_id for entry in entries])
    told_apart("models", "id", [entry.id for entry in entries])
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
        "parameters_billion": record.parameters_billion,
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
        parameters_billion=entry.parameters_billion,
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
    told_apart("revisions", "id", [revision.id for revision in entry.revisions])
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


def told_apart(section: str, field: str, values: Sequence[str | None]) -> set[str]:
    """The values that a field of a section's entries has.

    Raises:
        MockError: `invalid_value` where one stands there twice.
    """
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            detail = f"{value} stands twice in the document"
            raise MockError("invalid_value", param=f"{section}.{index}.{field}", detail=detail)
        if value is not None:
            seen.add(value)
    return seen
