"""v2's uploads: remote ones by the clock, those in parts as the command line does them."""

import hashlib

import httpx
import pytest
from support import MIXTRAL, refused
from together_mock.services.catalog import Catalog

PLATFORM = Catalog().platform
BASE = PLATFORM.model_named(MIXTRAL)
TOKEN = "hf_a-secret-that-must-not-be-seen"
SOURCE = "https://huggingface.co/org/repo"


def models(api):
    """The path of the project's models."""
    return f"/v2/projects/{api.get('/_mock/project').json()['id']}/models"


def model_of(api, name="my-model", kind="model"):
    """Register a model; its id."""
    body = {"name": name, "type": kind, "baseModelId": BASE.id}
    answer = api.post(models(api), json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def malformed(answer):
    """Check that an answer refuses what does not fit its schema; the field at fault."""
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "INVALID_ARGUMENT")
    return error["param"]


def got(api, path, **params):
    answer = api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def posted(api, path, body):
    answer = api.post(f"{models(api)}/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def imported(api, model_id, source=SOURCE, **fields):
    """Start a remote upload; its answer."""
    return posted(api, "uploads", {"modelId": model_id, "remoteUrl": source, **fields})


def job_of(api, job_id):
    return got(api, f"{models(api)}/uploads/{job_id}")


def status_of(api, job_id):
    return job_of(api, job_id)["status"].removeprefix("REMOTE_UPLOAD_STATUS_")


def revisions_of(api, model_id):
    return got(api, f"{models(api)}/{model_id}/revisions")["data"]


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


# In parts ----------------------------------------------------------------------------------


def md5(content):
    return hashlib.md5(content).hexdigest()


def file_hash(parts):
    """The hash of a file in parts, as the command line builds it."""
    if len(parts) == 1:
        return md5(parts[0])
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f"{md5(digests)}-{len(parts)}"


def begun(api, model_id, files):
    """Ask where the parts of files are to be put; the answer's files."""
    described = [
        {"path": path, "hash": file_hash(parts), "numParts": len(parts)}
        for path, parts in files.items()
    ]
    return posted(api, "upload/create", {"objectId": model_id, "files": described})["files"]


def put(part, content):
    """Put a part as the command line does: without a key, and in chunks."""
    chunks = (content[at : at + 65_536] for at in range(0, len(content), 65_536))
    answer = httpx.put(part["url"], headers=part["headers"], content=chunks, verify=False)
    assert answer.status_code == 200, answer.text
    return {"partNumber": part["partNumber"], "hash": answer.headers["ETag"].strip('"')}


def sent(planned, files):
    """Put every part; what completes the upload."""
    done = []
    for file in planned:
        parts = files[file["path"]]
        entry = {"path": file["path"], "hash": file_hash(parts)}
        if file.get("skipUpload"):
            done.append({**entry, "skipUpload": True})
            continue
        tags = [put(part, parts[part["partNumber"] - 1]) for part in file["parts"]]
        done.append({**entry, "uploadDetails": {"uploadId": file["uploadId"], "parts": tags}})
    return done


def uploaded(api, model_id, files):
    """Upload files in parts; the revision's id."""
    body = {"objectId": model_id, "files": sent(begun(api, model_id, files), files)}
    return posted(api, "upload/complete", body)["revisionId"]


FILES = {"config.json": [b"{}"], "weights/model.safetensors": [b"a" * 300_000, b"b" * 1000]}


def test_files_are_uploaded_in_parts(api):
    """Each part to its URL, without a key; then there is a revision with paths, hashes, sizes."""
    model_id = model_of(api)
    revision_id = uploaded(api, model_id, FILES)
    [revision] = revisions_of(api, model_id)
    assert revision["revisionId"] == revision_id
    files = got(api, f"{models(api)}/{model_id}/files")
    assert files["data"] == [
        {"path": "config.json", "hash": md5(b"{}"), "sizeBytes": "2"},
        {
            "path": "weights/model.safetensors",
            "hash": file_hash(FILES["weights/model.safetensors"]),
            "sizeBytes": "301000",
        },
    ]
    assert files["totalSizeBytes"] == "301002"
    assert "architecture" in got(api, f"{models(api)}/{model_id}")["weights"]


def test_a_model_is_uploaded_to_by_its_name(api):
    """The command line takes names as well as ids."""
    model_id = model_of(api)
    name = got(api, f"{models(api)}/{model_id}")["name"]
    assert uploaded(api, name, FILES) == revisions_of(api, model_id)[0]["revisionId"]


def test_a_part_may_be_larger_than_any_other_body(api):
    """Parts are of 20 MB, which is more than a request in JSON may have."""
    files = {"big": [b"x" * (20 * 1024 * 1024)]}
    model_id = model_of(api)
    uploaded(api, model_id, files)
    assert got(api, f"{models(api)}/{model_id}/files")["totalSizeBytes"] == str(20 * 1024 * 1024)


def test_what_a_model_has_is_not_uploaded_again(api):
    """A file of the same path and hash is skipped; the new revision has it all the same."""
    model_id = model_of(api)
    uploaded(api, model_id, FILES)
    files = FILES | {"config.json": [b"{...}"]}
    planned = begun(api, model_id, files)
    assert [file["path"] for file in planned if file.get("skipUpload")] == [
        "weights/model.safetensors"
    ]
    body = {"objectId": model_id, "files": sent(planned, files)}
    posted(api, "upload/complete", body)
    assert len(revisions_of(api, model_id)) == 2
    assert got(api, f"{models(api)}/{model_id}/files")["totalSizeBytes"] == "301005"


@pytest.mark.parametrize(
    ("path", "count"),
    [("../up", 1), ("/etc/passwd", 1), ("a//b", 1), ("", 1), ("a\0", 1), ("many", 10**9)],
)
def test_a_plan_that_cannot_be_is_refused(api, path, count):
    """No path out of the model's directory, and no plan without bounds."""
    body = {"objectId": model_of(api), "files": [{"path": path, "hash": "h", "numParts": count}]}
    refused(api.post(f"{models(api)}/upload/create", json=body), "v2_bad_value")


def test_a_plan_names_its_files_once(api):
    """None is no upload, and no path stands twice."""
    one = {"path": "a", "hash": "h", "numParts": 1}
    for files, param in (([], "files"), ([one, one], "files.1.path")):
        body = {"objectId": model_of(api, f"m-{param}"), "files": files}
        error = refused(api.post(f"{models(api)}/upload/create", json=body), "v2_bad_value")
        assert error["param"] == param


def test_a_place_that_was_not_given_out_takes_no_part(api):
    """Another number, another upload, another project or no signature: it is not found."""
    [file, _] = begun(api, model_of(api), FILES)
    [part] = file["parts"]
    url = part["url"]
    for wrong in (
        url.partition("?")[0],
        url.replace("/1?", "/2?"),
        url.replace("upl_", "upl_x"),
        url.replace("proj_", "proj_x"),
    ):
        refused(httpx.put(wrong, content=b"{}"), "v2_unknown_item")


def test_an_upload_is_completed_as_it_was_begun(api):
    """Parts, tags and hashes must fit together; what does not makes no revision."""
    model_id = model_of(api)
    good = sent(begun(api, model_id, FILES), FILES)
    details = good[1]["uploadDetails"]
    first, second = details["parts"]
    swapped = [{**first, "hash": second["hash"]}, {**second, "hash": first["hash"]}]
    for field, value in (
        ("uploadDetails", {**details, "parts": [first]}),
        ("uploadDetails", {**details, "parts": [first, first]}),
        ("uploadDetails", {**details, "parts": [first, {**second, "hash": "tag"}]}),
        ("uploadDetails", {**details, "parts": swapped}),
        ("uploadDetails", {**details, "uploadId": "upl_other"}),
        ("path", "elsewhere"),
        ("hash", "0" * 32),
    ):
        body = {"objectId": model_id, "files": [good[0], {**good[1], field: value}]}
        answer = api.post(f"{models(api)}/upload/complete", json=body)
        assert refused(answer, "v2_bad_value")["param"].startswith("files.1.")
    skipped = {**good[0], "uploadDetails": None, "skipUpload": True}
    body = {"objectId": model_id, "files": [skipped]}
    refused(api.post(f"{models(api)}/upload/complete", json=body), "v2_bad_value")
    body = {"objectId": model_id, "files": [{**skipped, "skipUpload": False}]}
    answer = api.post(f"{models(api)}/upload/complete", json=body)
    assert malformed(answer) == "files.0.uploadDetails"
    assert revisions_of(api, model_id) == []


# Downloads ---------------------------------------------------------------------------------


def downloaded(api, path, **body):
    """Download files as the command line does; path -> content."""
    answer = api.post(f"{path}/download", json=body)
    assert answer.status_code == 200, answer.text
    contents = {}
    for file in answer.json()["files"]:
        content = b""
        for part in file["parts"]:
            piece = httpx.get(part["url"], headers=part["headers"], verify=False)
            assert (piece.status_code, len(piece.content)) == (200, int(part["sizeBytes"]))
            content += piece.content
        assert len(content) == int(file["sizeBytes"])
        # The command line leaves a file alone that it finds with this hash.
        assert md5(content) == file["hash"]
        contents[file["path"]] = content
    return answer.json()["revisionId"], contents


def test_a_download_gives_stand_ins(api):
    """Every file in one small part without a key, the same bytes each time."""
    model_id = model_of(api)
    revision_id = uploaded(api, model_id, {**FILES, "a b&c?.txt": [b"12345"]})
    asked = {"objectId": model_id, "paths": [], "revisionId": revision_id}
    first = downloaded(api, models(api), **asked)
    assert first == downloaded(api, models(api), objectId=model_id)
    assert first[0] == revision_id
    assert sorted(first[1]) == ["a b&c?.txt", "config.json", "weights/model.safetensors"]
    assert len(first[1]["config.json"]) == 2
    assert len(first[1]["weights/model.safetensors"]) == 4096
    some = downloaded(api, models(api), objectId=model_id, paths=["config.json"])[1]
    assert some == {"config.json": first[1]["config.json"]}


def test_the_platforms_models_can_be_downloaded(api):
    """In the platform's project; what stands for a shard of gigabytes is small."""
    path = f"/v2/projects/{PLATFORM.project_id}/models"
    revision_id, contents = downloaded(api, path, objectId=BASE.id)
    assert revision_id == BASE.revision
    assert all(len(content) <= 4096 for content in contents.values())


def test_what_is_not_there_cannot_be_downloaded(api):
    """No revision yet, another revision, another file, another model."""
    model_id = model_of(api)
    path = f"{models(api)}/download"
    refused(api.post(path, json={"objectId": model_id}), "v2_no_revisions")
    uploaded(api, model_id, FILES)
    body = {"objectId": model_id, "revisionId": "rv_none"}
    refused(api.post(path, json=body), "v2_unknown_item")
    refused(api.post(path, json={"objectId": model_id, "paths": ["none"]}), "v2_unknown_item")
    refused(api.post(path, json={"objectId": "ml_nobody"}), "v2_unknown_model")
    refused(httpx.get(f"{api.root}/v2/projects/p/models/download/parts/rv_1"), "v2_unknown_item")


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
