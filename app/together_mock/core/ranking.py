"""Relevance without a model: how much of a query a document says, rare words first.

In the spirit of BM25, from counts and square roots alone, so that neither the platform's
mathematics library nor the order of the documents shows in a score. A query and its documents are
read as far as a reranker's context of some 8,000 tokens goes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import fsum, sqrt
from typing import NamedTuple

from together_mock.core import ids
from together_mock.core.embeddings import COMMON, hashed, stems

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
# Characters, of a query and of each document: 8,192 tokens of most languages that use letters.
READ = 40_000
# Characters; of what is longer a digest stands for the text, a query's in all of its scores.
_SHORT = 250

Pair = tuple[str, str]


class _Document(NamedTuple):
    """What of a document matters to a query: how often it says its words, how many of its pairs."""

    text: str
    counts: Counter[str]
    pairs: int
    length: int


class _Query(NamedTuple):
    """A query, with what each of its words counts among the documents it is asked of.

    `total` is what all of them count together, `key` stands for the text in hashes.
    """

    text: str
    key: str
    weights: dict[str, float]
    total: float
    pairs: int
    average_length: float


def scores(query: str, documents: Iterable[str]) -> list[float]:
    """How relevant each document is to a query: more than 0, less than 1.

    Of the query and of each document the first `READ` characters decide.
    """
    query = query[:READ]
    said = stems(query)
    asked, pairs = frozenset(said), frozenset(pairwise(said))
    read = [_read(text[:READ], asked, pairs) for text in documents]
    # Lengths are whole numbers, so that their sum is the same in any order.
    average = sum(document.length for document in read) / max(len(read), 1)
    weights = _weights(said, read)
    text = query.strip()
    about = _Query(text, _key(text), weights, fsum(weights.values()), len(pairs), average)
    return [_score(about, document) for document in read]


def _read(text: str, asked: frozenset[str], pairs: frozenset[Pair]) -> _Document:
    said = stems(text)
    counts = Counter([word for word in said if word in asked])
    return _Document(text.strip(), counts, len(pairs.intersection(pairwise(said))), len(said))


def _weights(said: Sequence[str], read: Sequence[_Document]) -> dict[str, float]:
    """The fewer documents have a word, the more it counts; what none has tells none apart."""
    holders: Counter[str] = Counter()
    for document in read:
        holders.update(document.counts.keys())
    return {
        word: sqrt((len(read) + 1) / (max(holders[word], 1) + 0.5))
        * (_COMMON if word in COMMON else 1)
        for word in dict.fromkeys(said)
    }


def _key(text: str) -> str:
    return text if len(text) <= _SHORT else hashed(text, 16).hex()


def _score(query: _Query, document: _Document) -> float:
    if document.text == query.text:
        return _EQUAL
    length = document.length / max(query.average_length, 1)
    lack = _SATURATION * (1 - _LENGTH + _LENGTH * length)
    weights = query.weights
    found = fsum([weights[word] * n / (n + lack) for word, n in document.counts.items()])
    score = _LEAST + _SPREAD * ids.fraction(query.key, "relevance", _key(document.text))
    if query.pairs:
        score += _PAIRS * document.pairs / query.pairs
    return score + _WORDS * found / query.total if query.total else score
