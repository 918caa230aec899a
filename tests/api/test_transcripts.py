"""Whole answers and streams of each shape, byte by byte, against recorded transcripts.

`UPDATE_TRANSCRIPTS=1 pytest tests/api/test_transcripts.py` writes them anew; read the difference.
"""

import os
from pathlib import Path

import pytest
from talk import KIMI, OSS, QWEN

TRANSCRIPTS = Path(__file__).parent / "transcripts"
WEATHER = {"name": "get_weather", "arguments": {"city": "Oslo"}}
TIME = {"name": "get_time", "arguments": '{"zone":"CET"}'}

# Name: what the model is told to say, the route, and what is asked.
CASES = {
    "tie": ({"text": "Hello there."}, "chat/completions", {}),
    "tie-length": (None, "chat/completions", {"max_tokens": 2}),
    "tie-usage-apart": (
        {"text": "Hi."},
        "chat/completions",
        {"stream_options": {"include_usage": True}},
    ),
    "tie-tool-calls": ({"tool_calls": [WEATHER, TIME]}, "chat/completions", {}),
    "tie-text-and-tool-call": (
        {"text": "Let me see.", "tool_calls": [WEATHER]},
        "chat/completions",
        {},
    ),
    "tie-function-call": (
        {"tool_calls": [WEATHER]},
        "chat/completions",
        {"functions": [{"name": "get_weather"}]},
    ),
    "tie-choices": (None, "chat/completions", {"n": 2, "max_tokens": 2}),
    "tie-logprobs": ({"text": "Hi there."}, "chat/completions", {"logprobs": 1}),
    "tie-logprobs-openai": (
        {"text": "Hi there."},
        "chat/completions",
        {"logprobs": True, "top_logprobs": 1},
    ),
    "tie-chunks": ({"chunks": ["Co", "ld."], "reasoning": "Hm."}, "chat/completions", {}),
    "sglang": ({"text": "Hello there."}, "chat/completions", {"model": KIMI}),
    "sglang-reasoning": (
        {"text": "Hello.", "reasoning": "They greet."},
        "chat/completions",
        {"model": OSS},
    ),
    "sglang-tool-call": ({"tool_calls": [WEATHER]}, "chat/completions", {"model": KIMI}),
    "completion": ({"text": "a time."}, "completions", {"prompt": "Once upon"}),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", CASES)
def test_transcript(start_server, name, stream):
    """Every byte, ids and seeds included, follows from the server's seed, the key and the calls."""
    reply, path, asked = CASES[name]
    api = start_server().api("transcript")
    if reply is not None:
        assert api.post("/_mock/scripts", json={"reply": reply}).status_code in (200, 201)
    body = {"model": QWEN, "stream": stream, **asked}
    if path == "chat/completions":
        body["messages"] = [{"role": "user", "content": "Hello!"}]
    answer = api.post(f"/v1/{path}", json=body)
    assert answer.status_code == 200
    recorded = TRANSCRIPTS / f"{name}{'.stream' if stream else ''}.txt"
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        recorded.write_bytes(answer.content)
    assert answer.content == recorded.read_bytes()
