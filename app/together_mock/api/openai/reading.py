"""Reads chat and completion requests: what they must have, and the parameters that matter.

The service is lenient: unknown fields and parameters of another type are let through. Refused is
what no answer could honour: numbers out of range, formats and tools that cannot be read.
"""

from functools import lru_cache
from typing import Any, TypeGuard

from together_mock.api.openai.tools import read_choice, read_tools
from together_mock.core.errors import MockError
from together_mock.core.requests import PLAIN, ChatRequest, Format, Logprobs, Options

MOST_CHOICES = 128
_MOST_LOGPROBS = 20
# Fields that leave the answer as it is, and the limit on its tokens: most requests have no other.
_NAMES = """
    model messages prompt stream temperature top_p top_k min_p repetition_penalty presence_penalty
    frequency_penalty logit_bias compliance user prompt_cache_key metadata store service_tier
    max_tokens max_completion_tokens
"""
_SIMPLE = frozenset(_NAMES.split())
# What a completion knows nothing of.
_ABOUT_TOOLS = ("tools", "functions", "tool_choice", "function_call")
_EFFORTS = ("none", "minimal", "low", "medium", "high")


def read_chat(body: Any, *, lenient: bool) -> ChatRequest:
    """Check a chat request.

    Raises:
        MockError: `invalid_type`, `missing_field`, `input_required`, `out_of_range`,
            `invalid_value`.
    """
    model = read_model(body)
    messages = _messages(body.get("messages"))
    if len(body) == len(("model", "messages")):
        return ChatRequest(model, messages, False, PLAIN, True)  # noqa: FBT003 - fast
    stream = body.get("stream") is True
    if not body.keys() <= _SIMPLE:
        return ChatRequest(model, messages, stream, _options(body, lenient=lenient))
    limit = _limit(body)
    options = PLAIN if limit is None else _limited(limit)
    return ChatRequest(model, messages, stream, options, True)  # noqa: FBT003 - fast


@lru_cache(maxsize=256)
def _limited(limit: int) -> Options:
    return Options(max_tokens=limit)


def _limit(body: dict[str, Any]) -> int | None:
    limit = body.get("max_tokens") or body.get("max_completion_tokens")
    return limit if is_integer(limit) and limit > 0 else None


def read_completion(body: Any, *, lenient: bool) -> list[ChatRequest]:
    """Check a completion request: one for each prompt.

    Raises:
        MockError: as `read_chat`.
    """
    model = read_model(body)
    prompt = body.get("prompt")
    if prompt is None:
        raise MockError("missing_field", param="prompt")
    prompts = [prompt] if isinstance(prompt, str) else prompt
    if not isinstance(prompts, list) or not all(isinstance(text, str) for text in prompts):
        raise MockError("invalid_type", param="prompt", expected="a string or an array of strings")
    if not prompts or not all(prompts):
        raise MockError("empty_input", param="prompt")
    without_tools = {name: value for name, value in body.items() if name not in _ABOUT_TOOLS}
    options = _options(without_tools, lenient=lenient)
    if len(prompts) * options.n > MOST_CHOICES:
        raise _too_many("n", len(prompts) * options.n, MOST_CHOICES)
    stream = body.get("stream") is True
    return [
        ChatRequest(model, [{"role": "user", "content": text}], stream, options, prompt=text)
        for text in prompts
    ]


def read_model(body: Any) -> str:
    """The model that any inference request names.

    Raises:
        MockError: `invalid_type`, `missing_field`.
    """
    if not isinstance(body, dict):
        raise MockError("invalid_type", param="body", expected="a JSON object")
    model = body.get("model")
    if model is None:
        raise MockError("missing_field", param="model")
    if not isinstance(model, str):
        raise MockError("invalid_type", param="model", expected="a string")
    return model


def _messages(value: Any) -> list[dict[str, Any]]:
    if value is None or value == []:
        raise MockError("input_required", param="messages")
    if not isinstance(value, list):
        raise MockError("invalid_type", param="messages", expected="an array of messages")
    for index, message in enumerate(value):
        if not isinstance(message, dict):
            raise MockError("invalid_type", param=f"messages.{index}", expected="an object")
    return value


