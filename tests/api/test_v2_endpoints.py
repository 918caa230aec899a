"""v2's endpoints: creation, names and renaming, deletion."""

import pytest
from support import refused

# Creation --------------------------------------------------------------------------------


def test_a_new_endpoint_routes_nowhere(v2):
    """All that an endpoint shows, and the same when it is read again and listed."""
    v2.advance(by=1.5)
    made = v2.create("my-endpoint")
    assert made.pop("id").startswith("ep_")
    assert made.pop("etag")
    assert made == {
        "projectId": v2.project,
        "name": f"{v2.slug}/my-endpoint",
        "endpointType": "ENDPOINT_TYPE_DEDICATED",
        "visibility": "VISIBILITY_PRIVATE",
        "createdAt": "2026-01-01T00:00:01.500Z",
        "updatedAt": "2026-01-01T00:00:01.500Z",
        "trafficSplit": [],
        "deployments": [],
    }
    (listed,) = v2.got(v2.endpoints)["data"]
    assert v2.now(listed) == listed
    assert {**made, "id": listed["id"], "etag": listed["etag"]} == listed


def test_a_name_may_be_qualified(v2):
    """By the project's own slug; the answer always is."""
    assert v2.create(f"{v2.slug}/one")["name"] == f"{v2.slug}/one"
    assert v2.create("two")["name"] == f"{v2.slug}/two"


@pytest.mark.parametrize("name", ["other/one", "/one", "a/{slug}/one", "{slug}/a/one"])
def test_another_projects_slug_is_refused(v2, name):
    """Also where it does not exist, and where there are too many parts."""
    error = refused(v2.ask_endpoint(name=name.format(slug=v2.slug)), "v2_foreign_slug")
    assert error["param"] == "name"
    assert v2.got(v2.endpoints)["data"] == []


@pytest.mark.parametrize(
    "name", ["", "-one", ".one", "_one", "one two", "one\n", "ön", "one/", "{slug}/", "x" * 257]
)
def test_a_bad_name_is_refused(v2, name):
    """Nothing is made of it."""
    answer = v2.ask_endpoint(name=name.format(slug=v2.slug))
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "name"
    assert v2.got(v2.endpoints)["data"] == []


@pytest.mark.parametrize("name", ["a", "A1.b-c_d", "1", "x" * 256])
def test_names_take_letters_digits_and_marks(v2, name):
    """From one character on."""
    assert v2.create(name)["name"] == f"{v2.slug}/{name}"


def test_a_name_is_taken_once(v2):
    """Bare or qualified; a deleted endpoint's name is free again, but its id does not come back."""
    first = v2.create("one")
    for name in ("one", f"{v2.slug}/one"):
        error = refused(v2.ask_endpoint(name=name), "v2_name_exists")
        assert error["param"] == "name"
    assert v2.delete(v2.at(first)).json() == {}
    assert v2.create("one")["id"] != first["id"]


def test_a_name_of_a_v1_endpoint_is_taken_too(v2):
    """v1 makes such names of one's own models: slug/model-suffix."""
    v2.put_endpoint("STARTED", name=f"{v2.slug}/my-model-1a2b3c4d")
    refused(v2.ask_endpoint(name="my-model-1a2b3c4d"), "v2_name_exists")
    made = v2.create()
    refused(v2.ask_change(made, name="my-model-1a2b3c4d"), "v2_name_exists")


def test_ids_of_a_state_document_are_not_given_out_again(v2):
    """Where it brings those that would have come next."""
    endpoint, deployment = v2.served()
    document = v2.state()
    del document["counters"]
    assert v2.post("/_mock/reset", json={}).status_code == 200
    assert v2.put_state(document).status_code == 200
    made = [v2.create(name)["id"] for name in "abc"]
    made += [v2.deploy(endpoint, name)["id"] for name in "abc"]
    assert len({*made, endpoint["id"], deployment["id"]}) == 8


