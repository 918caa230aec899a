"""The state document over HTTP: shown, put back, put elsewhere, and refused as a whole."""

import pytest
from support import H100X2, MIXTRAL, refused

STATES = ("PENDING", "STARTING", "STARTED", "STOPPING", "STOPPED", "ERROR")
ENTRY = {"model": MIXTRAL, "hardware": H100X2}


def one_of_each():
    """A document with an endpoint in every state and a value in every field."""
    return {
        "clock": {"now": "2026-02-03T04:05:06.789Z", "rate": 0, "on_poll": "none"},
        "preset": "realistic",
        "endpoints": [
            {
                **ENTRY,
                "id": f"endpoint-{state.lower()}",
                "name": f"devuser/{state.lower()}-00000000",
                "display_name": state.title(),
                "state": state,
                "autoscaling": {"min_replicas": 2, "max_replicas": 3},
                "inactive_timeout": 30,
                "availability_zone": "us-central-4b",
                "created_at": "2025-12-31T23:59:59.999999Z",
                "disable_prompt_cache": True,
            }
            for state in STATES
        ],
    }


def test_an_empty_project_is_shown_with_its_clock_and_preset(api):
    """A new project's document: version, clock, preset, no endpoints."""
    document = api.state()
    expected = {
        "version": 1,
        "clock": {"now": "2026-01-01T00:00:00.000Z", "rate": 0, "on_poll": "none"},
        "preset": "fast",
        "endpoints": [],
    }
    assert {name: document[name] for name in expected} == expected


def test_what_is_put_is_shown(api):
    """PUT answers the document that GET shows; every value given is in it."""
    given = one_of_each()
    answer = api.put_state(given)
    assert answer.status_code == 200
    assert answer.json() == api.state()
    assert answer.json()["clock"] == given["clock"]
    for shown, entry in zip(answer.json()["endpoints"], given["endpoints"], strict=True):
        assert {name: shown[name] for name in entry} == entry


def test_a_document_put_into_another_project_makes_an_equal_one(server):
    """GET then PUT elsewhere: equal documents, equal endpoints but for their owner."""
    mine, other = server.api(), server.api()
    assert mine.put_state(one_of_each()).status_code == 200
    assert mine.chat("endpoint-started").status_code == 200
    mine.create(state="STOPPED")
    mine.advance(by="21.5s")
    mine.patch("/v1/endpoints/endpoint-stopped", json={"state": "STARTED"})
    other.create()
    document = mine.state()
    assert other.put_state(document).json() == document
    assert other.state() == document == mine.state()
    for entry in document["endpoints"]:
        first, second = (project.endpoint(entry["id"]) for project in (mine, other))
        assert first.pop("owner") != second.pop("owner")
        assert first == second


@pytest.mark.parametrize("preset", ["fast", "realistic"])
@pytest.mark.parametrize("after", [0, 0.3, 0.5, 1.9, 25, 61.25])
def test_what_is_under_way_goes_on_at_its_instant(server, preset, after):
    """Every later transition comes at the same instant in both projects, jitter included."""
    mine, other = server.api(), server.api()
    mine.preset(preset)
    endpoint = mine.create(inactive_timeout=1)["id"]
    mine.create()
    mine.advance(by=after)
    mine.chat(endpoint)
    assert other.put_state(mine.state()).status_code == 200
    histories = [project.advance(by="1h")["transitions"] for project in (mine, other)]
    assert histories[0] == histories[1]
    assert histories[0]
    assert mine.state() == other.state()


def test_a_stage_timed_by_hand_keeps_its_instant(api):
    """progress.next_at goes before the preset; a change of the timeout leaves it alone."""
    api.put_state({"endpoints": [{**ENTRY, "id": "e"}]})
    document = api.state()
    document["endpoints"][0]["progress"]["next_at"] = "2026-01-01T00:10:00Z"
    assert api.put_state(document).status_code == 200
    api.patch("/v1/endpoints/e", json={"inactive_timeout": 5})
    assert api.advance(next=1)["now"] == "2026-01-01T00:10:00.000Z"
    assert api.state_of("e") == "STARTING"


def test_later_ids_are_the_same_in_both_projects(server):
    """Counters and seed travel along: the next creation and the next answer are equal."""
    mine, other = server.api(), server.api()
    mine.delete(f"/v1/endpoints/{mine.create()['id']}")
    mine.chat("Qwen/QwQ-32B")
    assert other.put_state(mine.state()).status_code == 200
    assert mine.create()["id"] == other.create()["id"]
    first, second = (project.chat("Qwen/QwQ-32B").json() for project in (mine, other))
    assert first == second


