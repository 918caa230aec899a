"""The command line of together 2.42.0: its beta groups, which speak v2."""

import pytest
from clients.expected import failed
from clients.fleet import LARGE, SMALL, names, serving
from clients.processes import printed

DEPLOY = ("endpoints", "deploy", SMALL, "--endpoint", "chat", "--deployment-name")


@pytest.fixture
def run(client, v2):
    """Run `tg beta ARGUMENTS` on the project, whose base URL ends in /v1."""
    made = client("2.42.0")
    return lambda *words: made.run("tg", "beta", *words, TOGETHER_PROJECT_ID=v2.project)


def test_deploy(run, v2):
    """A model deploys by its public name, with its price; a second time to the same endpoint."""
    ran = run(*DEPLOY, "first", "--max-replicas", "2", "--traffic-weight", "1")
    assert (ran.status, ran.err) == (0, "")
    assert "which is estimated to cost approximately $5.49/hr - $10.98/hr." in ran.out
    assert "√ Model deployed to endpoint OWNER/chat.\nEndpoint Details for chat\n" in ran.out
    second = printed(run(*DEPLOY, "second", "--json"))
    (endpoint,) = v2.got(v2.endpoints)["data"]
    assert second["endpoint"]["id"] == endpoint["id"]
    assert [row["name"].split("/")[-1] for row in endpoint["deployments"]] == ["second", "first"]
    assert [entry["weight"] for entry in endpoint["trafficSplit"]] == [1.0]

    # --- a model with several profiles
    config = v2.profiles(LARGE)[1]["profileId"]
    several = ("endpoints", "deploy", LARGE, "--endpoint", "chat")
    ran = run(*several)
    assert ran.status == 1
    assert config in ran.out
    assert ran.out.splitlines()[-1].startswith(f"Error: Multiple configs found for {LARGE}.")
    third = printed(run(*several, "--config", config, "--json"))["deployment"]
    assert third["configId"] == config


def test_list_get_and_update(run, v2):
    """Endpoints and deployments are shown, scaled and weighted."""
    assert "tg beta endpoints deploy <MODEL_ID>" in run("endpoints", "ls").out
    endpoint, first, second = serving(v2, first=7.0, second=3.0)
    ready = f"{SMALL} 1x H100 80GB • 1/1 ready"
    shown = run("endpoints", "ls").out.splitlines()
    assert shown[-2:] == [f"└ second {ready}", f"└ first {ready}"]
    told = run("endpoints", "get", endpoint).out
    assert f"Name: first {SMALL} 70% Status: Ready" in told
    assert "State: DEPLOYMENT_STATE_READY\nMessage: All replicas ready\n" in (
        run("endpoints", "get", first).out
    )
    assert printed(run("endpoints", "get", endpoint, "--json"))["rollout"] is None
    ran = run("endpoints", "update", first, "--min-replicas", "2", "--max-replicas", "3")
    assert ran.out.startswith("√ Updated deployment OWNER/chat/first.\n")
    split = printed(run("endpoints", "update", second, "--traffic-weight", "0", "--json"))
    assert [entry["weight"] for entry in split["trafficSplit"]] == [7.0, 0.0]
    ran = run("endpoints", "update", first, "--min-replicas", "5")
    assert (ran.status, ran.out) == (1, failed("v2_min_exceeds_max", min=5, max=3))
    assert "endpoint.created chat Endpoint created" in run("endpoints", "events", "chat").out


def test_rm(run, v2):
    """What runs is stopped first; an endpoint goes with all of its deployments by force."""
    endpoint, first, second = serving(v2, first=1.0, second=1.0)
    v2.split({"id": endpoint}, {first: 1.0})
    ran = run("endpoints", "rm", second)
    assert ran.status == 1
    assert ran.out.endswith(f"Once stopped, retry: tg beta endpoints rm {second}")
    v2.advance(by="2s")
    assert run("endpoints", "rm", second).out == f"√ Deleted deployment {second}"
    ran = run("endpoints", "rm", endpoint)
    assert ran.status == 1
    assert f"tg beta endpoints rm {first} (OWNER/chat/first)\n" in ran.out
    ran = run("endpoints", "rm", endpoint, "--force")
    assert (ran.status, ran.out) == (0, f"√ Deleted endpoint {endpoint}")
    assert names(v2) == []


def test_models(run, v2):
    """Models are found, registered, filled from a hub and deleted.

    Uploads and downloads of this release go to the service itself, whatever the base URL is.
    """
    table = f"Supported Models\nModel GPUs Parallelism\n{SMALL} 1x Nvidia H100 TP1"
    assert run("models", "public", "--search", SMALL).out == table
    assert v2.profiles(SMALL)[0]["profileId"] in run("models", "configs", SMALL).out
    model = printed(run("models", "create", "mine", "--base-model", SMALL, "--json"))["id"]
    assert run("models", "list").out == f"Models\nID Name\n{model} OWNER/mine"
    source = ("--from", "https://huggingface.co/org/repo")
    job = printed(run("models", "remote-uploads", "create", model, *source, "--json"))
    v2.advance(by="5s")
    ended = run("models", "remote-uploads", "retrieve", job["id"]).out
    assert "Status: SUCCEEDED" in ended
    (revision,) = printed(run("models", "ls-revisions", model, "--json"))["data"]
    files = run("models", "ls-files", model).out
    assert files.startswith(f"Revision: {revision['revisionId']}\n")
    assert "\nconfig.json " in files
    assert run("models", "rm", model).status == 0
    assert run("models", "get", model).out == failed("v2_unknown_model", model=model)


def test_errors(client, v2, guarded_root):
    """The command asks who the key is, and says what is refused."""
    made = client("2.42.0")
    assert made.run("tg", "beta", "endpoints", "ls").status == 0
    ran = made.run("tg", "beta", "endpoints", "ls", "--project", "proj_x")
    assert (ran.status, ran.out) == (1, failed("v2_unknown_project", project="proj_x"))
    stranger = client("2.42.0", guarded_root, "unlisted")
    ran = stranger.run("tg", "beta", "endpoints", "ls", "--project", "proj_x")
    assert (ran.status, ran.out) == (1, failed("unauthorized_management"))
