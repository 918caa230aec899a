"""Reasoning: which models think, when, and where their thoughts stand."""

from talk import KIMI, OSS, R1, V31


def test_a_hybrid_model_thinks_when_asked(told):
    """DeepSeek V3.1 by any of its switches; its thoughts are no part of the content."""
    plain, reasoning, _, before = told(V31)
    assert reasoning == ""
    for switch in (
        {"reasoning": {"enabled": True}},
        {"chat_template_kwargs": {"thinking": True}},
        {"chat_template_kwargs": {"enable_thinking": True}},
        {"reasoning_effort": "medium"},
    ):
        text, reasoning, reason, usage = told(V31, **switch)
        assert text == plain
        assert "Hello there!" in reasoning
        assert reason == "stop"
        assert usage["completion_tokens"] > before["completion_tokens"]
    assert told(V31, reasoning={"enabled": False}, reasoning_effort="high")[1] == ""


def test_a_reasoning_model_always_thinks(told):
    """gpt-oss; more effort thinks longer."""
    efforts = [told(OSS, reasoning_effort=effort)[1] for effort in ("low", "medium", "high")]
    assert sorted(efforts, key=len) == efforts
    assert len(set(efforts)) == 3
    assert told(OSS)[1] == efforts[1]


def test_r1_thinks_aloud(told):
    """Between tags, in the content."""
    text, reasoning, _, _ = told(R1)
    thoughts, end, said = text.partition("\n</think>\n\n")
    assert thoughts.startswith("<think>\n")
    assert end
    assert said.startswith('You asked: "Hello there!"')
    assert reasoning == ""


def test_thoughts_count_towards_the_limit(told):
    """An answer may end before anything is said."""
    text, reasoning, reason, usage = told(OSS, max_tokens=4)
    assert (text, reason) == ("", "length")
    assert reasoning
    assert usage["completion_tokens"] == usage["reasoning_tokens"] == 4


def test_the_shape_of_an_sglang_answer(api):
    """No seed, reasoning in the message, metadata, usage with details."""
    body = api.chat(KIMI).json()
    only = body["choices"][0]
    assert body["metadata"] == {"weight_version": "default"}
    assert body["prompt"] == []
    assert only["seed"] is None
    assert only["message"].keys() == {"role", "content", "tool_calls", "reasoning"}
    assert only["message"]["reasoning"] is None
    assert body["usage"].keys() == {
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "reasoning_tokens",
        "prompt_tokens_details",
    }
