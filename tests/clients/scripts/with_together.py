"""What the Python SDK of any generation asks models: `with_together.py PART sync|async`."""

import asyncio
import json
from typing import Any

import parts
import spelling
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
    SCHEMA,
    TOOL_RESULT,
    TOOLS,
    WEATHER_QUESTION,
    user,
)


class Asking:
    """A client of a kind, asked the same way whichever it is."""

    def __init__(self, kind: str) -> None:
        self.client = spelling.client(kind)

    async def chat(self, text: str = HELLO, model: str = QWEN, **options: Any) -> Any:
        """A whole answer."""
        return await self.messages([user(text)], model=model, **options)

    async def messages(self, messages: list[Any], **options: Any) -> Any:
        """An answer to a conversation."""
        call = self.client.chat.completions.create(messages=messages, **options)
        return await spelling.settled(call)

    async def chunks(self, text: str = HELLO, model: str = QWEN, **options: Any) -> list[Any]:
        """A stream to its end."""
        return await _all(await self.chat(text, model, stream=True, **options))


async def _all(stream: Any) -> list[Any]:
    return [chunk async for chunk in stream] if hasattr(stream, "__aiter__") else list(stream)


async def chat(kind: str) -> dict[str, Any]:
    """Plain answers, one with a system prompt, and questions side by side."""
    asking = Asking(kind)
    answer = await asking.chat()
    told = [{"role": "system", "content": "You are terse."}, user(HELLO)]
    system = await asking.messages(told, model=QWEN)
    cities = await asyncio.gather(*(asking.chat(city) for city in CITIES))
    used = answer.usage
    return {
        "model": answer.model,
        "object": _plain(answer.object),
        "content": [answer.choices[0].message.content, system.choices[0].message.content],
        "role": _plain(answer.choices[0].message.role),
        "finish": _plain(answer.choices[0].finish_reason),
        "adds up": used.total_tokens == used.prompt_tokens + used.completion_tokens > 0,
        "cities": [one.choices[0].message.content for one in cities],
    }


def _plain(value: Any) -> Any:
    """The value of what 1.x makes an enumeration."""
    return getattr(value, "value", value)


async def stream(kind: str) -> dict[str, Any]:
    """A stream as it comes, and one that was asked for its usage."""
    asking = Asking(kind)
    whole = await asking.chat()
    plain = await asking.chunks()
    options = {"stream_options": {"include_usage": True}}
    asked = await asking.chunks(**(options if spelling.FIRST else {"extra_body": options}))
    return {
        "text": [
            "".join(_texts(seen)) == whole.choices[0].message.content for seen in (plain, asked)
        ],
        "finish": _plain(plain[-1].choices[0].finish_reason),
        "usage": [
            seen[-1].usage.total_tokens == whole.usage.total_tokens for seen in (plain, asked)
        ],
    }


def _texts(chunks: list[Any]) -> list[str]:
    return [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]


async def tools(kind: str) -> dict[str, Any]:
    """Let the model call a tool, give it the result, take its answer."""
    asking = Asking(kind)
    messages: list[Any] = [user(WEATHER_QUESTION)]
    first = await asking.messages(messages, model=LLAMA, tools=TOOLS)
    message = first.choices[0].message
    messages.append(message.model_dump(mode="json", exclude_none=True))
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": TOOL_RESULT}
        for call in message.tool_calls
    ]
    last = await asking.messages(messages, model=LLAMA, tools=TOOLS)
    both = await asking.chat(BOTH_QUESTION, LLAMA, tools=TOOLS, tool_choice="auto")
    return {
        "called": _called(message),
        "finish": [_plain(told.choices[0].finish_reason) for told in (first, last)],
        "answer": last.choices[0].message.content,
        "both": _called(both.choices[0].message),
    }


def _called(message: Any) -> list[Any]:
    return [
        [call.function.name, json.loads(call.function.arguments)] for call in message.tool_calls
    ]


