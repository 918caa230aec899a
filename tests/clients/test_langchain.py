"""LangChain's Together integration: chat models, tools, structured output, embeddings."""

import pytest
from clients.expected import refusal
from clients.scripts.questions import OSS, QWEN, TOOL_RESULT
from clients.third_party import DIMENSION, STOCK_CALL, WEATHER_CALL, said

FAMILIES = pytest.mark.parametrize("model", [QWEN, OSS], ids=["tie", "sglang"])
CITIES = ["Oslo", "Bergen", "Lima", "Quito", "Accra"]


@pytest.fixture
def told(program):
    """Run a part of the program in LangChain's environment."""
    return lambda part, *arguments, **where: program("langchain", part, *arguments, **where)


def test_invoke(told):
    """Messages, chains, limits, and usage that adds up."""
    seen = told("invoke")
    reason, used = seen.pop("limited")
    assert (reason, used["output_tokens"]) == ("length", 5)
    assert seen == {
        "content": said("Hello there!"),
        "metadata": [QWEN, "stop"],
        "usage": True,
        "chained": said("Chained."),
    }


@FAMILIES
def test_stream(told, model):
    """Chunks add up to the message: text, usage, reason, asked for usage or not."""
    same = [True, [True] * 3, "stop"]
    assert told("stream", model) == {"plain": same, "with usage": same}


def test_batch(told):
    """A batch is answered in its order."""
    assert told("batch") == [said(city) for city in CITIES]


def test_gather(told):
    """Questions asked side by side are answered each for itself."""
    assert told("gather") == [said(city) for city in [*CITIES, "Rome"]]


@FAMILIES
def test_tools(told, model):
    """Bound tools are called, and their results quoted; calls come in streams too."""
    seen = told("tools", model)
    assert TOOL_RESULT in seen.pop("answer")
    assert seen == {
        "called": [WEATHER_CALL],
        "invalid": [],
        "finish": "tool_calls",
        "more calls": [],
        "streamed": [WEATHER_CALL, STOCK_CALL],
        "forced": [STOCK_CALL],
    }


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured(told, method):
    """`with_structured_output` gives objects of pydantic models and plain ones."""
    assert told("structured", method) == {
        "trip": "Trip",
        "tag": [{"label": "new"}, None],
        "schema": {"color": "red", "count": 2, "tags": ["x"]},
    }


def test_json_mode(told, project):
    """JSON mode gives an object; which one, the prompt says, so a script answers it here."""
    script = {"match": {"last_user": {"contains": "A tag"}}, "reply": {"json": {"label": "new"}}}
    answer = project.post("/_mock/scripts", json=script)
    assert answer.is_success, answer.text
    assert told("json_mode") == {"object": "dict", "tag": {"label": "new"}}


def test_embeddings(told):
    """Vectors of the model's dimension."""
    assert told("embeddings") == {
        "dimensions": [DIMENSION] * 2,
        "same text": True,
        "other text": True,
    }


def test_completions(told):
    """The integration for plain text, which posts to the route by itself."""
    assert told("completions") == ["str", True]


def test_reasoning(told):
    """A model that thinks first gives its answer as the content."""
    assert told("reasoning") == said("Hello there!", OSS)


def test_refusals(told, project, guarded_root):
    """Refusals come through as the OpenAI SDK's classes."""
    project.put_endpoint("STOPPED", name="me/mine-0badcafe")
    status, _ = refusal("unknown_model_chat", model="nobody/nothing")
    assert told("refused", "nobody/nothing") == ["NotFoundError", status]
    status, _ = refusal("endpoint_not_running", model="me/mine-0badcafe")
    assert told("refused", "me/mine-0badcafe") == ["BadRequestError", status]
    status, _ = refusal("unauthorized_inference")
    seen = told("refused", QWEN, root=guarded_root, key="unlisted")
    assert seen == ["AuthenticationError", status]
