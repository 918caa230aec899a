"""v2's remote uploads: by the clock, by their sources, in lists and documents."""

import pytest
from support import refused
from v2_models import BASE, got, model_of, models, posted, revisions_of

TOKEN = "hf_a-secret-that-must-not-be-seen"
SOURCE = "https://huggingface.co/org/repo"


def imported(api, model_id, source=SOURCE, **fields):
    """Start a remote upload; its answer."""
    return posted(api, "uploads", {"modelId": model_id, "remoteUrl": source, **fields})


def job_of(api, job_id):
    return got(api, f"{models(api)}/uploads/{job_id}")


def status_of(api, job_id):
    return job_of(api, job_id)["status"].removeprefix("REMOTE_UPLOAD_STATUS_")


# Remote uploads ----------------------------------------------------------------------------


def test_an_import_takes_its_time_and_makes_a_revision(api):
    """Waiting, running, done; the revision, its files and the weights are there at the end."""
    model_id = model_of(api)
    job = imported(api, model_id)
    assert job["id"].startswith("job_")
    assert job["status"] == "REMOTE_UPLOAD_STATUS_PENDING"
    assert (job["modelId"], job["remoteUrl"]) == (model_id, SOURCE)
    assert (job["restartCount"], job["maxRestarts"]) == (0, 3)
    assert job["createdAt"] == job["updatedAt"] == "2026-01-01T00:00:00.000Z"
    assert job_of(api, job["id"]) == job
    api.advance(by="0.1s")
    assert status_of(api, job["id"]) == "RUNNING"
    api.advance(by="0.899s")
    assert status_of(api, job["id"]) == "RUNNING"
    assert revisions_of(api, model_id) == []
    api.advance(by="0.001s")
    assert status_of(api, job["id"]) == "SUCCEEDED"
    [revision] = revisions_of(api, model_id)
    assert revision["createdAt"] == "2026-01-01T00:00:01.000Z"
    assert revision["revisionId"] in job_of(api, job["id"])["statusMessage"]
    model = got(api, f"{models(api)}/{model_id}")
    assert model["weights"]["architecture"] == "MixtralForCausalLM"
    assert model == got(api, models(api))["data"][0]
    files = got(api, f"{models(api)}/{model_id}/files")
    assert files["revisionId"] == revision["revisionId"]
    assert files["totalSizeBytes"] == str(sum(int(file["sizeBytes"]) for file in files["data"]))


def test_the_newest_of_several_imports_is_the_latest(api):
    """Each import that succeeds makes a revision; they are listed newest first."""
    model_id = model_of(api)
    imported(api, model_id)
    api.advance(by="10s")
    imported(api, model_id)
    imported(api, model_id, "org/corrupt")
    api.advance(by="10s")
    revisions = revisions_of(api, model_id)
    assert [made["createdAt"][17:19] for made in revisions] == ["11", "01"]
    files = got(api, f"{models(api)}/{model_id}/files")
    assert files["revisionId"] == revisions[0]["revisionId"]
    older = {"revisionId": revisions[1]["revisionId"]}
    assert got(api, f"{models(api)}/{model_id}/files", **older)["revisionId"] in older.values()


def test_an_imported_adapter_has_an_adapters_files(api):
    """What an adapter's import brings is small."""
    model_id = model_of(api, kind="adapter")
    imported(api, model_id, "org/repo")
    api.advance(by="1s")
    files = got(api, f"{models(api)}/{model_id}/files")
    paths = [file["path"] for file in files["data"]]
    assert paths == ["adapter_config.json", "adapter_model.safetensors"]


