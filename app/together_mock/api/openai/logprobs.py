"""Log probabilities on the wire, in the two forms that the service has.

Together's own: parallel arrays. OpenAI's: an object a token; what a request with `logprobs: true`
gets, and any request of the SGLang-like family (third-party recordings).
"""

from collections.abc import Sequence
from typing import Any

from together_mock.core import sampling
from together_mock.core.requests import Logprobs
from together_mock.core.tokens import token_id, tokens


def is_openai(asked: Logprobs, engine: str) -> bool:
    """Whether the form is OpenAI's."""
    return asked.openai or engine == "sglang"


def of_pieces(
    asked: Logprobs, engine: str, seed: int, pieces: Sequence[str], first: int = 0
) -> dict[str, Any]:
    """The log probabilities of some tokens, the first of which has the position `first`."""
    if is_openai(asked, engine):
        content = [_entry(asked, seed, first + place, text) for place, text in enumerate(pieces)]
        return {"content": content}
    found: dict[str, Any] = {
        "token_ids": [token_id(piece) for piece in pieces],
        "tokens": list(pieces),
        "token_logprobs": [
            sampling.logprob(seed, first + place, piece) for place, piece in enumerate(pieces)
        ],
    }
    if asked.top > 1:
        found["top_logprobs"] = _best(asked, seed, pieces, first)
    return found


def in_arrays(asked: Logprobs, seed: int, text: str, place: int) -> dict[str, Any]:
    """The log probability of one token as SGLang-like streams have it (third-party recordings)."""
    found = sampling.alternatives(seed, place, text, asked.top)
    best = [{"token": token, "logprob": value} for token, value in found]
    return {"tokens": [text], "token_logprobs": [found[0][1]], "top_logprobs": [best]}


def of_text(asked: Logprobs, seed: int, text: str) -> dict[str, Any]:
    """The log probabilities of a prompt: always in Together's form, which the spec has for it."""
    return of_pieces(asked._replace(openai=False), "tie", seed, tokens(text))


def _best(asked: Logprobs, seed: int, pieces: Sequence[str], first: int) -> dict[str, float]:
    """The likeliest alternatives by token: the spec has one object for a whole answer."""
    best: dict[str, float] = {}
    for place, piece in enumerate(pieces):
        for other, value in sampling.alternatives(seed, first + place, piece, asked.top):
            best[other] = max(value, best.get(other, value))
    return best


def _entry(asked: Logprobs, seed: int, position: int, piece: str) -> dict[str, Any]:
    found = sampling.alternatives(seed, position, piece, max(1, asked.top))
    return {
        **_token(*found[0]),
        "top_logprobs": [_token(*pair) for pair in found[: asked.top]],
    }


def _token(text: str, value: float) -> dict[str, Any]:
    raw = text.encode("utf-8", "surrogatepass")
    return {"token": text, "bytes": list(raw), "logprob": value}
