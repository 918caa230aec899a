"""Importing models by the 2024 API, its jobs, and deploying what came of them."""

import re

import pytest
from support import refused, refused_2024

IMPORT = {
    "model_name": "mistral-large-2407",
    "model_source": "mistralai/Mistral-Large-Instruct-2407",
    "hf_token": "hf_YIIfXdff2eca3c3ac99fa262b6976",
    "description": "Official Mistral Large Instruct Model",
}
V1_UPLOAD = {"model_name": "other", "model_source": "org/other-7b"}
AS_V1 = {"X-Mock-Dialect": "v1"}
AS_2024 = {"X-Mock-Dialect": "legacy"}
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
QUEUED = {
    "status": "queued",
    "message": "Model import is waiting",
    "timestamp": "2026-01-01T00:00:00.000Z",
}


@pytest.fixture(params=["", "/legacy"], ids=["documented", "prefixed"])
def root(request) -> str:
    """Where the 2024 API is spoken to."""
    return request.param


def got(api, path, **options):
    answer = api.get(path, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def imported(api, root="", **fields) -> str:
    """Start an import by the 2024 API; the job's id."""
    answer = api.post(f"{root}/v0/models", json=IMPORT | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["job_id"]


def slug(api) -> str:
    return got(api, "/_mock/project")["slug"]


def test_create_model(api, root):
    """The documented request and answer."""
    answer = api.post(f"{root}/v0/models", json=IMPORT)
    assert answer.status_code == 200
    body = answer.json()
    assert re.fullmatch(f"job-{_UUID}", body["data"]["job_id"])
    assert body == {
        "message": "Processing model weights",
        "data": {
            "job_id": body["data"]["job_id"],
            "model_name": f"{slug(api)}/mistral-large-2407",
            "model_source": "mistralai/Mistral-Large-Instruct-2407",
        },
    }


def test_jobs(api, root):
    """The documented fields at the documented statuses; one job in both documented shapes."""
    job = imported(api, root)
    waiting = got(api, f"{root}/v1/jobs/{job}")
    assert (waiting["status"], waiting["status_updates"]) == ("queued", [QUEUED])
    api.advance(by="0.1s")
    shown = {
        "type": "model_import",
        "job_id": job,
        "status": "processing",
        "status_updates": [
            QUEUED,
            {
                "status": "started",
                "message": "Starting model import",
                "timestamp": "2026-01-01T00:00:00.100Z",
            },
        ],
        "args": {
            "model_name": "mistral-large-2407",
            "model_source": "mistralai/Mistral-Large-Instruct-2407",
            "description": "Official Mistral Large Instruct Model",
        },
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.100Z",
    }
    assert got(api, f"{root}/v1/jobs") == {"object": "list", "data": [shown]}
    assert got(api, f"{root}/v1/jobs/{job}") == {"object": "list", "data": [shown], **shown}
    api.advance(by="0.9s")
    done = got(api, f"{root}/v1/jobs/{job}")
    assert (done["status"], done["updated_at"]) == ("completed", "2026-01-01T00:00:01.000Z")
    assert done["status_updates"][-1] == {
        "status": "completed",
        "message": "Model import successful",
        "timestamp": "2026-01-01T00:00:01.000Z",
    }


@pytest.mark.parametrize("word", ["not-found", "gated", "corrupt", "unavailable"])
def test_an_import_that_fails(api, word):
    """The last update says why, and no model comes of it."""
    job = imported(api, model_source=f"org/{word}", hf_token=None)
    api.advance(by="1h")
    ended = got(api, f"/v1/jobs/{job}")
    assert ended["status"] == ended["status_updates"][-1]["status"] == "failed"
    assert ended["status_updates"][-1]["message"] != "Model import failed"
    names = {row["name"] for row in got(api, "/v0/models")["data"]}
    assert f"{slug(api)}/mistral-large-2407" not in names


def test_the_same_once_more(api):
    """Nothing is to be done, so there is no job; another source of that name is refused."""
    imported(api)
    api.advance(by="1h")
    again = api.post("/v0/models", json=IMPORT)
    assert again.json() == {"message": "Model weights already exist"}
    other = api.post("/v0/models", json=IMPORT | {"model_source": "org/other"})
    refused_2024(other, "model_name_exists")
    assert len(got(api, "/v1/jobs")["data"]) == 1


@pytest.mark.parametrize(
    ("fields", "case", "told"),
    [
        ({"model_name": None}, "missing_field", "model_name"),
        ({"model_name": 7}, "invalid_type", "model_name"),
        ({"model_name": ""}, "out_of_range", "model_name"),
        ({"model_source": None}, "missing_field", "model_source"),
        ({"model_source": "nowhere"}, "bad_model_source", ""),
        ({"hf_token": 7}, "invalid_type", "hf_token"),
        ({"description": []}, "invalid_type", "description"),
    ],
)
def test_an_import_that_is_refused(api, root, fields, case, told):
    """In the 2024 envelope, the message names what is wrong, and there is no job."""
    answer = api.post(f"{root}/v0/models", json=IMPORT | fields)
    assert told in refused_2024(answer, case)
    assert got(api, "/legacy/v1/jobs")["data"] == []


def test_a_token_is_kept_nowhere(api):
    """Neither in an answer nor in the project's state."""
    imported(api)
    for path in ("/v1/jobs", "/v0/models", "/_mock/state"):
        assert IMPORT["hf_token"] not in api.get(path).text


def test_a_job_that_is_not_there(api):
    """v1 refuses, unless the 2024 API is asked."""
    refused(api.get("/v1/jobs/job-nobody"), "unknown_job")
    for path, headers in [("/v1/jobs/job-nobody", AS_2024), ("/legacy/v1/jobs/job-nobody", None)]:
        assert "job-nobody" in refused_2024(api.get(path, headers=headers), "unknown_job")


class TestSharedUrls:
    def test_a_jobs_maker_decides(self, api):
        """And the header over it."""
        elder = imported(api)
        own = api.post("/v1/models", json=V1_UPLOAD).json()["data"]["job_id"]
        for job, headers, is_2024 in [
            (elder, None, True),
            (elder, AS_V1, False),
            (own, None, False),
            (own, AS_2024, True),
        ]:
            shown = got(api, f"/v1/jobs/{job}", headers=headers)
            assert shown["job_id"] == job
            assert shown["status"] == ("queued" if is_2024 else "Queued")
            assert ("object" in shown) is is_2024

    def test_who_made_all_jobs_shows_the_list(self, api):
        """v1 where there are none, or some of its own; the header over all of it."""
        assert got(api, "/v1/jobs") == {"data": []}
        imported(api)
        assert got(api, "/v1/jobs")["object"] == "list"
        assert "object" not in got(api, "/v1/jobs", headers=AS_V1)
        api.post("/v1/models", json=V1_UPLOAD)
        mixed = got(api, "/v1/jobs")
        assert "object" not in mixed
        assert [job["type"] for job in mixed["data"]] == ["model_upload", "model_import"]
        shown = got(api, "/v1/jobs", headers=AS_2024)
        assert [job["type"] for job in shown["data"]] == ["model_import", "model_import"]

    def test_a_header_that_names_nothing(self, api):
        """It is refused."""
        for path in ("/v1/jobs", "/v1/jobs/job-1"):
            answer = api.get(path, headers={"X-Mock-Dialect": "v7"})
            assert refused(answer, "invalid_value")["param"] == "X-Mock-Dialect"

    def test_without_a_key(self, api):
        """v1 refuses, whose URL it is as well."""
        headers = {"Authorization": ""}
        refused(api.get("/v1/jobs", headers=headers), "unauthorized_management")
        refused_2024(api.get("/legacy/v1/jobs", headers=headers), "unauthorized_management")


class TestOwnModels:
    @pytest.fixture
    def model(self, api) -> dict:
        """An own model, imported by the 2024 API, as its list shows it."""
        imported(api)
        api.advance(by="1h")
        return got(api, "/v0/models")["data"][0]

    def test_it_is_listed(self, api, model):
        """Before the platform's, as the project's own, in its own size, with v1's id."""
        name = f"{slug(api)}/mistral-large-2407"
        assert model["name"] == name
        assert model["owner"] == {"user": slug(api), "organization": "together.ai"}
        assert (model["type"], model["num_parameters"]) == ("chat", 123_000_000_000)
        assert model["chat_config"]["add_generation_prompt"] is True
        (known,) = [row for row in got(api, "/v1/models") if row["id"] == name]
        assert model["id"] in known.values()

    @pytest.mark.parametrize("by", ["id", "name"])
    def test_it_is_deployed(self, api, model, by):
        """By id or name, on what it fits in, and it answers under the endpoint's name."""
        fitting = got(api, f"/v0/models/{model[by]}/hardware")["data"]
        assert fitting
        assert "1x_nvidia_h100_80gb_sxm" not in {row["name"] for row in fitting}
        new = {"model": model[by], "suffix": "prod", "hardware_name": fitting[0]["name"]}
        made = api.post("/v1/endpoints", json=new).json()
        assert made["name"] == f"{model['name']}-prod"
        assert made["model"] == {"object": "model", "id": model["id"], "name": model["name"]}
        assert got(api, "/v1/endpoints")["data"] == [made]
        assert got(api, f"/v1/endpoints/{made['id']}") == made
        api.post(f"/v1/endpoints/{made['id']}/start")
        api.run_until(made["id"], "STARTED")
        assert api.chat(made["name"]).status_code == 200

    def test_hardware_that_it_does_not_fit_in(self, api, model):
        """As with the platform's models."""
        new = {"model": model["name"], "hardware_name": "1x_nvidia_h100_80gb_sxm"}
        refused_2024(api.post("/v1/endpoints", json=new), "legacy_ineligible_hardware")

    def test_before_its_import_has_ended(self, api):
        """There is nothing to deploy yet."""
        imported(api)
        name = f"{slug(api)}/mistral-large-2407"
        new = {"model": name, "hardware_name": "8x_nvidia_h100_80gb_sxm"}
        assert name in refused_2024(api.post("/v1/endpoints", json=new), "model_not_ready")
        answer = api.get(f"/v0/models/{name}/hardware")
        refused_2024(answer, "legacy_unknown_model")

    def test_an_id_of_nobodys(self, api):
        """It is taken for a name, which nobody has."""
        new = {"model": "model-nobody", "hardware_name": "8x_nvidia_h100_80gb_sxm"}
        refused_2024(api.post("/v1/endpoints", json=new), "unknown_model_endpoint")

    def test_the_state_has_it(self, api, model, server):
        """The job keeps its maker, and the endpoint its model."""
        new = {"model": model["name"], "hardware_name": "8x_nvidia_h100_80gb_sxm"}
        made = api.post("/v1/endpoints", json=new).json()
        other = server.api()
        assert other.put_state(api.state()).status_code == 200
        assert got(other, "/v1/jobs") == got(api, "/v1/jobs")
        assert got(other, f"/v1/endpoints/{made['id']}")["model"] == made["model"]
