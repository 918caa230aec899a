"""v2's adapters of deployments, and that v1's adapters of endpoints are the same ones."""

import pytest
from support import START, V2, refused

# No serverless model answers by an adapter for it.
BASE = "google/gemma-3-27b-it"
HARDWARE = "1x_nvidia_h100_80gb_sxm"
NAMES = ("one", "two", "three")
ANOTHER_BASE = "Qwen/Qwen2.5-7B-Instruct-Turbo"
CAPACITY = 16


def model(name, **fields):
    """An adapter for the base as a state document has it, with two revisions."""
    revisions = [
        {"id": f"rv_{name}_1", "created_at": "2025-12-01T00:00:00Z"},
        {"id": f"rv_{name}_2", "created_at": "2025-12-02T00:00:00Z"},
    ]
    made = {"id": f"o/{name}", "model_id": f"ml_{name}", "kind": "adapter", "base_model": BASE}
    return {**made, "revisions": revisions, **fields}


def deployment(name, state="STARTED", **fields):
    """A deployment of the base as a state document has it."""
    return {"id": f"dep_{name}", "name": name, "model": BASE, "state": state, **fields}


def put(v2, *deployments, models=None, **fields):
    """Replace the project by the models and an endpoint that sends everything to each alike."""
    endpoint = {
        "generation": "v2",
        "id": "ep_mine",
        "name": "o/mine",
        "deployments": deployments,
        "traffic_split": [{"deployment": made["id"]} for made in deployments],
        **fields,
    }
    given = [model(name) for name in NAMES] if models is None else models
    document = {
        "clock": {"now": START, "rate": 0},
        "models": given,
        "endpoints": [endpoint],
    }
    answer = v2.put_state(document)
    assert answer.status_code == 200, answer.text
    return answer.json()


def adapters(v2, name="a", endpoint="ep_mine"):
    """The path of a deployment's adapters."""
    return f"{v2.endpoints}/{endpoint}/deployments/dep_{name}/adapters"


