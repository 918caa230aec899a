"""The OpenAI SDK at work."""

import asyncio
import json
import math
from enum import Enum
from typing import Any, Literal

import openai
import parts
from pydantic import BaseModel, Field
from questions import (
    BOTH_QUESTION,
    CITIES,
    EMBEDDER,
    HELLO,
    LLAMA,
    OSS,
    QWEN,
    STOCK_FUNCTION,
    TOOL_RESULT,
    TOOLS,
    WEATHER_FUNCTION,
    WEATHER_QUESTION,
    user,
)

# OPENAI_BASE_URL and OPENAI_API_KEY configure it, as users do.
client = openai.OpenAI()


class Season(Enum):
    WINTER = "winter"
    SUMMER = "summer"


class Place(BaseModel):
    city: str
    country: Literal["Norway"]


class Trip(BaseModel):
    """A trip with all that schemas of users have."""

    title: str
    season: Season
    places: list[Place]
    nights: int
    price: float
    guide: Place
    note: str | None
    booked: bool


class Tag(BaseModel):
    label: Literal["new"]


class FindTrip(BaseModel):
    """Find a trip to a place."""

    season: Season
    nights: int = Field(description="How long")


def ask(text: str = HELLO, model: str = QWEN, **options: Any) -> Any:
    """Ask one question."""
    return client.chat.completions.create(model=model, messages=[user(text)], **options)


def chat(model: str) -> dict[str, Any]:
    """A plain answer."""
    answer = ask(model=model)
    (choice,) = answer.choices
    used = answer.usage
    return {
        "id is the header's": answer.id == answer._request_id,
        "object": answer.object,
        "created": answer.created,
        "model": answer.model,
        "role": choice.message.role,
        "content": choice.message.content,
        "finish": choice.finish_reason,
        "tool calls": choice.message.tool_calls,
        "adds up": used.total_tokens == used.prompt_tokens + used.completion_tokens > 0,
    }


def conversation() -> list[str]:
    """Several turns, each with what was said before."""
    messages: list[Any] = [{"role": "system", "content": "You are terse."}]
    replies = []
    for text in ("One.", "Two.", "Three."):
        messages.append(user(text))
        answer = client.chat.completions.create(model=QWEN, messages=messages)
        replies.append(answer.choices[0].message.content)
        messages.append(answer.choices[0].message)
    return replies


def stream(model: str) -> dict[str, Any]:
    """A stream as it comes, and one that was asked for its usage."""
    whole = ask(model=model)
    asked = {"stream_options": {"include_usage": True}}
    return {
        "whole": [whole.choices[0].message.content, whole.usage.total_tokens],
        "plain": _streamed(list(ask(model=model, stream=True))),
        "with usage": _streamed(list(ask(model=model, stream=True, **asked))),
    }


def _streamed(chunks: list[Any]) -> dict[str, Any]:
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    return {
        "text": "".join(choice.delta.content or "" for choice in choices),
        "role": choices[0].delta.role,
        "finish": [choice.finish_reason for choice in choices if choice.finish_reason],
        "chunks without choices": [not chunk.choices for chunk in chunks].count(True),
        "usage in chunks": [
            [bool(chunk.choices), chunk.usage.total_tokens] for chunk in chunks if chunk.usage
        ],
        "usage in last": chunks[-1].usage is not None,
        "ids": len({chunk.id for chunk in chunks}),
    }


def tools(model: str) -> dict[str, Any]:
    """Let the model call a tool, give it the result, take its answer."""
    messages: list[Any] = [user(WEATHER_QUESTION)]
    first = client.chat.completions.create(model=model, messages=messages, tools=TOOLS)
    message = first.choices[0].message
    messages.append(message)
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": TOOL_RESULT}
        for call in message.tool_calls
    ]
    last = client.chat.completions.create(model=model, messages=messages, tools=TOOLS)
    return {
        "content": message.content,
        "types": [call.type for call in message.tool_calls],
        "ids": [call.id[:5] for call in message.tool_calls],
        "called": _called(message),
        "finish": [first.choices[0].finish_reason, last.choices[0].finish_reason],
        "answer": last.choices[0].message.content,
        "answer's calls": last.choices[0].message.tool_calls or [],
    }