@pytest.mark.parametrize(("preset", "least", "most"), [("instant", 0, 0), ("realistic", 120, 300)])
def test_the_preset_times_an_import(api, preset, least, most):
    """Created waiting in each preset; with `instant` the next look finds it done."""
    api.preset(preset)
    model_id = model_of(api)
    jobs = [imported(api, model_id) for _ in range(3)]
    assert {job["status"] for job in jobs} == {"REMOTE_UPLOAD_STATUS_PENDING"}
    if most:
        api.advance(by=f"{least - 0.001}s")
        assert {status_of(api, job["id"]) for job in jobs} == {"RUNNING"}
        api.advance(by=f"{most - least}s")
    done = [job_of(api, job["id"]) for job in jobs]
    assert {job["status"] for job in done} == {"REMOTE_UPLOAD_STATUS_SUCCEEDED"}
    # Each has a draw of its own.
    assert len({job["updatedAt"] for job in done}) == (3 if most else 1)


def test_under_manual_an_import_waits_for_ever(api):
    """Nothing happens by itself."""
    api.preset("manual")
    job = imported(api, model_of(api))
    api.advance(by="90d")
    assert job_of(api, job["id"]) == job


def test_one_jump_and_many_give_the_same_events(server):
    """History does not depend on who looks, or how often."""
    apis = [server.api(), server.api()]
    seen = []
    for api, steps in zip(apis, (1, 20), strict=True):
        seed = {"seed": "s", "preset": "realistic", "models": [{"id": "d/m", "model_id": "m"}]}
        assert api.put_state(seed).status_code == 200
        job = imported(api, "m")
        for _ in range(steps):
            api.advance(by=f"{400 / steps}s")
            job = job_of(api, job["id"])
        job.pop("projectId")
        seen.append((job, got(api, f"{models(api)}/uploads/{job['id']}/events")))
    assert seen[0] == seen[1]
    assert seen[0][0]["status"] == "REMOTE_UPLOAD_STATUS_SUCCEEDED"


def test_events_come_at_their_instants_newest_first(api):
    """What has happened so far, and nothing of what is to come; page by page."""
    job = imported(api, model_of(api))
    path = f"{models(api)}/uploads/{job['id']}/events"
    assert [event["type"] for event in got(api, path)["data"]] == ["upload.created"]
    api.advance(by="0.5s")
    types = [event["type"] for event in got(api, path)["data"]]
    assert types == ["download.progress"] * 2 + ["download.started", "upload.created"]
    api.advance(by="1s")
    told = got(api, path)["data"]
    assert told[0]["type"] == "upload.succeeded"
    assert [event["createdAt"] for event in told] == sorted(
        (event["createdAt"] for event in told), reverse=True
    )
    assert len({event["id"] for event in told}) == len(told) == 9
    assert {event["level"] for event in told} == {"LEVEL_INFO"}
    paged, cursor = [], {}
    while cursor is not None:
        page = got(api, path, limit=4, **cursor)
        paged += page["data"]
        cursor = {"after": page["next_cursor"]} if page["next_cursor"] else None
    assert paged == told


@pytest.mark.parametrize(
    ("source", "fields", "status", "word"),
    [
        ("org/not-found", {}, "FAILED", "does not exist"),
        ("https://huggingface.co/org/gated", {}, "FAILED", "token"),
        ("https://huggingface.co/org/gated", {"token": " "}, "FAILED", "token"),
        ("https://huggingface.co/org/gated", {"token": TOKEN}, "SUCCEEDED", "Imported"),
        ("https://host.example/corrupt.tar.gz", {"token": TOKEN}, "FAILED", "damaged"),
        ("org/unavailable", {}, "ERROR", "restarts"),
    ],
)
def test_the_source_decides_how_an_import_ends(api, source, fields, status, word):
    """Certain words in it make it fail, with a message that says why, and no revision."""
    model_id = model_of(api)
    job = imported(api, model_id, source, **fields)
    api.advance(by="1s")
    ended = job_of(api, job["id"])
    assert ended["status"] == f"REMOTE_UPLOAD_STATUS_{status}"
    assert word in ended["statusMessage"]
    assert ended["restartCount"] == (3 if status == "ERROR" else 0)
    assert len(revisions_of(api, model_id)) == (status == "SUCCEEDED")
    events = got(api, f"{models(api)}/uploads/{job['id']}/events")["data"]
    assert (events[0]["level"] == "LEVEL_ERROR") is (status != "SUCCEEDED")


