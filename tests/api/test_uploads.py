"""v1's uploads: a model is named, and a job imports it."""

import pytest
from support import refused
from uploading import SOURCE, hardware, job, listed, ready, slug, upload

TOKEN = "hf_abcdefghijklmnop"


# Jobs --------------------------------------------------------------------------------------


def test_an_upload_is_answered_with_its_job_and_its_model(api):
    """The documented shape; the name has its owner before it."""
    answer = api.post("/v1/models", json={"model_name": "my-model", "model_source": SOURCE})
    body = answer.json()
    assert body["message"] == "Processing model weights. Job created."
    data = body["data"]
    assert data["job_id"].startswith("job-")
    assert data["model_id"].startswith("model-")
    assert data["model_name"] == f"{slug(api)}/my-model"
    assert data["model_source"] == "huggingface"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("org/repo", "huggingface"),
        ("https://huggingface.co/org/repo", "huggingface"),
        ("https://huggingface.co/org/repo/tree/main", "huggingface"),
        ("https://bucket.s3.amazonaws.com/model.tar.gz?X-Amz-Signature=abc", "remote_archive"),
        ("s3://bucket/model.zip", "remote_archive"),
    ],
)
def test_where_the_files_come_from_is_told(api, source, kind):
    """A repository of the hub or an archive; what signs a URL is not kept."""
    made = upload(api, source=source)
    assert made["model_source"] == kind
    told = job(api, made["job_id"])["args"]["modelSource"]
    assert told == source.partition("?")[0]


def test_a_job_goes_through_its_statuses_at_its_instants(api):
    """Queued, Running, Complete, each with its instant; nothing is told before its time."""
    made = upload(api, description="Mine")
    first = job(api, made["job_id"])
    assert first == {
        "type": "model_upload",
        "job_id": made["job_id"],
        "status": "Queued",
        "status_updates": [
            {
                "status": "Queued",
                "message": "Job is Queued",
                "timestamp": "2026-01-01T00:00:00.000Z",
            }
        ],
        "args": {
            "description": "Mine",
            "modelName": made["model_name"],
            "modelSource": SOURCE,
        },
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    }
    api.advance(by="0.1s")
    assert job(api, made["job_id"])["status"] == "Running"
    api.advance(by="0.899s")
    assert job(api, made["job_id"])["status"] == "Running"
    api.advance(by="0.001s")
    ended = job(api, made["job_id"])
    assert [(one["status"], one["message"]) for one in ended["status_updates"]] == [
        ("Queued", "Job is Queued"),
        ("Running", "Job is Running"),
        ("Complete", "Job is Complete"),
    ]
    assert ended["updated_at"] == "2026-01-01T00:00:01.000Z"


def test_the_clock_moves_from_one_status_to_the_next(api):
    """A job's instants are due like any others."""
    made = upload(api)
    due = [api.get("/_mock/clock").json()["next_due"]]
    for status in ("Running", "Complete"):
        api.advance(next=1)
        assert job(api, made["job_id"])["status"] == status
        due.append(api.get("/_mock/clock").json()["next_due"])
    assert due == ["2026-01-01T00:00:00.100Z", "2026-01-01T00:00:01.000Z", None]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("org/not-found", "The source does not exist"),
        ("org/gated", "Access to the source is restricted"),
        ("org/corrupt-7b", "Validation failed"),
        ("org/unavailable", "The source could not be reached"),
    ],
)
def test_a_word_in_the_source_has_the_job_fail(api, source, message):
    """The reason stands in the last update, and there is no model to deploy."""
    made = upload(api, source=source)
    api.advance(by="1h")
    ended = job(api, made["job_id"])
    assert ended["status"] == "Failed"
    assert ended["status_updates"][-1]["message"].startswith(message)
    assert listed(api) == []


def test_a_token_opens_a_gated_source_and_is_kept_nowhere(api, server):
    """No answer, state document or table has it."""
    made = upload(api, source="org/gated", hf_token=TOKEN)
    api.advance(by="1h")
    assert job(api, made["job_id"])["status"] == "Complete"
    for path in ("/v1/jobs", "/v1/models", "/_mock/state"):
        assert TOKEN not in api.get(path).text
    with server.world.read(server.world.project_named(slug(api))) as connection:
        assert TOKEN not in "\n".join(connection.iterdump())


def test_a_profile_times_jobs_and_has_them_fail(api):
    """By the name of the model; the first match by priority is used."""
    stages = [
        {"from": "Queued", "to": "Running", "after": "10s"},
        {"from": "Running", "to": "Failed", "after": "50s", "reason": "Disk full"},
    ]
    profile = {"select": {"model": "*/bad-*"}, "stages": stages}
    assert api.put("/_mock/profiles/bad", json=profile).status_code == 200
    bad, good = upload(api, "bad-model"), upload(api, "good-model")
    seen = []
    for seconds in (9, 1, 49, 1):
        api.advance(by=seconds)
        seen.append(job(api, bad["job_id"])["status"])
    assert seen == ["Queued", "Running", "Running", "Failed"]
    assert job(api, bad["job_id"])["status_updates"][-1]["message"] == "Disk full"
    assert job(api, good["job_id"])["status"] == "Complete"


