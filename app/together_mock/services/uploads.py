"""Remote uploads: jobs that import a model's files, by a course that is known from the start.

Source: together-v2 reference, 4.4; lengths by the preset's stage `upload` (the contract's table).
Nothing is fetched, and no credential comes this far: a job only knows that there was one.
"""

from dataclasses import dataclass
from functools import partial

from together_mock.core import ids, uploads
from together_mock.core.errors import MockError
from together_mock.core.uploads import Happening, Job, Progress
from together_mock.services import models
from together_mock.services.model_views import job_of
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import models as store
from together_mock.store.records import UploadRecord


@dataclass(frozen=True)
class NewUpload:
    """What an import asks for; `has_token` says whether a credential came with it."""

    model_id: str
    remote_url: str
    has_token: bool = False


@dataclass(frozen=True)
class UploadView:
    """A job and how far it is."""

    job: Job
    project_id: str
    progress: Progress


def create(world: World, project: Project, new: NewUpload) -> UploadView:
    """Start an import; the answer shows it waiting in every preset.

    Raises:
        MockError: `v2_bad_value`, `v2_unknown_model`.
    """
    if not uploads.is_source(new.remote_url) and not world.settings.lenient:
        detail = "must be an https URL or the id of a Hugging Face repository"
        raise MockError("v2_bad_value", param="remoteUrl", detail=detail)
    with world.write(project) as unit:
        model = models.owned(unit.connection, project, new.model_id, "modelId")
        job_id = unit.new_id("job", partial(store.upload_by_id, unit.connection, project.key))
        failure = uploads.outcome(new.remote_url, has_token=new.has_token)
        running_at, ends_at = course(unit, job_id, unit.now)
        record = UploadRecord(
            key=None,
            project_key=project.key,
            id=job_id,
            model_id=model.id,
            remote_url=new.remote_url,
            revision=revision_of(unit, job_id),
            failure=failure,
            created_at=unit.now,
            running_at=running_at,
            ends_at=ends_at,
        )
        store.insert_uploads(unit.connection, [record])
    return _view(project, record, None)


def course(unit: Unit, job_id: str, created_at: int) -> tuple[int | None, int | None]:
    """When a job begins to run and when it ends, by the preset in force; None is never."""
    drawn = ids.fraction(unit.facts.seed, "upload", job_id)
    return uploads.instants(unit.preset.stages["upload"], drawn, created_at)


def revision_of(unit: Unit, job_id: str) -> str:
    """The id of the revision that a job makes."""
    return ids.prefixed("rv", unit.facts.seed, job_id)


def page(
    world: World, project: Project, before: int | None, limit: int
) -> tuple[list[UploadView], int | None]:
    """The project's jobs, newest first, and the key that the next page is `before`."""
    with world.read(project) as connection:
        start = store.LAST if before is None else before
        found = store.uploads_before(connection, project.key, start, limit + 1)
        now = world.now(project)
    shown = found[:limit]
    views = [_view(project, record, now) for record in shown]
    return views, shown[-1].key if len(found) > limit else None


def get(world: World, project: Project, upload_id: str) -> UploadView:
    """One job.

    Raises:
        MockError: `v2_unknown_item`.
    """
    record, now = _found(world, project, upload_id)
    return _view(project, record, now)


def events(
    world: World, project: Project, upload_id: str, before: int | None, limit: int
) -> tuple[Job, list[Happening], int | None]:
    """A job, its events before a number, newest first, and where the next page begins.

    Raises:
        MockError: `v2_unknown_item`.
    """
    record, now = _found(world, project, upload_id)
    job = job_of(record)
    told = uploads.happenings(job, now)[::-1]
    asked = [event for event in told if before is None or event.number < before]
    shown = asked[:limit]
    return job, shown, shown[-1].number if len(asked) > limit else None


def _found(world: World, project: Project, upload_id: str) -> tuple[UploadRecord, int]:
    with world.read(project) as connection:
        record = store.upload_by_id(connection, project.key, upload_id)
        now = world.now(project)
    if record is None:
        raise MockError("v2_unknown_item", param="id", kind="Remote upload", id=upload_id)
    return record, now


def _view(project: Project, record: UploadRecord, at: int | None) -> UploadView:
    job = job_of(record)
    return UploadView(job, project.id, uploads.progress(job, at))
