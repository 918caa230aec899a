"""Tools: which are called, with what, and what follows their results."""

import json
import re

import pytest
from jsonschema import Draft202012Validator
from support import refused
from talk import KIMI, OSS, QWEN, R1, V31, calls, choice, chunks, content, message, text_of, tool

WEATHER = tool("get_weather", "Look up the weather", city={"type": "string"})
CLOCK = tool("get_time", "What time it is", zone={"enum": ["CET", "UTC"]})
SUM = tool("add", "Add two integers", a={"type": "integer"}, b={"type": "integer"})
TOOLS = [WEATHER, CLOCK, SUM]
ASKED = "What is the weather in Oslo?"


def valid(called, tools=TOOLS):
    """Whether arguments fit the schemas of the tools that are called with them."""
    schemas = {item["function"]["name"]: item["function"]["parameters"] for item in tools}
    return all(Draft202012Validator(schemas[name]).is_valid(given) for name, given in called)


@pytest.mark.parametrize(
    ("said", "options", "names"),
    [
        (ASKED, {}, ["get_weather"]),
        (ASKED, {"tool_choice": "auto"}, ["get_weather"]),
        ("Weather and time, please", {}, ["get_weather", "get_time"]),
        ("Weather and time, please", {"parallel_tool_calls": False}, ["get_weather"]),
        ("Hello!", {}, []),
        ("Hello!", {"tool_choice": "required"}, ["get_weather"]),
        (ASKED, {"tool_choice": "none"}, []),
        (ASKED, {"tool_choice": {"type": "function", "function": {"name": "add"}}}, ["add"]),
    ],
)
@pytest.mark.parametrize("model", [QWEN, V31, R1, OSS, KIMI])
def test_which_tools_are_called(api, model, said, options, names):
    """With arguments that fit their schemas; the finish reason tells it."""
    answer = api.chat(model, said, tools=TOOLS, **options)
    assert [name for name, _ in calls(answer)] == names
    assert valid(calls(answer))
    assert choice(answer)["finish_reason"] == ("tool_calls" if names else "stop")
    if names:
        assert content(answer) == ("" if model in (KIMI, OSS) else None)
        for index, call in enumerate(message(answer)["tool_calls"]):
            assert re.fullmatch("call_[0-9a-f]{24}", call["id"])
            assert (call["index"], call["type"]) == (index, "function")
    else:
        assert said in content(answer)


@pytest.mark.parametrize("model", [QWEN, KIMI])
def test_a_stream_of_calls_adds_up(api, model):
    """Header and arguments in fragments, as clients put them together."""
    options = {"tools": TOOLS, "tool_choice": "auto"}
    whole = calls(api.chat(model, "Weather and time, please", **options))
    stream = chunks(api.chat(model, "Weather and time, please", stream=True, **options))
    parts = [
        part
        for chunk in stream
        for item in chunk["choices"]
        for part in item["delta"].get("tool_calls", [])
    ]
    found = {}
    for part in parts:
        name, text = found.get(part["index"], ("", ""))
        function = part["function"]
        found[part["index"]] = (name + (function.get("name") or ""), text + function["arguments"])
    assert [(name, json.loads(text)) for name, text in found.values()] == whole
    assert text_of(stream) == ""
    reasons = [item["finish_reason"] for chunk in stream for item in chunk["choices"]]
    assert reasons[-1] == "tool_calls"


def test_the_same_request_calls_with_the_same_arguments(api):
    """Another seed, or another choice, with others; ids are never the same."""
    first, again = (api.chat(QWEN, ASKED, tools=TOOLS) for _ in range(2))
    assert calls(first) == calls(again)
    assert message(first)["tool_calls"][0]["id"] != message(again)["tool_calls"][0]["id"]
    body = api.chat(QWEN, ASKED, tools=TOOLS, n=4).json()
    found = [item["message"]["tool_calls"][0] for item in body["choices"]]
    assert len({call["id"] for call in found}) == 4
    assert len({call["function"]["arguments"] for call in found}) > 1


