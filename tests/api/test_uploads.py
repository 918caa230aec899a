"""v1's uploads: a model is named, a job imports it, and it is deployed like any other."""

import pytest
from support import H100X2, MIXTRAL, START, V2, refused

SOURCE = "unsloth/Qwen2.5-72B-Instruct"
TOKEN = "hf_abcdefghijklmnop"
LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"


def upload(api, name="my-model", source=SOURCE, **fields):
    """Upload a model; the answer's data."""
    body = {"model_name": name, "model_source": source, **fields}
    answer = api.post("/v1/models", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def ready(api, name="my-model", source=SOURCE, **fields):
    """Upload a model and let its job end; the model's name."""
    made = upload(api, name, source, **fields)
    api.advance(by="10m")
    assert job(api, made["job_id"])["status"] == "Complete"
    return made["model_name"]


def job(api, job_id):
    """A job as it is now."""
    answer = api.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def slug(api):
    """The owner of the project's models."""
    return api.get("/_mock/project").json()["slug"]


def listed(api, path="/v1/models"):
    """The names of the project's own models in a list of models."""
    key = "name" if "autoscale" in path else "id"
    return [row[key] for row in api.get(path).json() if row[key].startswith(slug(api))]


def hardware(api, model):
    """The ids of the hardware that a model can run on."""
    return [row["id"] for row in api.get("/v1/hardware", params={"model": model}).json()["data"]]


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


# Deployment --------------------------------------------------------------------------------


def test_a_model_is_listed_once_it_is_complete(api):
    """In every list of models, with the fields that all rows have."""
    upload(api)
    lists = ("/v1/models", "/v1/models?dedicated=true", "/v1/autoscale/models")
    assert [listed(api, path) for path in lists] == [[], [], []]
    api.advance(by="1h")
    name = f"{slug(api)}/my-model"
    assert [listed(api, path) for path in lists] == [[name], [name], [name]]
    row = api.get("/v1/models").json()[0]
    assert row["uuid"].startswith("model-")
    assert (row["object"], row["type"], row["display_name"]) == ("model", "chat", "my-model")


@pytest.mark.parametrize(
    ("name", "source", "description", "least"),
    [
        ("m", "org/tiny-3b", None, "1x_nvidia_h100_80gb_sxm"),
        ("m", "unsloth/Qwen2.5-72B-Instruct", None, "4x_nvidia_h100_80gb_sxm"),
        ("my-70b", "https://host.example/archive.tar.gz", None, "4x_nvidia_h100_80gb_sxm"),
        ("m", "org/repo", "A model of 8x22B parameters", "8x_nvidia_h100_80gb_sxm"),
        ("m", MIXTRAL, None, "2x_nvidia_h100_80gb_sxm"),
        ("m", "microsoft/phi-4", None, "1x_nvidia_h100_80gb_sxm"),
        ("m", "org/who-knows", None, "1x_nvidia_h100_80gb_sxm"),
    ],
)
def test_hardware_follows_from_the_size_that_is_said(api, name, source, description, least):
    """By its repository in the catalogue or the table, its description, its source, its name."""
    fields = {} if description is None else {"description": description}
    name = ready(api, name, source, **fields)
    fitting = [each for each in hardware(api, name) if "h100" in each]
    assert fitting[0] == least


def test_what_fits_into_no_node_has_no_hardware(api):
    """Models of several nodes are not supported. Source: docs.together.ai, custom models."""
    name = ready(api, source="org/giant-900b")
    assert hardware(api, name) == []
    body = {"model": name, "hardware": "8x_nvidia_h100_80gb_sxm"}
    refused(api.post("/v1/endpoints", json=body), "ineligible_hardware")


def test_a_model_is_deployed_like_any_other(api):
    """Under its own name, which is not doubled in the endpoint's; chat answers by it."""
    name = ready(api, source=MIXTRAL)
    endpoint = api.create(model=name)
    assert endpoint["model"] == name
    assert endpoint["name"].startswith(f"{name}-")
    assert api.get("/v1/endpoints?mine=true").json()["data"][0]["model"] == name
    api.run_until(endpoint["id"], "STARTED")
    answer = api.chat(endpoint["name"]).json()
    assert answer["model"] == endpoint["name"]
    assert name in answer["choices"][0]["message"]["content"]


def test_an_embedding_model_answers_embeddings(api):
    """Its type follows from words in its name and source."""
    name = ready(api, "my-embedder", "org/my-embed-335m")
    endpoint = api.create(model=name, hardware="1x_nvidia_h100_80gb_sxm")
    api.run_until(endpoint["id"], "STARTED")
    body = {"model": endpoint["name"], "input": "Hello"}
    assert api.post("/v1/embeddings", json=body).status_code == 200
    refused_chat = api.chat(endpoint["name"])
    assert refused_chat.status_code == 400


def test_a_model_cannot_be_deployed_before_it_is_complete_nor_by_another_project(server):
    """It is not ready, and nobody else's."""
    mine, other = server.api(), server.api()
    name = upload(mine, source=MIXTRAL)["model_name"]
    body = {"model": name, "hardware": H100X2}
    refused(mine.post("/v1/endpoints", json=body), "model_not_ready")
    mine.advance(by="1h")
    refused(other.post("/v1/endpoints", json=body), "unknown_model_endpoint")
    assert other.get("/v1/hardware", params={"model": name}).json()["data"] == []
    assert mine.post("/v1/endpoints", json=body).status_code == 200


def test_a_model_that_is_not_deployed_says_so(api):
    """As any model does that is not serverless; another project's is unknown."""
    name = ready(api)
    refused(api.chat(name), "non_serverless_model")
    refused(api.chat(f"{name}-2"), "unknown_model_chat")


def test_an_adapter_of_a_serverless_model_answers_by_its_name_once_complete(api):
    """Without an endpoint. Source: docs.together.ai, LoRA inference."""
    made = upload(api, "my-lora", "org/lora", model_type="adapter", base_model=LLAMA)
    name = made["model_name"]
    refused(api.chat(name), "non_serverless_model")
    api.advance(by="1h")
    answer = api.chat(name).json()
    assert answer["model"] == name
    assert name in answer["choices"][0]["message"]["content"]


def test_an_adapter_whose_import_a_profile_fails_never_answers(api):
    """However its job fails, nothing was imported."""
    stages = [{"from": "Running", "to": "Failed", "after": "50s", "reason": "Disk full"}]
    assert api.put("/_mock/profiles/bad", json={"stages": stages}).status_code == 200
    made = upload(api, "my-lora", "org/lora", model_type="adapter", base_model=LLAMA)
    api.advance(by="1h")
    assert job(api, made["job_id"])["status"] == "Failed"
    refused(api.chat(made["model_name"]), "non_serverless_model")


def test_v2_sees_what_v1_uploaded_and_v1_what_v2_did(v2):
    """One engine: the same model, the same job, in each face's words."""
    name = ready(v2, source=MIXTRAL)
    [model] = v2.got(f"{v2.root}/models")["data"]
    assert model["name"] == name
    [upload_of_v1] = v2.got(f"{v2.root}/models/uploads")["data"]
    assert upload_of_v1["status"].endswith("SUCCEEDED")
    endpoint = v2.api.create(model=name)
    [shown] = v2.got(f"{v2.endpoints}/{endpoint['id']}/deployments")["data"]
    assert shown["model"].startswith(f"projects/{v2.project}/models/{model['id']}/revisions/")
    body = {"modelId": model["id"], "remoteUrl": "org/newer"}
    assert v2.post(f"{v2.root}/models/uploads", json=body).status_code == 200
    newest = v2.get("/v1/jobs").json()["data"][0]
    assert (newest["type"], newest["args"]["modelSource"]) == ("model_upload", "org/newer")


def test_what_v2_registers_and_uploads_is_known_to_chat_at_once(v2):
    """A name that was unknown a moment ago is a model's, and one that cannot answer yet."""
    name = f"{v2.slug}/registered"
    refused(v2.chat(name), "unknown_model_chat")
    base = v2.got("/v2/supported-models", search=LLAMA)["data"][0]["baseModelId"]
    new = {"name": "registered", "type": "adapter", "baseModelId": base}
    model = v2.post(f"{v2.root}/models", json=new).json()
    refused(v2.chat(name), "non_serverless_model")
    body = {"modelId": model["id"], "remoteUrl": "org/lora"}
    assert v2.post(f"{v2.root}/models/uploads", json=body).status_code == 200
    refused(v2.chat(name), "non_serverless_model")
    v2.advance(by="1h")
    assert v2.chat(name).status_code == 200
    v2.post("/_mock/reset", json={"only": ["models"]})
    refused(v2.chat(name), "unknown_model_chat")


# State documents ---------------------------------------------------------------------------


def test_models_jobs_and_endpoints_on_them_survive_a_round_trip(server):
    """GET, PUT elsewhere: equal documents, equal answers, and the job ends at the same instant."""
    mine, other = server.api(), server.api()
    mine.preset("realistic")
    name = ready(mine, source=MIXTRAL)
    mine.create(model=name)
    upload(mine, "second", "org/second-7b", description="Half way")
    mine.advance(by="100s")
    document = mine.state()
    assert other.put_state(document).json() == document
    for api in (mine, other):
        api.advance(by="10m")
    assert mine.state() == other.state()
    assert mine.get("/v1/jobs").json() == other.get("/v1/jobs").json()


def test_an_endpoint_on_a_model_that_changed_since_answers_alike_elsewhere(server):
    """Another revision, another name, or gone: what v1 shows and what chat says stay the same."""
    mine, other = server.api(), server.api()
    v2 = V2(mine)
    names = [ready(mine, name, source=MIXTRAL) for name in ("newer", "renamed", "gone")]
    endpoints = [mine.create(model=name, state="STOPPED") for name in names]
    ids = {row["name"]: row["id"] for row in v2.got(f"{v2.root}/models")["data"]}
    body = {"modelId": ids[names[0]], "remoteUrl": "org/newer"}
    assert v2.post(f"{v2.root}/models/uploads", json=body).status_code == 200
    assert v2.patch(f"{v2.root}/models/{ids[names[1]]}", json={"name": "r2"}).status_code == 200
    assert v2.delete(f"{v2.root}/models/{ids[names[2]]}").status_code == 200
    mine.advance(by="1h")
    document = mine.state()
    assert other.put_state(document).json() == document
    for endpoint in endpoints:
        shown = [api.endpoint(endpoint["id"]) | {"owner": None} for api in (mine, other)]
        assert shown[0] == shown[1]
        told = [api.chat(endpoint["name"]) for api in (mine, other)]
        assert told[0].json()["error"] == told[1].json()["error"]
        refused(told[0], "endpoint_not_running")


def test_a_job_without_an_entry_of_its_model_has_one_made(api):
    """Half way in the document, complete later, deployed then."""
    args = {"modelName": f"{slug(api)}/another", "modelSource": MIXTRAL}
    api.put_state({"jobs": [{"job_id": "job-1", "status": "Running", "args": args}]})
    body = {"model_name": "another", "model_source": "org/x"}
    refused(api.post("/v1/models", json=body), "upload_in_progress")
    api.advance(by="1h")
    assert listed(api) == [args["modelName"]]
    assert api.create(model=args["modelName"])["model"] == args["modelName"]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "Complete", "created_at": "2027-01-01T00:00:00Z"},
        {"status": "Queued", "running_at": START, "ends_at": START},
        {"status": "Complete", "running_at": START, "ends_at": "2027-01-01T00:00:00Z"},
        {"status": "Complete", "running_at": None},
    ],
)
def test_a_job_whose_instants_say_otherwise_is_refused(api, fields):
    """The status that is given must be the one that they say, and nothing began tomorrow."""
    args = {"modelName": "devuser/m", "modelSource": "org/repo"}
    document = {"clock": {"now": START}, "jobs": [{"args": args, **fields}]}
    answer = api.put_state(document)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] in ("jobs.0.status", "jobs.0.created_at")


