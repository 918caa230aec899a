"""Relevance without a model: how much of a query a document says, rare words first.

In the spirit of BM25, from counts and square roots alone, so that neither the platform's
mathematics library nor the order of the documents shows in a score.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from together_mock.core import ids
from together_mock.core.embeddings import COMMON, stem, words

# Shares of a score: the query's words, and which of them follow one another.
_WORDS, _PAIRS = 0.92, 0.07
# A document that is the query; no other can have as much.
_EQUAL = 0.999
# What a document has that has nothing of the query, and by how much such documents differ.
_LEAST, _SPREAD = 0.0001, 0.002
# What a common word counts beside another.
_COMMON = 0.1
# How little one mention falls short of many, and how much of that is due to a document's length.
_SATURATION, _LENGTH = 0.05, 0.5

Pair = tuple[str, str]


class _Document(NamedTuple):
    """What of a document matters to a query: how often it says its words, and its pairs."""

    text: str
    counts: Counter[str]
    pairs: frozenset[Pair]
    length: int


class _Query(NamedTuple):
    """A query, with what each of its words counts among the documents it is asked of."""

    text: str
    weights: dict[str, float]
    pairs: frozenset[Pair]
    average_length: float


def scores(query: str, documents: Sequence[str]) -> list[float]:
    """How relevant each document is to a query: more than 0, less than 1."""
    said = list(map(stem, words(query)))
    read = [_read(text, frozenset(said)) for text in documents]
    # Lengths are whole numbers, so that their sum is the same in any order.
    average = sum(document.length for document in read) / max(len(read), 1)
    asked = _Query(query.strip(), _weights(said, read), frozenset(pairwise(said)), average)
    return [_score(asked, document) for document in read]


def _read(text: str, asked: frozenset[str]) -> _Document:
    said = list(map(stem, words(text)))
    counts = Counter([word for word in said if word in asked])
    pairs = frozenset([pair for pair in pairwise(said) if asked.issuperset(pair)])
    return _Document(text.strip(), counts, pairs, len(said))


def _weights(said: Sequence[str], read: Sequence[_Document]) -> dict[str, float]:
    """The fewer documents have a word, the more it counts; what none has tells none apart."""
    holders = Counter([word for document in read for word in document.counts])
    return {
        word: sqrt((len(read) + 1) / (max(holders[word], 1) + 0.5))
        * (_COMMON if word in COMMON else 1)
        for word in dict.fromkeys(said)
    }


def _score(query: _Query, document: _Document) -> float:
    if document.text == query.text:
        return _EQUAL
    length = document.length / max(query.average_length, 1)
    lack = _SATURATION * (1 - _LENGTH + _LENGTH * length)
    found = total = 0.0
    for word, weight in query.weights.items():
        count = document.counts[word]
        found += weight * count / (count + lack)
        total += weight
    score = _LEAST + _SPREAD * ids.fraction(query.text, "relevance", document.text)
    if query.pairs:
        score += _PAIRS * len(query.pairs & document.pairs) / len(query.pairs)
    return score + _WORDS * found / total if total else score
