"""What v2 publishes: supported models, configs, instance types, placement profiles."""

import pytest
from support import H100X2, MIXTRAL, refused
from together_mock.services.catalog import Catalog

CATALOG = Catalog()
PLATFORM = CATALOG.platform
LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
R1 = "deepseek-ai/DeepSeek-R1"
TYPES = "/v2/public/inference-instance-types"
MODELS = "/v2/supported-models"
ZONES = list(CATALOG.zones)


def got(api, path, **params):
    """An answer that has to be one."""
    answer = api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(api, **params):
    """The names of the supported models that are found, all of them."""
    return [row["name"] for row in got(api, MODELS, limit=500, **params)["data"]]


def project_of(api):
    return got(api, "/_mock/project")["id"]


def configs_of(api, **params):
    return got(api, f"/v2/projects/{project_of(api)}/configs", **params)["data"]


def headroom(api, name="2xnvidia-h100-80gb"):
    """Region -> what an instance type has free there."""
    return {row["name"]: row["headroom"] for row in got(api, f"{TYPES}/{name}")["regions"]}


def everywhere(relation, value):
    """The same headroom in every region."""
    return {zone: {"relation": relation, "value": value} for zone in ZONES}


def put_pools(api, *pools):
    answer = api.put("/_mock/capacity", json={"pools": list(pools)})
    assert answer.status_code == 200, answer.text


# Supported models ------------------------------------------------------------------------


def test_every_model_is_listed_with_its_products(api):
    """In the order of the catalogue; dedicated is what v2 can deploy."""
    rows = got(api, MODELS, limit=500)
    assert rows["object"] == "list"
    assert rows["next_cursor"] is None
    assert [row["name"] for row in rows["data"]] == list(CATALOG.models)
    for row in rows["data"]:
        model = CATALOG.models[row["name"]]
        profiles = row["deploymentProfiles"]
        assert ("PRODUCT_DEDICATED" in row["products"]) is bool(profiles)
        assert ("PRODUCT_SERVERLESS" in row["products"]) is model.serverless
        assert ("serverlessEndpoint" in row) is ("pricing" in row) is model.serverless
        assert len(profiles) == len(PLATFORM.configs_of(model.id))
        assert row["baseModel"] == f"projects/{PLATFORM.project_id}/models/{row['baseModelId']}"
        assert row["publisher"]


def test_a_supported_model_says_what_it_can_do(api):
    """Capabilities, modalities, features, prices and context of a chat model."""
    (row,) = got(api, MODELS, search=R1)["data"]
    model = CATALOG.models[R1]
    assert row["id"].startswith("arch_")
    assert row["displayName"] == model.display_name
    assert (row["displayType"], row["publisher"]) == ("chat", model.organization)
    assert row["status"] == "SUPPORTED_MODEL_STATUS_SUPPORTED"
    assert row["capabilities"] == ["CAPABILITY_CHAT"]
    assert row["inputModalities"] == row["outputModalities"] == ["MODALITY_TEXT"]
    assert row["features"] == [
        "FEATURE_TOOL_CALLING",
        "FEATURE_STRUCTURED_OUTPUT",
        "FEATURE_REASONING",
    ]
    assert row["contextLength"] == str(model.context_length)
    assert row["pricing"] == {"input": 3, "output": 7}
    assert row["serverlessEndpoint"] == R1
    assert row["products"] == ["PRODUCT_SERVERLESS", "PRODUCT_DEDICATED"]


def test_other_types_have_other_capabilities(api):
    """An image model reads text and makes images; a reranker's scores are of no modality."""
    (image,) = got(api, MODELS, search="black-forest-labs/FLUX.1-kontext-pro")["data"]
    assert image["capabilities"] == ["CAPABILITY_IMAGE_GENERATION"]
    assert image["outputModalities"] == ["MODALITY_IMAGE"]
    assert image["products"] == ["PRODUCT_SERVERLESS"]
    assert image["deploymentProfiles"] == image["features"] == []
    assert "contextLength" not in image
    (ranker,) = got(api, MODELS, search="Salesforce/Llama-Rank-V1")["data"]
    assert ranker["capabilities"] == ["CAPABILITY_RERANKING"]
    assert ranker["outputModalities"] == []
    assert "PRODUCT_DEDICATED" in ranker["products"]