def test_a_job_is_still_told_where_the_clock_was_set_back(v2):
    """It was made in what is the future now."""
    v2.advance(by="1h")
    made = upload(v2)
    v2.advance(by="1h")
    v2.post("/_mock/reset", json={"only": ["clock", "endpoints"]})
    assert v2.get(f"{v2.root}/models/uploads/{made['job_id']}").status_code == 200
    assert job(v2, made["job_id"])["status"] == "Queued"


def test_a_profile_that_is_gone_fails_nothing(api):
    """A job that is under way ends by the rules that are in force then."""
    stages = [{"from": "Running", "to": "Failed", "after": "50s", "reason": "gated"}]
    assert api.put("/_mock/profiles/bad", json={"stages": stages}).status_code == 200
    made = upload(api)
    api.delete("/_mock/profiles/bad")
    api.advance(by="1h")
    assert job(api, made["job_id"])["status"] == "Complete"


def test_a_poll_moves_a_job_on_where_polls_move_the_clock(v2):
    """An unmodified waiter gets through on a frozen clock, in each generation."""
    assert v2.put("/_mock/clock", json={"on_poll": "next"}).status_code == 200
    first, second = upload(v2, "first"), upload(v2, "second")
    path = f"{v2.root}/models/uploads/{second['job_id']}"
    seen = [job(v2, first["job_id"])["status"] for _ in range(3)]
    assert seen == ["Running", "Complete", "Complete"]
    assert v2.got(path)["status"].endswith("SUCCEEDED")


