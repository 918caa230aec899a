"""Answers as they are sent: in one piece or as a stream, at once or when it is due."""

from collections.abc import Sequence
from typing import NamedTuple

from together_mock.api.openai import chat, completions, streams
from together_mock.api.openai.pacing import Paced
from together_mock.core.answers import Answer, Usage
from together_mock.core.meter import Sample

_NOTHING = Sample(Usage(0, 0))


class Rendered(NamedTuple):
    """One answer on the wire: `body` in one write, or `paced`, each part at its instant.

    `due` is when the body is, in seconds after the request; None is at once. `sample` is what is
    noted of the answer.
    """

    id: str
    stream: bool
    body: bytes = b""
    paced: Paced | None = None
    due: float | None = None
    sample: Sample = _NOTHING


def of_chat(answer: Answer, *, stream: bool) -> Rendered:
    """An answer to a conversation."""
    pace, sample = answer.pace, _sample([answer])
    if not stream:
        due = None if pace is None else pace.at(answer.tokens)
        return Rendered(answer.id, stream, chat.completion(answer), due=due, sample=sample)
    if pace is None:
        # Every chunk is due at once, so they leave in one write.
        return Rendered(answer.id, stream, streams.whole(answer), sample=sample)
    parts = streams.Parts(answer)
    paced = Paced(parts.places, pace.first, pace.each, parts.between, pace.keep_alive)
    return Rendered(answer.id, stream, paced=paced, sample=sample)


def of_completions(answers: Sequence[Answer], *, stream: bool) -> Rendered:
    """The answers to one request's prompts."""
    number, sample = answers[0].id, _sample(answers)
    paces = [answer.pace for answer in answers if answer.pace is not None]
    if not stream:
        dues = [answer.pace.at(answer.tokens) for answer in answers if answer.pace is not None]
        body = completions.completion(answers)
        return Rendered(number, stream, body, due=max(dues, default=None), sample=sample)
    parts = completions.parts(answers)
    data = [event for _, event in parts]
    if not paces:
        return Rendered(number, stream, b"".join(data), sample=sample)
    alive = [pace.keep_alive for pace in paces if pace.keep_alive is not None]
    # Each prompt has a pace of its own, so that places are seconds.
    paced = Paced(
        [due for due, _ in parts],
        0.0,
        1.0,
        lambda first, last: b"".join(data[first:last]),
        min(alive, default=None),
    )
    return Rendered(number, stream, paced=paced, sample=sample)


def _sample(answers: Sequence[Answer]) -> Sample:
    """What is noted of the answers to one request; its tokens are those that it is told."""
    usage = answers[0].usage if len(answers) == 1 else completions.total(answers)
    paced = [(answer.pace, answer.tokens) for answer in answers if answer.pace is not None]
    if not paced:
        return Sample(usage, 0.0, 0.0, 0.0)
    return Sample(
        usage,
        latency=max(pace.at(tokens) for pace, tokens in paced),
        ttft=min(pace.first for pace, _ in paced),
        itl=sum(pace.each for pace, _ in paced) / len(paced),
    )
