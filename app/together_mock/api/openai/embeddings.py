"""Embeddings on the wire: what a request must have, and the shape of the answer.

Shape: OpenAPI 2.0.0, which has no usage; OpenAI's clients get their token ids and base64 besides.
"""

from base64 import b64encode
from collections.abc import Sequence
from struct import pack
from typing import Any, NamedTuple

import orjson

from together_mock.api.openai.reading import is_integer, read_model
from together_mock.core.embeddings import embed, shortened
from together_mock.core.errors import MockError

MOST_INPUTS = 2048
# Of models that the catalogue says nothing about: that of most small embedding models.
UNKNOWN_DIMENSION = 768
_EXPECTED = "a string, or an array of strings or of token ids"


class EmbeddingsRequest(NamedTuple):
    """What of an embeddings request decides the answer."""

    model: str
    inputs: list[str]
    base64: bool
    dimensions: int | None


def read(body: Any) -> EmbeddingsRequest:
    """Check an embeddings request.

    Raises:
        MockError: `invalid_type`, `missing_field`, `empty_input`, `out_of_range`, `invalid_value`.
    """
    return EmbeddingsRequest(
        model=read_model(body),
        inputs=_inputs(body.get("input")),
        base64=_is_base64(body.get("encoding_format")),
        dimensions=_dimensions(body.get("dimensions")),
    )


def _inputs(value: Any) -> list[str]:
    if value is None:
        raise MockError("missing_field", param="input")
    # An array of numbers is one text's token ids; anything else in an array is a text of its own.
    if not isinstance(value, list) or (value and is_integer(value[0])):
        return [_text(value, "input")]
    if not value:
        raise MockError("empty_input", param="input")
    if len(value) > MOST_INPUTS:
        detail = f"{len(value)} inputs are more than {MOST_INPUTS}"
        raise MockError("out_of_range", param="input", detail=detail)
    return [_text(item, f"input.{index}") for index, item in enumerate(value)]


def _text(value: Any, param: str) -> str:
    if value in ("", []):
        raise MockError("empty_input", param=param)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(map(is_integer, value)):
        return " ".join([f"t{token}" for token in value])
    raise MockError("invalid_type", param=param, expected=_EXPECTED)


def _is_base64(value: Any) -> bool:
    if value not in (None, "float", "base64"):
        raise MockError("invalid_value", param="encoding_format", detail="must be float or base64")
    return bool(value == "base64")


def _dimensions(value: Any) -> int | None:
    if value is None:
        return None
    if not is_integer(value):
        raise MockError("invalid_type", param="dimensions", expected="an integer")
    if value < 1:
        raise MockError("out_of_range", param="dimensions", detail=f"{value} is less than 1")
    return int(value)


def answer(request: EmbeddingsRequest, model_id: str, dimension: int | None) -> bytes:
    """The vectors of a request's inputs, in the space of a model of the catalogue.

    Raises:
        MockError: `out_of_range`, when more dimensions are asked for than the model has.
    """
    full = dimension or UNKNOWN_DIMENSION
    asked = request.dimensions or full
    if asked > full:
        detail = f"{asked} is more than the {full} dimensions of the model"
        raise MockError("out_of_range", param="dimensions", detail=detail)
    vectors = [embed(text, full, model_id) for text in request.inputs]
    if asked < full:
        vectors = [shortened(vector, asked) for vector in vectors]
    data = [
        {
            "object": "embedding",
            "embedding": _packed(vector) if request.base64 else vector,
            "index": index,
        }
        for index, vector in enumerate(vectors)
    ]
    return orjson.dumps({"object": "list", "model": request.model, "data": data})


def _packed(vector: Sequence[float]) -> str:
    """Little-endian 32-bit floats, in base64."""
    return b64encode(pack(f"<{len(vector)}f", *vector)).decode()