def test_what_signs_a_source_is_kept_nowhere(v2, server):
    """Neither v1 nor v2 nor a state document stores the query of a presigned URL."""
    signed = "https://user:PASS@bucket.s3.amazonaws.com/x-3b.zip?X-Amz-Signature=SECRET&s=70b"
    unsigned = "https://bucket.s3.amazonaws.com/x-3b.zip?X-Amz-Signature=SECRET&s=a/tts/b"
    name = ready(v2, source=unsigned)
    [model] = v2.got(f"{v2.root}/models")["data"]
    body = {"modelId": model["id"], "remoteUrl": unsigned}
    assert v2.post(f"{v2.root}/models/uploads", json=body).status_code == 200
    assert hardware(v2, name)[0] == "1x_nvidia_h100_80gb_sxm"
    again = {"model_name": "my-model", "model_source": unsigned.replace("SECRET", "OTHER")}
    v2.advance(by="1h")
    assert "data" not in v2.post("/v1/models", json=again).json()
    document = v2.state()
    document["jobs"][0]["args"]["modelSource"] = signed
    assert v2.put_state(document).status_code == 200
    project = server.world.project_named(v2.slug)
    with server.world.read(project) as connection:
        stored = "\n".join(connection.iterdump())
    assert "SECRET" not in stored
    assert "PASS@" not in stored


