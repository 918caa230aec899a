"""Log probabilities on the wire, in the two forms that the service has.

Together's own: parallel arrays. OpenAI's: an object a token; what a request with `logprobs: true`
gets, and any request of the SGLang-like family (third-party recordings).
"""

from collections.abc import Sequence
from typing import Any

from together_mock.core import sampling
from together_mock.core.requests import Logprobs
from together_mock.core.tokens import token_id


def of_pieces(
    asked: Logprobs, engine: str, seed: int, pieces: Sequence[str], first: int = 0
) -> dict[str, Any]:
    """The log probabilities of some tokens, the first of which has the position `first`."""
    if asked.openai or engine == "sglang":
        content = [_entry(asked, seed, first + place, text) for place, text in enumerate(pieces)]
        return {"content": content}
    return in_arrays(asked, seed, pieces)


def in_arrays(asked: Logprobs, seed: int, pieces: Sequence[str]) -> dict[str, Any]:
    """The log probabilities of some tokens in Together's form."""
    found: dict[str, Any] = {
        "token_ids": [token_id(piece) for piece in pieces],
        "tokens": list(pieces),
        "token_logprobs": [
            sampling.logprob(seed, place, piece) for place, piece in enumerate(pieces)
        ],
    }
    if asked.top > 1:
        found["top_logprobs"] = _best(asked, seed, pieces)
    return found


def _best(asked: Logprobs, seed: int, pieces: Sequence[str]) -> dict[str, float]:
    """The likeliest alternatives by token: the spec has one object for a whole answer."""
    best: dict[str, float] = {}
    for place, piece in enumerate(pieces):
        for other, value in sampling.alternatives(seed, place, piece, asked.top):
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
