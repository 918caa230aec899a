"""Models of one's own, once a job has imported them: listed, deployed, kept."""

import pytest
from support import H100X2, MIXTRAL, START, V2, refused
from uploading import hardware, job, listed, ready, slug, upload

LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"


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
