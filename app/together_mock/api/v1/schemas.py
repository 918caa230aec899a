"""v1's wire shapes. Sources: OpenAPI 2.0.0 and the together-v1 reference, 2-4."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from together_mock.api.validation import MockKind

State = Literal["PENDING", "STARTING", "STARTED", "STOPPING", "STOPPED", "ERROR"]
DesiredState = Literal["STARTED", "STOPPED"]
# The service's own bound is not known; this one keeps a day's replica-time within 64 bits.
Replicas = Annotated[int, Field(ge=1, le=1_000_000)]
Minutes = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Autoscaling(BaseModel):
    """Bounds on the number of replicas."""

    model_config = ConfigDict(strict=True)

    min_replicas: Replicas
    max_replicas: Replicas


class AutoscalingUpdate(BaseModel):
    """New bounds; one that is absent or null keeps its value."""

    model_config = ConfigDict(strict=True)

    min_replicas: Replicas | None = None
    max_replicas: Replicas | None = None


class AutoscalingStatus(Autoscaling):
    """Bounds and current numbers of replicas."""

    current_replicas: int = Field(ge=0)
    ready_replicas: int = Field(ge=0)


class _Body(BaseModel):
    """A request body. Unknown fields are ignored, as far as is known of the service."""

    model_config = ConfigDict(strict=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_flat_bounds(cls, value: Any) -> Any:
        # The one misplacement the service is known to refuse (together-v1 reference, 1.4).
        if isinstance(value, dict):
            for name in ("min_replicas", "max_replicas"):
                if name in value:
                    raise PydanticCustomError(MockKind.FLAT_AUTOSCALING, "{param}", {"param": name})
        return value


class CreateEndpointRequest(_Body):
    """A creation."""

    model: str
    hardware: str
    autoscaling: Autoscaling | None = None
    display_name: str | None = None
    disable_prompt_cache: bool | None = Field(default=False, json_schema_extra={"deprecated": True})
    disable_speculative_decoding: bool | None = False
    state: DesiredState | None = "STARTED"
    inactive_timeout: Minutes | None = None
    availability_zone: str | None = None


class UpdateEndpointRequest(_Body):
    """An update; a field that is absent or null is left alone."""

    display_name: str | None = None
    state: DesiredState | None = None
    autoscaling: AutoscalingUpdate | None = None
    inactive_timeout: Minutes | None = None


class Answer(BaseModel):
    """An answer whose constants are always there, and documented so."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class DedicatedEndpoint(Answer):
    """A dedicated endpoint in full."""

    object: Literal["endpoint"] = "endpoint"
    id: str
    name: str
    display_name: str
    model: str
    hardware: str
    type: Literal["dedicated"] = "dedicated"
    owner: str
    state: State
    autoscaling: AutoscalingStatus
    inactive_timeout: int | None = Field(ge=0)
    availability_zone: str | None
    created_at: str = Field(json_schema_extra={"format": "date-time"})


class ListEndpoint(Answer):
    """An endpoint as a row of the list."""

    object: Literal["endpoint"] = "endpoint"
    id: str
    name: str
    model: str
    type: Literal["serverless", "dedicated"]
    owner: str
    state: State
    created_at: str = Field(json_schema_extra={"format": "date-time"})


class EndpointList(Answer):
    """Endpoints, newest first."""

    object: Literal["list"] = "list"
    data: list[ListEndpoint]


class AvailabilityZones(BaseModel):
    """The names of the zones."""

    avzones: list[str]


class HardwarePricing(BaseModel):
    """US cents per minute of running time; input and output are the 2024 API's, and always 0."""

    input: Literal[0]
    output: Literal[0]
    cents_per_minute: float


class HardwareSpec(BaseModel):
    """Memory is in gigabytes per GPU."""

    gpu_type: str
    gpu_link: str
    gpu_memory: float
    gpu_count: int


class HardwareAvailability(BaseModel):
    """Whether the model can be deployed here now."""

    status: Literal["available", "unavailable", "insufficient"]


class HardwareWithStatus(BaseModel):
    """A hardware configuration; `availability` only when a model was given.

    `name` is the 2024 API's word for the id.
    """

    object: Literal["hardware"]
    id: str
    name: str
    pricing: HardwarePricing
    specs: HardwareSpec
    availability: HardwareAvailability = Field(default=None)  # type: ignore[assignment]
    updated_at: str = Field(json_schema_extra={"format": "date-time"})


class HardwareList(Answer):
    """Hardware configurations in catalogue order."""

    object: Literal["list"] = "list"
    data: list[HardwareWithStatus]


class ModelConfig(BaseModel):
    """Chat template and special tokens."""

    chat_template: str | None
    stop: list[str]
    bos_token: str | None
    eos_token: str | None


class Pricing(BaseModel):
    """US dollars; token prices per million tokens."""

    hourly: float
    input: float
    output: float
    base: float
    finetune: float
    cached_input: float = Field(default=None)  # type: ignore[assignment]


class ModelInfo(BaseModel):
    """A row of the model catalogue."""

    model_config = ConfigDict(protected_namespaces=())

    id: str
    uuid: str = Field(default=None)  # type: ignore[assignment]
    object: Literal["model"]
    created: int
    type: Literal[
        "chat",
        "language",
        "code",
        "image",
        "embedding",
        "moderation",
        "rerank",
        "audio",
        "transcribe",
        "video",
    ]
    running: bool
    display_name: str
    organization: str = Field(default=None)  # type: ignore[assignment]
    link: str = Field(default=None)  # type: ignore[assignment]
    license: str = Field(default=None)  # type: ignore[assignment]
    context_length: int = Field(default=None)  # type: ignore[assignment]
    config: ModelConfig
    pricing: Pricing


class AutoscaleModel(BaseModel):
    """The name of a deployable model."""

    name: str


class Whoami(BaseModel):
    """The identity of a key, flat."""

    api_key_id: str
    project_id: str
    project_name: str
    project_slug: str
    organization_id: str
    organization_name: str
    # Never known here: every key is a project's. The service documents it as optional.
    user_id: str = Field(default=None)  # type: ignore[assignment]


class Identified(BaseModel):
    """Something with an id."""

    id: str


class Organization(Identified):
    """An organization."""

    name: str


class ProjectIdentity(Organization):
    """A project."""

    slug: str


class ProjectApiKeyIdentity(Answer):
    """The identity of a project's key: one kind of v3's union."""

    type: Literal["project_api_key"] = "project_api_key"
    api_key: Identified
    organization: Organization
    project: ProjectIdentity


class ListedProject(ProjectIdentity):
    """A project with its organization."""

    organization_id: str
    organization_name: str


class ProjectList(Answer):
    """Projects."""

    object: Literal["list"] = "list"
    data: list[ListedProject]
    next_cursor: str | None = None
