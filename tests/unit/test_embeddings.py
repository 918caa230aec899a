"""Vectors without a model: the same everywhere, and close for texts that have much in common."""

import math
import struct
from hashlib import blake2b, sha256
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from together_mock.core import embeddings
from together_mock.core.embeddings import (
    _stem,
    embed,
    hashed,
    shortened,
    stem,
    stems,
    words,
)

MODEL = "BAAI/bge-base-en-v1.5"
CORPUS = [
    "The Eiffel Tower was finished in 1889 and stands in Paris.",
    "Photosynthesis turns light, water and carbon dioxide into sugar.",
    "To restart the router, hold its power button for ten seconds.",
    "The llama is a domesticated animal of the Andes, kept for wool and meat.",
    "A mortgage is a loan that is secured by the house it pays for.",
    "Our refund policy: money is returned within 30 days of a purchase.",
    "The violin has four strings and is played with a bow.",
    "Bread dough rises because yeast makes carbon dioxide.",
    "Kubernetes schedules containers on the nodes of a cluster.",
    "The goalkeeper saved two penalties in the football final.",
    "Influenza vaccines are adapted every year to new strains of the virus.",
    "Jupiter is the largest planet; its moons were seen by Galileo.",
]
QUERIES = {
    "When was the Eiffel Tower in Paris finished?": 0,
    "How do plants make sugar from light and water?": 1,
    "how to restart a router": 2,
    "Which animals are kept in the Andes?": 3,
    "Can I get my money refunded after purchasing?": 5,
    "Who saw the moons of the planet Jupiter?": 11,
}


def cosine(one: str, other: str, model: str = MODEL, dimension: int = 768) -> float:
    """How close two texts are."""
    pair = zip(embed(one, dimension, model), embed(other, dimension, model), strict=True)
    return math.fsum(a * b for a, b in pair)


@pytest.mark.parametrize("dimension", [1, 2, 8, 384, 768, 1024])
@pytest.mark.parametrize(
    "text", ["", " \n", "!?", "word", "Hello, world!", "x " * 400, "日本の首都"]
)
def test_a_vector_has_its_dimension_and_the_length_one(text, dimension):
    """Whatever the text is, even none."""
    vector = embed(text, dimension, MODEL)
    assert len(vector) == dimension
    assert math.hypot(*vector) == pytest.approx(1, abs=1e-12)


@settings(deadline=None)
@given(text=st.text(max_size=60), dimension=st.integers(1, 40))
def test_every_text_has_one_unit_vector(text, dimension):
    """Any characters at all; asked again, the vector is the same."""
    vector = embed(text, dimension, MODEL)
    assert math.hypot(*vector) == pytest.approx(1, abs=1e-9)
    assert embed(text, dimension, MODEL) == vector


def test_half_a_character_has_a_vector():
    """A lone surrogate is what a cut text of another language may end with."""
    assert math.hypot(*embed("cut \ud83d", 16, MODEL)) == pytest.approx(1)


def test_vectors_are_the_same_on_every_platform():
    """Pinned values: a change of these breaks everybody's recorded vectors."""
    short = embed("Hello, world!", 768, MODEL)
    assert sha256(struct.pack("<768d", *short)).hexdigest()[:16] == "42e76d0b3fd1c3d7"
    long = embed(" ".join(CORPUS) * 2, 1024, "intfloat/multilingual-e5-large-instruct")
    assert sha256(struct.pack("<1024d", *long)).hexdigest()[:16] == "f76532188ca66c8d"


def test_a_vector_is_the_callers_own():
    """What a caller does to a vector does not show in the next one."""
    vector = embed("mine", 8, MODEL)
    vector[0] = 9.0
    assert embed("mine", 8, MODEL)[0] != 9.0


def test_each_model_has_a_space_of_its_own():
    """The vectors of two models say nothing about each other, those of one model do."""
    text = "Vectors of one model are not to be mixed with those of another."
    one, other = embed(text, 768, MODEL), embed(text, 768, "another/model")
    assert abs(math.fsum(a * b for a, b in zip(one, other, strict=True))) < 0.15
    assert cosine(text, text, "another/model") == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("run", "running", "swim"),
        ("The invoice was paid.", "Invoices are paid.", "The planet was seen."),
        ("internationalisation", "internationalization", "localisation"),
        ("the capital of France", "the capital city of France", "the capital of Spain"),
        ("the dog bites the man", "the dog bites that man", "the man bites the dog"),
        ("北京是中国的首都", "中国的首都是北京", "我喜欢喝咖啡"),
        ("t17 t2041 t99", "t17 t2041 t100", "t5 t6 t7"),
    ],
)
def test_what_has_more_in_common_is_closer(text, near, far):
    """Words, their stems, their letters and their order count."""
    assert 1 > cosine(text, near) > cosine(text, far)
    assert cosine(text, near) > 0.3


