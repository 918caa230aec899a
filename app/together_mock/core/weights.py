"""What a model's files would look like: weights, safetensors shards, stand-ins, and part tags.

No file of a model exists here. Names, sizes and hashes follow from the model; what a download gives
are stand-ins. Grade: inferred, but for the shapes (together 3.1.1, types and command line).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5

from together_mock.core import ids
from together_mock.core.catalog import Model

MODEL = "model"
ADAPTER = "adapter"

# The largest shard, in bytes, as writers of safetensors have it.
SHARD_BYTES = 5_000_000_000
# No stand-in has more bytes.
STAND_IN_BYTES = 4096
# An adapter has one parameter for so many of its base's, in two bytes each.
_PER_ADAPTER_PARAMETER = 500
_ADAPTER_BYTES = 2

_DTYPES = {0.5: "mxfp4", 1: "float8_e4m3fn", 2: "bfloat16"}
# Part of a model's id, in lower case -> its architecture; the first that fits counts.
_ARCHITECTURES = (
    ("distill-llama", "LlamaForCausalLM"),
    ("distill-qwen", "Qwen2ForCausalLM"),
    ("qwen2.5-vl", "Qwen2_5_VLForConditionalGeneration"),
    ("qwen3-next", "Qwen3NextForCausalLM"),
    ("qwen3-235b", "Qwen3MoeForCausalLM"),
    ("qwen3-coder", "Qwen3MoeForCausalLM"),
    ("qwen3", "Qwen3ForCausalLM"),
    ("qwen", "Qwen2ForCausalLM"),
    ("qwq", "Qwen2ForCausalLM"),
    ("deepseek", "DeepseekV3ForCausalLM"),
    ("kimi", "DeepseekV3ForCausalLM"),
    ("llama-4", "Llama4ForConditionalGeneration"),
    ("llama", "LlamaForCausalLM"),
    ("mixtral", "MixtralForCausalLM"),
    ("mistral", "MistralForCausalLM"),
    ("gpt-oss", "GptOssForCausalLM"),
    ("gemma-3", "Gemma3ForConditionalGeneration"),
    ("gemma", "Gemma2ForCausalLM"),
    ("glm", "Glm4MoeForCausalLM"),
    ("whisper", "WhisperForConditionalGeneration"),
    ("flux", "FluxTransformer2DModel"),
    ("gte-modernbert", "ModernBertModel"),
    ("bge", "BertModel"),
)
_OTHERWISE = "LlamaForCausalLM"
# What stands beside the weights: path and size in bytes.
_BESIDE = {
    MODEL: (
        ("config.json", 1_186),
        ("generation_config.json", 242),
        ("tokenizer.json", 9_085_657),
        ("tokenizer_config.json", 50_977),
    ),
    ADAPTER: (("adapter_config.json", 742),),
}
_PART_TAG = re.compile(r"([0-9a-f]{32})-([0-9]{1,15})")


@dataclass(frozen=True)
class Weights:
    """What the files of a model say of it; `size` in bytes."""

    architecture: str
    context_length: int
    parameters: int
    dtype: str
    size: int


@dataclass(frozen=True)
class File:
    """A file of a revision; `size` in bytes."""

    path: str
    hash: str
    size: int


def architecture_of(model_id: str) -> str:
    """The architecture that a model of the catalogue is taken to have."""
    name = model_id.lower()
    return next((found for part, found in _ARCHITECTURES if part in name), _OTHERWISE)


def weights_of(model: Model, kind: str = MODEL) -> Weights:
    """The weights of a model of the catalogue, or of an adapter for it."""
    parameters = round(model.parameters_billion * 1e9)
    per_parameter = model.bytes_per_parameter
    if kind == ADAPTER:
        parameters, per_parameter = parameters // _PER_ADAPTER_PARAMETER, _ADAPTER_BYTES
    return Weights(
        architecture=architecture_of(model.id),
        context_length=model.context_length,
        parameters=parameters,
        dtype=_DTYPES.get(per_parameter, "bfloat16"),
        size=round(parameters * per_parameter),
    )


def made_up_files(revision: str, weights: Weights, kind: str = MODEL) -> tuple[File, ...]:
    """The files of a revision that nobody uploaded, by path: the shards add up to the weights."""
    sizes = [SHARD_BYTES] * (weights.size // SHARD_BYTES)
    if weights.size % SHARD_BYTES or not sizes:
        sizes.append(weights.size % SHARD_BYTES)
    stem = "adapter_model" if kind == ADAPTER else "model"
    count = len(sizes)
    beside = list(_BESIDE[kind])
    if count == 1:
        shards = [(f"{stem}.safetensors", sizes[0])]
    else:
        beside.append((f"{stem}.safetensors.index.json", 120 * count))
        shards = [
            (f"{stem}-{number:05}-of-{count:05}.safetensors", size)
            for number, size in enumerate(sizes, 1)
        ]
    return tuple(
        File(path, hash_of(stand_in(revision, path, size)), size)
        for path, size in sorted(beside + shards)
    )


def stand_in(revision: str, path: str, size: int) -> bytes:
    """What is given for a file of a revision: its size in bytes, but never more than a few KB."""
    length = min(size, STAND_IN_BYTES)
    block = ids.digest(revision, "file", path, size=32)
    return (block * (length // len(block) + 1))[:length]


def hash_of(content: bytes) -> str:
    """The hash of a file that was stored in one part."""
    return md5(content, usedforsecurity=False).hexdigest()


def part_tag(digest: str, size: int) -> str:
    """The tag of a part with an MD5 (hex) and a size: all that is kept of it, by the client."""
    return f"{digest}-{size}"


def read_part_tag(tag: str) -> tuple[str, int] | None:
    """The MD5 (hex) and the size in a part's tag; None when it is none."""
    found = _PART_TAG.fullmatch(tag.strip('"'))
    return (found[1], int(found[2])) if found else None


def whole_hash(digests: Sequence[str]) -> str:
    """The hash of a file by the MD5s (hex) of its parts, as object stores build it.

    Source: together 3.1.1, the command line's upload.
    """
    if len(digests) == 1:
        return digests[0]
    return f"{hash_of(b''.join(bytes.fromhex(digest) for digest in digests))}-{len(digests)}"