@pytest.mark.parametrize("source", ["", "repo", "http://host.example/m", "file:///etc/passwd"])
def test_a_source_that_is_none_is_refused(api, source):
    """An https URL or a repository; nothing is started otherwise."""
    body = {"modelId": model_of(api), "remoteUrl": source}
    error = refused(api.post(f"{models(api)}/uploads", json=body), "v2_bad_value")
    assert error["param"] == "remoteUrl"
    assert got(api, f"{models(api)}/uploads")["data"] == []


def test_an_import_needs_a_model_of_ones_own(server):
    """The platform's, another project's and unknown ones are not found."""
    mine, other = server.api(), server.api()
    for model_id in (BASE.id, model_of(other), "ml_nobody"):
        body = {"modelId": model_id, "remoteUrl": SOURCE}
        error = refused(mine.post(f"{models(mine)}/uploads", json=body), "v2_unknown_model")
        assert error["param"] == "modelId"


def test_a_token_is_seen_nowhere(start_server, tmp_path):
    """Not in an answer, not in the state document, not in the database, not in an error."""
    database = tmp_path / "mock.db"
    running = start_server(database=str(database))
    api = running.api()
    job = imported(api, model_of(api), token=TOKEN)
    wrong = [
        {"modelId": "m", "remoteUrl": SOURCE, "token": TOKEN},
        {"modelId": "m", "token": TOKEN},
        {"modelId": "m", "remoteUrl": SOURCE, "token": [TOKEN]},
        {"modelId": "m", "remoteUrl": SOURCE, "Token": TOKEN},
    ]
    answers = [api.post(f"{models(api)}/uploads", json=body) for body in wrong]
    assert [answer.status_code for answer in answers] == [404, 400, 400, 400]
    api.advance(by="1s")
    paths = ["", "/uploads", f"/uploads/{job['id']}", f"/uploads/{job['id']}/events"]
    answers += [api.get(f"{models(api)}{path}") for path in paths]
    answers += [api.get(path) for path in ("/_mock/state", "/_mock/requests", "/_mock/clock")]
    assert job["id"] in api.get("/_mock/state").text
    assert not [answer.text for answer in answers if TOKEN in answer.text]
    running.stop()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert job["id"].encode() in stored
    assert TOKEN.encode() not in stored


def test_jobs_are_listed_newest_first_page_by_page(api):
    """The cursor leads to the rest."""
    model_id = model_of(api)
    made = [imported(api, model_id)["id"] for _ in range(5)]
    first = got(api, f"{models(api)}/uploads", limit=3)
    rest = got(api, f"{models(api)}/uploads", limit=3, after=first["next_cursor"])
    assert [job["id"] for job in first["data"] + rest["data"]] == made[::-1]
    assert rest["next_cursor"] is None


def test_an_unknown_job_is_not_found(server):
    """Another project's is unknown as well."""
    mine, other = server.api(), server.api()
    theirs = imported(other, model_of(other))["id"]
    for path in (f"uploads/{theirs}", f"uploads/{theirs}/events", "uploads/job_none"):
        refused(mine.get(f"{models(mine)}/{path}"), "v2_unknown_item")


def test_a_model_takes_its_jobs_along(api):
    """Where the model is deleted, there is nothing to import into."""
    model_id, other = model_of(api), model_of(api, "other")
    gone, stays = imported(api, model_id)["id"], imported(api, other)["id"]
    assert api.delete(f"{models(api)}/{model_id}").status_code == 200
    refused(api.get(f"{models(api)}/uploads/{gone}"), "v2_unknown_item")
    assert job_of(api, stays)["modelId"] == other


