"""Chat answers as server-sent events, in the shapes of both engine families.

Shapes: the together-v1 reference, 5.3. Each delta repeats the role, `text` mirrors the content.
TIE-like: usage and seed in the last choice's last chunk. SGLang-like: usage null in each chunk,
then a chunk of its own without choices.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain, count
from operator import itemgetter
from typing import Any

import orjson

from together_mock.api.openai import chat, logprobs
from together_mock.core import sampling
from together_mock.core.answers import Answer, Choice, ToolCall, Usage
from together_mock.core.tokens import token_id

DONE = b"data: [DONE]\n\n"
# Pieces; the chunks of longer answers are too big to be kept.
_SHORT = 512
# How many tokens were sampled before an event is due, and the event.
Frame = tuple[int, bytes]


class _Envelope:
    """What is around the choices of a stream: the same but in its first event and its last."""

    def __init__(self, answer: Answer) -> None:
        head = b'data: {"id":"%b","object":"chat.completion.chunk","created":%d,"choices":['
        self.head = head % (answer.id.encode(), answer.created)
        sglang = answer.engine == "sglang"
        model = b'],"model":' + chat.quoted(answer.model)
        used = b',"usage":' + orjson.dumps(_usage(answer))
        apart = sglang if answer.include_usage is None else answer.include_usage
        # The first chunk is sent before anything is counted.
        self.first = model + b"}\n\n"
        self.end = model + b',"usage":null}\n\n' if sglang else self.first
        within = answer.include_usage is None and not apart
        self.last = model + used + b"}\n\n" if within else self.end
        self.trailer = self.head + model + used + b"}\n\n" + DONE if apart else DONE


class Parts:
    """The events of a stream, each written only when it is due: most of it they have in common."""

    def __init__(self, answer: Answer) -> None:
        self._around = _Envelope(answer)
        places, self._choices = _chunks(answer)
        # How many tokens come before each event; what is behind the choices comes with the last.
        self.places = (*places, places[-1])

    def between(self, first: int, last: int) -> bytes:
        """The events from the first on, up to the last and without it."""
        return b"".join([self._event(number) for number in range(first, last)])

    def _event(self, number: int) -> bytes:
        around, choices = self._around, self._choices
        if number == len(choices):
            return around.trailer
        end = around.first if number == 0 else around.end
        if number == len(choices) - 1:
            end = around.last
        return around.head + choices[number] + end


def whole(answer: Answer) -> bytes:
    """The whole stream in one piece, for when all of it is due."""
    around = _Envelope(answer)
    opening, *rest = _chunks(answer)[1]
    told = (around.end + around.head).join(rest)
    parts = (around.head, opening, around.first, around.head, told, around.last, around.trailer)
    return b"".join(parts)


def _usage(answer: Answer) -> dict[str, Any]:
    """Tokens as a stream tells them: the SGLang-like family leaves out the details."""
    told = chat.usage(answer.engine, answer.usage)
    return {name: value for name, value in told.items() if name != "prompt_tokens_details"}


# How many tokens come before each chunk of a stream, and the chunks' choices.
Chunks = tuple[tuple[int, ...], tuple[bytes, ...]]


def _chunks(answer: Answer) -> Chunks:
    """The choices' chunks; those of several come as they are sampled, side by side."""
    if answer.logprobs is None and not answer.legacy and _is_short(answer.choices):
        return _kept_chunks(answer.engine, answer.choices[0], answer.seed)
    shape = _SHAPES[answer.engine]
    told = [shape(answer, index).chunks() for index in range(len(answer.choices))]
    return _side_by_side(told[0] if len(told) == 1 else chain.from_iterable(told))


def _is_short(choices: Sequence[Choice]) -> bool:
    """Whether there is one text, whose pieces are few and, as a script's may not be, short."""
    first, *others = choices
    pieces = first.content + first.reasoning
    return (
        not others
        and not first.tool_calls
        and len(pieces) <= _SHORT
        and sum(map(len, pieces)) <= 10 * _SHORT
    )


@lru_cache(maxsize=64)
def _kept_chunks(engine: str, choice: Choice, seed: int) -> Chunks:
    answer = Answer("", 0, "", engine, (choice,), Usage(0, 0), seed)
    return _side_by_side(_SHAPES[engine](answer, 0).chunks())


def _side_by_side(frames: Iterable[Frame]) -> Chunks:
    places, choices = zip(*sorted(frames, key=itemgetter(0)), strict=True)
    return places, choices


def _tie_shape(
    index: int, text: str, token: int | None, reason: str | None, seed: int | None = None
) -> dict[str, Any]:
    choice: dict[str, Any] = {
        "index": index,
        "text": text,
        "logprobs": None,
        "finish_reason": reason,
    }
    if seed is not None:
        choice["seed"] = seed
    choice["delta"] = {"token_id": token, "role": "assistant", "content": text}
    return choice


