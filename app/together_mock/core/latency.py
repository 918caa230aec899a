"""How fast a model answers: from its size, the GPUs under it, and what else is in flight.

A sketch of the physics, not a measurement: reading the weights for every token takes memory
bandwidth, reading the prompt takes arithmetic, and requests on one replica share both.
"""

from dataclasses import dataclass

from together_mock.core.answers import Pace
from together_mock.core.catalog import Hardware, Model


@dataclass(frozen=True)
class Gpu:
    """One GPU: memory bandwidth in GB/s, dense 16-bit arithmetic in TFLOPS."""

    bandwidth: float
    tflops: float


@dataclass(frozen=True)
class Physics:
    """The constants of `fixtures/latency.json`; efficiencies are shares of what a GPU could do."""

    gpus: dict[str, Gpu]
    memory_efficiency: float
    compute_efficiency: float
    overhead_seconds: float
    speculative_speedup: float
    # Requests on one replica that halve each other's speed.
    batch: float

    def pace(
        self,
        model: Model,
        hardware: Hardware,
        prompt_tokens: int,
        *,
        speculative: bool = False,
        beside: float = 0.0,
    ) -> Pace:
        """When the tokens of an answer are due.

        Args:
            model: what answers.
            hardware: what one replica runs on.
            prompt_tokens: the prompt's size, without what a cache spares.
            speculative: whether speculative decoding is on.
            beside: other requests in flight on the same replica.
        """
        gpu = self.gpus[hardware.gpu_type]
        crowd = 1 + beside / self.batch
        weights = model.parameters_billion * model.bytes_per_parameter
        bandwidth = gpu.bandwidth * hardware.gpu_count * self.memory_efficiency
        each = weights / bandwidth * crowd
        flops = 2 * model.parameters_billion * 1e9 * prompt_tokens
        compute = gpu.tflops * 1e12 * hardware.gpu_count * self.compute_efficiency
        first = self.overhead_seconds + flops / compute * crowd + each
        return Pace(first, each / self.speculative_speedup if speculative else each)
