"""The 2024 API: each example of its documentation is a test, at its own URL and below /legacy.

The documented requests are sent as they stand there; answers have the documented fields and types,
and the documented values wherever the emulator can have the same.
"""

import re

import pytest
from support import Api, refused, refused_2024

MODEL = "meta-llama/Llama-3-70b-chat-hf"
A100X2 = "2x_nvidia_a100_80gb_sxm"
NEW = {"model": MODEL, "suffix": "prodDeploy7", "hardware_name": A100X2}
BOUNDS = {"autoscaling": {"min_replicas": 2, "max_replicas": 5}}
HARDWARE = {
    "object": "hardware",
    "id": A100X2,
    "name": A100X2,
    "pricing": {"input": 0, "output": 0, "cents_per_minute": 5.42},
    "specs": {"gpu_type": "a100-80gb", "gpu_link": "sxm", "gpu_memory": 80, "gpu_count": 2},
}
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Legacy:
    """The 2024 API of a project, below a root: none is its documented URLs."""

    def __init__(self, api: Api, root: str) -> None:
        self.api = api
        self.root = root
        self.slug = api.get("/_mock/project").json()["slug"]

    def got(self, path: str) -> dict:
        answer = self.api.get(f"{self.root}{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict | None = None):
        return (
            self.api.post(f"{self.root}{path}", json=body)
            if body is not None
            else (self.api.post(f"{self.root}{path}"))
        )

    def posted(self, path: str, body: dict | None = None) -> dict:
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, **fields) -> str:
        return self.posted("/v1/endpoints", {"model": MODEL, "hardware_name": A100X2, **fields})[
            "id"
        ]

    def start(self, endpoint: str, body: dict | None = None) -> dict:
        return self.posted(f"/v1/endpoints/{endpoint}/start", body)

    def stop(self, endpoint: str) -> dict:
        return self.posted(f"/v1/endpoints/{endpoint}/stop")

    def statuses(self, endpoint: str) -> list[str]:
        return [item["status"] for item in self.got(f"/v1/endpoints/{endpoint}")["deployments"]]


@pytest.fixture(params=["", "/legacy"], ids=["documented", "prefixed"])
def legacy(request, api) -> Legacy:
    """The 2024 API of a fresh project."""
    return Legacy(api, request.param)


def deployment(status: str, minimum: int = 2, maximum: int = 5) -> dict:
    """A deployment as the examples show it."""
    return {
        "object": "deployment",
        "status": status,
        "autoscaling": {"min_replicas": minimum, "max_replicas": maximum},
        "hardware": {"name": A100X2, "specs": {"gpu_type": "a100-80gb", "gpu_count": 2}},
    }


class TestModels:
    def test_list(self, legacy):
        """The documented fields and types, in the envelope that the other lists have."""
        listed = legacy.got("/v0/models")
        assert listed["object"] == "list"
        by_name = {row["name"]: row for row in listed["data"]}
        assert len(by_name) == len({row["id"] for row in listed["data"]}) == len(listed["data"])
        row = by_name[MODEL]
        assert re.fullmatch(f"model-{_UUID}", row.pop("id"))
        config = row.pop("chat_config")
        assert row == {
            "object": "model",
            "name": MODEL,
            "display_name": "Meta Llama 3 70B Instruct Reference",
            "owner": {"user": "together", "organization": "together.ai"},
            "type": "chat",
            "num_parameters": 70_600_000_000,
            "context_length": 8192,
        }
        assert config.keys() == {
            *("chat_template", "add_generation_prompt", "bos_token", "eos_token", "stop")
        }
        assert config["add_generation_prompt"] is True
        assert config["eos_token"] == "<|eot_id|>"
        assert config["stop"] == ["<|eot_id|>"]

    def test_what_chats_has_a_chat_config_and_nothing_else_has(self, legacy):
        """Whatever else reads or writes text is listed too; pictures and sound are not."""
        rows = legacy.got("/v0/models")["data"]
        assert {row["type"] for row in rows} == {
            *("chat", "language", "moderation", "embedding", "rerank")
        }
        for row in rows:
            assert (row["chat_config"] is not None) is (row["type"] == "chat"), row["name"]

    def test_ids_are_the_same_in_every_project(self, legacy, server):
        """They follow from the name alone."""
        other = Legacy(server.api(), legacy.root)
        assert other.got("/v0/models") == legacy.got("/v0/models")

    def test_every_listed_model_can_be_deployed_on_all_the_hardware_it_is_said_to_run_on(self, api):
        """What the lists promise, creation keeps."""
        legacy = Legacy(api, "/legacy")
        for row in legacy.got("/v0/models")["data"]:
            fitting = legacy.got(f"/v0/models/{row['id']}/hardware")["data"]
            assert fitting, row["name"]
            for item in (fitting[0], fitting[-1]):
                made = legacy.posted(
                    "/v1/endpoints", {"model": row["name"], "hardware_name": item["name"]}
                )
                assert made["model"] == {
                    "object": "model",
                    "id": row["id"],
                    "name": row["name"],
                }


