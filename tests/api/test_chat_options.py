"""Chat parameters: each one that changes an answer does, the others change nothing."""

import json

import httpx
import pytest
from support import refused
from talk import KIMI, QWEN, choice, chunks, content, message, text_of

INERT = {
    "temperature": 0.3,
    "top_p": 0.5,
    "top_k": 40,
    "min_p": 0.1,
    "repetition_penalty": 1.1,
    "presence_penalty": -1,
    "frequency_penalty": 2,
    "logit_bias": {"105": 21.4},
    "compliance": "hipaa",
    "user": "somebody",
    "prompt_cache_key": "k",
    "chat_template_kwargs": {"custom": 1},
    "unheard_of": {"field": [1]},
    "n": 1,
    "echo": False,
    "logprobs": 0,
    "stop": [],
    "tools": [],
    "response_format": {"type": "text"},
    "safety_model": "meta-llama/Meta-Llama-Guard-3-8B",
    "context_length_exceeded_behavior": "error",
    "reasoning": {"enabled": True},
    "reasoning_effort": "high",
    "max_tokens": 30_000,
    "tool_choice": "auto",
    "function_call": "auto",
}


def test_parameters_that_change_nothing(told):
    """Sampling parameters, and those at their defaults; each alone, and all together."""
    plain = told()
    assert told(**INERT) == plain
    for name, value in INERT.items():
        assert told(**{name: value}) == plain, name


@pytest.mark.parametrize("name", [*INERT, "seed", "stream_options", "top_logprobs", "functions"])
def test_parameters_may_be_null(api, name):
    """What an SDK sends for "not given"."""
    assert content(api.chat(QWEN, **{name: None})) == content(api.chat(QWEN))


@pytest.mark.parametrize(
    "malformed",
    [
        {"max_tokens": "many"},
        {"max_tokens": -1},
        {"max_tokens": 0},
        {"max_tokens": 1.5},
        {"temperature": "hot"},
        {"n": "two"},
        {"n": True},
        {"stop": 5},
        {"stop": [5, None, ""]},
        {"seed": "x"},
        {"logprobs": "yes"},
        {"response_format": "json"},
        {"stream_options": []},
        {"reasoning": True},
        {"reasoning_effort": 5},
        {"stream": "yes"},
    ],
)
def test_malformed_parameters_are_let_through(api, malformed):
    """As the service does (third-party recording of a malformed max_tokens)."""
    assert content(api.chat(QWEN, **malformed)) == content(api.chat(QWEN))


