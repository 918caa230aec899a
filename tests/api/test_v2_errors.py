"""v2's refusals: both envelopes, the guard in front, and which faces a server speaks."""

import json
import re

import httpx
import pytest
from rehearsal import control, pool, put_balance, put_pools
from support import H100X2, MIXTRAL, V2, Running, fresh_key, refused
from together_mock.api.v2 import errors
from together_mock.core.errors import MockError

ZERO = {"minReplicas": 0, "maxReplicas": 0}
ONE = {"minReplicas": 1, "maxReplicas": 1}
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def rpc():
    """A server that sends v2's refusals in RPC's form."""
    running = Running(v2_errors="rpc")
    yield running
    running.stop()


class Refusals:
    """A project in which each refusal can be had, without a look at the contract."""

    def __init__(self, root):
        key = fresh_key()
        self.http = httpx.Client(
            base_url=root, headers={"Authorization": f"Bearer {key}"}, verify=False, timeout=30
        )
        self.v2 = V2(self)
        self.key = key
        self.endpoint, self.deployment = self.v2.served()
        self.path = self.v2.at(self.deployment)
        self.e, self.below = self.v2.at(self.endpoint), self.v2.at(self.endpoint, "deployments")

    def __getattr__(self, name):
        return getattr(self.http, name)

    def run_until(self, deployment, state):
        self.advance(until={"endpoint": deployment, "state": state})

    def advance(self, **how):
        assert self.post("/_mock/clock/advance", json=how).status_code == 200

    def deploy(self, **fields):
        return self.post(self.below, json=self.v2.asked("second", **fields))

    def change(self, **fields):
        return self.patch(self.path, json=fields)

    def stopping(self):
        self.v2.bounds(self.deployment, 0, 0)
        return self

    def failed(self):
        control(self.http, self.deployment, "transition", to="ERROR")
        return self

    def short(self):
        put_pools(self.http, pool(1), on_exhausted="reject")
        return self

    def poor(self):
        put_balance(self.http, "0")
        return self


REFUSALS = {
    "v2_unknown_field": lambda r: r.post(r.v2.endpoints, json={"name": "x", "foo": 1}),
    "v2_unknown_project": lambda r: r.get("/v2/projects/proj_x/endpoints"),
    "v2_unknown_organization": lambda r: r.get("/v2/organizations/org_x/endpoints"),
    "v2_unknown_endpoint": lambda r: r.get(f"{r.v2.endpoints}/ep_x"),
    "v2_unknown_deployment": lambda r: r.get(f"{r.below}/dep_x"),
    "v2_unknown_model": lambda r: r.deploy(model=f"projects/{r.v2.project}/models/ml_x"),
    "v2_unknown_config": lambda r: r.deploy(config=f"projects/{r.v2.project}/configs/cr_x"),
    "v2_unknown_item": lambda r: r.deploy(placement={"profile": "pp_x"}),
    "v2_bad_cursor": lambda r: r.get(r.v2.endpoints, params={"after": "x"}),
    "v2_bad_filter": lambda r: r.get(r.v2.endpoints, params={"filter": "x"}),
    "v2_bad_order": lambda r: r.get(r.v2.endpoints, params={"orderBy": "x"}),
    "v2_bad_mask": lambda r: r.patch(r.e, params={"updateMask": "x"}, json={}),
    "v2_no_fields": lambda r: r.patch(r.e, json={"trafficSplit": []}),
    "v2_stale_etag": lambda r: r.patch(r.e, json={"name": "x", "etag": "y"}),
    "v2_name_exists": lambda r: r.post(r.v2.endpoints, json={"name": "first"}),
    "v2_foreign_slug": lambda r: r.post(r.v2.endpoints, json={"name": "other/x"}),
    "v2_bad_name": lambda r: r.post(r.v2.endpoints, json={"name": "-"}),
    "v2_restart_failed": lambda r: r.failed().change(autoscaling=ONE),
    "v2_restart_stopping": lambda r: r.stopping().change(autoscaling=ONE),
    "v2_delete_in_split": lambda r: r.delete(r.path),
    "v2_delete_running": lambda r: r.v2.split(r.endpoint, {}) and r.delete(r.path),
    "v2_endpoint_has_deployments": lambda r: r.delete(r.e),
    "v2_not_deployable": lambda r: r.deploy(
        model=r.v2.got("/v2/supported-models", search="meta-llama/Llama-3-70b-chat-hf")["data"][0][
            "baseModel"
        ]
    ),
    "v2_config_mismatch": lambda r: r.deploy(
        config=r.v2.profiles("Qwen/Qwen2.5-7B-Instruct-Turbo")[0]["config"]
    ),
    "v2_quota": lambda r: r.short().deploy(autoscaling={"minReplicas": 2}),
    "v2_min_zero": lambda r: r.change(autoscaling={"minReplicas": 0}),
    "v2_min_exceeds_max": lambda r: r.change(autoscaling={"minReplicas": 2}),
    "v2_bad_value": lambda r: r.change(inactiveTimeout=5),
    "v2_bad_split": lambda r: r.patch(
        r.e, json={"trafficSplit": [{"deploymentId": "dep_x", "weight": 1}]}
    ),
    "insufficient_balance": lambda r: r.poor().deploy(),
    "missing_field": lambda r: r.post(r.v2.endpoints, json={}),
    "invalid_type": lambda r: r.post(r.v2.endpoints, json={"name": 5}),
    "invalid_value": lambda r: r.post(r.v2.endpoints, json={"name": "x", "visibility": "y"}),
    "out_of_range": lambda r: r.get(r.v2.endpoints, params={"limit": -1}),
    "unknown_path": lambda r: r.get("/v2/nope"),
    "method_not_allowed": lambda r: r.put(r.e, json={}),
    "broken_json": lambda r: r.post(r.v2.endpoints, content=b"{", headers=JSON),
    "unsupported_media_type": lambda r: r.post(
        r.v2.endpoints, content=b"{}", headers={"content-type": "text/plain"}
    ),
    "body_too_large": lambda r: r.post(
        r.v2.endpoints, content=b" " * (16 * 1024 * 1024 + 1), headers=JSON
    ),
    "unauthorized_management": lambda r: r.get(r.v2.endpoints, headers={"Authorization": ""}),
}
# Where the catalogue has no name of an RPC status: the one that is sent.
CODES = {
    "insufficient_balance": "FAILED_PRECONDITION",
    "missing_field": "INVALID_ARGUMENT",
    "invalid_type": "INVALID_ARGUMENT",
    "invalid_value": "INVALID_ARGUMENT",
    "out_of_range": "INVALID_ARGUMENT",
    "unknown_path": "NOT_FOUND",
    "method_not_allowed": "UNIMPLEMENTED",
    "broken_json": "INVALID_ARGUMENT",
    "unsupported_media_type": "INVALID_ARGUMENT",
    "body_too_large": "INVALID_ARGUMENT",
    "unauthorized_management": "UNAUTHENTICATED",
}