class TestHardware:
    def test_list(self, legacy):
        """The documented item, its price and specs; v1's own URL has all of these fields."""
        listed = legacy.got("/v1/hardware")
        assert listed["object"] == "list"
        (row,) = [row for row in listed["data"] if row["name"] == A100X2]
        assert row == {**HARDWARE, "updated_at": "2024-01-01T00:00:00Z"}

    def test_the_shared_list_is_the_prefixed_one(self, api):
        """One shape serves both generations."""
        assert api.get("/v1/hardware").json() == api.get("/legacy/v1/hardware").json()

    @pytest.mark.parametrize("by", ["id", "name"])
    def test_for_a_model(self, legacy, by):
        """The documented item with its availability, by the model's id or name."""
        (model,) = [row for row in legacy.got("/v0/models")["data"] if row["name"] == MODEL]
        listed = legacy.got(f"/v0/models/{model[by]}/hardware")
        assert listed["object"] == "list"
        (row,) = [row for row in listed["data"] if row["name"] == A100X2]
        assert row == {**HARDWARE, "availability": {"status": "available"}}
        assert "1x_nvidia_a100_80gb_sxm" not in {row["name"] for row in listed["data"]}

    def test_availability_follows_the_pools(self, legacy):
        """As in v1."""
        pool = {"hardware": A100X2, "replicas": 0}
        legacy.api.put("/_mock/capacity", json={"pools": [pool]})
        listed = legacy.got(f"/v0/models/{MODEL}/hardware")["data"]
        assert {row["availability"]["status"] for row in listed if row["name"] == A100X2} == {
            "unavailable"
        }

    def test_for_an_unknown_model(self, legacy):
        """404 in the envelope."""
        answer = legacy.api.get(f"{legacy.root}/v0/models/no/such-model/hardware")
        assert "no/such-model" in refused_2024(answer, "legacy_unknown_model")

    def test_for_a_model_that_draws(self, legacy):
        """It is known, and runs on nothing here."""
        listed = legacy.got("/v0/models/black-forest-labs/FLUX.1-dev/hardware")
        assert listed == {"object": "list", "data": []}


