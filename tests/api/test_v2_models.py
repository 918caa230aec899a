"""v2's models: registered, listed, read, changed, deleted; the platform's own to read."""

import pytest
from support import H100X2, MIXTRAL, refused
from v2_models import BASE, PLATFORM, got, malformed, models, registered

PRIVATE, INTERNAL = "VISIBILITY_PRIVATE", "VISIBILITY_INTERNAL"


def who(api):
    return api.get("/_mock/project").json()


def put_models(api, *entries, **sections):
    answer = api.put_state({"models": list(entries), **sections})
    assert answer.status_code == 200, answer.text
    return answer.json()


# Registering -------------------------------------------------------------------------------


def test_a_new_model_has_a_name_and_no_weights_yet(api):
    """The name is qualified, the base resolved; nothing is known of files that are not there."""
    me = who(api)
    made = registered(api, description="Mine")
    assert made.pop("id").startswith("ml_")
    assert made == {
        "name": f"{me['slug']}/my-model",
        "projectId": me["id"],
        "organizationId": me["organization_id"],
        "visibility": PRIVATE,
        "weights": {"type": "WEIGHTS_TYPE_DEFAULT"},
        "baseModelId": BASE.id,
        "baseModel": f"projects/{PLATFORM.project_id}/models/{BASE.id}",
        "description": "Mine",
    }


def test_the_same_calls_give_the_same_ids(start_server):
    """Ids follow from the project's seed, and each model has its own."""
    apis = [start_server(seed=7).api("the-same-key") for _ in range(2)]
    first, second = ([registered(api, name)["id"] for name in ("a", "b")] for api in apis)
    assert first == second
    assert first[0] != first[1]


@pytest.mark.parametrize(
    ("kind", "weights"),
    [
        ("model", "DEFAULT"),
        ("models", "DEFAULT"),
        ("adapter", "ADAPTER"),
        ("adapters", "ADAPTER"),
    ],
)
def test_models_and_adapters_are_registered_alike(api, kind, weights):
    """Singular or plural; the weights have the type that was asked for."""
    assert registered(api, type=kind)["weights"]["type"] == f"WEIGHTS_TYPE_{weights}"


def test_another_type_is_refused(api):
    """There are models and adapters."""
    body = {"name": "a", "type": "type", "baseModelId": BASE.id}
    error = refused(api.post(models(api), json=body), "v2_bad_value")
    assert error["param"] == "type"
    assert got(api, models(api))["data"] == []


@pytest.mark.parametrize("name", ["my-model", "Llama-3.1_tuned", "9"])
def test_a_name_may_be_bare_or_qualified(api, name):
    """The project's slug before a name changes nothing."""
    whole = f"{who(api)['slug']}/{name}"
    assert registered(api, name)["name"] == whole
    refused(again(api, whole), "v2_name_exists")


def again(api, name, base=BASE.id):
    return api.post(models(api), json={"name": name, "type": "model", "baseModelId": base})


def test_a_name_exists_once_in_a_project(server):
    """A second model of the name is a conflict; another project may have it."""
    mine, other = server.api(), server.api()
    registered(mine)
    assert refused(again(mine, "my-model"), "v2_name_exists")["param"] == "name"
    registered(other)


@pytest.mark.parametrize("name", ["", "/", "a b", "-a", "ä", "slug/", "/a", "x" * 300])
def test_a_name_that_is_none_is_refused(api, name):
    """Letters, digits, dots, hyphens, underscores."""
    answer = again(api, name)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "name"
    assert got(api, models(api))["data"] == []


def test_another_projects_slug_is_refused(api):
    """Nobody gets a name that looks like somebody else's."""
    assert refused(again(api, "somebody/model"), "v2_foreign_slug")["param"] == "name"


@pytest.mark.parametrize("base", [BASE.id, BASE.architecture])
def test_a_base_is_a_model_or_an_architecture_of_the_platform(api, base):
    """Both come down to the platform's model."""
    made = registered(api, baseModelId=base)
    assert made["baseModelId"] == BASE.id
    assert made["baseModel"] == BASE.resource