def attached(v2, name, to="a", **fields):
    """Attach an adapter; what is answered."""
    answer = v2.post(adapters(v2, to), json={"adapterModelId": f"ml_{name}", **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(v2, to="a"):
    """The models of a deployment's adapters, in the order of the list."""
    return [shown["adapterModelId"] for shown in v2.got(adapters(v2, to))["data"]]


def one(v2, shown, to="a"):
    """The path of an adapter."""
    return f"{adapters(v2, to)}/{shown['id']}"


def bind(v2, name, endpoint="ep_mine", method="POST"):
    """Bind an adapter to an endpoint as v1 does, or unbind it."""
    owner = v2.get(f"/v1/endpoints/{endpoint}").json()["name"]
    body = {"model_id": f"{owner}:o/{name}"}
    return v2.request(method, f"/v1/endpoints/{endpoint}/adapters", json=body)


def bound(v2, endpoint="ep_mine"):
    """The names of an endpoint's adapters as v1 lists them."""
    found = v2.got(f"/v1/endpoints/{endpoint}/adapters")["data"]
    return [row["adapter_name"] for row in found]


# --- one engine, two generations


@pytest.fixture
def by_v1(v2):
    """An endpoint of v1's that serves the base, in a project with adapters; its deployment."""
    entry = {"id": "endpoint-1", "model": BASE, "hardware": HARDWARE, "state": "STARTED"}
    models = [model(name) for name in NAMES]
    document = {"clock": {"now": START}, "models": models, "endpoints": [entry]}
    assert v2.put_state(document).status_code == 200
    [shown] = v2.got(f"{v2.endpoints}/endpoint-1/deployments")["data"]
    return shown


def test_what_v1_binds_is_listed_in_v2_until_it_is_unbound(v2, by_v1):
    """In the shape of the types, pinned to the newest revision; the endpoint was stopped never."""
    path = v2.at(by_v1, "adapters")
    assert v2.got(path) == {"object": "list", "data": [], "next_cursor": None}
    assert bind(v2, "one", "endpoint-1").status_code == 200
    [shown] = v2.got(path)["data"]
    resource = f"projects/{v2.project}/models/ml_one"
    assert shown == {
        "id": shown["id"],
        "adapterModelId": "ml_one",
        "adapterModel": resource,
        "desiredRevisionId": "rv_one_2",
        "desiredRevision": f"{resource}/revisions/rv_one_2",
        "etag": shown["etag"],
        "perCluster": [
            {
                "adapterModelId": "ml_one",
                "adapterModel": resource,
                "clusterId": shown["perCluster"][0]["clusterId"],
                "state": "ADAPTER_LOAD_STATE_READY",
                "readyPodCount": 1,
                "failedPodCount": 0,
                "totalPodCount": 1,
                "loadedAt": "2026-01-01T00:00:00.000Z",
                "updatedAt": "2026-01-01T00:00:00.000Z",
                "realizedRevisionId": "rv_one_2",
                "realizedRevision": f"{resource}/revisions/rv_one_2",
                "realizedEtag": shown["etag"],
            }
        ],
    }
    assert shown["id"].startswith("dad_")
    assert v2.got(f"{path}/{shown['id']}") == shown
    assert bind(v2, "one", "endpoint-1", "DELETE").status_code == 200
    assert v2.got(path)["data"] == []
    assert refused(v2.get(f"{path}/{shown['id']}"), "v2_unknown_item")["param"] == "id"


def test_what_v2_attaches_is_bound_in_v1_until_it_is_detached(v2, by_v1):
    """Listed, asked for by both of its names, and unbound by either generation."""
    path = v2.at(by_v1, "adapters")
    shown = v2.post(path, json={"adapterModelId": "ml_one"}).json()
    owner = v2.endpoint("endpoint-1")["name"]
    assert bound(v2, "endpoint-1") == ["o/one"]
    refused(bind(v2, "one", "endpoint-1"), "adapter_bound")
    for name in ("o/one", f"{owner}:o/one"):
        assert v2.chat(name).json()["model"] == name
    gone = v2.delete(f"{path}/{shown['id']}", params={"etag": shown["etag"]})
    assert (gone.status_code, gone.json()) == (200, {})
    assert bound(v2, "endpoint-1") == []
    refused(v2.chat("o/one"), "non_serverless_model")
    refused(v2.chat(f"{owner}:o/one"), "unknown_model_chat")
    refused(bind(v2, "one", "endpoint-1", "DELETE"), "adapter_not_bound")
    assert v2.post(path, json={"adapterModelId": "ml_two"}).status_code == 200
    assert bind(v2, "two", "endpoint-1", "DELETE").status_code == 200
    assert v2.got(path)["data"] == []


def test_v1_binds_to_every_deployment_of_an_endpoint_that_takes_it(v2):
    """Those of another model, and those that load none, are left out."""
    mine = deployment("a", hardware=HARDWARE)
    others = [
        deployment("b"),
        deployment("c", model=ANOTHER_BASE),
        deployment("d", enable_lora=False),
    ]
    put(v2, mine, *others, generation="v1")
    assert bind(v2, "one").status_code == 200
    assert [listed(v2, name) for name in "abc"] == [["ml_one"], ["ml_one"], []]
    assert bound(v2) == ["o/one"]
    assert bind(v2, "one", method="DELETE").status_code == 200
    assert [listed(v2, name) for name in "abc"] == [[], [], []]


def test_v1_knows_no_adapters_of_an_endpoint_that_it_does_not_show(v2):
    """One that v2 made and gave several deployments."""
    put(v2, deployment("a"), deployment("b"))
    path = "/v1/endpoints/ep_mine/adapters"
    refused(v2.get(path), "unknown_endpoint")
    for method in ("POST", "DELETE"):
        answer = v2.request(method, path, json={"model_id": "o/mine:o/one"})
        refused(answer, "unknown_endpoint")
    assert listed(v2, "a") == listed(v2, "b") == []


def test_adapters_outlive_the_server(start_server, tmp_path):
    """A restart shows what was bound and attached, and nothing of what was taken off."""
    database = str(tmp_path / "adapters.db")
    running = start_server(database=database)
    v2 = V2(running.api("restart"))
    put(v2, deployment("a"))
    bind(v2, "one")
    attached(v2, "two")
    bind(v2, "three")
    bind(v2, "three", method="DELETE")
    before = v2.got(adapters(v2))
    assert [shown["adapterModelId"] for shown in before["data"]] == ["ml_two", "ml_one"]
    running.stop()
    again = V2(start_server(database=database).api("restart"))
    assert again.got(adapters(again)) == before
    assert bound(again) == ["o/one", "o/two"]
    assert again.chat("o/one").status_code == again.chat("o/two").status_code == 200
    refused(again.chat("o/three"), "non_serverless_model")


# --- attaching and detaching


def test_a_list_is_newest_first_page_by_page(v2):
    """As v2's other lists are; a cursor of another list is refused."""
    put(v2, deployment("a"))
    for name in NAMES:
        attached(v2, name)
    first = v2.got(adapters(v2), limit=2)
    assert [shown["adapterModelId"] for shown in first["data"]] == ["ml_three", "ml_two"]
    # What is detached meanwhile moves nothing that is still to come.
    shown = first["data"][0]
    v2.delete(one(v2, shown), params={"etag": shown["etag"]})
    second = v2.got(adapters(v2), limit=2, after=first["next_cursor"])
    assert [shown["adapterModelId"] for shown in second["data"]] == ["ml_one"]
    assert second["next_cursor"] is None
    for cursor in ("nonsense", v2.got("/v2/public/endpoints", limit=1)["next_cursor"]):
        refused(v2.get(adapters(v2), params={"after": cursor}), "v2_bad_cursor")


def test_a_revision_is_pinned_and_changed_by_etag(v2):
    """The newest one unless another is named; every change has a new etag."""
    put(v2, deployment("a"))
    shown = attached(v2, "one", adapterRevisionId="rv_one_1")
    assert shown["desiredRevisionId"] == "rv_one_1"
    v2.advance(by="1m")
    body = {"adapterRevisionId": "rv_one_2", "etag": shown["etag"]}
    changed = v2.patch(one(v2, shown), json=body).json()
    assert (changed["id"], changed["desiredRevisionId"]) == (shown["id"], "rv_one_2")
    assert changed["etag"] != shown["etag"]
    assert changed == v2.got(one(v2, shown))
    [report] = changed["perCluster"]
    assert report["realizedRevisionId"] == "rv_one_2"
    assert (report["loadedAt"], report["updatedAt"]) == (
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:01:00.000Z",
    )
    refused(v2.patch(one(v2, shown), json=body), "v2_stale_etag")
    refused(v2.delete(one(v2, shown), params={"etag": shown["etag"]}), "v2_stale_etag")
    refused(v2.delete(one(v2, shown), params={"etag": ""}), "v2_stale_etag")
    other = {"adapterRevisionId": "rv_two_1", "etag": changed["etag"]}
    error = refused(v2.patch(one(v2, shown), json=other), "v2_unknown_item")
    assert error["param"] == "adapterRevisionId"
    assert v2.got(one(v2, shown)) == changed


def test_an_id_never_leads_to_a_replacement(v2):
    """Attached again it has another one; the model's id, as in the specification, leads to it."""
    put(v2, deployment("a"))
    first = attached(v2, "one")
    assert v2.delete(one(v2, first), params={"etag": first["etag"]}).status_code == 200
    second = attached(v2, "one")
    assert second["id"] != first["id"]
    refused(v2.get(one(v2, first)), "v2_unknown_item")
    refused(v2.delete(one(v2, first), params={"etag": second["etag"]}), "v2_unknown_item")
    by_model = f"{adapters(v2)}/ml_one"
    assert v2.got(by_model) == second
    assert v2.delete(by_model, params={"etag": second["etag"]}).status_code == 200
    assert listed(v2) == []


def test_a_model_that_is_said_to_be_the_adapters_has_to_be(v2):
    """The check that together 2.42.0 can ask for, in the query or in the body."""
    put(v2, deployment("a"))
    shown = attached(v2, "one")
    path, etag = one(v2, shown), {"etag": shown["etag"]}
    revised = {"adapterRevisionId": "rv_one_1", **etag}
    wrong = {"adapterModelId": "ml_two"}
    for answer in (
        v2.get(path, params=wrong),
        v2.patch(path, json={**revised, **wrong}),
        v2.delete(path, params={**etag, **wrong}),
    ):
        assert refused(answer, "v2_bad_value")["param"] == "adapterModelId"
    right = {"adapterModelId": "ml_one"}
    assert v2.got(path, **right) == shown
    changed = v2.patch(path, json={**revised, **right}).json()
    gone = v2.delete(path, params={"etag": changed["etag"], **right})
    assert gone.status_code == 200, gone.text


def test_what_cannot_be_attached_is_refused(v2):
    """With the field at fault, and nothing is attached."""
    models = [
        model("one"),
        model("empty", revisions=[]),
        model("whole", kind="model"),
        model("strange", base_model=ANOTHER_BASE),
    ]
    put(v2, deployment("a"), models=models)
    platform = v2.got("/v2/supported-models", search=BASE)["data"][0]["baseModelId"]
    cases = [
        ({"adapterModelId": "ml_nothing"}, "v2_unknown_model", "adapterModelId"),
        ({"adapterModelId": "ml_whole"}, "v2_no_adapter", "adapterModelId"),
        ({"adapterModelId": platform}, "v2_no_adapter", "adapterModelId"),
        ({"adapterModelId": "ml_empty"}, "v2_no_revisions", "adapterModelId"),
        ({"adapterModelId": "ml_strange"}, "v2_incompatible_adapter", "adapterModelId"),
        (
            {"adapterModelId": "ml_one", "adapterRevisionId": "rv_empty"},
            "v2_unknown_item",
            "adapterRevisionId",
        ),
    ]
    for body, case, param in cases:
        assert refused(v2.post(adapters(v2), json=body), case)["param"] == param
    assert v2.post(adapters(v2), json={}).json()["error"]["param"] == "adapterModelId"
    unknown = v2.post(adapters(v2), json={"adapterModelId": "ml_one", "colour": "red"})
    assert refused(unknown, "v2_unknown_field")["param"] == "colour"
    assert listed(v2) == []
    attached(v2, "one")
    error = refused(v2.post(adapters(v2), json={"adapterModelId": "ml_one"}), "v2_adapter_attached")
    assert error["param"] == "adapterModelId"
    assert listed(v2) == ["ml_one"]


def test_ids_of_the_path_lead_to_what_is_there(v2):
    """Another project's endpoint, another endpoint's deployment, another deployment's adapter."""
    put(v2, deployment("a"), deployment("b"))
    shown = attached(v2, "one")
    refused(v2.get(one(v2, shown, to="b")), "v2_unknown_item")
    missing = v2.get(adapters(v2, "nothing"))
    assert refused(missing, "v2_unknown_deployment")["param"] == "deploymentId"
    refused(v2.get(adapters(v2, endpoint="ep_nothing")), "v2_unknown_endpoint")


def test_a_deployment_that_loads_none_says_so(v2):
    """By its type, by its config, or because it was told to load none."""
    reason = deployment("a", model="deepseek-ai/DeepSeek-R1")
    put(v2, reason, deployment("b", enable_lora=False))
    for name in "ab":
        error = refused(v2.get(adapters(v2, name)), "v2_lora_not_enabled")
        assert error["param"] == "deploymentId"
        answer = v2.post(adapters(v2, name), json={"adapterModelId": "ml_one"})
        refused(answer, "v2_lora_not_enabled")
    put(v2, deployment("b", enable_lora=False))
    refused(bind(v2, "one"), "lora_not_enabled")


def test_at_capacity_the_oldest_adapter_makes_room_if_forced(v2):
    """Otherwise one more is refused, by either generation."""
    names = [f"m{number}" for number in range(CAPACITY + 1)]
    full = deployment("a", adapters=[f"o/{name}" for name in names[:-1]])
    put(v2, full, models=[model(name) for name in names])
    last = {"adapterModelId": f"ml_{names[-1]}"}
    assert v2.chat("o/m0").status_code == 200
    error = refused(v2.post(adapters(v2), json=last), "v2_adapter_capacity")
    assert error["param"] == "force"
    refused(bind(v2, names[-1]), "adapter_capacity")
    assert v2.post(adapters(v2), json={**last, "force": True}).status_code == 200
    assert listed(v2) == [f"ml_{name}" for name in reversed(names[1:])]
    assert bound(v2) == [f"o/{name}" for name in names[1:]]
    refused(v2.chat("o/m0"), "non_serverless_model")
    assert v2.chat(f"o/{names[-1]}").status_code == 200


# --- what replicas do with it


def test_replicas_load_adapters_as_they_become_ready(v2):
    """Nothing reports while none is placed; loading, ready, removing, and nothing again."""
    put(v2, deployment("a", state="STOPPED", autoscaling={"min_replicas": 0}))
    assert attached(v2, "one")["perCluster"] == []

    def reported():
        return v2.got(adapters(v2))["data"][0]["perCluster"]

    v2.bounds({"id": "dep_a", "endpointId": "ep_mine"}, 2, 2)
    v2.run_until("dep_a", "STARTING")
    [report] = reported()
    assert report["state"] == "ADAPTER_LOAD_STATE_LOADING"
    assert (report["readyPodCount"], report["totalPodCount"]) == (0, 2)
    assert not {"loadedAt", "realizedRevisionId", "realizedRevision", "realizedEtag"} & {*report}
    v2.run_until("dep_a", "STARTED")
    [report] = reported()
    assert report["state"] == "ADAPTER_LOAD_STATE_READY"
    assert (report["readyPodCount"], report["totalPodCount"]) == (2, 2)
    started = v2.got("/_mock/endpoints/dep_a/timeline")["history"][-1]["at"]
    assert report["loadedAt"] == report["updatedAt"] == started
    assert report["clusterId"] == v2.chat("o/mine").headers["x-cluster"]
    v2.bounds({"id": "dep_a", "endpointId": "ep_mine"}, 0, 0)
    [report] = reported()
    assert report["state"] == "ADAPTER_LOAD_STATE_REMOVING"
    v2.run_until("dep_a", "STOPPED")
    assert reported() == []


def cluster(v2, to="a"):
    """The cluster of a deployment, as one of its adapters reports it."""
    [shown] = v2.got(adapters(v2, to))["data"]
    return shown["perCluster"][0]["clusterId"]


def test_only_deployments_with_the_adapter_answer_by_it(v2):
    """Whatever the traffic split says of others; where none of them is ready, nothing answers."""
    put(v2, deployment("a"), deployment("b"))
    shown = attached(v2, "one", to="b")
    name = "o/mine:o/one"

    def asked(model):
        return {v2.chat(model, f"question {number}").headers["x-cluster"] for number in range(20)}

    assert len(asked("o/mine")) == 2
    assert asked(name) == asked("o/one") == {cluster(v2, "b")}
    # --- on both
    attached(v2, "one", to="a")
    assert asked(name) == asked("o/mine")
    # --- on the other one alone
    v2.delete(one(v2, shown, to="b"), params={"etag": shown["etag"]})
    assert asked(name) == {cluster(v2, "a")}
    # --- which is taken out of the split
    v2.split({"id": "ep_mine"}, {"dep_b": 1})
    refused(v2.chat(name), "routing_error")
    refused(v2.chat("o/one"), "routing_error")
    assert v2.chat("o/mine").status_code == 200
    v2.split({"id": "ep_mine"}, {"dep_a": 1, "dep_b": 1})
    assert asked(name) == {cluster(v2, "a")}


def test_a_deployment_takes_its_adapters_along(v2):
    """Once it is deleted nothing answers by them, but what else has them does."""
    put(v2, deployment("a"), deployment("b"))
    attached(v2, "one", to="a")
    attached(v2, "one", to="b")
    attached(v2, "two", to="b")
    assert v2.chat("o/one").status_code == v2.chat("o/two").status_code == 200
    v2.split({"id": "ep_mine"}, {"dep_a": 1})
    doomed = {"id": "dep_b", "endpointId": "ep_mine"}
    v2.bounds(doomed, 0, 0)
    assert v2.delete(v2.at(doomed)).status_code == 200
    assert bound(v2) == ["o/one"]
    assert v2.chat("o/one").status_code == 200
    refused(v2.chat("o/two"), "non_serverless_model")


def test_an_endpoint_answers_by_its_adapters_under_its_new_name(v2):
    """By the adapter's own name all along."""
    put(v2, deployment("a"))
    attached(v2, "one")
    assert v2.chat("o/one").status_code == v2.chat("o/mine:o/one").status_code == 200
    renamed = v2.change({"id": "ep_mine"}, name="theirs")["name"]
    assert v2.chat("o/one").status_code == v2.chat(f"{renamed}:o/one").status_code == 200
    refused(v2.chat("o/mine:o/one"), "unknown_model_chat")


def test_of_two_endpoints_the_one_that_is_left_answers(v2, by_v1):
    """An adapter's own name leads to where it was added last, as long as that is there."""
    second = v2.api.create(model=BASE, hardware=HARDWARE)
    v2.run_until(second["id"], "STARTED")
    bind(v2, "one", "endpoint-1")
    bind(v2, "one", second["id"])
    assert v2.chat("o/one").status_code == 200
    assert v2.delete(f"/v1/endpoints/{second['id']}").status_code == 204
    assert v2.chat("o/one").status_code == 200
    assert v2.delete("/v1/endpoints/endpoint-1").status_code == 204
    refused(v2.chat("o/one"), "non_serverless_model")


# --- state documents


def test_adapters_put_into_another_project_are_equal(server, v2):
    """With ids, revisions and etags, on each of several deployments."""
    put(v2, deployment("a"), deployment("b"))
    shown = attached(v2, "one", adapterRevisionId="rv_one_1")
    v2.advance(by="1s")
    body = {"adapterRevisionId": "rv_one_2", "etag": shown["etag"]}
    assert v2.patch(one(v2, shown), json=body).status_code == 200
    attached(v2, "two", to="b")
    document = v2.state()
    other = V2(server.api())
    assert other.put_state(document).json() == document
    for name in "ab":
        [mine], [theirs] = (
            v2.got(adapters(v2, name))["data"],
            other.got(adapters(other, name))["data"],
        )
        assert (theirs["id"], theirs["etag"]) == (mine["id"], mine["etag"])
        assert theirs["desiredRevisionId"] == mine["desiredRevisionId"]


@pytest.mark.parametrize(
    ("entries", "param"),
    [
        (["o/nothing"], "adapters.0"),
        (["o/whole"], "adapters.0"),
        (["o/one", "o/one"], "adapters.1"),
        ([{"model": "o/one", "id": "dad_1"}, {"model": "o/two", "id": "dad_1"}], "adapters.1.id"),
        (["o/empty"], "adapters.0.revision"),
        ([{"model": "o/one", "revision": "rv_nope"}], "adapters.0.revision"),
        ([{"model": "o/one", "name": "one"}], "adapters.0.name"),
        ([7], "adapters.0"),
    ],
)
def test_what_cannot_be_an_adapter_of_a_document_is_refused(v2, entries, param):
    """The field is named, and the project stays as it was."""
    before = put(v2, deployment("a", adapters=["o/one"]))
    whole, empty = model("whole", kind="model"), model("empty", revisions=[])
    models = [model("one"), model("two"), whole, empty]
    endpoint = {"generation": "v2", "deployments": [deployment("a", adapters=entries)]}
    answer = v2.put_state({"models": models, "endpoints": [endpoint]})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == f"endpoints.0.deployments.0.{param}"
    assert v2.state() == before


def test_a_reset_of_models_takes_the_adapters_off_that_it_removes(v2):
    """Those that the project started with stay where they are."""
    put(v2, deployment("a"))
    made = v2.post(
        f"{v2.root}/models",
        json={"name": "late", "type": "adapter", "baseModelId": _base(v2)},
    ).json()
    upload = {"modelId": made["id"], "remoteUrl": "https://huggingface.co/org/repo"}
    assert v2.post(f"{v2.root}/models/uploads", json=upload).status_code == 200
    v2.advance(by="1m")
    answer = v2.post(adapters(v2), json={"adapterModelId": made["id"]})
    assert answer.status_code == 200, answer.text
    assert v2.chat(made["name"]).status_code == 200
    assert v2.post("/_mock/reset", json={"only": ["models", "jobs"]}).status_code == 200
    assert listed(v2) == []
    refused(v2.chat(made["name"]), "unknown_model_chat")


def _base(v2):
    return v2.got("/v2/supported-models", search=BASE)["data"][0]["baseModelId"]