async def formats(kind: str) -> dict[str, Any]:
    """Every spelling of a schema, and a pattern."""
    forms = {
        "enveloped": {"type": "json_schema", "json_schema": {"name": "tag", "schema": SCHEMA}},
        "flat": {"type": "json_schema", "schema": SCHEMA},
        "object": {"type": "json_object", "schema": SCHEMA},
        "regex": {"type": "regex", "pattern": "(yes){2}"},
    }
    asking = Asking(kind)
    told = {}
    for name, form in forms.items():
        answer = await asking.chat(model=LLAMA, response_format=form)
        told[name] = answer.choices[0].message.content
    return {name: text if name == "regex" else json.loads(text) for name, text in told.items()}


async def reasoning(kind: str) -> dict[str, Any]:
    """Thoughts beside the answer and before it in a stream."""
    asking = Asking(kind)
    message = (await asking.chat(model=OSS)).choices[0].message
    chunks = await asking.chunks(model=OSS)
    thoughts = [getattr(c.choices[0].delta, "reasoning", None) for c in chunks if c.choices]
    return {
        "said": message.content,
        "thought": bool(message.reasoning),
        "streamed": ["".join(filter(None, thoughts)) == message.reasoning, "".join(_texts(chunks))],
    }


async def logprobs(kind: str) -> dict[str, Any]:
    """How likely each token was, in Together's form."""
    (choice,) = (await Asking(kind).chat(logprobs=1)).choices
    told = choice.logprobs
    return {
        "text": "".join(told.tokens) == choice.message.content,
        "counts": len(told.tokens) == len(told.token_logprobs),
        "likely": all(value <= 0 for value in told.token_logprobs),
    }


async def completions(kind: str) -> dict[str, Any]:
    """Text that goes on from a prompt."""
    client = spelling.client(kind)
    asked = {"model": LLAMA, "prompt": "Once upon a time", "max_tokens": 8}
    whole = await spelling.settled(client.completions.create(**asked))
    chunks = await _all(await spelling.settled(client.completions.create(**asked, stream=True)))
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    return {
        "object": _plain(whole.object),
        "says something": bool(whole.choices[0].text.strip()),
        "finish": _plain(whole.choices[0].finish_reason),
        "tokens": whole.usage.completion_tokens,
        "streamed": "".join(choice.text or "" for choice in choices) == whole.choices[0].text,
        "streamed as deltas": "".join(
            choice.delta.content or "" for choice in choices if choice.delta
        )
        == whole.choices[0].text,
    }


async def embeddings(kind: str) -> dict[str, Any]:
    """Vectors of several texts and of one."""
    client = spelling.client(kind)

    async def rows(given: Any) -> Any:
        return await spelling.settled(client.embeddings.create(model=EMBEDDER, input=given))

    both, one = await rows(["one", "two"]), await rows("one")
    return {
        "model": both.model,
        "object": [_plain(both.object), _plain(both.data[0].object)],
        "indexes": [row.index for row in both.data],
        "dimensions": [len(row.embedding) for row in both.data],
        "same text": both.data[0].embedding == one.data[0].embedding,
        "other text": both.data[0].embedding != both.data[1].embedding,
    }


async def rerank(kind: str) -> dict[str, Any]:
    """Documents by how well they fit, as texts and as records."""
    client = spelling.client(kind)
    asked = {"model": RANKER, "query": QUERY}

    async def ranked(documents: Any, **options: Any) -> Any:
        call = client.rerank.create(**asked, documents=documents, **options)
        return await spelling.settled(call)

    best = await ranked(DOCUMENTS, top_n=2, return_documents=True)
    every = await ranked(DOCUMENTS)
    records = [{"title": "x", "text": text} for text in DOCUMENTS]
    fields = await ranked(records, rank_fields=["title", "text"], top_n=1)
    scores = [row.relevance_score for row in every.results]
    document = best.results[0].document
    return {
        "model": best.model,
        "object": _plain(best.object),
        "best": [best.results[0].index, document["text"] if spelling.FIRST else document.text],
        "counts": [len(best.results), len(every.results)],
        "sorted": scores == sorted(scores, reverse=True),
        "records": [row.index for row in fields.results],
    }


parts.run(chat, stream, tools, formats, reasoning, logprobs, completions, embeddings, rerank)
