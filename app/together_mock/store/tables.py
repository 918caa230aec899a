"""Every table, and nothing else: the schema. `records` and `queries` read and write the rows.

Instants are integer microseconds since the Unix epoch, in the project's virtual time. Every table
has an integer key of its own: public ids are unique within a project only, so that a state
document can be put into another project with its ids as they are.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel


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
    """An endpoint: a stable name in front of deployments. `key` also gives the creation order."""

    __tablename__ = "endpoint"
    __table_args__ = (
        UniqueConstraint("project_key", "id"),
        UniqueConstraint("project_key", "name"),
    )

    key: int = Field(default=None, primary_key=True)
    project_key: int = Field(foreign_key="project.key")
    id: str
    name: str
    display_name: str
    model: str
    disable_prompt_cache: bool = False
    disable_speculative_decoding: bool = False
    created_at: int = _instant()


class DeploymentRow(SQLModel, table=True):
    """A deployment of an endpoint: hardware, bounds, and where it stands in its lifecycle."""

    __tablename__ = "deployment"
    __table_args__ = (
        Index("deployment_due", "project_key", "due_at"),
        Index("deployment_waiting", "project_key", "waiting"),
        Index("deployment_hardware", "project_key", "hardware", "allocated"),
        # A key is never used twice: a deployment's history outlives it.
        {"sqlite_autoincrement": True},
    )

    key: int = Field(default=None, primary_key=True)
    project_key: int = Field(foreign_key="project.key")
    endpoint_key: int = Field(foreign_key="endpoint.key", ondelete="CASCADE", index=True)
    id: str
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
    """One thing that happened: a change of state or of replica counts. Outlives its endpoint."""

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
    to_state: str
    ready: int
    desired: int
    cause: str


class UsageRow(SQLModel, table=True):
    """Replica-time of one endpoint on one hardware on one day, in microseconds."""

    __tablename__ = "usage"

    project_key: int = Field(foreign_key="project.key", ondelete="CASCADE", primary_key=True)
    endpoint_id: str = Field(primary_key=True)
    hardware: str = Field(primary_key=True)
    day: int = Field(primary_key=True)
    replica_time: int = _instant()
    idle_time: int = _instant()
