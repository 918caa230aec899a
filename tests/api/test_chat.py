"""Chat: the shapes of answers and streams, and what decides the text."""

import asyncio
import re

import httpx
import pytest
from talk import QWEN, chunks, content, text_of
from together_mock.asgi import Application

ID = r"[0-9A-Za-z]{7}-[0-9A-Za-z]{6}-[0-9a-f]{16}"
USAGE = {"prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens"}
RECEIVED = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def name(api):
    """The name of an endpoint that serves."""
    api.put_endpoint("STARTED", name="me/mixtral-0a1b2c3d")
    return "me/mixtral-0a1b2c3d"


def test_the_shape_of_an_answer(api, name):
    """Every key of a recorded answer, and no other."""
    answer = api.chat(name, "Hello there!").json()
    assert re.fullmatch(ID, answer.pop("id"))
    (choice,) = answer.pop("choices")
    usage = answer.pop("usage")
    assert answer == {
        "object": "chat.completion",
        "created": 1767225600,
        "model": name,
        "prompt": [],
    }
    message = choice.pop("message")
    assert isinstance(choice.pop("seed"), int)
    assert choice == {"finish_reason": "stop", "index": 0, "logprobs": None}
    assert message.keys() == {"role", "content", "tool_calls"}
    assert (message["role"], message["tool_calls"]) == ("assistant", [])
    assert "Hello there!" in message["content"]
    assert usage.keys() == USAGE
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] > 0
    assert usage["cached_tokens"] == 0


def test_the_shape_of_a_stream(api, name):
    """Role first, a chunk a token, the finish reason, seed and usage in the last alone."""
    stream = chunks(api.chat(name, stream=True))
    first, *middle, last = stream
    assert len({chunk["id"] for chunk in stream}) == 1
    assert re.fullmatch(ID, first["id"])
    for number, chunk in enumerate(stream):
        extra = {"usage"} if chunk is last else set()
        assert chunk.keys() == {"id", "object", "created", "choices", "model"} | extra
        assert chunk["object"] == "chat.completion.chunk"
        assert (chunk["created"], chunk["model"]) == (1767225600, name)
        (choice,) = chunk["choices"]
        extra = {"seed"} if chunk is last else set()
        assert choice.keys() == {"index", "text", "logprobs", "finish_reason", "delta"} | extra
        assert choice["index"] == 0
        assert choice["logprobs"] is None
        assert choice["finish_reason"] == ("stop" if chunk is last else None)
        delta = choice["delta"]
        assert delta.keys() == {"token_id", "role", "content"}
        assert delta["role"] == "assistant"
        assert choice["text"] == delta["content"]
        assert (delta["token_id"] is None) == (number == 0)
    assert first["choices"][0]["text"] == last["choices"][0]["text"] == ""
    assert all(chunk["choices"][0]["text"] for chunk in middle)
    assert last["usage"].keys() == USAGE
    assert last["usage"]["completion_tokens"] == len(middle)


@pytest.mark.parametrize("options", [{}, {"max_tokens": 5}, {"max_tokens": 1}, {"seed": 7}])
@pytest.mark.parametrize(
    "said",
    [
        "Hello!",
        "",
        "  two  words ",
        "Grüße, 世界 \U0001f600!",
        'a "quoted"\nline \\ \u2028',
        "x" * 3000,
    ],
)
def test_a_stream_says_what_the_answer_says(api, name, said, options):
    """Text, seed, usage and finish reason are the same, streamed or not."""
    plain = api.chat(name, said, **options).json()
    stream = chunks(api.chat(name, said, stream=True, **options))
    (choice,) = plain["choices"]
    end = stream[-1]["choices"][0]
    assert text_of(stream) == choice["message"]["content"]
    assert end["seed"] == choice["seed"]
    assert end["finish_reason"] == choice["finish_reason"]
    for used in (plain["usage"], stream[-1]["usage"]):
        # A long prompt is cached the second time.
        used.pop("cached_tokens")
    assert stream[-1]["usage"] == plain["usage"]


@pytest.mark.parametrize("said", ["Hello!", "", " two  words ", 'a "quote"\\ \u2028', "x" * 999])
@pytest.mark.parametrize("options", [{}, {"max_tokens": 5}, {"max_tokens": 1000}])
def test_the_short_way_says_what_the_long_way_says(api, name, said, options):
    """Most requests are answered in few steps; any option that matters goes all the way."""
    short, long = (api.chat(name, said, **options, **more).json() for more in ({}, {"n": 1}))
    assert short.pop("id") != long.pop("id")
    for body in (short, long):
        # A long prompt is cached the second time.
        body["usage"].pop("cached_tokens")
    assert list(short) == list(long)
    assert short == long


def test_the_same_request_gives_the_same_text(server, api, name):
    """The text hangs on the request and the model, not on what was asked before."""
    first = api.chat(name)
    api.chat(name, "Something else")
    again = api.chat(name)
    assert content(again) == content(first)
    assert again.json()["choices"] == first.json()["choices"]
    assert again.json()["id"] != first.json()["id"]
    other = server.api()
    other.put_endpoint("STARTED")
    assert content(other.chat("endpoint-1")) == content(first)