def _options(body: dict[str, Any], *, lenient: bool) -> Options:
    tools, legacy = read_tools(body, lenient=lenient)
    choice, parallel = read_choice(body, tools, legacy=legacy, lenient=lenient)
    return Options(
        n=_within(body, "n", 1, MOST_CHOICES) or 1,
        max_tokens=_limit(body),
        stop=_stops(body.get("stop")),
        seed=body["seed"] if is_integer(body.get("seed")) else None,
        logprobs=_logprobs(body),
        echo=body.get("echo") is True,
        include_usage=_include_usage(body.get("stream_options")),
        format=_format(body),
        tools=tools,
        tool_choice=choice,
        parallel=parallel,
        legacy=legacy,
        thinking=_thinking(body),
        effort=_effort(body),
        truncate=body.get("context_length_exceeded_behavior") == "truncate",
        safety_model=_text(body.get("safety_model")),
    )


def is_integer(value: Any) -> TypeGuard[int]:
    """Whether a JSON value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _too_many(param: str, given: int, most: int) -> MockError:
    detail = f"{given} choices in all are more than {most}"
    return MockError("out_of_range", param=param, detail=detail)


def _within(body: dict[str, Any], param: str, least: int, most: int) -> int | None:
    value = body.get(param)
    if not is_integer(value):
        return None
    if not least <= value <= most:
        raise MockError(
            "out_of_range", param=param, detail=f"{value} is not between {least} and {most}"
        )
    return value


def _stops(value: Any) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    return tuple(filter(None, map(_text, given))) if isinstance(given, list) else ()


def _logprobs(body: dict[str, Any]) -> Logprobs | None:
    alternatives = _within(body, "top_logprobs", 0, _MOST_LOGPROBS)
    asked = body.get("logprobs")
    if asked is True:
        return Logprobs(alternatives or 0, openai=True)
    count = _within(body, "logprobs", 0, _MOST_LOGPROBS)
    return Logprobs(count, openai=False) if count else None


def _include_usage(options: Any) -> bool | None:
    asked = options.get("include_usage") if isinstance(options, dict) else None
    return asked if isinstance(asked, bool) else None


def _thinking(body: dict[str, Any]) -> bool | None:
    reasoning, template = body.get("reasoning"), body.get("chat_template_kwargs")
    if isinstance(reasoning, dict) and isinstance(reasoning.get("enabled"), bool):
        return bool(reasoning["enabled"])
    for name in ("thinking", "enable_thinking"):
        if isinstance(template, dict) and isinstance(template.get(name), bool):
            return bool(template[name])
    effort = _told_effort(body)
    return effort != "none" if effort else None


def _effort(body: dict[str, Any]) -> str:
    return _told_effort(body) or "medium"


def _told_effort(body: dict[str, Any]) -> str | None:
    reasoning = body.get("reasoning")
    nested = reasoning.get("effort") if isinstance(reasoning, dict) else None
    effort = body.get("reasoning_effort") or nested
    return effort if effort in _EFFORTS else None


def _format(body: dict[str, Any]) -> Format | None:
    given = body.get("response_format")
    if not isinstance(given, dict):
        return None
    kind = given.get("type")
    if kind in (None, "text"):
        return None
    if kind == "json_object":
        schema = given.get("schema")
        return Format("object" if schema is None else "schema", schema, "response_format.schema")
    if kind == "json_schema":
        return _json_schema(given)
    if kind == "regex":
        if not isinstance(given.get("pattern"), str):
            raise MockError("missing_field", param="response_format.pattern")
        return Format("regex", given["pattern"], "response_format.pattern")
    known = "must be one of text, json_object, json_schema, regex"
    raise MockError("invalid_value", param="response_format.type", detail=known)


def _json_schema(given: dict[str, Any]) -> Format:
    """Both forms that the service takes: OpenAI's envelope, and the schema right there."""
    envelope = given.get("json_schema")
    param = "response_format.json_schema"
    if isinstance(envelope, dict) and "schema" in envelope:
        return Format("schema", envelope["schema"], f"{param}.schema")
    if "schema" in given:
        return Format("schema", given["schema"], "response_format.schema")
    raise MockError("missing_field", param=f"{param}.schema")