def _called(message: Any) -> list[Any]:
    calls = message.tool_calls or []
    return [[call.function.name, json.loads(call.function.arguments)] for call in calls]


def choices_of_tools() -> dict[str, Any]:
    """Which tools are called: by the question's words, and by what the request demands."""
    named = {"type": "function", "function": {"name": "get_stock_price"}}
    asked = {
        "both": (BOTH_QUESTION, {}),
        "one at a time": (BOTH_QUESTION, {"parallel_tool_calls": False}),
        "nothing fits": (HELLO, {}),
        "required": (HELLO, {"tool_choice": "required"}),
        "required, and one fits": ("A stock, please.", {"tool_choice": "required"}),
        "named": (WEATHER_QUESTION, {"tool_choice": named}),
        "none": (WEATHER_QUESTION, {"tool_choice": "none"}),
    }
    seen = {}
    for name, (text, options) in asked.items():
        choice = ask(text, tools=TOOLS, **options).choices[0]
        ids = [call.id for call in choice.message.tool_calls or []]
        told = _called(choice.message) or choice.message.content
        seen[name] = [choice.finish_reason, told, len(set(ids)) == len(ids)]
    return seen


def streamed_tools(model: str) -> dict[str, Any]:
    """Put calls together from fragments, as users do."""
    seen: dict[int, list[str]] = {}
    finish = []
    for chunk in ask(BOTH_QUESTION, model=model, tools=TOOLS, stream=True):
        for choice in chunk.choices:
            finish.append(choice.finish_reason)
            for part in choice.delta.tool_calls or []:
                call = seen.setdefault(part.index, ["", "", ""])
                call[0] += part.id or ""
                call[1] += part.function.name or ""
                call[2] += part.function.arguments or ""
    return {
        "called": [[name, json.loads(arguments)] for _, name, arguments in seen.values()],
        "ids": [identity[:5] for identity, _, _ in seen.values()],
        "finish": finish[-1],
    }


def functions() -> dict[str, Any]:
    """The form of 2023: functions instead of tools."""
    messages: list[Any] = [user(WEATHER_QUESTION)]
    offered = [WEATHER_FUNCTION, STOCK_FUNCTION]
    options = {"functions": offered, "function_call": "auto"}
    first = client.chat.completions.create(model=QWEN, messages=messages, **options)
    call = first.choices[0].message.function_call
    messages += [
        {"role": "assistant", "content": None, "function_call": call.model_dump()},
        {"role": "function", "name": call.name, "content": TOOL_RESULT},
    ]
    last = client.chat.completions.create(model=QWEN, messages=messages, functions=offered)
    return {
        "called": [call.name, json.loads(call.arguments)],
        "finish": [first.choices[0].finish_reason, last.choices[0].finish_reason],
        "answer": last.choices[0].message.content,
    }


def parse() -> dict[str, Any]:
    """Answers as objects of pydantic models, from the schemas that the SDK derives."""
    seen = {}
    for face in (client.chat.completions, client.beta.chat.completions):
        for form in (Trip, Tag):
            asked = {"model": LLAMA, "messages": [user("Plan a trip.")]}
            (choice,) = face.parse(**asked, response_format=form).choices
            parsed = choice.message.parsed
            same = form.model_validate_json(choice.message.content) == parsed
            seen[form.__name__] = [type(parsed).__name__, same, choice.finish_reason]
    seen["tag"] = parsed.model_dump()
    tool = openai.pydantic_function_tool(FindTrip)
    asked = {"model": LLAMA, "messages": [user("Find a trip.")]}
    (choice,) = client.chat.completions.parse(**asked, tools=[tool]).choices
    (call,) = choice.message.tool_calls
    seen["tool"] = [call.function.name, type(call.function.parsed_arguments).__name__]
    return seen


def formats() -> dict[str, Any]:
    """Answers in the forms that a request may ask for."""
    schema = Tag.model_json_schema()
    forms = {
        "object": {"type": "json_object"},
        "object with schema": {"type": "json_object", "schema": schema},
        "schema": {"type": "json_schema", "json_schema": {"name": "tag", "schema": schema}},
        "regex": {"type": "regex", "pattern": "(yes){2}"},
    }
    told = {
        name: ask("Do it in JSON.", response_format=form).choices[0].message.content
        for name, form in forms.items()
    }
    return {
        "object": type(json.loads(told.pop("object"))).__name__,
        "regex": told.pop("regex"),
        **{name: json.loads(text) for name, text in told.items()},
    }


