"""How far an endpoint is, as the state document says it."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from together_mock.core.autoscaling import HIGHEST_TARGET, LEAST_TARGET
from together_mock.services.fields import Entry, Instant, Word

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
# JSON has lists where these are pairs.
Batch = Annotated[tuple[Instant, Count], Field(strict=False)]
Move = Annotated[tuple[Instant, int], Field(strict=False)]


class ScalingEntry(Entry):
    """What the autoscaler knows of an endpoint."""

    target: float = Field(ge=LEAST_TARGET, le=HIGHEST_TARGET)
    up_window: int = Field(ge=0)
    down_window: int = Field(ge=0)
    curve: str | None = None
    curve_start: Instant | None = None
    level: Count = 0
    level_until: Instant | None = None
    diverged_at: Instant | None = None
    seen: list[Batch] = Field(default_factory=list)
    decide_at: Instant | None = None
    moves: list[Move] = Field(default_factory=list)

    @model_validator(mode="after")
    def _curve_has_a_start(self) -> Self:
        if (self.curve is None) != (self.curve_start is None):
            raise ValueError("curve and curve_start go together")
        return self


class ProgressEntry(Entry):
    """How far an endpoint is: what `GET /_mock/state` shows so that nothing is lost by `PUT`."""

    since: Instant
    steps: Count
    next_at: Instant | None = None
    next_state: Word | None = None
    next_cause: str = ""
    cause: str = ""
    struck: str = ""
    hold_before: Word | None = None
    arrived_at: Instant = 0
    waiting: bool = False
    pool: str | None = None
    allocated: Count = 0
    desired: Count = 0
    ready: Count = 0
    starting: list[Batch] = Field(default_factory=list)
    draining: list[Batch] = Field(default_factory=list)
    active_at: Instant = 0
    active_until: Instant = 0
    billed_at: Instant = 0
    scaling: ScalingEntry | None = None

    @model_validator(mode="before")
    @classmethod
    def _counts_from_its_state(cls, value: Any) -> Any:
        # Any earlier instant would bill, and find idle, a time in which it was not in this state.
        if isinstance(value, dict) and "since" in value:
            return dict.fromkeys(("arrived_at", "active_at", "billed_at"), value["since"]) | value
        return value

    @model_validator(mode="after")
    def _step_has_a_target(self) -> Self:
        if (self.next_at is None) != (self.next_state is None):
            raise ValueError("next_at and next_state go together")
        return self
