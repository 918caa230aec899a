"""v1's endpoints in v2, and v2's in v1."""

import pytest
from support import H100X2, MIXTRAL, refused

# v1's endpoints in v2 --------------------------------------------------------------------


@pytest.fixture
def old(v2):
    """A v1 endpoint that serves, as v2 shows it."""
    made = v2.api.create(inactive_timeout=60)
    v2.run_until(made["id"], "STARTED")
    return v2.got(f"{v2.endpoints}/{made['id']}")


def test_a_v1_endpoint_has_one_deployment_that_takes_all(v2, old):
    """Under a name that v1 gave it, by its own id, on the instance type of its hardware."""
    v1 = v2.api.endpoint(old["id"])
    assert (old["id"], old["name"]) == (v1["id"], v1["name"])
    assert old["createdAt"] == v1["created_at"]
    (summary,) = old["deployments"]
    assert old["trafficSplit"] == [{"deploymentId": summary["id"], "weight": 1.0}]
    assert summary["estimatedEffectiveTrafficShare"] == 1.0
    assert summary["hardware"] == "2xnvidia-h100-80gb"
    assert summary["state"] == "DEPLOYMENT_STATE_READY"
    assert summary["name"] == f"{v1['name']}/default"
    path = f"{v2.at(old)}/deployments"
    (deployment,) = v2.got(path)["data"]
    assert v2.now(deployment) == deployment
    assert deployment["inactiveTimeout"] == 60
    assert deployment["model"].startswith(v2.profiles()[0]["model"])
    assert deployment["config"].rpartition("/")[2] == deployment["configId"]
    assert (
        v2.got(f"{v2.root}/configs/{deployment['configId']}")["referenceModelId"]
        == (deployment["modelId"])
    )
    assert v2.got(v2.endpoints)["data"] == [old]


def test_a_v1_endpoint_can_be_patched_in_v2(v2, old):
    """Visibility, and the name: its own again as it is, or another one."""
    changed = v2.change(old, visibility="VISIBILITY_INTERNAL")
    assert changed["etag"] != old["etag"]
    assert v2.change(old, name=old["name"])["name"] == old["name"]
    assert v2.change(old, name="short")["name"] == f"{v2.slug}/short"
    assert v2.api.endpoint(old["id"])["name"] == f"{v2.slug}/short"
    assert v2.chat(f"{v2.slug}/short").status_code == 200
    refused(v2.chat(old["name"]), "unknown_model_chat")


def test_a_deployment_of_v1_can_be_patched_in_v2(v2, old):
    """Bounds and timeout show in v1; with a mask as the command line sends it."""
    deployment = v2.got(f"{v2.at(old)}/deployments")["data"][0]
    changed = v2.change(
        deployment,
        "autoscaling,inactiveTimeout",
        autoscaling={"minReplicas": 2, "maxReplicas": 3},
        inactiveTimeout=90,
    )
    assert changed["desiredReplicas"] == 2
    shown = v2.api.endpoint(old["id"])
    assert shown["inactive_timeout"] == 90
    assert (shown["autoscaling"]["min_replicas"], shown["autoscaling"]["max_replicas"]) == (2, 3)


def test_v2_stops_and_starts_what_v1_made(v2, old):
    """By bounds of 0 and of more; v1 shows bounds that a start would give."""
    deployment = v2.got(f"{v2.at(old)}/deployments")["data"][0]
    v2.bounds(deployment, 0, 0)
    shown = v2.api.endpoint(old["id"])
    assert shown["state"] == "STOPPING"
    assert shown["autoscaling"]["min_replicas"] == shown["autoscaling"]["max_replicas"] == 1
    v2.run_until(old["id"], "STOPPED")
    v2.bounds(deployment, 1, 2)
    assert v2.api.endpoint(old["id"])["state"] == "PENDING"
    v2.run_until(old["id"], "STARTED")
    assert v2.chat(old["name"]).status_code == 200