def events(model: str) -> dict[str, Any]:
    """The events of the streaming helper: of text, of an object, of calls."""
    options = {"stream_options": {"include_usage": True}}
    seen = {}
    with client.chat.completions.stream(model=model, messages=[user(HELLO)], **options) as told:
        kinds = [event.type for event in told]
        final = told.get_final_completion()
    seen["text"] = [sorted(set(kinds)), kinds[-1], final.choices[0].message.content]
    seen["usage"] = final.usage.total_tokens == ask(model=model).usage.total_tokens
    with client.chat.completions.stream(
        model=model, messages=[user("Plan a trip.")], response_format=Tag
    ) as told:
        done = [event.parsed for event in told if event.type == "content.done"]
    seen["object"] = [tag.model_dump() for tag in done]
    tool = openai.pydantic_function_tool(FindTrip)
    with client.chat.completions.stream(
        model=model, messages=[user("Find a trip.")], tools=[tool]
    ) as told:
        ended = [event for event in told if event.type == "tool_calls.function.arguments.done"]
    seen["calls"] = [[call.name, type(call.parsed_arguments).__name__] for call in ended]
    return seen


def logprobs(model: str) -> dict[str, Any]:
    """How likely each token was, in OpenAI's form."""
    (choice,) = ask(model=model, logprobs=True, top_logprobs=2).choices
    content = choice.logprobs.content
    return {
        "text": "".join(token.token for token in content) == choice.message.content,
        "bytes": all(bytes(token.bytes).decode() == token.token for token in content),
        "likely": all(token.logprob <= 0 for token in content),
        "alternatives": sorted({len(token.top_logprobs) for token in content}),
        "best first": all(
            token.top_logprobs[0].logprob >= token.top_logprobs[1].logprob for token in content
        ),
    }


def sampling() -> dict[str, Any]:
    """Several choices, stop strings, token limits, seeds."""
    several = ask(n=2)
    texts = [choice.message.content for choice in several.choices]
    streamed: dict[int, str] = {}
    for chunk in ask(n=2, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] = streamed.get(choice.index, "") + (choice.delta.content or "")
    limited = ask(max_tokens=5)
    again = ask(max_completion_tokens=5)
    seeded = [[ask(seed=seed).choices[0].message.content for _ in range(2)] for seed in range(8)]
    return {
        "indexes": [choice.index for choice in several.choices],
        "all differ": len(set(texts)) == len(texts),
        "streamed alike": [streamed[index] for index in sorted(streamed)] == texts,
        "stopped": _short(ask(stop=[" This", "turn"])),
        "stopped by one": _short(ask(stop=" This")),
        "limited": [limited.choices[0].finish_reason, limited.usage.completion_tokens],
        "same limit": _short(limited) == _short(again),
        "seeds repeat": all(first == second for first, second in seeded),
        "seeds vary": len({first for first, _ in seeded}) > 1,
    }


def _short(answer: Any) -> list[str]:
    return [answer.choices[0].message.content, answer.choices[0].finish_reason]


