"""Projects made to order and deleted, what runs in them, and the events that happened so far."""

import json
import threading

import httpx
import pytest
from support import H100X2, MIXTRAL, START, Running, fresh_key, refused


def made(api, key, slug, **fields):
    document = {"api_key": key, "project": {"slug": slug}, **fields}
    return api.post("/_mock/projects", json=document)


@pytest.fixture
def slug():
    """A slug that no other test uses."""
    return f"made-{fresh_key()}"


def test_a_project_starts_from_its_document_and_goes_back_to_it(server, api, slug):
    """Clock, preset, seed and endpoints are the document's, and so they are after a reset."""
    entry = {"id": "endpoint-1", "model": MIXTRAL, "hardware": H100X2, "state": "STARTED"}
    clock = {"now": "2030-01-01T00:00:00Z", "rate": 0}
    key = fresh_key()
    answer = made(api, key, slug, seed="7", preset="manual", clock=clock, endpoints=[entry])
    assert answer.status_code == 201, answer.text
    mine = server.api(key)
    assert answer.json() == mine.get("/_mock/project").json()
    assert answer.json()["slug"] == slug
    before = mine.state()
    assert (before["seed"], before["preset"]) == ("7", "manual")
    mine.advance(by="1h")
    mine.create()
    mine.post("/_mock/reset")
    assert mine.state() == before


def test_what_is_generated_follows_from_seed_and_slug(start_server, slug):
    """Another key, another server, another server's seed: the same project, ids and names."""
    shown = []
    for seed in (0, 5):
        running = start_server(seed=seed)
        key = fresh_key()
        who = made(running.api(), key, slug, seed="mine", clock={"now": START}).json()
        mine = running.api(key)
        shown.append((who["id"], who["organization_id"], mine.create(), mine.state()))
    assert shown[0] == shown[1]


def test_a_deleted_project_leaves_nothing(server, api, slug):
    """Key and slug are free again, and what is made for them begins anew."""
    key = fresh_key()
    first = made(api, key, slug, seed="1", clock={"now": START}).json()
    mine = server.api(key)
    endpoint = mine.create()
    mine.advance(by="1h")
    mine.chat(endpoint["name"])
    assert mine.delete("/_mock/project").status_code == 204
    assert api.get("/_mock/project", headers={"X-Mock-Project": slug}).status_code == 404
    assert made(api, key, slug, seed="1", clock={"now": START}).json() == first
    assert mine.create() == endpoint
    assert mine.get("/_mock/billing").json()["items"] == []


def test_a_client_that_outlives_its_project_is_refused(api):
    """Whatever it asks, and it makes no project: until somebody makes one for its key."""
    api.create()
    slug = api.get("/_mock/project").json()["slug"]
    assert api.delete("/_mock/project").status_code == 204
    for path in ("/v1/endpoints", "/_mock/state", "/_mock/project"):
        error = refused(api.get(path), "project_deleted")
        assert "is the test over" in error["message"]
    v2 = api.get("/v2/projects/proj_x/endpoints")
    refused(v2, "project_deleted", "UNAUTHENTICATED")
    refused(api.chat(MIXTRAL), "project_deleted")
    refused(api.post("/v1/endpoints", json={"model": MIXTRAL}), "project_deleted")
    refused(api.delete("/_mock/project"), "project_deleted")
    named = {"X-Mock-Project": slug}
    refused(api.get("/_mock/project", headers=named), "unknown_project")
    assert made(api, api.key, slug, colour="red").status_code == 400
    refused(api.get("/v1/endpoints"), "project_deleted")
    assert made(api, api.key, slug).status_code == 201
    assert api.state()["endpoints"] == []


def test_a_document_at_fault_costs_a_new_key_nothing(api):
    """A project that was never made was not deleted."""
    entry = {"model": MIXTRAL, "hardware": "abacus"}
    slug = f"made-{fresh_key()}"
    assert made(api, api.key, slug, endpoints=[entry]).status_code == 400
    assert api.get("/v1/endpoints").status_code == 200


def test_only_so_many_deleted_projects_are_remembered(start_server, monkeypatch):
    """The last ones."""
    monkeypatch.setattr("together_mock.services.registry.MOST_DELETED", 2)
    running = start_server()
    apis = [running.api() for _ in range(3)]
    for api in apis:
        assert api.delete("/_mock/project").status_code == 204
    assert [api.get("/v1/endpoints").status_code for api in apis] == [200, 401, 401]


def test_a_key_and_a_slug_have_one_project(api, slug):
    """Neither is taken over from the project that has it, which stays as it is."""
    key = fresh_key()
    assert made(api, key, slug).status_code == 201
    error = refused(made(api, key, f"{slug}-2"), "project_exists")
    assert error["param"] == "api_key"
    error = refused(made(api, fresh_key(), slug), "project_exists")
    assert (error["param"], slug in error["message"]) == ("project.slug", True)


