"""Faults of requests: which they strike, what they answer, how they are written."""

import httpx
import pytest
from faulty import ASK, CREATE, add, counts, last
from support import V2, Running, refused
from talk import QWEN


class TestStatus:
    def test_a_fault_answers_twice_and_then_no_more(self, api, raw):
        """The contract's example: nothing is created by what the fault answered."""
        effect = {
            "status": 503,
            "type": "server_error",
            "code": "capacity",
            "message": "Nothing is free",
            "headers": {"Retry-After": "1"},
        }
        fault = add(api, effect, match={"operation": "createEndpoint"}, times=2)
        assert (fault["hits"], fault["remaining"]) == (0, 2)
        before = api.state()
        for left in (1, 0):
            answer = raw.post("/v1/endpoints", json=CREATE)
            assert answer.status_code == 503
            assert answer.json() == {
                "error": {
                    "message": "Nothing is free",
                    "type": "server_error",
                    "param": None,
                    "code": "capacity",
                }
            }
            assert (answer.headers["retry-after"], answer.headers["x-mock-fault"]) == (
                "1",
                fault["id"],
            )
            assert counts(api) == [(2 - left, 2 - left, left)]
        entry = last(api)
        assert (entry["status"], entry["operation"]) == (503, "createEndpoint")
        assert entry["request"]["body"] == CREATE
        assert entry["response"]["headers"]["x-mock-fault"] == fault["id"]
        assert {**api.state(), "faults": []} == {**before, "faults": []}
        assert raw.post("/v1/endpoints", json=CREATE).status_code == 200
        assert counts(api) == [(2, 2, 0)]

    @pytest.mark.parametrize(
        ("status", "type_", "message"),
        [
            (400, "invalid_request_error", "A fault of the emulator answers this request"),
            (401, "invalid_request_error", "Unauthorized"),
            (402, "invalid_request_error", "Required combined balance"),
            (403, "invalid_request_error", "You do not have permission"),
            (404, "invalid_request_error", "Unknown path"),
            (409, "invalid_request_error", "A fault of the emulator"),
            (413, "invalid_request_error", "The request body is larger"),
            (429, "credit_limit", "You have been rate limited"),
            (500, "server_error", "Internal server error"),
            (502, "server_error", "A fault of the emulator"),
            (503, "server_error", "The service is at capacity"),
            (504, "server_error", "The upstream server"),
            (524, "server_error", "The origin server"),
        ],
    )
    @pytest.mark.parametrize("path", ["/v1/endpoints", "/v1/chat/completions"])
    def test_what_is_not_said_follows_from_the_status(self, raw, path, status, type_, message):
        """In the envelope of the face, from the catalogue of errors."""
        answer = raw.post(path, json={}, headers={"X-Mock-Fault": str(status)})
        assert answer.status_code == status
        error = answer.json()["error"]
        assert (error["type"], error["param"]) == (type_, None)
        assert error["message"].startswith(message)
        assert answer.headers["x-mock-fault"] == "header"

    def test_each_face_has_its_envelope(self, api, raw, start_server):
        """Inference has an id, v2 the RPC status or RPC's own form; unknown paths have one too."""
        add(api, {"status": 429})
        v2 = V2(api)
        paths = (f"{v2.root}/endpoints", v2.root.replace("/v2", "/v1") + "/endpoints")
        for path in paths:
            answer = raw.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (
                429,
                "RESOURCE_EXHAUSTED",
            )
        told = raw.post("/v1/chat/completions", json=ASK)
        assert told.json().keys() == {"id", "error"}
        assert told.headers["x-api-received"]
        assert [raw.get(path).status_code for path in ("/v1/nowhere", "/v3/whoami")] == [429, 429]
        assert raw.get("/_mock/clock").status_code == 200
        rpc = start_server(v2_errors="rpc").api()
        answer = httpx.get(
            f"{rpc.root}{v2.root}/endpoints",
            headers={"Authorization": f"Bearer {rpc.key}", "X-Mock-Fault": "503;message=Later"},
        )
        assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (
            503,
            14,
            "Later",
        )

    def test_a_code_of_ones_own_is_kept_in_v2(self, api, raw):
        """The RPC status stands only where nothing was said."""
        add(api, {"status": 503, "code": "capacity"})
        answer = raw.get(f"{V2(api).root}/endpoints")
        assert answer.json()["error"]["code"] == "capacity"

    def test_ids_and_counts_of_the_project_are_not_shifted(self, api, raw, server):
        """What comes after the fault is as if there had been none."""
        other = server.api()
        struck = raw.post("/v1/chat/completions", json=ASK, headers={"X-Mock-Fault": "503"})
        assert struck.status_code == 503
        assert api.state()["counters"] == other.state()["counters"]
        other.http.close()


