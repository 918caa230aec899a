"""Embeddings on the wire: what a request must have, and the shape of the answer.

Shape: OpenAPI 2.0.0, which has no usage; OpenAI's clients get their token ids and base64 besides.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from struct import pack
from typing import Any, NamedTuple

import orjson

from together_mock.api.openai.reading import is_integer, read_model
from together_mock.core.embeddings import READ, embed, shortened, while_awaited
from together_mock.core.errors import MockError
from together_mock.core.tokens import count_tokens

MOST_INPUTS = 2048
# Of models that the catalogue says nothing about: that of most small embedding models.
UNKNOWN_DIMENSION = 768
_EXPECTED = "a string, or an array of strings or of token ids"


class EmbeddingsRequest(NamedTuple):
    """What of an embeddings request decides the answer; an input is a text or its token ids."""

    model: str
    inputs: list[str | list[int]]
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


def _inputs(value: Any) -> list[str | list[int]]:
    if value is None:
        raise MockError("missing_field", param="input")
    # An array of numbers is one text's token ids; anything else in an array is a text of its own.
    if not isinstance(value, list) or (value and is_integer(value[0])):
        return [_input(value, "input")]
    if not value:
        raise MockError("empty_input", param="input")
    if len(value) > MOST_INPUTS:
        detail = f"{len(value)} inputs are more than {MOST_INPUTS}"
        raise MockError("out_of_range", param="input", detail=detail)
    return [_input(item, f"input.{index}") for index, item in enumerate(value)]


def _input(value: Any, param: str) -> str | list[int]:
    if value in ("", []):
        raise MockError("empty_input", param=param)
    if isinstance(value, str):
        return value
    # An id makes at least one character, so that no more of them are read; nor looked at.
    if isinstance(value, list) and set(map(type, value[:READ])) == {int}:
        return value[:READ]
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


def answer(
    request: EmbeddingsRequest,
    model_id: str,
    dimension: int | None,
    given_up: Callable[[], bool] = bool,
) -> bytes:
    """The vectors of a request's inputs, in the space of a model of the catalogue.

    Args:
        request: what was asked.
        model_id: the model of the catalogue.
        dimension: how many numbers its vectors have, if that is known.
        given_up: whether nobody waits for the answer any more; asked before each input.

    Raises:
        MockError: `out_of_range`, when more dimensions are asked for than the model has;
            `capacity`, when nobody waits.
    """
    full = dimension or UNKNOWN_DIMENSION
    asked = request.dimensions or full
    if asked > full:
        detail = f"{asked} is more than the {full} dimensions of the model"
        raise MockError("out_of_range", param="dimensions", detail=detail)
    data = []
    for index, item in enumerate(while_awaited(request.inputs, given_up)):
        vector = embed(_text(item), full, model_id)
        if asked < full:
            vector = shortened(vector, asked)
        data.append(_part(vector, index, base64=request.base64))
    # All vectors at once are too much to be written without a pause for other threads.
    head = b'{"object":"list","model":%b,"data":[' % orjson.dumps(request.model)
    return b"".join((head, b",".join(data), b"]}"))


def tokens_read(request: EmbeddingsRequest, given_up: Callable[[], bool] = bool) -> int:
    """How many tokens are read for an answer, which does not tell them.

    Raises:
        MockError: `capacity`, when nobody waits.
    """
    inputs = while_awaited(request.inputs, given_up)
    return sum(count_tokens(item[:READ]) if isinstance(item, str) else len(item) for item in inputs)


def _text(item: str | list[int]) -> str:
    return item if isinstance(item, str) else " ".join([f"t{token}" for token in item])


def _part(vector: list[float], index: int, *, base64: bool) -> bytes:
    numbers = _packed(vector) if base64 else vector
    return orjson.dumps({"object": "embedding", "embedding": numbers, "index": index})


def _packed(vector: Sequence[float]) -> str:
    """Little-endian 32-bit floats, in base64."""
    return b64encode(pack(f"<{len(vector)}f", *vector)).decode()
