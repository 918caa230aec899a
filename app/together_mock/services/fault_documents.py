"""Faults as they are written: over the control plane, in a state document, in the store."""

from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from together_mock.core import http_faults
from together_mock.core.fault_limits import Limits
from together_mock.core.http_faults import Effect, RequestFault, Status, StreamFault
from together_mock.core.timing import LifecycleFault
from together_mock.services.fields import Document, Instant, Seconds

Chunks = Annotated[int, Field(ge=0, le=1_000_000)]
Delay = Annotated[Seconds, Field(le=http_faults.LONGEST_LATENCY)]


class _Sparse(Document):
    """A part of a document that shows what it says and nothing else."""

    @model_serializer(mode="wrap")
    def _told(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        shown: dict[str, Any] = handler(self)
        return {name: value for name, value in shown.items() if value is not None}


class FaultMatch(Document):
    """Which requests, or which endpoints' lives, a fault is for; `*` and `?` are wild.

    `endpoint` is an id, a name or a model; the others are those of requests alone.
    """

    operation: str = "*"
    method: str = "*"
    path: str = "*"
    endpoint: str = "*"


class StreamEffect(_Sparse):
    """What happens to a stream after so many chunks of it: one of the four."""

    cut_after: Chunks | None = None
    stall_after: Chunks | None = None
    stall_for: Delay | None = Field(default=None, alias="for")
    bad_chunk_after: Chunks | None = None
    error_after: Chunks | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "StreamEffect":
        ways = (self.cut_after, self.stall_after, self.bad_chunk_after, self.error_after)
        if sum(way is not None for way in ways) != 1:
            raise ValueError(
                "give exactly one of cut_after, stall_after, bad_chunk_after, error_after"
            )
        if (self.stall_after is None) != (self.stall_for is None):
            raise ValueError("stall_after and for go together")
        return self

    def value(self) -> StreamFault:
        """The effect as it is applied."""
        return StreamFault(
            cut_after=self.cut_after,
            stall_after=self.stall_after,
            stall_for=self.stall_for or 0.0,
            bad_chunk_after=self.bad_chunk_after,
            error_after=self.error_after,
        )


class FaultEffect(_Sparse):
    """What a fault does, one thing or more: to the answers of requests, or to lifecycles."""

    status: int | None = Field(
        default=None, ge=http_faults.FIRST_STATUS, le=http_faults.LAST_STATUS
    )
    type: str | None = Field(default=None, min_length=1, max_length=200)
    code: str | None = Field(default=None, min_length=1, max_length=200)
    message: str | None = Field(default=None, max_length=10_000)
    headers: dict[str, str] | None = Field(default=None, max_length=50)
    latency: Delay | None = None
    stream: StreamEffect | None = None
    reset: Literal[True] | None = None
    lifecycle: (
        Literal["stuck_pending", "start_error", "slow_start", "replica_crash", "stop_hangs"] | None
    ) = None

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        if headers is None:
            return None
        # Blanks around a value are no part of it, and servers refuse to send them.
        headers = {name: value.strip(" ") for name, value in headers.items()}
        if problem := http_faults.unfit_header(headers):
            raise ValueError(problem)
        return headers

    @model_validator(mode="after")
    def _does_something(self) -> "FaultEffect":
        ways = (self.status, self.latency, self.stream, self.reset, self.lifecycle)
        if all(way is None for way in ways):
            raise ValueError("give at least one of status, latency, stream, reset, lifecycle")
        words = (self.type, self.code, self.message, self.headers)
        if self.status is None and any(word is not None for word in words):
            raise ValueError("type, code, message and headers go with status")
        if sum(way is not None for way in (self.status, self.reset, self.stream)) > 1:
            raise ValueError("status, reset and stream exclude each other")
        return self

    @property
    def is_of_requests(self) -> bool:
        """Whether it does something to answers."""
        return any(way is not None for way in (self.status, self.latency, self.stream, self.reset))

    def value(self) -> Effect:
        """What it does to answers."""
        status = None
        if self.status is not None:
            status = Status(self.status, self.type, self.code, self.message, self.headers or {})
        return Effect(
            status=status,
            reset=self.reset is True,
            latency=self.latency,
            stream=None if self.stream is None else self.stream.value(),
        )


class NewFault(Document):
    """A fault as it is asked for."""

    match: FaultMatch = Field(default_factory=FaultMatch)
    skip: int = Field(default=0, ge=0, le=2**31 - 1)
    times: int | None = Field(default=None, ge=1, le=2**31 - 1)
    probability: float = Field(default=1.0, ge=0, le=1)
    ttl: Seconds | None = None
    effect: FaultEffect


class Fault(NewFault):
    """A fault in force, with its count."""

    # It is sent in a header.
    id: str = Field(pattern=r"^[!-~]+$", max_length=200)
    until: Instant | None = None
    seen: int = 0
    hits: int = 0

    @property
    def left(self) -> int | None:
        """How often it may still strike; None is "without end"."""
        return self.limits.left(self.hits)

    @property
    def limits(self) -> Limits:
        """How often it strikes."""
        return Limits(self.skip, self.times, self.probability, self.until)

    def of_lifecycles(self) -> LifecycleFault | None:
        """The fault as the engine takes it, if it is one of lifecycles."""
        if self.effect.lifecycle is None:
            return None
        return LifecycleFault(
            id=self.id,
            effect=self.effect.lifecycle,
            endpoint=self.match.endpoint,
            limits=self.limits,
            seen=self.seen,
            hits=self.hits,
        )

    def of_requests(self) -> RequestFault | None:
        """The fault as it is asked about a request, if it is one of requests."""
        if not self.effect.is_of_requests:
            return None
        return RequestFault(
            id=self.id,
            effect=self.effect.value(),
            method=self.match.method,
            path=self.match.path,
            operation=self.match.operation,
            endpoint=self.match.endpoint,
            limits=self.limits,
            seen=self.seen,
            hits=self.hits,
        )