def test_fields_left_out_get_what_creation_would_give(api):
    """Model and hardware are enough for an entry."""
    assert api.put_state({"endpoints": [ENTRY]}).status_code == 200
    (put,) = api.get("/v1/endpoints?mine=true").json()["data"]
    shown = api.endpoint(put["id"])
    api.put_state({})
    created = api.create()
    assert shown == created
    assert shown["state"] == "PENDING"


def serving_since_midnight(**fields):
    """A document with an endpoint that has served for an hour, and only what must be said."""
    counts = {"allocated": 1, "desired": 1, "ready": 1}
    progress = {"since": "2026-01-01T00:00:00Z", "steps": 3, **counts}
    return {
        "clock": {"now": "2026-01-01T01:00:00Z", "rate": 0},
        "endpoints": [{**ENTRY, "state": "STARTED", "progress": progress, "inactive_timeout": 90}],
        **fields,
    }


def test_a_balance_counts_from_the_clock_of_its_document(api):
    """What serves uses it up from then on: 3.60 are 20 minutes of 18 cents."""
    document = serving_since_midnight(billing={"balance": "3.6"})
    assert api.put_state(document).json()["billing"]["balance"] == "3.6"
    moved = api.advance(by="1d")["transitions"][0]
    assert (moved["to"], moved["at"]) == ("STOPPING", "2026-01-01T01:20:00.000Z")


def test_a_balance_counts_from_the_start_of_a_document_without_a_clock(api):
    """The project's clock starts where it does by itself, and so does the balance."""
    document = serving_since_midnight(billing={"balance": "3.6"})
    del document["clock"]
    assert api.put_state(document).json()["billing"]["balance"] == "3.6"
    moved = api.advance(by="1d")["transitions"][0]
    assert (moved["to"], moved["at"]) == ("STOPPING", "2026-01-01T00:20:00.000Z")


def test_a_balance_as_of_an_instant_counts_from_there(api):
    """By the clock of its document an hour of 18 cents a minute is gone."""
    billing = {"balance": "18", "balance_at": "2026-01-01T00:00:00Z"}
    api.put_state(serving_since_midnight(billing=billing))
    assert api.get("/_mock/billing").json()["balance"] == "7.2"


def test_what_is_not_said_of_progress_counts_from_its_state(api):
    """An hour on the bill, and half an hour left until inactivity."""
    api.put_state(serving_since_midnight())
    assert api.get("/_mock/billing").json()["total"] == "10.8"
    moved = api.advance(by="1d")["transitions"][0]
    assert (moved["to"], moved["at"]) == ("STOPPING", "2026-01-01T01:30:00.000Z")


@pytest.mark.parametrize("name", ["id", "endpointId"])
@pytest.mark.parametrize("value", ["x", "endpoint-1", "Endpoint 7 (old)", "é", "0" * 500])
def test_any_id_is_accepted_as_written(api, name, value):
    """Ids need no form, and may be called endpointId."""
    assert api.put_state({"endpoints": [{**ENTRY, name: value}]}).status_code == 200
    assert api.endpoint(value)["id"] == value
    assert api.delete(f"/v1/endpoints/{value}").status_code == 204


def test_a_put_replaces_everything(api):
    """What was there before is gone: endpoints, their names, the clock, the preset."""
    api.preset("manual")
    gone = api.create()
    api.advance(by="1d")
    entry = {**ENTRY, "id": "new", "name": "me/new-00000000", "state": "STARTED"}
    assert api.chat(entry["name"]).status_code == 404
    assert api.put_state({"endpoints": [entry]}).status_code == 200
    refused(api.get(f"/v1/endpoints/{gone['id']}"), "unknown_endpoint")
    refused(api.chat(gone["name"]), "unknown_model_chat")
    assert api.chat(entry["name"]).status_code == 200
    assert api.state()["preset"] == "fast"
    assert api.state()["clock"]["now"] == "2026-01-01T00:00:00.000Z"


def test_sections_that_are_empty_are_accepted(api):
    """A document may have every section of the contract."""
    empty = {"models": [], "jobs": [], "scripts": [], "faults": []}
    capacity = {"pools": [], "on_exhausted": "queue"}
    assert api.put_state({"version": 1, **empty, "capacity": capacity}).status_code == 200


def test_the_slug_of_a_document_is_the_owner(server):
    """project.slug renames the project; a slug in use is refused."""
    mine, other = server.api(), server.api()
    slug = f"team-{mine.key}"
    assert mine.put_state({"project": {"slug": slug}, "endpoints": [ENTRY]}).status_code == 200
    assert mine.get("/_mock/project").json()["slug"] == slug
    (row,) = mine.get("/v1/endpoints?mine=true").json()["data"]
    assert row["owner"] == slug
    assert row["name"].startswith(f"{slug}/{MIXTRAL}-")
    answer = other.put_state({"project": {"slug": slug}})
    assert refused(answer, "invalid_value")["param"] == "project.slug"
    named = other.get("/_mock/state", headers={"X-Mock-Project": slug})
    assert named.json() == mine.state()