def test_names_differ_by_case(v2):
    """Nothing is folded."""
    assert v2.create("one")["id"] != v2.create("One")["id"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"name": "x", "foo": 1}, "foo"),
        ({"name": "x", "displayName": "y"}, "displayName"),
        ({"name": "x", "display_name": "y"}, "display_name"),
        ({"name": "x", "etag": "y"}, "etag"),
        ({"name": "x", "trafficSplit": []}, "trafficSplit"),
        ({"name": "x", "Visibility": "VISIBILITY_PRIVATE"}, "Visibility"),
    ],
)
def test_an_unknown_field_is_refused_by_its_own_name(v2, body, param):
    """As it was spelled."""
    error = refused(v2.ask_endpoint(**body), "v2_unknown_field")
    assert error["param"] == param
    assert error["message"] == f'unknown field "{param}"'
    assert v2.got(v2.endpoints)["data"] == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": {"x": 1}}, "name"),
        ({"name": True}, "name"),
        ({"name": "x", "visibility": "PUBLIC"}, "visibility"),
        ({"name": "x", "visibility": "VISIBILITY_PUBLIC"}, "visibility"),
        ({"name": "x", "visibility": 1}, "visibility"),
        ([], "body"),
        ("x", "body"),
        (None, "body"),
        (5, "body"),
    ],
)
def test_a_wrong_type_is_refused_by_field(v2, body, param):
    """Nothing is made of it."""
    answer = v2.post(v2.endpoints, json=body)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == "INVALID_ARGUMENT"
    assert error["param"] == param
    assert v2.got(v2.endpoints)["data"] == []


def test_null_is_not_said(v2):
    """An optional field that is null has its default."""
    assert v2.create("one", visibility=None)["visibility"] == "VISIBILITY_PRIVATE"


# Renaming --------------------------------------------------------------------------------


def test_an_endpoint_answers_to_its_new_name_alone(v2):
    """And its deployments to names under it; a name that was asked for in vain works at once."""
    endpoint, deployment = v2.served()
    old, new = endpoint["name"], f"{v2.slug}/second"
    for name in (new, f"{new}/main"):
        refused(v2.chat(name), "unknown_model_chat")
    for name in (old, f"{old}/main"):
        assert v2.chat(name).json()["model"] == name
    v2.change(endpoint, name="second")
    for name in (new, f"{new}/main"):
        assert v2.chat(name).status_code == 200
    for name in (old, f"{old}/main"):
        refused(v2.chat(name), "unknown_model_chat")
    assert v2.now(deployment)["name"] == f"{new}/main"
    assert v2.now(endpoint)["deployments"][0]["name"] == f"{new}/main"


def test_two_endpoints_can_trade_their_names(v2):
    """By way of a third name; each answers with its own deployment."""
    first, _ = v2.served("first")
    second, _ = v2.served("second")
    ask = [f"{v2.slug}/first", f"{v2.slug}/second"]
    before = [v2.chat(name).headers["x-cluster"] for name in ask]
    v2.change(first, name="third")
    v2.change(second, name="first")
    v2.change(first, name="second")
    assert [v2.chat(name).headers["x-cluster"] for name in ask] == before[::-1]


def test_a_deleted_endpoint_answers_no_longer(v2):
    """Nor do its deployments; and one of the same name is another one."""
    endpoint, deployment = v2.served()
    name = endpoint["name"]
    assert v2.chat(f"{name}/main").status_code == 200
    v2.split(endpoint, {})
    v2.bounds(deployment, 0, 0)
    assert v2.delete(v2.at(deployment)).status_code == 200
    refused(v2.chat(f"{name}/main"), "unknown_model_chat")
    assert v2.delete(v2.at(endpoint)).status_code == 200
    refused(v2.chat(name), "unknown_model_chat")
    v2.create()
    refused(v2.chat(name), "endpoint_not_configured")


# Deletion --------------------------------------------------------------------------------


def test_an_endpoint_with_deployments_is_not_deleted(v2):
    """Not even when they are stopped and stand in no split."""
    endpoint = v2.create()
    deployment = v2.deploy(endpoint, autoscaling={"minReplicas": 0, "maxReplicas": 0})
    error = refused(v2.delete(v2.at(endpoint)), "v2_endpoint_has_deployments")
    assert "1 deployment" in error["message"]
    assert v2.delete(v2.at(deployment)).json() == {}
    assert v2.delete(v2.at(endpoint)).json() == {}
    refused(v2.get(v2.at(endpoint)), "v2_unknown_endpoint")
    refused(v2.delete(v2.at(endpoint)), "v2_unknown_endpoint")