class TestEndpoints:
    def test_create(self, legacy):
        """The documented request, the documented answer; nothing is started."""
        made = legacy.posted("/v1/endpoints", NEW)
        assert re.fullmatch(f"endpoint-{_UUID}", made["id"])
        assert re.fullmatch(_INSTANT, made["created_at"])
        assert re.fullmatch(f"model-{_UUID}", made["model"]["id"])
        assert made == {
            "object": "endpoint",
            "id": made["id"],
            "name": f"{legacy.slug}/{MODEL}-prodDeploy7",
            "model": {"object": "model", "id": made["model"]["id"], "name": MODEL},
            "owner": {"user": legacy.slug, "organization": "together.ai"},
            "deployments": [],
            "created_at": made["created_at"],
        }
        assert legacy.got(f"/v1/endpoints/{made['id']}") == made
        assert legacy.got("/v1/endpoints") == {"object": "list", "data": [made]}

    def test_start(self, legacy):
        """The documented request and answer, field by field."""
        endpoint = legacy.create()
        assert legacy.start(endpoint, BOUNDS) == {
            "object": "endpoint",
            "id": endpoint,
            "deployments": [deployment("pending")],
        }

    @pytest.mark.parametrize(
        ("body", "minimum", "maximum"),
        [
            (None, 1, 1),
            ({}, 1, 1),
            ({"autoscaling": None}, 1, 1),
            ({"autoscaling": {}}, 1, 1),
            ({"autoscaling": {"max_replicas": 3}}, 1, 3),
            ({"autoscaling": {"min_replicas": 1, "max_replicas": None}}, 1, 1),
        ],
    )
    def test_start_with_its_own_bounds(self, legacy, body, minimum, maximum):
        """The body is optional, and so is all that is in it."""
        started = legacy.start(legacy.create(), body)
        assert started["deployments"] == [deployment("pending", minimum, maximum)]

    def test_stop(self, legacy):
        """The documented answer, field by field."""
        endpoint = legacy.create()
        legacy.start(endpoint, BOUNDS)
        legacy.api.run_until(endpoint, "STARTED")
        assert legacy.stop(endpoint) == {
            "object": "endpoint",
            "id": endpoint,
            "deployments": [deployment("stopping")],
        }

    def test_delete(self, legacy):
        """The documented answer, and it is gone."""
        endpoint = legacy.create()
        legacy.start(endpoint, BOUNDS)
        answer = legacy.api.delete(f"{legacy.root}/v1/endpoints/{endpoint}")
        assert answer.status_code == 200
        assert answer.json() == {
            "object": "endpoint",
            "id": endpoint,
            "deployments": [deployment("deleting")],
        }
        gone = legacy.api.get(f"/legacy/v1/endpoints/{endpoint}")
        assert endpoint in refused_2024(gone, "unknown_endpoint")

    def test_delete_what_never_ran(self, legacy):
        """There is no deployment to be deleting."""
        endpoint = legacy.create()
        answer = legacy.api.delete(f"{legacy.root}/v1/endpoints/{endpoint}")
        assert answer.json() == {"object": "endpoint", "id": endpoint, "deployments": []}

    def test_list(self, legacy):
        """The documented envelope and items, newest first."""
        first = legacy.create()
        legacy.api.advance(by="1s")
        second = legacy.create()
        legacy.start(second)
        listed = legacy.got("/v1/endpoints")
        assert listed["object"] == "list"
        assert [row["id"] for row in listed["data"]] == [second, first]
        for row in listed["data"]:
            assert row == legacy.got(f"/v1/endpoints/{row['id']}")

    def test_lifecycle_with_the_clock(self, legacy):
        """Every word of the 2024 API but error, at the instants of the preset, and inference."""
        endpoint = legacy.create(suffix="prodDeploy7")
        name = f"{legacy.slug}/{MODEL}-prodDeploy7"
        refused(legacy.api.chat(name), "endpoint_not_running")
        legacy.start(endpoint)
        assert legacy.statuses(endpoint) == ["pending"]
        legacy.api.advance(by="0.5s")
        assert legacy.statuses(endpoint) == ["starting"]
        legacy.api.advance(by="1.5s")
        assert legacy.statuses(endpoint) == ["started"]
        assert legacy.api.chat(name).status_code == 200
        legacy.stop(endpoint)
        assert legacy.statuses(endpoint) == ["stopping"]
        legacy.api.advance(by="0.5s")
        assert legacy.statuses(endpoint) == ["stopped"]
        assert legacy.start(endpoint)["deployments"] == [deployment("pending", 1, 1)]

    def test_a_start_that_fails(self, legacy):
        """It is an error, from which another start leads."""
        endpoint = legacy.create()
        legacy.start(endpoint)
        transition = f"/_mock/endpoints/{endpoint}/transition"
        assert legacy.api.post(transition, json={"to": "ERROR"}).status_code == 200
        assert legacy.statuses(endpoint) == ["error"]
        assert legacy.start(endpoint)["deployments"] == [deployment("pending", 1, 1)]

    def test_start_and_stop_twice(self, legacy):
        """What runs and what has stopped stays as it is; a start may bring other bounds."""
        endpoint = legacy.create()
        assert legacy.stop(endpoint)["deployments"] == []
        legacy.start(endpoint)
        legacy.api.run_until(endpoint, "STARTED")
        assert legacy.start(endpoint, BOUNDS)["deployments"] == [deployment("started")]
        legacy.stop(endpoint)
        legacy.api.run_until(endpoint, "STOPPED")
        assert legacy.stop(endpoint)["deployments"] == [deployment("stopped")]

    def test_instant_preset(self, legacy):
        """A start is pending even then, and the next read shows it started."""
        legacy.api.preset("instant")
        endpoint = legacy.create()
        assert legacy.start(endpoint)["deployments"][0]["status"] == "pending"
        assert legacy.statuses(endpoint) == ["started"]

    def test_polling_moves_the_clock_where_it_is_told_to(self, legacy):
        """A waiter gets through, as in v1."""
        endpoint = legacy.create()
        legacy.start(endpoint)
        legacy.api.put("/_mock/clock", json={"on_poll": "next"})
        assert [*legacy.statuses(endpoint), *legacy.statuses(endpoint)] == ["starting", "started"]

    def test_names(self, legacy):
        """A suffix of one's own, or eight digits; a model of one's own URL by its id as well."""
        model = next(row for row in legacy.got("/v0/models")["data"] if row["name"] == MODEL)
        made = legacy.posted("/v1/endpoints", {"model": model["id"], "hardware_name": A100X2})
        assert re.fullmatch(rf"{legacy.slug}/{MODEL}-[0-9a-f]{{8}}", made["name"])
        assert made["model"] == {"object": "model", "id": model["id"], "name": MODEL}
        null = legacy.posted("/v1/endpoints", NEW | {"suffix": None})
        assert re.fullmatch(rf"{legacy.slug}/{MODEL}-[0-9a-f]{{8}}", null["name"])


