"""The OpenAI SDK, aimed at the server by its two environment variables."""

import pytest
from clients.expected import refusal
from clients.scripts.questions import DEEPSEEK, EMBEDDER, LLAMA, OSS, QWEN, TOOL_RESULT
from clients.third_party import DIMENSION, STOCK_CALL, WEATHER_CALL, said, said_by_endpoint

FAMILIES = pytest.mark.parametrize("model", [QWEN, OSS], ids=["tie", "sglang"])


@pytest.fixture
def told(program):
    """Run a part of the program in the SDK's environment."""
    return lambda part, *arguments, **where: program("openai", part, *arguments, **where)


@pytest.mark.parametrize("model", [QWEN, DEEPSEEK])
def test_chat(told, model):
    """A serverless model answers at once, with the fields that the SDK's types have."""
    assert told("chat", model) == {
        "id is the header's": True,
        "object": "chat.completion",
        "created": 1767225600,
        "model": model,
        "role": "assistant",
        "content": said("Hello there!", model),
        "finish": "stop",
        "tool calls": [],
        "adds up": True,
    }


def test_chat_with_an_endpoint(told, project):
    """The name of a started endpoint is a model like any other."""
    project.put_endpoint("STARTED", name="me/mine-0badcafe")
    seen = told("chat", "me/mine-0badcafe")
    assert (seen["model"], seen["content"]) == (
        "me/mine-0badcafe",
        said_by_endpoint("Hello there!"),
    )


def test_conversation(told):
    """Messages of the SDK's own classes can be sent back."""
    assert told("conversation") == [said("One."), said("Two.", turn=2), said("Three.", turn=3)]


@FAMILIES
def test_stream(told, model):
    """Streams say what whole answers say, and carry usage where each family has it."""
    seen = told("stream", model)
    text, tokens = seen["whole"]
    assert text == said("Hello there!", model)
    common = {
        "text": text,
        "role": "assistant",
        "finish": ["stop"],
        "usage in last": True,
        "ids": 1,
    }
    apart = {**common, "chunks without choices": 1, "usage in chunks": [[False, tokens]]}
    within = {**common, "chunks without choices": 0, "usage in chunks": [[True, tokens]]}
    assert seen["plain"] == (apart if model == OSS else within)
    assert seen["with usage"] == apart


@FAMILIES
def test_tools(told, model):
    """A call, its result, and an answer that quotes the result."""
    seen = told("tools", model)
    assert TOOL_RESULT in seen.pop("answer")
    assert seen == {
        "content": "" if model == OSS else None,
        "types": ["function"],
        "ids": ["call_"],
        "called": [WEATHER_CALL],
        "finish": ["tool_calls", "stop"],
        "answer's calls": [],
    }


def test_choices_of_tools(told):
    """The question's words and `tool_choice` decide what is called."""
    hello = ["stop", said("Hello there!"), True]
    assert told("choices_of_tools") == {
        "both": ["tool_calls", [WEATHER_CALL, STOCK_CALL], True],
        "one at a time": ["tool_calls", [WEATHER_CALL], True],
        "nothing fits": hello,
        "required": ["tool_calls", [WEATHER_CALL], True],
        "required, and one fits": ["tool_calls", [STOCK_CALL], True],
        "named": ["tool_calls", [STOCK_CALL], True],
        "none": ["stop", said("How is the weather today?"), True],
    }


@FAMILIES
def test_streamed_tools(told, model):
    """Fragments of parallel calls make up whole calls."""
    assert told("streamed_tools", model) == {
        "called": [WEATHER_CALL, STOCK_CALL],
        "ids": ["call_", "call_"],
        "finish": "tool_calls",
    }


def test_functions(told):
    """`functions` and `function_call`, as programs of 2023 send them."""
    seen = told("functions")
    assert TOOL_RESULT in seen.pop("answer")
    assert seen == {"called": WEATHER_CALL, "finish": ["function_call", "stop"]}


def test_parse(told):
    """`parse` makes objects of nested models, enumerations, lists and optional fields."""
    assert told("parse") == {
        "Trip": ["Trip", True, "stop"],
        "Tag": ["Tag", True, "stop"],
        "tag": {"label": "new"},
        "tool": ["FindTrip", "FindTrip"],
    }


