"""What becomes of a script's reply in an answer."""

import pytest
from support import refused
from talk import KIMI, OSS, QWEN, R1, chunks, content, message, text_of


def script(api, **fields):
    """Add a script."""
    assert api.post("/_mock/scripts", json=fields).status_code in (200, 201)


def test_thoughts_stand_where_the_model_has_them(api):
    """In a field, or between tags in the content."""
    script(api, reply={"text": "Yes.", "reasoning": "Hm."})
    for model in (QWEN, KIMI, OSS):
        assert message(api.chat(model))["reasoning"] == "Hm."
        assert content(api.chat(model)) == "Yes."
    assert content(api.chat(R1)) == "<think>\nHm.\n</think>\n\nYes."
    assert "reasoning" not in message(api.chat(R1))
    assert text_of(chunks(api.chat(R1, stream=True))) == "<think>\nHm.\n</think>\n\nYes."


def test_what_is_scripted_is_not_cut(api):
    """By a limit, or by a stop string: it is exactly what the test says."""
    script(api, reply={"text": "one two three four five"})
    answer = api.chat(QWEN, max_tokens=2, stop="two")
    assert content(answer) == "one two three four five"


@pytest.mark.parametrize(
    "options",
    [
        {"response_format": {"type": "regex", "pattern": "("}},
        {"response_format": {"type": "json_object", "schema": {"type": "none"}}},
        {"tools": [{"function": {"name": "f", "parameters": {"type": "none"}}}]},
    ],
)
def test_a_script_hides_no_refusal(api, options):
    """And does not count as used then."""
    script(api, reply={"text": "Yes."})
    refused(api.chat(QWEN, **options), "grammar_invalid")
    assert api.get("/_mock/scripts").json()["data"][0]["hits"] == 0


def test_each_choice_says_the_same(api):
    """For one hit."""
    script(api, reply=[{"text": "a"}, {"text": "b"}])
    for said in ("a", "b", "b"):
        body = api.chat(QWEN, n=2).json()
        assert [item["message"]["content"] for item in body["choices"]] == [said, said]


def test_chunks_are_streamed_as_they_stand(api):
    """Whatever a token is."""
    script(api, reply={"chunks": ["Co", "ld, isn't it?"]})
    stream = chunks(api.chat(QWEN, stream=True))
    told = [chunk["choices"][0]["delta"]["content"] for chunk in stream]
    assert told == ["", "Co", "ld, isn't it?", ""]
    assert stream[-1]["usage"]["completion_tokens"] > 2


def test_usage_that_a_script_tells(api):
    """Replaces what would be counted, number by number."""
    script(api, reply={"text": "Yes.", "usage": {"completion_tokens": 12, "cached_tokens": 1}})
    usage = api.chat(QWEN).json()["usage"]
    assert (usage["completion_tokens"], usage["cached_tokens"]) == (12, 1)
    assert usage["total_tokens"] == usage["prompt_tokens"] + 12