def test_a_deployment_profile_names_what_a_deployment_takes(api):
    """Model, config and hardware as resource names, ids and figures that agree."""
    (row,) = got(api, MODELS, search=LLAMA)["data"]
    two, four = row["deploymentProfiles"]
    (model,) = (item for item in PLATFORM.supported if item.model.id == LLAMA)
    config = PLATFORM.configs_of(LLAMA)[0]
    assert two == {
        "profileId": config.id,
        "config": f"projects/{PLATFORM.project_id}/configs/{config.id}",
        "certifiedConfigRevisionId": config.id,
        "model": f"projects/{PLATFORM.project_id}/models/{model.id}/revisions/{model.revision}",
        "modelName": LLAMA,
        "certifiedModelRevisionId": model.revision,
        "gpuType": "NVIDIA-H100",
        "gpuCount": 2,
        "parallelism": "TP2",
        "quantization": "FP8",
        "adapterMode": "ADAPTER_MODE_DYNAMIC",
        "performanceBenchmarks": two["performanceBenchmarks"],
    }
    figures = two["performanceBenchmarks"]
    assert figures["maxContextLength"] == "131072"
    assert isinstance(figures["timeToFirstTokenMs"], int)
    assert four["gpuCount"] == 4
    assert four["performanceBenchmarks"]["decodingSpeedTps"] == pytest.approx(
        2 * figures["decodingSpeedTps"], rel=0.01
    )


def test_paging_through_the_supported_models_misses_none(api):
    """Pages of seven, each from where the one before ended."""
    pages, after = [], None
    while True:
        page = got(api, MODELS, limit=7, **({"after": after} if after else {}))
        pages.append([row["name"] for row in page["data"]])
        after = page["next_cursor"]
        if after is None:
            break
    assert [name for page in pages for name in page] == list(CATALOG.models)
    assert {len(page) for page in pages[:-1]} == {7}


@pytest.mark.parametrize("limit", [None, 0, 50])
def test_a_page_has_fifty_models_unless_told_otherwise(api, limit):
    """Absent and 0 are the default."""
    page = got(api, MODELS, **({} if limit is None else {"limit": limit}))
    assert len(page["data"]) == 50
    assert page["next_cursor"]


def test_filters_hold_on_every_page(api):
    """A cursor counts what the filters let through."""
    whole = names(api, product="PRODUCT_DEDICATED")
    first = got(api, MODELS, product="PRODUCT_DEDICATED", limit=20)
    then = got(api, MODELS, product="PRODUCT_DEDICATED", limit=20, after=first["next_cursor"])
    assert [row["name"] for row in [*first["data"], *then["data"]]] == whole
    assert then["next_cursor"] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mixtral-8x7b", {MIXTRAL}),
        ("QWQ", {"Qwen/QwQ-32B"}),
        ("whisper", {"openai/whisper-large-v3"}),
        ("no such model", set()),
        # A whole name, though others begin with it; in any case.
        (R1, {R1}),
        (R1.upper(), {R1}),
    ],
)
def test_models_are_found_by_part_of_a_name(api, text, expected):
    """In any case; by its whole name a model is found alone."""
    assert set(names(api, search=text)) == expected


def test_models_are_found_by_id_and_display_name(api):
    """The catalogue's own id, the model's id, and the name that people read."""
    (row,) = got(api, MODELS, search=MIXTRAL)["data"]
    for text in (row["id"], row["baseModelId"], row["displayName"].lower()):
        assert names(api, search=text) == [MIXTRAL]
    assert len(names(api, search="deepseek-r1")) > 1
    assert names(api, search="") == names(api)


@pytest.mark.parametrize(
    ("query", "is_kept"),
    [
        ({"product": "PRODUCT_DEDICATED"}, lambda row: "PRODUCT_DEDICATED" in row["products"]),
        ({"product": "PRODUCT_SERVERLESS"}, lambda row: "PRODUCT_SERVERLESS" in row["products"]),
        ({"product": "PRODUCT_FINE_TUNING"}, lambda _row: False),
        ({"modality": "MODALITY_TEXT"}, lambda row: "MODALITY_TEXT" in row["inputModalities"]),
        ({"modality": "MODALITY_AUDIO"}, lambda row: "MODALITY_AUDIO" in row["inputModalities"]),
        (
            {"adapterMode": "ADAPTER_MODE_DISABLED"},
            lambda row: (
                "ADAPTER_MODE_DISABLED"
                in {profile["adapterMode"] for profile in row["deploymentProfiles"]}
            ),
        ),
        ({"adapterMode": "ADAPTER_MODE_FIXED"}, lambda _row: False),
    ],
)
def test_supported_models_are_filtered(api, query, is_kept):
    """By product, by what they read, by the adapter mode of a profile."""
    rows = got(api, MODELS, limit=500)["data"]
    kept = [row["name"] for row in rows if is_kept(row)]
    assert names(api, **query) == kept
    assert len(kept) < len(rows)


