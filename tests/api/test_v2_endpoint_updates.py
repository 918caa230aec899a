"""v2's endpoints are changed by mask, and guarded by version tags."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from support import refused

ENTRY = {"deploymentId": "dep_1", "weight": 1}


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
    refused(v2.ask_change(made, **body), "v2_no_fields")
    assert v2.now(made) == made


@pytest.mark.parametrize(
    "mask", ["trafficSplit", "traffic_split", "trafficSplit,", " trafficSplit "]
)
@pytest.mark.parametrize("field", ["trafficSplit", "traffic_split"])
def test_a_mask_that_names_the_split_clears_it(v2, mask, field):
    """In either spelling of either."""
    endpoint, deployment = v2.served()
    assert endpoint["trafficSplit"] == [{"deploymentId": deployment["id"], "weight": 1.0}]
    assert v2.ask_change(endpoint, mask, **{field: []}).json()["trafficSplit"] == []


def test_a_mask_that_names_the_split_clears_it_without_a_body(v2):
    """What is named and absent is empty."""
    endpoint, _ = v2.served()
    assert v2.ask_change(endpoint, "trafficSplit").json()["trafficSplit"] == []


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
    error = refused(v2.ask_change(made, mask, name="second"), "v2_bad_mask")
    assert error["param"] == "updateMask"
    assert path in error["message"]
    assert v2.now(made) == made


@pytest.mark.parametrize("mask", ["", None])
def test_an_empty_mask_is_none(v2, mask):
    """Then what is populated counts."""
    made = v2.create()
    assert v2.ask_change(made, mask, name="second").json()["name"] == f"{v2.slug}/second"


def test_a_mask_of_nothing_updates_nothing(v2):
    """Commas alone name no field."""
    made = v2.create()
    refused(v2.ask_change(made, ",", name="second"), "v2_no_fields")


def test_a_mask_leaves_out_what_it_does_not_name(v2):
    """However well it is said."""
    made = v2.create()
    changed = v2.change(made, "visibility", name="second", visibility="VISIBILITY_INTERNAL")
    assert changed["name"] == made["name"]
    assert changed["visibility"] == "VISIBILITY_INTERNAL"
    refused(v2.ask_change(made, "name", visibility="VISIBILITY_PRIVATE"), "v2_no_fields")


def test_all_parts_of_an_update_or_none(v2):
    """A split that is refused leaves the name as it was."""
    made = v2.create()
    refused(v2.ask_change(made, name="second", trafficSplit=[ENTRY]), "v2_bad_split")
    assert v2.now(made) == made
    assert v2.create("second")


@pytest.mark.parametrize("name", ["second", "{slug}/second"])
def test_a_new_name_may_not_be_taken(v2, name):
    """One's own is not."""
    made = v2.create()
    v2.create("second")
    refused(v2.ask_change(made, name=name.format(slug=v2.slug)), "v2_name_exists")
    assert v2.change(made, name="first")["name"] == made["name"]
    assert v2.change(made, name=made["name"])["name"] == made["name"]


@pytest.mark.parametrize("name", ["other/x", "-x", ""])
def test_a_new_name_follows_the_rules(v2, name):
    """As at creation."""
    made = v2.create()
    answer = v2.ask_change(made, name=name)
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
    answer = v2.ask_change(endpoint, trafficSplit=entries)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert v2.now(endpoint) == endpoint


@pytest.mark.parametrize("entry", [{"weight": 1}, {"deploymentId": "dep_1"}, None, 5, "dep_1"])
def test_half_an_entry_is_refused(v2, entry):
    """Both fields are required."""
    made = v2.create()
    answer = v2.ask_change(made, trafficSplit=[entry])
    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("trafficSplit.0")


def test_a_deployment_of_another_endpoint_stands_in_no_split(v2):
    """Not even of the same project."""
    _, deployment = v2.served("first")
    other = v2.create("second")
    entries = [{"deploymentId": deployment["id"], "weight": 1}]
    refused(v2.ask_change(other, trafficSplit=entries), "v2_bad_split")


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
    error = refused(v2.ask_change(made, name="second", etag=made["etag"]), "v2_stale_etag")
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
        refused(v2.ask_change(made, name="-"), "v2_bad_name")
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
