"""`together-mock serve` as a process: how it announces itself, and how it stops."""

import json
import os
import pty
import signal
import socket
import sqlite3
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from process.serving import COMMAND, PATIENCE, Served, environment, run
from support import H100X2, MIXTRAL

# What the contract grants a stop.
STOP_SECONDS = 2.0
CHAT = "/v1/chat/completions"
NEW = {"model": MIXTRAL, "hardware": H100X2}


def connect(root: str) -> socket.socket:
    host, port = root.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def test_it_announces_itself_and_answers(tmp_path):
    """Exactly one JSON line on standard output, the same in the ready file, once it answers."""
    ready_file = tmp_path / "ready.json"
    with Served("--port", "0", "--ready-file", ready_file, TMPDIR=str(tmp_path)) as served:
        assert served.ready == {"ready": True, "url": served.root, "pid": served.process.pid}
        assert ready_file.read_text() == served.line
        assert served.api().get("/_mock/ready").json() == {"ready": True}
        assert run("healthcheck", "--url", served.root).returncode == 0
        # --- and in the environment of the server
        place = {"TOGETHER_MOCK_HOST": "0.0.0.0", "TOGETHER_MOCK_PORT": served.root[-5:].strip(":")}
        assert run("healthcheck", **place).returncode == 0

        status, out, err = served.stop()
    assert (status, out, err) == (0, "", "")
    # --- the private store is gone, and nobody answers any more
    assert list(tmp_path.iterdir()) == [ready_file]
    unhealthy = run("healthcheck", "--url", served.root)
    assert unhealthy.returncode == 1
    assert unhealthy.stderr.startswith(f"together-mock: {served.root} is not healthy: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_time_with_a_connection_open(number):
    """A client that keeps its connection does not hold up a stop."""
    with Served() as served, closing(connect(served.root)) as idle:
        idle.sendall(b"GET /_mock/health HTTP/1.1\r\nHost: mock\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        asked = time.monotonic()
        status, out, err = served.stop(number)
        assert time.monotonic() - asked < STOP_SECONDS
    assert (status, out, err) == (0, "", "")


def test_it_stops_in_time_with_streams_and_work_under_way():
    """Paced streams end, what is computed for nobody is given up, and nothing is logged."""
    asked = {"model": "Qwen/Qwen2.5-7B-Instruct-Turbo", "stream": True}
    asked["messages"] = [{"role": "user", "content": "Hi"}]
    shape = {"type": "array", "items": {"type": "string"}, "minItems": 5}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": shape}}
    with Served() as served, ExitStack() as stack:
        api = served.api()
        script = {"reply": {"chunks": ["x"] * 3600}, "timing": {"tokens_per_second": 1}}
        api.post("/_mock/scripts", json=script | {"match": {"last_user": {"equals": "Hi"}}})
        streams = []
        for _ in range(50):
            opened = stack.enter_context(api.http.stream("POST", CHAT, json=asked))
            streams.append(opened.iter_lines())
            next(streams[-1])
        work = {**asked, "n": 128, "response_format": wanted}
        work["messages"] = [{"role": "user", "content": "Work!"}]
        busy = stack.enter_context(closing(connect(served.root)))
        body = json.dumps(work).encode()
        head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\n"
        busy.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        asked_at = time.monotonic()
        status, out, err = served.stop()
        assert time.monotonic() - asked_at < STOP_SECONDS
    assert (status, out, err) == (0, "", "")


def test_it_stops_with_a_request_that_never_ends():
    """A request under way is waited for, but not for long."""
    with Served() as served, closing(connect(served.root)) as pending:
        pending.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\n"
            b"Authorization: Bearer k\r\nContent-Length: 100\r\n\r\n{"
        )
        # The answer to a second request tells that the first has arrived.
        served.api().get("/_mock/health")
        asked = time.monotonic()
        status, out, _ = served.stop()
        # Half of the time granted is spent on waiting; a busy machine may add its share.
        assert time.monotonic() - asked < 2 * STOP_SECONDS
    assert (status, out) == (0, "")


def test_a_terminal_gets_a_banner_to_copy_from():
    """On a terminal: the base URLs and the export lines, and no JSON."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"],
        stdout=writer,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    os.close(writer)
    shown = b""
    while b"TOGETHER_API_KEY" not in shown:
        shown += os.read(reader, 10_000)
    process.terminate()
    assert process.wait(PATIENCE) == 0
    os.close(reader)
    lines = shown.decode().split("\r\n")
    root = next(word for word in lines[0].split() if word.startswith("http://"))
    assert f"  export TOGETHER_BASE_URL={root}/v1" in lines
    assert not any(line.startswith("{") for line in lines)


def test_state_files_come_from_the_environment_too(tmp_path):
    """TOGETHER_MOCK_STATE takes several files; all are applied before the server is ready."""
    for name in ("one", "two"):
        document = {"api_key": name, "project": {"slug": f"project-{name}"}}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    files = " ".join(str(tmp_path / f"{name}.json") for name in ("one", "two"))
    with Served(TOGETHER_MOCK_STATE=files) as served:
        slugs = [served.api(key).get("/_mock/project").json()["slug"] for key in ("one", "two")]
    assert slugs == ["project-one", "project-two"]


def test_a_port_in_use_is_refused(tmp_path):
    """One line names host, port and reason; the database is not even made."""
    file = tmp_path / "store.db"
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        refused = run("serve", "--port", port, "--database", file)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr == (
        f"together-mock: --host 127.0.0.1 --port {port}: Address already in use\n"
    )
    assert not file.exists()


def test_a_ready_file_that_cannot_be_written_ends_the_server(tmp_path):
    """Nobody would ever hear that it is ready."""
    refused = run("serve", "--port", "0", "--ready-file", tmp_path / "nowhere" / "ready.json")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr == (
        f"together-mock: --ready-file {tmp_path}/nowhere/ready.json: No such file or directory\n"
    )


def test_the_installed_command_is_the_module():
    """`together-mock` and `python -m together_mock` are one."""
    command = Path(COMMAND[0]).with_name("together-mock")
    installed = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert installed.stdout == run("--version").stdout


def test_a_client_that_resets_its_connection_harms_nobody():
    """Answers that find nobody are dropped without a word."""
    message = b"GET /v1/endpoints/nobody HTTP/1.1\r\nHost: mock\r\nAuthorization: Bearer k\r\n\r\n"
    with Served() as served:
        for _ in range(50):
            with connect(served.root) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.sendall(message * 5)
        assert served.api().get("/_mock/health").status_code == 200
        assert served.stop() == (0, "", "")


def test_a_store_that_another_process_holds_stops_nobody_else(tmp_path):
    """What needs it waits, and is refused in the end; what does not is answered meanwhile."""
    file = tmp_path / "store.db"
    with Served("--database", file) as served, closing(sqlite3.connect(file)) as holder:
        api = served.api()
        api.create()
        holder.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor() as others:
            waiting = others.submit(served.api(api.key).post, "/v1/endpoints", json=NEW)
            assert api.get("/_mock/health").status_code == 200
            assert api.get("/v1/clusters/availability-zones").status_code == 200
            assert not waiting.done()
            holder.rollback()
            assert waiting.result(PATIENCE).status_code == 200
