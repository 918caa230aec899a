"""URLs that v1 and the 2024 API share: who answers; and what each face sees of the other's."""

import httpx
import pytest
from support import H100X2, MIXTRAL, V2, refused, refused_2024

MODEL = "meta-llama/Llama-3-70b-chat-hf"
A100X2 = "2x_nvidia_a100_80gb_sxm"
NEW = {"model": MODEL, "hardware_name": A100X2}
AS_V1 = {"X-Mock-Dialect": "v1"}
AS_2024 = {"X-Mock-Dialect": "legacy"}
NOBODY = "/v1/endpoints/endpoint-nobody"


def create(api, **fields) -> str:
    """Create an endpoint by the 2024 API; its id."""
    answer = api.post("/v1/endpoints", json=NEW | fields)
    assert answer.status_code == 200, answer.text
    assert answer.json()["deployments"] == []
    return answer.json()["id"]


def is_2024(shown: dict) -> bool:
    """Whether an endpoint is shown in the 2024 API's shape; v1's otherwise, and nothing else."""
    assert ("deployments" in shown) is not ("state" in shown)
    return "deployments" in shown


def shown(api, endpoint: str, headers: dict | None = None) -> dict:
    answer = api.get(f"/v1/endpoints/{endpoint}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestOneEndpoint:
    def test_its_maker_decides(self, api):
        """What the 2024 API made is shown by it, and v1's by v1."""
        assert is_2024(shown(api, create(api)))
        assert not is_2024(shown(api, api.create()["id"]))

    @pytest.mark.parametrize("case", ["legacy", "LEGACY"])
    def test_the_header_asks_for_the_2024_shape(self, api, case):
        """Of whatever was made by whom, in any case of letters."""
        headers = {"X-Mock-Dialect": case}
        assert is_2024(shown(api, create(api), headers))
        own = shown(api, api.create()["id"], headers)
        assert own["deployments"][0]["status"] == "pending"
        assert own["model"]["name"] == MIXTRAL

    def test_the_header_asks_for_v1s_shape(self, api):
        """So that an SDK of v1 can look, too; the value is the same endpoint."""
        endpoint = create(api, suffix="prod")
        seen = shown(api, endpoint, AS_V1)
        assert not is_2024(seen)
        assert (seen["id"], seen["state"], seen["hardware"]) == (endpoint, "STOPPED", A100X2)
        assert seen["name"].endswith(f"/{MODEL}-prod")

    @pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
    def test_a_header_that_names_nothing(self, api, method):
        """It is refused, and nothing is done."""
        endpoint = create(api)
        headers = {"X-Mock-Dialect": "v7"}
        answer = api.request(method, f"/v1/endpoints/{endpoint}", headers=headers)
        assert refused(answer, "invalid_value")["param"] == "X-Mock-Dialect"
        assert is_2024(shown(api, endpoint))

    def test_below_legacy_the_header_changes_nothing(self, api):
        """There it is always the 2024 API."""
        endpoint = api.create()["id"]
        assert is_2024(api.get(f"/legacy/v1/endpoints/{endpoint}", headers=AS_V1).json())

    def test_moves_are_the_2024_apis_alone(self, api):
        """Starting and stopping by routes works on v1's endpoints, whatever the header says."""
        endpoint = api.create()["id"]
        api.run_until(endpoint, "STARTED")
        moved = api.post(f"/v1/endpoints/{endpoint}/stop", headers=AS_V1).json()
        assert moved["deployments"][0]["status"] == "stopping"
        api.run_until(endpoint, "STOPPED")
        assert api.post(f"/v1/endpoints/{endpoint}/start").status_code == 200
        assert api.state_of(endpoint) == "PENDING"

    @pytest.mark.parametrize(
        "sent",
        [
            {"X-Stainless-Lang": "python"},
            {"User-Agent": "Together/v1 PythonBindings/1.5.35"},
            {"User-Agent": "AsyncTogether/Python 2.42.0"},
        ],
    )
    def test_an_sdk_is_answered_as_v1(self, api, sent):
        """It could read nothing else; the header goes before that."""
        path = f"/v1/endpoints/{create(api)}"
        assert api.get(path, headers=sent).json()["state"] == "STOPPED"
        assert api.get("/v1/endpoints", headers=sent).json()["data"][-1]["type"]
        assert "deployments" in api.get(path, headers=sent | AS_2024).json()

    def test_an_update_is_v1s_alone(self, api):
        """v1's PATCH works on what the 2024 API made, in v1's shape; /legacy has none."""
        endpoint = create(api)
        path = f"/v1/endpoints/{endpoint}"
        answer = api.patch(path, json={"state": "STARTED", "display_name": "mine"})
        assert (answer.json()["state"], answer.json()["display_name"]) == ("PENDING", "mine")
        assert shown(api, endpoint)["deployments"][0]["status"] == "pending"
        assert api.patch(path, json={}, headers=AS_2024).json()["state"] == "PENDING"
        refused_2024(api.patch(f"/legacy{path}", json={}), "method_not_allowed")

    def test_deleting(self, api):
        """The 2024 API's answers with a body, v1's with none; the header decides over both."""
        paths = [f"/v1/endpoints/{create(api)}" for _ in range(2)]
        paths += [f"/v1/endpoints/{api.create()['id']}" for _ in range(2)]
        headers = [None, AS_V1, None, AS_2024]
        statuses = [
            api.delete(path, headers=header).status_code
            for path, header in zip(paths, headers, strict=True)
        ]
        assert statuses == [200, 204, 204, 200]
        assert api.get("/v1/endpoints?mine=true").json()["data"] == []

    def test_what_is_not_there(self, api):
        """v1 refuses, unless the header says otherwise; its envelope has what 2024's has."""
        refused(api.get(NOBODY), "unknown_endpoint")
        refused_2024(api.get(NOBODY, headers=AS_2024), "unknown_endpoint")

    def test_creation(self, api):
        """The words of the body decide, and the header over them."""
        both = NEW | {"hardware": H100X2, "model": MIXTRAL, "hardware_name": H100X2}
        assert is_2024(api.post("/v1/endpoints", json=both).json())
        assert not is_2024(api.post("/v1/endpoints", json=both, headers=AS_V1).json())
        refused(api.post("/v1/endpoints", json=NEW, headers=AS_V1), "hardware_missing")
        v1 = {"model": MIXTRAL, "hardware": H100X2}
        answer = api.post("/v1/endpoints", json=v1, headers=AS_2024)
        assert "hardware_name" in refused_2024(answer, "missing_field")

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic key"}])
    def test_without_a_key(self, api, headers):
        """Who asks in the 2024 API's words is refused in them."""
        headers = {"Authorization": "", **headers}
        answer = api.post("/v1/endpoints", json=NEW, headers=headers)
        assert refused_2024(answer, "unauthorized_management")
        refused(api.get("/v1/endpoints", headers=headers), "unauthorized_management")
        for path in ("/v0/models", "/legacy/v1/endpoints", "/legacy/v1/hardware"):
            refused_2024(api.get(path, headers=headers), "unauthorized_management")


class TestTheList:
    def test_who_has_nothing_sees_v1s(self, api):
        """The platform's serverless models, that is; an endpoint that is gone counts no more."""
        assert {row["type"] for row in api.get("/v1/endpoints").json()["data"]} == {"serverless"}
        api.delete(f"/v1/endpoints/{create(api)}")
        assert {row["type"] for row in api.get("/v1/endpoints").json()["data"]} == {"serverless"}

    def test_all_by_the_2024_api(self, api):
        """Its shape, with nothing but the project's own endpoints."""
        made = [create(api), create(api)]
        listed = api.get("/v1/endpoints").json()["data"]
        assert [row["id"] for row in listed] == made[::-1]
        assert all(map(is_2024, listed))

    def test_a_mixed_project(self, api):
        """v1's shape, in which all are seen; the other one below /legacy, or by the header."""
        made = {create(api), api.create()["id"]}
        listed = api.get("/v1/endpoints").json()["data"]
        own = [row for row in listed if row["type"] == "dedicated"]
        assert {row["id"] for row in own} == made
        assert not any(map(is_2024, own))
        for path, headers in [("/legacy/v1/endpoints", None), ("/v1/endpoints", AS_2024)]:
            listed = api.get(path, headers=headers).json()["data"]
            assert {row["id"] for row in listed} == made
            assert all(map(is_2024, listed))

    @pytest.mark.parametrize("query", ["type=dedicated", "mine=true", "usage_type=on-demand"])
    def test_v1s_filters_ask_for_v1s_shape(self, api, query):
        """The official clients send one or the other."""
        endpoint = create(api)
        (row,) = api.get(f"/v1/endpoints?{query}").json()["data"]
        assert (row["id"], row["state"]) == (endpoint, "STOPPED")

    def test_the_header_asks_for_v1s_shape(self, api):
        """Whoever made what there is."""
        create(api)
        listed = api.get("/v1/endpoints", headers=AS_V1).json()["data"]
        assert {row["type"] for row in listed} == {"dedicated", "serverless"}

    def test_of_v2s_what_can_be_shown(self, v2: V2):
        """An endpoint with one deployment is one; others are none, as in v1."""
        endpoint, _ = v2.served("first")
        v2.create("empty")
        (row,) = v2.get("/legacy/v1/endpoints").json()["data"]
        assert row["id"] == endpoint["id"]
        assert row["deployments"][0]["status"] == "started"
        empty = next(item for item in v2.got(v2.endpoints)["data"] if item["id"] != endpoint["id"])
        refused_2024(v2.get(f"/legacy/v1/endpoints/{empty['id']}"), "unknown_endpoint")


class TestOtherFaces:
    def test_v2_sees_it_as_it_sees_v1s(self, v2: V2):
        """An endpoint with one deployment, named default, that takes all traffic."""
        endpoint = create(v2.api, suffix="prod")
        seen = v2.got(f"{v2.endpoints}/{endpoint}")
        assert seen["name"] == f"{v2.slug}/{MODEL}-prod"
        (deployment,) = v2.got(f"{v2.endpoints}/{endpoint}/deployments")["data"]
        assert deployment["name"] == f"{seen['name']}/default"
        assert deployment["status"]["state"] == "DEPLOYMENT_STATE_STOPPED"

    def test_v2_may_give_it_another_deployment(self, v2: V2):
        """It stays what it was to its elders: the deployment that was there first."""
        endpoint = create(v2.api)
        v2.deploy({"id": endpoint}, "second")
        for path in (f"/v1/endpoints/{endpoint}", f"/legacy/v1/endpoints/{endpoint}"):
            assert v2.get(path).json()["model"]["name"] == MODEL
        assert [row["id"] for row in v2.get("/legacy/v1/endpoints").json()["data"]] == [endpoint]
        moved = v2.post(f"/v1/endpoints/{endpoint}/start").json()
        assert moved["deployments"][0]["hardware"]["name"] == A100X2

    def test_the_control_plane_tells_its_life(self, api):
        """Timeline and events have it like any other."""
        endpoint = create(api)
        api.post(f"/v1/endpoints/{endpoint}/start")
        api.run_until(endpoint, "STARTED")
        history = api.get(f"/_mock/endpoints/{endpoint}/timeline").json()["history"]
        assert [step["to"] for step in history] == ["STOPPED", "PENDING", "STARTING", "STARTED"]

    def test_inference_by_id(self, api):
        """As with v1's endpoints."""
        endpoint = create(api)
        api.post(f"/v1/endpoints/{endpoint}/start")
        api.run_until(endpoint, "STARTED")
        assert api.chat(endpoint).status_code == 200


class TestState:
    def test_its_maker_survives(self, api, server):
        """The document says who made an endpoint where it was not v1, and takes it back."""
        never, run, own = create(api), create(api), api.create()["id"]
        api.post(f"/v1/endpoints/{run}/start")
        api.run_until(run, "STARTED")
        api.post(f"/v1/endpoints/{run}/stop")
        api.run_until(run, "STOPPED")
        document = api.state()
        births = {entry["id"]: entry.get("birth") for entry in document["endpoints"]}
        assert births == {never: "legacy", run: "legacy", own: None}
        other = server.api()
        assert other.put_state(document).status_code == 200
        assert other.state() == document
        assert shown(other, never)["deployments"] == []
        assert [item["status"] for item in shown(other, run)["deployments"]] == ["stopped"]
        assert not is_2024(shown(other, own))

    def test_with_several_deployments(self, v2: V2, server):
        """Also where v2's form of an entry tells of it."""
        endpoint = create(v2.api)
        v2.deploy({"id": endpoint}, "second")
        document = v2.api.state()
        assert [entry["generation"] for entry in document["endpoints"]] == ["legacy"]
        other = server.api()
        assert other.put_state(document).status_code == 200
        assert other.state() == document
        assert is_2024(shown(other, endpoint))

    def test_what_is_left_out_is_as_creation_has_it(self, api):
        """The 2024 API starts nothing by creating it."""
        entry = {"id": "endpoint-1", "model": MODEL, "hardware": A100X2, "birth": "legacy"}
        assert api.put_state({"endpoints": [entry]}).status_code == 200
        assert shown(api, "endpoint-1")["deployments"] == []
        assert api.put_state({"endpoints": [entry | {"state": "STARTED"}]}).status_code == 200
        assert shown(api, "endpoint-1")["deployments"][0]["status"] == "started"

    def test_another_maker_is_none(self, api):
        """The entry of a generation that is not known is refused."""
        entry = {"id": "endpoint-1", "model": MODEL, "hardware": A100X2, "birth": "v0"}
        answer = api.put_state({"endpoints": [entry]})
        assert refused(answer, "invalid_value")["param"] == "endpoints.0.birth"


class TestServers:
    def test_without_v1_there_is_no_elder_either(self, start_server):
        """`--api v2` has neither; a path of the 2024 API is unknown."""
        api = start_server(api="v2").api()
        calls = [
            ("GET", "/v0/models"),
            ("GET", f"/v0/models/{MODEL}/hardware"),
            ("GET", "/legacy/v0/models"),
            ("POST", "/legacy/v1/endpoints"),
            ("POST", "/v1/endpoints"),
            ("POST", f"{NOBODY}/start"),
        ]
        for method, path in calls:
            answer = httpx.request(method, api.root + path, headers=api.http.headers, json=NEW)
            assert answer.status_code == 404, path

    def test_without_v2_there_is(self, start_server):
        """`--api v1` has both."""
        api = start_server(api="v1").api()
        assert is_2024(shown(api, create(api)))

    def test_retired_with_v1(self, start_server):
        """What runs goes on; nothing is created or started any more."""
        api = start_server(api="v1-retired").api()
        base = {"model": MODEL, "hardware": A100X2, "birth": "legacy"}
        states = {"never": "STOPPED", "stopped": "STOPPED", "running": "STARTED"}
        entries = [base | {"id": name, "state": state} for name, state in states.items()]
        assert api.put_state({"endpoints": entries}).status_code == 200
        refused_2024(api.post("/v1/endpoints", json=NEW), "v1_retired")
        refused_2024(api.post("/v1/endpoints/never/start"), "v1_retired")
        assert api.post("/v1/endpoints/running/start").status_code == 200
        assert api.post("/v1/endpoints/running/stop").status_code == 200
        refused(api.patch("/v1/endpoints/stopped", json={"state": "STARTED"}), "v1_retired")

    def test_a_lenient_server(self, lenient):
        """Models that are not known are let through, by whatever name; hardware is not."""
        api = lenient.api()
        assert shown(api, create(api, model="my/own"))["model"]["name"] == "my/own"
        create(api, hardware_name="1x_nvidia_a100_80gb_sxm")
        answer = api.post("/v1/endpoints", json=NEW | {"hardware_name": "9x"})
        refused_2024(answer, "legacy_unknown_hardware")


@pytest.mark.parametrize(
    ("path", "case"),
    [
        ("/v0/elsewhere", "unknown_path"),
        ("/v0/models/", "unknown_path"),
        ("/legacy/v2/elsewhere", "unknown_path"),
        (f"{NOBODY}/start", "method_not_allowed"),
    ],
)
def test_paths_that_lead_nowhere(api, path, case):
    """They are refused in the envelope of 2024."""
    refused_2024(api.get(path), case)


def test_bodies_that_are_none(api):
    """Too much, something else than JSON, or half of it: in the envelope of 2024."""
    path = f"/v1/endpoints/{create(api)}/start"
    plain = {"Content-Type": "text/plain"}
    refused_2024(api.post(path, content="{}", headers=plain), "unsupported_media_type")
    refused_2024(api.post(path, content="{"), "broken_json")
    huge = b" " * (16 * 1024 * 1024 + 1)
    refused_2024(api.post("/legacy/v1/endpoints", content=huge), "body_too_large")
    refused_2024(api.post("/legacy/v1/endpoints"), "missing_field")
