"""Reads chat answers and streams."""

import json
from typing import Any

import httpx

QWEN = "Qwen/Qwen2.5-7B-Instruct-Turbo"
V31 = "deepseek-ai/DeepSeek-V3.1"
R1 = "deepseek-ai/DeepSeek-R1"
OSS = "openai/gpt-oss-20b"
KIMI = "moonshotai/Kimi-K2-Instruct"

Chunk = dict[str, Any]


def chunks(answer: httpx.Response) -> list[Chunk]:
    """The chunks of a stream; its frames are checked."""
    assert answer.status_code == 200, answer.text
    assert "\r" not in answer.text
    *frames, done, rest = answer.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    assert all(frame.startswith("data: {") and "\n" not in frame for frame in frames)
    return [json.loads(frame.removeprefix("data: ")) for frame in frames]


def text_of(stream: list[Chunk], part: str = "content", index: int = 0) -> str:
    """The text that a stream adds up to: the content's or the reasoning's, of one choice."""
    deltas = [
        choice["delta"]
        for chunk in stream
        for choice in chunk["choices"]
        if choice["index"] == index
    ]
    return "".join(delta.get(part) or "" for delta in deltas)


def choice(answer: httpx.Response) -> Chunk:
    """The only choice of an answer in one piece."""
    assert answer.status_code == 200, answer.text
    (only,) = answer.json()["choices"]
    return only


def message(answer: httpx.Response) -> Chunk:
    """The message of an answer in one piece."""
    return choice(answer)["message"]


def content(answer: httpx.Response) -> str:
    """The text of an answer in one piece."""
    return message(answer)["content"]


def calls(answer: httpx.Response) -> list[tuple[str, Any]]:
    """The tools that an answer calls: names and arguments."""
    functions = [call["function"] for call in message(answer)["tool_calls"]]
    return [(function["name"], json.loads(function["arguments"])) for function in functions]


def tool(name: str, description: str = "", **properties: Any) -> dict[str, Any]:
    """A tool with these properties, all of them required."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}
