"""Embeddings and rerank on the wire: what is taken and refused, and the shapes of the answers."""

import base64
import math
import struct
from itertools import count
from time import process_time

import jsonschema_rs
import orjson
import pytest
from contract.conformance import CONTRACT
from hypothesis import given, settings
from hypothesis import strategies as st
from together_mock.api.openai import embeddings, rerank
from together_mock.core.embeddings import embed
from together_mock.core.errors import MockError
from together_mock.core.ranking import READ
from together_mock.core.tokens import count_tokens

MODEL = "togethercomputer/m2-bert-80M-8k-retrieval"
ASK = {"model": MODEL, "input": "Our solar system"}
RANKER = "Salesforce/Llama-Rank-V1"
DOCUMENTS = [
    "The panda lives in China.",
    "The llama lives in Peru.",
    "Peru is a country of llamas.",
]
RANK = {"model": RANKER, "query": "Where in Peru do llamas live?", "documents": DOCUMENTS}
OBJECTS = [
    {"title": "Panda", "text": "It lives in China.", "year": 2024},
    {"title": "Vicuña", "text": "It lives in Peru.", "tags": ["wool", "Andes"]},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3)
    ),
    max_leaves=6,
)


def embedded(dimension=768, **fields):
    """The answer to an embeddings request."""
    request = embeddings.read({**ASK, **fields})
    return orjson.loads(embeddings.answer(request, MODEL, dimension))


def ranked(**fields):
    """The answer to a rerank request."""
    return orjson.loads(rerank.answer(rerank.read({**RANK, **fields}), "request-1"))


def validator(name):
    """The contract's schema of an answer."""
    schemas = CONTRACT["components"]["schemas"]
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    )


EMBEDDINGS, RERANK = validator("EmbeddingsResponse"), validator("RerankResponse")


# Embeddings


def test_one_text_has_one_vector():
    """The shape of the specification, with nothing beside it."""
    vector = embed("Our solar system", 768, MODEL)
    assert embedded() == {
        "object": "list",
        "model": MODEL,
        "data": [{"object": "embedding", "embedding": vector, "index": 0}],
    }


def test_several_texts_have_vectors_in_their_order():
    """A text has the same vector alone and among others; the same text, the same vector."""
    texts = ["first", "second", "first"]
    data = embedded(input=texts)["data"]
    assert [part["index"] for part in data] == [0, 1, 2]
    assert [part["embedding"] for part in data] == [embed(text, 768, MODEL) for text in texts]
    assert data[0]["embedding"] == embedded(input="first")["data"][0]["embedding"]


@pytest.mark.parametrize(("dimension", "length"), [(1024, 1024), (768, 768), (None, 768)])
def test_vectors_have_the_dimension_of_the_model(dimension, length):
    """768 for a model of which it is not known."""
    assert len(embedded(dimension)["data"][0]["embedding"]) == length


def test_the_answer_names_the_model_as_it_was_asked_for():
    """An endpoint's name stays; its vectors are those of the model behind it."""
    request = embeddings.read({**ASK, "model": "devuser/endpoint-1"})
    answer = orjson.loads(embeddings.answer(request, MODEL, 768))
    assert answer == {**embedded(), "model": "devuser/endpoint-1"}


def test_base64_holds_the_same_numbers():
    """Little-endian 32-bit floats, as OpenAI's clients ask for them by default."""
    text = embedded(encoding_format="base64")["data"][0]["embedding"]
    unpacked = struct.unpack("<768f", base64.b64decode(text, validate=True))
    numbers = embedded(encoding_format="float")["data"][0]["embedding"]
    assert unpacked == struct.unpack("<768f", struct.pack("<768f", *numbers))
    assert list(unpacked) == pytest.approx(numbers, abs=1e-7)


@pytest.mark.parametrize("dimensions", [1, 256, 767])
def test_vectors_can_be_shortened(dimensions):
    """`dimensions` keeps the first numbers, at length one."""
    short = embedded(dimensions=dimensions)["data"][0]["embedding"]
    full = embedded()["data"][0]["embedding"]
    assert len(short) == dimensions
    assert math.hypot(*short) == pytest.approx(1)
    assert all(
        math.copysign(1, a) == math.copysign(1, b) for a, b in zip(short, full, strict=False)
    )


def test_all_dimensions_are_the_vector_itself():
    """As are none."""
    assert embedded(dimensions=768) == embedded(dimensions=None) == embedded()


def test_token_ids_are_texts():
    """The same ids have the same vector, in any of the forms that OpenAI's clients send."""
    alone = embedded(input=[17, 4, 99])["data"]
    among = embedded(input=[[17, 4, 99], [5, 6, 7], [17, 4, 98]])["data"]
    assert len(alone) == 1
    assert len(among) == 3
    first, second, third = (part["embedding"] for part in among)
    assert alone[0]["embedding"] == first
    near = math.fsum(a * b for a, b in zip(first, third, strict=True))
    far = math.fsum(a * b for a, b in zip(first, second, strict=True))
    assert near > 0.5
    assert abs(far) < 0.15


