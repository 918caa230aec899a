"""Models of v2: what an update says of a name, bases by resource names, and what is not there."""

import pytest
from support import MIXTRAL, V2, refused


@pytest.fixture
def base(v2):
    """The id of a model of the platform."""
    return v2.got("/v2/supported-models", search=MIXTRAL)["data"][0]["baseModelId"]


@pytest.fixture
def model(v2, base):
    """A model of the project's own, with a description and no revision."""
    body = {"name": "mine", "type": "model", "baseModelId": base, "description": "About it"}
    return v2.post(f"{v2.root}/models", json=body).json()


def test_a_null_name_alone_is_no_field(v2, model):
    """Nothing else is emptied by it."""
    path = f"{v2.root}/models/{model['id']}"
    refused(v2.patch(path, json={"name": None}), "v2_no_fields")
    assert v2.got(path) == model


@pytest.mark.parametrize("body", [{}, {"name": None}])
def test_a_name_in_a_mask_must_be_given(v2, model, body):
    """It cannot be emptied."""
    path = f"{v2.root}/models/{model['id']}"
    answer = v2.patch(path, params={"updateMask": "name"}, json=body)
    assert refused(answer, "missing_field", "INVALID_ARGUMENT")["param"] == "name"


def test_an_unknown_model_of_a_transfer_is_named_as_it_was_sent(v2):
    """Its field is objectId, not a part of the path."""
    unknown = {"objectId": "ml_none", "files": [{"path": "a", "hash": "h", "numParts": 1}]}
    for path in ("upload/create", "download"):
        body = unknown if path == "upload/create" else {"objectId": "ml_none"}
        answer = v2.post(f"{v2.root}/models/{path}", json=body)
        assert refused(answer, "v2_unknown_model")["param"] == "objectId"


def test_a_model_without_revisions_has_nothing_to_download(v2, model):
    """The refusal says so, where no revision is named."""
    answer = v2.post(f"{v2.root}/models/download", json={"objectId": model["id"]})
    assert refused(answer, "v2_no_revisions")["param"] == "objectId"


@pytest.mark.parametrize("revision", ["", "/revisions/rv_1"])
def test_a_base_may_be_a_resource_name(v2, base, model, revision):
    """Of the platform's model, under its project or one's own, or of a model of one's own."""
    platform = v2.got("/v2/supported-models", search=MIXTRAL)["data"][0]["deploymentProfiles"][0]
    owner = platform["model"].split("/")[1]
    names = [(owner, base), (v2.project, base), (v2.project, model["id"])]
    for index, (project, id_) in enumerate(names):
        name = f"projects/{project}/models/{id_}{revision}"
        body = {"name": f"m{index}", "type": "model", "baseModelId": name}
        answer = v2.post(f"{v2.root}/models", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["baseModelId"] == id_


def test_a_base_of_another_project_is_unknown(server, v2, model):
    """Its name does not help."""
    other = V2(server.api())
    name = f"projects/{v2.project}/models/{model['id']}"
    body = {"name": "theirs", "type": "model", "baseModelId": name}
    answer = other.post(f"{other.root}/models", json=body)
    assert refused(answer, "v2_unknown_model")["param"] == "baseModelId"