def test_a_base_may_be_ones_own_model(api):
    """A model can come from another of the project."""
    first = registered(api)
    second = registered(api, "second", baseModelId=first["id"])
    assert second["baseModel"] == f"{models(api)[4:]}/{first['id']}"


def test_an_unknown_base_is_refused(server):
    """Also another project's model is unknown."""
    mine, other = server.api(), server.api()
    theirs = registered(other)["id"]
    for base in ("ml_nobody", theirs, ""):
        assert refused(again(mine, "a", base), "v2_unknown_model")["param"] == "baseModelId"


@pytest.mark.parametrize("field", ["name", "type", "baseModelId"])
def test_what_a_registration_needs(api, field):
    """Three fields are required, and no other is known."""
    body = {"name": "a", "type": "model", "baseModelId": BASE.id}
    answer = api.post(models(api), json={key: body[key] for key in body if key != field})
    assert malformed(answer) == field
    answer = api.post(models(api), json={**body, "colour": "red"})
    assert refused(answer, "v2_unknown_field")["param"] == "colour"


def test_fields_may_be_spelled_with_underscores(api):
    """The service takes snake_case in bodies as well."""
    body = {"name": "a", "type": "model", "base_model_id": BASE.id}
    assert api.post(models(api), json=body).status_code == 200


# Lists -------------------------------------------------------------------------------------