# Before which something else has to happen.
PREPARED = {
    "v2_restart_failed",
    "v2_restart_stopping",
    "v2_delete_running",
    "v2_quota",
    "insufficient_balance",
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_two_forms(server, rpc, case):
    """The envelope with the name of the RPC status, or RPC's own, which says the same."""
    told = []
    for running in (server, rpc):
        there = Refusals(running.root)
        before = there.get("/_mock/state").json()
        answer = REFUSALS[case](there)
        assert answer.headers["content-type"] == "application/json"
        told.append((answer, there))
        if case not in PREPARED:
            after = there.get("/_mock/state").json()
            assert {**after, "billing": 0} == {**before, "billing": 0}
        there.http.close()
    (enveloped, first), (bare, second) = told
    error = refused(enveloped, case, CODES.get(case))
    assert bare.status_code == enveloped.status_code
    body = bare.json()
    assert body.keys() == {"code", "message", "details"}
    assert body["code"] == errors.NUMBERS[error["code"]]
    assert _anonymous(body["message"], second) == _anonymous(error["message"], first)
    (detail,) = body["details"]
    assert detail["detail"] == body["message"]
    assert detail["@type"].startswith("type.googleapis.com/")


def _anonymous(text, there):
    """A message without what differs from project to project."""
    text = text.replace(there.v2.project, "P").replace(there.v2.slug, "S")
    return re.sub(r"(ep|dep)_\w{22}", "ID", text)


def test_every_refusal_of_v2_is_tried():
    """But for those of models, of uploads and of adapters, which have tests of their own."""
    from support import _errors

    cases = {case for case in _errors if case.startswith("v2_")}
    elsewhere = {"v2_no_revisions", "v2_model_in_use"}
    rest = {case for case in cases - REFUSALS.keys() - elsewhere if "model" not in case}
    assert {case for case in rest if not _is_of_files(case)} == set()


def _is_of_files(case):
    words = ("upload", "part", "file", "remote", "weights", "adapter", "lora")
    return any(word in case for word in words)


@pytest.mark.parametrize(
    ("status", "number"), [(500, 13), (503, 14), (504, 4), (524, 13), (408, 3), (429, 8)]
)
def test_every_status_has_a_number(rpc, monkeypatch, status, number):
    """Also those that no case of v2 has so far."""
    body = {"error": {"message": "m", "type": "t", "param": None, "code": None}}
    monkeypatch.setattr(errors, "body_of", lambda *_: (status, body))
    answered, encoded = errors.render(rpc.world, MockError("server_error"))
    assert (answered, json.loads(encoded)["code"]) == (status, number)


def test_only_v2_speaks_rpc(rpc):
    """v1, inference and the control plane keep their envelope."""
    api = rpc.api()
    refused(api.get("/v1/endpoints/nobody"), "unknown_endpoint")
    refused(api.chat("nobody"), "unknown_model_chat")
    refused(api.put("/_mock/preset", json={"preset": "x"}), "unknown_preset")
    refused(api.get("/v1/nope"), "unknown_path")
    refused(api.get("/v2nope"), "unknown_path")


# Paths and methods -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/v2/",
        "/v2/nope",
        "/v2/projects",
        "/v2/projects/{p}",
        "/v2/projects/{p}/nope",
        "/v2/projects/{p}/endpoints/",
        "/v2/projects/{p}/endpoints/ep_1/nope",
        "/v2/projects/{p}/endpoints/ep_1/deployments/",
        "/v2/projects/{p}/endpoints/ep_1/deployments/dep_1/nope",
        "/v2/organizations",
        "/v2/v2/projects/{p}/endpoints",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_unknown_paths(v2, method, path):
    """404 in v2's envelope, naming method and path."""
    path = path.format(p=v2.project)
    error = refused(v2.request(method, path), "unknown_path", "NOT_FOUND")
    assert error["message"] == f"Unknown path {method} {path}"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v2/projects/p/endpoints", "GET, POST"),
        ("DELETE", "/v2/projects/p/endpoints", "GET, POST"),
        ("POST", "/v2/projects/p/endpoints/e", "DELETE, GET, PATCH"),
        ("PATCH", "/v2/projects/p/endpoints/e/deployments", "GET, POST"),
        ("PUT", "/v2/projects/p/endpoints/e/deployments/d", "DELETE, GET, PATCH"),
        ("POST", "/v2/organizations/o/endpoints", "GET"),
        ("DELETE", "/v2/public/endpoints", "GET"),
    ],
)
def test_wrong_methods(v2, method, path, allowed):
    """405 in v2's envelope, with all that is allowed."""
    answer = v2.request(method, path)
    refused(answer, "method_not_allowed", "UNIMPLEMENTED")
    assert answer.headers["allow"] == allowed


