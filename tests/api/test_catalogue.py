"""What can be had: hardware, models, zones, and who the caller is."""

import json
import re
from collections import Counter

import pytest
from support import H100X2, MIXTRAL, refused
from together_mock.resources import directory
from together_mock.services.catalog import Catalog

CATALOG = Catalog()
ROWS = json.loads((directory("fixtures") / "models.json").read_text("utf-8"))["models"]
DEPLOYABLE = [model.id for model in CATALOG.models.values() if model.dedicated]
SERVERLESS_ONLY = [model.id for model in CATALOG.models.values() if not model.dedicated]
# Source: together-v1 reference 3, the sizes that the documentation names for Mixtral.
MIXTRAL_HARDWARE = [
    f"{count}x_nvidia_{gpu}_80gb_sxm" for count in (2, 4, 8) for gpu in ("a100", "h100")
]


def hardware_of(api, model=None):
    """The rows of the hardware list, all of it or what a model can run on."""
    params = {} if model is None else {"model": model}
    answer = api.get("/v1/hardware", params=params)
    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() == {"object", "data"}
    assert body["object"] == "list"
    return body["data"]


def test_hardware_without_a_model_has_no_availability(api):
    """The whole list: ids in the documented pattern, a price, and no availability."""
    rows = hardware_of(api)
    assert len(rows) == len({row["id"] for row in rows}) == 18
    for row in rows:
        assert row.keys() == {"object", "id", "name", "pricing", "specs", "updated_at"}
        assert row["object"] == "hardware"
        assert row["specs"].keys() == {"gpu_type", "gpu_link", "gpu_memory", "gpu_count"}
        count, gpu, memory, link = re.fullmatch(
            r"(\d+)x_nvidia_(\w+?)_(\d+)gb_(sxm|pcie)", row["id"]
        ).groups()
        assert row["specs"] == {
            "gpu_type": f"{gpu}-{memory}gb",
            "gpu_link": link,
            "gpu_memory": int(memory),
            "gpu_count": int(count),
        }
        assert row["name"] == row["id"]
        assert row["pricing"].keys() == {"input", "output", "cents_per_minute"}
        assert row["pricing"]["input"] == row["pricing"]["output"] == 0
        assert row["pricing"]["cents_per_minute"] > 0


def test_prices_are_linear_in_the_number_of_gpus(api):
    """Within a family a replica costs its GPUs times the price of one."""
    per_gpu = {}
    for row in hardware_of(api):
        specs = row["specs"]
        cents = row["pricing"]["cents_per_minute"] / specs["gpu_count"]
        family = (specs["gpu_type"], specs["gpu_link"])
        assert per_gpu.setdefault(family, cents) == pytest.approx(cents)


def test_the_documented_price_is_exact(api):
    """The example of the documentation: 5.42 cents a minute for two A100."""
    prices = {row["id"]: row["pricing"]["cents_per_minute"] for row in hardware_of(api)}
    assert prices["2x_nvidia_a100_80gb_sxm"] == 5.42
    assert prices[H100X2] == 18


def test_mixtral_runs_on_exactly_its_six(api):
    """The configurations that the documentation lists for Mixtral, in its order."""
    assert [row["id"] for row in hardware_of(api, MIXTRAL)] == MIXTRAL_HARDWARE


def test_hardware_of_a_model_has_availability(api):
    """With a model each row says whether it can be had now; the rest is as in the whole list."""
    whole = {row["id"]: row for row in hardware_of(api)}
    for row in hardware_of(api, MIXTRAL):
        assert row.pop("availability") == {"status": "available"}
        assert row == whole[row["id"]]


@pytest.mark.parametrize("model", ["unknown/model", "", SERVERLESS_ONLY[0]])
def test_a_model_that_cannot_be_deployed_has_no_hardware(api, model):
    """Unknown and serverless-only models have an empty list."""
    assert hardware_of(api, model) == []


@pytest.mark.parametrize("model", DEPLOYABLE)
def test_a_model_can_be_deployed_on_all_the_hardware_listed_for_it(api, model):
    """Whatever the list offers is accepted; each other configuration is refused with 404."""
    offered = {row["id"] for row in hardware_of(api, model)}
    assert offered, "a deployable model that nothing can run"
    for hardware in CATALOG.hardware:
        answer = api.post("/v1/endpoints", json={"model": model, "hardware": hardware})
        if hardware in offered:
            assert answer.status_code == 200, answer.text
            assert answer.json()["hardware"] == hardware
        else:
            error = refused(answer, "ineligible_hardware")
            assert error["param"] == "hardware"
            assert "not available for this model" in error["message"]
            assert "check the hardware api" in error["message"].lower()
    assert len(api.state()["endpoints"]) == len(offered)


def test_a_serverless_only_model_cannot_be_deployed(api):
    """Every model without a dedicated form is refused by name, on any hardware."""
    for model in SERVERLESS_ONLY:
        answer = api.post("/v1/endpoints", json={"model": model, "hardware": H100X2})
        error = refused(answer, "model_not_deployable")
        assert error["param"] == "model"
        assert model in error["message"]


