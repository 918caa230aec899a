"""What the platform itself publishes for v2: its models, their configs, the hardware they run on.

Ids are hashes without a seed, so that they are the same on every server.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from together_mock.core import ids
from together_mock.core.catalog import Hardware, Model
from together_mock.core.clock import SECOND
from together_mock.core.latency import Physics

# The project that owns what the platform publishes, and its organization.
PROJECT_ID = ids.prefixed("proj", "", "platform")
ORGANIZATION_ID = ids.prefixed("org", "", "platform")
SLUG = "together"

BALANCED = "balanced"
NO_ADAPTERS = "disabled"
# Bytes per parameter -> the format that weights of such a size are in.
_QUANTIZATION = {2: "BF16", 1: "FP8", 0.5: "FP4"}
# When the platform published what the catalogue has no date for: 2025-01-01, in seconds.
_PUBLISHED = 1_735_689_600
# What a benchmark asks for.
_BENCHMARK_TOKENS = 1000
_RESOURCE = re.compile(r"projects/([^/\s]+)/(models|configs)/([^/\s]+)(?:/revisions/([^/\s]+))?")


class Resource(NamedTuple):
    """What a resource name names: `projects/P/models/M[/revisions/R]`, `projects/P/configs/C`."""

    project: str
    kind: str
    id: str
    revision: str | None


def parse_resource(text: str) -> Resource | None:
    """Read a resource name of a model or a config; None where the text is none."""
    match = _RESOURCE.fullmatch(text)
    return Resource(*match.groups()) if match else None


@dataclass(frozen=True)
class Gpu:
    """What v2 calls a kind of GPU, and its price; no price of its own is v1's.

    `gpu_type` is v1's name of it, `accelerator` v2's, as in the name of an instance type.
    """

    gpu_type: str
    name: str
    accelerator: str
    memory_gib: int
    cents_per_hour: int | None
    listed: bool


@dataclass(frozen=True)
class InstanceType:
    """GPU hardware that one replica of a deployment runs on; the price is in US cents per hour.

    `hardware` is the id of the same hardware in v1's catalogue, by which pools and clocks know it.
    One that is not `listed` is no longer offered, but known by its id and name.
    """

    id: str
    name: str
    description: str
    gpu_type: str
    gpu_count: int
    gpu_memory_gib: int
    cents_per_hour: int
    hardware: str
    gpu_name: str
    accelerator: str
    listed: bool


@dataclass(frozen=True)
class Config:
    """An immutable config revision: how one model runs on one instance type.

    `model` is the catalogue's id, `instance_type` a name. `published` ones are listed and make the
    profiles of the catalogue; others exist only so that whatever v1 can place has a config.
    `adapter_mode` is "dynamic", "fixed" or "disabled".
    """

    id: str
    model: str
    instance_type: str
    optimization: str
    quantization: str
    parallelism: str
    published: bool
    adapter_mode: str = NO_ADAPTERS

    @property
    def resource(self) -> str:
        """The resource name, by which a deployment asks for it."""
        return f"projects/{PROJECT_ID}/configs/{self.id}"


@dataclass(frozen=True)
class PlatformModel:
    """A model that the platform owns: its ids in v2, and its row of the catalogue."""

    id: str
    revision: str
    architecture: str
    model: Model

    @property
    def resource(self) -> str:
        """The resource name, without a revision."""
        return f"projects/{PROJECT_ID}/models/{self.id}"

    @property
    def published_at(self) -> int:
        """The instant at which it was published (microseconds)."""
        return (self.model.created or _PUBLISHED) * SECOND


@dataclass(frozen=True)
class Publication:
    """How a published config differs from what follows from its model and its hardware."""

    hardware: str
    optimization: str
    adapter_mode: str


@dataclass(frozen=True)
class Benchmark:
    """How fast a model answers alone: tokens per second, and the time to the first, in ms."""

    tokens_per_second: float
    first_token_ms: int


def stranger(name: str) -> Model:
    """A row for a model that is in no catalogue."""
    return Model(
        id=name,
        display_name=name,
        organization=None,
        type="chat",
        context_length=0,
        serverless=False,
        dedicated=True,
        parameters_billion=0,
        bytes_per_parameter=2,
        hardware=None,
        engine="tie",
        reasoning="none",
        dimension=None,
        pricing={},
        created=0,
        license=None,
        link=None,
    )


def platform_model(model: Model) -> PlatformModel:
    """A row of the catalogue with its ids."""
    return PlatformModel(
        id=ids.prefixed("ml", "", model.id),
        revision=ids.prefixed("rv", "", model.id),
        architecture=ids.prefixed("arch", "", model.id),
        model=model,
    )


def instance_types(hardware: Iterable[Hardware], gpus: dict[str, Gpu]) -> list[InstanceType]:
    """The instance type of each hardware, in order.

    Where hardware differs in nothing but how its GPUs are linked, the later has the link in its
    name.
    """
    made: dict[str, InstanceType] = {}
    for item in hardware:
        gpu = gpus.get(item.gpu_type) or _unnamed(item)
        names = (gpu.accelerator, f"{gpu.accelerator}-{item.gpu_link}", item.id)
        accelerator = next(name for name in names if f"{item.gpu_count}x{name}" not in made)
        made[f"{item.gpu_count}x{accelerator}"] = _instance_type(item, gpu, accelerator)
    return list(made.values())


def _unnamed(item: Hardware) -> Gpu:
    """The GPU of hardware that somebody's own catalogue brought."""
    name = item.gpu_type.partition("-")[0].upper()
    accelerator, memory = f"nvidia-{item.gpu_type}", round(item.gpu_memory)
    return Gpu(item.gpu_type, name, accelerator, memory, None, listed=item.listed)


