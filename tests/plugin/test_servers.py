"""Servers outside pytest's fixtures, and transports that need no socket."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
import unittest

import httpx
import pytest
import together_mock
from support import H100X2, MIXTRAL, START
from together_mock import MockServer
from together_mock.bootstrap import StartError
from together_mock.testing import (
    ControlError,
    RemoteServer,
    UnreachableError,
    UnusableError,
    transport,
)

KEYED = {"headers": {"Authorization": "Bearer key"}, "base_url": "http://together-mock.invalid"}
QUESTION = {"model": MIXTRAL, "messages": [{"role": "user", "content": "Hello!"}]}


def servers():
    """How many servers there are in this process."""
    return sum(thread.name == "together-mock" for thread in threading.enumerate())


def test_a_server_runs_within_its_block():
    """On a free port, like `together-mock serve`: nobody answers afterwards."""
    with MockServer(port=0, preset="fast") as server:
        assert server.base_url == f"{server.url}/v1"
        assert httpx.get(f"{server.url}/_mock/ready").json() == {"ready": True}
        with server.project() as project:
            assert (project.clock.rate, project.state()["preset"]) == (1, "fast")
        url = server.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with pytest.raises(RuntimeError, match="does not run"):
        _ = server.url


class UnittestTest(unittest.TestCase):
    """As in suites without pytest."""

    @classmethod
    def setUpClass(cls):
        cls.server = MockServer(clock_rate=0, start_at=START).start()
        cls.addClassCleanup(cls.server.stop)

    def test_a_project_of_its_own(self):
        project = self.server.project(self.id(), preset="instant")
        self.addCleanup(project.close)
        assert project.clock.now.isoformat() == "2026-01-01T00:00:00+00:00"


def test_what_a_server_cannot_start_with_shows_at_once(tmp_path):
    """In one line, and nothing is left running."""
    before = servers()
    broken = tmp_path / "state.yaml"
    broken.write_text("colour: red")
    for options, reason in (
        ({"preset": "never"}, "--preset: Unknown preset never"),
        ({"state": broken}, "colour"),
        ({"database": str(tmp_path / "nowhere" / "x.db")}, "--database"),
        ({"host": "256.0.0.1"}, "--host 256.0.0.1"),
    ):
        with pytest.raises(StartError, match=reason):
            MockServer(**options).start()
    with pytest.raises(TypeError, match=r"no option colour; it has .*clock_rate"):
        MockServer(colour="red")
    for options, kind, reason in (
        ({"api": "v9"}, ValueError, "one of v1, v1-retired, v2, both as api, not 'v9'"),
        ({"port": 99999}, ValueError, "0 to 65535 as port, not 99999"),
        ({"port": "a"}, TypeError, "int as port, not 'a'"),
        ({"port": True}, TypeError, "int as port, not True"),
        ({"api_keys": [5]}, TypeError, "a list of texts as api_keys, not one of 5"),
        ({"api_keys": 5}, TypeError, "a list as api_keys, not 5"),
        ({"clock_rate": "x"}, TypeError, "float as clock_rate, not 'x'"),
        ({"database": 5}, TypeError, "str or None as database, not 5"),
        ({"lenient": 1}, TypeError, "bool as lenient, not 1"),
        ({"state": 5}, TypeError, "a list as state, not 5"),
    ):
        with pytest.raises(kind, match=f"MockServer takes {reason}"):
            MockServer(**options)
    with MockServer() as server, pytest.raises(StartError, match=r"--port \d+: .*in use"):
        MockServer(port=int(server.url.rpartition(":")[2])).start()
    assert servers() == before


def test_a_server_whose_thread_ends_as_it_begins_is_no_hang(monkeypatch):
    """Whoever starts it is told."""

    async def fail(self, on_ready):
        raise OSError("no loop today")

    monkeypatch.setattr("together_mock.runtime.server.Server.serve", fail)
    with pytest.raises(StartError, match="no loop today"):
        MockServer().start()


def test_a_server_is_started_once():
    """And stopped as often as one likes."""
    server = MockServer()
    server.stop()
    with server, pytest.raises(RuntimeError, match="runs already"):
        server.start()
    server.stop()
    with server:
        assert server.url


def test_options_are_those_of_the_command_line(tmp_path):
    """Files by path, keys as a list, an admin token that the projects know."""
    file = tmp_path / "state.yaml"
    file.write_text(f"api_key: mine\nclock: {{now: {START}, rate: 0}}\npreset: manual")
    with MockServer(state=file, api_keys=["mine", "yours"], admin_token="secret") as server:
        mine = server.existing("mine")
        assert (mine.state()["preset"], mine.clock.rate) == ("manual", 0)
        with server.project("made") as made:
            answer = httpx.get(
                f"{server.url}/v1/endpoints", headers={"Authorization": f"Bearer {made.api_key}"}
            )
            assert answer.status_code == 200
        with pytest.raises(ControlError) as caught:
            server.existing("somebody")
        assert caught.value.status == 401


def test_projects_follow_from_their_names(calling):
    """The same name gives the same project on any server, whoever still has the key of one."""
    shown = []
    for seed in range(2):
        with MockServer(clock_rate=0, start_at=START, seed=seed) as server:
            for _ in range(2):
                project = server.project("mine")
                shown.append(project.state() | {"id": project.project, "key": project.api_key})
                project.close()
                stale = calling(project).http.get("/v1/endpoints")
                assert stale.status_code == 401
                assert "is the test over" in stale.json()["error"]["message"]
    assert all(one == shown[0] for one in shown)


def test_a_name_has_one_project_on_a_server_of_ones_own():
    """A second one would have other ids than it should."""
    with MockServer() as server:
        first = server.project("mine")
        with pytest.raises(ControlError) as caught:
            server.project("mine")
        assert caught.value.code == "project_exists"
        with pytest.raises(ControlError) as caught:
            server.project("yours", state={"project": {"slug": first.project.slug}})
        assert caught.value.param == "project.slug"


def test_a_key_of_ones_own_has_one_project():
    """It is not quietly another key's."""
    with MockServer() as server:
        assert server.project(key="mine").api_key == "mine"
        with pytest.raises(ControlError) as caught:
            server.project(key="mine")
        assert caught.value.code == "project_exists"