WRITES = [
    ("POST", "{endpoints}"),
    ("PATCH", "{endpoint}"),
    ("POST", "{endpoint}/deployments"),
    ("PATCH", "{deployment}"),
]
BROKEN = {
    "cut short": b'{"name": "x"',
    "a comma too many": b'{"name": "x",}',
    "not UTF-8": b'{"name": "\xff"}',
    "too deep": b"[" * 10_000 + b"]" * 10_000,
    "NaN": b'{"weight": NaN}',
    "two values": b"{} {}",
}


@pytest.fixture
def paths(v2):
    endpoint, deployment = v2.served()
    return {"endpoints": v2.endpoints, "endpoint": v2.at(endpoint), "deployment": v2.at(deployment)}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_broken_json(v2, paths, method, path, content):
    """400 in v2's envelope, and nothing is changed."""
    before = v2.state()
    answer = v2.request(method, path.format(**paths), content=content, headers=JSON)
    refused(answer, "broken_json", "INVALID_ARGUMENT")
    assert v2.state() == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "x"])
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_wrong_media_types(v2, paths, method, path, kind):
    """415 in v2's envelope."""
    headers = {"content-type": kind}
    answer = v2.request(method, path.format(**paths), content=b"{}", headers=headers)
    assert kind in refused(answer, "unsupported_media_type", "INVALID_ARGUMENT")["message"]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"5", b"true"])
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_what_is_no_object(v2, paths, method, path, body):
    """400, of a write that needs one; nothing is changed."""
    before = v2.state()
    answer = v2.request(method, path.format(**paths), content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "INVALID_ARGUMENT"
    assert v2.state() == before


WEIRD = ["\x00", "\ud7ff", "🦙", "'; DROP TABLE endpoint; --", "%00", "a" * 5000, "../..", "*"]


@pytest.mark.parametrize("text", WEIRD)
def test_weird_texts_are_refused_or_taken_as_they_are(v2, paths, text):
    """Wherever one can be sent: never an error of ours, and never anybody else's endpoint."""
    tries = [
        v2.post(v2.endpoints, json={"name": text}),
        v2.patch(paths["endpoint"], json={"name": text}),
        v2.patch(paths["endpoint"], json={"name": "first", "etag": text}),
        v2.patch(paths["deployment"], json={"name": text}),
        v2.patch(paths["endpoint"], params={"updateMask": text}, json={}),
        v2.delete(paths["endpoint"], params={"etag": text}),
        v2.get(v2.endpoints, params={"filter": text}),
        v2.get(v2.endpoints, params={"filter": f"name={json.dumps(text)}"}),
        v2.get(v2.endpoints, params={"orderBy": text}),
        v2.get(v2.endpoints, params={"after": text}),
        v2.get(f"{paths['endpoint']}/deployments", params={"filter": f"state={text}"}),
        v2.post(f"{paths['endpoint']}/deployments", json=v2.asked(model=text)),
        v2.post(f"{paths['endpoint']}/deployments", json=v2.asked(config=text)),
        v2.post(f"{paths['endpoint']}/deployments", json=v2.asked(placement={"profile": text})),
        v2.chat(text),
        v2.chat(f"{v2.slug}/{text}"),
        v2.chat(f"{v2.slug}/first/{text}"),
        v2.chat(f"{v2.slug}/first", prompt_cache_key=text, user=text),
    ]
    assert [answer.status_code for answer in tries if answer.status_code >= 500] == []
    (left,) = v2.got(v2.endpoints)["data"]
    assert left["name"] == f"{v2.slug}/first"


# Faces -----------------------------------------------------------------------------------


def test_a_server_of_v1_has_no_v2(start_server):
    """Neither under its own path nor under the one of the beta."""
    api = start_server(api="v1").api()
    project = api.get("/_mock/project").json()["id"]
    for path in (
        f"/v2/projects/{project}/endpoints",
        "/v2/supported-models",
        "/v2/public/endpoints",
        f"/v1/projects/{project}/endpoints",
        "/v1/supported-models",
    ):
        # Not one of the contract's answers, since the contract has the path.
        answer = httpx.get(f"{api.root}{path}", headers=api.http.headers)
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == f"Unknown path GET {path}"
    assert api.create()["state"] == "PENDING"


def test_a_server_of_v2_has_no_v1_endpoints(start_server):
    """But inference, whoami and the control plane."""
    api = start_server(api="v2").api()
    gone = [("GET", "/v1/endpoints"), ("POST", "/v1/endpoints"), ("GET", "/v1/models")]
    for method, path in gone:
        url = f"{api.root}{path}"
        assert httpx.request(method, url, headers=api.http.headers, json={}).status_code == 404
    v2 = V2(api)
    endpoint, _ = v2.served()
    assert v2.chat(endpoint["name"]).status_code == 200
    assert api.get("/v1/whoami").json()["project_id"] == v2.project
    assert api.get("/v3/whoami").json()["project"]["id"] == v2.project


def test_where_v1_is_retired_v2_works(start_server):
    """v1's endpoints are neither created nor restarted, by whatever door; v2's are."""
    api = start_server(api="v1-retired").api()
    v2 = V2(api)
    answer = api.post("/v1/endpoints", json={"model": MIXTRAL, "hardware": H100X2})
    assert refused(answer, "v1_retired")["code"] == "endpoints_v1_create_access_disabled"
    old = api.put_endpoint("STOPPED")
    refused(api.patch(f"/v1/endpoints/{old}", json={"state": "STARTED"}), "v1_retired")
    [stopped] = api.get(f"{v2.endpoints}/{old}/deployments").json()["data"]
    body = {"autoscaling": {"minReplicas": 1, "maxReplicas": 2}}
    refused(api.patch(v2.at(stopped), json=body), "v1_retired", code="PERMISSION_DENIED")
    endpoint, deployment = v2.served()
    at = f"/v1/endpoints/{endpoint['id']}"
    assert api.get(at).json()["state"] == "STARTED"
    assert api.patch(at, json={"state": "STOPPED"}).json()["state"] == "STOPPING"
    v2.run_until(deployment["id"], "STOPPED")
    assert api.patch(at, json={"state": "STARTED"}).json()["state"] == "PENDING"
    v2.run_until(deployment["id"], "STARTED")
    assert v2.chat(endpoint["name"]).status_code == 200


@pytest.mark.parametrize("rest", ["", "/{id}", "/{id}/deployments"])
def test_the_paths_of_the_beta_are_v2s(v2, rest):
    """A base URL that ends in /v1 and leaves /v2 out: the same answers, envelopes included."""
    endpoint = v2.create()
    rest = rest.format(id=endpoint["id"])
    beta = f"/v1/projects/{v2.project}/endpoints{rest}"
    assert v2.got(beta) == v2.got(f"{v2.endpoints}{rest}")
    answer = v2.get(f"/v1/projects/{v2.project}/endpoints/ep_x{rest}")
    assert answer.json()["error"]["code"] == "NOT_FOUND"
    body = {"name": "first"}
    answer = v2.post(f"/v1/projects/{v2.project}/endpoints", json=body)
    refused(answer, "v2_name_exists")


@pytest.mark.parametrize("field", ["v2", "beta"])
def test_the_guard_speaks_v2_on_the_paths_of_the_beta(v2, field):
    """Broken JSON is refused in v2's envelope there too."""
    prefix = "/v1" if field == "beta" else "/v2"
    path = f"{prefix}/projects/{v2.project}/endpoints"
    refused(v2.post(path, content=b"{", headers=JSON), "broken_json", "INVALID_ARGUMENT")


# A lenient server ------------------------------------------------------------------------


def test_a_lenient_server_takes_what_generated_suites_send(lenient):
    """Words in the place of names, ids and cursors; what it creates can be run."""
    v2 = V2(lenient.api())
    endpoint = v2.got("/v2/projects/projectId/endpoints")["data"]
    assert endpoint == []
    made = v2.create("name")
    body = {
        "name": "name",
        "model": "model",
        "config": "config",
        "configId": "configId",
        "modelId": "modelId",
        "modelRevisionId": "modelRevisionId",
        "inactiveTimeout": 0,
        "maxConcurrentRequestsPerReplica": "maxConcurrentRequestsPerReplica",
        "placement": {
            "inline": {
                "compliancePolicy": {"hipaa": True},
                "constraint": "ENFORCEMENT_REQUIRED",
                "regions": ["string"],
            },
        },
        "autoscaling": {"minReplicas": 0, "maxReplicas": 5, "scaleDownWindow": "-0.5s"},
    }
    answer = v2.post(v2.at(made, "deployments"), json=body)
    assert answer.status_code == 200, answer.text
    deployment = answer.json()
    v2.split(made, {deployment["id"]: 1})
    v2.advance(by="1h")
    assert v2.now(deployment)["id"] == deployment["id"]
    refused(v2.get(f"{v2.endpoints}/id"), "v2_unknown_endpoint")
    assert v2.got(v2.endpoints, after="after", filter="filter", orderBy="orderBy")["data"]
    path = f"{v2.at(made)}/deployments/{deployment['id']}"
    answer = v2.patch(path, params={"updateMask": "updateMask"}, json={"etag": "etag"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "scaling",
    [
        {"minReplicas": 5, "maxReplicas": 2},
        {"minReplicas": 0, "maxReplicas": 2},
        {"scaleToZeroWindow": "-5s"},
        {"scaleUpWindow": "-5s", "scaleDownWindow": "-5s"},
        {
            "scaleUp": {
                "policies": [
                    {"type": "SCALING_POLICY_TYPE_PODS", "value": -3, "periodSeconds": -7},
                    {"type": "SCALING_POLICY_TYPE_PERCENT", "value": 0, "periodSeconds": 0},
                ]
            }
        },
        {
            "scalingMetrics": [
                {
                    "name": "inflight_requests",
                    "type": "METRIC_TARGET_TYPE_VALUE",
                    "target": target,
                    "percentile": "percentile",
                }
                for target in (0, -1)
            ]
        },
    ],
)
def test_a_lenient_server_survives_what_it_lets_through(lenient, scaling):
    """Under a load that goes up and down; the clock goes on, and the deployment can be stopped."""
    v2 = V2(lenient.api())
    endpoint = v2.create()
    made = v2.deploy(endpoint, autoscaling=scaling)
    v2.advance(by="1m")
    body = {"endpoint": made["id"], "curve": "spike:1:30:1m:5m"}
    assert v2.post("/_mock/load", json=body).status_code == 200
    v2.advance(by="1h")
    assert v2.now(made)["id"] == made["id"]
    v2.bounds(made, 0, 0)
    v2.advance(by="1m")
    assert v2.delete(v2.at(made)).status_code == 200
