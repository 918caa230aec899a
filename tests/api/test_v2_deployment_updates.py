"""v2's deployments are changed by mask, and deleted."""

import pytest
from rehearsal import pool, put_pools
from support import refused

STOPPED = {"minReplicas": 0, "maxReplicas": 0}


# Updates ---------------------------------------------------------------------------------


def test_an_update_sets_what_is_populated(v2, endpoint):
    """Of all that is mutable, in one write; the rest stays."""
    made = v2.deploy(endpoint)
    v2.advance(by=1)
    before = v2.now(made)
    changed = v2.change(
        made,
        name="second",
        inactiveTimeout=30,
        maxConcurrentRequestsPerReplica="9",
        autoscaling={"maxReplicas": 2, "scaleUpWindow": "9s"},
    )
    assert changed == {
        **before,
        "name": f"{endpoint['name']}/second",
        "inactiveTimeout": 30,
        "maxConcurrentRequestsPerReplica": "9",
        "autoscaling": {**before["autoscaling"], "maxReplicas": 2, "scaleUpWindow": "9s"},
        "updatedAt": "2026-01-01T00:00:01.000Z",
        "etag": changed["etag"],
    }
    assert changed["etag"] != before["etag"]
    assert v2.now(made) == changed


@pytest.mark.parametrize("body", [{}, {"name": None}, {"autoscaling": None}])
def test_nothing_said_is_no_update(v2, endpoint, body):
    """And leaves the tag as it is."""
    made = v2.deploy(endpoint)
    refused(v2.ask_change(made, **body), "v2_no_fields")
    assert v2.now(made) == made


@pytest.mark.parametrize("field", ["model", "config", "placement", "modelId", "enableLora"])
def test_what_is_fixed_at_creation_cannot_be_changed(v2, endpoint, field):
    """It is no field of an update."""
    made = v2.deploy(endpoint)
    refused(v2.ask_change(made, **{field: made.get(field)}), "v2_unknown_field")
    refused(v2.ask_change(made, field), "v2_bad_mask")
    assert v2.now(made) == made


@pytest.mark.parametrize(
    "mask", ["foo", "status", "autoscaling.foo", "autoscaling.scaleUp.foo", "autoscaling."]
)
def test_an_unknown_path_is_refused(v2, endpoint, mask):
    """Nothing of the update is made."""
    made = v2.deploy(endpoint)
    error = refused(v2.ask_change(made, f"name,{mask}", name="second"), "v2_bad_mask")
    assert error["param"] == "updateMask"
    assert v2.now(made) == made


RULES = {
    "policies": [{"type": "SCALING_POLICY_TYPE_PODS", "value": 2, "periodSeconds": 60}],
    "selectPolicy": "SCALING_POLICY_SELECT_MIN",
}


@pytest.mark.parametrize("direction", ["scaleUp", "scaleDown"])
@pytest.mark.parametrize("empty", [None, {}, {"policies": []}, {"policies": None}])
def test_policies_are_cleared_by_their_own_path(v2, endpoint, direction, empty):
    """With an empty object, or none; the selector stays until its own path is named."""
    scaling = {"minReplicas": 1, "scaleUp": RULES, "scaleDown": RULES}
    made = v2.deploy(endpoint, autoscaling=scaling)
    said = {direction: empty}
    kept = v2.change(made, "autoscaling", autoscaling=said)
    assert kept["autoscaling"] == made["autoscaling"]
    cleared = v2.change(made, f"autoscaling.{direction}.policies", autoscaling=said)
    assert cleared["autoscaling"] == {
        **made["autoscaling"],
        direction: {"policies": [], "selectPolicy": "SCALING_POLICY_SELECT_MIN"},
    }
    cleared = v2.change(made, f"autoscaling.{direction}.selectPolicy", autoscaling=said)
    expected = dict(made["autoscaling"])
    del expected[direction]
    assert cleared["autoscaling"] == expected


def test_nested_paths_set_what_they_name(v2, endpoint):
    """In either spelling, several at a time, and nothing beside them."""
    made = v2.deploy(endpoint)
    said = {"minReplicas": 2, "maxReplicas": 9, "scaleUpWindow": "9s", "scaleUp": RULES}
    mask = "autoscaling.max_replicas,autoscaling.scaleUpWindow,autoscaling.scale_up.policies"
    changed = v2.change(made, mask, autoscaling=said)["autoscaling"]
    assert changed == {
        **made["autoscaling"],
        "maxReplicas": 9,
        "scaleUpWindow": "9s",
        "scaleUp": {**RULES, "selectPolicy": "SCALING_POLICY_SELECT_MAX"},
    }
    changed = v2.change(made, "autoscaling.scaleToZeroWindow,autoscaling.scaleUpWindow")
    assert changed["autoscaling"]["scaleUpWindow"] == "0s"
    assert changed["autoscaling"]["maxReplicas"] == 9


