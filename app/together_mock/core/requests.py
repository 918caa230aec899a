"""Inference requests as values: what of a request decides its answer."""

from typing import Any, NamedTuple


class Tool(NamedTuple):
    """A function that the model may call; `parameters` is its JSON schema."""

    name: str
    description: str
    parameters: Any
    # Where it stands in the request, for refusals.
    param: str


class Format(NamedTuple):
    """What the content must be: "object" (any JSON object), "schema" or "regex" with its value."""

    kind: str
    value: Any = None
    param: str = "response_format"


class Logprobs(NamedTuple):
    """Log probabilities, in Together's form or in OpenAI's, with `top` alternatives a token."""

    top: int
    openai: bool


class Options(NamedTuple):
    """The parameters that change an answer; each as if it had not been given."""

    n: int = 1
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logprobs: Logprobs | None = None
    echo: bool = False
    # Whether a stream's usage was asked for, or refused; None leaves it to the engine's family.
    include_usage: bool | None = None
    format: Format | None = None
    tools: tuple[Tool, ...] = ()
    # "auto", "required", "none", or "=" and the name of the one to call.
    tool_choice: str = "auto"
    parallel: bool = True
    # Whether tools came as `functions`, whose calls are answered in the form of 2023.
    legacy: bool = False
    thinking: bool | None = None
    effort: str = "medium"
    truncate: bool = False
    safety_model: str | None = None


PLAIN = Options()


class ChatRequest(NamedTuple):
    """A conversation to go on with, or a text to complete.

    A `simple` one asks for no more than a limit on the answer's tokens, as most do. `prompt` is the
    text to complete, which stands in `messages` as what a user says.
    """

    model: str
    messages: list[dict[str, Any]]
    stream: bool = False
    options: Options = PLAIN
    simple: bool = False
    prompt: str | None = None
