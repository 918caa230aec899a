"""Completions, embeddings and rerank: answers, state, activity, headers, refusals."""

import base64
import struct
import time

import pytest
from support import refused
from talk import QWEN, chunks

BGE, RANK = "BAAI/bge-base-en-v1.5", "Salesforce/Llama-Rank-V1"
TEXTS = [
    "Our solar system orbits the Milky Way galaxy at about 515,000 mph",
    "The llama is a domesticated South American camelid",
    "Oslo is the capital of Norway",
]
ASKED = {
    "completions": {"model": QWEN, "prompt": "Once upon"},
    "embeddings": {"model": BGE, "input": TEXTS},
    "rerank": {"model": RANK, "query": "capital of Norway", "documents": TEXTS},
}
# A model of each kind that can stand behind an endpoint.
BEHIND = {"completions": "mistralai/Mixtral-8x7B-Instruct-v0.1", "embeddings": BGE, "rerank": RANK}


def post(api, route, **changes):
    """Ask a route what it is asked here, with changes."""
    return api.post(f"/v1/{route}", json=ASKED[route] | changes)


@pytest.fixture(params=ASKED)
def route(request):
    """Each of the three routes."""
    return request.param


def behind(api, route, state, **fields):
    """An endpoint in a state with a model that answers the route."""
    hardware = "1x_nvidia_h100_80gb_sxm"
    return api.put_endpoint(state, model=BEHIND[route], hardware=hardware, **fields)


def test_they_answer_by_serverless_model_and_by_endpoint(api, route):
    """By the model's id, by the endpoint's name and by its id: under the name that was asked."""
    assert post(api, route).json()["model"] == ASKED[route]["model"]
    endpoint = behind(api, route, "STARTED", name="me/one")
    for name in (endpoint, "me/one"):
        assert post(api, route, model=name).json()["model"] == name


@pytest.mark.parametrize("state", ["PENDING", "STARTING", "STOPPING", "STOPPED", "ERROR"])
def test_they_obey_the_endpoints_state(api, route, state):
    """Refused as chat is."""
    endpoint = behind(api, route, state)
    refused(post(api, route, model=endpoint), "endpoint_not_running")


def test_they_count_as_activity(api, route):
    """An endpoint that is asked stays up."""
    endpoint = behind(api, route, "STARTED", inactive_timeout=60)
    api.advance(by="59m")
    assert post(api, route, model=endpoint).status_code == 200
    api.advance(by="59m")
    assert api.state_of(endpoint) == "STARTED"
    api.advance(by="2m")
    assert api.state_of(endpoint) == "STOPPED"


def test_they_carry_the_services_headers(api, route):
    """The request's id in each of its places; no rate limits."""
    for model in (ASKED[route]["model"], behind(api, route, "STARTED")):
        answer = post(api, route, model=model)
        headers = answer.headers
        assert headers["x-inference-version"] == "v2"
        assert headers["x-request-id"].endswith("-" + headers["cf-ray"])
        assert answer.json().get("id", headers["x-request-id"]) == headers["x-request-id"]
        assert headers["x-api-received"] == headers["x-api-call-end"] == "2026-01-01T00:00:00.000Z"
        assert not [name for name in headers if "ratelimit" in name]


def test_models_of_other_kinds_are_refused(api, route):
    """A chat model embeds nothing, an embedding model ranks nothing."""
    for other in ASKED.keys() - {route}:
        refused(post(api, route, model=ASKED[other]["model"]), "wrong_model_type")
        refused(post(api, route, model=behind(api, other, "STARTED")), "wrong_model_type")


