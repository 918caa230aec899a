"""Text completions on the wire, in one piece and as a stream.

Shapes: the together-v1 reference, 5.4. A chunk has what each generation of clients reads: `token`
and `finish_reason` of the spec, `choices[].text` of OpenAI's clients, `choices[].delta` of 1.x.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

import orjson

from together_mock.api.openai import chat, logprobs
from together_mock.api.openai.streams import DONE
from together_mock.core import sampling
from together_mock.core.answers import Answer, Choice, Usage
from together_mock.core.tokens import token_id


def completion(answers: Sequence[Answer]) -> bytes:
    """The answers to all prompts in one piece."""
    first = answers[0]
    return orjson.dumps(
        {
            "id": first.id,
            "object": "text.completion",
            "created": first.created,
            "model": first.model,
            "prompt": [part for answer in answers for part in chat.echoed(answer)],
            "choices": [
                _choice(answer, choice, answer.seed_of(place), index)
                for index, answer, place, choice in _numbered(answers)
            ],
            "usage": chat.usage("tie", total(answers)),
        }
    )


def _numbered(answers: Sequence[Answer]) -> Iterator[tuple[int, Answer, int, Choice]]:
    index = 0
    for answer in answers:
        for place, choice in enumerate(answer.choices):
            yield index, answer, place, choice
            index += 1


def _choice(answer: Answer, choice: Choice, seed: int, index: int) -> dict[str, Any]:
    asked = answer.logprobs
    return {
        "text": "".join(choice.content),
        "index": index,
        "seed": seed,
        "finish_reason": choice.finish_reason,
        "logprobs": asked and logprobs.in_arrays(asked, seed, choice.content),
    }


def total(answers: Sequence[Answer]) -> Usage:
    """The tokens of all answers to one request."""
    return Usage(*map(sum, zip(*(answer.usage for answer in answers), strict=True)))


def parts(answers: Sequence[Answer]) -> list[tuple[float, bytes]]:
    """The whole stream in its order, each event with the seconds after which it is due."""
    first = answers[0]
    chunks = sorted(
        (
            (0.0 if answer.pace is None else answer.pace.at(at), chunk)
            for index, answer, place, choice in _numbered(answers)
            for at, chunk in _chunks(choice, answer.seed_of(place), index)
        ),
        key=itemgetter(0),
    )
    shapes = [(due, _shape(first, chunk)) for due, chunk in chunks]
    last = chunks[-1][0]
    used = chat.usage("tie", total(answers))
    if first.include_usage:
        ended = _chunk(0, "", 0.0, None) | {"choices": [], "usage": used}
        shapes.append((last, _shape(first, ended)))
    elif first.include_usage is None:
        shapes[-1][1]["usage"] = used
    found = [(due, b"data: " + orjson.dumps(shape) + b"\n\n") for due, shape in shapes]
    return [*found, (last, DONE)]


def _shape(answer: Answer, chunk: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": answer.id,
        "object": "completion.chunk",
        "created": answer.created,
        "model": answer.model,
        "usage": None,
        **chunk,
    }


def _chunks(choice: Choice, seed: int, index: int) -> Iterator[tuple[int, dict[str, Any]]]:
    at = 0
    sizes = choice.sizes or (1,) * len(choice.content)
    for place, (text, size) in enumerate(zip(choice.content, sizes, strict=True)):
        at += size
        yield at - 1, _chunk(index, text, sampling.logprob(seed, place, text), None)
    yield at, {**_chunk(index, "", 0.0, choice.finish_reason), "seed": seed}


def _chunk(index: int, text: str, value: float, reason: str | None) -> dict[str, Any]:
    number = token_id(text)
    return {
        "token": {"id": number, "text": text, "logprob": value, "special": not text},
        "choices": [
            {
                "index": index,
                "text": text,
                "logprobs": None,
                "finish_reason": reason,
                "delta": {"token_id": number, "role": "assistant", "content": text},
            }
        ],
        "finish_reason": reason,
    }