def test_a_server_elsewhere_is_told_from_none(together_mock_server):
    """What is no URL, nobody, and somebody else."""
    for url, reason in (
        ("localhost:4010", "is not the URL of a server"),
        ("http://127.0.0.1:1", "no together-mock answers at http://127.0.0.1:1"),
    ):
        with pytest.raises(UnreachableError, match=reason):
            RemoteServer(url)
    with pytest.raises(ControlError, match="404"):
        RemoteServer(f"{together_mock_server.url}/nothing/here")


def test_a_server_elsewhere_is_tried_before_the_first_test():
    """Whoever cannot make projects there is told what is missing, and `/v1` is no mistake."""
    with MockServer(admin_token="secret") as server:
        for token in (None, "wrong"):
            with pytest.raises(UnusableError, match="--together-mock-admin-token"):
                RemoteServer(server.url, token)
        remote = RemoteServer(f"{server.url}/v1/", "secret")
        assert remote.url == server.url
        with remote.project("mine") as project:
            assert project.base_url == f"{server.url}/v1"
        remote.stop()
    with (
        MockServer(api_keys=["listed"]) as server,
        pytest.raises(UnusableError, match="--api-key"),
    ):
        RemoteServer(server.url)
    with MockServer(api_keys=["listed"], admin_token="secret") as server:
        remote = RemoteServer(server.url, "secret")
        remote.project("mine").close()
        remote.stop()


def test_two_runs_share_a_server(together_mock_server):
    """The same names, keys of their own, and the same output as far as slugs allow."""
    one, two = (RemoteServer(together_mock_server.url, run=run) for run in ("one", "two"))
    try:
        mine, yours = one.project("same"), two.project("same")
        assert mine.api_key != yours.api_key
        assert yours.project.slug.startswith(f"{mine.project.slug}-")
        assert mine.state()["seed"] == yours.state()["seed"]
        slug = mine.project.slug
        mine.close()
        with two.project("same") as again:
            assert again.project.slug == slug
    finally:
        one.stop()
        two.stop()
    assert not httpx.get(
        f"{together_mock_server.url}/_mock/project", headers={"X-Mock-Project": slug}
    ).is_success


def test_a_line_outlives_a_connection_that_the_server_closed(together_mock):
    """Servers close idle connections; the next call opens another."""
    together_mock._line._connection.sock.shutdown(socket.SHUT_RDWR)
    assert together_mock.clock.rate == 0


def test_a_server_needs_no_socket(calling):
    """Projects and clients go around it."""
    before = servers()
    with (
        MockServer(port=None, clock_rate=0, start_at=START) as server,
        server.project("inside", preset="instant") as project,
    ):
        caller = calling(project, transport=server.transport())
        endpoint = caller.create()
        project.clock.run_until(endpoint, "STARTED")
        assert caller.chat(endpoint["name"]).status_code == 200
        assert project.cost == 0
    assert servers() == before


def test_a_transport_gives_the_same_answers_as_a_socket(calling):
    """Status, headers, body, errors."""
    answers = []
    with MockServer(clock_rate=0, start_at=START) as server:
        for around in (None, server.transport()):
            with server.project("same") as project:
                caller = calling(project, transport=around)
                paths = (
                    "/v1/hardware?model=x%2Fy",
                    "/v1/endpoints",
                    "/nothing",
                    "/v1/endpoints/%C3%A9",
                )
                answers.append(
                    [
                        (answer.status_code, answer.headers["content-type"], answer.content)
                        for answer in (caller.http.get(path) for path in paths)
                    ]
                    + [caller.chat(MIXTRAL).content, caller.create()]
                )
    assert answers[0] == answers[1]


def test_a_transport_of_its_own_ends_with_its_client():
    """Nothing else is to be closed."""
    before = servers()
    with httpx.Client(transport=transport(preset="instant"), **KEYED) as client:
        assert client.get("/_mock/ready").json() == {"ready": True}
        assert servers() == before + 1
    assert servers() == before


