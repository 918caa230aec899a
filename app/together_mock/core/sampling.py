"""What limits and describes sampling: stop strings, token budgets, log probabilities, seeds."""

from collections.abc import Sequence
from functools import lru_cache

from together_mock.core import ids
from together_mock.core.tokens import token_id, tokens

Pieces = tuple[str, ...]

# What a model might have said instead.
_WORDS = "the a and to of I in is it that for on you with as be this or are"
_OTHERS = (",", ".", "\n", *(" " + word for word in _WORDS.split()))


def stopped(pieces: Pieces, stops: Sequence[str]) -> Pieces:
    """The pieces before the first stop string."""
    if not stops:
        return pieces
    text = "".join(pieces)
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return _head(pieces, min(places)) if places else pieces


def _head(pieces: Pieces, length: int) -> Pieces:
    """As many pieces as make up a text's first characters, the last of them cut."""
    kept = []
    for piece in pieces:
        if length <= 0:
            break
        kept.append(piece[:length])
        length -= len(piece)
    return tuple(kept)


def limited(text: str, most: int) -> str:
    """A text's first tokens."""
    return "".join(tokens(text)[:most])


@lru_cache(maxsize=2048)
def sampled_seed(project_seed: str, prompt_tokens: int) -> int:
    """The seed that an engine reports when none was given: the same for the same request."""
    drawn = int.from_bytes(ids.digest(project_seed, "seed", prompt_tokens, size=8))
    # The service's seeds are JSON numbers that went through a double: about 16 digits are exact.
    return drawn // 10_000 * 10_000


def logprob(seed: int, position: int, piece: str) -> float:
    """The log probability of a token at its place: near zero mostly, as a sampled token's is."""
    drawn = ids.fraction(str(seed), "logprob", position, piece)
    return -round(drawn**4 * 3, 6)


def alternatives(seed: int, position: int, piece: str, most: int) -> list[tuple[str, float]]:
    """A token and what was less likely in its place, best first, with log probabilities."""
    value = logprob(seed, position, piece)
    found = [(piece, value)]
    start = token_id(piece) + position
    for number in range(len(_OTHERS)):
        other = _OTHERS[(start + number) % len(_OTHERS)]
        if len(found) >= most:
            break
        if other != piece:
            value -= 0.5 + 2 * ids.fraction(str(seed), "less", position, other)
            found.append((other, round(value, 6)))
    return found[:most]