def test_what_is_not_needed_is_let_through():
    """Null is absent, and other fields are nobody's business."""
    assert embedded(encoding_format=None, dimensions=None, user="me", extra={}) == embedded()


# Rerank


def test_results_are_the_documents_best_first():
    """The shape of the specification; documents are empty unless they were asked for."""
    answer = ranked()
    usage = answer.pop("usage")
    results = answer.pop("results")
    assert answer == {"id": "request-1", "object": "rerank", "model": RANKER}
    assert [result["index"] for result in results] == [1, 2, 0]
    found = [result["relevance_score"] for result in results]
    assert found == sorted(found, reverse=True)
    assert all(result["document"] == {} for result in results)
    assert usage["completion_tokens"] == 0
    assert usage["prompt_tokens"] == usage["total_tokens"] > 0


def test_documents_are_returned_when_asked_for():
    """Texts as they came."""
    results = ranked(return_documents=True)["results"]
    assert all(result["document"] == {"text": DOCUMENTS[result["index"]]} for result in results)


@pytest.mark.parametrize(("top_n", "count"), [(1, 1), (2, 2), (3, 3), (100, 3), (None, 3)])
def test_top_n_is_how_many_are_returned(top_n, count):
    """The best ones, as far as there are so many; all are read, and counted."""
    answer = ranked(top_n=top_n)
    assert answer["results"] == ranked()["results"][:count]
    assert answer["usage"] == ranked()["usage"]


def test_documents_of_one_score_stay_in_their_order():
    """The earlier one is first."""
    results = ranked(documents=["same", DOCUMENTS[1], "same", "same"])["results"]
    assert [result["index"] for result in results] == [1, 0, 2, 3]


def test_objects_are_returned_as_compact_json():
    """Fields in their order, letters as they are, whatever was ranked by."""
    results = ranked(documents=OBJECTS, return_documents=True, rank_fields=["text"])["results"]
    assert {result["index"]: result["document"]["text"] for result in results} == {
        0: '{"title":"Panda","text":"It lives in China.","year":2024}',
        1: '{"title":"Vicuña","text":"It lives in Peru.","tags":["wool","Andes"]}',
    }


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        (None, ["Panda\nIt lives in China.\n2024", 'Vicuña\nIt lives in Peru.\n["wool","Andes"]']),
        ([], ["Panda\nIt lives in China.\n2024", 'Vicuña\nIt lives in Peru.\n["wool","Andes"]']),
        (["text", "title"], ["It lives in China.\nPanda", "It lives in Peru.\nVicuña"]),
        (["tags"], ["", '["wool","Andes"]']),
        (["no such field"], ["", ""]),
    ],
)
def test_objects_are_ranked_by_their_fields(fields, texts):
    """Those that are named, in that order; all of them when none is."""
    request = rerank.read({**RANK, "documents": OBJECTS, "rank_fields": fields})
    assert request.documents == texts


def test_texts_have_no_fields():
    """Clients name fields to rank by whatever the documents are."""
    assert ranked(rank_fields=["title"]) == ranked()


def test_the_fields_to_rank_by_decide_the_order():
    """What is not ranked by does not count."""
    documents = [{"a": "llama", "b": "panda"}, {"a": "panda", "b": "llama"}]
    by_a = ranked(query="llama", documents=documents, rank_fields=["a"])["results"]
    by_b = ranked(query="llama", documents=documents, rank_fields=["b"])["results"]
    assert (by_a[0]["index"], by_b[0]["index"]) == (0, 1)


# Refusals


@pytest.mark.parametrize(
    ("fields", "case", "param"),
    [
        ({"model": None}, "missing_field", "model"),
        ({"model": 7}, "invalid_type", "model"),
        ({"input": None}, "missing_field", "input"),
        ({"input": ""}, "empty_input", "input"),
        ({"input": []}, "empty_input", "input"),
        ({"input": ["a", ""]}, "empty_input", "input.1"),
        ({"input": [[1], []]}, "empty_input", "input.1"),
        ({"input": 7}, "invalid_type", "input"),
        ({"input": {"text": "a"}}, "invalid_type", "input"),
        ({"input": [1, "a"]}, "invalid_type", "input"),
        ({"input": ["a", 1]}, "invalid_type", "input.1"),
        ({"input": ["a", None]}, "invalid_type", "input.1"),
        ({"input": [True]}, "invalid_type", "input.0"),
        ({"input": [1.5]}, "invalid_type", "input.0"),
        ({"input": [["a"]]}, "invalid_type", "input.0"),
        ({"input": ["a"] * 2049}, "out_of_range", "input"),
        ({"encoding_format": "int8"}, "invalid_value", "encoding_format"),
        ({"encoding_format": ["float"]}, "invalid_value", "encoding_format"),
        ({"dimensions": 0}, "out_of_range", "dimensions"),
        ({"dimensions": 769}, "out_of_range", "dimensions"),
        ({"dimensions": "64"}, "invalid_type", "dimensions"),
        ({"dimensions": True}, "invalid_type", "dimensions"),
    ],
)
def test_embeddings_refuse_what_cannot_be_answered(fields, case, param):
    """With the field at fault."""
    with pytest.raises(MockError) as caught:
        embedded(**fields)
    assert (caught.value.case, caught.value.param) == (case, param)


