"""Models of v2: what an update says of a name, bases by resource names, and what is not there."""

import pytest
from api.test_uploads import ready
from support import H100X2, MIXTRAL, V2, fresh_key, refused


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


@pytest.fixture
def deployed(v2):
    """A model of the project's own with an endpoint of v1's that serves it; that endpoint."""
    name = ready(v2.api, "old", source=MIXTRAL)
    made = v2.api.create(model=name)
    v2.run_until(made["id"], "STARTED")
    return v2.endpoint(made["id"])


def rename(v2, old, new):
    """Give a model another name; both as they are qualified."""
    rows = v2.got(f"{v2.root}/models")["data"]
    [model] = [row["id"] for row in rows if row["name"] == f"{v2.slug}/{old}"]
    answer = v2.patch(
        f"{v2.root}/models/{model}", params={"updateMask": "name"}, json={"name": new}
    )
    assert answer.status_code == 200, answer.text
    return f"{v2.slug}/{old}", f"{v2.slug}/{new}"


def test_an_endpoint_of_a_renamed_model_has_its_new_name(v2, deployed):
    """Wherever v1 tells it, and for scripts; its own name and its id are what they were."""
    script = {"match": {"model": f"{v2.slug}/new"}, "reply": {"text": "By its new name"}}
    assert v2.post("/_mock/scripts", json=script).is_success
    before = v2.chat(deployed["name"]).json()["choices"][0]["message"]["content"]
    old, new = rename(v2, "old", "new")
    assert old in before
    assert deployed["model"] == old
    assert v2.endpoint(deployed["id"]) == deployed | {"model": new}
    [row] = [row for row in v2.got("/v1/endpoints")["data"] if row["id"] == deployed["id"]]
    assert (row["model"], row["name"]) == (new, deployed["name"])
    after = v2.chat(deployed["name"]).json()["choices"][0]["message"]["content"]
    assert after == "By its new name"
    assert v2.got("/v1/hardware", model=new)["data"]
    assert v2.state()["endpoints"][0]["model"] == new


def test_an_old_name_may_be_another_models(v2, deployed):
    """Whose endpoints are apart from those of the first."""
    old, new = rename(v2, "old", "new")
    assert ready(v2.api, "old", source=MIXTRAL) == old
    second = v2.api.create(model=old)
    assert v2.endpoint(deployed["id"])["model"] == new
    assert second["model"] == old
    rename(v2, "old", "older")
    assert v2.endpoint(deployed["id"])["model"] == new
    assert v2.endpoint(second["id"])["model"] == f"{v2.slug}/older"


def test_a_rename_is_in_force_after_steps_of_the_same_instant(v2):
    """What becomes due while the name changes goes by the new one, and goes on."""
    name = ready(v2.api, "old", source=MIXTRAL)
    made = v2.api.create(model=name)
    assert v2.chat(made["name"]).status_code != 200
    assert v2.put("/_mock/clock", json={"rate": 1_000_000}).status_code == 200
    _, new = rename(v2, "old", "new")
    assert v2.endpoint(made["id"])["state"] == "STARTED"
    assert new in v2.chat(made["name"]).json()["choices"][0]["message"]["content"]


def test_a_reset_of_models_gives_their_endpoints_the_old_names_back(server, v2):
    """Of those models that the project started with."""
    key = fresh_key()
    model = {"id": "o/old", "model_id": "ml_old", "base_model": MIXTRAL}
    entry = {"id": "ep_1", "model": "o/old", "hardware": H100X2, "state": "STARTED"}
    document = {"api_key": key, "models": [model], "endpoints": [entry]}
    assert v2.post("/_mock/projects", json=document).status_code == 201
    mine = V2(server.api(key))
    changed = mine.patch(f"{mine.root}/models/ml_old", json={"name": "new"})
    assert mine.endpoint("ep_1")["model"] == changed.json()["name"] != "o/old"
    assert mine.post("/_mock/reset", json={"only": ["models"]}).status_code == 200
    assert mine.endpoint("ep_1")["model"] == "o/old"


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