def _instance_type(item: Hardware, gpu: Gpu, accelerator: str) -> InstanceType:
    name = f"{item.gpu_count}x{accelerator}"
    cents = gpu.cents_per_hour
    return InstanceType(
        id=ids.prefixed("it", "", name),
        name=name,
        description=f"{item.gpu_count}x NVIDIA {gpu.name} {gpu.memory_gib}GB",
        gpu_type=accelerator.removeprefix("nvidia-"),
        gpu_count=item.gpu_count,
        gpu_memory_gib=gpu.memory_gib,
        cents_per_hour=(
            round(item.cents_per_minute * 60) if cents is None else cents * item.gpu_count
        ),
        hardware=item.id,
        gpu_name=f"NVIDIA-{gpu.name}",
        accelerator=accelerator,
        listed=gpu.listed,
    )


def config(model: Model, runs_on: InstanceType) -> Config:
    """How a model runs on an instance type, as long as nothing is published of it."""
    size = model.bytes_per_parameter
    return Config(
        id=ids.prefixed("cr", "", model.id, runs_on.hardware),
        model=model.id,
        instance_type=runs_on.name,
        optimization=BALANCED,
        quantization=_QUANTIZATION.get(size, f"{size * 8:g}-bit"),
        parallelism=f"TP{runs_on.gpu_count}",
        published=False,
    )


def smallest(eligible: Sequence[Hardware], preference: Sequence[str]) -> Hardware | None:
    """The hardware with the fewest GPUs, of the first kind of GPU that there is any of."""
    for gpu_type in preference:
        fitting = [item for item in eligible if item.gpu_type == gpu_type]
        if fitting:
            return min(fitting, key=lambda item: item.gpu_count)
    return eligible[0] if eligible else None


def benchmark(physics: Physics, model: Model, hardware: Hardware) -> Benchmark | None:
    """What a request of a thousand tokens sees that has a replica to itself, as ever speculative.

    None where the GPU or the model's size is not known.
    """
    if hardware.gpu_type not in physics.gpus or not model.parameters_billion:
        return None
    pace = physics.pace(model, hardware, _BENCHMARK_TOKENS, speculative=True)
    return Benchmark(round(1 / pace.each, 1), round(pace.first * 1000))
