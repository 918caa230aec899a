"""A store that cannot be written to: clear errors, reads go on, and in the end nothing is lost."""

import json
import os
import re
import resource
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from process.serving import PATIENCE, Served, run
from process.test_serve import STOP_SECONDS
from support import H100X2, MIXTRAL, START, Api, refused, refused_2024

NEW = {"model": MIXTRAL, "hardware": H100X2}
OPTIONS = ("--preset", "instant", "--clock-rate", "0", "--start-at", START)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def served(file: Path) -> Iterator[Served]:
    """A server on a file of its own, whose clocks stand still."""
    with Served("--database", file, *OPTIONS) as served:
        yield served


def anyhow(api: Api) -> Api:
    """The project, whose answers the contract need not have: troubles are not the service's."""
    api.http.event_hooks = {}
    return api


def limit(served: Served, file: Path) -> None:
    """Let no file of the server grow beyond what the store's log has by now."""
    size = Path(f"{file}-wal").stat().st_size
    _, hard = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (size, hard))


def unlimit(served: Served) -> None:
    _, hard = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


def own(api: Api) -> list[dict[str, Any]]:
    """The project's endpoints as v1 lists them."""
    return api.get("/v1/endpoints?type=dedicated").json()["data"]


def chats(api: Api) -> int:
    """How many requests of inference the project has had, as the store has it."""
    return api.state()["counters"]["requests"]


def troubles(log: str) -> list[str]:
    """What the log tells of the store, without the instants."""
    lines = [line.partition(": ")[2] for line in log.splitlines() if "the database" in line]
    return [re.sub(r" for project user_\w{8}: .*", "", line) for line in lines]


def is_whole(file: Path) -> bool:
    with closing(sqlite3.connect(file)) as store:
        return store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_without_room_writes_are_refused_and_all_is_kept(served, file):
    """507 on every face; reads and chat are answered; with room, and later, nothing is missing."""
    api = anyhow(served.api())
    made = api.create()
    assert api.chat(made["name"]).status_code == 200
    limit(served, file)
    while (answer := api.post("/v1/endpoints", json=NEW)).status_code == 200:
        pass
    refused(answer, "store_full")
    project = api.get("/_mock/project").json()["id"]
    one = {"name": "one"}
    refused(
        api.post(f"/v2/projects/{project}/endpoints", json=one), "store_full", "RESOURCE_EXHAUSTED"
    )
    refused_2024(api.post(f"/legacy/v1/endpoints/{made['id']}/stop"), "store_full")
    refused(api.put("/_mock/preset", json={"preset": "manual"}), "store_full")
    refused(anyhow(served.api()).get("/v1/endpoints"), "store_full")

    kept = own(api)
    assert [api.chat(made["name"]).status_code for _ in range(20)] == [200] * 20
    assert api.endpoint(made["id"])["state"] == "STARTED"

    unlimit(served)
    again = api.post("/v1/endpoints", json=NEW)
    assert again.status_code == 200
    after = own(api)
    assert [row["id"] for row in after] == [again.json()["id"], *(row["id"] for row in kept)]
    assert chats(api) == 21
    status, out, err = served.stop()
    assert (status, out) == (0, "")
    assert troubles(err) == ["the database fails", "the database can be written to again"]
    assert "Traceback" not in err
    assert is_whole(file)
    with Served("--database", file, *OPTIONS) as later:
        api = later.api(api.key)
        assert own(api) == after
        assert chats(api) == 21


def test_a_store_that_another_process_has_is_read_all_the_same(served, file):
    """Chat and reads are answered at once; what they noted is stored when the store is free."""
    api = anyhow(served.api())
    made = api.create()
    assert api.endpoint(made["id"])["state"] == "STARTED"
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert [api.chat(made["name"]).status_code for _ in range(5)] == [200] * 5
        assert api.chat(made["id"]).status_code == 200
        assert api.endpoint(made["id"])["state"] == "STARTED"
        assert len(own(api)) == 1
        # After some seconds of waiting; nothing was changed.
        refused(api.post("/v1/endpoints", json=NEW), "store_busy")
        holder.execute("ROLLBACK")
    assert len(own(api)) == 1
    assert api.post("/v1/endpoints", json=NEW).status_code == 200
    assert chats(api) == 6
    status, _, err = served.stop()
    assert status == 0
    assert troubles(err) == ["the database fails", "the database can be written to again"]
    assert "Traceback" not in err


