"""The command line of together 3.1.1: endpoints and deployments."""

import pytest
from clients.expected import failed, refusal
from clients.fleet import H100, LARGE, SMALL, names, serving
from clients.processes import printed

NONE_YET = """\
No dedicated inference endpoints found. To create one, run:
- tg endpoints deploy <MODEL_ID> --endpoint <ENDPOINT_NAME>"""
DEPLOY = ("endpoints", "deploy", SMALL, "--endpoint", "chat", "--deployment-name")


@pytest.fixture
def run(client, v2):
    """Run `tg ARGUMENTS` on the project."""
    made = client("3.1.1")
    return lambda *words: made.run("tg", *words, TOGETHER_PROJECT_ID=v2.project)


def details(endpoint, *deployments, split=""):
    """An endpoint as the commands print it."""
    return f"""\
Endpoint Details for chat
Endpoint string OWNER/chat
Endpoint ID {endpoint}
Created at 01/01/2026, 12:00 AM
Updated at 01/01/2026, 12:00 AM
Visibility Private
Web URL https://api.together.ai/endpoints/{endpoint}
{split}Deployments
Deployment Model Estimated Traffic
""" + "\n".join(deployments)


def row(name, deployment, share, state, replicas):
    """A deployment in the table under an endpoint."""
    return f"""\
Name: {name} {SMALL} {share} Status: {state}
ID: {deployment} Replicas: {replicas}"""


UNROUTED = """\
No traffic split configured.
This endpoint will not serve any inference until a traffic_split is set.
"""


def test_deploy(run, v2):
    """A model deploys by its public name: what it will cost is said first, the endpoint last."""
    ran = run(*DEPLOY, "main", "--max-replicas", "2", "--traffic-weight", "1")
    assert (ran.status, ran.err) == (0, "")
    (profile,) = v2.profiles(SMALL)
    (endpoint,) = v2.got(v2.endpoints)["data"]
    (summary,) = endpoint["deployments"]
    shown = row("main", summary["id"], "0%", "Provisioning", "0 / 1")
    assert (
        ran.out
        == f"""\
Deploy preview
--endpoint chat
--deployment-name main
--min-replicas 1
--max-replicas 2
--traffic-weight 1.0
--model {SMALL} ({profile["model"]})
--config {profile["config"]}
This deployment will utilize 1x H100 80GB, which is estimated to cost approximately \
$5.49/hr - $10.98/hr.
√ Model deployed to endpoint OWNER/chat.
{details(endpoint["id"], shown)}"""
    )
    assert endpoint["trafficSplit"] == [{"deploymentId": summary["id"], "weight": 1.0}]


def test_deploy_again_adds_to_the_endpoint(run, v2):
    """A name that is taken is the endpoint to add to; without a weight nothing is routed."""
    first = printed(run(*DEPLOY, "first", "--json"))
    assert first["endpoint"]["name"] == first["deployment"]["name"].removesuffix("/first")
    assert first["deployment"]["status"]["state"] == "DEPLOYMENT_STATE_PROVISIONING"
    unrouted = run("endpoints", "get", "chat").out
    assert UNROUTED + "Deployments" in unrouted
    second = printed(run(*DEPLOY, "second", "--min-replicas", "2", "--json"))
    assert second["endpoint"]["id"] == first["endpoint"]["id"]
    bounds = second["deployment"]["autoscaling"]
    assert (bounds["minReplicas"], bounds["maxReplicas"]) == (2, 2)
    assert v2.now(first["endpoint"])["trafficSplit"] == []
    ran = run(*DEPLOY, "second")
    assert ran.status == 1
    assert ran.out.endswith(failed("v2_name_exists", kind="Deployment", name="second"))


def test_deploy_of_several_profiles(run, v2):
    """Where a model has several profiles, the command lists them and takes one by its config."""
    hopper, blackwell = v2.profiles(LARGE)
    rows = "\n".join(
        f"{LARGE} {profile['profileId']} FP8 8x {profile['gpuType']} TP8"
        for profile in (hopper, blackwell)
    )
    several = ("endpoints", "deploy", LARGE, "--endpoint", "chat")
    ran = run(*several)
    assert ran.status == 1
    assert (
        ran.out
        == f"""\
Available configs for {LARGE}
Model Config Quant GPUs Parallelism
{rows}
Pick one and rerun with both flags, for example:
- tg endpoints deploy --model {LARGE} --config {hopper["profileId"]} --endpoint <ENDPOINT>
Error: Multiple configs found for {LARGE}. Pass --model <model-id> and --config <config-id>."""
    )
    told = printed(run(*several, "--json"), status=1)["error"]
    assert f"model={LARGE} config={blackwell['profileId']}" in told
    assert names(v2) == []

    # --- by the name or the full path of the model, with a config
    path = blackwell["model"].split("/revisions/")[0]
    for model in (LARGE, path, blackwell["model"]):
        chosen = ("deploy", model, "--endpoint", "chat", "--config", blackwell["profileId"])
        made = printed(run("endpoints", *chosen, "--json"))["deployment"]
        assert made["config"] == blackwell["config"]
        assert made["model"] == blackwell["model"]
        assert made["hardware"] == "8xnvidia-b200-180gb"
    told = run("endpoints", "deploy", path, "--endpoint", "chat").out
    assert told.count("accelerator_type") == 2
    assert "Please specify a config id using the --config flag." in told


