"""Reads conversations: texts, turns, tool results, media, and the size of a prompt."""

import json
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from together_mock.core.tokens import count_tokens

Message = dict[str, Any]

# Tokens that a part takes up beside its text. Inferred: 24 x 24 patches a picture, and round
# numbers for sound and film, whose lengths nobody decodes here.
MEDIA_TOKENS = {"image_url": 576, "video_url": 2048, "audio_url": 512, "input_audio": 512}
_KINDS = {
    "image_url": "image",
    "video_url": "video",
    "audio_url": "audio clip",
    "input_audio": "audio clip",
}
_OPENED = re.compile(r"\{(?=\s*\")")
_DECODER = json.JSONDecoder()
# Characters, and places in them, that are looked at for a schema.
_SCHEMA_WITHIN = 100_000
_MOST_TRIED = 32
# Role, separators: what a chat template puts around each message.
_FRAME_TOKENS = 4


def text_of(content: object) -> str:
    """The text of a message's content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = [part.get("text") for part in content if isinstance(part, dict)]
    return " ".join(part for part in parts if isinstance(part, str))


def prompt_tokens(messages: Sequence[Message]) -> int:
    """The prompt's size: texts, media, earlier calls, and a frame around each message."""
    total = 0
    for message in messages:
        content = message.get("content")
        total += _FRAME_TOKENS
        if isinstance(content, str):
            total += count_tokens(content)
        elif content:
            total += count_tokens(text_of(content)) + _media_tokens(content)
        if message.get("tool_calls"):
            total += count_tokens(str(message["tool_calls"]))
    return total


def _media_tokens(content: object) -> int:
    parts = content if isinstance(content, list) else []
    return sum(MEDIA_TOKENS.get(_type_of(part), 0) for part in parts)


def _type_of(part: object) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    return kind if isinstance(kind, str) else ""


def last_user(messages: Sequence[Message]) -> Message | None:
    """What the user said last, or the last message when no user spoke."""
    for message in reversed(messages):
        if message.get("role") == "user":
            return message
    return messages[-1] if messages else None


def turn(messages: Sequence[Message]) -> int:
    """How many messages the user has sent."""
    return [message.get("role") for message in messages].count("user")


def tool_result(messages: Sequence[Message]) -> str | None:
    """The texts of the tool results that end a conversation; None when it ends otherwise."""
    results: list[str] = []
    for message in reversed(messages):
        if message.get("role") not in ("tool", "function"):
            break
        results.append(text_of(message.get("content")))
    return "\n".join(reversed(results)) if results else None


def media(content: object) -> str:
    """The media of a message in words, such as "2 images and 1 audio clip"; empty when none."""
    parts = content if isinstance(content, list) else []
    counts: dict[str, int] = {}
    for kind in filter(None, (_KINDS.get(_type_of(part)) for part in parts)):
        counts[kind] = counts.get(kind, 0) + 1
    named = [f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items()]
    return " and ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))


def told_schema(messages: Sequence[Message]) -> dict[str, Any] | None:
    """A JSON schema of an object that stands in a message's text.

    So clients tell it to models that take no schema with their request.
    """
    for message in messages:
        text = text_of(message.get("content"))[:_SCHEMA_WITHIN]
        for start in islice(_OPENED.finditer(text), _MOST_TRIED):
            try:
                found, _ = _DECODER.raw_decode(text, start.start())
            except (ValueError, RecursionError):
                continue
            if isinstance(found.get("properties"), dict):
                return dict(found)
    return None


def whole_text(messages: Sequence[Message]) -> str:
    """The conversation as one text, as a prompt cache compares it."""
    return "\n".join(
        f"{message.get('role')}: {text_of(message.get('content'))}" for message in messages
    )