def test_overlap_decides_how_close():
    """Each word that is replaced takes a text further away."""
    text = ["green", "turtles", "swim", "across", "warm", "oceans"]
    others = ["purple", "engines", "rust", "inside", "cold", "garages"]
    steps = [cosine(" ".join(text), " ".join(others[:n] + text[n:])) for n in range(7)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] == pytest.approx(1)
    assert abs(steps[6]) < 0.15


@pytest.mark.parametrize("other", ["hello world", "HELLO, WORLD", "Hello,  world?", "Hello world."])
def test_case_and_punctuation_hardly_matter(other):
    """They are noticed, and no more."""
    assert 0.95 < cosine("Hello, world!", other) < 1 - 1e-6


def test_common_words_count_little():
    """That two texts both say "is the of a" does not make them alike."""
    assert cosine("What is the price of a house?", "What is the colour of a horse?") < 0.3
    assert cosine("the price of the house", "house price") > 0.75


def test_texts_about_other_things_are_far_apart():
    """The sentences of the corpus share common words alone, but for two that share a gas."""
    found = sorted(abs(cosine(one, other)) for one, other in combinations(CORPUS, 2))
    assert found[-2] < 0.15 < found[-1] < 0.3
    assert cosine(CORPUS[1], CORPUS[7]) == found[-1]


@pytest.mark.parametrize("dimension", [256, 768, 1024])
@pytest.mark.parametrize("query", QUERIES)
def test_the_right_document_is_found(query, dimension):
    """A query's nearest document is the one that answers it."""
    found = [cosine(query, text, dimension=dimension) for text in CORPUS]
    assert found.index(max(found)) == QUERIES[query]


def test_only_the_beginning_of_a_huge_text_is_read():
    """As a model reads no more than its context."""
    text = "word " * 30_000
    assert embed(text, 64, MODEL) == embed(text + "more", 64, MODEL)


def test_one_huge_word_takes_no_time():
    """Nor is it kept: it is read letter by letter, once."""
    word = "abcdefghij" * 20_000
    before = _stem.cache_info().currsize
    assert math.hypot(*embed(word, 64, MODEL)) == pytest.approx(1)
    assert stem(word) == word
    assert _stem.cache_info().currsize == before


def test_a_shortened_vector_is_the_beginning_at_length_one():
    """The proportions of the numbers that are kept stay."""
    vector = embed(CORPUS[0], 768, MODEL)
    short = shortened(vector, 256)
    assert math.hypot(*short) == pytest.approx(1, abs=1e-12)
    scale = math.hypot(*vector[:256])
    assert [number * scale for number in short] == pytest.approx(vector[:256], abs=1e-12)


def test_a_vector_of_nothing_points_somewhere():
    """Where all the numbers that are kept are zero there is still a unit vector."""
    assert shortened([0.0, 0.0, 1.0], 2) == [1.0, 0.0]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("run", "run"),
        ("runs", "run"),
        ("running", "run"),
        ("stopped", "stop"),
        ("making", "mak"),
        ("make", "mak"),
        ("pricing", "pric"),
        ("price", "pric"),
        ("cities", "city"),
        ("city", "city"),
        ("animals", "animal"),
        ("called", "call"),
        ("glass", "glass"),
        ("virus", "virus"),
        ("quickly", "quick"),
        ("string", "string"),
        ("king", "king"),
        ("bus", "bus"),
        ("does", "does"),
        ("llama's", "llama"),
        ("llama\u2019s", "llama"),
        ("2024", "2024"),
    ],
)
def test_endings_are_stripped(word, expected):
    """The most common English ones, where a word is left of the word."""
    assert stem(word) == expected


def test_stems_are_those_of_all_words():
    """In their order, overlong ones as they are."""
    assert stems(f"Running DOGS, {'s' * 50}") == ["run", "dog", "s" * 50]


@pytest.mark.parametrize("length", [0, 1, 1999, 2000, 2001, 4000, 9999])
def test_a_text_is_hashed_in_parts_as_it_is_as_a_whole(length):
    """However long it is."""
    text = ("0123456789é" * 1000)[:length]
    assert hashed(text, 8) == blake2b(text.encode(), digest_size=8).digest()


def test_no_hash_lets_go_of_the_interpreter(monkeypatch):
    """As Python's hashes do for 2,048 bytes or more, at the cost of the other threads' turn."""
    sizes = []

    class Spy:
        def __init__(self, data, *, digest_size):
            self.hash = blake2b(digest_size=digest_size)
            self.digest = self.hash.digest
            self.update(data)

        def update(self, data):
            sizes.append(len(data))
            self.hash.update(data)

    monkeypatch.setattr(embeddings, "blake2b", Spy)
    assert len(embed("é llama lives in Peru " * 500, 8, MODEL)) == 8
    assert 1000 < max(sizes) < 2048


def test_words_are_found_in_any_text():
    """Lower case, no punctuation; ideographs one by one."""
    assert words("Don't PANIC: e-mail_me @ 7pm!") == ["don't", "panic", "e", "mail", "me", "7pm"]
    assert words("東京へ go") == ["東", "京", "へ", "go"]
