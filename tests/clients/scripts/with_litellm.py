"""LiteLLM at work, as `together_ai/MODEL`."""

import asyncio
import json
import os
from typing import Any, Literal

import litellm
import openai
import parts
from pydantic import BaseModel
from questions import (
    BOTH_QUESTION,
    CITIES,
    DOCUMENTS,
    EMBEDDER,
    HELLO,
    LLAMA,
    OSS,
    QUERY,
    QWEN,
    RANKER,
    TOOL_RESULT,
    TOOLS,
    WEATHER_QUESTION,
    user,
)

# TOGETHER_AI_API_BASE and TOGETHER_API_KEY configure all of it but embeddings and reranking.
# It prints advice to standard output otherwise.
litellm.suppress_debug_info = True
WHERE = {"api_base": os.environ["TOGETHER_AI_API_BASE"], "api_key": os.environ["TOGETHER_API_KEY"]}


class Tag(BaseModel):
    label: Literal["new"]


def ask(text: str = HELLO, model: str = QWEN, **options: Any) -> Any:
    """Ask one question."""
    return litellm.completion(model=f"together_ai/{model}", messages=[user(text)], **options)


def chat(model: str) -> dict[str, Any]:
    """A plain answer, by environment and by arguments."""
    answer, same = ask(model=model), ask(model=model, **WHERE)
    used = answer.usage
    return {
        "model": answer.model,
        "content": [answer.choices[0].message.content, same.choices[0].message.content],
        "finish": answer.choices[0].finish_reason,
        "adds up": used.total_tokens == used.prompt_tokens + used.completion_tokens > 0,
    }


def cost() -> list[bool]:
    """What the answer would have cost, by LiteLLM's own table."""
    answer = ask()
    price = litellm.completion_cost(answer)
    return [price > 0, abs(price - answer.usage.total_tokens * 3e-7) < 1e-12]


def stream(model: str) -> dict[str, Any]:
    """A stream, with its usage, and put together again by LiteLLM."""
    whole = ask(model=model)
    plain = list(ask(model=model, stream=True))
    chunks = list(ask(model=model, stream=True, stream_options={"include_usage": True}))
    built = litellm.stream_chunk_builder(chunks)
    text = whole.choices[0].message.content
    texts = ["".join(c.choices[0].delta.content or "" for c in seen) for seen in (plain, chunks)]
    return {
        "text": [told == text for told in (*texts, built.choices[0].message.content)],
        "finish": [plain[-1].choices[0].finish_reason, built.choices[0].finish_reason],
        "usage": built.usage.total_tokens == whole.usage.total_tokens,
    }


def tools(model: str) -> dict[str, Any]:
    """Let the model call a tool, give it the result, take its answer."""
    messages: list[Any] = [user(WEATHER_QUESTION)]
    named = f"together_ai/{model}"
    first = litellm.completion(model=named, messages=messages, tools=TOOLS)
    message = first.choices[0].message
    messages.append(message)
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": TOOL_RESULT}
        for call in message.tool_calls
    ]
    last = litellm.completion(model=named, messages=messages, tools=TOOLS)
    chunks = list(ask(BOTH_QUESTION, model=model, tools=TOOLS, stream=True))
    built = litellm.stream_chunk_builder(chunks)
    return {
        "called": _called(message),
        "finish": [first.choices[0].finish_reason, last.choices[0].finish_reason],
        "answer": last.choices[0].message.content,
        "streamed": _called(built.choices[0].message),
        "streamed finish": built.choices[0].finish_reason,
    }


def _called(message: Any) -> list[Any]:
    calls = message.tool_calls or []
    return [[call.function.name, json.loads(call.function.arguments)] for call in calls]


def formats() -> dict[str, Any]:
    """An answer in the form of a pydantic model, and any object."""
    tag = ask("Tag it.", response_format=Tag).choices[0].message.content
    anything = ask("Any JSON.", response_format={"type": "json_object"}).choices[0].message.content
    return {
        "tag": Tag.model_validate_json(tag).label,
        "object": type(json.loads(anything)).__name__,
    }


def reasoning() -> dict[str, Any]:
    """Thoughts under LiteLLM's own name for them."""
    message = ask(model=OSS).choices[0].message
    chunks = list(ask(model=OSS, stream=True))
    thoughts = [getattr(c.choices[0].delta, "reasoning_content", None) for c in chunks]
    return {
        "thought": bool(message.reasoning_content),
        "said": message.content,
        "streamed": "".join(filter(None, thoughts)) == message.reasoning_content,
    }


async def gather() -> list[str]:
    """Questions side by side, answers in their order, one of them streamed."""

    async def one(city: str) -> str:
        answer = await litellm.acompletion(model=f"together_ai/{QWEN}", messages=[user(city)])
        return answer.choices[0].message.content

    async def piecemeal(city: str) -> str:
        told = await litellm.acompletion(
            model=f"together_ai/{QWEN}", messages=[user(city)], stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in told])

    return await asyncio.gather(*map(one, CITIES), piecemeal("Rome"))


def embeddings() -> dict[str, Any]:
    """Vectors."""
    named = f"together_ai/{EMBEDDER}"
    rows = litellm.embedding(model=named, input=["one", "two"], **WHERE).data
    (same,) = litellm.embedding(model=named, input=["one"], **WHERE).data
    return {
        "indexes": [row["index"] for row in rows],
        "dimensions": [len(row["embedding"]) for row in rows],
        "same text": rows[0]["embedding"] == same["embedding"],
    }


def rerank() -> dict[str, Any]:
    """Documents by how well they fit."""
    asked = {"model": f"together_ai/{RANKER}", "query": QUERY, "documents": DOCUMENTS, **WHERE}
    best = litellm.rerank(**asked, top_n=2, return_documents=True)
    scores = [row["relevance_score"] for row in litellm.rerank(**asked).results]
    return {
        "best": next([row["index"], row["document"]["text"]] for row in best.results),
        "counts": [len(best.results), len(scores)],
        "sorted": scores == sorted(scores, reverse=True),
    }


def completions() -> dict[str, Any]:
    """Text that goes on from a prompt."""
    asked = {"model": f"together_ai/{LLAMA}", "prompt": "Once upon a time"}
    whole = litellm.text_completion(**asked)
    chunks = litellm.text_completion(**asked, stream=True)
    texts = [chunk.choices[0].text or "" for chunk in chunks]
    return {
        "says something": bool(whole.choices[0].text.strip()),
        "streamed": "".join(texts) == whole.choices[0].text,
        "finish": whole.choices[0].finish_reason,
    }


def refused(model: str) -> list[Any]:
    """What LiteLLM raises."""
    try:
        ask(model=model)
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, str(error)]
    return ["nothing"]


parts.run(
    chat,
    cost,
    stream,
    tools,
    formats,
    reasoning,
    gather,
    embeddings,
    rerank,
    completions,
    refused,
)