def test_the_documented_job_entry_is_taken(api):
    """As the control plane's contract has it: the status alone says how far it is."""
    args = {"modelName": "devuser/my-model", "modelSource": "org/repo"}
    statuses = ("Queued", "Running", "Complete", "Failed")
    answer = api.put_state(
        {
            "clock": {"now": "2026-01-01T00:00:00Z", "rate": 0},
            "models": [{"id": "devuser/my-model", "type": "chat", "context_length": 32768}],
            "jobs": [
                {"job_id": f"job-{n}", "type": "model_upload", "status": status, "args": args}
                for n, status in enumerate(statuses)
            ],
        }
    )
    assert answer.status_code == 200, answer.text
    assert [job(api, f"job-{n}")["status"] for n in range(4)] == list(statuses)
    api.advance(by="1h")
    ends = [job(api, f"job-{n}")["status"] for n in range(4)]
    assert ends == ["Complete", "Complete", "Complete", "Failed"]


def test_a_fine_tuned_model_is_seeded_and_deployed(api):
    """What a fine-tune made is a model like any other; its size can be given."""
    name = "devuser/Meta-Llama-3.1-8B-Instruct-Reference-mine-a1b2c3d4"
    entry = {"id": name, "type": "chat", "parameters_billion": 8.03, "description": "Fine-tuned"}
    assert api.put_state({"models": [entry]}).status_code == 200
    assert hardware(api, name)[0].startswith("1x_")
    endpoint = api.create(model=name, hardware="1x_nvidia_h100_80gb_sxm")
    api.run_until(endpoint["id"], "STARTED")
    assert api.chat(endpoint["name"]).status_code == 200


def test_jobs_and_models_are_reset_apart(api):
    """Each part goes back to how the project started."""
    ready(api)
    api.post("/_mock/reset", json={"only": ["jobs"]})
    assert api.get("/v1/jobs").json() == {"data": []}
    # What was imported stays.
    assert listed(api) == [f"{slug(api)}/my-model"]
    api.post("/_mock/reset", json={"only": ["models"]})
    assert listed(api) == []