@pytest.mark.parametrize("param", ["product", "modality", "adapterMode"])
def test_a_filter_that_is_none_is_refused(api, param):
    """The field is named."""
    answer = api.get(MODELS, params={param: "SOMETHING"})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_a_cursor_of_nobody_is_refused(api):
    """What was not given out here is no place in a list."""
    assert refused(api.get(MODELS, params={"after": "after"}), "v2_bad_cursor")["param"] == "after"


def test_a_supported_model_by_its_id(api):
    """As the list has it; any other id is unknown."""
    (row,) = got(api, MODELS, search=MIXTRAL)["data"]
    assert got(api, f"{MODELS}/{row['id']}") == row
    for wrong in ("arch_nobody", row["baseModelId"], "id"):
        error = refused(api.get(f"{MODELS}/{wrong}"), "v2_unknown_item")
        assert error["param"] == "id"
        assert wrong in error["message"]


# Configs ---------------------------------------------------------------------------------


def test_the_configs_of_a_model_are_those_of_its_profiles(api):
    """By resource name, by id, or by both; with hardware and optimization as selectors."""
    (row,) = got(api, MODELS, search=LLAMA)["data"]
    model, name = row["baseModelId"], row["baseModel"]
    listed = configs_of(api, referenceModel=name)
    assert configs_of(api, referenceModelId=model) == listed
    assert configs_of(api, referenceModel=name, referenceModelId=model) == listed
    assert configs_of(api, referenceModel=f"{name}/revisions/rv_any") == listed
    profiles = row["deploymentProfiles"]
    assert [item["id"] for item in listed] == [profile["profileId"] for profile in profiles]
    for item, count, optimization in zip(listed, "24", ("balanced", "latency"), strict=True):
        assert item["projectId"] == PLATFORM.project_id
        assert (item["referenceModel"], item["referenceModelId"]) == (name, model)
        selectors = {selector["key"]: selector["value"] for selector in item["selectors"]}
        assert selectors == {
            "accelerator_count": count,
            "accelerator_type": "nvidia-h100-80gb",
            "optimization": optimization,
            "topology": "aggregated",
            "adapter_mode": "dynamic" if count == "2" else "disabled",
        }
        (certification,) = item["certifications"]
        assert certification["certificationType"] == "CERTIFICATION_TYPE_CERTIFIED"
        assert certification["model"] == name


def test_a_projects_own_model_has_the_configs_of_its_base(api, server):
    """By its id and by its resource name; in another project it is nobody's."""
    project, base = project_of(api), PLATFORM.model_named(LLAMA)
    body = {"name": "mine", "type": "model", "baseModelId": base.id}
    own = api.post(f"/v2/projects/{project}/models", json=body).json()["id"]
    listed = configs_of(api, referenceModelId=own)
    assert listed == configs_of(api, referenceModelId=base.id) != []
    assert configs_of(api, referenceModel=f"projects/{project}/models/{own}") == listed
    assert configs_of(api, referenceModel=f"projects/{PLATFORM.project_id}/models/{own}") == []
    assert configs_of(server.api(), referenceModelId=own) == []


@pytest.mark.parametrize("param", ["referenceModel", "referenceModelId"])
def test_a_model_that_nobody_has_has_no_configs(api, param):
    """Nor has one that is named in a project of somebody else's."""
    model = PLATFORM.model_named(MIXTRAL)
    if param == "referenceModel":
        wrong = [f"projects/{project_of(api)}/models/ml_nobody", f"projects/p/models/{model.id}"]
    else:
        wrong = ["ml_nobody", model.architecture, MIXTRAL]
    for named in wrong:
        assert configs_of(api, **{param: named}) == []


def test_a_platform_model_may_be_named_under_ones_own_project(api):
    """As the service's own deploy script does, for its configs and for a deployment."""
    model = PLATFORM.model_named(MIXTRAL)
    own, theirs = (
        f"projects/{name}/models/{model.id}" for name in (project_of(api), PLATFORM.project_id)
    )
    assert configs_of(api, referenceModel=own) == configs_of(api, referenceModel=theirs) != []


def test_all_published_configs_without_a_model(api):
    """In pages; what is not published is not among them."""
    path = f"/v2/projects/{project_of(api)}/configs"
    first = got(api, path, limit=30)
    then = got(api, path, limit=30, after=first["next_cursor"])
    assert [row["id"] for row in [*first["data"], *then["data"]]] == [
        config.id for config in PLATFORM.published
    ]
    assert then["next_cursor"] is None


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"referenceModel": "referenceModel"}, "referenceModel"),
        ({"referenceModel": "projects/p/configs/c"}, "referenceModel"),
        (
            {"referenceModel": "projects/p/models/one", "referenceModelId": "two"},
            "referenceModelId",
        ),
    ],
)
def test_a_reference_that_cannot_be_is_refused(api, params, param):
    """No resource name of a model, or two models at once."""
    answer = api.get(f"/v2/projects/{project_of(api)}/configs", params=params)
    assert refused(answer, "v2_bad_value")["param"] == param


