"""Hardware, models and presets as values, and which hardware a model can run on."""

from dataclasses import dataclass
from decimal import Decimal

from together_mock.core.lifecycle import Stage


@dataclass(frozen=True)
class Hardware:
    """One hardware configuration; memory in GB per GPU, price per replica and minute."""

    id: str
    gpu_type: str
    gpu_link: str
    gpu_memory: float
    gpu_count: int
    cents_per_minute: Decimal
    listed: bool


@dataclass(frozen=True)
class Model:
    """One row of the model catalogue.

    `engine` is the family that shapes answers: "tie" or "sglang". `reasoning` says when and where
    the model shows its thoughts: "none"; "inline", always and in the content between <think> tags;
    "field", always and in `reasoning`; "hybrid", in `reasoning` when a request asks for it.
    `dimension` is the length of an embedding model's vectors.
    """

    id: str
    display_name: str
    organization: str | None
    type: str
    context_length: int
    serverless: bool
    dedicated: bool
    parameters_billion: float
    bytes_per_parameter: float
    hardware: tuple[str, ...] | None
    engine: str
    reasoning: str
    dimension: int | None
    pricing: dict[str, float]
    created: int
    license: str | None
    link: str | None


@dataclass(frozen=True)
class Eligibility:
    """The rule for models whose hardware is not listed by name."""

    overhead: float
    gpu_types: frozenset[str]

    def allows(self, model: Model, hardware: Hardware) -> bool:
        """Whether the model's weights, with overhead, fit into the hardware's memory."""
        needed = model.parameters_billion * model.bytes_per_parameter * self.overhead
        fits = needed <= hardware.gpu_memory * hardware.gpu_count
        return fits and hardware.listed and hardware.gpu_type in self.gpu_types


@dataclass(frozen=True)
class Preset:
    """A lifecycle preset: its stages by name; None means "never by itself"."""

    name: str
    stages: dict[str, Stage | None]
