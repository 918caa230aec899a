"""Rows as values: what a query brings and an insert takes, in the order of the table's columns."""

from typing import NamedTuple


class ProjectRecord(NamedTuple):
    """A project; `rules`, `script_hits` and `initial` are JSON."""

    key: int
    id: str
    slug: str
    organization_id: str
    seed: str
    preset: str
    endpoint_count: int
    request_count: int
    clock_base_at: int
    clock_base_real: float
    clock_rate: float
    due_at: int | None
    rules: str
    script_hits: str
    initial: str | None


class EndpointRecord(NamedTuple):
    """An endpoint: what of it never depends on its lifecycle."""

    key: int
    project_key: int
    id: str
    name: str
    display_name: str
    model: str
    disable_prompt_cache: bool
    disable_speculative_decoding: bool
    created_at: int


class DeploymentRecord(NamedTuple):
    """A deployment; `detail` is JSON, whose form `services.rows` knows."""

    key: int
    project_key: int
    endpoint_key: int
    id: str
    hardware: str
    availability_zone: str | None
    min_replicas: int
    max_replicas: int
    inactive_timeout: int | None
    state: str
    since: int
    step_count: int
    due_at: int | None
    active_at: int
    waiting: bool
    pool: str | None
    allocated: int
    desired_replicas: int
    ready_replicas: int
    detail: str


Pair = tuple[EndpointRecord, DeploymentRecord]


class EventRecord(NamedTuple):
    """An event, with its number in the stream as its key."""

    key: int
    project_key: int
    deployment_key: int
    endpoint_id: str
    type: str
    at: int
    from_state: str | None
    to_state: str
    ready: int
    desired: int
    cause: str


class UsageRecord(NamedTuple):
    """A line of the ledger; times in replica-microseconds, the day as a number since the epoch."""

    project_key: int
    endpoint_id: str
    hardware: str
    day: int
    replica_time: int
    idle_time: int
