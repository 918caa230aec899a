"""v2's endpoints: names, updates by mask, version tags, visibility, and how v1 sees them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from support import H100X2, MIXTRAL, V2, refused

ENTRY = {"deploymentId": "dep_1", "weight": 1}


def post(v2, **body):
    return v2.post(v2.endpoints, json=body)


def patch(v2, shown, mask=None, **body):
    params = {} if mask is None else {"updateMask": mask}
    return v2.patch(v2.at(shown), params=params, json=body)


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
    error = refused(post(v2, name=name.format(slug=v2.slug)), "v2_foreign_slug")
    assert error["param"] == "name"
    assert v2.got(v2.endpoints)["data"] == []


@pytest.mark.parametrize(
    "name", ["", "-one", ".one", "_one", "one two", "one\n", "ön", "one/", "{slug}/", "x" * 257]
)
def test_a_bad_name_is_refused(v2, name):
    """Nothing is made of it."""
    answer = post(v2, name=name.format(slug=v2.slug))
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
        error = refused(post(v2, name=name), "v2_name_exists")
        assert error["param"] == "name"
    assert v2.delete(v2.at(first)).json() == {}
    assert v2.create("one")["id"] != first["id"]


def test_a_name_of_a_v1_endpoint_is_taken_too(v2):
    """v1 makes such names of one's own models: slug/model-suffix."""
    v2.put_endpoint("STARTED", name=f"{v2.slug}/my-model-1a2b3c4d")
    refused(post(v2, name="my-model-1a2b3c4d"), "v2_name_exists")
    made = v2.create()
    refused(patch(v2, made, name="my-model-1a2b3c4d"), "v2_name_exists")


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
    error = refused(post(v2, **body), "v2_unknown_field")
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


# Updates ---------------------------------------------------------------------------------


def test_what_is_populated_is_updated(v2):
    """Without a mask, all fields that are there, in one write."""
    made = v2.create()
    v2.advance(by=3)
    changed = v2.change(made, name="second", visibility="VISIBILITY_INTERNAL")
    assert changed == {
        **made,
        "name": f"{v2.slug}/second",
        "visibility": "VISIBILITY_INTERNAL",
        "updatedAt": "2026-01-01T00:00:03.000Z",
        "etag": changed["etag"],
    }
    assert v2.now(made) == changed


@pytest.mark.parametrize(
    "body", [{}, {"name": None}, {"trafficSplit": []}, {"traffic_split": []}, {"etag": None}]
)
def test_nothing_populated_is_no_update(v2, body):
    """An empty split counts as none without a mask."""
    made = v2.create()
    refused(patch(v2, made, **body), "v2_no_fields")
    assert v2.now(made) == made


@pytest.mark.parametrize(
    "mask", ["trafficSplit", "traffic_split", "trafficSplit,", " trafficSplit "]
)
@pytest.mark.parametrize("field", ["trafficSplit", "traffic_split"])
def test_a_mask_that_names_the_split_clears_it(v2, mask, field):
    """In either spelling of either."""
    endpoint, deployment = v2.served()
    assert endpoint["trafficSplit"] == [{"deploymentId": deployment["id"], "weight": 1.0}]
    assert patch(v2, endpoint, mask, **{field: []}).json()["trafficSplit"] == []


def test_a_mask_that_names_the_split_clears_it_without_a_body(v2):
    """What is named and absent is empty."""
    endpoint, _ = v2.served()
    assert patch(v2, endpoint, "trafficSplit").json()["trafficSplit"] == []


@pytest.mark.parametrize(
    ("mask", "path"),
    [
        ("foo", "foo"),
        ("name,foo", "foo"),
        ("autoscaling", "autoscaling"),
        ("deployments", "deployments"),
        ("trafficSplit.weight", "weight"),
        ("etag", "etag"),
        ("Name", "ame"),
        ("name;visibility", "name"),
        ("*", "*"),
    ],
)
def test_an_unknown_path_of_a_mask_is_refused(v2, mask, path):
    """Nothing of the update is made."""
    made = v2.create()
    error = refused(patch(v2, made, mask, name="second"), "v2_bad_mask")
    assert error["param"] == "updateMask"
    assert path in error["message"]
    assert v2.now(made) == made


@pytest.mark.parametrize("mask", ["", None])
def test_an_empty_mask_is_none(v2, mask):
    """Then what is populated counts."""
    made = v2.create()
    assert patch(v2, made, mask, name="second").json()["name"] == f"{v2.slug}/second"


def test_a_mask_of_nothing_updates_nothing(v2):
    """Commas alone name no field."""
    made = v2.create()
    refused(patch(v2, made, ",", name="second"), "v2_no_fields")


def test_a_mask_leaves_out_what_it_does_not_name(v2):
    """However well it is said."""
    made = v2.create()
    changed = v2.change(made, "visibility", name="second", visibility="VISIBILITY_INTERNAL")
    assert changed["name"] == made["name"]
    assert changed["visibility"] == "VISIBILITY_INTERNAL"
    refused(patch(v2, made, "name", visibility="VISIBILITY_PRIVATE"), "v2_no_fields")