def test_a_bad_document_makes_no_project(api, slug):
    """What is at fault is named, and the key and the slug stay free."""
    key = fresh_key()
    for fields, param in (
        ({"endpoints": [{"model": MIXTRAL, "hardware": "abacus"}]}, "endpoints.0.hardware"),
        ({"preset": "never"}, "preset"),
        ({"colour": "red"}, "colour"),
    ):
        answer = made(api, key, slug, **fields)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert made(api, key, slug).status_code == 201


def test_a_project_needs_a_key(server):
    """The document's, or else the caller's."""
    answer = httpx.post(f"{server.root}/_mock/projects", json={})
    assert refused(answer, "missing_field")["param"] == "api_key"
    api = server.api()
    assert api.post("/_mock/projects", json={"seed": "9"}).status_code == 201
    assert api.state()["seed"] == "9"


def test_where_keys_are_listed_a_project_takes_the_admin_token(start_server, slug):
    """Without one nobody adds a key; with one the key is accepted as long as its project is."""
    listed = start_server(api_keys=("listed",)).api("listed")
    refused(made(listed, "new", slug), "unauthorized_management")
    running = start_server(api_keys=("listed",), admin_token="secret")
    token = {"X-Mock-Admin-Token": "secret"}
    api, mine = running.api("listed"), running.api("new")
    document = {"api_key": "new", "project": {"slug": slug}}
    refused(api.post("/_mock/projects", json=document), "admin_token")
    assert api.post("/_mock/projects", json=document, headers=token).status_code == 201
    assert mine.get("/v1/endpoints").status_code == 200
    assert mine.delete("/_mock/project", headers=token).status_code == 204
    refused(mine.get("/v1/endpoints"), "project_deleted")
    # It opens no other project either.
    refused(mine.get("/v1/endpoints", headers={"X-Mock-Project": "listed"}), "project_deleted")


def test_a_restart_knows_no_deleted_project(start_server, tmp_path, slug):
    """The store holds what was made, and not what was deleted."""
    database = str(tmp_path / "mock.db")
    running = start_server(database=database)
    api = running.api()
    made(api, "kept", f"{slug}-kept")
    made(api, "gone", f"{slug}-gone")
    running.api("gone").create()
    running.api("gone").delete("/_mock/project")
    running.stop()
    again = start_server(database=database).api()
    for name, status in (("kept", 200), ("gone", 404)):
        named = {"X-Mock-Project": f"{slug}-{name}"}
        assert again.get("/_mock/project", headers=named).status_code == status


def test_deleting_a_project_ends_what_waits_for_its_events(server: Running):
    """A follower's stream ends, and a wait is answered."""
    api = server.api()
    api.create()
    outcome = {}

    def wait():
        body = {"after": 1_000_000, "timeout": "60s"}
        waiter = server.api(api.key)
        # Refused as long as it comes between two projects.
        while outcome.get("wait") is None or outcome["wait"].status_code == 401:
            outcome["wait"] = waiter.post("/_mock/events/wait", json=body)

    waiting = threading.Thread(target=wait)
    with api.http.stream("GET", "/_mock/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": listening"
        waiting.start()
        # It waits once the store was asked, which nobody outside can see: delete until it ends.
        while waiting.is_alive():
            api.delete("/_mock/project")
            waiting.join(0.05)
            api.post("/_mock/projects", json={})
        assert [line for line in lines if line] == []
    refused(outcome["wait"], "project_gone")


def test_events_that_happened_are_listed_to_the_last(api):
    """`follow=false` ends the stream, which can be resumed."""
    endpoint = api.create()
    api.run_until(endpoint["id"], "STARTED")

    def told(after):
        answer = api.get(
            "/_mock/events", params={"follow": "false"}, headers={"Last-Event-ID": str(after)}
        )
        lines = answer.text.splitlines()
        return [json.loads(line.removeprefix("data: ")) for line in lines if "data: " in line]

    events = told(0)
    assert [event["to"] for event in events if "to" in event] == ["PENDING", "STARTING", "STARTED"]
    assert told(events[0]["number"]) == events[1:]
    assert told(events[-1]["number"]) == []


def test_what_runs_is_listed_with_what_a_month_of_it_costs(api):
    """Everything that is billed or will be; what is stopped is not."""
    api.preset("manual")
    pending = api.create()
    api.preset("instant")
    started = api.create(inactive_timeout=30, autoscaling={"min_replicas": 2, "max_replicas": 2})
    stopped = api.create()
    api.run_until(stopped["id"], "STARTED")
    api.patch(f"/v1/endpoints/{stopped['id']}", json={"state": "STOPPED"})
    rows = api.get("/_mock/billing/running").json()["data"]
    by_id = {row["endpoint"]: row for row in rows}
    assert by_id.keys() == {pending["id"], started["id"]}
    row = by_id[started["id"]]
    assert (row["state"], row["ready"], row["hardware"]) == ("STARTED", 2, H100X2)
    assert (row["inactive_timeout"], row["name"]) == (30, started["name"])
    # Two replicas for thirty days, at the price by the minute of the hardware's bill.
    assert float(row["month"]) == pytest.approx(
        2 * 43_200 * float(row["cents_per_minute"]) / 100, abs=0.01
    )
    assert float(by_id[pending["id"]]["month"]) == pytest.approx(float(row["month"]) / 2, abs=0.01)
