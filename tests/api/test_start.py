"""How a project begins: state files, and going back to it with reset."""

import json

import pytest
from support import H100X2, MIXTRAL, START, refused
from together_mock.bootstrap import StartError
from together_mock.resources import directory

STATES = directory("fixtures") / "states"
ENTRY = f"{{model: {MIXTRAL}, hardware: {H100X2}}}"
PARTS = ["endpoints", "models", "jobs", "clock", "profiles"]
PARTS += ["capacity", "faults", "scripts", "journal", "billing"]


@pytest.fixture
def file(tmp_path):
    """Write a state file; its path."""

    def write(text, name="state.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_document_with_a_key_is_that_keys_project(start_server, file):
    """The key's project has the slug, clock, preset and endpoints; other keys' have not."""
    text = f"""
        version: 1
        project: {{slug: devuser}}
        api_key: test-key
        clock: {{now: 2026-05-05T05:05:05Z, rate: 0}}
        preset: manual
        endpoints:
          - {{id: one, model: {MIXTRAL}, hardware: {H100X2}, state: STARTED}}
    """
    server = start_server(state=(file(text),))
    api = server.api("test-key")
    assert api.endpoint("one")["owner"] == "devuser"
    assert api.state()["preset"] == "manual"
    assert api.state()["clock"]["now"] == "2026-05-05T05:05:05.000Z"
    assert api.chat("one").status_code == 200
    assert server.api().state()["endpoints"] == []
    assert server.api().state()["clock"]["now"] == "2026-01-01T00:00:00.000Z"


def test_a_document_without_a_key_is_the_start_of_every_project(start_server, file):
    """Each key finds the document's endpoints in a project of its own."""
    server = start_server(state=(file(f"endpoints: [{ENTRY}]"),))
    first, second = server.api(), server.api()
    ids = [api.get("/v1/endpoints?mine=1").json()["data"][0]["id"] for api in (first, second)]
    assert ids[0] != ids[1]
    assert first.delete(f"/v1/endpoints/{ids[0]}").status_code == 204
    assert second.state_of(ids[1]) == "PENDING"


def test_a_file_may_hold_several_documents(start_server, file):
    """One document a key; a key without one starts empty."""
    text = "\n---\n".join(
        f"{{api_key: key-{number}, endpoints: [{', '.join([ENTRY] * number)}]}}"
        for number in (1, 2, 3)
    )
    server = start_server(state=(file(text),))
    for number in (1, 2, 3):
        assert len(server.api(f"key-{number}").state()["endpoints"]) == number
    assert server.api("key-4").state()["endpoints"] == []


def test_several_files_are_applied_in_order(start_server, file):
    """Files add up: a start for all, and projects of certain keys."""
    everyone = file(f"endpoints: [{ENTRY}]", "all.yaml")
    one = file(json.dumps({"api_key": "one", "preset": "manual"}), "one.json")
    server = start_server(state=(everyone, one))
    assert server.api("one").state()["preset"] == "manual"
    assert server.api("one").state()["endpoints"] == []
    assert len(server.api("two").state()["endpoints"]) == 1


@pytest.mark.parametrize("name", ["empty.yaml", "demo.yaml", "quickstart.yaml", "scripts.yaml"])
def test_the_shipped_documents_can_be_started_from(start_server, name):
    """Every file of fixtures/states is applied as it is."""
    server = start_server(state=(str(STATES / name),))
    keys = {
        "demo.yaml": "demo-key",
        "quickstart.yaml": "test-key",
        "scripts.yaml": "weather-key",
    }
    api = server.api(keys.get(name))
    rows = api.get("/v1/endpoints?mine=true").json()["data"]
    expected = {
        "empty.yaml": [],
        "demo.yaml": ["ERROR", "STOPPED", "STOPPING", "STARTED", "STARTING", "PENDING"],
        "quickstart.yaml": ["STARTED"],
        "scripts.yaml": ["STARTED"],
    }
    assert [row["state"] for row in rows] == expected[name]
    shown = [script["id"] for script in api.get("/_mock/scripts").json()["data"]]
    assert shown == (["ask-the-tool", "tell-the-user"] if name == "scripts.yaml" else [])


def test_a_shown_document_is_a_state_file(start_server, server, file):
    """What GET shows starts another server in an equal state."""
    api = server.api()
    api.put_endpoint("STARTING", inactive_timeout=1)
    api.advance(by="0.2s")
    document = api.state()
    again = start_server(state=(file(json.dumps(document), "state.json"),)).api()
    assert again.state() == document


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("endpoint: []", ["endpoint"]),
        ("endpoints: [{model: x}]", ["endpoints.0.hardware"]),
        (f"endpoints: [{ENTRY}, {{model: x, hardware: y}}]\napi_key: k", ["endpoints.1", "y"]),
        ("preset: slow\napi_key: k", ["preset", "slow"]),
        ("{", ["state.yaml"]),
        ("- a list", ["mapping"]),
        ("just text", ["mapping"]),
        ("version: 2", ["version"]),
    ],
)
def test_a_file_at_fault_stops_the_start(start_server, file, text, words):
    """An unknown field or bad value: one line naming the file and the field."""
    path = file(text)
    with pytest.raises(StartError) as failure:
        start_server(state=(path,))
    line = str(failure.value)
    assert line.startswith(f"--state {path}: ")
    assert "\n" not in line
    assert all(word in line for word in words)


