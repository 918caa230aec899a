"""Uploads and adapters by the command lines that have them."""

import json

import pytest
from clients.processes import plain
from support import MIXTRAL

SOURCE = "unsloth/Qwen2.5-72B-Instruct"
UPLOAD = ("models", "upload", "--model-name", "mine", "--model-source", SOURCE)


def made_id(project):
    """The id of the newest job."""
    return project.get("/v1/jobs").json()["data"][0]["job_id"]


@pytest.mark.parametrize("release", ["1.5.35", "2.0.0"])
def test_an_upload_prints_its_job(client, project, release):
    """Job, model, source and message, a line each."""
    ran = client(release).run("together", *UPLOAD, "--hf-token", "hf_secret")
    job = made_id(project)
    model = project.get(f"/v1/jobs/{job}").json()["args"]["modelName"]
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:3] == [
        "Model upload job created successfully!",
        f"Job ID: {job}",
        f"Model Name: {plain(model)}",
    ]
    assert lines[4:] == [
        "Model Source: huggingface",
        "Message: Processing model weights. Job created.",
    ]


def test_an_upload_of_2_42_0_prints_a_table_and_its_refusals(client, project):
    """A refusal that comes as a success without data is one for the command line, too."""
    run = client("2.42.0")
    ran = run.run("tg", *UPLOAD)
    assert ran.status == 0, ran.err
    assert f"Job ID {made_id(project)}" in ran.out
    assert "upload already in progress" in run.run("tg", *UPLOAD).out
    project.advance(by="1h")
    ran = run.run("tg", *UPLOAD)
    assert ran.status == 1
    assert "Model weights already exist. No job was created." in ran.out


@pytest.mark.parametrize("release", ["1.5.35", "2.0.0", "2.42.0"])
def test_an_uploaded_model_is_listed(client, project, release):
    """Among the models, and among those that can be deployed."""
    project.post("/v1/models", json={"model_name": "mine", "model_source": SOURCE})
    project.advance(by="1h")
    for options in ((), ("--type", "dedicated")):
        ran = client(release).run("together", "models", "list", *options)
        assert ran.status == 0, ran.err
        assert "OWNER/mine" in ran.out


def test_adapters_of_an_endpoint(client, project):
    """`adapters add`, `list` and `remove` of 2.42.0."""
    project.preset("instant")
    endpoint = project.create()
    lora = {"model_name": "lora", "model_source": "org/lora"}
    body = lora | {"model_type": "adapter", "lora_model": MIXTRAL}
    adapter = project.post("/v1/models", json=body).json()["data"]["model_name"]
    named = f"{endpoint['name']}:{adapter}"

    def run(*words):
        return client("2.42.0").run("tg", "endpoints", "adapters", *words)

    ran = run("add", endpoint["id"], named)
    assert (ran.status, ran.out.splitlines()[0]) == (0, "√ Adapter added."), ran.err
    listed = json.loads(run("list", endpoint["id"], "--json").out)
    assert [plain(row["model_id"]) for row in listed["data"]] == [plain(named)]
    assert project.chat(named).status_code == 200
    ran = run("remove", endpoint["id"], named)
    assert (ran.status, ran.out.splitlines()[0]) == (0, "√ Adapter removed."), ran.err
    assert "No adapters found" in run("list", endpoint["id"]).out
    ran = run("remove", endpoint["id"], named)
    assert ran.status == 1
    assert "is not bound to this endpoint" in ran.out