def test_a_stale_tag_is_refused(v2, endpoint):
    """Of an update and of a deletion; the present one is taken."""
    made = v2.deploy(endpoint, autoscaling=STOPPED)
    changed = v2.change(made, inactiveTimeout=30, etag=made["etag"])
    assert refused(v2.ask_change(made, inactiveTimeout=60, etag=made["etag"]), "v2_stale_etag")
    refused(v2.delete(v2.at(made), params={"etag": made["etag"]}), "v2_stale_etag")
    assert v2.now(made) == changed
    assert v2.delete(v2.at(made), params={"etag": changed["etag"]}).json() == {}


def test_a_renamed_deployment_answers_to_its_new_name_alone(v2):
    """Also where that was asked for in vain before; its endpoint goes on as it was."""
    endpoint, deployment = v2.served()
    old, new = f"{endpoint['name']}/main", f"{endpoint['name']}/second"
    assert v2.chat(old).status_code == 200
    refused(v2.chat(new), "unknown_model_chat")
    v2.deploy(endpoint, "third")
    refused(v2.ask_change(deployment, name="third"), "v2_name_exists")
    assert v2.change(deployment, name=new)["name"] == new
    assert v2.chat(new).status_code == 200
    refused(v2.chat(old), "unknown_model_chat")
    assert v2.chat(endpoint["name"]).status_code == 200


def test_all_parts_of_an_update_or_none(v2, endpoint):
    """A timeout that is refused leaves bounds, name and state as they were."""
    made = v2.deploy(endpoint)
    answer = v2.ask_change(made, name="second", autoscaling=STOPPED, inactiveTimeout=5)
    refused(answer, "v2_bad_value")
    assert v2.now(made) == made
    refused(v2.chat(f"{endpoint['name']}/second"), "unknown_model_chat")


# Deletion --------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [1, 0])
def test_what_stands_in_the_split_is_not_deleted(v2, endpoint, weight):
    """Not even at weight 0, and stopped; out of it, it is."""
    made = v2.deploy(endpoint, autoscaling=STOPPED)
    v2.split(endpoint, {made["id"]: weight})
    refused(v2.delete(v2.at(made)), "v2_delete_in_split")
    v2.split(endpoint, {})
    assert v2.delete(v2.at(made)).json() == {}
    refused(v2.get(v2.at(made)), "v2_unknown_deployment")
    refused(v2.delete(v2.at(made)), "v2_unknown_deployment")
    assert v2.now(endpoint)["deployments"] == v2.deployments(endpoint) == []


@pytest.mark.parametrize(
    ("state", "word"),
    [("PENDING", "PROVISIONING"), ("STARTING", "SCALING"), ("STARTED", "READY")],
)
def test_what_runs_is_not_deleted(v2, endpoint, state, word):
    """The refusal says what it does."""
    made = v2.deploy(endpoint)
    v2.run_until(made["id"], state)
    error = refused(v2.delete(v2.at(made)), "v2_delete_running")
    assert word in error["message"]
    assert v2.status(made)[0] == word


def test_what_waits_for_hardware_is_not_deleted(v2, endpoint):
    """DEGRADED is live."""
    put_pools(v2.api, pool(0))
    made = v2.deploy(endpoint)
    assert "DEGRADED" in refused(v2.delete(v2.at(made)), "v2_delete_running")["message"]


@pytest.mark.parametrize("state", ["STOPPING", "STOPPED", "ERROR"])
def test_what_runs_no_longer_is_deleted(v2, endpoint, state):
    """From STOPPING on, as the command line's --force does it; its hardware is free at once."""
    put_pools(v2.api, pool(1))
    made = v2.deploy(endpoint)
    v2.run_until(made["id"], "STARTED")
    if state == "ERROR":
        v2.post(f"/_mock/endpoints/{made['id']}/transition", json={"to": "ERROR"})
    else:
        v2.bounds(made, 0, 0)
        v2.run_until(made["id"], state)
    assert v2.delete(v2.at(made)).status_code == 200
    other = v2.deploy(endpoint, "main")
    assert other["id"] != made["id"]
    assert v2.status(other)[0] == "PROVISIONING"