def image() -> str:
    """A question beside a picture."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    content = [{"type": "text", "text": "What is this?"}, picture]
    messages: list[Any] = [{"role": "user", "content": content}]
    answer = client.chat.completions.create(model=QWEN, messages=messages)
    return answer.choices[0].message.content


def reasoning() -> dict[str, Any]:
    """Thoughts beside the answer: always, when asked for, and streamed before it."""
    always = ask(model=OSS).choices[0].message
    hybrid = "deepseek-ai/DeepSeek-V3.1"
    thinking = {"extra_body": {"reasoning": {"enabled": True}}}
    quiet, loud = ask(model=hybrid), ask(model=hybrid, **thinking)
    order = []
    for chunk in ask(model=hybrid, stream=True, **thinking):
        for choice in chunk.choices:
            thought = getattr(choice.delta, "reasoning", None)
            order += ["thought"] * bool(thought) + ["said"] * bool(choice.delta.content)
    return {
        "always": [bool(always.reasoning), always.content],
        "quiet": [
            getattr(quiet.choices[0].message, "reasoning", None),
            quiet.choices[0].message.content,
        ],
        "loud": [bool(loud.choices[0].message.reasoning), loud.choices[0].message.content],
        "costs": loud.usage.completion_tokens > quiet.usage.completion_tokens,
        "order": sorted(order, key=["thought", "said"].index) == order,
        "both": sorted(set(order)),
    }


def embeddings() -> dict[str, Any]:
    """Vectors: as numbers, and in the packed form that the SDK asks for by default."""
    texts = ["red apple", "green apple", "a parliament of owls"]
    plain = client.embeddings.create(model=EMBEDDER, input=texts, encoding_format="float")
    packed = client.embeddings.create(model=EMBEDDER, input=texts)
    one = client.embeddings.create(model=EMBEDDER, input=texts[0]).data[0].embedding
    first, second, third = (row.embedding for row in plain.data)
    close = [
        math.isclose(left, right, abs_tol=1e-6)
        for row, other in zip(plain.data, packed.data, strict=True)
        for left, right in zip(row.embedding, other.embedding, strict=True)
    ]
    return {
        "object": [plain.object, plain.data[0].object],
        "model": plain.model,
        "indexes": [row.index for row in plain.data],
        "dimensions": [len(row.embedding) for row in packed.data],
        "both forms": all(close),
        "same text": one == packed.data[0].embedding,
        "other text": first != second,
        "overlap is closer": _product(first, second) > _product(first, third),
    }


def _product(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def completions() -> dict[str, Any]:
    """Text that goes on from a prompt."""
    asked = {"model": LLAMA, "prompt": "Once upon a time"}
    whole = client.completions.create(**asked)
    chunks = list(client.completions.create(**asked, stream=True))
    short = client.completions.create(**asked, max_tokens=3)
    texts = [chunk.choices[0].text for chunk in chunks if chunk.choices]
    finish = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    used = whole.usage
    return {
        "says something": bool(whole.choices[0].text.strip()),
        "streamed": "".join(texts) == whole.choices[0].text,
        "finish": [whole.choices[0].finish_reason, finish[-1]],
        "short": [short.choices[0].finish_reason, short.usage.completion_tokens],
        "adds up": used.total_tokens == used.prompt_tokens + used.completion_tokens > 0,
        "model": whole.model,
    }


def refused(model: str) -> list[Any]:
    """What the SDK raises."""
    try:
        ask(model=model)
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code, error.body["message"]]
    return ["nothing"]


async def gather() -> list[str]:
    """Questions side by side, answers in their order, one of them streamed."""
    async with openai.AsyncOpenAI() as asynchronous:

        async def one(city: str) -> str:
            answer = await asynchronous.chat.completions.create(model=QWEN, messages=[user(city)])
            return answer.choices[0].message.content or ""

        async def piecemeal(city: str) -> str:
            chunks = await asynchronous.chat.completions.create(
                model=QWEN, messages=[user(city)], stream=True
            )
            said = [c.choices[0].delta.content or "" async for c in chunks if c.choices]
            return "".join(said)

        return await asyncio.gather(*map(one, CITIES), piecemeal("Rome"))


def scripted() -> list[Any]:
    """What a script arranged, asked twice and then streamed."""
    seen = []
    for _ in range(2):
        answer = ask(WEATHER_QUESTION, tools=TOOLS)
        (choice,) = answer.choices
        told = _called(choice.message) or choice.message.content
        seen.append([choice.finish_reason, told, answer.usage.completion_tokens])
    chunks = [c.choices[0] for c in ask(WEATHER_QUESTION, stream=True) if c.choices]
    seen.append([choice.delta.content for choice in chunks if choice.delta.content])
    return seen


parts.run(
    chat,
    conversation,
    stream,
    tools,
    choices_of_tools,
    streamed_tools,
    functions,
    parse,
    formats,
    events,
    logprobs,
    sampling,
    image,
    reasoning,
    embeddings,
    completions,
    refused,
    gather,
    scripted,
)
