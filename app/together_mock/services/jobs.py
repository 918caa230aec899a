"""Upload jobs as v1 and the API of 2024 have them: a model is named, and its files are imported.

Source: together-v1 reference, 4. That a name can be taken again once its job has failed, and that
the same source twice is told without a job, are inferred.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from together_mock.core import ids, names, sources, uploads
from together_mock.core.catalog import Model
from together_mock.core.errors import MockError
from together_mock.core.uploads import Job, Status
from together_mock.core.weights import ADAPTER, MODEL
from together_mock.services import models, served
from together_mock.services.model_views import NO_REVISIONS, job_of
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.uploads import insert
from together_mock.services.world import World
from together_mock.store import models as store
from together_mock.store.records import ModelRecord, UploadRecord

# What v1 calls its jobs, and what the API of 2024 does.
UPLOAD = "model_upload"
IMPORT = "model_import"


@dataclass(frozen=True)
class NewModel:
    """What an upload asks for; `has_token` says whether a credential came with it.

    `base` names the model that an adapter is for; `type` is UPLOAD or IMPORT.
    """

    name: str
    source: str
    adapter: bool = False
    has_token: bool = False
    description: str | None = None
    base: str | None = None
    allow_unsupported: bool = False
    type: str = UPLOAD


@dataclass(frozen=True)
class JobView:
    """A job with the statuses that it has had, each with its instant; the last is its present."""

    job: Job
    type: str
    model_name: str
    model_uuid: str
    description: str | None
    milestones: list[tuple[Status, int]]


def create(world: World, project: Project, new: NewModel) -> JobView | None:
    """Name a model and start to import it; None where just that was imported before.

    Raises:
        MockError: `bad_model_name`, `bad_model_source`, `unsupported_model`, `unknown_base_model`,
            `upload_in_progress`, `model_name_exists`.
    """
    too_long = len(new.source) > sources.LONGEST_SOURCE
    if too_long or not (sources.is_source(new.source, bucket=True) or world.settings.lenient):
        raise MockError("bad_model_source", param="model_source")
    failure = uploads.outcome(new.source, has_token=new.has_token)
    new = replace(new, source=sources.without_secrets(new.source))
    with world.write(project) as unit:
        name = names.of_model(unit.facts.slug, new.name)
        known = store.model_by_name(unit.connection, project.key, name)
        if known is not None and _is_imported(unit, known, new):
            return None
        base = _base(unit, new)
        model = known or registered(unit, new, name, base=base)
        if known is not None:
            # Only a name is left of one whose import failed: it is another model now.
            store.update_model(unit.connection, _resized(unit, known, new, base))
        job_id = new_id(unit, partial(store.upload_by_id, unit.connection, project.key))
        job = insert(
            unit,
            UploadRecord(
                key=None,
                project_key=project.key,
                id=job_id,
                type=new.type,
                model_id=model.id,
                model_name=name,
                remote_url=new.source,
                description=new.description,
                revision="",
                failure=failure,
                reason=None,
                created_at=unit.now,
                running_at=None,
                ends_at=None,
            ),
        )
        unit.stale.add(name)
    return _view(job, None)


def _is_imported(unit: Unit, model: ModelRecord, new: NewModel) -> bool:
    """Whether a model came from just there.

    Raises:
        MockError: `upload_in_progress`, `model_name_exists`.
    """
    jobs = store.uploads_into(unit.connection, unit.project.key, model.id)
    done = [job for job in jobs if uploads.is_imported(job_of(job), unit.now)]
    if any(job.ends_at is None or unit.now < job.ends_at for job in jobs):
        raise MockError("upload_in_progress", param="model_name", model=model.name)
    same_kind = model.kind == _kind(new)
    if same_kind and any(job.remote_url == new.source for job in done):
        return True
    if done or model.revisions != NO_REVISIONS:
        raise MockError("model_name_exists", param="model_name", model=model.name)
    return False


def registered(
    unit: Unit, new: NewModel, name: str, model_id: str | None = None, base: Model | None = None
) -> ModelRecord:
    """Name a model of which nothing is imported yet; what is None follows from what is asked.

    Raises:
        MockError: `unknown_base_model`, `unsupported_model`.
    """
    record = models.fresh(unit, name, new.description, model_id)
    record = _resized(unit, record, new, base or _base(unit, new))
    store.insert_models(unit.connection, [record])
    return record


def _resized(unit: Unit, record: ModelRecord, new: NewModel, base: Model) -> ModelRecord:
    return record._replace(
        kind=_kind(new),
        base_id=unit.catalog.platform.model_named(base.id).id,
        base_model=base.id,
        description=new.description,
        parameters_billion=None if new.adapter else _billions(unit, new),
        updated_at=unit.now,
    )


def _kind(new: NewModel) -> str:
    return ADAPTER if new.adapter else MODEL


def _said(new: NewModel) -> list[str]:
    """What is said of a model; of its source, what follows the last slash."""
    return [new.description or "", new.source.rpartition("/")[2], new.name]


def _billions(unit: Unit, new: NewModel) -> float:
    """How many billion parameters an upload has."""
    known = unit.catalog.uploads
    repository = sources.repository_of(new.source)
    row = unit.catalog.models.get(repository or "")
    if row is not None:
        return row.parameters_billion
    listed = known.sizes.get((repository or "").lower())
    return listed or sources.billions(_said(new)) or known.vocabulary.usual_billions


def _base(unit: Unit, new: NewModel) -> Model:
    """The row of the catalogue that an upload comes down to.

    Raises:
        MockError: `unknown_base_model`, `unsupported_model`.
    """
    catalog, repository = unit.catalog, sources.repository_of(new.source)
    if new.base is not None and new.adapter:
        target = catalog.models.get(new.base)
        own = store.model_by_name(unit.connection, unit.project.key, new.base)
        if target is None and own is not None:
            target = catalog.models.get(own.base_model)
        if target is None:
            raise MockError("unknown_base_model", param="base_model", model=names.cut(new.base))
        _refuse_if_unsupported(unit, new, target.type, "base_model")
        return target
    row = catalog.models.get(repository or "")
    if row is not None:
        _refuse_if_unsupported(unit, new, row.type, "model_source")
        return row
    words = catalog.uploads.vocabulary
    found = sources.unsupported_word(words, _said(new)[1:])
    if found is not None and not new.allow_unsupported:
        raise MockError("unsupported_model", param="model_source", word=found)
    kind = sources.type_of(words, _said(new)[1:])
    return models.nearest_base(catalog, kind, _billions(unit, new))


def _refuse_if_unsupported(unit: Unit, new: NewModel, kind: str, param: str) -> None:
    if kind not in unit.catalog.uploads.vocabulary.supported and not new.allow_unsupported:
        raise MockError("unsupported_model", param=param, word=kind)


def new_id(unit: Unit, is_taken: Callable[[str], object]) -> str:
    """A new id of a job: not one that a state document has brought."""
    while True:
        made = "job-" + ids.uuid4(unit.facts.seed, "job", unit.next_number())
        if not is_taken(made):
            return made


def page(world: World, project: Project) -> list[JobView]:
    """The project's jobs, newest first."""
    with world.read(project) as connection:
        found = store.uploads_oldest_first(connection, project.key)
        now = world.now(project)
    return [_view(record, now) for record in reversed(found)]


def get(world: World, project: Project, job_id: str) -> JobView:
    """One job.

    Raises:
        MockError: `unknown_job`.
    """
    with world.read(project) as connection:
        record = store.upload_by_id(connection, project.key, job_id)
        now = world.now(project)
    if record is None:
        raise MockError("unknown_job", param="jobId", job=names.cut(job_id))
    return _view(record, now)


def _view(record: UploadRecord, now: int | None) -> JobView:
    job = job_of(record)
    return JobView(
        job=job,
        type=record.type,
        model_name=record.model_name,
        model_uuid=served.uuid_of(record.model_id),
        description=record.description,
        milestones=uploads.milestones(job, now),
    )