@pytest.mark.parametrize(
    ("route", "changes", "case", "param"),
    [
        ("completions", {"prompt": None}, "missing_field", "prompt"),
        ("completions", {"prompt": 5}, "invalid_type", "prompt"),
        ("completions", {"prompt": ["a", 5]}, "invalid_type", "prompt"),
        ("completions", {"prompt": ""}, "empty_input", "prompt"),
        ("completions", {"prompt": []}, "empty_input", "prompt"),
        ("completions", {"prompt": ["x"] * 129}, "out_of_range", "n"),
        ("completions", {"prompt": ["x"] * 2, "n": 65}, "out_of_range", "n"),
        ("completions", {"prompt": "word " * 40_000}, "context_overflow", "prompt"),
        ("completions", {"n": 0}, "out_of_range", "n"),
        ("completions", {"max_tokens": 10**6}, "context_overflow", "max_tokens"),
        ("embeddings", {"input": None}, "missing_field", "input"),
        ("embeddings", {"input": 5}, "invalid_type", "input"),
        ("embeddings", {"input": ["a", 5]}, "invalid_type", "input.1"),
        ("embeddings", {"input": []}, "empty_input", "input"),
        ("embeddings", {"encoding_format": "hex"}, "invalid_value", "encoding_format"),
        ("embeddings", {"dimensions": 0}, "out_of_range", "dimensions"),
        ("embeddings", {"dimensions": 769}, "out_of_range", "dimensions"),
        ("rerank", {"query": None}, "missing_field", "query"),
        ("rerank", {"documents": None}, "missing_field", "documents"),
        ("rerank", {"documents": []}, "empty_input", "documents"),
        ("rerank", {"documents": ["a", {"b": 1}]}, "invalid_type", "documents"),
        ("rerank", {"top_n": 0}, "out_of_range", "top_n"),
    ],
)
def test_what_is_refused(api, route, changes, case, param):
    """Naming the field."""
    assert refused(post(api, route, **changes), case)["param"] == param


# Completions -------------------------------------------------------------------------------


def test_a_completion_has_the_options_of_chat(api):
    """Limit, stop, seed, choices, log probabilities, echo."""
    whole = post(api, "completions").json()
    text = whole["choices"][0]["text"]
    assert whole["object"] == "text.completion"
    assert whole["prompt"] == []
    assert "Once upon" in text
    cut = post(api, "completions", max_tokens=3).json()["choices"][0]
    assert text.startswith(cut["text"])
    assert cut["finish_reason"] == "length"
    stopped = post(api, "completions", stop="turn").json()["choices"][0]["text"]
    assert stopped == text[: text.index("turn")]
    assert post(api, "completions", seed=3).json()["choices"][0]["text"] != text
    told = post(api, "completions", logprobs=1).json()["choices"][0]["logprobs"]
    assert "".join(told["tokens"]) == text
    assert post(api, "completions", echo=True).json()["prompt"] == [{"text": "Once upon"}]


def test_several_prompts_and_choices(api):
    """Numbered through; usage is that of all."""
    body = post(api, "completions", prompt=["One", "Two"], n=2).json()
    assert [item["index"] for item in body["choices"]] == [0, 1, 2, 3]
    texts = [item["text"] for item in body["choices"]]
    assert len(set(texts)) == 4
    assert ["One" in text for text in texts] == [True, True, False, False]
    single = [post(api, "completions", prompt=said).json()["usage"] for said in ("One", "Two")]
    assert body["usage"]["prompt_tokens"] == sum(used["prompt_tokens"] for used in single)


def test_a_completion_is_a_text_and_nothing_else(api):
    """No thoughts, no tools, and Together's form of log probabilities, whatever the model."""
    asked = {"model": "openai/gpt-oss-20b", "max_tokens": 3, "logprobs": 1}
    body = post(api, "completions", **asked, tool_choice="required").json()
    only = body["choices"][0]
    assert only["logprobs"]["tokens"] == [only["text"][:3], only["text"][3:9], only["text"][9:]]
    assert body["usage"]["completion_tokens"] == 3
    script = {"reply": {"text": "Yes.", "tool_calls": [{"name": "f", "arguments": {}}]}}
    api.post("/_mock/scripts", json=script)
    only = post(api, "completions").json()["choices"][0]
    assert (only["text"], only["finish_reason"]) == ("Yes.", "stop")