def test_as_many_inputs_as_allowed_are_answered():
    """2,048 of them, and any number of token ids in one."""
    assert len(embeddings.read({**ASK, "input": ["a"] * 2048}).inputs) == 2048
    assert len(embeddings.read({**ASK, "input": [7] * 3000}).inputs) == 1


@pytest.mark.parametrize(
    ("fields", "case", "param"),
    [
        ({"model": None}, "missing_field", "model"),
        ({"query": None}, "missing_field", "query"),
        ({"query": ["a"]}, "invalid_type", "query"),
        ({"query": ""}, "empty_input", "query"),
        ({"documents": None}, "missing_field", "documents"),
        ({"documents": "a"}, "invalid_type", "documents"),
        ({"documents": []}, "empty_input", "documents"),
        ({"documents": ["a", {"text": "b"}]}, "invalid_type", "documents"),
        ({"documents": ["a", 1]}, "invalid_type", "documents"),
        ({"documents": [["a"]]}, "invalid_type", "documents"),
        ({"documents": ["a"] * 1025}, "out_of_range", "documents"),
        ({"top_n": 0}, "out_of_range", "top_n"),
        ({"top_n": -1}, "out_of_range", "top_n"),
        ({"top_n": "2"}, "invalid_type", "top_n"),
        ({"rank_fields": "title"}, "invalid_type", "rank_fields"),
        ({"rank_fields": [1]}, "invalid_type", "rank_fields"),
    ],
)
def test_rerank_refuses_what_cannot_be_answered(fields, case, param):
    """With the field at fault."""
    with pytest.raises(MockError) as caught:
        ranked(**fields)
    assert (caught.value.case, caught.value.param) == (case, param)


def test_as_many_documents_as_allowed_are_answered():
    """1,024 of them, empty ones among them."""
    assert len(ranked(documents=["a", ""] * 512)["results"]) == 1024


def test_an_object_that_cannot_be_given_back_is_refused():
    """JSON that is nested more deeply than it can be written."""
    deep = orjson.loads('{"a":' + "[" * 500 + "]" * 500 + "}")
    with pytest.raises(MockError) as caught:
        ranked(documents=[{"a": 1}, deep])
    assert (caught.value.case, caught.value.param) == ("invalid_value", "documents.1")


@pytest.mark.parametrize("body", [None, [], "text", 7])
@pytest.mark.parametrize("read", [embeddings.read, rerank.read])
def test_a_body_is_an_object(read, body):
    """Whatever else is JSON is refused."""
    with pytest.raises(MockError) as caught:
        read(body)
    assert (caught.value.case, caught.value.param) == ("invalid_type", "body")


@settings(deadline=None)
@given(value=JSON | st.lists(st.integers() | st.text(max_size=9) | st.lists(st.integers())))
def test_any_input_is_embedded_or_refused(value):
    """What is answered has the shape of the contract."""
    try:
        answer = embedded(8, input=value)
    except MockError:
        return
    EMBEDDINGS.validate(answer)


@settings(deadline=None)
@given(
    documents=JSON | st.lists(st.text(max_size=9)) | st.lists(st.dictionaries(st.text(), JSON)),
    more=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(["top_n", "return_documents", "rank_fields"], JSON)
    ),
)
def test_any_documents_are_ranked_or_refused(documents, more):
    """What is answered has the shape of the contract."""
    try:
        answer = ranked(documents=documents, **more)
    except MockError:
        return
    RERANK.validate(answer)


@pytest.mark.parametrize(
    ("answer", "request_of", "rest"),
    [
        (embeddings.answer, lambda texts: embeddings.read({**ASK, "input": texts}), (MODEL, 8)),
        (rerank.answer, lambda texts: rerank.read({**RANK, "documents": texts}), ("request-1",)),
    ],
)
def test_nothing_more_is_read_when_nobody_waits(answer, request_of, rest):
    """One look before each text, and none after the first that says so."""
    request = request_of(["one", "two", "three"])
    assert answer(request, *rest, lambda: False) == answer(request, *rest)
    looks = count()
    with pytest.raises(MockError) as caught:
        answer(request, *rest, lambda: next(looks) == 1)
    assert caught.value.case == "capacity"
    assert next(looks) == 2


def test_rerank_counts_what_it_reads():
    """The query once with each document, each of them as far as the context goes."""
    query, text = "tea " * 20_000, "milk and honey " * 20_000
    usage = ranked(query=query, documents=[text, "milk"])["usage"]
    read = 2 * count_tokens(query[:READ]) + count_tokens(text[:READ]) + count_tokens("milk")
    assert usage == {"prompt_tokens": read, "completion_tokens": 0, "total_tokens": read}


def test_huge_texts_are_ranked_and_embedded_at_once():
    """As no more than their beginnings is read."""
    text = "The llama lives in Peru. " * 600_000
    start = process_time()
    ranked(documents=[text, text])
    embedded(input=text)
    embedded(input=[7] * 2_000_000)
    assert process_time() - start < 1
