"""Remote uploads: jobs that import a model's files, by a course that is known from the start.

Source: together-v2 reference, 4.4; lengths by the preset's stage `upload` (the contract's table),
or by a profile that is for the model. Nothing is fetched, and no credential comes this far: a job
only knows that there was one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from together_mock.core import ids, profiles, sources, uploads
from together_mock.core.errors import MockError
from together_mock.core.profiles import JobStage, Profile
from together_mock.core.uploads import Happening, Job, Progress
from together_mock.services import models
from together_mock.services.model_views import job_of
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import models as store
from together_mock.store.records import UploadRecord

# What jobs are called that v2 made.
REMOTE = "remote_upload"


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
    too_long = len(new.remote_url) > sources.LONGEST_SOURCE
    if too_long or not (sources.is_source(new.remote_url) or world.settings.lenient):
        detail = "must be an https URL or the id of a Hugging Face repository"
        raise MockError("v2_bad_value", param="remoteUrl", detail=detail)
    with world.write(project) as unit:
        model = models.owned(unit.connection, project, new.model_id, "modelId")
        job_id = unit.new_id("job", partial(store.upload_by_id, unit.connection, project.key))
        record = insert(
            unit,
            UploadRecord(
                key=None,
                project_key=project.key,
                id=job_id,
                type=REMOTE,
                model_id=model.id,
                model_name=model.name,
                remote_url=sources.without_secrets(new.remote_url),
                description=None,
                revision="",
                failure=uploads.outcome(new.remote_url, has_token=new.has_token),
                reason=None,
                created_at=unit.now,
                running_at=None,
                ends_at=None,
            ),
        )
    return _view(project, record, None)


def insert(unit: Unit, record: UploadRecord) -> UploadRecord:
    """Add a job that begins now, with the course it is to take and the revision it is to make."""
    record = timed(unit, record._replace(revision=revision_of(unit, record.id)))
    store.insert_uploads(unit.connection, [record])
    unit.stale.add(record.model_name)
    return record


def timed(unit: Unit, record: UploadRecord) -> UploadRecord:
    """A job with its course by the preset and the profiles in force, from when it was made."""
    seed, created_at = unit.facts.seed, record.created_at
    drawn = ids.fraction(seed, "upload", record.id)
    usual = uploads.instants(unit.preset.stages["upload"], drawn, created_at)
    documents = unit.facts.rules.profiles
    known = profiles.in_order([item.value(name) for name, item in documents.items()])
    waiting, running = (_stage(unit, record, known, running=each) for each in (False, True))
    running_at, ends_at = uploads.profiled(usual, waiting, running, drawn, created_at)
    reason = None if running is None else running.reason
    return record._replace(reason=reason, running_at=running_at, ends_at=ends_at)


def _stage(
    unit: Unit, record: UploadRecord, known: Sequence[Profile], *, running: bool
) -> JobStage | None:
    ways = profiles.job_ways(known, record.model_name, running=running)
    kind = "upload-run" if running else "upload-wait"
    drawn = ids.fraction(unit.facts.seed, kind, record.id)
    return profiles.choose(ways, drawn) if ways else None


def plan_anew(unit: Unit) -> None:
    """Time the jobs under way by the rules in force: from their start, never back in time."""
    now = unit.now
    for record in store.uploads_under_way(unit.connection, unit.project.key, now):
        new = timed(unit, record)
        began = record.running_at
        if began is not None and began <= now:
            # It runs already: only how long it takes may be another time.
            length = None
            if new.running_at is not None and new.ends_at is not None:
                length = new.ends_at - new.running_at
            new = new._replace(
                running_at=began, ends_at=None if length is None else max(now, began + length)
            )
        elif new.running_at is not None and new.running_at < now:
            late = now - new.running_at
            new = new._replace(running_at=now, ends_at=new.ends_at and new.ends_at + late)
        if new != record:
            store.update_upload(unit.connection, new)
            # Its model may be called otherwise by now.
            unit.forget_routes = True


def next_at(record: UploadRecord, now: int) -> int | None:
    """When a job comes to its next status; None is never."""
    instants = (record.running_at, record.ends_at)
    return min((at for at in instants if at is not None and at > now), default=None)


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
