"""What each generation of the SDK makes of faults: which it retries, and what it raises."""

import json

import pytest
from clients import environments
from clients.processes import Client
from clients.test_sdk import SCRIPTS

MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
RELEASES = ("1.5.35", "2.0.0", "2.42.0", "3.1.1")
SOON = {"retry-after-ms": "1"}


@pytest.fixture
def outcomes(client, project):
    """Put a fault on chat, ask with an SDK, and tell what it made of it and how often it asked."""

    def run(release, kind, effect, **fault):
        document = {"match": {"operation": "chat-completions"}, "effect": effect, **fault}
        assert project.post("/_mock/faults", json=document).status_code == 201
        told = client(release).report("python", SCRIPTS / "faults.py", kind, MODEL)
        asked = project.get("/_mock/requests?path=/v1/chat/completions").json()["data"]
        return told, [entry["status"] for entry in reversed(asked)]

    return run


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_that_says_when_to_come_back_is_retried(outcomes, release, kind, status):
    """Until the fault has struck as often as it was to; the caller sees the answer alone."""
    told, asked = outcomes(release, kind, {"status": status, "headers": SOON}, times=2)
    if (release, kind) == ("1.5.35", "async"):
        # Its asynchronous client tries nothing again.
        raised = {429: "RateLimitError", 503: "ServiceUnavailableError"}[status]
        assert told["whole"] == told["whole, no retries"] == raised
        assert asked == [status, status, 200]
        return
    assert told["whole"] == told["whole, no retries"] == "answered"
    assert asked == [status, status, 200, 200, 200]


@pytest.mark.parametrize("release", RELEASES)
def test_without_retries_the_refusal_is_raised(outcomes, release):
    """What is left of the fault strikes the client that does not try again."""
    told, asked = outcomes(release, "sync", {"status": 429, "headers": SOON}, skip=1)
    assert told["whole"] == "answered"
    assert told["whole, no retries"] == told["stream"] == "RateLimitError"
    assert asked == [200, 429, 429]


@pytest.mark.parametrize("release", RELEASES)
def test_a_stream_that_is_cut_raises(outcomes, release):
    """What the SDK raises when the connection ends in the middle of an answer."""
    told, _ = outcomes(release, "sync", {"stream": {"cut_after": 1}})
    # None of them wraps what its HTTP library raises then.
    raised = "ChunkedEncodingError" if release == "1.5.35" else "RemoteProtocolError"
    assert (told["whole"], told["stream"]) == ("answered", raised)


@pytest.mark.parametrize("release", RELEASES)
def test_an_error_inside_a_stream_raises(outcomes, release):
    """It comes as an event, which 1.x takes for a chunk like any other."""
    told, _ = outcomes(release, "sync", {"stream": {"error_after": 1}})
    assert told["stream"] == ("2 chunks" if release == "1.5.35" else "APIError")


@pytest.mark.parametrize("release", RELEASES)
def test_a_connection_that_is_reset_is_an_error_of_the_connection(outcomes, release):
    """Nothing was answered."""
    told, asked = outcomes(release, "sync", {"reset": True}, skip=1)
    assert told == {
        "whole": "answered",
        "whole, no retries": "APIConnectionError",
        "stream": "APIConnectionError",
    }
    assert asked == [200, None, None]


def test_the_typescript_sdk(project, tmp_path):
    """Retried, then raised, as the others do."""
    executable, modules = environments.node()
    made = Client(executable.parent, tmp_path, project.root, project.key)
    script = f"""
const Together = require('together-ai');
const messages = [{{ role: 'user', content: 'Hello!' }}];
const ask = async (options) => {{
  try {{
    const client = new Together(options);
    await client.chat.completions.create({{ model: '{MODEL}', messages }});
    return 'answered';
  }} catch (error) {{
    return error.constructor.name;
  }}
}};
(async () => console.log(JSON.stringify([await ask({{}}), await ask({{ maxRetries: 0 }})])))();
"""
    match = {"operation": "chat-completions"}
    told = []
    for effect, times in (({"status": 503, "headers": SOON}, 2), ({"reset": True}, 4)):
        fault = {"match": match, "effect": effect, "times": times}
        assert project.post("/_mock/faults", json=fault).status_code == 201
        ran = made.run("node", "-e", script, NODE_PATH=str(modules))
        assert ran.status == 0, ran.err
        told.append(json.loads(ran.out))
    # Two retries are its default: three resets, then one for the client that tries once.
    assert told == [["answered", "answered"], ["APIConnectionError", "APIConnectionError"]]
