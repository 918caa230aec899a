"""LiteLLM, which speaks the protocol itself and has a table of its own for every model."""

import pytest
from clients.expected import refusal
from clients.scripts.questions import OSS, QWEN, TOOL_RESULT
from clients.third_party import DIMENSION, STOCK_CALL, WEATHER_CALL, said, said_by_endpoint

FAMILIES = pytest.mark.parametrize("model", [QWEN, OSS], ids=["tie", "sglang"])


@pytest.fixture
def told(program):
    """Run a part of the program in LiteLLM's environment."""
    return lambda part, *arguments, **where: program("litellm", part, *arguments, **where)


def test_chat(told, project):
    """Serverless models and endpoints answer, addressed by environment and by arguments."""
    seen = told("chat", QWEN)
    assert seen == {
        "model": QWEN,
        "content": [said("Hello there!")] * 2,
        "finish": "stop",
        "adds up": True,
    }
    project.put_endpoint("STARTED", name="me/mine-0badcafe")
    seen = told("chat", "me/mine-0badcafe")
    assert seen["content"] == [said_by_endpoint("Hello there!")] * 2


def test_cost(told):
    """Usage is what LiteLLM's table of prices is multiplied with."""
    assert told("cost") == [True, True]


@FAMILIES
def test_stream(told, model):
    """Chunks make up the whole answer, by hand and by LiteLLM's builder."""
    assert told("stream", model) == {
        "text": [True, True, True],
        "finish": ["stop", "stop"],
        "usage": True,
    }


@FAMILIES
def test_tools(told, model):
    """A call, its result, an answer that quotes the result; and calls in a stream."""
    seen = told("tools", model)
    assert TOOL_RESULT in seen.pop("answer")
    assert seen == {
        "called": [WEATHER_CALL],
        "finish": ["tool_calls", "stop"],
        "streamed": [WEATHER_CALL, STOCK_CALL],
        "streamed finish": "tool_calls",
    }


def test_formats(told):
    """A pydantic model as `response_format`."""
    assert told("formats") == {"tag": "new", "object": "dict"}


def test_reasoning(told):
    """`reasoning` becomes LiteLLM's `reasoning_content`."""
    answer = said("Hello there!", OSS)
    assert told("reasoning") == {"thought": True, "said": answer, "streamed": True}


def test_gather(told):
    """Questions asked side by side are answered each for itself."""
    cities = ["Oslo", "Bergen", "Lima", "Quito", "Accra", "Rome"]
    assert told("gather") == [said(city) for city in cities]


def test_embeddings(told):
    """Vectors of the model's dimension."""
    assert told("embeddings") == {
        "indexes": [0, 1],
        "dimensions": [DIMENSION] * 2,
        "same text": True,
    }


def test_rerank(told):
    """Documents by relevance."""
    guanaco = "The guanaco is a camelid native to South America; animals like it live near Peru."
    assert told("rerank") == {"best": [1, guanaco], "counts": [2, 3], "sorted": True}


def test_completions(told):
    """Completions, whole and streamed."""
    assert told("completions") == {"says something": True, "streamed": True, "finish": "stop"}


def test_refusals(told, project, guarded_root):
    """Refusals keep status and message; their type makes LiteLLM see bad requests in all."""
    project.put_endpoint("STOPPED", name="me/mine-0badcafe")
    status, message = refusal("unknown_model_chat", model="nobody/nothing")
    seen = told("refused", "nobody/nothing")
    assert (seen[:2], message in seen[2]) == (["BadRequestError", status], True)
    status, message = refusal("endpoint_not_running", model="me/mine-0badcafe")
    seen = told("refused", "me/mine-0badcafe")
    assert (seen[:2], message in seen[2]) == (["BadRequestError", status], True)
    status, message = refusal("unauthorized_inference")
    seen = told("refused", QWEN, root=guarded_root, key="unlisted")
    assert (seen[:2], message in seen[2]) == (["BadRequestError", status], True)