def test_deploy_rolls_back(run, v2):
    """A new endpoint goes again when its deployment is refused."""
    config = v2.profiles(LARGE)[0]["profileId"]
    path = v2.profiles(SMALL)[0]["model"]
    ran = run("endpoints", "deploy", path, "--endpoint", "chat", "--config", config)
    assert ran.status == 1
    assert "Error creating deployment. Rolling back.\n× Error\n" in ran.out  # noqa: RUF001
    assert names(v2) == []


def test_list_and_get(run, v2):
    """Endpoints are tabulated with model, hardware and replicas, and shown by name or id."""
    ran = run("endpoints", "ls")
    assert (ran.status, ran.out) == (0, NONE_YET)
    endpoint, first, second = serving(v2, first=7.0, second=3.0)
    heading = "ID Name Model GPU Replicas"
    ready = f"{SMALL} 1x H100 80GB • 1/1 ready"
    assert run("endpoints", "ls").out == "\n".join(
        [heading, f"{endpoint[:23]}… chat", f"└ second {ready}", f"└ first {ready}"]
    )
    split = "Traffic Splits\nEach deployment serves a fixed share of traffic.\nfirst second\n"
    rows = (
        row("second", second, "30%", "Ready", "1 / 1"),
        row("first", first, "70%", "Ready", "1 / 1"),
    )
    for name in (endpoint, "chat", f"{v2.slug}/chat"):
        assert run("endpoints", "get", name).out == details(endpoint, *rows, split=split)

    # --- as JSON, with what belongs to it
    assert printed(run("endpoints", "ls", "--json"))["data"][0]["id"] == endpoint
    whole = printed(run("endpoints", "get", "chat", "--json"))
    assert (whole["shadows"], whole["ab"], whole["rollout"]) == ([], [], None)
    assert [entry["weight"] for entry in whole["trafficSplit"]] == [7.0, 3.0]


def test_get_deployment(run, v2):
    """A deployment is shown by id or name, with its config's selectors."""
    endpoint, deployment = serving(v2, main=1.0)
    (profile,) = v2.profiles(SMALL)
    told = v2.now({"id": deployment, "endpointId": endpoint})
    shown = f"""\
Name: OWNER/chat/main
ID: {deployment}
Endpoint: {endpoint}
Project: {v2.project}
Model: {told["modelId"]}
Config: {profile["profileId"]}
accelerator_count: 1
accelerator_type: nvidia-h100-80gb
optimization: balanced
topology: aggregated
adapter_mode: dynamic
Hardware: {H100}
State: DEPLOYMENT_STATE_READY
Message: All replicas ready
Ready: 1
Replicas: min: 1 max: 1
Traffic: 100%
ETag: {told["etag"]}
Created: 01/01/2026, 12:00 AM"""
    for name in (deployment, "main", f"{v2.slug}/chat/main"):
        assert run("endpoints", "get", name).out == shown
    (status,) = printed(run("endpoints", "get", "main", "--json"))["status"]["details"]["region"]
    assert (status["readyReplicas"], status["scheduledReplicas"]) == (1, 1)
    missing = run("endpoints", "get", "dep_x")
    assert missing.status == 1
    assert missing.out == "Error: Deployment dep_x not found in any endpoint."


def test_pages(run, v2):
    """Lists are cut at a limit, and a deployment is found however far down its endpoint is."""
    _, main = serving(v2, main=1.0)
    for number in range(50):
        v2.create(f"other-{number}")
    page = printed(run("endpoints", "ls", "--limit", "2", "--json"))
    told = run("endpoints", "ls", "--limit", "2").out.splitlines()
    assert told[-1] == f"- tg endpoints ls --after {page['next_cursor']}"
    following = run("endpoints", "ls", "--after", page["next_cursor"], "--json")
    shown = [row["name"].split("/")[-1] for row in printed(following)["data"]]
    assert shown == [f"other-{number}" for number in range(47, -1, -1)] + ["chat"]
    assert f"\nID: {main}\n" in run("endpoints", "get", main).out


