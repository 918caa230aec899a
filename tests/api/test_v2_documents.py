"""Endpoints of v2 in the state document: what it refuses, and what it keeps as it is."""

import pytest
from support import MIXTRAL, V2, refused

QWEN = "Qwen/Qwen2.5-7B-Instruct-Turbo"


@pytest.fixture
def lenient(start_server):
    """A project of a lenient server."""
    return start_server(lenient=True).api()


def document(**deployment):
    """A document of one endpoint with one deployment."""
    entry = {"name": "main", "model": MIXTRAL, **deployment}
    return {"preset": "instant", "endpoints": [{"name": "one", "deployments": [entry]}]}


def with_splits(**splits):
    """A document of one endpoint with the deployments a and b, and its splits."""
    deployments = [{"name": name, "model": MIXTRAL} for name in "ab"]
    return {"endpoints": [{"name": "one", "deployments": deployments, **splits}]}


def at_fault(api, state):
    """The field for which a document is refused; nothing is changed."""
    before = api.state()
    answer = api.put_state(state)
    assert answer.status_code in (400, 404), answer.text
    assert api.state() == before
    return answer.json()["error"]["param"].removeprefix("endpoints.0.")


def same_elsewhere(server, api):
    """Put a project into another one, which is equal then; the other one."""
    other = server.api()
    answer = other.put_state(api.state())
    assert answer.status_code == 200, answer.text
    assert other.state() == api.state()
    return other


# What v2 would not take ----------------------------------------------------------------------


@pytest.mark.parametrize("target", [1e-300, 1e-310, 0.05, 1e7])
def test_a_target_out_of_bounds_is_refused(api, target):
    """It would leave a project that cannot be shown."""
    metrics = [{"name": "inflight_requests", "target": target}]
    state = document(autoscaling={"scaling_metrics": metrics})
    assert at_fault(api, state) == "deployments.0.autoscaling.scaling_metrics.0.target"


@pytest.mark.parametrize(
    ("scaling", "param"),
    [
        ({"min_replicas": 0, "max_replicas": 2}, "minReplicas"),
        ({"min_replicas": 3, "max_replicas": 2}, "minReplicas"),
        (
            {"scale_up": {"policies": [{"type": "pods", "value": 1, "period": 0}]}},
            "scaleUp.policies.0.periodSeconds",
        ),
        (
            {"scaling_metrics": [{"name": "ttft", "target": 1, "percentile": "p1"}]},
            "scalingMetrics.0.percentile",
        ),
    ],
)
def test_an_autoscaling_that_creation_refuses_is_refused(api, scaling, param):
    """By the same rules, with the way to the deployment before the field."""
    state = document(autoscaling=scaling)
    assert at_fault(api, state) == f"deployments.0.autoscaling.{param}"


@pytest.mark.parametrize("state", ["PENDING", "STARTING", "STARTED"])
def test_what_runs_has_replicas(api, state):
    """Bounds of 0 belong to what has stopped, or stops."""
    none = {"min_replicas": 0, "max_replicas": 0}
    fault = at_fault(api, document(state=state, autoscaling=none))
    assert fault == "deployments.0.autoscaling.minReplicas"
    assert api.put_state(document(state="STOPPED", autoscaling=none)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"placement": {"profile": "nope"}}, "placement.profile"),
        ({"placement": {"regions": ["nowhere"]}}, "placement.inline.regions.0"),
        ({"max_concurrent_requests_per_replica": "x"}, "max_concurrent_requests_per_replica"),
        ({"model": "no/such-model"}, "model"),
        ({"model_id": "ml_none", "model": None}, "model_id"),
        ({"config": "cr_none"}, "config"),
    ],
)
def test_what_creation_refuses_is_refused(api, fields, param):
    """A place, a count, a model and a config that there is none of."""
    assert at_fault(api, document(**fields)) == f"deployments.0.{param}"


