"""Rows as values: what a query brings and an insert takes, in the order of the table's columns."""

from typing import NamedTuple


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