def test_another_server_of_the_same_seed_gives_the_same_bytes(start_server):
    """Ids and seeds follow from the server's seed, the key and the calls."""
    answers = []
    for seed in (3, 3, 4):
        api = start_server(seed=seed).api("same-key")
        answers.append([api.chat(QWEN).content, api.chat(QWEN, stream=True).content])
    assert answers[0] == answers[1] != answers[2]


def test_the_text_follows_the_conversation(api, name):
    """What the user said last is answered; earlier turns change the text."""
    talk = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "First question"},
        {"role": "assistant", "content": "First answer"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Second"}, {"type": "text", "text": "question"}],
        },
    ]
    body = {"model": name, "messages": talk}
    answer = content(api.post("/v1/chat/completions", json=body))
    assert "Second question" in answer
    assert "First question" not in answer
    assert answer != content(api.chat(name, "Second question"))


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_the_token_limit_cuts_the_text(api, name, field, limit):
    """At the limit: finish reason length, exactly so many tokens, a beginning of the text."""
    whole = content(api.chat(name))
    cut = api.chat(name, **{field: limit})
    assert cut.json()["choices"][0]["finish_reason"] == "length"
    assert cut.json()["usage"]["completion_tokens"] == limit
    assert whole.startswith(content(cut))
    assert content(cut) != whole


def test_a_token_limit_that_is_not_reached_changes_nothing(api, name):
    """As many tokens as the text has, or more: finish reason stop."""
    whole = api.chat(name).json()
    count = whole["usage"]["completion_tokens"]
    for limit in (count, count + 1, 30_000):
        answer = api.chat(name, max_tokens=limit).json()
        assert answer["choices"] == whole["choices"]


@pytest.mark.parametrize("seed", [0, 1, -5, 2**53, 2**63 - 1, 2**64 - 1])
@pytest.mark.parametrize("stream", [False, True])
def test_a_seed_is_echoed(api, name, seed, stream):
    """The seed given comes back as it is."""
    answer = api.chat(name, seed=seed, stream=stream)
    last = chunks(answer)[-1] if stream else answer.json()
    assert last["choices"][0]["seed"] == seed


@pytest.mark.parametrize(
    "extra",
    [
        {"max_tokens": "many"},
        {"max_tokens": -1},
        {"max_tokens": None},
        {"temperature": "hot"},
        {"stream": None},
        {"stream": "yes"},
        {"seed": "x"},
        {"seed": True},
        {"n": "three", "unknown": {"a": [1]}},
        {"stop": None, "tools": None, "response_format": None},
    ],
)
def test_malformed_and_unknown_parameters_are_let_through(api, name, extra):
    """The service answers them with 200; so does the mock, with the whole text."""
    assert content(api.chat(name, **extra)) == content(api.chat(name))


def test_the_headers_of_an_answer(api, name):
    """Recorded headers, the request's id among them, and no rate limits."""
    answer = api.chat(name)
    expected = {
        "content-type": "application/json; charset=utf-8",
        "x-inference-version": "v2",
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
        "x-request-id": answer.json()["id"],
        "x-api-received": RECEIVED,
        "x-api-call-start": RECEIVED,
        "x-api-call-end": RECEIVED,
        "content-length": str(len(answer.content)),
    }
    assert {key: answer.headers[key] for key in expected} == expected
    assert not [key for key in answer.headers if "ratelimit" in key]


def test_the_headers_of_a_stream(api, name):
    """An event stream that nobody caches, without an end time."""
    answer = api.chat(name, stream=True)
    expected = {
        "content-type": "text/event-stream;charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-request-id": chunks(answer)[0]["id"],
        "x-api-call-start": RECEIVED,
    }
    assert {key: answer.headers[key] for key in expected} == expected
    assert "x-api-call-end" not in answer.headers
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("stream", [False, True])
def test_an_endpoint_answers_by_its_id(api, name, stream):
    """The id stands for the name; the answer shows what was asked for."""
    answer = api.chat("endpoint-1", stream=stream)
    body = chunks(answer)[0] if stream else answer.json()
    assert body["model"] == "endpoint-1"
    assert (
        api.chat("endpoint-1").json()["choices"][0]["message"]
        == (api.chat(name).json()["choices"][0]["message"])
    )


@pytest.mark.parametrize("stream", [False, True])
def test_another_asgi_server_sends_the_same_headers(server, api, name, stream):
    """Where the head cannot be written past the server, it is handed over header by header."""
    body = {"model": name, "messages": [{"role": "user", "content": "Hi"}], "stream": stream}

    async def in_process():
        transport = httpx.ASGITransport(app=Application(server.world))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            headers = {"Authorization": f"Bearer {api.key}"}
            return await client.post("/v1/chat/completions", json=body, headers=headers)

    theirs, ours = asyncio.run(in_process()), api.post("/v1/chat/completions", json=body)
    assert theirs.status_code == ours.status_code == 200
    assert theirs.headers.keys() == ours.headers.keys() - {"date", "transfer-encoding"}
    varying = {"x-request-id", "cf-ray"}
    for header in theirs.headers.keys() - varying:
        assert theirs.headers[header] == ours.headers[header]
    assert len(theirs.content) == len(ours.content)
