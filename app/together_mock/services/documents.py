"""The state document as a checked value: YAML or JSON in, one error naming the field out."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, ConfigDict, Field, ValidationError, model_validator

from together_mock.core.errors import MockError
from together_mock.services.fields import Document, Instant, Word
from together_mock.services.rules import CapacityDocument, Fault, PlannedCapacity, ProfileDocument
from together_mock.services.script_documents import NewScript

SLUG = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
Replicas = Annotated[int, Field(ge=1, le=1_000_000)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
# JSON has lists where these are pairs.
Batch = Annotated[tuple[Instant, Count], Field(strict=False)]


class Entry(Document):
    """A part of the state document; built when one is read, which most servers never do."""

    model_config = ConfigDict(defer_build=True)


class ProjectEntry(Entry):
    """Who the document is for."""

    slug: str | None = Field(default=None, pattern=f"^{SLUG}$")


class ClockEntry(Entry):
    """The project's clock."""

    now: Instant | None = None
    rate: float | None = Field(default=None, ge=0, le=1e6, allow_inf_nan=False)
    on_poll: Literal["none", "next"] = "none"


class AutoscalingEntry(Entry):
    """Replica bounds."""

    min_replicas: Replicas = 1
    max_replicas: Replicas = 1


class CountersEntry(Entry):
    """How many ids of each kind were generated."""

    endpoints: int = Field(default=0, ge=0, le=2**53)
    requests: int = Field(default=0, ge=0, le=2**53)
    faults: int = Field(default=0, ge=0, le=2**53)
    scripts: int = Field(default=0, ge=0, le=2**53)


class ScalingEntry(Entry):
    """What the autoscaler knows of an endpoint."""

    target: float = Field(ge=0.1, le=1e6)
    up_window: int = Field(ge=0)
    down_window: int = Field(ge=0)
    curve: str | None = None
    curve_start: Instant | None = None
    level: Count = 0
    level_until: Instant | None = None
    diverged_at: Instant | None = None
    seen: list[Batch] = Field(default_factory=list)
    decide_at: Instant | None = None

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


class EndpointEntry(Entry):
    """An endpoint; what is left out gets what creation would give."""

    id: str | None = Field(default=None, validation_alias=AliasChoices("id", "endpointId"))
    name: str | None = Field(default=None, min_length=1)
    display_name: str | None = None
    model: str = Field(min_length=1)
    hardware: str
    state: Word = "PENDING"
    autoscaling: AutoscalingEntry = Field(default_factory=AutoscalingEntry)
    inactive_timeout: int | None = Field(default=None, ge=0, le=2**31 - 1)
    availability_zone: str | None = None
    disable_prompt_cache: bool = False
    disable_speculative_decoding: bool = False
    created_at: Instant | None = None
    deployment_id: str | None = None
    progress: ProgressEntry | None = None


class ScriptEntry(NewScript):
    """A script, and how often it answered; without an id it gets one."""

    model_config = ConfigDict(defer_build=True)

    id: str | None = Field(default=None, min_length=1, max_length=200)
    hits: Count = 0


class UsageEntry(Entry):
    """What an endpoint used of a hardware on a day, in replica-microseconds."""

    endpoint: str
    hardware: str
    day: Count
    replica_time: int = Field(ge=0, le=2**62)
    idle_time: int = Field(ge=0, le=2**62)


class BillingEntry(Entry):
    """The ledger, and what is left to spend, in dollars, as of an instant."""

    balance: str | None = Field(default=None, pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,30})?$")
    # From which instant the balance counts; None is where the clock starts.
    balance_at: Instant | None = None
    usage: list[UsageEntry] = Field(default_factory=list)


class StateDocument(Entry):
    """A whole project."""

    version: Literal[1] = 1
    project: ProjectEntry | None = None
    api_key: str | None = Field(default=None, min_length=1)
    seed: str | None = Field(default=None, min_length=1, max_length=200)
    counters: CountersEntry = Field(default_factory=CountersEntry)
    clock: ClockEntry | None = None
    preset: str | None = None
    inference: Literal["instant", "realistic"] | None = None
    endpoints: list[EndpointEntry] = Field(default_factory=list)
    profiles: dict[str, ProfileDocument] = Field(default_factory=dict)
    capacity: CapacityDocument = Field(default_factory=CapacityDocument)
    planned_capacity: list[PlannedCapacity] = Field(default_factory=list)
    faults: list[Fault] = Field(default_factory=list)
    scripts: list[ScriptEntry] = Field(default_factory=list)
    billing: BillingEntry = Field(default_factory=BillingEntry)


def read_document(value: object) -> StateDocument:
    """Check a document.

    Raises:
        MockError: `unknown_field`, `missing_field` or `invalid_value`, with `param` in dotted form.
    """
    if not isinstance(value, dict):
        raise MockError("invalid_value", param="state", detail="must be a mapping")
    try:
        return StateDocument.model_validate(_without_empty_sections(value))
    except ValidationError as error:
        raise _first_error(error) from error


def read_file(text: str) -> Iterator[dict[str, Any]]:
    """The documents of a YAML or JSON text.

    Raises:
        ValueError: the text is no YAML.
    """
    # PyYAML costs start-up time, and most servers start without a state file.
    import yaml

    # The loader in C is ten times as fast; it is part of most builds.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = yaml.load_all(text, loader)
        yield from (document for document in documents if document is not None)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


# Sections of the document that a project can have only empty so far.
_EMPTY: dict[str, tuple[object, ...]] = {
    "models": ([], None),
    "jobs": ([], None),
}


def _without_empty_sections(value: dict[Any, Any]) -> dict[Any, Any]:
    for section, empty in _EMPTY.items():
        if section in value and value[section] not in empty:
            raise MockError(
                "invalid_value", param=section, detail="this version can only take it empty"
            )
    return {key: part for key, part in value.items() if key not in _EMPTY}


def _first_error(error: ValidationError) -> MockError:
    first = error.errors(include_url=False)[0]
    param = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return MockError("unknown_field", param=param)
    if first["type"] == "missing":
        return MockError("missing_field", param=param)
    return MockError("invalid_value", param=param, detail=first["msg"])
