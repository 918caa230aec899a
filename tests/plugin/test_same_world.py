"""The plugin in runs of pytest of its own: a test sees the same however it is run."""

import json

import pytest
from plugin.prelude import PRELUDE
from together_mock import MockServer

TOLD = """
FILE = os.environ["TOLD_IN"]

def told(mock, request):
    made = create(mock, inactive_timeout=60)
    mock.script(match={"turn": 1}, reply={"text": "Hi."}, times=1)
    mock.clock.advance(minutes=5)
    body = {"model": made["name"], "messages": [{"role": "user", "content": "Hello!"}]}
    chats = [call(mock, "POST", "/v1/chat/completions", json=body).text for _ in range(2)]
    v2 = call(mock, "GET", f"/v2/projects/{mock.project}/endpoints").text
    whoami = call(mock, "GET", "/v1/whoami").text
    with open(FILE, "a") as file:
        line = [request.node.name, made, chats, v2, whoami, mock.events(), mock.state(),
                mock.billing(), mock.project, mock.project.slug]
        file.write(json.dumps(line) + chr(10))

@pytest.mark.parametrize("number", range(3))
def test_many(together_mock, request, number):
    told(together_mock, request)

@pytest.mark.together_mock(preset="realistic", seed=7)
def test_marked(together_mock, request):
    told(together_mock, request)

@pytest.mark.xdist_group("grouped")
def test_grouped(together_mock, together_mock_factory, request):
    with together_mock_factory("other", preset="manual") as other:
        create(other)
        told(together_mock, request)
"""
NAMES = ["test_many[0]", "test_many[1]", "test_many[2]", "test_marked", "test_grouped"]
TWICE = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        runtestprotocol(item, nextitem=nextitem, log=False)
    return True
"""


@pytest.fixture
def told(pytester, monkeypatch):
    """Run the tests of TOLD in processes of their own; what each told, by name."""
    monkeypatch.delenv("TOGETHER_MOCK_URL", raising=False)
    module = pytester.makepyfile(test_told=PRELUDE + TOLD)

    def told(*options, names=(), conftest=""):
        file = pytester.path / "told.jsonl"
        file.unlink(missing_ok=True)
        monkeypatch.setenv("TOLD_IN", str(file))
        pytester.makeconftest(conftest)
        chosen = [f"{module.name}::{name}" for name in names] or [module.name]
        bare = [
            f"-pno:{plugin}" for plugin in ("cacheprovider", "schemathesis", "hypothesispytest")
        ]
        outcome = pytester.runpytest_subprocess("-q", *bare, *options, *chosen)
        assert outcome.ret == 0, outcome.stdout.str()
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        return {line[0]: line[1:] for line in lines}, len(lines)

    return told


@pytest.mark.timeout(300)
def test_a_test_sees_the_same_however_it_is_run(told):
    """Alone, in another order, distributed by groups, run again: ids, names, answers, events."""
    expected, count = told("-n", "0")
    assert (sorted(expected), count) == (sorted(NAMES), len(NAMES))
    assert len({json.dumps(line) for line in expected.values()}) == len(NAMES)
    backwards, count = told("-n", "0", names=NAMES[::-1], conftest=TWICE)
    assert (backwards, count) == (expected, 2 * len(NAMES))
    alone, _ = told("-n", "0", names=["test_many[1]"])
    assert alone == {"test_many[1]": expected["test_many[1]"]}
    distributed, _ = told("-n", "2", "--dist", "loadgroup")
    assert distributed == expected


@pytest.mark.timeout(300)
def test_a_test_sees_the_same_on_a_server_that_is_shared(told):
    """What follows from the key alone differs: its id."""
    own, _ = told("-n", "0")
    with MockServer(seed=5) as server:
        shared, _ = told("-n", "2", "--together-mock-url", server.url)
    for name in NAMES:
        # The answer of whoami has the key's id in it.
        assert [*shared[name][:3], *shared[name][4:]] == [*own[name][:3], *own[name][4:]]