def test_the_key_of_a_document_has_to_be_the_projects(server):
    """api_key may name the caller's key and no other."""
    mine, other = server.api(), server.api()
    other.create()
    assert mine.put_state({"api_key": mine.key}).status_code == 200
    for key in (other.key, "never seen"):
        answer = mine.put_state({"api_key": key})
        assert refused(answer, "invalid_value")["param"] == "api_key"


@pytest.mark.parametrize(
    ("document", "case", "param"),
    [
        ({"endpoint": []}, "unknown_field", "endpoint"),
        ({"version": 2}, "invalid_value", "version"),
        ({"endpoints": {}}, "invalid_value", "endpoints"),
        ({"clock": {"time": 1}}, "unknown_field", "clock.time"),
        ({"clock": {"now": "noon"}}, "invalid_value", "clock.now"),
        ({"clock": {"rate": -1}}, "invalid_value", "clock.rate"),
        ({"preset": "slow"}, "unknown_preset", "preset"),
        ({"project": {"slug": "a b"}}, "invalid_value", "project.slug"),
        ({"project": {"name": "x"}}, "unknown_field", "project.name"),
        ({"seed": 5}, "invalid_value", "seed"),
        ({"counters": {"endpoints": -1}}, "invalid_value", "counters.endpoints"),
    ],
)
def test_a_document_at_fault_changes_nothing(api, document, case, param):
    """Each part of a document is checked; the refusal names the field."""
    check_refusal(api, document, case, param)


@pytest.mark.parametrize(
    ("fields", "case", "param"),
    [
        ({"model": None}, "invalid_value", "model"),
        ({"model": ""}, "invalid_value", "model"),
        ({"hardware": "unknown"}, "unknown_hardware", "hardware"),
        ({"hardware": ""}, "hardware_missing", "hardware"),
        ({"hardware": 5}, "invalid_value", "hardware"),
        ({"state": "READY"}, "invalid_value", "state"),
        ({"unknown": 1}, "unknown_field", "unknown"),
        ({"autoscaling": {"min_replicas": 2}}, "min_exceeds_max", "autoscaling"),
        ({"autoscaling": {"min_replicas": 0}}, "invalid_value", "autoscaling.min_replicas"),
        ({"autoscaling": {"min": 1}}, "unknown_field", "autoscaling.min"),
        ({"inactive_timeout": -1}, "invalid_value", "inactive_timeout"),
        ({"inactive_timeout": "60"}, "invalid_value", "inactive_timeout"),
        ({"availability_zone": "nowhere"}, "unknown_zone", "availability_zone"),
        ({"created_at": "yesterday"}, "invalid_value", "created_at"),
        ({"progress": {"since": 5}}, "missing_field", "progress.steps"),
        ({"progress": {"since": "then", "steps": 1}}, "invalid_value", "progress.since"),
        ({"id": "first"}, "invalid_value", "id"),
        ({"name": "me/first-00000000"}, "invalid_value", "name"),
    ],
)
def test_an_entry_at_fault_changes_nothing(api, fields, case, param):
    """The second of three entries is at fault: the refusal names it, and none is applied."""
    first = {**ENTRY, "id": "first", "name": "me/first-00000000"}
    document = {"endpoints": [first, {**ENTRY, **fields}, ENTRY], "preset": "manual"}
    check_refusal(api, document, case, f"endpoints.1.{param}")


@pytest.mark.parametrize("field", ["model", "hardware"])
def test_an_entry_lacking_what_it_needs_changes_nothing(api, field):
    """Model and hardware have no default."""
    entry = {name: value for name, value in ENTRY.items() if name != field}
    check_refusal(api, {"endpoints": [entry]}, "missing_field", f"endpoints.0.{field}")


def check_refusal(api, document, case, param):
    """Put a document that is at fault into a project with something in it."""
    endpoint = api.create(inactive_timeout=1)
    api.run_until(endpoint["id"], "STARTED")
    api.advance(by="30s")
    assert api.chat(endpoint["name"]).status_code == 200
    before = api.state()
    error = refused(api.put_state(document), case)
    assert error["param"] == param
    assert api.state() == before
    assert api.chat(endpoint["name"]).status_code == 200
    assert api.advance(next=1)["now"] == "2026-01-01T00:01:32.000Z"
