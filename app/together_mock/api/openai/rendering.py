"""Answers as they are sent: in one piece or as a stream, at once or when it is due."""

from collections.abc import Sequence
from typing import NamedTuple

from together_mock.api.openai import chat, completions, streams
from together_mock.api.openai.pacing import Paced
from together_mock.core.answers import Answer


class Rendered(NamedTuple):
    """One answer on the wire: `body` in one write, or `paced`, each part at its instant.

    `due` is when the body is, in seconds after the request; None is at once.
    """

    id: str
    stream: bool
    body: bytes = b""
    paced: Paced | None = None
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
    parts = streams.Parts(answer)
    paced = Paced(parts.places, pace.first, pace.each, parts.between, pace.keep_alive)
    return Rendered(answer.id, stream, paced=paced)


def of_completions(answers: Sequence[Answer], *, stream: bool) -> Rendered:
    """The answers to one request's prompts."""
    number = answers[0].id
    paces = [answer.pace for answer in answers if answer.pace is not None]
    if not stream:
        dues = [answer.pace.at(answer.tokens) for answer in answers if answer.pace is not None]
        body = completions.completion(answers)
        return Rendered(number, stream, body, due=max(dues, default=None))
    parts = completions.parts(answers)
    data = [event for _, event in parts]
    if not paces:
        return Rendered(number, stream, b"".join(data))
    alive = [pace.keep_alive for pace in paces if pace.keep_alive is not None]
    # Each prompt has a pace of its own, so that places are seconds.
    paced = Paced(
        [due for due, _ in parts],
        0.0,
        1.0,
        lambda first, last: b"".join(data[first:last]),
        min(alive, default=None),
    )
    return Rendered(number, stream, paced=paced)