def test_jobs_under_way_are_timed_by_another_preset(api):
    """What would never have ended does, from its start and never in the past."""
    api.preset("manual")
    made = upload(api)
    api.advance(by="1h")
    assert job(api, made["job_id"])["status"] == "Queued"
    api.preset("fast")
    assert job(api, made["job_id"])["status"] == "Running"
    api.advance(by="0.9s")
    ended = job(api, made["job_id"])
    assert ended["status"] == "Complete"
    assert [one["timestamp"] for one in ended["status_updates"]] == [
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T01:00:00.000Z",
        "2026-01-01T01:00:00.900Z",
    ]


def test_a_stage_that_leads_elsewhere_is_refused(api):
    """Statuses of jobs lead to statuses of jobs."""
    profile = {"stages": [{"from": "Queued", "to": "STARTED", "after": 1}]}
    answer = api.put("/_mock/profiles/bad", json=profile)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "stages.0.to"


def test_jobs_are_listed_newest_first_and_belong_to_their_project(server):
    """Another project sees none of them."""
    mine, other = server.api(), server.api()
    ids = [upload(mine, name)["job_id"] for name in ("a", "b", "c")]
    assert [row["job_id"] for row in mine.get("/v1/jobs").json()["data"]] == ids[::-1]
    assert other.get("/v1/jobs").json() == {"data": []}
    refused(other.get(f"/v1/jobs/{ids[0]}"), "unknown_job")


def test_the_same_calls_give_the_same_ids(server):
    """They follow from the project's seed."""
    mine, other = server.api(), server.api()
    for api in (mine, other):
        api.put_state({"seed": "s"})
    made = [upload(api) for api in (mine, other)]
    assert made[0]["job_id"] == made[1]["job_id"]
    assert made[0]["model_id"] == made[1]["model_id"]


# Refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "case", "param"),
    [
        ({"model_source": SOURCE}, "missing_field", "model_name"),
        ({"model_name": "m"}, "missing_field", "model_source"),
        ({"model_name": "", "model_source": SOURCE}, "out_of_range", "model_name"),
        ({"model_name": "m", "model_source": ""}, "out_of_range", "model_source"),
        ({"model_name": 5, "model_source": SOURCE}, "invalid_type", "model_name"),
        ({"model_name": "a b", "model_source": SOURCE}, "bad_model_name", "model_name"),
        ({"model_name": "other/m", "model_source": SOURCE}, "bad_model_name", "model_name"),
        ({"model_name": "m", "model_source": "here"}, "bad_model_source", "model_source"),
        ({"model_name": "m", "model_source": "http://a/b"}, "bad_model_source", "model_source"),
        (
            {"model_name": "m", "model_source": SOURCE, "model_type": "weights"},
            "invalid_value",
            "model_type",
        ),
        (
            {"model_name": "m", "model_source": "cartesia/sonic"},
            "unsupported_model",
            "model_source",
        ),
        (
            {"model_name": "m", "model_source": "stabilityai/stable-diffusion-3"},
            "unsupported_model",
            "model_source",
        ),
        (
            {
                "model_name": "m",
                "model_source": SOURCE,
                "model_type": "adapter",
                "base_model": "no/such",
            },
            "unknown_base_model",
            "base_model",
        ),
    ],
)
def test_an_upload_at_fault_is_refused_and_changes_nothing(api, body, case, param):
    """The field is named; there is no job."""
    assert refused(api.post("/v1/models", json=body), case)["param"] == param
    assert api.get("/v1/jobs").json() == {"data": []}


def test_what_cannot_be_deployed_can_be_let_through(api):
    """`allow_unsupported`, which the command line of 2.42.0 always sends."""
    source = "stabilityai/stable-diffusion-3"
    assert upload(api, source=source, allow_unsupported=True)["job_id"]


def test_a_name_is_taken_while_its_job_runs_and_for_good_once_it_is_complete(api):
    """In progress, then known by the same source, and taken for another one."""
    name = upload(api)["model_name"]
    again = {"model_name": "my-model", "model_source": SOURCE}
    error = refused(api.post("/v1/models", json=again), "upload_in_progress")
    assert name in error["message"]
    api.advance(by="1h")
    answer = api.post("/v1/models", json=again)
    assert answer.status_code == 200
    assert answer.json() == {"message": "Model weights already exist. No job was created."}
    another = again | {"model_source": "org/another"}
    refused(api.post("/v1/models", json=another), "model_name_exists")
    assert len(api.get("/v1/jobs").json()["data"]) == 1


def test_a_name_whose_job_failed_can_be_tried_again(api):
    """As another model, even."""
    upload(api, source="org/corrupt-70b")
    api.advance(by="1h")
    name = ready(api, source="org/fine-3b")
    assert listed(api) == [name]
    assert "1x_nvidia_h100_80gb_sxm" in hardware(api, name)
