"""Rate limits of serverless models, on the project's clock."""

import pytest
import together
from support import Running, refused
from talk import QWEN


def limit(api, **fields):
    answer = api.put("/_mock/limits", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(api, model=QWEN):
    return api.chat(model)


def test_there_is_none_unless_it_is_set(api):
    """Off by default, and without a header."""
    assert api.get("/_mock/limits").json() == {
        "requests_per_minute": None,
        "tokens_per_minute": None,
    }
    assert not [name for name in ask(api).headers if "limit" in name]


def test_requests_of_a_minute_are_limited(api):
    """The service's text and headers; the next virtual minute begins anew."""
    limit(api, requests_per_minute=2)
    api.advance(by="15s")
    first, second, third = ask(api), ask(api), ask(api)
    assert [answer.status_code for answer in (first, second, third)] == [200, 200, 429]
    told = [
        {name: value for name, value in answer.headers.items() if "ratelimit" in name}
        for answer in (first, second, third)
    ]
    assert [one["x-ratelimit-remaining"] for one in told] == ["1", "0", "0"]
    assert all(one["x-ratelimit-limit"] == "2" for one in told)
    assert all(one["x-ratelimit-reset"] == "45" for one in told)
    assert third.headers["retry-after"] == "45"
    error = refused(third, "rate_limited")
    assert "Your rate limit is 2 queries per minute" in error["message"]
    api.advance(by="44s")
    assert ask(api).status_code == 429
    api.advance(by="1s")
    assert ask(api).status_code == 200


def test_tokens_of_a_minute_are_limited(api):
    """By what was used so far; the answer that goes beyond is still given."""
    limit(api, tokens_per_minute=10)
    first = ask(api)
    used = first.json()["usage"]["total_tokens"]
    assert used > 10
    assert first.headers["x-tokenlimit-remaining"] == "0"
    second = ask(api)
    refused(second, "dynamic_token_limited")
    assert second.headers["x-tokenlimit-remaining"] == "0"
    api.advance(by="1m")
    assert ask(api).status_code == 200


@pytest.mark.parametrize("more", [{}, {"temperature": 0.5, "n": 2}])
def test_what_is_left_is_told_with_the_answer_that_used_it(api, more):
    """A whole answer counts itself; a stream, whose head leaves first, what came before it."""
    limit(api, tokens_per_minute=1_000)
    answer = api.chat(QWEN, **more)
    left = 1_000 - answer.json()["usage"]["total_tokens"]
    assert answer.headers["x-tokenlimit-remaining"] == str(left)
    assert api.chat(QWEN, stream=True).headers["x-tokenlimit-remaining"] == str(left)
    embedded = {"model": "BAAI/bge-base-en-v1.5", "input": "Hello"}
    limit(api, tokens_per_minute=1_000)
    answer = api.post("/v1/embeddings", json=embedded)
    assert 900 < int(answer.headers["x-tokenlimit-remaining"]) < 1_000


def test_dedicated_endpoints_have_no_limits(api):
    """Nor the headers."""
    endpoint = api.create()
    api.run_until(endpoint["id"], "STARTED")
    limit(api, requests_per_minute=0, tokens_per_minute=0)
    answer = ask(api, endpoint["name"])
    assert answer.status_code == 200
    assert not [name for name in answer.headers if "limit" in name]
    assert ask(api).status_code == 429


def test_other_refusals_count_for_nothing(api):
    """An unknown model uses up no request."""
    limit(api, requests_per_minute=1)
    assert ask(api, "nobody/nothing").status_code == 404
    assert ask(api).status_code == 200


def test_a_reset_begins_a_minute_anew(api):
    """The clock is back in the same minute, and nothing was asked in it; likewise a new limit."""
    limit(api, requests_per_minute=1)
    document = api.state()
    for again in (
        lambda: api.post("/_mock/reset"),
        lambda: api.put_state(document),
        lambda: limit(api, requests_per_minute=1),
    ):
        limit(api, requests_per_minute=1)
        assert [ask(api).status_code for _ in range(2)] == [200, 429]
        again()
        assert ask(api).status_code == 200


def test_the_sdk_raises_what_it_raises(api):
    """A RateLimitError, with the seconds to wait in its headers."""
    limit(api, requests_per_minute=0)
    with (
        together.Together(base_url=f"{api.root}/v1", api_key=api.key, max_retries=0) as client,
        pytest.raises(together.RateLimitError) as raised,
    ):
        client.chat.completions.create(model=QWEN, messages=[{"role": "user", "content": "Hi"}])
    assert raised.value.response.headers["retry-after"] == "60"


def test_what_was_asked_stands_in_the_state_document(api, server):
    """Put into another project, or gone back to, the minute goes on where it was."""
    limit(api, requests_per_minute=2, tokens_per_minute=1_000)
    assert "minute" not in api.state()["counters"]
    used = ask(api).json()["usage"]["total_tokens"]
    document = api.state()
    number = 1767225600 // 60  # the minute in which 2026 begins
    assert document["counters"]["minute"] == {"number": number, "requests": 1, "tokens": used}
    other = server.api()
    assert other.put_state(document).status_code == 200
    assert other.state()["counters"] == document["counters"]
    assert [ask(other).status_code for _ in range(2)] == [200, 429]
    assert other.post("/_mock/reset", json={"only": ["clock"]}).status_code == 200
    assert other.state()["counters"]["minute"]["requests"] == 2
    assert other.put_state(document).status_code == 200
    assert ask(other).headers["x-ratelimit-remaining"] == "0"
    other.advance(by="1m")
    assert "minute" not in other.state()["counters"]
    other.http.close()


def test_what_was_asked_survives_a_restart(start_server, tmp_path):
    """Requests and the tokens of their answers, also where the last of them came late."""
    options = {"database": str(tmp_path / "mock.db"), "clock_rate": 0.0}
    first = Running(**options)
    api = first.api("restarted")
    limit(api, requests_per_minute=3, tokens_per_minute=1_000)
    ask(api)
    counters = api.state()["counters"]
    ask(api)
    first.stop()
    again = start_server(**options).api("restarted")
    kept = again.state()["counters"]["minute"]
    assert kept["requests"] == 2
    assert kept["tokens"] == 2 * counters["minute"]["tokens"]
    assert [ask(again).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("field", ["number", "requests", "tokens"])
def test_a_minute_that_cannot_be_is_refused(api, field):
    """400 naming the field."""
    minute = {"number": 1, "requests": 1, "tokens": 1, field: -1}
    error = refused(api.put_state({"counters": {"minute": minute}}), "invalid_value")
    assert error["param"] == f"counters.minute.{field}"


def test_limits_stand_in_the_state_document(api, server):
    """A reset of the faults takes them off."""
    shown = limit(api, requests_per_minute=3)
    assert api.state()["limits"] == shown
    other = server.api()
    other.put_state(api.state())
    assert other.get("/_mock/limits").json() == shown
    other.post("/_mock/reset", json={"only": ["faults"]})
    assert other.state()["limits"]["requests_per_minute"] is None
    other.http.close()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"requests_per_minute": -1}, "requests_per_minute"),
        ({"requests_per_minute": "5"}, "requests_per_minute"),
        ({"tokens_per_minute": 1.5}, "tokens_per_minute"),
        ({"requests": 1}, "requests"),
    ],
)
def test_a_bad_limit_is_refused(api, fields, param):
    """400 naming the field."""
    answer = api.put("/_mock/limits", json=fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
