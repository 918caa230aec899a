"""The control plane's wire shapes. Requests refuse unknown fields."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from together_mock.services.fault_documents import Fault
from together_mock.services.fields import Instant, Seconds, Word
from together_mock.services.rules import CapacityDocument, PlannedCapacity, PoolDocument
from together_mock.services.state import Resettable


def _number_or_text(value: Any) -> Any:
    # Refused here, or pydantic would name the union's branch as if it were a field.
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be seconds as a number, or text such as 90s")
    return value


Duration = Annotated[float | str, BeforeValidator(_number_or_text)]


class Request(BaseModel):
    """A request: strict, and without unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Reset(Request):
    """What to bring back; nothing named means everything."""

    only: list[Resettable] | None = None


class ResetDone(BaseModel):
    """What was brought back."""

    reset: list[Resettable]


class Preset(Request):
    """A lifecycle preset, and how fast models answer; without `inference` the preset says that."""

    preset: str
    inference: Literal["instant", "realistic"] | None = None


class Routing(Request):
    """How long routers take to go by another split; null leaves it to the preset."""

    propagation: Duration | None


class SetClock(Request):
    """A new instant, a new rate (virtual seconds per real second; 0 is frozen), or both."""

    now: str | None = None
    rate: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = None
    on_poll: Literal["none", "next"] | None = None


class Clock(BaseModel):
    """The clock, and the next instant at which something is due."""

    now: str
    rate: float
    next_due: str | None
    on_poll: Literal["none", "next"]


class Until(Request):
    """An endpoint and the state it is to enter."""

    endpoint: str
    state: Word


class AdvanceClock(Request):
    """One of `by`, `to`, `next`, `until`; `limit` goes with `until`."""

    by: Duration | None = None
    to: str | None = None
    next: Annotated[int, Field(ge=1, le=1_000)] | None = None
    until: Until | None = None
    limit: Duration | None = None


class Transition(BaseModel):
    """One change of state that an advance ran."""

    model_config = ConfigDict(populate_by_name=True)

    at: str
    endpoint: str
    deployment: str
    from_state: Word = Field(alias="from")
    to: Word
    cause: str


class Advanced(BaseModel):
    """Where the clock was, where it is, and what happened in between."""

    model_config = ConfigDict(populate_by_name=True)

    from_at: str = Field(alias="from")
    now: str
    transitions: list[Transition]


class Project(BaseModel):
    """Who the caller is."""

    id: str
    slug: str
    organization_id: str
    api_key_id: str | None


class Health(BaseModel):
    """The process serves."""

    status: Literal["ok"] = "ok"
    version: str


class Ready(BaseModel):
    """Everything that was to be applied at the start has been."""

    ready: Literal[True] = True


class PutCapacity(CapacityDocument):
    """Pools, and the instant at which they come into force; without one, now."""

    # To be said, or a slip would make all hardware unlimited.
    pools: list[PoolDocument]
    at: Instant | None = None


class PoolShown(PoolDocument):
    """A pool with its use."""

    used: int
    free: int
    status: Literal["available", "insufficient", "unavailable"]


class CapacityShown(BaseModel):
    """The pools in force, and those to come."""

    pools: list[PoolShown]
    on_exhausted: Literal["queue", "reject"]
    planned: list[PlannedCapacity]


class FaultShown(Fault):
    """A fault with what is left of it."""

    remaining: int | None


class Faults(BaseModel):
    """The faults in force."""

    data: list[FaultShown]


class PutLoad(Request):
    """A synthetic load on an endpoint, and how the autoscaler answers to it."""

    endpoint: str
    curve: str | None
    target: Annotated[float, Field(ge=0.1, le=1e6)] | None = None
    scale_up_window: Seconds | None = None
    scale_down_window: Seconds | None = None


class Force(Request):
    """A state to put an endpoint into, and why."""

    to: Word
    reason: str | None = None


class Hold(Request):
    """The state to park an endpoint before."""

    before: Word


class NextStep(BaseModel):
    """Where an endpoint goes next, and when."""

    to: Word
    at: str


class Past(BaseModel):
    """A change of state."""

    model_config = ConfigDict(populate_by_name=True)

    at: str
    from_state: Word | None = Field(alias="from")
    to: Word
    cause: str


class ReplicaCounts(BaseModel):
    """Replica counts from an instant on."""

    at: str
    ready: int
    desired: int
    cause: str


class Timeline(BaseModel):
    """Where an endpoint stands, what comes next and why, and what happened so far."""

    state: Word
    next: NextStep | None
    why: str
    history: list[Past]
    replicas: list[ReplicaCounts]
    in_flight: list[int]


class WaitFor(Request):
    """Which event to wait for, after which number, and for how long in real time."""

    type: Literal[
        "*",
        "endpoint.state_changed",
        "endpoint.scaled",
        "fault.struck",
        "billing.stopped",
        "endpoint.created",
        "endpoint.updated",
        "endpoint.deleted",
        "deployment.updated",
        "deployment.deleted",
    ] = "*"
    endpoint: str | None = None
    to: Word | None = None
    after: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = 0
    timeout: Annotated[Seconds, Field(le=3600)] = 2.0


State = dict[str, Any]
