"""What a test sets up for a project: profiles, capacity, faults, scripts, balance, polling.

The same models read the control plane's requests, the state document and the stored column.
"""

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from together_mock.core.capacity import Capacity, Pool
from together_mock.core.clock import SECOND
from together_mock.core.lifecycle import Stage
from together_mock.core.limits import Limits, Window
from together_mock.core.profiles import JobStage, Profile, ProfileStage
from together_mock.core.states import FROM_V1
from together_mock.services.fault_documents import Fault
from together_mock.services.fields import Document, Instant, Seconds


class Select(Document):
    """Which deployments a profile is for; `*` and `?` are wild."""

    model: str = "*"
    hardware: str = "*"
    zone: str = "*"


# Where a stage may lead: never back, so that no profile goes round in circles.
_LEADS_TO: dict[str, tuple[str, ...]] = {
    "PENDING": ("STARTING", "STARTED", "STOPPED", "ERROR"),
    "STARTING": ("STARTED", "STOPPING", "STOPPED", "ERROR"),
    "STOPPING": ("STOPPED", "ERROR"),
    "Queued": ("Running",),
    "Running": ("Complete", "Failed"),
}
# The statuses of an upload job among them.
_OF_JOBS = ("Queued", "Running")


_Target = Literal[
    "PENDING",
    "STARTING",
    "STARTED",
    "STOPPING",
    "STOPPED",
    "ERROR",
    "Running",
    "Complete",
    "Failed",
]


class StageDocument(Document):
    """A way out of a state, or of an upload job's status; without `after` it is never taken."""

    from_state: Literal["PENDING", "STARTING", "STOPPING", "Queued", "Running"] = Field(
        alias="from"
    )
    to: _Target
    after: Seconds | None = None
    jitter: Seconds = 0.0
    weight: float = Field(default=1.0, gt=0, le=1e9)
    reason: str | None = None

    @field_validator("to")
    @classmethod
    def _leads_on(cls, to: str, info: ValidationInfo) -> str:
        ways = _LEADS_TO.get(info.data.get("from_state", ""), (to,))
        if to not in ways:
            raise ValueError(f"must be one of {', '.join(ways)}")
        return to

    @property
    def length(self) -> Stage | None:
        """How long it takes until the way is gone."""
        return None if self.after is None else Stage(self.after, self.jitter)


class ProfileDocument(Document):
    """Timings by selector; the first match by priority, then by name, is used."""

    select: Select = Field(default_factory=Select)
    priority: int = 0
    stages: list[StageDocument]

    def value(self, name: str) -> Profile:
        """The profile as the engine takes it."""
        return Profile(
            name=name,
            stages=tuple(
                _stage(stage) for stage in self.stages if stage.from_state not in _OF_JOBS
            ),
            jobs=tuple(_job_stage(stage) for stage in self.stages if stage.from_state in _OF_JOBS),
            model=self.select.model,
            hardware=self.select.hardware,
            zone=self.select.zone,
            priority=self.priority,
        )


def _job_stage(document: StageDocument) -> JobStage:
    reason = document.reason or "The import failed"
    return JobStage(
        running=document.from_state == "Running",
        stage=document.length,
        weight=document.weight,
        reason=reason if document.to == "Failed" else None,
    )


def _stage(document: StageDocument) -> ProfileStage:
    return ProfileStage(
        from_state=FROM_V1[document.from_state],
        to_state=FROM_V1[document.to],
        stage=document.length,
        weight=document.weight,
        reason=document.reason,
    )


class PoolDocument(Document):
    """Replicas of one hardware in one zone; without a zone, in any."""

    hardware: str
    zone: str | None = None
    replicas: int = Field(ge=0, le=2**31 - 1)


class CapacityDocument(Document):
    """The pools; hardware without one is unlimited."""

    pools: list[PoolDocument] = Field(default_factory=list)
    on_exhausted: Literal["queue", "reject"] = "queue"

    def value(self) -> Capacity:
        """The pools as the engine takes them, nothing in use."""
        pools = [Pool(pool.hardware, pool.zone, pool.replicas) for pool in self.pools]
        return Capacity(pools, self.on_exhausted)


class PlannedCapacity(Document):
    """Pools that come into force at an instant."""

    at: Instant
    capacity: CapacityDocument


class LimitsDocument(Document):
    """What may be asked of serverless models in a minute of the project's clock."""

    requests_per_minute: int | None = Field(default=None, ge=0, le=2**31 - 1)
    tokens_per_minute: int | None = Field(default=None, ge=0, le=2**53)

    def value(self) -> Limits | None:
        """The limits as inference takes them; None where there are none."""
        if self.requests_per_minute is None and self.tokens_per_minute is None:
            return None
        return Limits(self.requests_per_minute, self.tokens_per_minute)


# Seconds, by preset; at once under the others. Source: 10 to 60 s (together-v2 reference, 5).
PROPAGATION = {"realistic": 30.0}


class Rules(Document):
    """Everything that a test set up for a project."""

    profiles: dict[str, ProfileDocument] = Field(default_factory=dict)
    capacity: CapacityDocument = Field(default_factory=CapacityDocument)
    planned: list[PlannedCapacity] = Field(default_factory=list)
    faults: list[Fault] = Field(default_factory=list)
    fault_count: int = 0
    # As `StoredScript.document` writes them: null there says something else than nothing does.
    scripts: list[dict[str, Any]] = Field(default_factory=list)
    script_count: int = 0
    # What is left to spend, in billing units, as of an instant; None is "no limit".
    balance: int | None = None
    balance_at: int = 0
    on_poll: Literal["none", "next"] = "none"
    # How long routers take to go by another traffic split; None leaves it to the preset.
    propagation: Seconds | None = None
    # How fast models answer; None leaves it to the preset.
    inference: Literal["instant", "realistic"] | None = None
    limits: LimitsDocument = Field(default_factory=LimitsDocument)
    # What was asked of serverless models in the last minute in which they were asked anything.
    window: Window = Window()

    def propagation_delay(self, preset: str) -> int:
        """How long routers take to go by another traffic split (microseconds)."""
        seconds = PROPAGATION.get(preset, 0.0) if self.propagation is None else self.propagation
        return round(seconds * SECOND)

    @property
    def bind(self) -> bool:
        """Whether one endpoint's doings can concern all others, or a read moves the clock."""
        return bool(
            self.capacity.pools
            or self.planned
            or self.balance is not None
            or self.on_poll != "none"
        )


def ttl_end(ttl: float | None, now: int) -> int | None:
    """The instant at which a fault made now ends."""
    return None if ttl is None else now + round(ttl * SECOND)