class TestMatch:
    @pytest.mark.parametrize("by", ["id", "name", "model"])
    def test_an_endpoint_is_matched_by_id_name_or_model(self, api, raw, by):
        """In the path, in a creation's body, in what inference names."""
        endpoint, other = api.create(), api.create(model=QWEN, hardware="1x_nvidia_h100_80gb_sxm")
        add(api, {"status": 503}, match={"endpoint": endpoint[by]})
        assert raw.get(f"/v1/endpoints/{endpoint['id']}").status_code == 503
        assert raw.get(f"/v1/endpoints/{other['id']}").status_code == 200
        for name in (endpoint["name"], endpoint["id"]):
            assert raw.post("/v1/chat/completions", json={**ASK, "model": name}).status_code == 503
        assert raw.post("/v1/chat/completions", json=ASK).status_code == 200
        assert raw.post("/v1/endpoints", json=CREATE).status_code == (503 if by == "model" else 200)
        assert raw.get("/v1/endpoints").status_code == 200

    def test_v2_endpoints_are_matched(self, api, raw):
        """Also by what is below them."""
        v2 = V2(api)
        endpoint, deployment = v2.served()
        add(api, {"status": 503}, match={"endpoint": f"{v2.slug}/first"})
        assert raw.get(v2.at(endpoint)).status_code == 503
        assert raw.get(v2.at(deployment)).status_code == 503
        ask = {**ASK, "model": f"{v2.slug}/first/main"}
        assert raw.post("/v1/chat/completions", json=ask).status_code == 503
        assert raw.get(v2.endpoints).status_code == 200

    def test_method_path_and_operation_narrow_it(self, api, raw):
        """All of them must match."""
        add(api, {"status": 500}, match={"method": "get", "path": "/v1/end*", "operation": "list*"})
        assert raw.get("/v1/endpoints").status_code == 500
        assert raw.get("/v1/hardware").status_code == 200
        assert raw.post("/v1/endpoints", json=CREATE).status_code == 200

    def test_the_time_to_live_is_virtual(self, api, raw):
        """Ten minutes of the project's clock."""
        add(api, {"status": 500}, ttl="10m")
        api.advance(by="599s")
        assert raw.get("/v1/hardware").status_code == 500
        api.advance(by="1s")
        assert raw.get("/v1/hardware").status_code == 200
        assert counts(api) == []

    def test_skip_and_probability_are_counted(self, api, raw):
        """The first passes; then as the seed draws."""
        add(api, {"status": 500}, skip=1, match={"operation": "listHardware"})
        assert [raw.get("/v1/hardware").status_code for _ in range(3)] == [200, 500, 500]
        assert counts(api) == [(3, 2, None)]
        add(api, {"status": 504}, probability=0.5, match={"path": "/v1/models"})
        drawn = [raw.get("/v1/models").status_code for _ in range(12)]
        assert set(drawn) == {200, 504}

    def test_uploads_parts_are_struck_too(self, api):
        """The object store's place has no key, and belongs to a project all the same."""
        v2 = V2(api)
        add(api, {"status": 503}, match={"method": "PUT"})
        path = f"{v2.root}/models/upload/parts/none/1"
        assert httpx.put(f"{api.root}{path}", content=b"x" * 100_000).status_code == 503
        assert (last(api)["path"], last(api)["request"]["truncated"]) == (path, True)


def test_effects_of_several_faults_come_together(api, raw):
    """A latency and a status; the first of a kind counts, and a header goes before all."""
    slow = add(api, {"latency": "20ms"})
    busy = add(api, {"status": 503})
    add(api, {"status": 500})
    answer = raw.get("/v1/hardware")
    assert (answer.status_code, answer.headers["x-mock-fault"]) == (
        503,
        f"{slow['id']}, {busy['id']}",
    )
    own = raw.get("/v1/hardware", headers={"X-Mock-Fault": "418"})
    assert (own.status_code, own.headers["x-mock-fault"]) == (418, f"header, {slow['id']}")
    assert [hits for _, hits, _ in counts(api)] == [2, 1, 0]


