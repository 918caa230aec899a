"""LangChain's Together integration at work."""

import asyncio
import json
import os
from typing import Any, Literal

import openai
import parts
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_together import ChatTogether, Together, TogetherEmbeddings
from pydantic import BaseModel, Field
from questions import (
    BOTH_QUESTION,
    CITIES,
    EMBEDDER,
    HELLO,
    LLAMA,
    OSS,
    QWEN,
    SCHEMA,
    TOOL_RESULT,
    WEATHER_QUESTION,
)


class Place(BaseModel):
    city: str
    country: Literal["Norway"]


class Trip(BaseModel):
    """A trip."""

    title: str = Field(description="What it is called")
    places: list[Place]
    nights: int
    note: str | None


class Tag(BaseModel):
    """A tag."""

    label: Literal["new"]


@tool
def get_weather(city: Literal["Oslo"], days: Literal[3]) -> str:
    """Forecast for a city."""
    return TOOL_RESULT


@tool
def get_stock_price(ticker: Literal["ACME"]) -> str:
    """Quote of a share."""
    return "12 dollars."


TOOLS = [get_weather, get_stock_price]
BY_NAME = {known.name: known for known in TOOLS}


def model(name: str = QWEN, **options: Any) -> ChatTogether:
    """A chat model; TOGETHER_API_BASE and TOGETHER_API_KEY configure it."""
    return ChatTogether(model=name, **options)


def _usage(message: AIMessage) -> bool:
    used = message.usage_metadata
    assert used is not None
    total = used["input_tokens"] + used["output_tokens"]
    return used["total_tokens"] == total > 0


def invoke() -> dict[str, Any]:
    """A plain answer, in a chain too."""
    answer = model().invoke([SystemMessage("You are terse."), HumanMessage(HELLO)])
    prompt = ChatPromptTemplate.from_messages([("system", "Terse."), ("human", "{word}")])
    chained = (prompt | model() | StrOutputParser()).invoke({"word": "Chained."})
    limited = model(max_tokens=5).invoke(HELLO)
    told = answer.response_metadata
    return {
        "content": answer.content,
        "metadata": [told["model_name"], told["finish_reason"]],
        "usage": _usage(answer),
        "chained": chained,
        "limited": [limited.response_metadata["finish_reason"], limited.usage_metadata],
    }


KINDS = ("input_tokens", "output_tokens", "total_tokens")


def stream(name: str) -> dict[str, Any]:
    """Chunks that add up to the message, and their usage to its usage."""
    whole = model(name).invoke(HELLO)
    seen = {}
    for how, options in {"plain": {}, "with usage": {"stream_usage": True}}.items():
        chunks = list(model(name, **options).stream(HELLO))
        total = chunks[0]
        for chunk in chunks[1:]:
            total += chunk
        seen[how] = [
            total.content == whole.content,
            # Streams of the SGLang-like family leave out the details.
            [total.usage_metadata[kind] == whole.usage_metadata[kind] for kind in KINDS],
            total.response_metadata["finish_reason"],
        ]
    return seen


def batch() -> list[str]:
    """Questions side by side."""
    return [answer.content for answer in model().batch(CITIES)]


async def gather() -> list[str]:
    """Questions side by side, asynchronously, one of them streamed."""

    async def piecemeal(city: str) -> str:
        return "".join([str(chunk.content) async for chunk in model().astream(city)])

    answers = [model().ainvoke(city) for city in CITIES]
    *told, rome = await asyncio.gather(*answers, piecemeal("Rome"))
    return [*(answer.content for answer in told), rome]


def tools(name: str) -> dict[str, Any]:
    """Let the model call tools, give it their results, take its answer."""
    bound = model(name).bind_tools(TOOLS)
    messages: list[Any] = [HumanMessage(WEATHER_QUESTION)]
    first = bound.invoke(messages)
    messages.append(first)
    for call in first.tool_calls:
        result = BY_NAME[call["name"]].invoke(call["args"])
        messages.append(ToolMessage(result, tool_call_id=call["id"]))
    last = bound.invoke(messages)
    total = None
    for chunk in bound.stream(BOTH_QUESTION):
        total = chunk if total is None else total + chunk
    forced = model(name).bind_tools(TOOLS, tool_choice="get_stock_price").invoke(HELLO)
    return {
        "called": _called(first),
        "invalid": first.invalid_tool_calls,
        "finish": first.response_metadata["finish_reason"],
        "answer": last.content,
        "more calls": last.tool_calls,
        "streamed": _called(total),
        "forced": _called(forced),
    }


def _called(message: Any) -> list[Any]:
    return [[call["name"], call["args"]] for call in message.tool_calls]


def structured(method: str) -> dict[str, Any]:
    """Answers as objects, by a method of `with_structured_output`."""
    told = model(LLAMA)
    trip = told.with_structured_output(Trip, method=method).invoke("Plan a trip.")
    tag = told.with_structured_output(Tag, method=method, include_raw=True).invoke("Tag it.")
    schema = {"title": "Colors", "description": "Colors.", **SCHEMA}
    plain = told.with_structured_output(schema, method=method).invoke("A color.")
    return {
        "trip": type(trip).__name__,
        "tag": [tag["parsed"].model_dump(), tag["parsing_error"]],
        "schema": plain,
    }


def json_mode() -> dict[str, Any]:
    """Any object, and one that a model of pydantic takes."""
    told = model(LLAMA)
    bound = told.bind(response_format={"type": "json_object"})
    anything = json.loads(str(bound.invoke("Any JSON.").content))
    tag = told.with_structured_output(Tag, method="json_mode").invoke("A tag in JSON.")
    return {"object": type(anything).__name__, "tag": tag.model_dump()}


def embeddings() -> dict[str, Any]:
    """Vectors."""
    embedder = TogetherEmbeddings(model=EMBEDDER)
    rows = embedder.embed_documents(["one", "two"])
    return {
        "dimensions": [len(row) for row in rows],
        "same text": embedder.embed_query("one") == rows[0],
        "other text": rows[0] != rows[1],
    }


def completions() -> list[Any]:
    """The integration for models of plain text."""
    url = f"{os.environ['TOGETHER_API_BASE']}/completions"
    told = Together(model=LLAMA, max_tokens=8, base_url=url).invoke("Once upon a time")
    return [type(told).__name__, bool(told.strip())]


def reasoning() -> str:
    """The answer of a model that thinks first."""
    return str(model(OSS).invoke(HELLO).content)


def refused(name: str) -> list[Any]:
    """What comes through of a refusal."""
    try:
        model(name).invoke(HELLO)
    except openai.APIStatusError as error:
        known = [cls.__name__ for cls in type(error).__mro__ if cls.__module__.startswith("openai")]
        return [known[0], error.status_code]
    return ["nothing"]


parts.run(
    invoke,
    stream,
    batch,
    gather,
    tools,
    structured,
    json_mode,
    embeddings,
    completions,
    reasoning,
    refused,
)
