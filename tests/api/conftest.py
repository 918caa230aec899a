"""Fixtures of the tests that drive HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support import V2, Api, Running
from talk import QWEN, choice, chunks, text_of


@pytest.fixture(scope="session")
def lenient() -> Iterator[Running]:
    """A server that lets unknown models and zones through; its clocks stand still at START."""
    running = Running(lenient=True)
    yield running
    running.stop()


@pytest.fixture
def endpoint(v2: V2) -> dict[str, Any]:
    """An endpoint of v2 that has no deployment."""
    return v2.create()


@pytest.fixture
def raw(api: Api) -> Iterator[httpx.Client]:
    """The project without the contract's check: faults answer what no operation documents."""
    headers = {"Authorization": f"Bearer {api.key}"}
    with httpx.Client(base_url=api.root, headers=headers, timeout=30, verify=False) as client:
        yield client


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def told(request, api):
    """Ask, whole or streamed: text, reasoning, finish reason and usage of the only choice."""

    def ask(model=QWEN, said="Hello there!", **options):
        answer = api.chat(model, said, stream=request.param, **options)
        if not request.param:
            body = answer.json()
            only = choice(answer)
            told = only["message"]
            reasoning = told.get("reasoning") or ""
            return told["content"], reasoning, only["finish_reason"], body["usage"]
        stream = chunks(answer)
        reasons = [item["finish_reason"] for chunk in stream for item in chunk["choices"]]
        usage = stream[-1]["usage"]
        return text_of(stream), text_of(stream, "reasoning"), reasons[-1], usage

    return ask