def test_models_are_listed_newest_first_page_by_page(api):
    """The cursor leads to the rest, also where models are made in between."""
    for name in "abcde":
        registered(api, name)
    seen, cursor = [], None
    while True:
        page = got(api, models(api), limit=2, **({"after": cursor} if cursor else {}))
        seen += [model["name"].rpartition("/")[2] for model in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        registered(api, f"later-{len(seen)}")
    assert seen == list("edcba")


def test_a_cursor_that_is_none_is_refused(api):
    """Neither one of no list nor one of another list's form is taken."""
    for cursor in ("after", "Wy0xXQ", "WzE4NDQ2NzQ0MDczNzA5NTUxNjE1XQ", "WyJhIl0", "WzEsMl0"):
        assert refused(api.get(models(api), params={"after": cursor}), "v2_bad_cursor")


def test_a_list_may_be_of_one_visibility(api):
    """Private and internal models are told apart; another visibility is none."""
    registered(api, "private")
    shared = registered(api, "shared")["id"]
    patched(api, shared, {"visibility": INTERNAL}, "visibility")
    listed = {
        visibility: [model["name"].rpartition("/")[2] for model in page["data"]]
        for visibility in (PRIVATE, INTERNAL)
        for page in [got(api, models(api), visibility=visibility)]
    }
    assert listed == {PRIVATE: ["private"], INTERNAL: ["shared"]}
    answer = api.get(models(api), params={"visibility": "VISIBILITY_PUBLIC"})
    assert malformed(answer) == "visibility"


def test_an_organization_sees_what_is_shared_with_it(server):
    """Internal models alone; another organization is unknown, in the path and in the query."""
    mine, other = server.api(), server.api()
    registered(mine, "private")
    shared = registered(mine, "shared")["id"]
    patched(mine, shared, {"visibility": INTERNAL}, "visibility")
    own, theirs = who(mine)["organization_id"], who(other)["organization_id"]
    page = got(mine, f"/v2/organizations/{own}/models")
    assert [model["id"] for model in page["data"]] == [shared]
    assert len(got(mine, models(mine), organizationId=own)["data"]) == 2
    answer = mine.get(f"/v2/organizations/{theirs}/models")
    assert refused(answer, "v2_unknown_organization")["param"] == "organizationId"
    answer = mine.get(models(mine), params={"organizationId": theirs})
    refused(answer, "v2_unknown_organization")


# Reading -----------------------------------------------------------------------------------


def test_a_model_without_files_says_so(api):
    """No revision, no files, no revision id - as the command line expects it."""
    path = f"{models(api)}/{registered(api)['id']}"
    files = got(api, f"{path}/files")
    assert files == {"object": "list", "data": [], "next_cursor": None, "totalSizeBytes": "0"}
    assert got(api, f"{path}/revisions")["data"] == []
    answer = api.get(f"{path}/revisions/rv_none")
    assert refused(answer, "v2_unknown_item")["param"] == "revisionId"
    refused(api.get(f"{path}/files", params={"revisionId": "rv_none"}), "v2_unknown_item")


def test_another_projects_model_is_unknown(server):
    """So it is for every operation, and nothing of it is changed."""
    mine, other = server.api(), server.api()
    theirs = registered(other)
    path = f"{models(mine)}/{theirs['id']}"
    for answer in (
        mine.get(path),
        mine.get(f"{path}/files"),
        mine.get(f"{path}/revisions"),
        mine.patch(path, json={"description": "Stolen"}),
        mine.delete(path),
    ):
        error = refused(answer, "v2_unknown_model")
        assert error["message"] == f"Model {theirs['id']} not found"
    refused(mine.get(f"{models(other)}/{theirs['id']}"), "v2_unknown_project")
    assert got(other, f"{models(other)}/{theirs['id']}") == theirs


def test_the_platforms_models_are_read_in_its_project(api):
    """Name, weights, one revision, and files whose shards add up to the weights."""
    path = f"/v2/projects/{PLATFORM.project_id}/models/{BASE.id}"
    model = got(api, path)
    assert model["name"] == MIXTRAL
    assert model["projectId"] == PLATFORM.project_id
    parameters = str(round(BASE.model.parameters_billion * 1e9))
    assert model["weights"] == {
        "type": "WEIGHTS_TYPE_DEFAULT",
        "architecture": "MixtralForCausalLM",
        "contextLength": str(BASE.model.context_length),
        "parameters": {
            "total": parameters,
            "byDtype": [{"dtype": "bfloat16", "count": parameters}],
        },
    }
    assert "baseModel" not in model
    [revision] = got(api, f"{path}/revisions")["data"]
    assert revision["revisionId"] == BASE.revision
    assert revision["validationStatus"] == "REVISION_VALIDATION_STATUS_SUCCESS"
    assert got(api, f"{path}/revisions/{BASE.revision}") == revision
    files = got(api, f"{path}/files")
    assert files["revisionId"] == BASE.revision
    sizes = {file["path"]: int(file["sizeBytes"]) for file in files["data"]}
    assert str(sum(sizes.values())) == files["totalSizeBytes"]
    shards = [size for name, size in sizes.items() if name.endswith(".safetensors")]
    assert sum(shards) == int(parameters) * 2
    assert got(api, f"{path}/files", revisionId=BASE.revision) == files


def test_the_platforms_models_are_nobody_elses(api):
    """In the caller's own project their ids are unknown; in the platform's nothing is changed."""
    error = refused(api.get(f"{models(api)}/{BASE.id}"), "v2_unknown_model")
    assert error["message"] == f"Model {BASE.id} not found"
    path = f"/v2/projects/{PLATFORM.project_id}/models"
    refused(api.get(f"{path}/ml_nobody"), "v2_unknown_model")
    refused(api.get(path), "v2_unknown_project")
    refused(api.patch(f"{path}/{BASE.id}", json={"name": "x"}), "v2_unknown_project")
    refused(api.delete(f"{path}/{BASE.id}"), "v2_unknown_project")


# Changing and deleting ---------------------------------------------------------------------


def patched(api, model_id, body, mask=None):
    """Update a model; its answer."""
    params = {"updateMask": mask} if mask is not None else {}
    answer = api.patch(f"{models(api)}/{model_id}", json=body, params=params)
    assert answer.status_code == 200, answer.text
    assert got(api, f"{models(api)}/{model_id}") == answer.json()
    return answer.json()


def test_without_a_mask_everything_is_overwritten(api):
    """An absent description is cleared, an absent visibility the default; a name is kept."""
    made = registered(api, description="Mine")
    changed = patched(api, made["id"], {"visibility": INTERNAL})
    assert "description" not in changed
    assert (changed["name"], changed["visibility"]) == (made["name"], INTERNAL)
    changed = patched(api, made["id"], {"description": "Ours", "name": "other"})
    assert (changed["description"], changed["visibility"]) == ("Ours", PRIVATE)
    assert changed["name"].endswith("/other")


def test_with_a_mask_only_what_it_names_is_set(api):
    """What the body has beside it is left alone; a path without a value is emptied."""
    made = registered(api, description="Mine")
    changed = patched(api, made["id"], {"name": "other", "description": "x"}, "name")
    assert changed == {**made, "name": changed["name"]}
    assert changed["name"].endswith("/other")
    changed = patched(api, made["id"], {}, "description,visibility")
    assert "description" not in changed


@pytest.mark.parametrize(
    ("body", "mask", "case"),
    [
        ({}, None, "v2_no_fields"),
        ({"name": "x"}, ",", "v2_no_fields"),
        ({"name": "x"}, "baseModelId", "v2_bad_mask"),
        ({"name": ""}, None, "v2_bad_name"),
        ({"name": "taken"}, None, "v2_name_exists"),
        ({"name": "somebody/x"}, None, "v2_foreign_slug"),
        ({"etag": "1"}, None, "v2_unknown_field"),
    ],
)
def test_an_update_that_cannot_be_changes_nothing(api, body, mask, case):
    """Each is refused with its reason, and the model is as it was."""
    registered(api, "taken")
    made = registered(api, description="Mine")
    path = f"{models(api)}/{made['id']}"
    refused(api.patch(path, json=body, params={"updateMask": mask} if mask else {}), case)
    assert got(api, path) == made


def test_an_update_to_another_visibility_is_refused(api):
    """There are two for models."""
    path = f"{models(api)}/{registered(api)['id']}"
    assert malformed(api.patch(path, json={"visibility": "VISIBILITY_PUBLIC"})) == "visibility"


def test_a_model_may_keep_its_name(api):
    """Its own name is not taken by somebody else."""
    made = registered(api)
    assert patched(api, made["id"], {"name": made["name"]}) == made


def test_a_model_that_is_deleted_is_gone(api):
    """Its name is free again, its id unknown."""
    made = registered(api)
    answer = api.delete(f"{models(api)}/{made['id']}")
    assert (answer.status_code, answer.json()) == (200, {})
    refused(api.get(f"{models(api)}/{made['id']}"), "v2_unknown_model")
    refused(api.delete(f"{models(api)}/{made['id']}"), "v2_unknown_model")
    assert registered(api)["id"] != made["id"]


def test_a_model_of_a_live_deployment_cannot_be_deleted(api):
    """Only when every deployment of it has stopped."""
    project = who(api)["id"]
    put_models(api, {"id": "devuser/m", "model_id": "ml_m", "base_model": MIXTRAL})
    endpoint = api.post(f"/v2/projects/{project}/endpoints", json={"name": "e"}).json()
    deployments = f"/v2/projects/{project}/endpoints/{endpoint['id']}/deployments"
    config = PLATFORM.config_for(MIXTRAL, H100X2)
    body = {
        "name": "d",
        "model": f"projects/{project}/models/ml_m",
        "config": config.resource,
        "autoscaling": {"minReplicas": 1, "maxReplicas": 1},
    }
    made = api.post(deployments, json=body)
    assert made.status_code == 200, made.text
    refused(api.delete(f"{models(api)}/ml_m"), "v2_model_in_use")
    stopped = {"autoscaling": {"minReplicas": 0, "maxReplicas": 0}}
    assert api.patch(f"{deployments}/{made.json()['id']}", json=stopped).status_code == 200
    api.advance(by="1h")
    assert api.delete(f"{models(api)}/ml_m").status_code == 200


# The state document ------------------------------------------------------------------------


def test_a_model_may_stand_in_a_state_document(api):
    """By its name, with what is left out made up: it has an id and a revision, and can be read."""
    entry = {"id": "devuser/my-model", "type": "chat", "context_length": 32768}
    [shown] = put_models(api, entry)["models"]
    assert {name: shown[name] for name in entry} == entry
    model = got(api, f"{models(api)}/{shown['model_id']}")
    assert model["name"] == "devuser/my-model"
    assert model["weights"]["contextLength"] == "32768"
    [revision] = got(api, f"{models(api)}/{shown['model_id']}/revisions")["data"]
    assert revision["revisionId"] == shown["revisions"][0]["id"]


def test_models_put_into_another_project_are_equal(server):
    """GET then PUT elsewhere: equal documents, and the same models."""
    mine, other = server.api(), server.api()
    put_models(
        mine,
        {"id": "devuser/a", "revisions": []},
        {
            "id": "devuser/b",
            "model_id": "ml_b",
            "kind": "adapter",
            "base_model": MIXTRAL,
            "description": "B",
            "visibility": INTERNAL,
            "revisions": [
                {"id": "rv_1", "created_at": "2025-10-01T00:00:00Z"},
                {"id": "rv_2", "files": [{"path": "a", "hash": "h", "size": 3}]},
            ],
            "created_at": "2025-11-01T00:00:00.123456Z",
        },
    )
    registered(mine, "c")
    document = mine.state()
    assert len(document["models"]) == 3
    assert other.put_state(document).json() == document
    assert other.state() == document == mine.state()
    revisions = got(other, f"{models(other)}/ml_b/revisions")["data"]
    assert [made["revisionId"] for made in revisions] == ["rv_2", "rv_1"]
    assert got(other, f"{models(other)}/ml_b/files")["totalSizeBytes"] == "3"
    next_ids = [registered(api, "d")["id"] for api in (mine, other)]
    assert next_ids[0] == next_ids[1]


@pytest.mark.parametrize(
    ("entries", "param"),
    [
        ([{}], "models.0.id"),
        ([{"id": "a", "colour": "red"}], "models.0.colour"),
        ([{"id": "a", "base_model": "nobody/nothing"}], "models.0.base_model"),
        ([{"id": "a", "type": "nothing"}], "models.0.type"),
        ([{"id": "a", "base_model": MIXTRAL, "type": "embedding"}], "models.0.type"),
        ([{"id": "a", "base_model": MIXTRAL, "context_length": 1}], "models.0.context_length"),
        ([{"id": "a", "kind": "dataset"}], "models.0.kind"),
        ([{"id": "a"}, {"id": "a"}], "models.1.id"),
        ([{"id": "a", "model_id": "m"}, {"id": "b", "model_id": "m"}], "models.1.model_id"),
        ([{"id": "a", "revisions": [{"id": "r"}, {"id": "r"}]}], "models.0.revisions.1.id"),
    ],
)
def test_a_document_at_fault_changes_nothing(api, entries, param):
    """The field is named, and the models are as they were."""
    registered(api)
    before = api.state()
    answer = api.put_state({"models": entries})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert api.state() == before


# Lenient -----------------------------------------------------------------------------------


def test_a_lenient_server_lets_generated_tests_through(lenient):
    """Placeholders for ids, types, cursors and masks are taken for what they could be."""
    api = lenient.api()
    put_models(api, {"id": "devuser/m", "model_id": "id", "revisions": [{"id": "revisionId"}]})
    path = "/v2/projects/projectId/models"
    body = {"baseModelId": "baseModelId", "name": "name", "type": "type"}
    assert api.post(path, json=body).status_code == 200
    page = {"after": "after", "limit": 0}
    more = {"organizationId": "organizationId", "visibility": PRIVATE}
    assert len(got(api, path, **page, **more)["data"]) == 2
    got(api, "/v2/organizations/organizationId/models", **page)
    assert api.patch(f"{path}/id", json={}).status_code == 200
    update = {"description": "description", "name": "other", "visibility": PRIVATE}
    answer = api.patch(f"{path}/id", json=update, params={"updateMask": "updateMask"})
    assert answer.status_code == 200
    assert got(api, f"{path}/id/files", revisionId="revisionId")["revisionId"] == "revisionId"
    assert got(api, f"{path}/id/revisions")["data"]
    assert api.delete(f"{path}/id").status_code == 200