def test_a_file_that_is_not_there_stops_the_start(start_server, tmp_path):
    """The line names the option and the file."""
    path = str(tmp_path / "missing.yaml")
    with pytest.raises(StartError, match=r"--state .*missing\.yaml: "):
        start_server(state=(path,))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"start_at": "noon"}, "--start-at: .*noon"),
        ({"preset": "slow"}, "--preset: .*slow"),
        ({"database": "postgres://x/y"}, "--database: postgres"),
    ],
)
def test_other_bad_options_stop_the_start(start_server, options, named):
    """The line names the option and the value."""
    with pytest.raises(StartError, match=named):
        start_server(**options)


def changed(api):
    """Change everything of a project that can be: its document before and after."""
    before = api.state()
    api.create()
    api.preset("manual")
    api.put("/_mock/clock", json={"rate": 0})
    api.advance(by="1d")
    api.chat("Qwen/QwQ-32B")
    after = api.state()
    assert all(before[name] != after[name] for name in ("endpoints", "preset", "clock"))
    return before, after


@pytest.mark.parametrize("body", [None, {}, {"only": None}])
def test_a_reset_brings_everything_back(api, body):
    """No body, or none of `only`: the project is as it started, down to its next ids."""
    first = api.create()["id"]
    api.delete(f"/v1/endpoints/{first}")
    answer = api.post("/_mock/reset", json=body)
    assert answer.json() == {"reset": PARTS}
    before, _ = changed(api)
    assert api.post("/_mock/reset", json=body).status_code == 200
    assert api.state() == before
    assert api.create()["id"] == first


def test_a_reset_goes_back_to_the_start_document(start_server, file):
    """A project that started from a file goes back to what the file says."""
    text = f"preset: realistic\nclock: {{now: 2026-02-02, rate: 0}}\nendpoints: [{ENTRY}]"
    api = start_server(state=(file(text),)).api()
    started = api.state()
    endpoint = started["endpoints"][0]["id"]
    api.delete(f"/v1/endpoints/{endpoint}")
    changed(api)
    api.post("/_mock/reset")
    assert api.state() == started


@pytest.mark.parametrize(
    ("only", "back"),
    [
        (["endpoints"], {"endpoints"}),
        (["profiles"], {"preset"}),
        (["endpoints", "clock"], {"endpoints", "clock"}),
        (["clock"], set()),
        (["journal", "faults"], set()),
        ([], set()),
    ],
)
def test_a_reset_of_parts_leaves_the_others(api, only, back):
    """Each part named is as it started; the clock goes back only with the endpoints."""
    before, after = changed(api)
    answer = api.post("/_mock/reset", json={"only": only})
    assert answer.json() == {"reset": [part for part in PARTS if part in only]}
    now = api.state()
    for name in ("endpoints", "preset", "clock"):
        assert now[name] == (before if name in back else after)[name], name


def test_a_reset_of_the_clock_brings_its_rate_back(api):
    """Alone, the clock keeps its instant: time does not go back."""
    api.put("/_mock/clock", json={"rate": 3})
    api.post("/_mock/reset", json={"only": ["clock"]})
    clock = api.get("/_mock/clock").json()
    assert clock["rate"] == 0
    assert clock["now"] >= START[:-1]


def test_a_reset_endpoint_is_gone_for_inference_too(api):
    """Names of before are unknown after a reset."""
    api.preset("instant")
    created = api.create()
    assert api.chat(created["name"]).status_code == 200
    api.post("/_mock/reset")
    refused(api.chat(created["name"]), "unknown_model_chat")
