"""The prompt cache: which prompts have been seen before, by whom, and until when."""

import pytest
from talk import KIMI, QWEN

LONG = "You are a careful assistant who knows everything there is to know. " * 60


def cached(answer):
    """The cached tokens of an answer of either family."""
    usage = answer.json()["usage"]
    return usage.get("prompt_tokens_details", usage)["cached_tokens"]


@pytest.mark.parametrize("model", [QWEN, KIMI])
def test_a_long_prompt_is_cached(api, model):
    """The second time most of it is; another beginning is none of it."""
    assert cached(api.chat(model, LONG + "First")) == 0
    again = api.chat(model, LONG + "Second")
    total = again.json()["usage"]["prompt_tokens"]
    assert 0.8 * total < cached(again) < total
    assert cached(api.chat(model, "X" + LONG)) == 0
    assert cached(api.chat(model, "Hello")) == cached(api.chat(model, "Hello")) == 0


def test_the_prompt_cache_of_an_endpoint(api):
    """Its own, and gone with a restart; that it was made without has no effect."""
    endpoint = api.put_endpoint("STARTED", disable_prompt_cache=True)
    assert cached(api.chat(endpoint, LONG)) == 0
    assert cached(api.chat(endpoint, LONG)) > 0
    for state in ("STOPPED", "STARTED"):
        api.patch(f"/v1/endpoints/{endpoint}", json={"state": state})
        api.run_until(endpoint, state)
    assert cached(api.chat(endpoint, LONG)) == 0
    assert cached(api.chat(endpoint, LONG)) > 0


def test_the_prompt_cache_is_reset_with_the_project(api):
    """Tests that share a project start alike."""
    for again in (lambda: api.post("/_mock/reset"), lambda: api.put_state({})):
        api.chat(QWEN, LONG)
        assert again().status_code == 200
        assert cached(api.chat(QWEN, LONG)) == 0


def test_the_prompt_cache_belongs_to_a_project(server, api):
    """Another project has not seen the prompt."""
    api.chat(QWEN, LONG)
    assert cached(server.api().chat(QWEN, LONG)) == 0
