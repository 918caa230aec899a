"""What a script answers, as a document: texts, tool calls, JSON, and the checks on them."""

from math import isfinite
from typing import Annotated, Any, Literal, get_args

import orjson
from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from together_mock.core.scripts import PLACEHOLDERS, ScriptCall, ScriptReply, placeholders
from together_mock.services.fields import Document

Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
# Deeper than any answer, and not as deep as what encoders give up on.
_DEEPEST = 64
# Stands for a value that was not given, where null is one.
_ABSENT = object()


class Part(Document):
    """A part of a script; built when one is read, which many servers never do."""

    model_config = ConfigDict(defer_build=True)


def _is_json(value: Any, depth: int = 0) -> bool:
    # YAML has values, keys and depths that no JSON text has, or that no encoder would write.
    if depth > _DEEPEST:
        return False
    if isinstance(value, dict):
        inner = value.values()
        return all(isinstance(key, str) for key in value) and _are_json(inner, depth)
    if isinstance(value, list):
        return _are_json(value, depth)
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, str)


def _are_json(values: Any, depth: int) -> bool:
    return all(_is_json(value, depth + 1) for value in values)


def _json(value: Any) -> Any:
    if not _is_json(value):
        raise ValueError(f"must be a JSON value, not deeper than {_DEEPEST} levels")
    return value


def _arguments(value: Any) -> Any:
    # Refused here, or pydantic would name the union's branch as if it were a field.
    if not isinstance(value, dict | str):
        raise ValueError("must be an object, or the text of one")
    return _json(value)


class CallDocument(Part):
    """A tool call of a reply."""

    name: str = Field(min_length=1, description="The function's name.")
    arguments: Annotated[dict[str, Any] | str, BeforeValidator(_arguments)] = Field(
        description="An object, or a text that is sent as it is, even if it is no JSON."
    )
    id: str | None = Field(
        default=None, min_length=1, description="The call's id; without one it is generated."
    )

    def value(self) -> ScriptCall:
        """The call as rules take it."""
        given = self.arguments
        return ScriptCall(self.name, given if isinstance(given, str) else _compact(given), self.id)


class UsageDocument(Part):
    """Token counts that replace what would be counted."""

    prompt_tokens: Number | None = None
    completion_tokens: Number | None = None
    cached_tokens: Number | None = None
    reasoning_tokens: Number | None = None

    def value(self) -> dict[str, int]:
        """The counts that are given, as rules name them."""
        given = self.model_dump(exclude_none=True)
        return {name.removesuffix("_tokens"): count for name, count in given.items()}


Ending = Literal["stop", "eos", "length", "tool_calls", "function_call", "error"]


def _ending(value: Any) -> Any:
    known = get_args(Ending)
    if value is not None and value not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return value


class ReplyDocument(Part):
    """What is answered; an empty object is an empty text."""

    # By the wire's names only: `json` is a method of every model.
    model_config = ConfigDict(populate_by_name=False)

    text: str | None = Field(
        default=None,
        description="The content; `{{ last_user }}`, `{{ model }}` and `{{ turn }}` are filled in.",
    )
    tool_calls: list[CallDocument] = Field(
        default_factory=list,
        description="Calls of tools, each with `name`, `arguments` (an object, or a text that is"
        " sent as it is) and, where it matters, `id`.",
    )
    reasoning: str | None = Field(
        default=None, description="What is thought before; filled in like `text`."
    )
    json_value: Annotated[Any, BeforeValidator(_json)] = Field(
        default_factory=lambda: _ABSENT,
        alias="json",
        description="Any JSON value, whose compact form is the content where there is neither"
        " `text` nor `chunks`.",
    )
    finish_reason: Annotated[Ending | None, BeforeValidator(_ending)] = Field(
        default=None, description="Why it ends, where that is not to follow from the rest."
    )
    usage: UsageDocument | None = Field(
        default=None,
        description="`prompt_tokens`, `completion_tokens`, `cached_tokens`, `reasoning_tokens`,"
        " in place of the counted ones.",
    )
    chunks: list[Annotated[str, Field(min_length=1)]] | None = Field(
        default=None,
        description="The content in the pieces in which it is streamed, each filled in by itself;"
        " a `text` that goes with them must be what they make up.",
    )

    @field_validator("text", "reasoning")
    @classmethod
    def _can_be_filled_in(cls, text: str | None) -> str | None:
        _check_placeholders(text or "")
        return text

    @field_validator("chunks")
    @classmethod
    def _make_up_the_content(
        cls, chunks: list[str] | None, info: ValidationInfo
    ) -> list[str] | None:
        text = info.data.get("text")
        if chunks is None:
            return None
        if text not in (None, "".join(chunks)):
            raise ValueError(f"must make up the text when joined: {text}")
        found = sum(_check_placeholders(piece) for piece in chunks)
        if text is not None and found != _check_placeholders(text):
            raise ValueError("must not split a placeholder")
        return chunks

    def value(self) -> ScriptReply:
        """The reply as rules take it."""
        chunks, text = tuple(self.chunks or ()), self.text
        is_json = text is None and not chunks and self.json_value is not _ABSENT
        if text is None:
            text = _compact(self.json_value) if is_json else "".join(chunks)
        return ScriptReply(
            text=text,
            chunks=chunks,
            reasoning=self.reasoning or "",
            tool_calls=tuple(call.value() for call in self.tool_calls),
            finish_reason=self.finish_reason,
            usage=self.usage.value() if self.usage else {},
            literal=is_json,
        )


def _compact(value: Any) -> str:
    return orjson.dumps(value).decode()


def _check_placeholders(text: str) -> int:
    """How many placeholders a text has.

    Raises:
        ValueError: one of them is unknown.
    """
    names = placeholders(text)
    for name in names:
        if name not in PLACEHOLDERS:
            known = ", ".join(PLACEHOLDERS)
            raise ValueError(f"must not ask for {{{{ {name} }}}}, which is none of {known}")
    return len(names)
