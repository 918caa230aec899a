"""Faults of requests: which strike one, and what they do to its answer.

Faults are asked in the order in which they were set. Each gives what no earlier one has given: an
answer of its own (a status or a reset), a latency, a fault of the stream.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from together_mock.core.errors import MockError
from together_mock.core.fault_limits import ALWAYS, Limits
from together_mock.core.instants import parse_duration
from together_mock.core.wildcards import is_like

# Seconds; whoever waits longer has a timeout.
LONGEST_LATENCY = 3600.0
FIRST_STATUS, LAST_STATUS = 400, 599
# By what an answer says that a header of its request asked for it.
BY_HEADER = "header"
HEADER, LATENCY_HEADER = "X-Mock-Fault", "X-Mock-Latency"
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
# Signs of the names and values of a fault's headers together.
_MOST_OF_HEADERS = 8_000
# Headers that say how an answer is sent, which is not for a fault to say.
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "content-type"})


@dataclass(frozen=True)
class Status:
    """An error as the answer; what is None is filled in by the status."""

    status: int
    type: str | None = None
    code: str | None = None
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StreamFault:
    """What happens to a stream after so many chunks; None is "nothing"."""

    cut_after: int | None = None
    stall_after: int | None = None
    stall_for: float = 0.0
    bad_chunk_after: int | None = None
    error_after: int | None = None


@dataclass(frozen=True)
class Effect:
    """What faults do to one answer; `faults` are the ids of those that do."""

    status: Status | None = None
    reset: bool = False
    latency: float | None = None
    stream: StreamFault | None = None
    faults: tuple[str, ...] = ()

    @property
    def answers(self) -> bool:
        """Whether the service is not asked at all."""
        return self.reset or self.status is not None

    def joined(self, later: "Effect") -> "Effect":
        """This, and of another what this does not do."""
        mine = self.answers
        return Effect(
            status=self.status if mine else later.status,
            reset=self.reset if mine else later.reset,
            latency=later.latency if self.latency is None else self.latency,
            stream=self.stream or later.stream,
            faults=self.faults + later.faults,
        )

    def adds(self, later: "Effect") -> bool:
        """Whether another does something that this does not."""
        return (
            (later.answers and not self.answers)
            or (later.latency is not None and self.latency is None)
            or (later.stream is not None and self.stream is None and not self.answers)
        )


class InjectedError(MockError):
    """The answer that a fault gives: a case of the catalogue, in words of its own."""

    def __init__(self, told: Status, case: str, values: Mapping[str, object]) -> None:
        super().__init__(case)
        self.values = dict(values)
        self.told = told


class Subject(NamedTuple):
    """A request that a fault may strike, at an instant of a project's clock.

    `operation` is found when a fault asks for it; `names` are the id, the name and the model of the
    request's endpoint.
    """

    method: str
    path: str
    operation: Callable[[], str | None]
    names: Sequence[str]
    stream: bool
    at: int
    seed: str


@dataclass(frozen=True)
class RequestFault:
    """A fault of requests as it was set; `seen` and `hits` are as of then."""

    id: str
    effect: Effect
    method: str = "*"
    path: str = "*"
    operation: str = "*"
    endpoint: str = "*"
    limits: Limits = ALWAYS
    seen: int = 0
    hits: int = 0

    def matches(self, subject: Subject) -> bool:
        """Whether the fault is for a request."""
        if self.effect.stream is not None and not subject.stream:
            return False
        if self.method != "*" and self.method.upper() != subject.method:
            return False
        if self.path != "*" and not is_like(subject.path, self.path):
            return False
        if self.operation != "*" and not is_like(subject.operation() or "", self.operation):
            return False
        return self.endpoint == "*" or any(is_like(name, self.endpoint) for name in subject.names)


# Fault id -> how often it was met, and how often it struck, since it was set.
Counts = dict[str, tuple[int, int]]


def strike(
    faults: Sequence[RequestFault],
    counts: Counts,
    subject: Subject,
    effect: Effect,
) -> Effect:
    """What faults do to a request beside an `effect` it has already, each counted in `counts`."""
    for fault in faults:
        seen, hits = counts.get(fault.id, (0, 0))
        if not effect.adds(fault.effect) or fault.limits.are_over(fault.hits + hits, subject.at):
            continue
        if not fault.matches(subject):
            continue
        met = fault.seen + seen + 1
        struck = fault.limits.let_strike(subject.seed, fault.id, met)
        counts[fault.id] = (seen + 1, hits + struck)
        if struck:
            effect = effect.joined(replace(fault.effect, faults=(fault.id,)))
    return effect


def asked_for(fault: str | None, latency: str | None) -> Effect:
    """What a request asks for itself in its headers, such as `429;retry-after=2` and `200ms`.

    Raises:
        MockError: `invalid_value`, `bad_duration`, `out_of_range`, naming the header.
    """
    if fault is None and latency is None:
        return Effect()
    effect = Effect() if fault is None else _read(fault)
    if latency is not None:
        seconds = parse_duration(latency, LATENCY_HEADER)
        if seconds > LONGEST_LATENCY:
            detail = f"at most {LONGEST_LATENCY:g} seconds"
            raise MockError("out_of_range", param=LATENCY_HEADER, detail=detail)
        effect = replace(effect, latency=seconds)
    return replace(effect, faults=(BY_HEADER,))


def _read(text: str) -> Effect:
    first, *parameters = [part.strip() for part in text.split(";")]
    if first.lower() == "reset" and not parameters:
        return Effect(reset=True)
    if not (first.isascii() and first.isdigit() and _is_status(int(first[:4]))):
        detail = f"must begin with a status from {FIRST_STATUS} to {LAST_STATUS}, or be reset"
        raise MockError("invalid_value", param=HEADER, detail=detail)
    told: dict[str, str] = {}
    headers: dict[str, str] = {}
    for parameter in parameters:
        name, equals, value = (part.strip() for part in parameter.partition("="))
        if not equals or not value:
            detail = f"{parameter!r} is not NAME=VALUE"
            raise MockError("invalid_value", param=HEADER, detail=detail)
        (told if name in ("type", "code", "message") else headers)[name] = value
    problem = unfit_header(headers)
    if problem:
        raise MockError("invalid_value", param=HEADER, detail=problem)
    return Effect(status=Status(int(first), headers=headers, **told))


def _is_status(number: int) -> bool:
    return FIRST_STATUS <= number <= LAST_STATUS


def unfit_header(headers: Mapping[str, str]) -> str:
    """Why headers cannot be sent; empty where they can."""
    if sum(len(name) + len(value) for name, value in headers.items()) > _MOST_OF_HEADERS:
        return f"headers have more than {_MOST_OF_HEADERS} characters"
    for name, value in headers.items():
        if not name or not set(name.lower()) <= _TOKEN:
            return f"{name!r} is not the name of a header"
        if name.lower() in _OURS:
            return f"{name} is set by the server"
        if any(not (sign.isprintable() and sign.isascii()) for sign in value):
            return f"the value of {name} has characters that headers cannot have"
    return ""