def test_jobs_put_into_another_project_go_on_alike(server):
    """GET then PUT elsewhere in mid-way: equal documents, and the same end at the same instant."""
    mine, other = server.api(), server.api()
    mine.preset("realistic")
    model_id = model_of(mine)
    jobs = [imported(mine, model_id, source) for source in (SOURCE, "org/gated", "org/corrupt")]
    jobs.append(imported(mine, model_id, "org/gated", token=TOKEN))
    mine.advance(by="100s")
    document = mine.state()
    assert [entry["failure"] for entry in document["jobs"]] == [None, "gated", "corrupt", None]
    assert other.put_state(document).json() == document == mine.state()
    for api in (mine, other):
        api.advance(by="300s")
    for job in jobs:
        ends = [job_of(api, job["id"]) for api in (mine, other)]
        assert ends[0].pop("projectId") != ends[1].pop("projectId")
        assert ends[0] == ends[1]
    assert revisions_of(mine, model_id) == revisions_of(other, model_id)
    assert len(revisions_of(mine, model_id)) == 2


def test_a_job_in_a_document_begins_as_a_new_one_would(api):
    """What is left out is as creation has it; instants that are given count."""
    entry = {
        "type": "remote_upload",
        "args": {"modelName": "devuser/m", "modelSource": "org/corrupt"},
    }
    past = {"running_at": "2025-12-31T23:00:00Z", "ends_at": "2025-12-31T23:59:00Z"}
    answer = api.put_state(
        {
            "models": [{"id": "devuser/m", "model_id": "ml_m", "revisions": []}],
            "jobs": [
                {**entry, "job_id": "job_new"},
                {**entry, **past, "job_id": "job_past", "failure": None},
                {**entry, "job_id": "job_runs", "running_at": past["running_at"]},
            ],
        }
    )
    assert answer.status_code == 200, answer.text
    ids = ("job_new", "job_past", "job_runs")
    assert [status_of(api, name) for name in ids] == ["PENDING", "SUCCEEDED", "RUNNING"]
    assert len(revisions_of(api, "ml_m")) == 1
    api.advance(by="1s")
    assert [status_of(api, name) for name in ids] == ["FAILED", "SUCCEEDED", "RUNNING"]


ARGS = {"modelName": "devuser/m", "modelSource": "org/repo"}


@pytest.mark.parametrize(
    ("entry", "param"),
    [
        ({}, "jobs.0.args"),
        ({"args": {"modelName": "m"}}, "jobs.0.args.modelSource"),
        ({"args": {**ARGS, "hf_token": "t"}}, "jobs.0.args.hf_token"),
        ({"args": ARGS, "token": "t"}, "jobs.0.token"),
        ({"args": ARGS, "type": "fine_tune"}, "jobs.0.type"),
        ({"args": ARGS, "status": "Done"}, "jobs.0.status"),
        ({"args": ARGS, "failure": ""}, "jobs.0.failure"),
        ({"args": ARGS, "ends_at": "2026-01-01T00:00:00Z"}, "jobs.0"),
    ],
)
def test_a_job_at_fault_is_refused(api, entry, param):
    """The field is named."""
    answer = api.put_state({"jobs": [entry]})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


# Lenient -----------------------------------------------------------------------------------


def test_a_lenient_server_lets_generated_tests_through(lenient):
    """Placeholders for projects, sources and cursors are taken for what they could be."""
    api = lenient.api()
    answer = api.put_state(
        {
            "models": [{"id": "devuser/m", "model_id": "modelId"}],
            "jobs": [
                {"job_id": "id", "args": {"modelName": "devuser/m", "modelSource": "remoteUrl"}}
            ],
        }
    )
    assert answer.status_code == 200, answer.text
    path = "/v2/projects/projectId/models/uploads"
    body = {"modelId": "modelId", "remoteUrl": "remoteUrl", "token": "token"}
    assert api.post(path, json=body).status_code == 200
    page = {"after": "after", "limit": 0}
    assert len(got(api, path, **page)["data"]) == 2
    assert got(api, f"{path}/id")["id"] == "id"
    assert got(api, f"{path}/id/events", **page)["data"]
