"""The state document as a checked value: YAML or JSON in, one error naming the field out."""

from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from together_mock.core.errors import MockError
from together_mock.core.limits import Window
from together_mock.services.adapter_documents import Adapter
from together_mock.services.birth import LEGACY
from together_mock.services.fault_documents import Fault
from together_mock.services.fields import Entry, Instant, Seconds, Word
from together_mock.services.job_documents import JobEntry
from together_mock.services.model_documents import ModelEntry
from together_mock.services.progress_documents import Count, ProgressEntry
from together_mock.services.rules import (
    CapacityDocument,
    LimitsDocument,
    PlannedCapacity,
    ProfileDocument,
)
from together_mock.services.script_documents import NewScript
from together_mock.services.v2.documents import RoutedEntry, is_routed

SLUG = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
Replicas = Annotated[int, Field(ge=1, le=1_000_000)]


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


class MinuteEntry(Entry):
    """What was asked of serverless models in a minute, by its number since the epoch."""

    number: int = Field(ge=0, le=2**53)
    requests: int = Field(ge=0, le=2**53)
    tokens: int = Field(ge=0, le=2**53)

    def value(self) -> Window:
        """The minute as limits take it."""
        return Window(self.number, self.requests, self.tokens)


class CountersEntry(Entry):
    """How many ids of each kind were generated, and what counts for rate limits."""

    endpoints: int = Field(default=0, ge=0, le=2**53)
    requests: int = Field(default=0, ge=0, le=2**53)
    faults: int = Field(default=0, ge=0, le=2**53)
    scripts: int = Field(default=0, ge=0, le=2**53)
    minute: MinuteEntry | None = None


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
    adapters: list[Adapter] = Field(default_factory=list)
    # What of a model of the project's own it was made from, where its name alone does not tell.
    base: str | None = Field(default=None, min_length=1)
    model_id: str | None = Field(default=None, min_length=1)
    revision: str | None = Field(default=None, min_length=1)
    progress: ProgressEntry | None = None
    # The generation that made it. The 2024 API starts nothing by creating it.
    birth: Literal["v1", "legacy"] = "v1"

    @model_validator(mode="before")
    @classmethod
    def _begin_as_created(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("birth") == LEGACY:
            return {"state": "STOPPED", **value}
        return value


# The tags stand in the paths of errors, from which they are taken out.
_FLAT, _ROUTED = "one deployment", "any deployments"
AnyEndpointEntry = Annotated[
    Annotated[EndpointEntry, Tag(_FLAT)] | Annotated[RoutedEntry, Tag(_ROUTED)],
    Discriminator(lambda value: _ROUTED if is_routed(value) else _FLAT),
]


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
    propagation: Seconds | None = None
    endpoints: list[AnyEndpointEntry] = Field(default_factory=list)
    models: list[ModelEntry] = Field(default_factory=list)
    jobs: list[JobEntry] = Field(default_factory=list)
    profiles: dict[str, ProfileDocument] = Field(default_factory=dict)
    capacity: CapacityDocument = Field(default_factory=CapacityDocument)
    planned_capacity: list[PlannedCapacity] = Field(default_factory=list)
    faults: list[Fault] = Field(default_factory=list)
    limits: LimitsDocument = Field(default_factory=LimitsDocument)
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


# Sections that may stand there with nothing in them.
_LISTS = ("models", "jobs")


def _without_empty_sections(value: dict[Any, Any]) -> dict[Any, Any]:
    return {key: part for key, part in value.items() if not (key in _LISTS and part is None)}


def _first_error(error: ValidationError) -> MockError:
    first = error.errors(include_url=False)[0]
    param = ".".join(str(part) for part in first["loc"] if part not in (_FLAT, _ROUTED))
    if first["type"] == "extra_forbidden":
        return MockError("unknown_field", param=param)
    if first["type"] == "missing":
        return MockError("missing_field", param=param)
    return MockError("invalid_value", param=param, detail=first["msg"])