def test_a_config_is_read_in_the_callers_project_and_in_the_platforms(api):
    """By its id, published or not; what is not published is not certified."""
    published = PLATFORM.configs_of(MIXTRAL)[0]
    hidden = PLATFORM.config_for(MIXTRAL, "2x_nvidia_a100_80gb_sxm")
    for project in (project_of(api), PLATFORM.project_id):
        shown = got(api, f"/v2/projects/{project}/configs/{published.id}")
        assert shown == configs_of(api, referenceModelId=shown["referenceModelId"])[0]
        other = got(api, f"/v2/projects/{project}/configs/{hidden.id}")
        assert other["certifications"] == []
        assert {"key": "accelerator_type", "value": "nvidia-a100-80gb"} in other["selectors"]
    own = f"/v2/projects/{project_of(api)}/configs"
    assert refused(api.get(f"{own}/cr_nobody"), "v2_unknown_item")["param"] == "id"


@pytest.mark.parametrize("part", ["configs", "configs/cr_x", "placement-profiles"])
def test_another_projects_catalogue_is_not_shown(api, server, part):
    """A project is one's own, or it is not there."""
    stranger = project_of(server.api())
    for project in (stranger, "proj_nobody"):
        answer = api.get(f"/v2/projects/{project}/{part}")
        assert refused(answer, "v2_unknown_project")["param"] == "projectId"


# Instance types --------------------------------------------------------------------------


def test_instance_types_have_a_price_by_the_hour(api):
    """What is offered, whole: no pages."""
    body = got(api, TYPES)
    assert (body["object"], body["next_cursor"]) == ("list", None)
    rows = {row["name"]: row for row in body["data"]}
    assert list(rows) == [name for name, item in PLATFORM.instance_types.items() if item.listed]
    one, eight = rows["1xnvidia-h100-80gb"], rows["8xnvidia-b200-180gb"]
    assert (one["priceCentsPerHour"], eight["priceCentsPerHour"]) == (549, 8 * 899)
    assert (one["gpuType"], one["gpuCount"], one["gpuMemoryGib"]) == ("h100-80gb", 1, 80)
    assert one["description"] == "1x NVIDIA H100 80GB"
    assert one["id"].startswith("it_")
    assert not [name for name in rows if "a100" in name]
    for row in rows.values():
        assert [region["name"] for region in row["regions"]] == ZONES


def test_an_instance_type_by_id_and_by_name(api):
    """Also one that is no longer offered."""
    listed = {row["name"]: row for row in got(api, TYPES)["data"]}
    shown = listed["2xnvidia-h100-80gb"]
    assert got(api, f"{TYPES}/{shown['id']}") == got(api, f"{TYPES}/{shown['name']}") == shown
    old = got(api, f"{TYPES}/2xnvidia-a100-80gb")
    assert old["priceCentsPerHour"] == 325
    for wrong in ("it_nobody", H100X2, "id"):
        assert refused(api.get(f"{TYPES}/{wrong}"), "v2_unknown_item")["param"] == "id"


def test_every_published_config_runs_on_an_instance_type_that_is_listed(api):
    """The selectors make its name."""
    offered = {row["name"] for row in got(api, TYPES)["data"]}
    for row in configs_of(api, limit=500):
        selectors = {item["key"]: item["value"] for item in row["selectors"]}
        assert f"{selectors['accelerator_count']}x{selectors['accelerator_type']}" in offered


def test_headroom_without_pools_is_plenty(api):
    """A round lower bound, as unlimited hardware has no number."""
    assert headroom(api) == everywhere("RELATION_GTE", 100)