def test_all_parts_of_an_update_or_none(v2):
    """A split that is refused leaves the name as it was."""
    made = v2.create()
    refused(patch(v2, made, name="second", trafficSplit=[ENTRY]), "v2_bad_split")
    assert v2.now(made) == made
    assert v2.create("second")


@pytest.mark.parametrize("name", ["second", "{slug}/second"])
def test_a_new_name_may_not_be_taken(v2, name):
    """One's own is not."""
    made = v2.create()
    v2.create("second")
    refused(patch(v2, made, name=name.format(slug=v2.slug)), "v2_name_exists")
    assert v2.change(made, name="first")["name"] == made["name"]
    assert v2.change(made, name=made["name"])["name"] == made["name"]


@pytest.mark.parametrize("name", ["other/x", "-x", ""])
def test_a_new_name_follows_the_rules(v2, name):
    """As at creation."""
    made = v2.create()
    answer = patch(v2, made, name=name)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "name"
    assert v2.now(made) == made


@pytest.mark.parametrize(
    ("split", "param"),
    [
        ([ENTRY], "trafficSplit.0.deploymentId"),
        (["mine", ENTRY], "trafficSplit.1.deploymentId"),
        (["mine", "mine"], "trafficSplit.1.deploymentId"),
        ([{"weight": -0.1}], "trafficSplit.0.weight"),
        ([{"weight": "NaN"}], "trafficSplit.0.weight"),
        ([{"weight": "Infinity"}], "trafficSplit.0.weight"),
        ([{"weight": "much"}], "trafficSplit.0.weight"),
        ([{"weight": True}], "trafficSplit.0.weight"),
        ([{"weight": None}], "trafficSplit.0.weight"),
        ([{"percent": 5}], "trafficSplit.0.percent"),
    ],
)
def test_a_bad_split_is_refused(v2, split, param):
    """Deployments of this endpoint, each once, with weights that can be counted with."""
    endpoint, deployment = v2.served()
    mine = {"deploymentId": deployment["id"], "weight": 2}
    entries = [mine if entry == "mine" else {**mine, **entry} for entry in split]
    answer = patch(v2, endpoint, trafficSplit=entries)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert v2.now(endpoint) == endpoint


@pytest.mark.parametrize("entry", [{"weight": 1}, {"deploymentId": "dep_1"}, None, 5, "dep_1"])
def test_half_an_entry_is_refused(v2, entry):
    """Both fields are required."""
    made = v2.create()
    answer = patch(v2, made, trafficSplit=[entry])
    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("trafficSplit.0")


def test_a_deployment_of_another_endpoint_stands_in_no_split(v2):
    """Not even of the same project."""
    _, deployment = v2.served("first")
    other = v2.create("second")
    entries = [{"deploymentId": deployment["id"], "weight": 1}]
    refused(patch(v2, other, trafficSplit=entries), "v2_bad_split")


def test_weights_are_shown_as_they_were_given(v2):
    """Relative ones: no normalization; 0 stays in the split."""
    endpoint, first = v2.served()
    second = v2.deploy(endpoint, "second")
    weights = {first["id"]: 0.3, second["id"]: 0}
    assert v2.split(endpoint, weights)["trafficSplit"] == [
        {"deploymentId": first["id"], "weight": 0.3},
        {"deploymentId": second["id"], "weight": 0.0},
    ]
    for weight in (1e308, 5e-324, 90):
        weights = {first["id"]: weight, second["id"]: weight}
        shown = v2.split(endpoint, weights)["trafficSplit"]
        assert [entry["weight"] for entry in shown] == [weight, weight]


# Version tags ----------------------------------------------------------------------------


def test_a_stale_tag_is_refused(v2):
    """Of an update and of a deletion; the present one and none are taken."""
    made = v2.create()
    changed = v2.change(made, visibility="VISIBILITY_INTERNAL", etag=made["etag"])
    assert changed["etag"] != made["etag"]
    error = refused(patch(v2, made, name="second", etag=made["etag"]), "v2_stale_etag")
    assert error["param"] == "etag"
    refused(v2.delete(v2.at(made), params={"etag": made["etag"]}), "v2_stale_etag")
    assert v2.now(made) == changed
    again = v2.change(made, name="second")
    assert v2.delete(v2.at(made), params={"etag": again["etag"]}).status_code == 200


def test_every_write_gives_another_tag(v2):
    """Also one that sets what was there before; a read and a refusal give none."""
    made = v2.create()
    tags = [made["etag"]]
    for change in ({"name": "a"}, {"name": "b"}, {"name": "a"}, {"name": "a"}):
        tags.append(v2.change(made, **change)["etag"])
        refused(patch(v2, made, name="-"), "v2_bad_name")
        assert v2.now(made)["etag"] == tags[-1]
    assert len(set(tags)) == 5


def test_one_of_many_that_read_the_same_writes(v2, server):
    """Whoever comes first with a tag; the others are told."""
    made = v2.create()
    barrier = threading.Barrier(8)

    def write(number):
        with httpx.Client(base_url=server.root, headers=v2.http.headers, verify=False) as http:
            barrier.wait()
            body = {"name": f"n{number}", "etag": made["etag"]}
            return http.patch(v2.at(made), json=body).status_code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(write, range(8))) == [200, *[409] * 7]