def test_update(run, v2):
    """Bounds, windows, metric, limits and weight of a deployment change; the rest is kept."""
    _, first, second = serving(v2, first=1.0, second=1.0)
    metric = ("--scaling-metric", "ttft", "--scaling-target", "500", "--scaling-percentile", "p95")
    sizes = ("--min-replicas", "2", "--max-replicas", "4", "--scale-up-window", "30s")
    limits = ("--inactive-timeout", "60", "--max-concurrent-requests-per-replica", "64")
    ran = run("endpoints", "update", first, *sizes, *metric, *limits)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("√ Updated deployment OWNER/chat/first.\nEndpoint Details for chat\n")
    assert row("first", first, "50%", "Scaling", "1 / 2") in ran.out
    told = printed(run("endpoints", "update", first, "--max-replicas", "3", "--json"))
    assert (told["inactiveTimeout"], told["maxConcurrentRequestsPerReplica"]) == (60, "64")
    bounds = told["autoscaling"]
    assert (bounds["minReplicas"], bounds["maxReplicas"]) == (2, 3)
    assert (bounds["scaleUpWindow"], bounds["scaleDownWindow"]) == ("30s", "300s")
    assert bounds["scalingMetrics"][0]["percentile"] == "p95"

    # --- the weight, which is the endpoint's
    v2.advance(by="2s")
    ran = run("endpoints", "update", second, "--traffic-weight", "6")
    assert ran.out.startswith(f"√ Updated traffic weight for deployment {second}.\n")
    assert row("second", second, "75%", "Ready", "1 / 1") in ran.out
    told = printed(run("endpoints", "update", second, "--traffic-weight", "0", "--json"))
    assert [entry["weight"] for entry in told["trafficSplit"]] == [1.0, 0.0]

    # --- refusals
    update = ("endpoints", "update", first, "--min-replicas")
    assert run(*update, "4").out == failed("v2_min_exceeds_max", min=4, max=3)
    stale = run(*update, "1", "--etag", "stale")
    assert (stale.status, stale.out) == (1, failed("v2_stale_etag", kind="deployment"))
    error = printed(run(*update, "1", "--etag", "stale", "--json"), status=1)["error"]
    assert (error["code"], error["param"]) == ("ABORTED", "etag")


def test_rm_of_a_deployment(run, v2):
    """What runs is stopped first, and the command asks to be run again."""
    endpoint, first, second = serving(v2, first=1.0, second=1.0)
    v2.split({"id": endpoint}, {first: 1.0})
    ran = run("endpoints", "rm", second)
    assert (ran.status, ran.err) == (1, "")
    assert (
        ran.out
        == f"""\
! Deployment {second} must be stopped before it can be deleted.
Scaled min/max replicas to 0 — waiting for it to stop.
Once stopped, retry: tg endpoints rm {second}"""
    )
    draining = {"id": second, "endpointId": endpoint}
    assert v2.status(draining)[0] == "STOPPING"
    v2.advance(by="2s")
    ran = run("endpoints", "rm", second)
    assert (ran.status, ran.out) == (0, f"√ Deleted deployment {second}")

    # --- one in the traffic split is refused even when it has stopped
    v2.bounds({"id": first, "endpointId": endpoint}, 0, 0)
    v2.advance(by="2s")
    told = printed(run("endpoints", "rm", first, "--json"), status=1)
    assert told["status"] == "scaling_down"
    assert refusal("v2_delete_in_split")[1] in told["error"]


def test_rm_of_an_endpoint(run, v2):
    """An endpoint with deployments stays, and goes with all of them by force."""
    endpoint, first, second = serving(v2, first=1.0, second=1.0)
    ran = run("endpoints", "rm", endpoint)
    assert (ran.status, ran.err) == (1, "")
    assert (
        ran.out
        == f"""\
× Cannot delete endpoint {endpoint}.
Remove its deployments first:
tg endpoints rm {second} (OWNER/chat/second)
tg endpoints rm {first} (OWNER/chat/first)
Then retry: tg endpoints rm {endpoint}"""  # noqa: RUF001
    )
    told = printed(run("endpoints", "rm", endpoint, "--json"), status=1)
    assert [entry["id"] for entry in told["deployments"]] == [second, first]
    assert refusal("v2_endpoint_has_deployments", count=2)[1] in told["error"]
    ran = run("endpoints", "rm", endpoint, "--force")
    assert (ran.status, ran.out) == (0, f"√ Deleted endpoint {endpoint}")
    assert names(v2) == []
    ran = run("endpoints", "rm", endpoint)
    assert (ran.status, ran.out) == (1, failed("v2_unknown_endpoint", endpoint=endpoint))


def test_events(run, v2):
    """The feed is tabulated, newest first, by type, deployment, level and page."""
    endpoint, main = serving(v2, main=1.0)
    states = ("events", "chat", "--types", "endpoint.updated,deployment.status_updated")
    assert (
        run("endpoints", *states).out
        == """\
Created Type Source Message
01/01/26 12:00AM deployment.status_updated main READY: All replicas ready
01/01/26 12:00AM deployment.status_updated main SCALING: Starting replicas
01/01/26 12:00AM endpoint.updated chat Endpoint updated
01/01/26 12:00AM deployment.status_updated main PROVISIONING: Scheduling replicas"""
    )
    of_one = ("--deployment-ids", main, "--min-level", "info", "--limit", "2")
    page = printed(run("endpoints", "events", endpoint, *of_one, "--json"))
    assert [row["deploymentId"] for row in page["data"]] == [main, main]
    told = run("endpoints", "events", endpoint, *of_one).out.splitlines()
    assert told[-1] == f"- tg endpoints events {endpoint} --after {page['next_cursor']}"
    none = run("endpoints", "events", "chat", "--min-level", "error")
    assert none.out == f"No events found for endpoint {endpoint}."
    missing = run("endpoints", "events", "nobody")
    assert (missing.status, missing.out) == (1, "Error: Endpoint nobody not found.")