def test_a_config_is_one_of_its_model(api):
    """Another model's does not serve it."""
    v2 = V2(api)
    config = v2.profiles(QWEN)[0]["config"].rpartition("/")[2]
    assert at_fault(api, document(config=config)) == "deployments.0.config"


def test_a_lenient_server_takes_what_creation_would_there(lenient):
    """Unknown models and configs have stand-ins, and bounds are put right."""
    strange = {"model": "no/such-model", "config": "cr_none", "placement": {"profile": "nope"}}
    state = document(**strange, autoscaling={"min_replicas": 0, "max_replicas": 2})
    assert lenient.put_state(state).status_code == 200
    shown = lenient.state()
    assert shown["endpoints"][0]["deployments"][0]["autoscaling"]["min_replicas"] == 1
    assert lenient.put_state(shown).status_code == 200
    assert lenient.state() == shown


def test_an_id_of_a_deployment_stands_once_in_a_document(api):
    """Under whichever endpoint: clocks and faults know deployments by their ids alone."""
    entry = {"id": "dep_1", "model": MIXTRAL}
    endpoints = [{"name": name, "deployments": [entry]} for name in ("one", "two")]
    answer = api.put_state({"endpoints": endpoints})
    assert refused(answer, "invalid_value")["param"] == "endpoints.1.deployments.0.id"


# Splits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("splits", "param"),
    [
        ({"traffic_schedule": []}, "traffic_schedule"),
        ({"traffic_split": [{"deployment": "c"}]}, "traffic_split.0.deployment"),
        (
            {"traffic_split": [{"deployment": "a"}, {"deployment": "a"}]},
            "traffic_split.1.deployment",
        ),
        (
            {"traffic_schedule": [{"at": "2026-01-01T00:00:00Z", "split": [{"deployment": "c"}]}]},
            "traffic_schedule.0.split.0.deployment",
        ),
    ],
)
def test_a_split_is_of_deployments_of_its_endpoint(api, splits, param):
    """Each of them once, in every split; and a schedule has a split at least."""
    assert at_fault(api, with_splits(**splits)) == param


def test_a_schedule_is_kept_though_a_deployment_of_it_is_gone(server, v2):
    """What is no longer there takes no traffic; the rest of the split does until its end."""
    v2.preset("instant")
    endpoint = v2.create()
    gone, stays = v2.deploy(endpoint, "gone"), v2.deploy(endpoint, "stays")
    v2.split(endpoint, {gone["id"]: 1, stays["id"]: 1})
    v2.put("/_mock/routing", json={"propagation": "10m"})
    v2.split(endpoint, {stays["id"]: 1})
    v2.bounds(gone, 0, 0)
    v2.advance(by="1m")
    assert v2.delete(v2.at(gone)).status_code == 200
    same_elsewhere(server, v2.api)


# Models --------------------------------------------------------------------------------------


def of_own_model(v2):
    """A model of one's own, and its deployment."""
    base = v2.got("/v2/supported-models", search=MIXTRAL)["data"][0]["baseModelId"]
    made = {"name": "mine", "type": "model", "baseModelId": base}
    model = v2.post(f"{v2.root}/models", json=made).json()
    imported = {"modelId": model["id"], "remoteUrl": "org/repo"}
    v2.post(f"{v2.root}/models/uploads", json=imported)
    v2.advance(by="1d")
    name = f"projects/{v2.project}/models/{model['id']}"
    return model, v2.deploy(v2.create(), model=name)


def test_a_deployment_of_ones_own_model_belongs_to_the_project_it_is_put_into(server, v2):
    """The model's name is that of the other project; the document is the same."""
    _, made = of_own_model(v2)
    other = V2(same_elsewhere(server, v2.api))
    shown = other.got(f"{other.endpoints}/{made['endpointId']}/deployments")["data"][0]
    assert shown["model"] == made["model"].replace(v2.project, other.project)


