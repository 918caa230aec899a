"""A model in the middle of a request: what it thinks, says and calls, choice by choice."""

from contextlib import suppress
from functools import lru_cache

import orjson

from together_mock import structured
from together_mock.core import ids, messages, replies, sampling, toolbox
from together_mock.core.answers import Choice, ToolCall
from together_mock.core.conversation import Conversation
from together_mock.core.errors import MockError
from together_mock.core.requests import ChatRequest, Format
from together_mock.core.scripts import ScriptReply
from together_mock.core.tokens import count_tokens, tokens
from together_mock.services.inference import Admitted
from together_mock.services.projects import Project


class Speaker:
    """A model in the middle of one request."""

    def __init__(self, project: Project, admitted: Admitted, request: ChatRequest) -> None:
        self.admitted = admitted
        self.options = request.options
        self.messages = request.messages
        self.seed = project.facts.seed
        self.talk = conversation(request, admitted.model)
        kind = admitted.kind
        self.reasoning = "none" if kind is None else kind.reasoning
        self.moderates = kind is not None and kind.type == "moderation"
        # A hybrid model that thinks calls no tools: docs.together.ai, DeepSeek V3.1 quickstart.
        self.thinks = self.reasoning == "field" or (
            self.reasoning == "hybrid" and self.options.thinking is True
        )
        self.can_call = bool(self.options.tools) and not (
            self.thinks and self.reasoning == "hybrid"
        )

    def choice(self, index: int, limit: int | None) -> Choice:
        """One of the answers, within its budget of tokens."""
        reasoning = tokens(replies.think(self.talk, self.options.effort)) if self.thinks else ()
        if limit is not None and len(reasoning) >= limit:
            return Choice((), "length", reasoning[:limit])
        left = None if limit is None else limit - len(reasoning)
        calls = self._calls(index)
        if calls:
            return _within(calls, left, reasoning)
        content = sampling.stopped(self._content(index), self.options.stop)
        if left is not None and left < len(content):
            return Choice(content[:left], "length", reasoning)
        return Choice(content, "stop", reasoning)

    def _calls(self, index: int) -> tuple[ToolCall, ...]:
        options, talk = self.options, self.talk
        if not self.can_call or (talk.tool_result is not None and options.tool_choice == "auto"):
            return ()
        chosen = toolbox.chosen(
            options.tools, options.tool_choice, talk.last_user, parallel=options.parallel
        )
        return tuple(
            ToolCall(
                id=self._call_id(index, place),
                name=tool.name,
                arguments=structured.json_text(
                    tool.parameters, self._seed(index, tool.name), tool.param
                ),
            )
            for place, tool in enumerate(chosen)
        )

    def _content(self, index: int) -> tuple[str, ...]:
        if self.options.format is not None:
            return tokens(self._formatted(self.options.format, index))
        if self.moderates:
            return tokens("safe")
        said = replies.compose(self.talk, self._variant(index))
        if self.reasoning == "inline":
            thoughts = replies.think(self.talk, self.options.effort)
            return tokens(f"<think>\n{thoughts}\n</think>\n\n") + said
        return said

    def _formatted(self, wanted: Format, index: int) -> str:
        seed = self._seed(index, self.talk.last_user)
        if wanted.kind == "object":
            return self._object(index, seed)
        make = structured.regex_text if wanted.kind == "regex" else structured.json_text
        return make(wanted.value, seed, wanted.param)

    def _object(self, index: int, seed: str) -> str:
        """Any JSON object: one by the schema that a message tells, else what would be said."""
        schema = messages.told_schema(self.messages)
        if schema is not None:
            with suppress(MockError):
                return structured.json_text(schema, seed, "messages")
        said = "".join(replies.compose(self.talk, self._variant(index)))
        return orjson.dumps({"answer": said}).decode()

    def _variant(self, index: int) -> int:
        seed = self.options.seed
        first = 0 if seed is None else 1 + seed % (replies.VARIANTS - 1)
        return first + index

    def _seed(self, index: int, subject: str) -> str:
        return ids.digest(self.seed, "said", self.options.seed, index, subject).hex()

    def scripted(self, reply: ScriptReply, index: int) -> Choice:
        """One of the answers as a script gives it, which no limit cuts."""
        calls = tuple(
            ToolCall(
                call.id or self._call_id(index, place),
                call.name,
                call.arguments,
            )
            for place, call in enumerate(reply.tool_calls)
        )
        return Choice(
            content=reply.chunks or tokens(reply.text),
            finish_reason=reply.finish_reason or ("tool_calls" if calls else "stop"),
            reasoning=tokens(reply.reasoning),
            tool_calls=calls,
            sizes=_sizes(reply.chunks),
        )

    def _call_id(self, index: int, place: int) -> str:
        """The id of a tool call: `call_` and 24 hex digits."""
        number = self.admitted.number
        return "call_" + ids.digest(self.seed, "call", number, index, place, size=12).hex()


@lru_cache(maxsize=128)
def _sizes(chunks: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(map(count_tokens, chunks))


def conversation(request: ChatRequest, model: str) -> Conversation:
    """A request as scripts and replies see it."""
    said = messages.last_user(request.messages)
    content = None if said is None else said.get("content")
    return Conversation(
        asked=request.model,
        model=model,
        last_user=messages.text_of(content),
        turn=messages.turn(request.messages),
        tool_result=messages.tool_result(request.messages),
        media=messages.media(content),
    )


def _within(calls: tuple[ToolCall, ...], limit: int | None, reasoning: tuple[str, ...]) -> Choice:
    """Tool calls within a budget of tokens: the one that exceeds it breaks off."""
    kept: list[ToolCall] = []
    for call in calls:
        if limit is not None and call.tokens > limit:
            cut = sampling.limited(call.arguments, max(0, limit - count_tokens(call.name)))
            return Choice((), "length", reasoning, (*kept, call._replace(arguments=cut)))
        limit = None if limit is None else limit - call.tokens
        kept.append(call)
    return Choice((), "tool_calls", reasoning, calls)
