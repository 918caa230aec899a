"""The command line of together 3.1.1: models, uploads, identity, and how errors look."""

import json

import pytest
from clients.expected import failed, refusal
from clients.fleet import SMALL, names
from clients.processes import printed

PROJECT_NEEDED = """\
Error: Project argument is required.
Use the --project flag to specify the project you are operating on or set the TOGETHER_PROJECT_ID \
environment variable.
You can use `tg whoami` to see your current project ID."""
SIZES = {"config.json": 3, "model.safetensors": 21 * 1024 * 1024, "sub/tokenizer.json": 5}


@pytest.fixture
def run(client, v2):
    """Run `tg ARGUMENTS` on the project."""
    made = client("3.1.1")
    return lambda *words: made.run("tg", *words, TOGETHER_PROJECT_ID=v2.project)


@pytest.fixture
def model(run):
    """The id of a registered model without files."""
    return printed(run("models", "create", "mine", "--base-model", SMALL, "--json"))["id"]


@pytest.fixture
def weights(tmp_path):
    """A directory of files, one of more than one part; what is empty or hidden is left out."""
    for path, size in {**SIZES, "empty": 0, ".hidden": 1}.items():
        file = tmp_path / "weights" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"w" * size)
    return "weights"


def test_whoami_and_projects(run, v2):
    """The key's identity is shown, and its project listed as the current one."""
    told = v2.got("/_mock/project")
    assert (
        run("whoami").out
        == f"""\
API key: {told["api_key_id"]}
Project: OWNER ({v2.project})
Organization: OWNER ({v2.organization})"""
    )
    assert printed(run("whoami", "--json"))["type"] == "project_api_key"
    (row,) = printed(run("projects", "list", "--json"))["data"]
    assert (row["id"], row["organization_id"]) == (v2.project, v2.organization)
    assert (
        run("projects", "list").out
        == f"""\
Projects
ID Name Slug Organization
{v2.project} OWNER (current) OWNER OWNER ({v2.organization})"""
    )


def test_public_models(run, v2):
    """The catalogue is searched and filtered, and tabulated by deployment profile."""
    ran = run("models", "public", "--search", SMALL)
    table = f"Supported Models\nModel GPUs Parallelism\n{SMALL} 1x Nvidia H100 TP1"
    assert (ran.status, ran.out) == (0, table)
    page = printed(run("models", "public", "--product", "dedicated", "--limit", "5", "--json"))
    assert len(page["data"]) == 5
    assert all(row["deploymentProfiles"] for row in page["data"])
    following = run("models", "public", "--product", "dedicated", "--limit", "5").out.splitlines()
    assert following[-1] == f"- tg models public --after {page['next_cursor']}"
    none = run("models", "public", "--search", "no-such-model")
    assert none.out == "Supported Models\nNo supported models found."


def test_configs(run, v2):
    """Configs are listed for a public name, a model's id, and a model of one's own."""
    (profile,) = v2.profiles(SMALL)
    base = profile["model"].split("/")[3]
    printed(run("models", "create", "mine", "--base-model", base, "--json"))
    shown = f"""\
Model Configs
Config ID Selectors
{profile["profileId"]} accelerator_count 1
accelerator_type nvidia-h100-80gb
optimization balanced
topology aggregated
adapter_mode dynamic"""
    for name in (SMALL, base, f"{v2.slug}/mine"):
        assert run("models", "configs", name).out == shown
    (row,) = printed(run("models", "configs", base, "--json"))["data"]
    assert row["referenceModelId"] == base
    assert run("models", "configs", "ml_x").out == "Model Configs\nNo model configs found."


def test_models(run, v2):
    """A model is registered, listed, renamed, shared and deleted."""
    ran = run("models", "create", "mine", "--base-model", SMALL)
    (told,) = printed(run("models", "list", "--json"))["data"]

    assert (ran.status, ran.err) == (0, "")
    assert (
        ran.out
        == f"""\
√ Beta model created.
Model Details for mine
Endpoint string OWNER/mine
ID {told["id"]}
Base model {SMALL}
Visibility Private
Weights:
Property Value
Type Default"""
    )
    assert run("models", "list").out == f"Models\nID Name\n{told['id']} OWNER/mine"
    again = run("models", "create", "mine", "--base-model", SMALL)
    assert again.out == failed("v2_name_exists", kind="Model", name="OWNER/mine")
    renamed = ("models", "update", told["id"], "--name", "ours", "--description", "Tuned")
    assert "Description Tuned" in run(*renamed).out
    assert printed(run("models", "get", told["id"], "--json"))["name"] == "OWNER/ours"
    assert printed(run("models", "rm", told["id"], "--json"))["message"]
    assert run("models", "rm", told["id"]).out == failed("v2_unknown_model", model=told["id"])
    assert run("models", "org").out == "Models\nNo org-scoped models found."
    wrong = run("models", "create", "mine", "--base-model", "no/model")
    assert wrong.out.startswith('Error: Base model "no/model" not found.')


