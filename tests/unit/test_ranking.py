"""Relevance without a model: what says more of the query is higher, whatever stands around it."""

from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st
from together_mock.core.ranking import READ, scores

QUERY = "What animals can I find near Peru?"
ANIMALS = [
    "The giant panda is a bear species endemic to China.",
    "The llama is a domesticated animal of the Andes, in Peru and around.",
    "The wild Bactrian camel is endemic to Northwest China and southwestern Mongolia.",
    "Animals such as the guanaco can be found near the border of Peru.",
]
EMAILS = [
    "Paul Doe <paul@oracle.com>\nWe are happy to give you the following pricing.",
    "John McGill <john@microsoft.com>\nHere is the pricing you asked for.",
    "Generic Airline Company\nYour booking status is confirmed.",
]
TEXTS = st.text(st.sampled_from("abc the of. ") | st.characters(), max_size=30)


def best_first(query: str, documents: list[str]) -> list[int]:
    """The documents' places by their scores."""
    found = scores(query, documents)
    return sorted(range(len(found)), key=found.__getitem__, reverse=True)


def test_the_documents_about_the_query_come_first():
    """The more of its words a document says, the higher it is."""
    assert best_first(QUERY, ANIMALS)[:2] == [3, 1]
    assert best_first("Which pricing did we get from Oracle?", EMAILS) == [0, 1, 2]


def test_scores_have_a_meaning():
    """All of the query is near 1, some is between, nothing of it is near 0 and still above it."""
    everything, some, nothing = scores(
        "cheap red bicycles", ["A cheap red bicycle!", "A cheap car.", "An expensive house."]
    )
    assert 0.9 < everything < 0.999
    assert 0.1 < some < 0.6
    assert 0 < nothing < 0.01


def test_the_query_itself_is_the_most_relevant():
    """A document with exactly the query's text, blanks around it aside, is above all others."""
    found = scores(QUERY, [*ANIMALS, QUERY.lower(), f" {QUERY}\n", f"{QUERY} {QUERY}"])
    assert max(found) == found[5] == 0.999
    assert found.count(0.999) == 1


@settings(deadline=None)
@given(query=TEXTS, documents=st.lists(TEXTS, max_size=6))
def test_any_texts_have_scores(query, documents):
    """One a document, in their order, between 0 and 1."""
    found = scores(query, documents)
    assert len(found) == len(documents)
    assert all(0 < score < 1 for score in found)


@settings(deadline=None)
@given(query=TEXTS, documents=st.lists(TEXTS, min_size=1, max_size=6), data=st.data())
def test_the_order_of_the_documents_does_not_matter(query, documents, data):
    """A document's score is the same wherever it stands, to the last bit."""
    order = data.draw(st.permutations(range(len(documents))))
    found = scores(query, documents)
    moved = scores(query, [documents[place] for place in order])
    assert moved == [found[place] for place in order]


def test_a_rare_word_counts_more_than_a_frequent_one():
    """Rare among the documents that are asked."""
    documents = ["a server that stopped", "a server that started", "a server that waits"]
    found = scores("stopped server", documents)
    assert found[0] > 0.85
    assert 0.1 < found[1] < 0.5
    assert scores("server", documents)[1] > 0.85


def test_a_word_counts_in_all_its_forms():
    """Plurals and the like."""
    found, other = scores("running dogs", ["The dog runs.", "The cat sleeps."])
    assert found > 0.8
    assert other < 0.01


def test_common_words_hardly_count():
    """That a document says "what is the" does not make it relevant."""
    common, content = scores("what is the boiling point", ["what is the matter", "boiling water"])
    assert content > common


def test_order_and_repetition_count_a_little():
    """Of two documents with the same words, the one that has them as the query does is higher."""
    same, turned = scores("new york", ["in new york city", "in york, a new city"])
    assert same > turned
    once, often = scores("tea", ["tea and milk and sugar", "tea and tea and tea"])
    assert often > once


def test_of_two_that_say_the_same_the_shorter_is_higher():
    """In a long document a word is there by chance more easily."""
    short, long = scores("tea", ["green tea", "a long text of many things and of some tea besides"])
    assert short > long


def test_irrelevant_documents_are_told_apart():
    """By little, always by the same, and only where they differ."""
    one, other, same = scores("tea", ["coffee", "cocoa", "coffee"])
    assert one == same != other
    assert abs(one - other) < 0.01
    assert scores("tea", ["cocoa"])[0] == other


def test_nothing_is_relevant_to_a_query_without_words():
    """Nothing but the same punctuation."""
    assert max(scores("?!", ["a", "b", ""])) < 0.01
    assert scores("?!", ["?!"]) == [0.999]
    assert scores("tea", []) == []


def test_scores_are_the_same_on_every_platform():
    """Pinned values, to the last bit."""
    assert [score.hex() for score in scores(QUERY, ANIMALS)] == [
        "0x1.972d8d5192613p-10",
        "0x1.698928e2b5b81p-2",
        "0x1.51cb9fddb12b3p-11",
        "0x1.34b5350f950c8p-1",
    ]


def test_only_the_beginnings_of_huge_texts_are_read():
    """As a reranker reads no more than its context."""
    filled = ("tea and milk " * READ)[:READ]
    assert scores(filled + "x" * 9, ["milk", filled]) == scores(filled, ["milk", filled + "y" * 9])
    late, never = scores("tea", ["word " * READ + "tea", "word " * READ])
    assert late == never < 0.01


def test_a_huge_query_is_not_read_again_with_each_document():
    """What 1,024 documents take depends on what they say, not on how long the query is."""
    words = " ".join(f"w{number}" for number in range(20_000))
    for query in (words, words * 20):
        start = process_time()
        assert len(scores(query, ["w7 and w8"] * 1024)) == 1024
        assert process_time() - start < 1
