"""What the fake model says: readable text and token counts, decided by the request alone."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_TOKEN = re.compile(r"\s*(?:[^\W\d_]{1,7}|\d{1,3}|[^\w\s]{1,3}|_+)|\s+")
_QUOTED = 200
# Characters; longer texts are too big to be kept.
_SHORT = 1000


def tokens(text: str) -> tuple[str, ...]:
    """Split a text into pieces about as long as a real model's tokens; joined they are the text."""
    return tuple(_TOKEN.findall(text))


def count_tokens(text: str) -> int:
    """How many tokens a text has."""
    return _count_of_short(text) if len(text) <= _SHORT else _count(text)


def _count(text: str) -> int:
    return len(_TOKEN.findall(text))


# A conversation is sent again with every turn, and a test asks the same thing many times.
_count_of_short = lru_cache(maxsize=4096)(_count)


def content_text(content: object) -> str:
    """The text of a message's content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = [part.get("text") for part in content if isinstance(part, dict)]
    return " ".join(part for part in parts if isinstance(part, str))


def prompt_tokens(messages: Sequence[dict[str, Any]]) -> int:
    """The prompt's size: each message's text and four tokens for its frame."""
    return sum([count_tokens(content_text(message.get("content"))) + 4 for message in messages])


def last_user_text(messages: Sequence[dict[str, Any]]) -> str:
    """What the user said last, or the last message's text when no user spoke."""
    for message in reversed(messages):
        if message.get("role") == "user":
            return content_text(message.get("content"))
    return content_text(messages[-1].get("content")) if messages else ""


def compose(model: str, messages: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """The reply to a conversation, in tokens: says what was asked, and by which model."""
    asked = last_user_text(messages)
    turn = [message.get("role") for message in messages].count("user")
    return (_composed_of_short if len(model) + len(asked) <= _SHORT else _composed)(
        model, asked, turn
    )


def _composed(model: str, text: str, turn: int) -> tuple[str, ...]:
    asked = " ".join(text.split())
    if len(asked) > _QUOTED:
        asked = asked[:_QUOTED].rstrip() + "..."
    return tokens(
        f'You asked: "{asked}" This is turn {turn} with {model}, as simulated by together-mock.'
    )


_composed_of_short = lru_cache(maxsize=2048)(_composed)
