"""Embeddings without a model: texts that share words, stems or letters have vectors that are close.

Feature hashing: each feature of a text adds its weight at a few places of the vector, with a sign,
that a hash picks. All sums are of integers, so that neither the order of summation nor the
platform's mathematics library shows in a vector.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from math import isqrt, sqrt
from operator import mul
from struct import unpack
from typing import TypeVar

from together_mock.core.errors import MockError

# Words that say little of what a text is about.
_COMMON = """
    a about all also an and any are as at be been but by can could did do does for from had has have
    he her his how i if in into is it its just like may me more my no not of on or our out she
    should so some such than that the their them then there these they this to up us was we were
    what when where which who why will with would you your
"""
COMMON = frozenset(_COMMON.split())

# Characters of Chinese and Japanese are words of their own: nothing stands between them.
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+(?:['\u2019][^\W_{_IDEOGRAPHS}]+)*")
_VOWEL = re.compile("[aeiouy]")
# Characters: what is left of a word without its ending is a word still.
_LEAST = 3
# Characters: longer than what the models of the catalogue can read.
READ = 131_072
# Characters; what longer texts and words are made into is too big to be kept.
_SHORT, _SHORT_WORD = 1000, 40
# Bytes. Hashing more at once lets go of the interpreter, too briefly for another thread to take it,
# and each time the other threads' wait for their turn begins anew.
_AT_ONCE = 2000

# What features add, in squares. A word is its stem, its form and each of its stem's trigrams.
_BASE, _FORM, _TRIGRAM, _BIGRAM = 550_000, 150_000, 50_000, 350_000
_COMMON_WORD = 60_000
# Little: it tells texts of the same words apart, and is all there is of a text without words.
_WHOLE = 25_000

Places = tuple[tuple[int, int], ...]
_Item = TypeVar("_Item")


def embed(text: str, dimension: int, model: str) -> list[float]:
    """The unit vector of a text, of `dimension` numbers; each model has a space of its own.

    The first `READ` characters of the text decide.
    """
    make = _embed_short if len(text) <= _SHORT else _embed
    return list(make(text, dimension, model))


def shortened(vector: Sequence[float], dimension: int) -> list[float]:
    """The first numbers of a vector, as a unit vector again."""
    return list(_unit([round(number * 2**53) for number in vector[:dimension]]))


def while_awaited(items: Iterable[_Item], given_up: Callable[[], bool]) -> Iterator[_Item]:
    """What there is to read, one by one, as long as somebody waits for the answer.

    Raises:
        MockError: `capacity`, as soon as nobody does.
    """
    for item in items:
        if given_up():
            raise MockError("capacity")
        yield item


def words(text: str) -> list[str]:
    """The words of a text in lower case, without the punctuation."""
    return _WORD.findall(text.lower())


def stems(text: str) -> list[str]:
    """The stems of a text's words."""
    # As `stem` does it, without a call for each word: there may be millions.
    return [_stem(word) if len(word) <= _SHORT_WORD else word for word in words(text)]


def hashed(text: str, size: int) -> bytes:
    """So many bytes that stand for a text."""
    data = text.encode("utf-8", "surrogatepass")
    found = blake2b(data[:_AT_ONCE], digest_size=size)
    for start in range(_AT_ONCE, len(data), _AT_ONCE):
        found.update(data[start : start + _AT_ONCE])
    return found.digest()


def stem(word: str) -> str:
    """A word without its most common English endings: "run" for "running" and "runs"."""
    # What is longer is no English word, and too big to be kept.
    return _stem(word) if len(word) <= _SHORT_WORD else word


@lru_cache(maxsize=16_384)
def _stem(word: str) -> str:
    word = word.partition("'")[0].partition("\u2019")[0]
    if word in COMMON:
        return word
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > _LEAST:
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    for ending in ("ing", "ed", "ly"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= _LEAST and _VOWEL.search(rest):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    return word[:-1] if word.endswith("e") and len(word) > _LEAST else word


def _embed(text: str, dimension: int, model: str) -> tuple[float, ...]:
    text = text[:READ]
    vector = [0] * dimension
    said = words(text)
    for word, count in Counter(said).items():
        make = _short_word if len(word) <= _SHORT_WORD else _word
        _add(vector, make(word, dimension, model), count)
    # "capital of France" is "capital France": common words stand between, and say little.
    content = [stem(word) for word in said if word not in COMMON]
    for (one, other), count in Counter(pairwise(content)).items():
        _add(vector, _places(f"two {one} {other}", dimension, model, _BIGRAM), count)
    _add(vector, _places(f"all {text}", dimension, model, _WHOLE, 8), 1)
    return _unit(vector)


_embed_short = lru_cache(maxsize=512)(_embed)


def _word(word: str, dimension: int, model: str) -> Places:
    """What a word adds, and where."""
    if word in COMMON:
        return _places(f"word {word}", dimension, model, _COMMON_WORD)
    base = stem(word)
    places = [*_places(f"stem {base}", dimension, model, _BASE, 4)]
    places += _places(f"word {word}", dimension, model, _FORM)
    # Numbers, and names with digits, are not alike because they share some of them.
    if base.isalpha():
        marked = f"<{base}>"
        for start in range(len(marked) - 2):
            places += _short_places(marked[start : start + 3], dimension, model, _TRIGRAM)
    return tuple(places)


_short_word = lru_cache(maxsize=4096)(_word)


def _places(feature: str, dimension: int, model: str, square: int, many: int = 2) -> Places:
    """Where a feature goes, with weights whose squares add up to `square`."""
    drawn = unpack(f"<{many}I", hashed(f"{model}\x1f{feature}", 4 * many))
    weight = isqrt(square // many)
    return tuple([(number % dimension, -weight if number >> 31 else weight) for number in drawn])


_short_places = lru_cache(maxsize=8192)(_places)


def _add(vector: list[int], places: Places, count: int) -> None:
    # What is said often counts more, but not in proportion.
    factor = isqrt(count << 20)
    for place, weight in places:
        vector[place] += weight * factor


def _unit(vector: Sequence[int]) -> tuple[float, ...]:
    square = sum(map(mul, vector, vector))
    if not square:
        # What has cancelled itself out still has to point somewhere.
        return (1.0, *[0.0] * (len(vector) - 1))
    length = sqrt(square)
    return tuple([number / length for number in vector])