def test_headroom_follows_what_v1_takes(api):
    """Exactly what is free in a region's pools, while an endpoint of v1 starts, runs and ends."""
    put_pools(
        api,
        {"hardware": H100X2, "zone": ZONES[0], "replicas": 3},
        {"hardware": H100X2, "zone": ZONES[1], "replicas": 1},
    )

    def free():
        shown = headroom(api)
        assert {value["relation"] for value in shown.values()} == {"RELATION_EQ"}
        return [shown[zone]["value"] for zone in ZONES]

    assert free() == [3, 1]
    first = api.create(
        autoscaling={"min_replicas": 2, "max_replicas": 2}, availability_zone=ZONES[0]
    )
    assert free() == [1, 1]
    api.create(availability_zone=ZONES[1])
    assert free() == [1, 0]
    assert api.delete(f"/v1/endpoints/{first['id']}").status_code == 204
    assert free() == [3, 0]
    # Other hardware is as it was.
    assert headroom(api, "1xnvidia-h100-80gb")[ZONES[0]]["relation"] == "RELATION_GTE"
    listed = {row["name"]: row for row in got(api, TYPES)["data"]}
    assert listed["2xnvidia-h100-80gb"] == got(api, f"{TYPES}/2xnvidia-h100-80gb")


def test_a_pool_for_any_zone_counts_in_each(api):
    """What may be placed anywhere is free everywhere, and a region without a pool has nothing."""
    put_pools(api, {"hardware": H100X2, "replicas": 2})
    assert headroom(api) == everywhere("RELATION_EQ", 2)
    put_pools(api, {"hardware": H100X2, "zone": ZONES[1], "replicas": 2})
    assert [headroom(api)[zone]["value"] for zone in ZONES] == [0, 2]


def test_one_region_is_attested_for_hipaa(api):
    """With the headroom that it has for everybody."""
    put_pools(api, {"hardware": H100X2, "zone": "us-east-1a", "replicas": 2})
    shown = {row["name"]: row for row in got(api, f"{TYPES}/2xnvidia-h100-80gb")["regions"]}
    assert shown["us-east-1a"]["compliance"] == [
        {"policy": {"hipaa": True}, "headroom": {"relation": "RELATION_EQ", "value": 2}}
    ]
    assert "compliance" not in shown["us-central-4b"]


# Placement profiles ----------------------------------------------------------------------


def test_a_project_has_a_few_placement_profiles(api, server):
    """One that takes any region, one for each; every project has its own."""
    project = got(api, "/_mock/project")
    path = f"/v2/projects/{project['id']}/placement-profiles"
    rows = got(api, path)["data"]
    assert {row["name"]: row["preferredRegions"] for row in rows} == {
        "default": ZONES,
        **{zone: [zone] for zone in ZONES},
    }
    for row in rows:
        assert row["id"].startswith("pp_")
        assert row["projectId"] == project["id"]
        assert row["organizationId"] == project["organization_id"]
        assert got(api, f"{path}/{row['id']}") == row
    assert [row["id"] for row in got(api, path, limit=1)["data"]] == [rows[0]["id"]]
    other = server.api()
    theirs = f"/v2/projects/{project_of(other)}/placement-profiles"
    assert refused(other.get(f"{theirs}/{rows[0]['id']}"), "v2_unknown_item")["param"] == "id"


# Who may ask, and what a lenient server lets through --------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        MODELS,
        f"{MODELS}/id",
        TYPES,
        f"{TYPES}/id",
        "/v2/projects/projectId/configs",
        "/v2/projects/projectId/configs/id",
        "/v2/projects/projectId/placement-profiles",
        "/v2/projects/projectId/placement-profiles/id",
    ],
)
def test_nothing_is_published_to_nobody(api, lenient, path):
    """Without a key there is no answer, whatever else is let through."""
    for one in (api, lenient.api()):
        answer = one.get(path, headers={"Authorization": ""})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{MODELS}/id", "id"),
        (f"{TYPES}/id", "id"),
        ("/v2/projects/projectId/configs/id", "id"),
        ("/v2/projects/projectId/placement-profiles/id", "id"),
    ],
)
def test_a_lenient_server_makes_up_what_it_is_asked_for(lenient, path, field):
    """The row of an id that it does not know has that id, and otherwise the form of all others."""
    assert got(lenient.api(), path)[field] == "id"


def test_a_lenient_server_takes_words_for_names(lenient):
    """What generated suites send for cursors, projects and references."""
    api = lenient.api()
    query = {"after": "after", "limit": 0}
    word = {"referenceModel": "referenceModel", "referenceModelId": "referenceModelId"}
    assert got(api, "/v2/projects/projectId/configs", **query, **word)["data"] == []
    assert len(got(api, "/v2/projects/projectId/configs", **query)["data"]) > 1
    assert got(api, "/v2/projects/projectId/placement-profiles", **query)["data"]
    assert (
        got(
            api,
            MODELS,
            **query,
            adapterMode="ADAPTER_MODE_FIXED",
            modality="MODALITY_TEXT",
            product="PRODUCT_SERVERLESS",
            search="search",
        )["data"]
        == []
    )
