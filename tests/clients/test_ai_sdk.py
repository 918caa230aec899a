"""Vercel's AI SDK with its Together provider, in the generations that people use."""

import json

import pytest
from clients.expected import refusal
from clients.scripts.questions import OSS, QWEN, THINKER
from clients.third_party import DIMENSION, STOCK_CALL, WEATHER_CALL, said

FAMILIES = pytest.mark.parametrize("model", [QWEN, OSS], ids=["tie", "sglang"])
GUANACO = "The guanaco is a camelid native to South America; animals like it live near Peru."


@pytest.fixture(params=["node-ai-6", "node-ai-7"])
def told(request, node_program):
    """Run a part of the program in the environment of a generation."""

    def run(part, *words, **where):
        ran = node_program(request.param, "with_ai_sdk.mjs", part, *words, **where)
        assert ran.status == 0, ran.err
        return json.loads(ran.out)

    return run


@FAMILIES
def test_generate(told, model):
    """`generateText` gives text, reason and usage."""
    assert told("generate", model) == {
        "text": said("Hello there!", model),
        "finish": "stop",
        "usage": True,
        "model": model,
        "second": said("Two.", model, turn=2),
        "limited": ["length", 5],
    }


@FAMILIES
def test_stream(told, model):
    """`streamText` gives the same text and usage, and no error."""
    assert told("stream", model) == {"text": True, "errors": False, "finish": "stop", "usage": True}


@FAMILIES
def test_loop(told, model):
    """`generateText` and `streamText` call tools by themselves until there is an answer."""
    assert told("loop", model) == {
        "steps": [["tool-calls", [WEATHER_CALL]], ["stop", []]],
        "quoted": True,
        "streamed": [WEATHER_CALL, STOCK_CALL],
        "streamed answer": True,
        "forced": [STOCK_CALL],
        "required": [WEATHER_CALL],
    }


def test_object(told, project):
    """`generateObject`, whose schema the provider keeps to itself."""
    script = {"match": {"last_user": {"contains": "Tag"}}, "reply": {"json": {"label": "new"}}}
    answer = project.post("/_mock/scripts", json=script)
    assert answer.is_success, answer.text
    assert told("object") == {"label": "new"}


def test_structured(told):
    """Objects, arrays and enumerations from schemas that are sent."""
    assert told("structured") == {
        "trip": ["nights", "places", "season", "title"],
        "finish": "stop",
        "tags": True,
        "choice": "yes",
        "streamed": {"label": "new"},
    }


def test_reasoning(told):
    """Thoughts of both kinds: in a field, and between tags that a middleware takes out."""
    assert told("reasoning") == {
        "field": [True, said("Hello there!", OSS)],
        "tagged": [True, said("Hello there!", THINKER)],
        "order": ["reasoning-start", "text-start"],
    }


def test_embeddings(told):
    """`embed` and `embedMany`."""
    assert told("embeddings") == {"dimensions": [DIMENSION] * 3, "same": True}


def test_ranks(told):
    """`rerank`."""
    assert told("ranks") == {"best": GUANACO, "count": 2, "sorted": True}


def test_completion(told):
    """The provider's completion models."""
    assert told("completion") == {"says": True, "finish": "stop", "usage": True, "streamed": True}


def test_refusals(told, project, guarded_root):
    """Refusals are understood: status, message, code."""
    project.put_endpoint("STOPPED", name="me/mine-0badcafe")
    status, message = refusal("unknown_model_chat", model="nobody/nothing")
    seen = told("refused", "nobody/nothing")
    assert seen == ["AI_APICallError", status, message, "model_not_available"]
    status, message = refusal("endpoint_not_running", model="me/mine-0badcafe")
    seen = told("refused", "me/mine-0badcafe")
    assert seen == ["AI_APICallError", status, message, "dedicated_endpoint_not_running"]
    status, message = refusal("unauthorized_inference")
    seen = told("refused", QWEN, root=guarded_root, key="unlisted")
    assert seen == ["AI_APICallError", status, message, "invalid_api_key"]
