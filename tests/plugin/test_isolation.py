"""Many tests on one shared server at once, in any order: none sees anything of another.

`CROWD_WORKERS=8 CROWD_TESTS=200 CROWD_ROUNDS=20 pytest tests/plugin/test_isolation.py` is the
long way, for which a test suite has no time.
"""

import os

import pytest
from together_mock import MockServer

WORKERS = int(os.environ.get("CROWD_WORKERS", "2"))
TESTS = int(os.environ.get("CROWD_TESTS", "40"))
ROUNDS = int(os.environ.get("CROWD_ROUNDS", "2"))
# What a test does, and what it must find; each leaves as much behind as it can.
CROWD = """
import os, random

import httpx
import pytest

MODEL, HARDWARE = "mistralai/Mixtral-8x7B-Instruct-v0.1", "2x_nvidia_h100_80gb_sxm"


@pytest.mark.parametrize("number", range(int(os.environ["CROWD"])))
def test_one_of_many(together_mock, number):
    chance = random.Random(f"{os.environ['ROUND']} {number}")
    headers = {"Authorization": f"Bearer {together_mock.api_key}"}
    with httpx.Client(base_url=together_mock.root_url, headers=headers, verify=False) as client:
        assert together_mock.state()["endpoints"] == []
        assert together_mock.cost == 0
        assert together_mock.events() == []
        together_mock.capacity(pools=[{"hardware": HARDWARE, "replicas": number % 3 + 1}])
        together_mock.script(reply={"text": f"script of {number}"})
        wanted = chance.randint(1, 3)
        made = []
        for _ in range(wanted):
            body = {"model": MODEL, "hardware": HARDWARE, "display_name": f"crowd {number}"}
            body["autoscaling"] = {"min_replicas": 1, "max_replicas": 1}
            answer = client.post("/v1/endpoints", json=body)
            assert answer.status_code == 200, answer.text
            made.append(answer.json())
        hours = chance.randint(1, 48)
        before = together_mock.clock.now
        together_mock.clock.advance(hours=hours)
        assert (together_mock.clock.now - before).total_seconds() == hours * 3600
        mine = client.get("/v1/endpoints", params={"type": "dedicated", "mine": "true"}).json()
        assert {one["id"] for one in mine["data"]} == {one["id"] for one in made}
        started = [one for one in mine["data"] if one["state"] == "STARTED"]
        assert len(started) == min(wanted, number % 3 + 1)
        chat = {"model": started[0]["name"], "messages": [{"role": "user", "content": "Hi"}]}
        answer = client.post("/v1/chat/completions", json=chat).json()
        assert answer["choices"][0]["message"]["content"] == f"script of {number}"
        # 18 cents a minute each.
        assert float(together_mock.cost) == pytest.approx(len(started) * hours * 60 * 0.18)
        fault = {"status": 503, "code": f"fault-{number}"}
        together_mock.fault(match={"operation": "listEndpoints"}, times=2, effect=fault)
        struck = [client.get("/v1/endpoints") for _ in range(3)]
        assert [one.status_code for one in struck] == [503, 503, 200]
        assert {one.json()["error"]["code"] for one in struck[:2]} == {f"fault-{number}"}
        assert [fault["hits"] for fault in together_mock.faults()] == [2]
        # Its own requests alone: creations, a list, a chat, and those with the fault.
        assert len(together_mock.requests()) == wanted + 1 + 1 + 3
        names = {one["display_name"] for one in together_mock.state()["endpoints"]}
        assert names == {f"crowd {number}"}
"""


@pytest.fixture
def crowd(pytester, monkeypatch):
    """Run the tests of a crowd in processes of their own, in an order that is drawn by `number`."""
    monkeypatch.delenv("TOGETHER_MOCK_URL", raising=False)
    pytester.makepyfile(test_crowd=CROWD)
    pytester.makeconftest(
        "import os, random\n"
        "def pytest_collection_modifyitems(items):\n"
        "    random.Random(os.environ['ROUND']).shuffle(items)\n"
    )

    def run(workers, tests, number, *options):
        monkeypatch.setenv("CROWD", str(tests))
        monkeypatch.setenv("ROUND", str(number))
        bare = [f"-pno:{name}" for name in ("cacheprovider", "schemathesis", "hypothesispytest")]
        outcome = pytester.runpytest_subprocess("-q", *bare, "-n", str(workers), *options)
        outcome.assert_outcomes(passed=tests)

    return run


def projects(server):
    """How many projects a server has."""
    return len({project.id for project in server._running.server.world._by_name.values()})


@pytest.mark.timeout(200 * ROUNDS)
def test_a_crowd_on_a_shared_server(crowd):
    """Some processes, each run of the same tests in another order, one server; nothing is left."""
    with MockServer(clock_rate=1) as server:
        for number in range(ROUNDS):
            crowd(WORKERS, TESTS, number, "--together-mock-url", server.url)
            assert projects(server) == 0


def test_a_thousand_projects_leave_nothing(together_mock_server):
    """One after the other: no row and no object stays."""
    world = together_mock_server._running.server.world
    before = len(world._by_name), len(world._by_hash)
    for number in range(1000):
        with together_mock_server.project(f"one of many {number}", preset="instant"):
            pass
    assert (len(world._by_name), len(world._by_hash)) == before
    with world._database.reading() as connection:
        tables = ("project", "api_key", "endpoint", "deployment", "event", "usage", "traffic")
        left = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in tables
        }
    assert left["project"] == len(set(map(id, world._by_name.values())))
    assert left["endpoint"] == left["deployment"] == 0
