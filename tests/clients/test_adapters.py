"""Adapters of deployments, by the SDKs and the command line that speak v2."""

from pathlib import Path

import pytest
from clients.expected import refusal
from clients.processes import printed
from support import START, V2

SCRIPT = Path(__file__).parent / "scripts" / "adapters_v2.py"
BASE = "google/gemma-3-27b-it"
HARDWARE = "1x_nvidia_h100_80gb_sxm"
NAMES = ("one", "two")


@pytest.fixture
def served(project):
    """The project with two adapters and an endpoint of v1's that has the first; its deployment."""
    models = [
        {
            "id": f"o/{name}",
            "model_id": f"ml_{name}",
            "kind": "adapter",
            "base_model": BASE,
            "revisions": [
                {"id": f"rv_{name}_{number}", "created_at": f"2025-12-0{number}T00:00:00Z"}
                for number in (1, 2)
            ],
        }
        for name in NAMES
    ]
    entry = {"id": "ep_mine", "name": "o/mine", "model": BASE, "hardware": HARDWARE}
    document = {
        "clock": {"now": START, "rate": 0},
        "preset": "instant",
        "models": models,
        "endpoints": [{**entry, "state": "STARTED"}],
    }
    assert project.put_state(document).status_code == 200
    bound = project.post("/v1/endpoints/ep_mine/adapters", json={"model_id": "o/mine:o/one"})
    assert bound.status_code == 200, bound.text
    v2 = V2(project)
    [deployment] = v2.got(f"{v2.endpoints}/ep_mine/deployments")["data"]
    return deployment


@pytest.mark.parametrize("release", ["2.42.0", "3.1.1"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_life_by_the_sdk(client, project, served, release, kind):
    """What v1 bound is listed; another one is attached, pinned, asked for and detached."""
    made = client(release, project.root, project.key)
    place = (served["endpointId"], served["id"])
    owner = V2(project).project
    seen = made.report("python", SCRIPT, "life", kind, *place, TOGETHER_PROJECT_ID=owner)

    def raised(name, case, **values):
        return [name, *refusal(case, **values)]

    assert seen == {
        "bound": ["ml_one", "rv_one_2"],
        "report": ["ADAPTER_LOAD_STATE_READY", 1, True],
        "again": raised("ConflictError", "v2_adapter_attached", adapter="o/one"),
        "unknown": raised("NotFoundError", "v2_unknown_model", model="ml_none"),
        "attached": ["dad_", "ml_two", "rv_two_1"],
        "listed": ["ml_two", "ml_one"],
        "changed": [True, "rv_two_2"],
        "stale": raised("ConflictError", "v2_stale_etag", kind="adapter"),
        "read": True,
        "asked": "o/two",
        "detached": {},
        "left": ["ml_one"],
        "gone": raised("NotFoundError", "v2_unknown_item", kind="Adapter", id="ADAPTER"),
    }


def test_the_command_line_of_3_attaches_shows_and_removes(client, project, served):
    """To a deployment of the base model, which is made where there is none."""
    v2 = V2(project)
    tg = client("3.1.1")

    def run(*words):
        return tg.run("tg", "endpoints", *words, TOGETHER_PROJECT_ID=v2.project)

    # --- what v1 bound is shown, and can be removed
    shown = run("get", "ep_mine")
    assert "Adapter: o/one" in shown.out, shown.out + shown.err
    [bound] = v2.got(v2.at(served, "adapters"))["data"]
    removed = run("rm", bound["id"])
    assert removed.status == 0, removed.out + removed.err
    assert v2.got("/v1/endpoints/ep_mine/adapters")["data"] == []

    # --- a deployment is made for an adapter, and a second one is attached to it
    config = v2.profiles(BASE)[0]["profileId"]
    attach = ("--endpoint", "chat", "--attach-adapter", "--config", config)
    first = printed(run("deploy", "ml_one", *attach, "--min-replicas", "1", "--json"))
    assert first["adapter"]["adapterModelId"] == "ml_one"
    second = printed(run("deploy", "ml_two", *attach, "--json"))
    assert second["deployment"]["id"] == first["deployment"]["id"]
    lines = run("get", first["endpoint"]["id"]).out.splitlines()
    assert [line for line in lines if line.startswith("Adapter:")] == [
        "Adapter: o/two",
        "Adapter: o/one",
    ]
    listed = v2.got(f"/v1/endpoints/{first['endpoint']['id']}/adapters")["data"]
    assert [row["adapter_name"] for row in listed] == ["o/one", "o/two"]
