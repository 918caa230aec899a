"""v2 through the Python SDKs that speak it, synchronous and asynchronous."""

from pathlib import Path
from typing import Any

import pytest
from clients import environments
from clients.expected import ZONES, refusal
from clients.fleet import H100, LARGE, SMALL, serving
from clients.processes import Client
from support import V2, Api, fresh_key

SCRIPTS = Path(__file__).parent / "scripts"
RELEASES = ("2.42.0", "3.1.1")
KINDS = ("sync", "async")
UPLOADED = ("PENDING", "RUNNING", "SUCCEEDED")

spoken = pytest.mark.parametrize(
    ("release", "kind"), [(release, kind) for release in RELEASES for kind in KINDS]
)


@pytest.fixture
def told(client, project):
    """Run a part of a script: `told("2.42.0", "life_v2.py", "life", "sync")` is what it told."""

    def run(release: str, script: str, *words: str, api: Api = project) -> Any:
        made = client(release, api.root, api.key)
        owner = V2(api).project
        return made.report("python", SCRIPTS / script, *words, TOGETHER_PROJECT_ID=owner)

    return run


@pytest.fixture
def listed(guarded_root):
    """The project of the one key that a guarded server accepts, as it started."""
    api = Api(guarded_root, "listed-key")
    assert api.post("/_mock/reset").status_code == 200
    yield api
    api.http.close()


@pytest.fixture
def node(project, tmp_path):
    """Run a part of the TypeScript SDK's script, on the fresh project or on another."""
    executable, modules = environments.node()

    def run(part: str, api: Api = project) -> Any:
        made = Client(executable.parent, tmp_path, api.root, api.key)
        variables = {"NODE_PATH": str(modules), "TOGETHER_PROJECT_ID": V2(api).project}
        return made.report("node", SCRIPTS / "node_v2.cjs", part, **variables)

    return run


def raised(name: str, case: str, /, **values: Any) -> list[Any]:
    """What a script tells of an exception."""
    return [name, *refusal(case, **values)]


def check_life(seen: dict[str, Any]) -> None:
    """Hold what a script saw against the life that an endpoint and its deployment have."""
    # --- creation
    assert seen["created"] == {
        "endpoint": ["OWNER/chat", "ENDPOINT_TYPE_DEDICATED", "VISIBILITY_PRIVATE", []],
        "duplicate": raised("ConflictError", "v2_name_exists", kind="Endpoint", name="OWNER/chat"),
        "checked": ["OWNER/chat/main", "DEPLOYMENT_STATE_PROVISIONING", []],
        "deployment": ["OWNER/chat/main", "DEPLOYMENT_STATE_PROVISIONING", 1, 1],
    }
    for times, way in (("started", "PROVISIONING SCALING READY"), ("grown", "SCALING READY")):
        states = seen[times] if times == "started" else seen[times][0]
        assert states[-1] == "READY"
        assert set(states) <= set(way.split())
    assert seen["grown"][1] == 2

    # --- routing
    assert seen["routed"] == {
        "before": raised("BadRequestError", "endpoint_not_configured", model="OWNER/chat"),
        "split": [True, 1.0],
        "summary": ["DEPLOYMENT_STATE_READY", 1, H100],
        "share": 1.0,
        "etag": True,
        "stale": raised("ConflictError", "v2_stale_etag", kind="endpoint"),
    }
    models = ["OWNER/chat", "OWNER/chat/main", "OWNER/chat"]
    assert seen["asked"] == {"models": models, "streamed": True}
    assert seen["unready"] == raised("InternalServerError", "routing_error", model="OWNER/chat")

    # --- scaling
    assert seen["scaled"]["limits"] == [60, "64"]
    pace = {"periodSeconds": 60, "type": "SCALING_POLICY_TYPE_PODS", "value": 2}
    metric = {"name": "ttft", "type": "METRIC_TARGET_TYPE_VALUE"}
    assert seen["scaled"]["autoscaling"] == {
        "minReplicas": 2,
        "maxReplicas": 4,
        "scaleUpWindow": "30s",
        "scaleDownWindow": "120s",
        "scaleToZeroWindow": "900s",
        "scaleUp": {"policies": [pace], "selectPolicy": "SCALING_POLICY_SELECT_MAX"},
        "scaleDown": {"policies": [pace], "selectPolicy": "SCALING_POLICY_SELECT_MIN"},
        "scalingMetrics": [{**metric, "target": 500.0, "percentile": "p95"}],
    }
    assert seen["merged"] == [1, 4]
    assert seen["stopped"][-1] == "STOPPED"
    assert seen["restarted"][-1] == "READY"

    # --- deletion
    assert seen["removed"] == {
        "in split": raised("BadRequestError", "v2_delete_in_split"),
        "running": raised("BadRequestError", "v2_delete_running", state="READY"),
        "endpoint": raised("BadRequestError", "v2_endpoint_has_deployments", count=1),
        "stale": raised("ConflictError", "v2_stale_etag", kind="deployment"),
        "deleted": {},
        "emptied": {},
        "gone": raised("NotFoundError", "v2_unknown_endpoint", endpoint="ENDPOINT"),
    }