def test_remote_upload(run, v2, model):
    """An upload from a hub runs to its end as the clock does, and leaves a revision with files."""
    source = "https://huggingface.co/org/repo"
    ran = run("models", "remote-uploads", "create", model, "--from", source, "--token", "secret")
    (told,) = printed(run("models", "remote-uploads", "list", "--json"))["data"]
    assert "secret" not in json.dumps(told)
    assert (ran.status, ran.out.splitlines()[:3]) == (
        0,
        ["√ Remote upload job created.", f"Job ID: {told['id']}", "Status: PENDING"],
    )
    assert f"Model: {model}\nSource: {source}\nRestarts: 0\n" in ran.out
    table = f"Remote Uploads\nJob ID Model Status\n{told['id']} {model} PENDING"
    assert run("models", "remote-uploads", "list").out == table
    v2.advance(by="5s")
    ended = printed(run("models", "remote-uploads", "retrieve", told["id"], "--json"))
    assert ended["status"] == "REMOTE_UPLOAD_STATUS_SUCCEEDED"
    (revision,) = printed(run("models", "ls-revisions", model, "--json"))["data"]
    assert run("models", "ls-revisions", model).out == (
        "Revisions\nRevision ID Validation Last Validated Created At\n"
        f"{revision['revisionId']} Success 01/01/2026, 12:00 AM 01/01/2026, 12:00 AM"
    )
    files = run("models", "ls-files", model).out.splitlines()
    assert files[0] == f"Revision: {revision['revisionId']}"
    assert any(line.startswith("config.json ") for line in files)
    assert f"Current revision {revision['revisionId']}" in run("models", "get", model).out


def test_upload_and_download(run, model, weights, tmp_path):
    """Files of a directory go up in parts and make a revision; a download brings them back."""
    ran = run("models", "upload", model, weights)
    assert (ran.status, ran.err) == (0, "")
    first, second, last = ran.out.splitlines()
    assert first == f"Uploading weights to {model}..."
    assert second.startswith("Uploading 3 file(s), 4 part(s), 21.0 MB total")
    listed = printed(run("models", "ls-files", model, "--json"))
    assert last == f"Upload complete. Revision: {listed['revisionId']}"
    assert {row["path"]: int(row["sizeBytes"]) for row in listed["data"]} == SIZES
    assert listed["totalSizeBytes"] == str(sum(SIZES.values()))
    again = printed(run("models", "upload", model, weights, "--json"))["revisionId"]
    assert again != listed["revisionId"]

    told = printed(run("models", "download", model, "out", "--json"))
    assert (told["revisionId"], told["files"], told["skipped"]) == (again, 3, 0)
    assert printed(run("models", "download", model, "out", "--json"))["skipped"] == 3
    assert sorted(SIZES) == sorted(
        file.relative_to(tmp_path / "out").as_posix()
        for file in (tmp_path / "out").rglob("*")
        if file.is_file()
    )
    old = (f"{model}@{listed['revisionId']}", "old", "--files", "config.json")
    assert run("models", "download", *old).out.endswith("Download complete")
    assert [file.name for file in (tmp_path / "old").iterdir()] == ["config.json"]


def test_deploy_a_model_of_ones_own(run, v2, model, weights):
    """It deploys once it has a revision, on the configs of its base model, and then is in use."""
    deploy = ("endpoints", "deploy", f"{v2.slug}/mine", "--endpoint", "chat")
    ran = run(*deploy)
    assert ran.out.endswith(f"Rolling back.\n{failed('v2_no_revisions')}")
    assert names(v2) == []
    revision = printed(run("models", "upload", model, weights, "--json"))["revisionId"]
    deployed = printed(run(*deploy, "--traffic-weight", "1", "--json"))
    told = deployed["deployment"]
    assert told["model"] == f"projects/{v2.project}/models/{model}/revisions/{revision}"
    assert told["config"] == v2.profiles(SMALL)[0]["config"]
    assert deployed["endpoint"]["trafficSplit"][0]["deploymentId"] == told["id"]
    v2.advance(by="2s")
    assert v2.chat(f"{v2.slug}/chat").status_code == 200
    assert f"chat OWNER/mine {'1x H100 80GB'} • 1/1 ready" in run("endpoints", "ls").out
    ran = run("models", "rm", model)
    assert (ran.status, ran.out) == (1, failed("v2_model_in_use"))


def test_errors(client, v2, guarded_root):
    """Without a project nothing is changed; an unknown project and a bad key are told apart."""
    made = client("3.1.1")
    deploy = ("endpoints", "deploy", SMALL, "--endpoint", "chat")
    ran = made.run("tg", *deploy)
    assert ran.status == 1
    assert ran.out.endswith(PROJECT_NEEDED)
    assert names(v2) == []
    assert made.run("tg", "endpoints", "ls").status == 0
    ran = made.run("tg", "endpoints", "ls", "--project", "proj_x")
    assert (ran.status, ran.out) == (1, failed("v2_unknown_project", project="proj_x"))
    stranger = client("3.1.1", guarded_root, "unlisted")
    ran = stranger.run("tg", "endpoints", "ls", "--project", "proj_x")
    assert (ran.status, ran.out) == (1, failed("unauthorized_management"))
    error = printed(stranger.run("tg", "models", "ls", "--project", "x", "--json"), status=1)
    assert error["error"]["message"] == refusal("unauthorized_management")[1]
