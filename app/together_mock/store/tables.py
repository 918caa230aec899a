"""Every table, and nothing else: the schema. `records` and `queries` read and write the rows.

Instants are integer microseconds since the Unix epoch, in the project's virtual time. Every table
has an integer key of its own: public ids are unique within a project only, so that a state
document can be put into another project with its ids as they are.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

# An endpoint's name without the slug that it begins with: in these words, an index finds it.
BARE_NAME = "substr(name, instr(name, '/') + 1)"


def _instant() -> Any:
    return Field(default=0, sa_column=Column(BigInteger, nullable=False))


def _instant_or_none() -> Any:
    return Field(default=None, sa_column=Column(BigInteger, nullable=True))


class ProjectRow(SQLModel, table=True):
    """A project: the unit of isolation, with its clock."""

    __tablename__ = "project"

    key: int = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    slug: str = Field(unique=True)
    organization_id: str
    seed: str
    preset: str
    # How often ids of each kind were generated; a deleted endpoint's id never comes back.
    endpoint_count: int = 0
    request_count: int = 0
    clock_base_at: int = _instant()
    clock_base_real: float
    clock_rate: float
    # The instant of the next thing due to the project as a whole.
    due_at: int | None = _instant_or_none()
    # Profiles, capacity, faults, scripts, balance, as JSON: see services.rules.
    rules: str
    # Script id -> how often it answered, as JSON.
    script_hits: str
    # The state document the project started from, as JSON, to which a reset returns.
    initial: str | None = None


class ApiKeyRow(SQLModel, table=True):
    """A bearer key, kept as its SHA-256 only."""

    __tablename__ = "api_key"

    hash: str = Field(primary_key=True)
    project_key: int = Field(foreign_key="project.key", index=True)


class EndpointRow(SQLModel, table=True):
    """An endpoint: a stable name in front of deployments. `key` also gives the creation order.

    `birth` is the generation that made it: `v1`, `v2` or `legacy`. `traffic` is its traffic split
    as JSON (see `core.routing`), empty for an endpoint whose one deployment takes everything.
    """

    __tablename__ = "endpoint"
    __table_args__ = (
        UniqueConstraint("project_key", "id"),
        UniqueConstraint("project_key", "name"),
        Index("endpoint_bare_name", "project_key", text(BARE_NAME)),
    )

    key: int = Field(default=None, primary_key=True)
    project_key: int = Field(foreign_key="project.key")
    id: str
    name: str
    birth: str
    display_name: str
    disable_prompt_cache: bool = False
    disable_speculative_decoding: bool = False
    visibility: str
    traffic: str
    etag: str
    created_at: int = _instant()
    updated_at: int = _instant()


class DeploymentRow(SQLModel, table=True):
    """A deployment of an endpoint: hardware, bounds, and where it stands in its lifecycle.

    `model` is what clients call its model, `base` the row of the catalogue that this answers as;
    `config` is empty where v1 made it; `settings` is what v2 was told of it and only shows again,
    as JSON.
    """

    __tablename__ = "deployment"
    __table_args__ = (
        Index("deployment_due", "project_key", "due_at"),
        Index("deployment_waiting", "project_key", "waiting"),
        Index("deployment_hardware", "project_key", "hardware", "allocated"),
        UniqueConstraint("endpoint_key", "id"),
        UniqueConstraint("endpoint_key", "name"),
        # A key is never used twice: a deployment's history outlives it.
        {"sqlite_autoincrement": True},
    )

    key: int = Field(default=None, primary_key=True)
    project_key: int = Field(foreign_key="project.key")
    endpoint_key: int = Field(foreign_key="endpoint.key", ondelete="CASCADE")
    id: str
    name: str
    model: str
    base: str
    config: str
    settings: str
    etag: str
    created_at: int = _instant()
    updated_at: int = _instant()
    hardware: str
    availability_zone: str | None = None
    min_replicas: int
    max_replicas: int
    inactive_timeout: int | None = None
    state: str
    since: int = _instant()
    # How often the deployment entered a state; makes each stage's jitter a draw of its own.
    step_count: int = 0
    # The instant of the next step; what that step is follows from the rest.
    due_at: int | None = _instant_or_none()
    # Since when idleness counts: the last request, or the instant it began to serve.
    active_at: int = _instant()
    waiting: bool = False
    pool: str | None = None
    allocated: int = 0
    desired_replicas: int = 0
    ready_replicas: int = 0
    # What only the simulation reads, as JSON: planned steps, replicas on their way, scaling.
    detail: str


class EventRow(SQLModel, table=True):
    """One thing that happened: a change of state, of replica counts, or of what was asked for.

    Outlives its endpoint. What happened to an endpoint as a whole has no deployment: key 0.
    """

    __tablename__ = "event"
    __table_args__ = (
        # And none by deployment: a month of traffic is some hundred thousand rows, which it would
        # make twice as expensive to write.
        Index("event_project", "project_key", "key"),
        # A stream resumes by key, so a key must never come back.
        {"sqlite_autoincrement": True},
    )

    key: int = Field(default=None, primary_key=True)
    project_key: int = Field(foreign_key="project.key", ondelete="CASCADE")
    deployment_key: int
    endpoint_id: str
    type: str
    at: int = _instant()
    from_state: str | None = None
    to_state: str | None = None
    ready: int
    desired: int
    cause: str
    # What else there is to say of it, as JSON.
    note: str | None = None


class UsageRow(SQLModel, table=True):
    """Replica-time of one endpoint on one hardware on one day, in microseconds."""

    __tablename__ = "usage"

    project_key: int = Field(foreign_key="project.key", ondelete="CASCADE", primary_key=True)
    endpoint_id: str = Field(primary_key=True)
    hardware: str = Field(primary_key=True)
    day: int = Field(primary_key=True)
    replica_time: int = _instant()
    idle_time: int = _instant()


class TrafficRow(SQLModel, table=True):
    """How much of a measure there was in one minute of a deployment's requests: see `core.meter`.

    Outlives its endpoint. What was refused before a deployment was chosen has none: key 0.
    """

    __tablename__ = "traffic"
    # What is added to most often is the table itself, in the order in which it is read.
    __table_args__ = ({"sqlite_with_rowid": False},)

    project_key: int = Field(foreign_key="project.key", ondelete="CASCADE", primary_key=True)
    endpoint_id: str = Field(primary_key=True)
    # The number of the minute since the epoch.
    minute: int = Field(primary_key=True)
    deployment_key: int = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    # Which of the measure: a status, a kind of error, the number of a step.
    which: str = Field(primary_key=True)
    amount: int = _instant()


class ModelRow(SQLModel, table=True):
    """A model of a project's own. `revisions` is JSON: what was uploaded, oldest first.

    `parameters_billion` is how many it has itself; where that is not known, its base's count.
    """

    __tablename__ = "model"
    __table_args__ = (
        UniqueConstraint("project_key", "id"),
        UniqueConstraint("project_key", "name"),
    )

    key: int = Field(default=None, primary_key=True)
    project_key: int = Field(foreign_key="project.key", ondelete="CASCADE")
    id: str
    name: str
    # `model` or `adapter`.
    kind: str
    # The id that the base was named by, and the row of the catalogue that it comes down to.
    base_id: str
    base_model: str
    description: str | None = None
    visibility: str
    revisions: str
    parameters_billion: float | None = None
    created_at: int = _instant()
    updated_at: int = _instant()


class AdapterRow(SQLModel, table=True):
    """An adapter that a deployment has loaded: one of the project's own models, by its id.

    `revision` is the one it is pinned to.
    """

    __tablename__ = "adapter"
    __table_args__ = (
        UniqueConstraint("deployment_key", "model_id"),
        UniqueConstraint("project_key", "id"),
        Index("adapter_model", "project_key", "model_id"),
    )

    key: int = Field(default=None, primary_key=True)
    project_key: int = Field(foreign_key="project.key", ondelete="CASCADE")
    deployment_key: int = Field(foreign_key="deployment.key", ondelete="CASCADE")
    id: str
    model_id: str
    revision: str
    etag: str
    created_at: int = _instant()
    updated_at: int = _instant()


class UploadRow(SQLModel, table=True):
    """A remote upload: a job whose course is known when it is made. It holds no credential.

    `type` is what its maker calls such a job; v2 has no word for it.
    """

    __tablename__ = "upload"
    __table_args__ = (
        UniqueConstraint("project_key", "id"),
        Index("upload_ends", "project_key", "ends_at"),
    )

    key: int = Field(default=None, primary_key=True)
    project_key: int = Field(foreign_key="project.key", ondelete="CASCADE")
    id: str
    type: str
    model_id: str
    # As it was given then; the model may be called otherwise since.
    model_name: str
    remote_url: str
    description: str | None = None
    # The revision that it makes, and why it fails instead, if it does: by its source, or by a
    # profile.
    revision: str
    failure: str | None = None
    reason: str | None = None
    created_at: int = _instant()
    running_at: int | None = _instant_or_none()
    ends_at: int | None = _instant_or_none()