def test_formats(told):
    """Every form of `response_format` is kept to."""
    assert told("formats") == {
        "object": "dict",
        "object with schema": {"label": "new"},
        "schema": {"label": "new"},
        "regex": "yesyes",
    }


@FAMILIES
def test_events(told, model):
    """The streaming helper sees deltas, ends, parsed objects and parsed calls."""
    assert told("events", model) == {
        "text": [["chunk", "content.delta", "content.done"], "chunk", said("Hello there!", model)],
        "usage": True,
        "object": [{"label": "new"}],
        "calls": [["FindTrip", "FindTrip"]],
    }


@FAMILIES
def test_logprobs(told, model):
    """`logprobs=True` is answered in OpenAI's form."""
    assert told("logprobs", model) == {
        "text": True,
        "bytes": True,
        "likely": True,
        "alternatives": [2],
        "best first": True,
    }


def test_sampling(told):
    """Choices, stop strings, limits and seeds do what they say."""
    assert told("sampling") == {
        "indexes": [0, 1],
        "all differ": True,
        "streamed alike": True,
        "stopped": ['You asked: "Hello there!"', "stop"],
        "stopped by one": ['You asked: "Hello there!"', "stop"],
        "limited": ["length", 5],
        "same limit": True,
        "seeds repeat": True,
        "seeds vary": True,
    }


def test_image(told):
    """A picture in a message does no harm."""
    assert told("image").startswith('You asked: "What is this?')


def test_reasoning(told):
    """Thoughts come in `reasoning`: always, or when they are asked for, and before the answer."""
    asked = said("Hello there!", DEEPSEEK)
    assert told("reasoning") == {
        "always": [True, said("Hello there!", OSS)],
        "quiet": [None, asked],
        "loud": [True, asked],
        "costs": True,
        "order": True,
        "both": ["said", "thought"],
    }


def test_embeddings(told):
    """Vectors are the same as numbers and packed, and say which texts are alike."""
    assert told("embeddings") == {
        "object": ["list", "embedding"],
        "model": EMBEDDER,
        "indexes": [0, 1, 2],
        "dimensions": [DIMENSION] * 3,
        "both forms": True,
        "same text": True,
        "other text": True,
        "overlap is closer": True,
    }


def test_completions(told):
    """Completions, whole and streamed."""
    assert told("completions") == {
        "says something": True,
        "streamed": True,
        "finish": ["stop", "stop"],
        "short": ["length", 3],
        "adds up": True,
        "model": LLAMA,
    }


def test_refusals(told, project, guarded_root):
    """Refusals become the exception classes that programs catch, with their codes."""
    # --- a model that nobody has
    status, message = refusal("unknown_model_chat", model="nobody/nothing")
    seen = told("refused", "nobody/nothing")
    assert seen == ["NotFoundError", status, "model_not_available", message]

    # --- an endpoint that does not run
    project.put_endpoint("STOPPED", name="me/mine-0badcafe")
    status, message = refusal("endpoint_not_running", model="me/mine-0badcafe")
    seen = told("refused", "me/mine-0badcafe")
    assert seen == ["BadRequestError", status, "dedicated_endpoint_not_running", message]

    # --- a key that is not known
    status, message = refusal("unauthorized_inference")
    seen = told("refused", QWEN, root=guarded_root, key="unlisted")
    assert seen == ["AuthenticationError", status, "invalid_api_key", message]


def test_gather(told):
    """Questions asked side by side are answered each for itself."""
    cities = ["Oslo", "Bergen", "Lima", "Quito", "Accra", "Rome"]
    assert told("gather") == [said(city) for city in cities]


def test_scripted(told, project):
    """A script's replies arrive as they were written, one for each call."""
    call = {"name": "get_weather", "arguments": {"city": "Bergen"}}
    replies = [
        {"tool_calls": [call], "usage": {"completion_tokens": 12}},
        {"text": "Wet.", "finish_reason": "length", "usage": {"completion_tokens": 2}},
        {"chunks": ["We", "t a", "gain."]},
    ]
    match = {"last_user": {"contains": "weather"}}
    answer = project.post("/_mock/scripts", json={"match": match, "reply": replies})
    assert answer.is_success, answer.text
    assert told("scripted") == [
        ["tool_calls", [["get_weather", {"city": "Bergen"}]], 12],
        ["length", "Wet.", 2],
        ["We", "t a", "gain."],
    ]