@pytest.mark.parametrize(
    ("fields", "case", "told"),
    [
        ({"model": "no/such-model"}, "unknown_model_endpoint", "no/such-model"),
        ({"model": "black-forest-labs/FLUX.1-dev"}, "legacy_not_deployable", "FLUX.1-dev"),
        ({"hardware_name": "9x_nvidia"}, "legacy_unknown_hardware", "hardware_name provided: 9x_"),
        ({"hardware_name": ""}, "legacy_unknown_hardware", "hardware_name"),
        ({"hardware_name": "1x_nvidia_a100_80gb_sxm"}, "legacy_ineligible_hardware", A100X2),
        ({"model": None}, "missing_field", "model"),
        ({"model": 7}, "invalid_type", "model"),
        ({"hardware_name": None}, "missing_field", "hardware_name"),
        ({"hardware_name": [A100X2]}, "invalid_type", "hardware_name"),
        ({"suffix": 7}, "invalid_type", "suffix"),
        ({"suffix": ""}, "invalid_value", "suffix"),
        ({"suffix": "a b"}, "invalid_value", "suffix"),
        ({"suffix": "a/b"}, "invalid_value", "suffix"),
        ({"suffix": "-a"}, "invalid_value", "suffix"),
        ({"suffix": "a" * 65}, "invalid_value", "suffix"),
    ],
)
def test_a_creation_that_is_refused(legacy, fields, case, told):
    """In the 2024 envelope, the message names what is wrong, and nothing is created."""
    assert told in refused_2024(legacy.post("/v1/endpoints", NEW | fields), case)
    assert legacy.api.get("/legacy/v1/endpoints").json()["data"] == []