@pytest.mark.parametrize(
    ("options", "case", "param"),
    [
        ({"n": 0}, "out_of_range", "n"),
        ({"n": 129}, "out_of_range", "n"),
        ({"logprobs": 21}, "out_of_range", "logprobs"),
        ({"logprobs": -1}, "out_of_range", "logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "out_of_range", "top_logprobs"),
        ({"response_format": {"type": "xml"}}, "invalid_value", "response_format.type"),
        ({"response_format": {"type": "regex"}}, "missing_field", "response_format.pattern"),
        (
            {"response_format": {"type": "json_schema"}},
            "missing_field",
            "response_format.json_schema.schema",
        ),
        ({"tools": {}}, "invalid_type", "tools"),
        ({"tools": [{}]}, "invalid_type", "tools.0.function"),
        ({"tools": [{"function": {}}]}, "missing_field", "tools.0.function.name"),
        ({"functions": [{"name": 5}]}, "missing_field", "functions.0.name"),
        ({"tool_choice": "required"}, "invalid_value", "tool_choice"),
        ({"tool_choice": "any"}, "invalid_value", "tool_choice"),
        ({"tool_choice": "book_flight"}, "invalid_value", "tool_choice"),
        (
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            "invalid_value",
            "tool_choice",
        ),
        ({"safety_model": "no/such-model"}, "unknown_model_chat", "safety_model"),
        ({"safety_model": QWEN}, "unknown_model_chat", "safety_model"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_refused(api, options, case, param, stream):
    """What no answer could honour; before a stream starts, as an ordinary error."""
    answer = api.chat(QWEN, stream=stream, **options)
    assert refused(answer, case)["param"] == param
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(("depth", "status"), [(200, 200), (300, 400), (1000, 400)])
def test_json_that_is_nested_too_deep(api, depth, status):
    """Refused before anything follows it; a depth that schemas have is let be."""
    nested = "[" * depth + "]" * depth
    message = f'{{"role":"user","content":"Hi","tool_calls":{nested}}}'
    answer = httpx.post(
        f"{api.root}/v1/chat/completions",
        content=f'{{"model":"{QWEN}","messages":[{message}]}}',
        headers={"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"},
    )
    assert answer.status_code == status
    assert status == 200 or "levels deep" in refused(answer, "broken_json")["message"]


def test_max_tokens_cuts(told):
    """The finish reason is `length`, the text the beginning of the whole."""
    whole, *_ = told()
    for name in ("max_tokens", "max_completion_tokens"):
        text, _, reason, usage = told(**{name: 5})
        assert whole.startswith(text)
        assert reason == "length"
        assert usage["completion_tokens"] == 5
    assert told(max_tokens=1000)[2] == "stop"


@pytest.mark.parametrize("stop", ["turn", ["never said", " turn", "This is"]])
def test_a_stop_string_ends_the_text(told, stop):
    """The text before the first of them; it is no part of the answer."""
    whole, *_ = told()
    text, _, reason, usage = told(stop=stop)
    stops = [stop] if isinstance(stop, str) else stop
    first = min(whole.find(word) for word in stops if word in whole)
    assert text == whole[:first]
    assert reason == "stop"
    assert 0 < usage["completion_tokens"] < told()[3]["completion_tokens"]


def test_a_seed_chooses_the_words(api):
    """The same seed the same words, other seeds others; the answer reports it."""
    answers = {seed: choice(api.chat(QWEN, seed=seed)) for seed in (None, 1, 2, 3, 1234, -5)}
    assert len({answer["message"]["content"] for answer in answers.values()}) == len(answers)
    assert all(seed is None or answer["seed"] == seed for seed, answer in answers.items())
    assert choice(api.chat(QWEN, seed=2)) == answers[2]


@pytest.mark.parametrize("n", [2, 5, 128])
def test_several_choices(api, n):
    """Each in words of its own, with usage for all of them."""
    body = api.chat(QWEN, n=n).json()
    texts = [item["message"]["content"] for item in body["choices"]]
    assert [item["index"] for item in body["choices"]] == list(range(n))
    assert len(set(texts)) == min(n, 64)
    assert texts[0] == content(api.chat(QWEN))
    single = api.chat(QWEN).json()["usage"]
    assert body["usage"]["prompt_tokens"] == single["prompt_tokens"]
    assert body["usage"]["completion_tokens"] >= n * (single["completion_tokens"] - 8)


def test_several_choices_are_streamed_side_by_side(api):
    """Each adds up to what it is in one piece; usage comes once, in the last chunk."""
    whole = api.chat(QWEN, n=3).json()
    stream = chunks(api.chat(QWEN, n=3, stream=True))
    for item in whole["choices"]:
        assert text_of(stream, index=item["index"]) == item["message"]["content"]
    order = [chunk["choices"][0]["index"] for chunk in stream]
    assert order[:6] == [0, 0, 1, 1, 2, 2]
    assert [chunk.get("usage") for chunk in stream].count(None) == len(stream) - 1
    assert stream[-1]["usage"] == whole["usage"]


def test_log_probabilities_in_togethers_form(api):
    """Parallel arrays, a token each; alternatives only when more than one is asked for."""
    answer = choice(api.chat(QWEN, logprobs=1))
    told = answer["logprobs"]
    assert told.keys() == {"token_ids", "tokens", "token_logprobs"}
    assert "".join(told["tokens"]) == answer["message"]["content"]
    assert len(told["token_ids"]) == len(told["tokens"]) == len(told["token_logprobs"])
    assert all(value <= 0 for value in told["token_logprobs"])
    assert choice(api.chat(QWEN, logprobs=3))["logprobs"]["top_logprobs"]


@pytest.mark.parametrize(
    ("model", "options", "top"),
    [
        (QWEN, {"logprobs": True}, 0),
        (QWEN, {"logprobs": True, "top_logprobs": 3}, 3),
        (KIMI, {"logprobs": True, "top_logprobs": 1}, 1),
    ],
)
def test_log_probabilities_in_openais_form(api, model, options, top):
    """An object a token with its bytes; the SGLang-like family has no other form."""
    answer = choice(api.chat(model, **options))
    entries = answer["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == answer["message"]["content"]
    assert all(bytes(entry["bytes"]).decode() == entry["token"] for entry in entries)
    assert all(len(entry["top_logprobs"]) == top for entry in entries)
    stream = chunks(api.chat(model, stream=True, **options))
    streamed = [
        entry
        for chunk in stream
        for item in chunk["choices"]
        if item["logprobs"]
        for entry in item["logprobs"]["content"]
    ]
    assert streamed == entries


@pytest.mark.parametrize("model", [QWEN, KIMI])
def test_log_probabilities_of_a_stream_are_numbers(api, model):
    """Where a number was asked for: as the spec types them, and 1.5.35 insists."""
    whole = choice(api.chat(model, logprobs=1))["logprobs"]
    if model == KIMI:
        whole = {"token_logprobs": [entry["logprob"] for entry in whole["content"]]}
    stream = chunks(api.chat(model, logprobs=1, stream=True))
    values = [item["logprobs"] for chunk in stream for item in chunk["choices"]]
    assert [value for value in values if value is not None] == whole["token_logprobs"]


def test_echo_shows_the_prompt(api):
    """With its log probabilities where those are asked for."""
    (part,) = api.chat(QWEN, "Say this back", echo=True).json()["prompt"]
    assert part == {"text": "user: Say this back"}
    (part,) = api.chat(QWEN, "Say this back", echo=True, logprobs=1).json()["prompt"]
    assert "".join(part["logprobs"]["tokens"]) == part["text"]
    assert api.chat(QWEN, "Say this back").json()["prompt"] == []


@pytest.mark.parametrize("model", [QWEN, KIMI])
def test_usage_of_a_stream_as_openai_has_it(api, model):
    """Asked for, it comes in a chunk without choices; refused, not at all."""
    whole = api.chat(model).json()["usage"]
    # The streams of the SGLang-like family have no details.
    whole.pop("prompt_tokens_details", None)
    stream = chunks(api.chat(model, stream=True, stream_options={"include_usage": True}))
    assert stream[-1]["choices"] == []
    assert stream[-1]["usage"] == whole
    assert not any(chunk.get("usage") for chunk in stream[:-1])
    stream = chunks(api.chat(model, stream=True, stream_options={"include_usage": False}))
    assert not any(chunk.get("usage") for chunk in stream)
    assert all(chunk["choices"] for chunk in stream)


CONTEXT = 32_768


def test_a_context_that_is_exceeded(api):
    """The service's text and sums; `truncate` gives what room there is."""
    error = refused(api.chat(QWEN, max_tokens=999_999_999), "context_overflow")
    assert f"must be <= {CONTEXT + 1}" in error["message"]
    assert error["param"] == "max_tokens"
    options = {"context_length_exceeded_behavior": "truncate"}
    assert choice(api.chat(QWEN, max_tokens=999_999_999, **options))["finish_reason"] == "stop"
    long = "word " * CONTEXT
    assert refused(api.chat(QWEN, long), "context_overflow")["param"] == "messages"
    answer = api.chat(QWEN, long, **options)
    assert choice(answer)["finish_reason"] == "stop"
    assert answer.json()["usage"]["total_tokens"] <= CONTEXT
    room = CONTEXT + 1 - api.chat(QWEN).json()["usage"]["prompt_tokens"]
    assert api.chat(QWEN, max_tokens=room).status_code == 200
    assert api.chat(QWEN, max_tokens=room + 1).status_code == 400


# Messages ----------------------------------------------------------------------------------


def parts(*kinds):
    """A message's content: a text, and media of these kinds."""
    url = {"url": "data:image/png;base64,AAAA"}
    media = [{"type": kind, kind: url} for kind in kinds]
    return [{"type": "text", "text": "Look at this"}, *media]


def test_media_are_counted_and_described(api):
    """The answer says what it was shown; each takes up room in the prompt."""
    body = {"model": QWEN, "messages": [{"role": "user", "content": parts()}]}
    bare = api.post("/v1/chat/completions", json=body).json()["usage"]["prompt_tokens"]
    body["messages"][0]["content"] = parts("image_url", "image_url", "audio_url", "video_url")
    answer = api.post("/v1/chat/completions", json=body)
    assert '"Look at this" (with 2 images, 1 audio clip and 1 video)' in content(answer)
    assert answer.json()["usage"]["prompt_tokens"] > bare + 2000


def test_a_bare_prompt_is_completed(api):
    """A sample of the service's documentation asks the chat route for a completion."""
    # Not over the checked client: the spec has no such answer on this route.
    body = httpx.post(
        f"{api.root}/v1/chat/completions",
        headers={"Authorization": f"Bearer {api.key}"},
        json={"model": QWEN, "prompt": "Once upon"},
    ).json()
    assert body["object"] == "text.completion"
    assert "Once upon" in body["choices"][0]["text"]


def test_a_moderation_model_judges(api):
    """A guard says whether it is safe."""
    assert content(api.chat("meta-llama/Meta-Llama-Guard-3-8B", "Hi")) == "safe"


@pytest.mark.parametrize(
    "model", ["BAAI/bge-base-en-v1.5", "Salesforce/Llama-Rank-V1", "black-forest-labs/FLUX.1-dev"]
)
def test_models_of_other_kinds_do_not_chat(api, model):
    """Nor complete texts."""
    error = refused(api.chat(model), "wrong_model_type")
    assert model in error["message"]
    body = {"model": model, "prompt": "Hi"}
    refused(api.post("/v1/completions", json=body), "wrong_model_type")


def test_json_mode(told):
    """Any JSON object, which holds what would have been said."""
    text, _, reason, _ = told(response_format={"type": "json_object"})
    assert json.loads(text) == {"answer": told()[0]}
    assert reason == "stop"


def test_the_message_of_an_answer(api):
    """No function_call, no reasoning, where neither was asked for."""
    assert message(api.chat(QWEN)).keys() == {"role", "content", "tool_calls"}
