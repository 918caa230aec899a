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
    """An endpoint: what of it never depends on a lifecycle; `traffic` is JSON, or empty."""

    key: int
    project_key: int
    id: str
    name: str
    birth: str
    display_name: str
    disable_prompt_cache: bool
    disable_speculative_decoding: bool
    visibility: str
    traffic: str
    etag: str
    created_at: int
    updated_at: int


class DeploymentRecord(NamedTuple):
    """A deployment; `settings` and `detail` are JSON, whose forms services know."""

    key: int
    project_key: int
    endpoint_key: int
    id: str
    name: str
    model: str
    base: str
    config: str
    settings: str
    etag: str
    created_at: int
    updated_at: int
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
    """An event, with its number in the stream as its key; `note` is JSON."""

    key: int
    project_key: int
    deployment_key: int
    endpoint_id: str
    type: str
    at: int
    from_state: str | None
    to_state: str | None
    ready: int
    desired: int
    cause: str
    note: str | None


class UsageRecord(NamedTuple):
    """A line of the ledger; times in replica-microseconds, the day as a number since the epoch."""

    project_key: int
    endpoint_id: str
    hardware: str
    day: int
    replica_time: int
    idle_time: int


class TrafficRecord(NamedTuple):
    """How much of a measure there was in one minute of a deployment's requests."""

    project_key: int
    endpoint_id: str
    minute: int
    deployment_key: int
    measure: str
    which: str
    amount: int


class ModelRecord(NamedTuple):
    """A model of a project's own; `revisions` is JSON, whose form `services.models` knows."""

    key: int | None
    project_key: int
    id: str
    name: str
    kind: str
    base_id: str
    base_model: str
    description: str | None
    visibility: str
    revisions: str
    parameters_billion: float | None
    created_at: int
    updated_at: int


class AdapterRecord(NamedTuple):
    """An adapter that a deployment has loaded, with the revision that it is pinned to."""

    key: int | None
    project_key: int
    deployment_key: int
    id: str
    model_id: str
    revision: str
    etag: str
    created_at: int
    updated_at: int


class UploadRecord(NamedTuple):
    """A remote upload; instants that are None never come."""

    key: int | None
    project_key: int
    id: str
    type: str
    model_id: str
    model_name: str
    remote_url: str
    description: str | None
    revision: str
    failure: str | None
    reason: str | None
    created_at: int
    running_at: int | None
    ends_at: int | None