@pytest.mark.parametrize("path", ["/v1/endpoints", "/v1/chat/completions"])
@pytest.mark.parametrize(("name", "value"), [("X-Mock-Fault", "busy"), ("X-Mock-Latency", "soon")])
def test_a_header_that_cannot_be_read_is_refused(api, raw, path, name, value):
    """400 naming the header; nothing is done, and the journal has it."""
    answer = raw.post(path, json=CREATE, headers={name: value})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, name)
    assert api.state()["endpoints"] == []
    assert last(api)["status"] == 400
    assert raw.get("/_mock/clock", headers={name: value}).status_code == 200


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"effect": {"status": 200}}, "effect.status"),
        ({"effect": {"status": 600}}, "effect.status"),
        ({"effect": {"type": "x"}}, "effect"),
        ({"effect": {"latency": "1s", "code": "x"}}, "effect"),
        ({"effect": {"latency": "2h"}}, "effect.latency"),
        ({"effect": {"status": 500, "reset": True}}, "effect"),
        ({"effect": {"status": 500, "headers": {"a b": "x"}}}, "effect.headers"),
        ({"effect": {"status": 500, "headers": {"x": "\n"}}}, "effect.headers"),
        ({"effect": {"status": 500, "headers": {"x": "y" * 9_000}}}, "effect.headers"),
        ({"effect": {"reset": False}}, "effect.reset"),
        ({"effect": {"stream": {}}}, "effect.stream"),
        ({"effect": {"stream": {"cut_after": 1, "error_after": 2}}}, "effect.stream"),
        ({"effect": {"stream": {"stall_after": 1}}}, "effect.stream"),
        ({"effect": {"stream": {"cut_after": 1, "for": "1s"}}}, "effect.stream"),
        ({"effect": {"stream": {"cut_after": -1}}}, "effect.stream.cut_after"),
        ({"effect": {"status": 500}, "match": {"operation": "creatEndpoint"}}, "match.operation"),
        ({"effect": {"lifecycle": "slow_start"}, "match": {"path": "/v1/*"}}, "match.path"),
    ],
)
def test_a_bad_fault_is_refused(api, fields, param):
    """400 naming the field, and no fault is set - here and in a state document."""
    answer = api.post("/_mock/faults", json=fields)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert counts(api) == []
    before = api.state()
    answer = api.put_state({**before, "faults": [{"id": "flt_1", **fields}]})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == f"faults.0.{param}"
    assert api.state() == before


@pytest.mark.parametrize("name", ["a\nb", "a b", "", "\u00e9", "x" * 201])
def test_an_id_that_no_header_can_carry_is_refused(api, name):
    """Every answer that the fault strikes tells its id."""
    before = api.state()
    fault = {"id": name, "effect": {"status": 503}}
    error = refused(api.put_state({**before, "faults": [fault]}), "invalid_value")
    assert error["param"] == "faults.0.id"
    assert api.state() == before


def test_an_id_stands_once_in_a_document(api):
    """Counts and removal go by it."""
    fault = {"id": "flt_1", "effect": {"status": 503}}
    error = refused(api.put_state({**api.state(), "faults": [fault, fault]}), "invalid_value")
    assert error["param"] == "faults.1.id"


def test_blanks_around_the_value_of_a_header_are_no_part_of_it(api, raw):
    """Some servers refuse to send them."""
    shown = add(api, {"status": 503, "headers": {"x-a": " 1 ", "x-b": "  "}})
    assert shown["effect"]["headers"] == {"x-a": "1", "x-b": ""}
    assert raw.get("/v1/hardware").headers["x-a"] == "1"


def test_faults_stand_in_the_state_document_with_their_counts(api, raw, server):
    """Put into another project they go on where they were."""
    add(api, {"status": 503, "headers": {"retry-after": "1"}}, times=3, skip=1)
    add(api, {"stream": {"stall_after": 2, "for": "5s"}, "latency": "1ms"})
    add(api, {"lifecycle": "slow_start", "latency": "1ms"})
    for _ in range(2):
        raw.get("/v1/hardware")
    document = api.state()
    assert [(fault["seen"], fault["hits"]) for fault in document["faults"]] == [
        (2, 1),
        (0, 0),
        (2, 2),
    ]
    other = server.api()
    assert other.put_state(document).status_code == 200
    assert other.state()["faults"] == document["faults"]
    headers = {"Authorization": f"Bearer {other.key}"}
    answers = [httpx.get(f"{api.root}/v1/hardware", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert counts(other)[0] == (4, 3, 0)
    assert other.post("/_mock/reset", json={"only": ["faults"]}).status_code == 200
    assert counts(other) == []
    other.http.close()


def test_counts_survive_a_restart(start_server, tmp_path):
    """They are stored like all activity; the journal is not."""
    options = {"database": str(tmp_path / "mock.db")}
    first = Running(**options)
    api = first.api("restarted")
    add(api, {"status": 503}, times=2)
    headers = {"Authorization": "Bearer restarted"}
    assert httpx.get(f"{api.root}/v1/hardware", headers=headers).status_code == 503
    first.stop()
    again = start_server(**options).api("restarted")
    assert counts(again) == [(1, 1, 1)]
    assert again.get("/_mock/requests").json() == {"data": []}


def test_a_state_file_with_an_unknown_operation_is_refused(start_server, tmp_path):
    """Before anything is served."""
    from together_mock.bootstrap import StartError

    page = tmp_path / "state.yaml"
    page.write_text("faults: [{id: f, match: {operation: nope}, effect: {status: 500}}]\n")
    with pytest.raises(StartError, match=r"faults\.0\.match\.operation"):
        start_server(state=(str(page),))
