"""The server's page in a browser's place: its script runs, and shows what the server tells it."""

import json
import subprocess
from functools import partial
from pathlib import Path

import pytest
from clients import environments
from support import H100X2, MIXTRAL

SCRIPT = Path(__file__).parent / "scripts" / "page.cjs"

ODD = "<b>bold</b><img src=x onerror=alert(1)>"


def look(root, slug, *acts, trouble="", is_shown=True):
    """What the page of a server shows, after clicks: `SELECTOR@ID` waits until that changes."""
    executable, modules = environments.node("node-page")
    command = [executable, SCRIPT, root, slug, *acts]
    ran = subprocess.run(
        command, check=False, env={"NODE_PATH": str(modules)}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["failures"], told["trouble"]) == ([], trouble)
    assert not is_shown or told["project"] == slug
    return told


@pytest.fixture
def shown(project):
    """What the page shows of the fresh project."""
    return partial(look, project.root, project.get("/_mock/project").json()["slug"])


def test_a_server_that_nobody_has_used(start_server):
    """It says how to begin."""
    server = start_server()
    told = look(server.root, "")
    assert told["empty"].startswith(f"export TOGETHER_BASE_URL={server.root}/v1 ")


def test_a_project_at_a_look(project, shown):
    """Clock, endpoints with what comes next, cost, capacity, faults and requests."""
    project.put("/_mock/clock", json={"rate": 0, "now": "2030-01-01T00:00:00Z"})
    pools = [{"hardware": H100X2, "replicas": 3}]
    project.put("/_mock/capacity", json={"pools": pools})
    fault = {"match": {"operation": "deleteEndpoint"}, "effect": {"status": 503}}
    project.post("/_mock/faults", json=fault)
    made = project.create(model=MIXTRAL, hardware=H100X2, display_name=ODD)
    project.advance(by="1h")
    project.get("/v1/endpoints/nobody")
    told = shown()
    assert (told["now"], told["due"]) == ("2030-01-01 01:00:00", "nothing is due")
    (row,) = told["endpoints"]
    assert row[:4] == ["STARTED", made["name"] + made["id"], H100X2, "1 of 1"]
    assert row[4] == "it stays STARTED: nothing is due"
    assert row[5] == told["total"] == f"${float(project.get('/_mock/billing').json()['total']):.2f}"
    assert told["spending"] == "$0.18 a minute"
    assert told["pools"] == [[H100X2, "any zone", "1 of 3 used"]]
    assert told["struck"] == [['deleteEndpoint{"status":503}', "struck 0 times"]]
    assert [row[1:3] for row in told["requests"]] == [
        ["404", "GET /v1/endpoints/nobody"],
        ["200", "POST /v1/endpoints"],
    ]


def test_an_endpoint_of_several_deployments_costs_once(project, shown):
    """Its deployments have a row each, its cost stands in the first."""
    project.put("/_mock/clock", json={"rate": 0, "now": "2030-01-01T00:00:00Z"})
    deployment = {"model": MIXTRAL, "state": "STARTED"}
    both = [{**deployment, "name": "a"}, {**deployment, "name": "b"}]
    endpoint = {"generation": "v2", "name": "pair", "deployments": both}
    put = project.put_state({"endpoints": [endpoint]})
    assert put.status_code == 200, put.text
    project.advance(by="1h")
    told = shown()
    assert [row[5] for row in told["endpoints"]] == [told["total"], ""]
    assert told["total"] != "$0.00"


def test_whoever_chose_a_project_stays_with_it(project):
    """Also where it is gone, and others are there; what can be no project is none."""
    assert project.get("/v1/endpoints").status_code == 200
    told = look(project.root, "nobody", trouble="Unknown project nobody")
    assert told["project"] == "nobody"
    assert look(project.root, "%E0%A4%A", is_shown=False)["endpoints"]


def test_the_clock_is_moved_and_an_endpoint_s_story_is_told(project, shown):
    """By clicks; texts of clients are shown as texts."""
    project.put("/_mock/clock", json={"rate": 0, "now": "2030-01-01T00:00:00Z"})
    project.put("/_mock/state", json={"endpoints": [{"model": MIXTRAL, "hardware": H100X2}]})
    (made,) = project.get("/_mock/endpoints").json()["data"]
    told = shown("[data-by='15m']@now", "#endpoints button@timeline-of")
    assert told["now"].endswith("00:15:00")
    assert told["timeline-of"] == made["deployment"]
    assert [row[1] for row in told["past"]] == ["STARTED", "STARTING", "PENDING"]
    project.create(model=MIXTRAL, hardware=H100X2, display_name=ODD)
    told = shown("#requests button@requests")
    assert json.dumps(ODD) in told["requests"][1][0]
    assert told["marked"] == 0
