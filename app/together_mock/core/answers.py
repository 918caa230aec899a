"""Answers as values: what a model says, before any family puts it on the wire."""

from typing import NamedTuple

from together_mock.core.requests import Logprobs
from together_mock.core.tokens import count_tokens


class ToolCall(NamedTuple):
    """A call that the model asks for; `arguments` is a JSON text."""

    id: str
    name: str
    arguments: str

    @property
    def tokens(self) -> int:
        """How many tokens the call is."""
        return count_tokens(self.name) + count_tokens(self.arguments)


class Choice(NamedTuple):
    """One of the answers to a request: its texts in pieces as they are streamed.

    A piece is a token, except where `sizes` says how many each piece of the content is.
    """

    content: tuple[str, ...]
    finish_reason: str = "stop"
    reasoning: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    sizes: tuple[int, ...] = ()

    @property
    def content_tokens(self) -> int:
        """How many tokens the content is."""
        return sum(self.sizes) if self.sizes else len(self.content)

    @property
    def tokens(self) -> int:
        """How many tokens were sampled for all of it."""
        calls = sum([call.tokens for call in self.tool_calls])
        return len(self.reasoning) + self.content_tokens + calls


class Usage(NamedTuple):
    """Tokens; `reasoning` is part of `completion`, `cached` of `prompt`."""

    prompt: int
    completion: int
    reasoning: int = 0
    cached: int = 0


class Pace(NamedTuple):
    """When the tokens of an answer are due, in real seconds after the request.

    Before the first, a stream sends a comment every `keep_alive` seconds, if it is to.
    """

    first: float
    each: float
    keep_alive: float | None = None

    def at(self, tokens: int) -> float:
        """When the token after so many others is due."""
        return self.first + self.each * tokens


class Answer(NamedTuple):
    """A whole answer. `engine` is the family that shapes it; `pace` is None when all is due."""

    id: str
    created: int
    model: str
    engine: str
    choices: tuple[Choice, ...]
    usage: Usage
    seed: int
    include_usage: bool | None = None
    logprobs: Logprobs | None = None
    # The prompt's text, where the request asked to see it again.
    echo: str | None = None
    legacy: bool = False
    pace: Pace | None = None

    @property
    def tokens(self) -> int:
        """How many tokens the longest of the choices took, one after the other."""
        return max([choice.tokens for choice in self.choices])

    def seed_of(self, index: int) -> int:
        """The seed that a choice was sampled with."""
        return min(self.seed + index, max(self.seed, 2**63 - 1))