@spoken
def test_life(told, v2, release, kind):
    """A deployment is made, routed to, asked, scaled, stopped, started and deleted."""
    assert v2.put("/_mock/clock", json={"rate": 8}).status_code == 200
    check_life(told(release, "life_v2.py", "life", kind))


def test_life_where_v2_is_alone(told, modern_root):
    """Today's SDK asks nothing of v1's endpoints."""
    api = Api(modern_root, fresh_key())
    assert api.put("/_mock/clock", json={"rate": 8}).status_code == 200
    check_life(told("3.1.1", "life_v2.py", "life", "sync", api=api))
    api.http.close()


def test_life_in_node(node, v2):
    """The TypeScript SDK sees the same life."""
    assert v2.put("/_mock/clock", json={"rate": 8}).status_code == 200
    check_life(node("life"))


@spoken
def test_catalogue(told, release, kind):
    """Identity, projects, models, configs, hardware and placement are read as published."""
    seen = told(release, "life_v2.py", "catalogue", kind)
    assert seen == {
        "project": True,
        "models": {"found": [SMALL, SMALL], "pages": True, "deployable": True, "nothing": []},
        "configs": {
            "same": True,
            "owner": [True, True],
            "accelerator": ["1", "nvidia-h100-80gb"],
            "certified": "CERTIFICATION_TYPE_CERTIFIED",
        },
        "hardware": [H100, 1, 80, 549, ZONES],
        "placement": [1 + len(ZONES), "default", ZONES],
        "base": [SMALL, "WEIGHTS_TYPE_DEFAULT", True],
    }


@spoken
def test_lists(told, v2, release, kind):
    """Lists are paged through, filtered and ordered; what is shared shows in the organization."""
    first = v2.create("chat-1")
    for number in range(2, 6):
        v2.advance(by="1m")
        shared = {"visibility": "VISIBILITY_INTERNAL"} if number == 4 else {}
        v2.create(f"chat-{number}", **shared)
    v2.advance(by="1m")
    v2.change(first, name="first")
    since = "2026-01-01T00:03:00Z"
    seen = told(release, "life_v2.py", "lists", kind, since, v2.organization)
    newest = ["chat-5", "chat-4", "chat-3", "chat-2", "first"]
    assert seen == {
        "all": newest,
        "paged": newest,
        "page": [2, True, True],
        "oldest": newest[::-1],
        "updated": ["first", *newest[:-1]],
        "exact": ["chat-3"],
        "prefix": ["chat-5", "chat-4", "chat-3"],
        "since": ["chat-4", "chat-5"],
        "shared": ["chat-4"],
        "bad": ["BadRequestError", 400],
        "cursor": raised("BadRequestError", "v2_bad_cursor"),
    }


@spoken
def test_deployments(told, v2, release, kind):
    """The deployments of an endpoint are listed by state and by model."""
    endpoint, _ = serving(v2, first=1.0)
    v2.deploy({"id": endpoint}, "second", of=LARGE)
    v2.deploy({"id": endpoint}, "third", of=SMALL)
    model, _ = v2.profiles(SMALL)[0]["model"].split("/revisions/")
    seen = told(release, "life_v2.py", "deployments", kind, endpoint, model)
    assert seen == {
        "all": ["third", "second", "first"],
        "ready": ["first"],
        "model": ["first", "third"],
        "not": ["second"],
    }


@spoken
def test_traffic_is_spread_by_weight(told, v2, release, kind):
    """Conversations spread over the clusters by weight, stay where they are, and can be pinned."""
    serving(v2, large=70.0, small=30.0)
    name = f"{v2.slug}/chat"
    seen = told(release, "traffic_v2.py", "spread", kind, name, "large", "small")
    assert (seen["clusters"], seen["sticky"], seen["workers"]) == (2, True, True)
    # Four standard deviations of 300 draws.
    assert seen["shares"]["large"] == pytest.approx(0.7, abs=0.11)
    assert sum(seen["shares"].values()) == pytest.approx(1.0)


