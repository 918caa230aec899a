"""Every generation of the service's own SDKs asks models: chat, tools, formats, vectors, ranks."""

import json

import pytest
from clients.scripts.questions import EMBEDDER, OSS, QWEN, TOOL_RESULT
from clients.third_party import DIMENSION, STOCK_CALL, WEATHER_CALL, said

TAG = {"color": "red", "count": 2, "tags": ["x"]}
FAMILIES = pytest.mark.parametrize("model", [QWEN, OSS], ids=["tie", "sglang"])
CITIES = ["Oslo", "Bergen", "Lima", "Quito", "Accra"]


@pytest.fixture(params=["1.5.35", "2.42.0", "3.1.1"])
def release(request):
    """A generation."""
    return request.param


@pytest.fixture(params=["sync", "async"])
def told(request, program, release):
    """Run a part of the program with a kind of client."""
    return lambda part: program(f"together-{release}", part, request.param)


def test_chat(told):
    """Answers have what the generation's types say, and come to those who asked."""
    assert told("chat") == {
        "model": QWEN,
        "object": "chat.completion",
        "content": [said("Hello there!")] * 2,
        "role": "assistant",
        "finish": "stop",
        "adds up": True,
        "cities": [said(city) for city in CITIES],
    }


def test_stream(told):
    """Streams say what whole answers say, and what it took."""
    assert told("stream") == {"text": [True, True], "finish": "stop", "usage": [True, True]}


def test_tools(told):
    """A call, its result, and an answer that quotes the result; two calls at once."""
    seen = told("tools")
    assert TOOL_RESULT in seen.pop("answer")
    assert seen == {
        "called": [WEATHER_CALL],
        "finish": ["tool_calls", "stop"],
        "both": [WEATHER_CALL, STOCK_CALL],
    }


def test_formats(told):
    """Every form of `response_format` that the documentation shows is kept to."""
    assert told("formats") == {"enveloped": TAG, "flat": TAG, "object": TAG, "regex": "yesyes"}


def test_reasoning(told):
    """Thoughts are told beside the answer."""
    answer = said("Hello there!", OSS)
    assert told("reasoning") == {"said": answer, "thought": True, "streamed": [True, answer]}


def test_logprobs(told):
    """A number of log probabilities is answered in Together's form."""
    assert told("logprobs") == {"text": True, "counts": True, "likely": True}


def test_completions(told):
    """Completions, whole and streamed, as text and as the deltas that 1.x reads."""
    assert told("completions") == {
        "object": "text.completion",
        "says something": True,
        "finish": "length",
        "tokens": 8,
        "streamed": True,
        "streamed as deltas": True,
    }


def test_embeddings(told):
    """Vectors of the model's dimension."""
    assert told("embeddings") == {
        "model": EMBEDDER,
        "object": ["list", "embedding"],
        "indexes": [0, 1],
        "dimensions": [DIMENSION] * 2,
        "same text": True,
        "other text": True,
    }


def test_rerank(told):
    """Documents come back by relevance, with their texts when asked."""
    assert told("rerank") == {
        "model": "Salesforce/Llama-Rank-V1",
        "object": "rerank",
        "best": [
            1,
            "The guanaco is a camelid native to South America; animals like it live near Peru.",
        ],
        "counts": [2, 3],
        "sorted": True,
        "records": [1],
    }


@pytest.fixture
def told_in_node(node_program):
    """Run a part of the program of the TypeScript SDK."""

    def run(part, *words):
        ran = node_program("node", "with_together_ai.mjs", part, *words)
        assert ran.status == 0, ran.err
        return json.loads(ran.out)

    return run


@FAMILIES
def test_chat_in_node(told_in_node, model):
    """Whole, streamed and side by side."""
    answer = said("Hello there!", model)
    assert told_in_node("chat", model) == {
        "whole": answer,
        "streamed": answer,
        "finish": "stop",
        "cities": [said("Oslo", model), said("Lima", model)],
    }


@FAMILIES
def test_helper_in_node(told_in_node, model):
    """The streaming helper puts an answer together that has all that it insists on."""
    answer = said("Hello there!", model)
    assert told_in_node("helper", model) == {
        "heard": answer,
        "content": answer,
        "role": "assistant",
        "finish": "stop",
        "usage": True,
    }


@FAMILIES
@pytest.mark.parametrize("how", ["whole", "helper"])
def test_tools_in_node(told_in_node, model, how):
    """A call, its result, and an answer that quotes the result; whole and put together."""
    assert told_in_node("loop", model, how) == {
        "called": [WEATHER_CALL],
        "finish": ["tool_calls", "stop"],
        "quoted": True,
    }


def test_others_in_node(told_in_node):
    """Embeddings, reranking and completions."""
    assert told_in_node("others") == {
        "vectors": [[0, DIMENSION], [1, DIMENSION]],
        "best": [1, True],
        "completed": ["length", 8],
        "streamed": True,
    }
