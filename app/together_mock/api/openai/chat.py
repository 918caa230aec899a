"""Chat answers in one piece, in the shapes of both engine families.

Shapes: the together-v1 reference, 5.2. TIE-like: a big seed, `cached_tokens`, null content beside
tool calls. SGLang-like: no seed, `reasoning` in the message, `metadata`, empty content.
"""

from functools import lru_cache
from typing import Any

import orjson

from together_mock.api.openai import logprobs
from together_mock.core.answers import Answer, Choice, ToolCall, Usage
from together_mock.core.tokens import tokens
from together_mock.services.brief import Brief


def completion(answer: Answer) -> bytes:
    """The answer in one piece."""
    shape = {
        "id": answer.id,
        "object": "chat.completion",
        "created": answer.created,
        "model": answer.model,
        "prompt": echoed(answer),
        "choices": [_choice(answer, index) for index in range(len(answer.choices))],
        "usage": usage(answer.engine, answer.usage),
    }
    if answer.engine == "sglang":
        shape["metadata"] = {"weight_version": "default"}
    return orjson.dumps(shape)


def of_brief(number: str, created: int, model: str, said: Brief) -> bytes:
    """An answer that says no more than a text: what `completion` would make of it."""
    return _HEAD % (number.encode(), created, quoted(model), _tail(said))


_HEAD = b'{"id":"%b","object":"chat.completion","created":%d,"model":%b,"prompt":[],%b'


@lru_cache(maxsize=2048)
def _tail(said: Brief) -> bytes:
    choice = {
        "finish_reason": said.finish_reason,
        "seed": said.seed,
        "index": 0,
        "logprobs": None,
        "message": {"role": "assistant", "content": said.content, "tool_calls": []},
    }
    return orjson.dumps({"choices": [choice], "usage": usage("tie", said.usage)})[1:]


def quoted(text: str) -> bytes:
    """A text as JSON."""
    return orjson.dumps(text)


def _choice(answer: Answer, index: int) -> dict[str, Any]:
    choice = answer.choices[index]
    seed = answer.seed_of(index)
    asked = answer.logprobs
    return {
        "finish_reason": finish_reason(answer, choice),
        "seed": None if answer.engine == "sglang" else seed,
        "index": index,
        "logprobs": asked and logprobs.of_pieces(asked, answer.engine, seed, choice.content),
        "message": _message(answer, choice),
    }


def _message(answer: Answer, choice: Choice) -> dict[str, Any]:
    text: str | None = "".join(choice.content)
    if choice.tool_calls and not text and answer.engine == "tie":
        text = None
    message: dict[str, Any] = {"role": "assistant", "content": text, "tool_calls": []}
    if answer.legacy and choice.tool_calls:
        message["function_call"] = function_of(choice.tool_calls[0])
    else:
        message["tool_calls"] = [
            {"id": call.id, "index": place, "type": "function", "function": function_of(call)}
            for place, call in enumerate(choice.tool_calls)
        ]
    if choice.reasoning or answer.engine == "sglang":
        message["reasoning"] = "".join(choice.reasoning) or None
    return message


def function_of(call: ToolCall) -> dict[str, str]:
    """A call's name and arguments."""
    return {"name": call.name, "arguments": call.arguments}


def finish_reason(answer: Answer, choice: Choice) -> str:
    """Why an answer ended; the form of 2023 has a word of its own for a call."""
    legacy = answer.legacy and choice.finish_reason == "tool_calls"
    return "function_call" if legacy else choice.finish_reason


def usage(engine: str, used: Usage) -> dict[str, Any]:
    """Tokens in a family's shape."""
    total = used.prompt + used.completion
    if engine == "sglang":
        return {
            "prompt_tokens": used.prompt,
            "total_tokens": total,
            "completion_tokens": used.completion,
            "prompt_tokens_details": {"cached_tokens": used.cached},
            "reasoning_tokens": used.reasoning,
        }
    return {
        "prompt_tokens": used.prompt,
        "completion_tokens": used.completion,
        "total_tokens": total,
        "cached_tokens": used.cached,
    }


def echoed(answer: Answer) -> list[dict[str, Any]]:
    """The prompt, where the request asked to see it again."""
    if answer.echo is None:
        return []
    asked, text = answer.logprobs, answer.echo
    told = asked and logprobs.in_arrays(asked, answer.seed, tokens(text))
    return [{"text": text, "logprobs": told}] if told else [{"text": text}]
