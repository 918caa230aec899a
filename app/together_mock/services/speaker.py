"""A model in the middle of a request: what it thinks, says and calls, choice by choice."""

from collections.abc import Callable
from contextlib import suppress

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

# Why answers end that call something.
_FOR_CALLS = ("tool_calls", "function_call")


class Speaker:
    """A model in the middle of one request."""

    def __init__(
        self,
        project: Project,
        admitted: Admitted,
        request: ChatRequest,
        given_up: Callable[[], bool],
    ) -> None:
        self.admitted = admitted
        self.request = request
        self.options = request.options
        self.seed = project.facts.seed
        self.talk = conversation(request, admitted.model)
        self.given_up = given_up
        kind = admitted.kind
        # A raw prompt is gone on with: nothing is thought before.
        thinks = kind is not None and request.prompt is None
        self.reasoning = kind.reasoning if kind is not None and thinks else "none"
        self.moderates = kind is not None and kind.type == "moderation"
        self.thinks = self.reasoning == "field" or (
            self.reasoning == "hybrid" and self.options.thinking is True
        )
        # A hybrid model that thinks calls no tools: docs.together.ai, DeepSeek V3.1 quickstart.
        free = self.thinks and self.reasoning == "hybrid" and self.options.tool_choice == "auto"
        self.can_call = bool(self.options.tools) and not free

    def choice(self, index: int, limit: int | None) -> Choice:
        """One of the answers, within its budget of tokens."""
        if self.given_up():
            raise MockError("capacity")
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
            return _aloud(replies.think(self.talk, self.options.effort)) + said
        return said

    def _formatted(self, wanted: Format, index: int) -> str:
        seed = self._seed(index, self.talk.last_user)
        if wanted.kind == "object":
            return self._object(index, seed)
        make = structured.regex_text if wanted.kind == "regex" else structured.json_text
        return make(wanted.value, seed, wanted.param)

    def _object(self, index: int, seed: str) -> str:
        """Any JSON object: one by the schema that a message tells, else what would be said."""
        schema = messages.told_schema(self.request.messages)
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
        if self.request.prompt is not None:
            # A completion is a text and nothing else.
            ended = "stop" if reply.finish_reason in _FOR_CALLS else reply.finish_reason
            return self._told(reply, ended or "stop")
        usual = "tool_calls" if calls else "stop"
        told = self._told(reply, reply.finish_reason or usual)._replace(tool_calls=calls)
        if self.reasoning == "inline" and reply.reasoning:
            thoughts = _aloud(reply.reasoning)
            sizes = told.sizes and (1,) * len(thoughts) + told.sizes
            return told._replace(content=thoughts + told.content, sizes=sizes)
        return told._replace(reasoning=tokens(reply.reasoning))

    def _told(self, reply: ScriptReply, finish_reason: str) -> Choice:
        content = reply.chunks or tokens(reply.text)
        return Choice(content, finish_reason, sizes=reply.sizes)

    def _call_id(self, index: int, place: int) -> str:
        """The id of a tool call: `call_` and 24 hex digits."""
        number = self.admitted.number
        return "call_" + ids.digest(self.seed, "call", number, index, place, size=12).hex()


def _aloud(thoughts: str) -> tuple[str, ...]:
    """Thoughts as a model writes them that has no other place for them."""
    return tokens(f"<think>\n{thoughts}\n</think>\n\n")


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
            room = limit - count_tokens(call.name)
            if room > 0:
                kept.append(call._replace(arguments=sampling.limited(call.arguments, room)))
            return Choice((), "length", reasoning, tuple(kept))
        limit = None if limit is None else limit - call.tokens
        kept.append(call)
    return Choice((), "tool_calls", reasoning, calls)