def test_the_scripts_of_several_prompts_are_asked_as_one(api):
    """A refusal of one counts none of them; the answer is there when all of it is due."""
    script = {"match": {"last_user": {"equals": "A"}}, "reply": {"text": "a"}, "times": 1}
    api.post("/_mock/scripts", json=script | {"strict": True, "timing": {"ttft": "100ms"}})
    refused(post(api, "completions", prompt=["A", "B"]), "no_script_matches")
    assert api.get("/_mock/scripts").json()["data"][0]["hits"] == 0
    other = {"match": {"last_user": {"equals": "B"}}, "reply": {"text": "b"}}
    api.post("/_mock/scripts", json=other)
    for prompt in (["A", "B"], ["B", "A"]):
        api.post("/_mock/reset", json={"only": ["scripts"]})
        api.post("/_mock/scripts", json=script | {"timing": {"ttft": "100ms"}})
        api.post("/_mock/scripts", json=other)
        started = time.monotonic()
        answer = post(api, "completions", prompt=prompt)
        assert [item["text"] for item in answer.json()["choices"]] == [t.lower() for t in prompt]
        assert time.monotonic() - started >= 0.1


def test_a_stream_of_a_completion(api):
    """`text`, `delta` and `token` of each chunk agree; it adds up; usage is in the last."""
    whole = post(api, "completions").json()
    stream = chunks(post(api, "completions", stream=True))
    for chunk in stream:
        (only,) = chunk["choices"]
        assert only["text"] == only["delta"]["content"] == chunk["token"]["text"]
    assert "".join(chunk["choices"][0]["text"] for chunk in stream) == whole["choices"][0]["text"]
    assert stream[-1]["usage"] == whole["usage"]
    assert {chunk["usage"] is None for chunk in stream[:-1]} == {True}
    apart = chunks(post(api, "completions", stream=True, stream_options={"include_usage": True}))
    assert (apart[-1]["choices"], apart[-1]["usage"]) == ([], whole["usage"])


# Embeddings --------------------------------------------------------------------------------


def vectors(answer):
    """The vectors of an answer."""
    return [item["embedding"] for item in answer.json()["data"]]


def closeness(one, other):
    """The cosine of unit vectors."""
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("model", "dimension"),
    [
        (BGE, 768),
        ("BAAI/bge-large-en-v1.5", 1024),
        ("togethercomputer/m2-bert-80M-8k-retrieval", 768),
    ],
)
def test_vectors_have_the_models_dimension(api, model, dimension):
    """And length one; the order is that of the inputs."""
    answer = post(api, "embeddings", model=model)
    assert [item["index"] for item in answer.json()["data"]] == [0, 1, 2]
    for vector in vectors(answer):
        assert len(vector) == dimension
        assert closeness(vector, vector) == pytest.approx(1)


def test_what_is_alike_is_close(api):
    """The same text is the same vector, a question is closest to what answers it."""
    question, again, *texts = vectors(
        post(api, "embeddings", input=["What is the capital of Norway?"] * 2 + TEXTS)
    )
    assert question == again
    near = [closeness(question, text) for text in texts]
    assert max(near) == near[2] > near[0] + 0.2


def test_vectors_in_base64(api):
    """Little-endian floats of four bytes, as OpenAI's clients ask for them."""
    (packed, *_) = vectors(post(api, "embeddings", encoding_format="base64"))
    (plain, *_) = vectors(post(api, "embeddings", encoding_format="float"))
    raw = base64.b64decode(packed)
    assert struct.unpack(f"<{len(raw) // 4}f", raw) == pytest.approx(plain)


def test_fewer_dimensions(api):
    """The vector's beginning, its length one again."""
    for vector in vectors(post(api, "embeddings", dimensions=128)):
        assert len(vector) == 128
        assert closeness(vector, vector) == pytest.approx(1)


# Rerank ------------------------------------------------------------------------------------


def test_documents_in_the_order_of_their_relevance(api):
    """Cut to `top_n`; the documents come back where they are asked for."""
    body = post(api, "rerank").json()
    assert body["object"] == "rerank"
    assert body["results"][0]["index"] == 2
    scores = [item["relevance_score"] for item in body["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] > 0
    first, *rest = post(api, "rerank", top_n=1, return_documents=True).json()["results"]
    assert first["document"] == {"text": TEXTS[2]}
    assert rest == []


def test_documents_that_are_objects(api):
    """Ranked by the fields that are named, or by all."""
    documents = [{"title": "Oslo", "body": "a llama"}, {"title": "Llama", "body": "a city"}]
    for fields, first in ((None, 1), (["title"], 1), (["body"], 0)):
        found = post(api, "rerank", query="llama", documents=documents, rank_fields=fields).json()
        assert (found["results"][0]["index"] == first) or fields is None