def test_a_stopped_deployment_outlives_its_model(server, v2):
    """Its ids stay what they were, wherever it is put."""
    model, made = of_own_model(v2)
    v2.bounds(made, 0, 0)
    v2.advance(by="1d")
    assert v2.delete(f"{v2.root}/models/{model['id']}").status_code == 200
    other = V2(same_elsewhere(server, v2.api))
    shown = other.got(f"{other.endpoints}/{made['endpointId']}/deployments")["data"][0]
    assert shown["model"] == made["model"].replace(v2.project, other.project)


def test_a_reset_of_models_leaves_deployments_as_they_are(server, v2):
    """Also in the document that follows."""
    _, made = of_own_model(v2)
    before = v2.now(made)
    assert v2.post("/_mock/reset", json={"only": ["models"]}).status_code == 200
    assert v2.now(made) == before
    other = V2(same_elsewhere(server, v2.api))
    shown = other.got(f"{other.endpoints}/{made['endpointId']}/deployments")["data"][0]
    assert shown["model"] == made["model"].replace(v2.project, other.project)


# Names ---------------------------------------------------------------------------------------


@pytest.fixture
def moved(server, v2):
    """A project into which another one was put: its endpoint has the other's slug."""
    v2.create("one")
    return V2(same_elsewhere(server, v2.api)), v2.slug


@pytest.mark.parametrize(
    "text", ['name = "one"', 'name = "{}/one"', 'name : "ne"', 'name = "o*"', 'name = "{}/*"']
)
def test_a_filter_finds_names_with_the_slug_they_came_with(moved, text):
    """By what follows the slug, or by the whole name."""
    v2, slug = moved
    v2.create("two")
    found = v2.got(v2.endpoints, filter=text.format(slug))["data"]
    assert [row["name"] for row in found] == [f"{slug}/one"]
    other = v2.got(v2.endpoints, filter=f"NOT {text.format(slug)}")["data"]
    assert [row["name"] for row in other] == [f"{v2.slug}/two"]


def test_a_name_that_came_with_another_slug_is_taken(moved):
    """A filter could not tell the two apart."""
    v2, slug = moved
    refused(v2.post(v2.endpoints, json={"name": "one"}), "v2_name_exists")
    two = v2.create("two")
    refused(v2.patch(v2.at(two), json={"name": "one"}), "v2_name_exists")
    (one,) = v2.got(v2.endpoints, filter='name = "one"')["data"]
    assert v2.change(one, name=f"{slug}/one")["name"] == f"{slug}/one"
    assert v2.change(one, name="one")["name"] == f"{v2.slug}/one"


def test_a_filter_goes_by_the_slug_that_a_project_has_now(v2):
    """The slug may change with the document."""
    v2.create("two")
    new = f"{v2.slug}-new"
    assert v2.put_state({**v2.state(), "project": {"slug": new}}).status_code == 200
    assert len(v2.got(v2.endpoints, filter='name = "two"')["data"]) == 1


# Ids -----------------------------------------------------------------------------------------


def test_the_same_calls_give_events_the_same_ids_in_any_project(server):
    """Whatever happens in others meanwhile."""

    def told(v2):
        v2.put_state({"seed": "same", "preset": "instant"})
        endpoint = v2.create()
        for name in ("one", "two"):
            v2.bounds(v2.deploy(endpoint, name), 2, 2)
            v2.advance(by="1m")
        rows = v2.got(v2.at(endpoint, "events"))["data"]
        return [(row["id"], row.get("replicaId")) for row in rows]

    first, second = told(V2(server.api())), told(V2(server.api()))
    assert first == second
    assert len({id_ for id_, _ in first}) == len(first) > 10


def test_what_was_put_into_the_queue_without_replicas_is_kept(server, v2):
    """The control plane may do so; the document tells how far it is."""
    stopped = {"minReplicas": 0, "maxReplicas": 0}
    made = v2.deploy(v2.create(), autoscaling=stopped)
    moved = v2.post(f"/_mock/endpoints/{made['id']}/transition", json={"to": "PENDING"})
    assert moved.status_code == 200
    same_elsewhere(server, v2.api)