def test_a_v1_endpoint_can_get_a_second_deployment(v2, old):
    """The first one goes on taking everything until the split says otherwise; v1 sees that one."""
    first = old["deployments"][0]
    second = v2.deploy(old, "second")
    v2.run_until(second["id"], "STARTED")
    shown = v2.now(old)
    assert shown["trafficSplit"] == old["trafficSplit"]
    assert [row["id"] for row in shown["deployments"]] == [second["id"], first["id"]]
    names = [old["name"], old["id"], f"{old['name']}/default", f"{old['name']}/second"]
    assert [v2.chat(name).status_code for name in names] == [200] * 4
    at = f"/v1/endpoints/{old['id']}"
    listed = v2.get("/v1/endpoints", params={"type": "dedicated"}).json()["data"]
    assert [row["id"] for row in listed].count(old["id"]) == 1
    assert v2.patch(at, json={"state": "STOPPED"}).json()["state"] == "STOPPING"
    v2.run_until(first["id"], "STOPPED")
    # What v1 made has stopped, whatever it is asked by; what v2 added has not.
    assert [v2.chat(name).status_code for name in names] == [503, 503, 503, 200]
    assert v2.delete(at).status_code == 204
    refused(v2.get(v2.at(old)), "v2_unknown_endpoint")
    assert [v2.chat(name).status_code for name in names] == [404] * 4
    assert v2.get("/_mock/billing").json()["running_cents_per_minute"] == "0"


def test_a_change_by_v1_is_a_change_for_v2(v2, old):
    """A tag that was read before v1 changed something is stale; other tags stay."""
    [first] = v2.got(f"{v2.at(old)}/deployments")["data"]
    at = f"/v1/endpoints/{old['id']}"
    v2.patch(at, json={"autoscaling": {"max_replicas": 2}})
    body = {"etag": first["etag"], "autoscaling": {"maxReplicas": 3}}
    refused(v2.patch(v2.at(first), json=body), "v2_stale_etag")
    assert v2.now(old)["etag"] == old["etag"]
    v2.patch(at, json={"display_name": "Mine"})
    assert v2.now(old)["etag"] != old["etag"]


def test_v1_starts_what_v2_stopped_with_bounds_of_its_own(v2):
    """Bounds of 0 are shown as 1 by v1, changed from there, and never left at 0 by a start."""
    endpoint, deployment = v2.served()
    at = f"/v1/endpoints/{endpoint['id']}"
    v2.bounds(deployment, 0, 0)
    v2.run_until(deployment["id"], "STOPPED")
    changed = v2.patch(at, json={"autoscaling": {"max_replicas": 3}}).json()["autoscaling"]
    assert (changed["min_replicas"], changed["max_replicas"]) == (1, 3)
    assert v2.patch(at, json={"state": "STARTED"}).status_code == 200
    v2.run_until(deployment["id"], "STARTED")
    assert v2.chat(endpoint["name"]).status_code == 200
    assert v2.now(deployment)["autoscaling"]["minReplicas"] == 1


def test_v1_does_not_restart_a_deployment_that_failed(v2):
    """What is terminal for v2 is so by whatever door."""
    endpoint, deployment = v2.served()
    v2.post(f"/_mock/endpoints/{deployment['id']}/transition", json={"to": "ERROR"})
    answer = v2.patch(f"/v1/endpoints/{endpoint['id']}", json={"state": "STARTED"})
    refused(answer, "v2_restart_failed")


def test_v1_sees_an_endpoint_again_when_one_deployment_is_left(v2, old):
    """Whichever it is: model, state and all are those of the one that is left."""
    first = v2.got(f"{v2.at(old)}/deployments")["data"][0]
    second = v2.deploy(old, "second", autoscaling={"minReplicas": 2})
    v2.split(old, {second["id"]: 5})
    v2.bounds(first, 0, 0)
    assert v2.delete(v2.at(first)).status_code == 200
    shown = v2.api.endpoint(old["id"])
    assert shown["state"] == "PENDING"
    assert shown["autoscaling"]["min_replicas"] == 2
    v2.run_until(old["id"], "STARTED")
    assert v2.chat(old["name"]).status_code == 200


def test_a_v1_endpoint_can_lose_its_split(v2, old):
    """Then it answers like one of v2's that was never configured."""
    assert v2.split(old, {})["trafficSplit"] == []
    refused(v2.chat(old["name"]), "endpoint_not_configured")
    refused(v2.chat(old["id"]), "endpoint_not_configured")
    assert v2.chat(f"{old['name']}/default").status_code == 200


