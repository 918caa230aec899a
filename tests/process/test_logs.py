"""What a server logs: nothing by default, every request and change of state when it is debugged."""

import json
import re
import subprocess
import sys
from typing import Any

import httpx
import pytest
from process.serving import PATIENCE, Served, environment
from support import START

SECRET = "sk-very-secret-key"
CHAT = "/v1/chat/completions"
OPTIONS = ("--clock-rate", "0", "--start-at", START, "--api-key", f"{SECRET}=someone")


def used(served: Served) -> dict[str, Any]:
    """Use a server a little; an endpoint, and what a chat with it answered."""
    api = served.api(SECRET)
    made = api.create()
    api.advance(by="1m")
    chat = api.chat(made["name"])
    assert chat.status_code == 200
    api.chat(made["name"], stream=True)
    api.get(f"/v1/endpoints/{made['id']}?token={SECRET}", headers={"X-Request-Id": "mine-1"})
    assert httpx.get(f"{served.root}/v1/endpoints%0AERROR%20forged").status_code == 404
    return {"endpoint": made["id"], "chat": chat.json()["id"]}


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_server_is_quiet(form):
    """At `info`, the default, requests and changes of state are not logged."""
    with Served(*OPTIONS, "--log-format", form) as served:
        used(served)
        assert served.stop() == (0, "", "")


def test_debugging_logs_requests_and_changes_as_json():
    """Each request with its id, project, operation, status and time; each change with its cause."""
    with Served(*OPTIONS, "--log-level", "debug", "--log-format", "json") as served:
        done = used(served)
        status, _, err = served.stop()
    assert status == 0
    lines = [json.loads(line) for line in err.splitlines()]
    for line in lines:
        assert {"time", "level", "logger", "message"} <= line.keys()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])
        assert (line["level"], line["logger"]) == ("debug", "together_mock")
    moves = [line for line in lines if "cause" in line]
    assert [(line["from"], line["to"], line["cause"], line["at"]) for line in moves] == [
        (None, "PENDING", "api:createEndpoint", "2026-01-01T00:00:00.000Z"),
        ("PENDING", "STARTING", "preset:fast", "2026-01-01T00:00:00.500Z"),
        ("STARTING", "STARTED", "preset:fast", "2026-01-01T00:00:02.000Z"),
    ]
    assert {(line["endpoint"], line["project"]) for line in moves} == {
        (done["endpoint"], "someone")
    }
    requests = [line for line in lines if "duration_ms" in line]
    one = f"/v1/endpoints/{done['endpoint']}"
    assert [
        (line["project"], line["method"], line["path"], line["operation"], line["status"])
        for line in requests
    ] == [
        ("someone", "POST", "/v1/endpoints", "createEndpoint", 200),
        (None, "POST", "/_mock/clock/advance", None, 200),
        ("someone", "POST", CHAT, "chat-completions", 200),
        ("someone", "POST", CHAT, "chat-completions", 200),
        ("someone", "GET", one, "getEndpoint", 200),
        (None, "GET", "/v1/endpoints\nERROR forged", None, 404),
    ]
    assert requests[2]["request_id"] == done["chat"]
    assert requests[4]["request_id"] == "mine-1"
    assert all(line["duration_ms"] > 0 for line in requests)
    assert SECRET not in err


def test_debugging_logs_a_line_each_as_text():
    """Readable, a line a record whatever a client sends, and without its key."""
    with Served(*OPTIONS, "--log-level", "debug") as served:
        done = used(served)
        _, _, err = served.stop()
    lines = err.splitlines()
    assert len(lines) == 9
    for line in lines:
        assert re.match(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 DEBUG   together_mock: ", line
        )
    assert sum(f"{done['endpoint']} " in line and "-> STARTED" in line for line in lines) == 1
    assert sum("GET /v1/endpoints\\nERROR forged: 404 " in line for line in lines) == 1
    assert SECRET not in err


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_of_a_library_ends_as_ours_do(form):
    """Some of uvicorn's end in a newline of their own, which shows nowhere."""
    program = (
        "import logging; from together_mock.runtime.process import log_to_stderr;"
        f"log_to_stderr('info', {form!r});"
        "logging.getLogger('uvicorn.error').error('Exception in %s application\\n', 'ASGI')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=True,
    )
    (line,) = done.stderr.splitlines()
    told = json.loads(line)["message"] if form == "json" else line.partition(" uvicorn.error: ")[2]
    assert told == "Exception in ASGI application"