def test_endpoints_and_deployments_have_tags_of_their_own(v2):
    """A change of one leaves the other's as it is; neither does time change them."""
    endpoint, deployment = v2.served()
    v2.change(deployment, inactiveTimeout=30)
    assert v2.now(endpoint)["etag"] == endpoint["etag"]
    changed = v2.now(deployment)["etag"]
    assert changed != deployment["etag"]
    v2.change(endpoint, visibility="VISIBILITY_INTERNAL")
    assert v2.now(deployment)["etag"] == changed
    v2.advance(by="2h")
    assert v2.now(deployment)["etag"] == changed


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


# Visibility ------------------------------------------------------------------------------


def shared(v2, **params):
    """The names that the organization's list has."""
    path = f"/v2/organizations/{v2.organization}/endpoints"
    return [row["name"] for row in v2.got(path, **params)["data"]]


def test_the_organization_sees_what_is_internal(v2):
    """Only that, while it is; in full."""
    private = v2.create("private")
    internal = v2.create("internal", visibility="VISIBILITY_INTERNAL")
    assert shared(v2) == [internal["name"]]
    v2.change(private, visibility="VISIBILITY_INTERNAL")
    assert shared(v2) == [internal["name"], private["name"]]
    v2.change(internal, visibility="VISIBILITY_PRIVATE")
    assert shared(v2) == [private["name"]]
    assert shared(v2, filter='name="internal"') == []
    path = f"/v2/organizations/{v2.organization}/endpoints"
    assert v2.got(path)["data"] == [v2.now(private)]


def test_another_organization_is_unknown(v2, server):
    """By any id but one's own."""
    other = V2(server.api())
    for organization in (other.organization, "org_unknown", v2.project):
        answer = v2.get(f"/v2/organizations/{organization}/endpoints")
        assert refused(answer, "v2_unknown_organization")["param"] == "organizationId"
    other.create(visibility="VISIBILITY_INTERNAL")
    assert shared(v2) == []


def test_everybody_sees_the_serverless_models(v2):
    """And none of anybody's own endpoints, shared or not."""
    v2.create(visibility="VISIBILITY_INTERNAL")
    rows = v2.got("/v2/public/endpoints", limit=500)["data"]
    assert {row["visibility"] for row in rows} == {"VISIBILITY_PUBLIC"}
    assert f"{v2.slug}/first" not in [row["name"] for row in rows]
    asked = [row["name"] for row in rows if row["name"] == "Qwen/Qwen2.5-7B-Instruct-Turbo"]
    assert v2.chat(*asked).status_code == 200
    assert len({row["id"] for row in rows}) == len(rows)
    assert v2.project not in {row["projectId"] for row in rows}


# Other projects --------------------------------------------------------------------------


def test_another_projects_path_is_unknown(v2, server):
    """With any method, whether what is named exists or not; and nothing of it is told."""
    other = V2(server.api())
    endpoint, deployment = other.served("secret")
    paths = [other.endpoints, other.at(endpoint), other.at(deployment)]
    paths += [f"{other.at(endpoint)}/deployments", f"{other.endpoints}/ep_unknown"]
    for path in paths:
        for method in ("GET", "POST", "PATCH", "DELETE"):
            answer = v2.request(method, path, json={"name": "x"})
            if answer.status_code == 405:
                continue
            error = refused(answer, "v2_unknown_project")
            assert error["param"] == "projectId"
            assert "secret" not in answer.text
            assert endpoint["id"] not in answer.text
    assert other.now(endpoint) == endpoint


def test_another_projects_endpoint_is_unknown_in_ones_own(v2, server):
    """By id, in every route; its deployments can neither be read, split nor deployed to."""
    other = V2(server.api())
    endpoint, deployment = other.served("secret")
    at = f"{v2.endpoints}/{endpoint['id']}"
    refused(v2.get(at), "v2_unknown_endpoint")
    refused(v2.patch(at, json={"name": "x"}), "v2_unknown_endpoint")
    refused(v2.delete(at), "v2_unknown_endpoint")
    refused(v2.get(f"{at}/deployments"), "v2_unknown_endpoint")
    refused(v2.post(f"{at}/deployments", json=v2.asked()), "v2_unknown_endpoint")
    refused(v2.get(f"{at}/deployments/{deployment['id']}"), "v2_unknown_endpoint")
    mine = v2.create("mine")
    entries = [{"deploymentId": deployment["id"], "weight": 1}]
    refused(patch(v2, mine, trafficSplit=entries), "v2_bad_split")
    refused(v2.chat(endpoint["name"]), "unknown_model_chat")
    assert v2.create("secret")["name"] == f"{v2.slug}/secret"
    assert other.now(endpoint) == endpoint


def test_the_slug_is_no_project_id(v2):
    """Paths take ids alone."""
    refused(v2.get(f"/v2/projects/{v2.slug}/endpoints"), "v2_unknown_project")


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
