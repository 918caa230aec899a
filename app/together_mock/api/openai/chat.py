"""Chat on the wire: what a request must have, and the shapes of answers and stream chunks.

Shapes: the TIE-like engine family of the together-v1 reference, 5.2 and 5.3.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from together_mock.core import ids, replies
from together_mock.core.clock import SECOND
from together_mock.core.errors import MockError
from together_mock.services.inference import Admitted

DONE = b"data: [DONE]\n\n"


class ChatRequest(NamedTuple):
    """What of a chat request decides the answer."""

    model: str
    messages: list[dict[str, Any]]
    stream: bool
    max_tokens: int | None
    seed: int | None


class Reply(NamedTuple):
    """An answer before it is put on the wire."""

    id: str
    created: int
    model: str
    pieces: Sequence[str]
    finish_reason: str
    seed: int
    usage: dict[str, int]


def read(body: Any) -> ChatRequest:
    """Check a chat request. Parameters that are not needed are let through, as the service does.

    Raises:
        MockError: `invalid_type`, `missing_field`, `input_required`.
    """
    if not isinstance(body, dict):
        raise MockError("invalid_type", param="body", expected="a JSON object")
    model = body.get("model")
    if model is None:
        raise MockError("missing_field", param="model")
    if not isinstance(model, str):
        raise MockError("invalid_type", param="model", expected="a string")
    return ChatRequest(
        model=model,
        messages=_messages(body.get("messages")),
        stream=body.get("stream") is True,
        max_tokens=_positive(body.get("max_tokens") or body.get("max_completion_tokens")),
        seed=_integer(body.get("seed")),
    )


def _messages(value: Any) -> list[dict[str, Any]]:
    if value is None or value == []:
        raise MockError("input_required", param="messages")
    if not isinstance(value, list):
        raise MockError("invalid_type", param="messages", expected="an array of messages")
    for index, message in enumerate(value):
        if not isinstance(message, dict):
            raise MockError("invalid_type", param=f"messages.{index}", expected="an object")
    return value


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _positive(value: Any) -> int | None:
    number = _integer(value)
    return number if number is not None and number > 0 else None


def reply(request: ChatRequest, admitted: Admitted, project_seed: str) -> Reply:
    """Answer an admitted request: the same text for the same request, project seed and model."""
    pieces = replies.compose(admitted.model, request.messages)
    finish_reason = "stop"
    if request.max_tokens is not None and request.max_tokens < len(pieces):
        pieces = pieces[: request.max_tokens]
        finish_reason = "length"
    prompt = replies.prompt_tokens(request.messages)
    seed = request.seed
    return Reply(
        id=ids.request_id(project_seed, admitted.number),
        created=admitted.at // SECOND,
        model=request.model,
        pieces=pieces,
        finish_reason=finish_reason,
        seed=_sampled_seed(project_seed, prompt) if seed is None else seed,
        usage={
            "prompt_tokens": prompt,
            "completion_tokens": len(pieces),
            "total_tokens": prompt + len(pieces),
            "cached_tokens": 0,
        },
    )


@lru_cache(maxsize=2048)
def _sampled_seed(project_seed: str, prompt_tokens: int) -> int:
    # Any number will do, as long as the same request has the same.
    drawn = int.from_bytes(ids.digest(project_seed, "seed", prompt_tokens, size=8))
    # The service's seeds are JSON numbers that went through a double: about 16 digits are exact.
    return drawn // 10_000 * 10_000


def completion(answer: Reply) -> bytes:
    """The answer in one piece."""
    return orjson.dumps(
        {
            "id": answer.id,
            "object": "chat.completion",
            "created": answer.created,
            "model": answer.model,
            "prompt": [],
            "choices": [
                {
                    "finish_reason": answer.finish_reason,
                    "seed": answer.seed,
                    "index": 0,
                    "logprobs": None,
                    "message": {
                        "role": "assistant",
                        "content": "".join(answer.pieces),
                        "tool_calls": [],
                    },
                }
            ],
            "usage": answer.usage,
        }
    )


def frames(answer: Reply) -> Iterator[bytes]:
    """The answer as server-sent events: role first, a chunk a token, usage in the last choice."""
    head = orjson.dumps(
        {"id": answer.id, "object": "chat.completion.chunk", "created": answer.created}
    )[:-1]
    model = orjson.dumps(answer.model)
    yield _frame(head, model, _choice("", None, None))
    for piece in answer.pieces:
        yield _frame(head, model, _choice(piece, _token_id(piece), None))
    last = _choice("", _token_id(""), answer.finish_reason, answer.seed)
    yield _frame(head, model, last, b',"usage":' + orjson.dumps(answer.usage))
    yield DONE


def _choice(
    text: str, token_id: int | None, finish_reason: str | None, seed: int | None = None
) -> bytes:
    choice: dict[str, Any] = {
        "index": 0,
        "text": text,
        "logprobs": None,
        "finish_reason": finish_reason,
    }
    if seed is not None:
        choice["seed"] = seed
    choice["delta"] = {"token_id": token_id, "role": "assistant", "content": text}
    return orjson.dumps(choice)


def _frame(head: bytes, model: bytes, choice: bytes, tail: bytes = b"") -> bytes:
    return b"".join(
        (b"data: ", head, b',"choices":[', choice, b'],"model":', model, tail, b"}\n\n")
    )


def _token_id(piece: str) -> int:
    return int.from_bytes(ids.digest("", "token", piece, size=3)) % 128_000