def test_the_deployment_of_a_v1_endpoint_answers_by_name_as_long_as_it_runs(v2, old):
    """v1's stop, start and deletion reach that name as well."""
    name = f"{old['name']}/default"
    assert v2.chat(name).status_code == 200
    v2.patch(f"/v1/endpoints/{old['id']}", json={"state": "STOPPED"})
    refused(v2.chat(name), "endpoint_not_running")
    v2.run_until(old["id"], "STOPPED")
    v2.patch(f"/v1/endpoints/{old['id']}", json={"state": "STARTED"})
    v2.run_until(old["id"], "STARTED")
    assert v2.chat(name).status_code == 200
    assert v2.delete(f"/v1/endpoints/{old['id']}").status_code == 204
    refused(v2.chat(name), "unknown_model_chat")


def test_the_deployment_of_a_v1_endpoint_is_known_as_soon_as_it_is_there(v2):
    """Also where its name was asked for in vain before: renamed, it has one that is known."""
    name = f"{v2.slug}/short/default"
    refused(v2.chat(name), "unknown_model_chat")
    made = v2.api.create()
    v2.run_until(made["id"], "STARTED")
    v2.change({"id": made["id"]}, name="short")
    assert v2.chat(name).status_code == 200
    v2.change({"id": made["id"]}, name="other")
    refused(v2.chat(name), "unknown_model_chat")


def test_v1s_ids_answer_and_v2s_do_not(v2, old):
    """v1 takes the endpoint's id as a model; v2's ids are none."""
    assert v2.chat(old["id"]).status_code == 200
    endpoint, deployment = v2.served()
    for name in (endpoint["id"], deployment["id"], old["deployments"][0]["id"]):
        refused(v2.chat(name), "unknown_model_chat")


# v2's endpoints in v1 --------------------------------------------------------------------


def test_v1_sees_a_v2_endpoint_with_one_deployment(v2):
    """As an endpoint of that model and hardware, started and all."""
    endpoint, deployment = v2.served()
    shown = v2.api.endpoint(endpoint["id"])
    assert shown["name"] == endpoint["name"]
    assert (shown["model"], shown["hardware"]) == (MIXTRAL, H100X2)
    assert (shown["state"], shown["owner"]) == ("STARTED", v2.slug)
    listed = v2.get("/v1/endpoints", params={"type": "dedicated"}).json()["data"]
    assert [row["id"] for row in listed] == [endpoint["id"]]
    assert deployment["id"] not in [row["id"] for row in listed]


def test_v1_stops_starts_and_deletes_a_v2_endpoint(v2):
    """v2 shows each of them; a deletion takes all."""
    endpoint, deployment = v2.served()
    at = f"/v1/endpoints/{endpoint['id']}"
    assert v2.patch(at, json={"state": "STOPPED"}).json()["state"] == "STOPPING"
    assert v2.status(deployment)[0] == "STOPPING"
    refused(v2.chat(endpoint["name"]), "routing_error")
    v2.run_until(deployment["id"], "STOPPED")
    assert v2.patch(at, json={"state": "STARTED"}).json()["state"] == "PENDING"
    v2.run_until(deployment["id"], "STARTED")
    assert v2.status(deployment) == ("READY", "All replicas ready")
    assert v2.now(endpoint)["trafficSplit"] == endpoint["trafficSplit"]
    assert v2.chat(endpoint["name"]).status_code == 200
    assert v2.delete(at).status_code == 204
    refused(v2.get(v2.at(endpoint)), "v2_unknown_endpoint")
    refused(v2.chat(endpoint["name"]), "unknown_model_chat")
    refused(v2.chat(f"{endpoint['name']}/main"), "unknown_model_chat")


def test_v1_starts_what_v2_stopped_by_bounds(v2):
    """With one replica, and v2 shows the bounds of that."""
    endpoint, deployment = v2.served()
    v2.bounds(deployment, 0, 0)
    v2.run_until(deployment["id"], "STOPPED")
    v2.patch(f"/v1/endpoints/{endpoint['id']}", json={"state": "STARTED"})
    v2.run_until(deployment["id"], "STARTED")
    shown = v2.now(deployment)
    assert (shown["autoscaling"]["minReplicas"], shown["autoscaling"]["maxReplicas"]) == (1, 1)


@pytest.mark.parametrize("count", [0, 2])
def test_v1_sees_no_endpoint_with_none_or_two(v2, count):
    """It cannot express them: 404, and in no list."""
    endpoint = v2.create()
    for number in range(count):
        v2.deploy(endpoint, f"d{number}")
    refused(v2.get(f"/v1/endpoints/{endpoint['id']}"), "unknown_endpoint")
    assert v2.get("/v1/endpoints", params={"type": "dedicated"}).json()["data"] == []
