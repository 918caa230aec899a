"""Scripts: which answer a test wrote for a conversation, and why none fits.

The script with the highest priority goes first, then the one that was added first. One with
`times` is spent after so many answers; one with several replies gives them in order, and the last
one again and again.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from together_mock.core.conversation import Conversation
from together_mock.core.tokens import count_tokens
from together_mock.core.wildcards import is_like

PLACEHOLDERS = ("last_user", "model", "turn")
_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_QUOTED = 80


class Pattern(NamedTuple):
    """A regular expression, and what tells whether it is found anywhere in a text."""

    regex: str
    found_in: Callable[[str], bool]


@dataclass(frozen=True)
class TextMatch:
    """What a text must be; all that is given must hold."""

    equals: str | None = None
    contains: str | None = None
    regex: Pattern | None = None

    def unmet(self, text: str | None) -> str:
        """What of it does not hold, in words; no text at all fulfils nothing."""
        unmet = []
        if self.equals is not None and text != self.equals:
            unmet.append(f"is not {_quoted(self.equals)}")
        if self.contains is not None and (text is None or self.contains not in text):
            unmet.append(f"does not contain {_quoted(self.contains)}")
        if self.regex is not None and (text is None or not self.regex.found_in(text)):
            unmet.append(f"does not match {_quoted(self.regex.regex)}")
        return " and ".join(unmet)


class ScriptCall(NamedTuple):
    """A tool call; `arguments` is sent as it is, and without an `id` one is generated."""

    name: str
    arguments: str
    id: str | None = None


@dataclass(frozen=True)
class ScriptReply:
    """What is answered. `chunks` are the text in pieces, where it is to be streamed in those.

    A `literal` text is not looked through for placeholders.
    """

    text: str = ""
    chunks: tuple[str, ...] = ()
    reasoning: str = ""
    tool_calls: tuple[ScriptCall, ...] = ()
    finish_reason: str | None = None
    # What replaces the counted tokens, by the names of `core.answers.Usage`.
    usage: Mapping[str, int] = field(default_factory=dict)
    literal: bool = False

    @cached_property
    def is_fixed(self) -> bool:
        """Whether there is nothing to fill in."""
        texts = (self.text, self.reasoning, *self.chunks)
        return not any("{{" in text for text in texts)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many tokens each of the chunks is."""
        return tuple(map(count_tokens, self.chunks))


class Timing(NamedTuple):
    """How fast a reply comes, in real time: its first token, and the others after it.

    Without `tokens_per_second` they all come with the first.
    """

    ttft_seconds: float = 0.0
    tokens_per_second: float | None = None
    # How often a stream says that it is alive while nothing else is sent; None is "never".
    keep_alive_seconds: float | None = None


@dataclass(frozen=True)
class Script:
    """Which conversations it is for, and what they are answered, one reply after the other.

    `tool_result` asks for a conversation that ends with a tool's result, `no_tool_result` for one
    that does not.
    """

    id: str
    replies: tuple[ScriptReply, ...]
    model: str = "*"
    last_user: TextMatch | None = None
    turn: int | None = None
    tool_result: TextMatch | None = None
    no_tool_result: bool = False
    priority: int = 0
    times: int | None = None
    strict: bool = False
    timing: Timing | None = None

    def remaining(self, hits: int) -> int | None:
        """How often it may still answer; None is "always"."""
        return None if self.times is None else max(self.times - hits, 0)


def in_order(scripts: Sequence[Script]) -> tuple[Script, ...]:
    """Scripts in the order in which they are tried, made from the order they were added in."""
    return tuple(sorted(scripts, key=lambda script: -script.priority))


def choose(
    scripts: Sequence[Script], hits: Mapping[str, int], conversation: Conversation
) -> tuple[Script, ScriptReply] | None:
    """The first script that fits, with the reply whose turn it is.

    Args:
        scripts: in the order in which they are tried.
        hits: script id -> how often it answered.
        conversation: what is asked.
    """
    for script in scripts:
        used = hits.get(script.id, 0)
        if next(_differences(script, used, conversation), None) is None:
            return script, script.replies[min(used, len(script.replies) - 1)]
    return None


def closest(
    scripts: Sequence[Script], hits: Mapping[str, int], conversation: Conversation, most: int = 3
) -> str:
    """The scripts that came nearest to a conversation: what differs of each, and what there was."""
    differing = [
        (script.id, list(_differences(script, hits.get(script.id, 0), conversation)))
        for script in scripts
    ]
    differing.sort(key=lambda pair: len(pair[1]))
    return "; ".join(f"{name}: {', '.join(unmet)}" for name, unmet in differing[:most])


def _differences(script: Script, used: int, conversation: Conversation) -> Iterator[str]:
    if script.times is not None and used >= script.times:
        yield f"was used {used} of {script.times} times"
    asked, model = conversation.asked, conversation.model
    if not (is_like(asked, script.model) or is_like(model, script.model)):
        behind = "" if asked == model else f", which is {_quoted(model)}"
        yield f"model does not match {_quoted(script.model)} (it was {_quoted(asked)}{behind})"
    if script.last_user and (unmet := script.last_user.unmet(conversation.last_user)):
        yield f"last_user {unmet} (it was {_quoted(conversation.last_user)})"
    if script.turn not in (None, conversation.turn):
        yield f"turn is not {script.turn} (it was {conversation.turn})"
    result = conversation.tool_result
    if script.no_tool_result and result is not None:
        yield f"tool_result is not null (it was {_quoted(result)})"
    if script.tool_result and (unmet := script.tool_result.unmet(result)):
        yield f"tool_result {unmet} ({_was(result)})"


def _was(text: str | None) -> str:
    return "there was none" if text is None else f"it was {_quoted(text)}"


def _quoted(text: str) -> str:
    shown = text if len(text) <= _QUOTED else text[:_QUOTED] + "..."
    return json.dumps(shown, ensure_ascii=False)


def placeholders(text: str) -> list[str]:
    """The names that a text has between double braces, known or not."""
    return [name.strip() for name in _PLACEHOLDER.findall(text)]


def render(reply: ScriptReply, conversation: Conversation) -> ScriptReply:
    """The reply to a conversation: what stands between double braces is filled in, once."""
    if reply.is_fixed:
        return reply
    values = {
        "last_user": conversation.last_user,
        "model": conversation.asked,
        "turn": str(conversation.turn),
    }

    def filled(text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: values[found[1].strip()], text)

    reply = replace(reply, reasoning=filled(reply.reasoning))
    if reply.literal:
        return reply
    if not reply.chunks:
        return replace(reply, text=filled(reply.text))
    # A piece may have been nothing but a placeholder for an empty text.
    chunks = tuple(piece for piece in map(filled, reply.chunks) if piece)
    return replace(reply, text="".join(chunks), chunks=chunks)