def test_a_new_key_waits_for_the_store_once(served, file):
    """Its project has to be made, whatever is asked: 503 after the five seconds of one wait."""
    chat = {"model": MIXTRAL, "messages": [{"role": "user", "content": "Hello!"}]}
    calls = [
        ("GET", "/v1/endpoints", None),
        ("POST", "/v1/endpoints", NEW),
        ("POST", "/v1/chat/completions", chat),
        ("GET", "/v2/supported-models", None),
        ("GET", "/_mock/clock", None),
    ]

    def ask(call: tuple[str, str, Any]) -> tuple[httpx.Response, float]:
        method, path, body = call
        asked = time.monotonic()
        answer = anyhow(served.api()).request(method, path, json=body)
        return answer, time.monotonic() - asked

    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor() as clients:
            answers = list(clients.map(ask, calls))
        holder.execute("ROLLBACK")
    for (_, path, _), (answer, seconds) in zip(calls, answers, strict=True):
        refused(answer, "store_busy", "UNAVAILABLE" if path.startswith("/v2") else None)
        # A busy machine may add its share, but no second wait.
        assert 5 <= seconds < 8
    with closing(sqlite3.connect(file)) as store:
        assert store.execute("SELECT count(*) FROM project").fetchone() == (0,)


@pytest.mark.parametrize("kind", ["one key", "new keys", "v2"])
def test_many_that_wait_keep_nobody_else_waiting(served, file, kind):
    """More of them than the server has threads: all wait at once, and reads go on beside them."""
    api = anyhow(served.api())
    made = api.create()
    assert api.endpoint(made["id"])["state"] == "STARTED"
    host = served.root.removeprefix("http://")
    fleet = f"/v2/projects/{api.get('/_mock/project').json()['id']}/endpoints"
    assert api.get(fleet).status_code == 200

    def write(number: int) -> tuple[int, float]:
        key = f"{api.key}-{number}" if kind == "new keys" else api.key
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        asked = time.monotonic()
        with closing(HTTPConnection(host, timeout=PATIENCE)) as line:
            path, body = (fleet, {"name": "one"}) if kind == "v2" else ("/v1/endpoints", NEW)
            line.request("POST", path, json.dumps(body), headers)
            return line.getresponse().status, time.monotonic() - asked

    with (
        closing(sqlite3.connect(file, isolation_level=None)) as holder,
        ThreadPoolExecutor(100) as clients,
    ):
        holder.execute("BEGIN IMMEDIATE")
        waiting = [clients.submit(write, number) for number in range(100)]
        slowest = 0.0
        while not any(writer.done() for writer in waiting):
            asked = time.monotonic()
            assert api.chat(made["name"]).status_code == 200
            assert api.endpoint(made["id"])["state"] == "STARTED"
            assert api.get(fleet).status_code == 200
            slowest = max(slowest, time.monotonic() - asked)
        answers = [writer.result() for writer in waiting]
        holder.execute("ROLLBACK")
    assert slowest < 3
    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) < 8
    assert len(own(api)) == 1


def test_it_stops_in_time_while_another_process_has_the_store(served, file):
    """What could not be stored is said; what was told stored is there."""
    api = anyhow(served.api())
    made = api.create()
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        assert api.chat(made["name"]).status_code == 200
        holder.execute("BEGIN EXCLUSIVE")
        assert api.chat(made["name"]).status_code == 200
        # A write that waits for the store is refused then, and is waited for no longer.
        with closing(HTTPConnection(served.root.removeprefix("http://"))) as waiting:
            headers = {"authorization": f"Bearer {api.key}"}
            waiting.request("POST", "/v1/endpoints", json.dumps(NEW), headers)
            assert api.get("/v1/endpoints").status_code == 200
            asked = time.monotonic()
            status, _, err = served.stop()
            assert time.monotonic() - asked < STOP_SECONDS
            answer = waiting.getresponse()
            assert answer.status == 503
            assert json.loads(answer.read())["error"]["code"] == "server_stopping"
        holder.execute("ROLLBACK")
    assert status == 0
    slug = made["name"].partition("/")[0]
    assert f"what inference noted last could not be stored for project {slug}: Another" in err
    assert "Traceback" not in err
    with Served("--database", file, *OPTIONS) as later:
        assert [row["id"] for row in own(later.api(api.key))] == [made["id"]]


def test_a_place_where_nothing_can_be_written_is_one_line(tmp_path):
    """Exit status 2, and the line names the option, the file and the reason."""
    place = tmp_path / "read-only"
    place.mkdir()
    place.chmod(0o555)
    # Permissions do not bind a superuser; a directory of the kernel does.
    place = Path("/proc/self/task") if os.access(place, os.W_OK) else place
    file = place / "store.db"
    ended = run("serve", "--port", "0", "--database", file)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"together-mock: --database: {file}: unable to open database file\n"
