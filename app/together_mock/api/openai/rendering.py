"""Answers as they are sent: in one piece or as a stream, at once or when it is due."""

from collections.abc import Sequence
from typing import NamedTuple

from together_mock.api.openai import chat, completions, streams
from together_mock.api.openai.pacing import Due, kept_alive
from together_mock.core.answers import Answer


class Rendered(NamedTuple):
    """One answer on the wire: `body` in one write, or `parts` each at its instant.

    `due` is when the body is, in seconds after the request; None is at once.
    """

    id: str
    stream: bool
    body: bytes = b""
    parts: Sequence[Due] = ()
    due: float | None = None


def of_chat(answer: Answer, *, stream: bool) -> Rendered:
    """An answer to a conversation."""
    pace = answer.pace
    if not stream:
        due = None if pace is None else pace.at(answer.tokens)
        return Rendered(answer.id, stream, chat.completion(answer), due=due)
    if pace is None:
        # Every chunk is due at once, so they leave in one write.
        return Rendered(answer.id, stream, streams.whole(answer))
    parts = [(pace.at(at), data) for at, data in streams.frames(answer)]
    return Rendered(answer.id, stream, parts=_with_comments([answer], parts))


def of_completions(answers: Sequence[Answer], *, stream: bool) -> Rendered:
    """The answers to one request's prompts."""
    number = answers[0].id
    paces = [(answer, answer.pace) for answer in answers]
    if not stream:
        dues = [pace.at(answer.tokens) for answer, pace in paces if pace is not None]
        body = completions.completion(answers)
        return Rendered(number, stream, body, due=max(dues, default=None))
    parts = completions.parts(answers)
    if all(pace is None for _, pace in paces):
        return Rendered(number, stream, b"".join([data for _, data in parts]))
    return Rendered(number, stream, parts=_with_comments(answers, parts))


def _with_comments(answers: Sequence[Answer], parts: list[Due]) -> list[Due]:
    for answer in answers:
        pace = answer.pace
        if pace is not None and pace.keep_alive is not None:
            return kept_alive(parts[0][0], pace.keep_alive) + parts
    return parts