def test_models_are_a_bare_array_of_every_row(api):
    """GET /v1/models: an array, one object a row of the catalogue."""
    listed = api.get("/v1/models").json()
    assert isinstance(listed, list)
    assert [row["id"] for row in listed] == [row["id"] for row in ROWS]
    for row in listed:
        assert row["object"] == "model"
        assert isinstance(row["pricing"], dict)
        assert row["running"] is False
        assert None not in row.values()
    by_id = {row["id"]: row for row in listed}
    assert by_id[MIXTRAL]["context_length"] == 32768
    assert by_id[MIXTRAL]["type"] == "chat"


def test_all_89_rows_of_the_dedicated_models_page_are_there():
    """The page's table in full: types, and how many of it can be deployed."""
    page = [row for row in ROWS if not row.get("extra")]
    assert len(page) == len({row["id"] for row in page}) == 89
    kinds = "chat 63 image 9 embedding 5 moderation 5 audio 2 language 2 rerank 2 transcribe 1"
    words = kinds.split()
    assert Counter(row["type"] for row in page) == {
        kind: int(count) for kind, count in zip(words[::2], words[1::2], strict=True)
    }
    assert sum(row["dedicated"] for row in page) == 35
    assert sum(row["context_length"] == 0 for row in page) == 13


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?dedicated=true", set(DEPLOYABLE)),
        ("?dedicated=True", set(DEPLOYABLE)),
        ("?dedicated=false", set(CATALOG.models)),
        ("", set(CATALOG.models)),
    ],
)
def test_models_can_be_filtered_to_the_deployable(api, query, expected):
    """dedicated=true keeps what can run on an endpoint of one's own."""
    assert {row["id"] for row in api.get(f"/v1/models{query}").json()} == expected


def test_autoscale_models_is_the_older_list_of_the_deployable(api):
    """A bare array of names, which older command lines intersect with the models' ids."""
    assert api.get("/v1/autoscale/models").json() == [{"name": name} for name in DEPLOYABLE]


def test_zones(api):
    """The zones by name under `avzones`."""
    answer = api.get("/v1/clusters/availability-zones").json()
    assert answer == {"avzones": ["us-central-4b", "us-east-1a"]}


def test_whoami_tells_project_organization_and_key(api):
    """The flat form of v1 and the nested one of v3 tell the same identity."""
    flat, nested = api.get("/v1/whoami").json(), api.get("/v3/whoami").json()
    project = api.get("/_mock/project").json()
    assert flat == {
        "api_key_id": project["api_key_id"],
        "project_id": project["id"],
        "project_name": project["slug"],
        "project_slug": project["slug"],
        "organization_id": project["organization_id"],
        "organization_name": project["slug"],
    }
    assert nested == {
        "type": "project_api_key",
        "api_key": {"id": project["api_key_id"]},
        "organization": {"id": project["organization_id"], "name": project["slug"]},
        "project": {"id": project["id"], "name": project["slug"], "slug": project["slug"]},
    }
    for name, prefix in (("id", "proj_"), ("organization_id", "org_"), ("api_key_id", "key_")):
        assert re.fullmatch(rf"{prefix}\w{{22}}", project[name])


def test_two_keys_may_share_a_project_and_keep_ids_of_their_own(start_server):
    """Listed keys of one project see the same endpoints; each key has its id."""
    server = start_server(api_keys=("one=team", "two=team", "three"))
    one, two, three = (server.api(key) for key in ("one", "two", "three"))
    assert one.create()["owner"] == "team"
    assert two.get("/v1/endpoints?mine=1").json() == one.get("/v1/endpoints?mine=1").json()
    assert three.get("/v1/endpoints?mine=1").json()["data"] == []
    first, second = one.get("/v1/whoami").json(), two.get("/v1/whoami").json()
    assert first.pop("api_key_id") != second.pop("api_key_id")
    assert first == second


def test_whoami_keeps_its_answer_on_another_server_of_the_same_seed(start_server):
    """Project, organization and key ids follow from the key and the server's seed alone."""
    first, again, other = (start_server(seed=seed).api("same-key") for seed in (7, 7, 8))
    path = "/v1/whoami"
    assert first.get(path).json() == again.get(path).json()
    assert first.get(path).json()["project_id"] != other.get(path).json()["project_id"]


def test_fixtures_can_be_replaced_file_by_file(start_server, tmp_path):
    """A file of one's own takes the place of the shipped one of the same name."""
    zones = {"zones": [{"id": "home-1a"}]}
    (tmp_path / "zones.json").write_text(json.dumps(zones), encoding="utf-8")
    api = start_server(fixtures=str(tmp_path)).api()
    assert api.get("/v1/clusters/availability-zones").json() == {"avzones": ["home-1a"]}
    assert api.create(availability_zone="home-1a")["availability_zone"] == "home-1a"