def test_traffic_at_once(told, v2):
    """Requests that are under way together go where each would go alone."""
    serving(v2, large=70.0, small=30.0)
    seen = told("3.1.1", "traffic_v2.py", "together", f"{v2.slug}/chat")
    assert seen == {"same": True}


@spoken
def test_refusals(told, listed, release, kind):
    """Every refusal becomes the exception class meant for it, with the service's message."""
    v2 = V2(listed)
    endpoint = v2.create("chat")
    deployment = v2.deploy(endpoint, "main", of=SMALL)
    v2.split(endpoint, {deployment["id"]: 1})
    ids = (endpoint["id"], deployment["id"])
    seen = told(release, "traffic_v2.py", "refusals", kind, *ids, api=listed)
    chat = "OWNER/chat"
    bad, missing = "BadRequestError", "NotFoundError"
    assert seen == {
        "key": raised("AuthenticationError", "unauthorized_management"),
        "project": raised(missing, "v2_unknown_project", project="proj_x"),
        "endpoint": raised(missing, "v2_unknown_endpoint", endpoint="ep_x"),
        "deployment": raised(missing, "v2_unknown_deployment", deployment="dep_x"),
        "slug": raised(bad, "v2_foreign_slug", param="name", name="somebody/chat"),
        "field": raised(bad, "v2_unknown_field", param="colour"),
        "empty": raised(bad, "v2_no_fields"),
        "mask": raised(bad, "v2_bad_mask", path="colour"),
        "same name": raised("ConflictError", "v2_name_exists", kind="Deployment", name="main"),
        "model": raised(missing, "v2_unknown_model", model="ml_x"),
        "config": raised(missing, "v2_unknown_config", config="cr_x"),
        "min": raised(bad, "v2_min_zero"),
        "bounds": raised(bad, "v2_min_exceeds_max", min=3, max=2),
        "unready": raised("InternalServerError", "routing_error", model=chat),
        "pinned": raised("InternalServerError", "routing_error", model=f"{chat}/main"),
        "nobody": raised(missing, "unknown_model_chat", model=f"{chat}/nobody"),
        "stopping": raised(bad, "v2_restart_stopping"),
    }


@spoken
def test_limits(told, v2, release, kind):
    """A failed deployment is not started again; more than there is room for is a rate limit."""
    ids = serving(v2, main=1.0)
    failure = {"to": "ERROR", "reason": "engine_oom"}
    assert v2.post(f"/_mock/endpoints/{ids[1]}/transition", json=failure).status_code == 200
    pool = {"hardware": "1x_nvidia_h100_80gb_sxm", "zone": ZONES[0], "replicas": 0}
    full = {"pools": [pool], "on_exhausted": "reject"}
    assert v2.put("/_mock/capacity", json=full).status_code == 200
    quota = {"wanted": 1, "limit": 0, "gpu": "H100"}
    assert told(release, "traffic_v2.py", "limits", kind, *ids) == {
        "failed": raised("BadRequestError", "v2_restart_failed"),
        "quota": raised("RateLimitError", "v2_quota", **quota),
    }


def test_lists_in_node(node, v2):
    """The TypeScript SDK pages through lists, and reads what the platform publishes."""
    for number in range(1, 6):
        v2.create(f"chat-{number}", visibility="VISIBILITY_INTERNAL")
    (first, *_) = v2.got(v2.endpoints)["data"]
    v2.change(first, visibility="VISIBILITY_INTERNAL")
    newest = [f"chat-{number}" for number in range(5, 0, -1)]
    assert node("lists") == {
        "project": True,
        "endpoints": newest,
        "filtered": ["chat-2"],
        "ordered": newest[::-1],
        "shared": newest,
        "models": True,
        "base": SMALL,
        "config": [True],
        "price": 549,
        "placement": "default",
        "events": ["endpoint.updated", "endpoint.created"],
    }


def test_models_in_node(node):
    """The TypeScript SDK registers a model, imports files, and reads, renames and deletes it."""
    assert node("own") == {
        "made": ["OWNER/mine", True],
        "upload": ["REMOTE_UPLOAD_STATUS_PENDING", "REMOTE_UPLOAD_STATUS_SUCCEEDED", True],
        "revision": ["REVISION_VALIDATION_STATUS_SUCCESS", True],
        "config": True,
        "renamed": "OWNER/ours",
        "listed": ["OWNER/ours"],
        "deleted": {},
    }


