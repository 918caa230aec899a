"""A model as a value that faces show: what is said of it, its revisions and their files."""

from collections.abc import Iterable
from dataclasses import dataclass
from sqlite3 import Connection

import orjson

from together_mock.core import weights
from together_mock.core.catalog import Model
from together_mock.core.errors import MockError
from together_mock.core.platform import PlatformModel
from together_mock.core.uploads import Job, imported_at
from together_mock.core.visibility import INTERNAL
from together_mock.core.weights import File, Weights
from together_mock.services.catalog import Catalog
from together_mock.services.projects import Project
from together_mock.store import models as store
from together_mock.store.records import ModelRecord, UploadRecord

NO_REVISIONS = "[]"


@dataclass(frozen=True)
class Revision:
    """A revision of a model's files, which follow from its id where nobody uploaded them."""

    id: str
    created_at: int
    files: tuple[File, ...] | None = None


@dataclass(frozen=True)
class ModelView:
    """A model as a face shows it.

    `kind` is "model" or "adapter"; `base` is the base's resource name; `weights` are known once
    there is a revision. The platform's own models have no base.
    """

    id: str
    project_id: str
    organization_id: str
    name: str
    kind: str
    visibility: str
    description: str | None
    base_id: str | None
    base: str | None
    weights: Weights | None


@dataclass(frozen=True)
class Held:
    """A model with its revisions, newest first, and the row of the catalogue it comes down to."""

    view: ModelView
    revisions: tuple[Revision, ...]
    row: Model

    @property
    def latest(self) -> Revision | None:
        """The newest revision."""
        return self.revisions[0] if self.revisions else None

    def revision(self, revision_id: str | None) -> Revision | None:
        """A revision by id, or the newest; None where there is none yet.

        Raises:
            MockError: `v2_unknown_item`.
        """
        if not revision_id:
            return self.latest
        for revision in self.revisions:
            if revision.id == revision_id:
                return revision
        raise MockError("v2_unknown_item", param="revisionId", kind="Revision", id=revision_id)

    def files(self, revision: Revision) -> tuple[File, ...]:
        """The files of one of the revisions, by path."""
        if revision.files is not None:
            return revision.files
        kind = self.view.kind
        return weights.made_up_files(revision.id, weights.weights_of(self.row, kind), kind)


def view(catalog: Catalog, project: Project, record: ModelRecord, *, known: bool) -> ModelView:
    """A model of the project's own; `known` says whether it has a revision."""
    platform = catalog.platform
    row = platform.model_named(record.base_model).model
    published = platform.models.get(record.base_id)
    own_base = f"projects/{project.id}/models/{record.base_id}"
    return ModelView(
        id=record.id,
        project_id=project.id,
        organization_id=project.organization_id,
        name=record.name,
        kind=record.kind,
        visibility=record.visibility,
        description=record.description,
        base_id=record.base_id,
        base=published.resource if published else own_base,
        weights=weights.weights_of(row, record.kind) if known else None,
    )


def held(
    connection: Connection, catalog: Catalog, project: Project, record: ModelRecord, now: int
) -> Held:
    """A model of the project's own with its revisions at an instant."""
    made = read_revisions(record.revisions)
    for upload in store.uploads_into(connection, project.key, record.id):
        made_at = imported_at(job_of(upload))
        known = any(revision.id == upload.revision for revision in made)
        if made_at is not None and made_at <= now and not known:
            made.append(Revision(upload.revision, made_at))
    revisions = tuple(sorted(made, key=_created_at)[::-1])
    row = catalog.platform.model_named(record.base_model).model
    return Held(view(catalog, project, record, known=bool(revisions)), revisions, row)


def ready(
    connection: Connection, project: Project, records: Iterable[ModelRecord], now: int
) -> set[str]:
    """The ids of those of a project's models that have a revision at an instant."""
    imported = store.imported_into(connection, project.key, now)
    return {
        record.id for record in records if record.revisions != NO_REVISIONS or record.id in imported
    }


def ready_at(connection: Connection, project: Project, record: ModelRecord) -> int | None:
    """The instant at which a model of the project's own has its first revision; None is never.

    What was sent in parts, or came with a state document, counts from the model's creation.
    """
    if record.revisions != NO_REVISIONS:
        return record.created_at
    jobs = map(job_of, store.uploads_into(connection, project.key, record.id))
    made_at = (imported_at(job) for job in jobs)
    return min((at for at in made_at if at is not None), default=None)


def _created_at(revision: Revision) -> int:
    return revision.created_at


def published(catalog: Catalog, model: PlatformModel) -> Held:
    """A model of the platform, which has one revision.

    That its visibility is given as the organization's is inferred: the field knows no public one.
    """
    platform, row = catalog.platform, model.model
    shown = ModelView(
        id=model.id,
        project_id=platform.project_id,
        organization_id=platform.organization_id,
        name=row.id,
        kind=weights.MODEL,
        visibility=INTERNAL,
        description=None,
        base_id=None,
        base=None,
        weights=weights.weights_of(row),
    )
    return Held(shown, (Revision(model.revision, model.published_at),), row)


def job_of(record: UploadRecord) -> Job:
    """The row of a remote upload as a value."""
    return Job(
        id=record.id,
        model_id=record.model_id,
        remote_url=record.remote_url,
        revision=record.revision,
        failure=record.failure,
        reason=record.reason,
        created_at=record.created_at,
        running_at=record.running_at,
        ends_at=record.ends_at,
    )


def read_revisions(stored: str) -> list[Revision]:
    """The revisions in a model's row, oldest first."""
    return [
        Revision(
            row["id"],
            row["created_at"],
            None if row["files"] is None else tuple(File(*file) for file in row["files"]),
        )
        for row in orjson.loads(stored)
    ]


def write_revisions(revisions: list[Revision]) -> str:
    """The revisions as a model's row has them."""
    rows = [
        {
            "id": made.id,
            "created_at": made.created_at,
            "files": made.files and [[file.path, file.hash, file.size] for file in made.files],
        }
        for made in revisions
    ]
    return orjson.dumps(rows).decode()