def test_results_lead_to_an_answer(api):
    """It quotes them; only a choice that forces a call asks again."""
    called = message(api.chat(QWEN, "Weather and time?", tools=TOOLS))
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": f"result {number}"}
        for number, call in enumerate(called["tool_calls"])
    ]
    asked = {"role": "user", "content": "Weather and time?"}
    body = {"model": QWEN, "messages": [asked, called, *results], "tools": TOOLS}
    answer = api.post("/v1/chat/completions", json=body)
    assert "result 0 result 1" in content(answer)
    assert choice(answer)["finish_reason"] == "stop"
    answer = api.post("/v1/chat/completions", json=body | {"tool_choice": "required"})
    assert choice(answer)["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("asked", ["auto", {"name": "get_weather"}])
def test_functions_of_2023(api, asked):
    """`functions` and `function_call` are answered in their own form."""
    functions = [item["function"] for item in TOOLS]
    for options in ({"functions": functions}, {"tools": TOOLS}):
        answer = api.chat(QWEN, ASKED, function_call=asked, **options)
        only = choice(answer)
        called = only["message"]["function_call"]
        assert called["name"] == "get_weather"
        assert valid([(called["name"], json.loads(called["arguments"]))])
        assert only["finish_reason"] == "function_call"
        assert only["message"]["tool_calls"] == []
        stream = chunks(api.chat(QWEN, ASKED, function_call=asked, stream=True, **options))
        streamed = [
            chunk["choices"][0]["delta"]["function_call"]
            for chunk in stream
            if "function_call" in chunk["choices"][0]["delta"]
        ]
        assert streamed == [called]
    assert "function_call" not in message(
        api.chat(QWEN, ASKED, functions=functions, function_call="none")
    )


def test_a_hybrid_model_that_thinks_calls_nothing(api):
    """DeepSeek V3.1 calls tools in its other mode only, says its documentation."""
    answer = api.chat(V31, ASKED, tools=TOOLS, reasoning={"enabled": True})
    assert calls(answer) == []
    assert ASKED in content(answer)
    # What is required is not broken.
    options = {"tools": TOOLS, "tool_choice": "required"}
    assert calls(api.chat(V31, ASKED, reasoning={"enabled": True}, **options))


def test_a_call_may_exceed_the_limit(api):
    """Its arguments break off then."""
    answer = api.chat(QWEN, ASKED, tools=TOOLS, max_tokens=4)
    assert choice(answer)["finish_reason"] == "length"
    (call,) = message(answer)["tool_calls"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(call["function"]["arguments"])
    for limit in (1, 2, 3, 4, 5):
        answer = api.chat(QWEN, "Weather and time?", tools=TOOLS, max_tokens=limit)
        assert choice(answer)["finish_reason"] == "length"
        assert answer.json()["usage"]["completion_tokens"] <= limit


def test_one_function_of_2023_is_called_at_a_time(api):
    """Its form has no room for more."""
    functions = [item["function"] for item in TOOLS]
    stream = chunks(api.chat(QWEN, "Weather and time?", functions=functions, stream=True))
    told = [chunk for chunk in stream if "function_call" in chunk["choices"][0]["delta"]]
    assert len(told) == 1


@pytest.mark.parametrize(
    "parameters", [5, [], {"type": "nonsense"}, {"type": "integer", "minimum": 2, "maximum": 1}]
)
def test_tools_that_cannot_be_called(api, lenient, parameters):
    """Parameters that are no schema, or one that nothing fits; a lenient server looks away."""
    tools = [{"type": "function", "function": {"name": "f", "parameters": parameters}}]
    error = refused(api.chat(QWEN, "Hello", tools=tools), "grammar_invalid")
    assert error["param"] == "tools.0.function.parameters"
    assert content(lenient.api().chat(QWEN, "Hello", tools=tools))


def test_a_tool_without_parameters(api):
    """Is called with an empty object."""
    tools = [{"type": "function", "function": {"name": "ping"}}]
    assert calls(api.chat(QWEN, "ping", tools=tools)) == [("ping", {})]


# Structured output -------------------------------------------------------------------------

SCHEMA = {
    "type": "object",
    "properties": {"route": {"enum": ["a", "b"]}, "reason": {"type": "string"}},
    "required": ["route", "reason"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "json_object", "schema": SCHEMA},
        {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}},
        {"type": "json_schema", "schema": SCHEMA},
    ],
)
@pytest.mark.parametrize("model", [QWEN, V31, R1, OSS, KIMI])
def test_content_by_a_schema(api, model, wanted):
    """In all the ways in which the service takes one; also streamed, also from those that think."""
    answer = api.chat(model, "Choose!", response_format=wanted)
    assert Draft202012Validator(SCHEMA).is_valid(json.loads(content(answer)))
    stream = chunks(api.chat(model, "Choose!", response_format=wanted, stream=True))
    assert text_of(stream) == content(answer)
    other = api.chat(model, "Choose!", response_format=wanted, n=8).json()["choices"]
    assert len({item["message"]["content"] for item in other}) > 1


@pytest.mark.parametrize("told", ["Answer by this schema: {} Nothing else!", "```json\n{}\n```"])
def test_content_by_a_schema_that_a_message_tells(api, told):
    """As clients write it into the prompt of a model that takes no schema."""
    system = told.replace("{}", json.dumps(SCHEMA, indent=2))
    messages = [{"role": "system", "content": system}, {"role": "user", "content": "{ Choose!"}]
    body = {"model": QWEN, "messages": messages, "response_format": {"type": "json_object"}}
    answer = api.post("/v1/chat/completions", json=body)
    assert Draft202012Validator(SCHEMA).is_valid(json.loads(content(answer)))


def test_json_mode_takes_nothing_else_for_a_schema(api):
    """Other objects in a message, and schemas that nothing fits, are let be."""
    for said in ('{"a": {"b": 1}}', '{"properties": {"a": {"type": "none"}}, "type": "object"}'):
        answer = api.chat(QWEN, said, response_format={"type": "json_object"})
        assert json.loads(content(answer)).keys() == {"answer"}


def test_content_by_a_pattern(api):
    """The whole pattern matches."""
    wanted = {"type": "regex", "pattern": r"(positive|negative): [0-9]{1,3}%"}
    assert re.fullmatch(wanted["pattern"], content(api.chat(QWEN, response_format=wanted)))


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        (
            {"type": "json_object", "schema": {"type": "nonsense"}},
            "response_format.schema",
        ),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": False}},
            "response_format.json_schema.schema",
        ),
        ({"type": "regex", "pattern": "("}, "response_format.pattern"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_no_text_can_fit(api, wanted, param, stream):
    """The service's own words; before a stream begins."""
    answer = api.chat(QWEN, response_format=wanted, stream=stream)
    assert refused(answer, "grammar_invalid")["param"] == param