def _sglang_shape(index: int, text: str, reason: str | None) -> dict[str, Any]:
    return {
        "index": index,
        "text": text,
        "logprobs": None,
        "finish_reason": reason,
        "delta": {"token_id": None, "role": "assistant", "content": text, "reasoning": None},
    }


class _Tie:
    """The chunks of one choice, TIE-like."""

    def __init__(self, answer: Answer, index: int) -> None:
        self.answer = answer
        self.index = index
        self.choice = answer.choices[index]
        self.seed = answer.seed_of(index)
        self.at = 0

    def chunks(self) -> list[Frame]:
        """The chunks, each with the number of tokens before it."""
        choice = self.choice
        found = [(0, self.opening())]
        found += [(at, self.thought(thought)) for at, thought in enumerate(choice.reasoning)]
        found += zip(self.places(), self.contents(), strict=False)
        self.at = len(choice.reasoning) + choice.content_tokens
        for place, call in enumerate(choice.tool_calls):
            found += self._call(place, call)
        found.append((self.at, self.closing()))
        return found

    def places(self) -> Iterable[int]:
        """How many tokens come before the last of each piece, which is when the piece is due."""
        start = len(self.choice.reasoning)
        if not self.choice.sizes:
            return count(start)
        ends = list(accumulate(self.choice.sizes, initial=start))
        return [end - 1 for end in ends[1:]]

    def _call(self, place: int, call: ToolCall) -> Iterator[Frame]:
        if self.answer.legacy:
            reason = chat.finish_reason(self.answer, self.choice)
            function = {"function_call": chat.function_of(call)}
            yield self.at + call.tokens - 1, self.delta(function, reason)
        else:
            opened = {"index": place, "id": call.id, "type": "function"}
            name = {"name": call.name, "arguments": ""}
            yield self.at, self.delta({"tool_calls": [{**opened, "function": name}]}, None)
            yield self.at + call.tokens - 1, self.arguments(place, call)
        self.at += call.tokens

    def arguments(self, place: int, call: ToolCall) -> bytes:
        """The chunk with a call's arguments, which says already why the answer ends."""
        part = {"index": place, "function": {"arguments": call.arguments}}
        return self.delta({"tool_calls": [part]}, self.choice.finish_reason)

    def opening(self) -> bytes:
        """The chunk before anything is said."""
        return orjson.dumps(self.shape("", None))

    def contents(self) -> list[bytes]:
        """The chunks of content."""
        pieces = enumerate(self.choice.content)
        return [self.delta({}, None, text, place) for place, text in pieces]

    def thought(self, text: str) -> bytes:
        """A chunk of reasoning."""
        return self.delta({"reasoning": text}, None)

    def closing(self) -> bytes:
        """The chunk that says why the answer ended."""
        reason = chat.finish_reason(self.answer, self.choice)
        return orjson.dumps(_tie_shape(self.index, "", token_id(""), reason, self.seed))

    def delta(
        self, more: dict[str, Any], reason: str | None, text: str = "", place: int = 0
    ) -> bytes:
        """A chunk with whatever it has beside the usual."""
        shape = self.shape(text, reason)
        shape["logprobs"] = self._logprobs(text, place)
        shape["delta"] |= more
        return orjson.dumps(shape)

    def shape(self, text: str, reason: str | None) -> dict[str, Any]:
        """A chunk's choice as it usually is."""
        return _tie_shape(self.index, text, token_id(text) if text else None, reason)

    def _logprobs(self, text: str, place: int) -> Any:
        asked = self.answer.logprobs
        if asked is None or not text:
            return None
        if asked.openai:
            return logprobs.of_pieces(asked, self.answer.engine, self.seed, [text], place)
        # The spec's type is a number here, and 1.5.35 takes nothing else.
        return sampling.logprob(self.seed, place, text)


class _Sglang(_Tie):
    """The chunks of one choice, SGLang-like."""

    def arguments(self, place: int, call: ToolCall) -> bytes:
        """The chunk with a call's arguments; ids and names are null but in the first."""
        part = {
            "index": place,
            "id": None,
            "type": "function",
            "function": {"name": None, "arguments": call.arguments},
        }
        return self.delta({"tool_calls": [part]}, None)

    def closing(self) -> bytes:
        """The chunk that says why the answer ended."""
        return orjson.dumps(self.shape("", chat.finish_reason(self.answer, self.choice)))

    def shape(self, text: str, reason: str | None) -> dict[str, Any]:
        """A chunk's choice as it usually is."""
        return _sglang_shape(self.index, text, reason)


_SHAPES: dict[str, type[_Tie]] = {"tie": _Tie, "sglang": _Sglang}