def test_a_name_that_is_taken(legacy):
    """The second one is refused; it is free again once the first is gone."""
    first = legacy.create(suffix="prod")
    answer = legacy.post("/v1/endpoints", NEW | {"suffix": "prod"})
    assert f"{MODEL}-prod" in refused_2024(answer, "legacy_name_exists")
    assert len(legacy.got("/v1/endpoints")["data"]) == 1
    legacy.api.delete(f"/legacy/v1/endpoints/{first}")
    legacy.create(suffix="prod")


@pytest.mark.parametrize(
    ("autoscaling", "case", "told"),
    [
        ({"min_replicas": 0}, "out_of_range", "autoscaling.min_replicas"),
        ({"max_replicas": 1_000_001}, "out_of_range", "autoscaling.max_replicas"),
        ({"min_replicas": "2"}, "invalid_type", "autoscaling.min_replicas"),
        ({"min_replicas": 2}, "min_exceeds_max", "min_replicas"),
        ({"min_replicas": 3, "max_replicas": 2}, "min_exceeds_max", "min_replicas"),
        ([], "invalid_type", "autoscaling"),
    ],
)
def test_a_start_with_bad_bounds(legacy, autoscaling, case, told):
    """It is refused, and the endpoint stays as it is."""
    endpoint = legacy.create()
    answer = legacy.post(f"/v1/endpoints/{endpoint}/start", {"autoscaling": autoscaling})
    assert told in refused_2024(answer, case)
    assert legacy.statuses(endpoint) == []


@pytest.mark.parametrize("move", ["start", "stop"])
def test_unknown_endpoints(legacy, move):
    """404 in the envelope, whatever is asked of them."""
    nobody = "/v1/endpoints/endpoint-nobody"
    assert "endpoint-nobody" in refused_2024(legacy.post(f"{nobody}/{move}"), "unknown_endpoint")
    for method in ("GET", "DELETE"):
        answer = legacy.api.request(method, f"/legacy{nobody}")
        assert "endpoint-nobody" in refused_2024(answer, "unknown_endpoint")


def test_a_start_while_it_stops(legacy):
    """As in v1, it has to have stopped first."""
    endpoint = legacy.create()
    legacy.start(endpoint)
    legacy.api.run_until(endpoint, "STARTED")
    legacy.stop(endpoint)
    refused_2024(legacy.post(f"/v1/endpoints/{endpoint}/start"), "restart_while_stopping")


def test_capacity_that_is_refused(legacy):
    """A start that finds none, where the pools say so; a creation takes none."""
    pool = {"hardware": A100X2, "replicas": 1}
    legacy.api.put("/_mock/capacity", json={"pools": [pool], "on_exhausted": "reject"})
    endpoint = legacy.create()
    answer = legacy.post(f"/v1/endpoints/{endpoint}/start", BOUNDS)
    refused_2024(answer, "hardware_unavailable")
    assert legacy.statuses(endpoint) == []
    assert legacy.start(endpoint)["deployments"][0]["status"] == "pending"


def test_a_balance_that_is_spent(legacy):
    """Neither a creation nor a start."""
    endpoint = legacy.create()
    legacy.api.put("/_mock/billing", json={"balance": "0"})
    refused_2024(legacy.post("/v1/endpoints", NEW), "insufficient_balance")
    refused_2024(legacy.post(f"/v1/endpoints/{endpoint}/start"), "insufficient_balance")


def test_billing_starts_with_the_start(legacy):
    """What was never started costs nothing."""
    endpoint = legacy.create()
    legacy.api.advance(by="1h")
    assert legacy.api.get("/_mock/billing").json()["total"] == "0"
    legacy.start(endpoint)
    legacy.api.run_until(endpoint, "STARTED")
    legacy.api.advance(by="10m")
    assert legacy.api.get("/_mock/billing").json()["total"] == "0.542"