def test_a_stream_comes_chunk_by_chunk():
    """The first is there before the last is due; sync and async alike."""
    script = {"reply": {"chunks": ["a", "b", "c", "d"]}, "timing": {"tokens_per_second": 8}}
    body = {**QUESTION, "stream": True}

    def arrivals_of(lines):
        return [when for when, line in lines if line.startswith("data: {")]

    with httpx.Client(transport=transport(), **KEYED) as client:
        assert client.post("/_mock/scripts", json=script).status_code == 201
        with client.stream("POST", "/v1/chat/completions", json=body) as answer:
            sync = arrivals_of([(time.monotonic(), line) for line in answer.iter_lines()])

    async def ask():
        async with httpx.AsyncClient(transport=transport(), **KEYED) as client:
            await client.post("/_mock/scripts", json=script)
            async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
                return [(time.monotonic(), line) async for line in answer.aiter_lines()]

    for arrivals in (sync, arrivals_of(asyncio.run(ask()))):
        assert len(arrivals) >= 4
        # Three waits of an eighth of a second lie between the first chunk and the last.
        assert arrivals[-1] - arrivals[0] > 0.2


def test_a_stream_that_is_left_is_heard_of():
    """The replica is free again."""
    script = {"reply": {"chunks": ["a"] * 50}, "timing": {"tokens_per_second": 5}}
    with (
        MockServer(clock_rate=0, start_at=START) as server,
        server.project("leaver", preset="instant") as project,
        httpx.Client(transport=server.transport(), base_url=server.url) as client,
    ):
        client.headers["Authorization"] = f"Bearer {project.api_key}"
        body = {"model": MIXTRAL, "hardware": H100X2}
        endpoint = client.post("/v1/endpoints", json=body).json()
        project.clock.run_until(endpoint, "STARTED")
        project.script(script)
        body = {**QUESTION, "model": endpoint["name"], "stream": True}
        with client.stream("POST", "/v1/chat/completions", json=body) as answer:
            next(answer.iter_lines())
            assert project.timeline(endpoint)["in_flight"] == [1]
        deadline = time.monotonic() + 10
        while project.timeline(endpoint)["in_flight"] != [0]:
            assert time.monotonic() < deadline


def test_a_read_that_takes_too_long_times_out_as_with_a_socket():
    """Sync and async."""
    script = {"reply": {"text": "late"}, "timing": {"ttft": "30s"}}
    with httpx.Client(transport=transport(), **KEYED) as client:
        client.post("/_mock/scripts", json=script)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/chat/completions", json=QUESTION, timeout=0.05)

    async def ask():
        async with httpx.AsyncClient(transport=transport(), **KEYED) as client:
            await client.post("/_mock/scripts", json=script)
            await client.post("/v1/chat/completions", json=QUESTION, timeout=0.05)

    with pytest.raises(httpx.ReadTimeout):
        asyncio.run(ask())


@pytest.mark.parametrize("is_async", [False, True])
def test_a_transport_breaks_off_as_a_socket_does(is_async):
    """A reset and a cut stream are what httpx makes of them; and the journal has both."""
    reset = {"X-Mock-Fault": "reset"}
    cut = {"effect": {"stream": {"cut_after": 1}}}
    body = {**QUESTION, "stream": True}

    async def ask(around, **options):
        async with httpx.AsyncClient(transport=around, **options) as client:
            with pytest.raises(httpx.ReadError):
                await client.get("/v1/endpoints", headers=reset)
            await client.post("/_mock/faults", json=cut)
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post("/v1/chat/completions", json=body)
            return (await client.get("/_mock/requests")).json()["data"]

    def ask_sync(around, **options):
        with httpx.Client(transport=around, **options) as client:
            with pytest.raises(httpx.ReadError):
                client.get("/v1/endpoints", headers=reset)
            client.post("/_mock/faults", json=cut)
            with pytest.raises(httpx.RemoteProtocolError):
                client.post("/v1/chat/completions", json=body)
            return client.get("/_mock/requests").json()["data"]

    def journal(around, **options):
        rows = asyncio.run(ask(around, **options)) if is_async else ask_sync(around, **options)
        return [(row["path"], row["status"]) for row in rows]

    with MockServer() as server:
        socket_options = {**KEYED, "base_url": server.url, "verify": False}
        by_socket = journal(None, **socket_options)
    assert journal(transport(), **KEYED) == by_socket


def test_a_transport_whose_server_has_gone_says_so():
    """An error that clients of sockets know."""
    with MockServer(port=None) as server:
        around = server.transport()
    with (
        httpx.Client(transport=around, **KEYED) as client,
        pytest.raises(httpx.RemoteProtocolError, match="stopped"),
    ):
        client.get("/_mock/ready")


def test_the_package_is_cheap_to_import():
    """What pytest loads on every run brings nothing that a user's code may bring later."""
    program = (
        "import sys, pytest; before = set(sys.modules); import together_mock.pytest_plugin;"
        "print(sorted(name for name in set(sys.modules) - before))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "['together_mock', 'together_mock.pytest_plugin']"
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = together_mock.Nothing