def test_refusals_in_node(node, listed):
    """The TypeScript SDK throws the same classes as the Python SDKs."""
    assert node("refusals", listed) == {
        "key": raised("AuthenticationError", "unauthorized_management"),
        "endpoint": raised("NotFoundError", "v2_unknown_endpoint", endpoint="ep_x"),
        "slug": raised("BadRequestError", "v2_foreign_slug", param="name", name="somebody/chat"),
        "field": raised("BadRequestError", "v2_unknown_field", param="colour"),
        "empty": raised("BadRequestError", "v2_no_fields"),
    }


@spoken
def test_events(told, v2, release, kind):
    """The feed of an endpoint is paged through, filtered and parted by time."""
    endpoint, deployment = serving(v2, main=1.0)
    v2.advance(by="1m")
    v2.bounds({"id": deployment, "endpointId": endpoint}, 0, 0)
    v2.advance(by="1m")
    ids = (endpoint, deployment)
    seen = told(release, "watch_v2.py", "events", kind, *ids, "2026-01-01T00:01:00+00:00")
    assert seen == {
        "paged": True,
        "newest first": True,
        "first": ["endpoint.created", "LEVEL_INFO", "SOURCE_KIND_ENDPOINT", "OWNER/chat"],
        "types": [["endpoint.updated", ["trafficSplit"]], ["endpoint.created", None]],
        "states": ["PROVISIONING", "SCALING", "READY", "STOPPING", "STOPPED"],
        "phases": ["PullingImage", "Starting", "LoadingWeights", "StartupComplete"],
        "parted": True,
        "warnings": [],
        "of one": True,
        "of both": True,
    }


@spoken
def test_analytics(told, v2, release, kind):
    """Requests and tokens are counted in all, by deployment and by minute."""
    endpoint, deployment = serving(v2, main=1.0)
    answers = [v2.chat(f"{v2.slug}/chat", f"Number {number}") for number in range(3)]
    v2.advance(by="1m")
    answers.append(v2.chat(f"{v2.slug}/chat/main", "Pinned"))
    v2.advance(by="1m")
    usage = [answer.json()["usage"] for answer in answers]
    span = ("2026-01-01T00:00:00+00:00", "2026-01-01T00:03:00+00:00")
    seen = told(release, "watch_v2.py", "analytics", kind, endpoint, *span)
    sums = [sum(row[name] for row in usage) for name in ("prompt_tokens", "completion_tokens")]
    assert seen == {
        "requests": ["4", "4"],
        "failed": "0",
        "codes": {"200": "4"},
        "tokens": [str(count) for count in sums],
        "deployment": [deployment, "4", "4"],
        "series": [3, 1, 0],
        "range": ["2026-01-01 00:00:00+00:00", "2026-01-01 00:03:00+00:00"],
    }


@spoken
def test_models(told, release, kind):
    """Models of one's own are registered, changed, shared and deleted."""
    seen = told(release, "models_v2.py", "models", kind)
    name = {"kind": "Model", "name": "OWNER/tuned"}
    internal = ["OWNER/tuned", "VISIBILITY_INTERNAL"]
    assert seen == {
        "made": ["OWNER/mine", "VISIBILITY_PRIVATE", True],
        "adapter": ["OWNER/tuned", "WEIGHTS_TYPE_ADAPTER", "LoRA"],
        "duplicate": raised("ConflictError", "v2_name_exists", **name),
        "base": raised("NotFoundError", "v2_unknown_model", model="ml_x"),
        "listed": ["OWNER/tuned", "OWNER/mine"],
        "changed": [*internal, "LoRA"],
        "cleared": [*internal, None],
        "shared": [True],
        "empty": [[], []],
        "deleted": {},
        "gone": raised("NotFoundError", "v2_unknown_model", model="MODEL"),
    }


@spoken
def test_uploads(told, release, kind):
    """A remote upload runs to its end; its revision has files, and can be deployed."""
    assert told(release, "models_v2.py", "uploads", kind) == {
        "unfilled": raised("BadRequestError", "v2_no_revisions"),
        "job": ["REMOTE_UPLOAD_STATUS_PENDING", "https://huggingface.co/org/repo", False],
        "states": [f"REMOTE_UPLOAD_STATUS_{state}" for state in UPLOADED],
        "listed": [True],
        "events": [True, True],
        "files": [True, True, True, True],
        "valid": "REVISION_VALIDATION_STATUS_SUCCESS",
        "deployed": True,
        "in use": raised("BadRequestError", "v2_model_in_use"),
    }


@spoken
def test_refused_uploads(told, release, kind):
    """An upload needs a model and a place that there are."""
    assert told(release, "models_v2.py", "misdirected", kind) == {
        "model": raised("NotFoundError", "v2_unknown_model", model="ml_x"),
        "url": ["BadRequestError", 400],
        "job": ["NotFoundError", 404],
    }
