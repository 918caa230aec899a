"""The journal: what every face was asked and answered, without secrets, in bounds."""

import json

import httpx
import pytest
from support import H100X2, MIXTRAL, V2, refused
from talk import QWEN
from together_mock.services import journal, keeping

FIELDS = {
    "id",
    "at",
    "method",
    "path",
    "operation",
    "status",
    "duration_ms",
    "endpoint",
    "request",
    "response",
}


def requests(api, **params):
    answer = api.get("/_mock/requests", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def last(api):
    return requests(api, limit=1)[0]


@pytest.fixture
def raw(api):
    """The project without the contract's check."""
    headers = {"Authorization": f"Bearer {api.key}"}
    with httpx.Client(base_url=api.root, headers=headers, timeout=30, verify=False) as client:
        yield client


def test_an_entry_has_what_was_asked_and_answered(api):
    """Ids, the virtual instant, the operation, the endpoint made, and both bodies."""
    made = api.create()
    api.advance(by="10s")
    (entry,) = requests(api)
    assert entry.keys() == FIELDS
    assert (entry["at"], entry["method"], entry["path"]) == (
        "2026-01-01T00:00:00.000Z",
        "POST",
        "/v1/endpoints",
    )
    assert (entry["operation"], entry["status"], entry["endpoint"]) == (
        "createEndpoint",
        200,
        made["id"],
    )
    assert 0 < entry["duration_ms"] < 30_000
    assert entry["request"]["body"] == {"model": MIXTRAL, "hardware": H100X2}
    assert entry["request"]["headers"]["content-type"] == "application/json"
    assert entry["response"]["body"] == made
    assert entry["response"]["headers"]["content-type"] == "application/json"
    api.state_of(made["id"])
    newest, before = requests(api)
    assert before == entry
    assert (newest["operation"], newest["endpoint"], newest["at"]) == (
        "getEndpoint",
        made["id"],
        "2026-01-01T00:00:10.000Z",
    )
    assert newest["request"]["body"] is None


def test_inference_says_where_it_was_routed(api):
    """By name to an endpoint; a serverless model has none; a refusal names the endpoint."""
    endpoint = api.create()
    api.chat(endpoint["name"])
    api.run_until(endpoint["id"], "STARTED")
    answer = api.chat(endpoint["name"])
    api.chat(QWEN)
    api.post("/v1/embeddings", json={"model": "nobody/nothing", "input": "x"})
    unknown, serverless, routed, early, _ = requests(api)
    assert [entry["endpoint"] for entry in (unknown, serverless, routed, early)] == [
        None,
        None,
        endpoint["id"],
        endpoint["id"],
    ]
    assert [entry["status"] for entry in (unknown, serverless, routed, early)] == [
        404,
        200,
        200,
        400,
    ]
    assert (unknown["operation"], routed["operation"]) == ("embeddings", "chat-completions")
    assert routed["response"]["body"] == answer.json()
    assert routed["response"]["headers"]["x-request-id"] == answer.headers["x-request-id"]
    assert routed["at"] == answer.headers["x-api-received"]


@pytest.mark.parametrize("timing", [None, {"tokens_per_second": 5000}], ids=["at once", "paced"])
def test_a_stream_is_the_text_of_its_frames(api, timing):
    """At once or chunk by chunk: what the client got."""
    endpoint = api.create()
    api.run_until(endpoint["id"], "STARTED")
    if timing:
        script = {"reply": {"chunks": ["Co", "ld"]}, "timing": timing}
        assert api.post("/_mock/scripts", json=script).status_code == 201
    answer = api.chat(endpoint["name"], stream=True)
    entry = last(api)
    assert entry["response"]["body"] == answer.text
    assert entry["endpoint"] == endpoint["id"]
    assert entry["response"]["headers"]["x-request-id"] == answer.headers["x-request-id"]
    assert "broken" not in entry["response"]


def test_refusals_are_noted_whoever_refuses(raw):
    """The framework's, the guard's and the lanes': 404, 405, 400, 413, 415."""
    big = b'"' + b"x" * (16 * 1024 * 1024) + b'"'
    kind = {"content-type": "application/json"}
    raw.get("/v1/nowhere")
    raw.put("/v1/endpoints", json={})
    raw.post("/v1/endpoints", content=b"{broken", headers=kind)
    raw.post("/v1/chat/completions", content=b"{broken", headers=kind)
    raw.post("/v1/endpoints", content=b"a", headers={"content-type": "text/plain"})
    raw.post("/v1/chat/completions", content=b"a", headers={"content-type": "text/plain"})
    raw.post("/v1/endpoints", content=big, headers=kind)
    raw.post("/v1/chat/completions", content=big, headers=kind)
    raw.post("/v1/projects/none/endpoints", json={})
    shown = raw.get("/_mock/requests").json()["data"]
    assert [(entry["path"], entry["status"]) for entry in shown] == [
        ("/v1/projects/none/endpoints", 404),
        ("/v1/chat/completions", 413),
        ("/v1/endpoints", 413),
        ("/v1/chat/completions", 415),
        ("/v1/endpoints", 415),
        ("/v1/chat/completions", 400),
        ("/v1/endpoints", 400),
        ("/v1/endpoints", 405),
        ("/v1/nowhere", 404),
    ]
    assert shown[0]["operation"] == "createEndpointV2"
    assert shown[2]["request"]["truncated"] is True
    assert len(shown[2]["request"]["body"]) == journal.MOST_OF_A_BODY
    assert shown[5]["request"]["body"] == "{broken"


def test_v2_is_noted_too(api):
    """Through the framework, with the endpoint that was made and the ones below it."""
    v2 = V2(api)
    endpoint, deployment = v2.served()
    names = {entry["operation"]: entry["endpoint"] for entry in requests(api)}
    assert names["createEndpointV2"] == endpoint["id"]
    assert names["createDeploymentV2"] == endpoint["id"]
    api.chat(f"{v2.slug}/first")
    assert last(api)["endpoint"] == endpoint["id"]
    assert deployment["endpointId"] == endpoint["id"]


def test_control_calls_and_documents_are_not_noted(api):
    """Nor is what another project does, nor a request without a key."""
    api.get("/_mock/clock")
    api.get("/openapi.json")
    api.advance(by="1s")
    assert api.get("/_mock", headers={"X-Mock-Fault": "503"}).status_code == 404
    httpx.get(f"{api.root}/v1/endpoints")
    assert requests(api) == []


def test_secrets_are_nowhere(raw, api):
    """Not in headers, in JSON at any depth, in the query, in text that is no JSON."""
    secret = "s3cret-of-a-test"
    kind = {"content-type": "application/json"}
    heads = {"x-api-key": secret, "cookie": f"a={secret}", "x-mock-admin-token": secret}
    body = {"hf_token": secret, "a": [{"api_key": secret, "password": {"b": secret}}]}
    for path in ("/v1/models", "/v1/chat/completions", "/v1/endpoints"):
        raw.post(path, json=body, headers=heads, params={"api_key": secret})
        raw.post(path, content=json.dumps(body)[:-3].encode(), headers=kind)
    shown = raw.get("/_mock/requests")
    assert len(shown.json()["data"]) == 6
    assert secret not in shown.text
    assert api.key not in shown.text
    assert shown.json()["data"][1]["request"]["headers"]["authorization"] == "[redacted]"
    assert shown.json()["data"][1]["request"]["query"] == {"api_key": "[redacted]"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/yaml", "hf_token: SECRET"),
        ("application/x-www-form-urlencoded", "model_name=x&hf_token=SECRET"),
        ("application/json", "{'hf_token': 'SECRET'}"),
        ("application/json", '{"model_name": "{\\"hf_token\\": \\"SECRET\\"}"}'),
        (
            "application/json",
            '{"model_source": "https://a:SECRET@h/a.zip?sig=SECRET#access_token=SECRET"}',
        ),
        ("application/json", '{"together_api_key": "SECRET", "model": "Bearer SECRET"}'),
    ],
)
@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions"])
def test_bodies_of_any_kind_have_no_secrets(raw, kind, body, path):
    """Whatever it is declared as, and whatever it is."""
    secret = "s3cret-of-a-test"
    raw.post(path, content=body.replace("SECRET", secret).encode(), headers={"content-type": kind})
    shown = raw.get("/_mock/requests")
    assert len(shown.json()["data"]) == 1
    assert secret not in shown.text
    assert "[redacted]" in json.dumps(shown.json()["data"][0]["request"]["body"])


def test_bodies_in_another_encoding_have_no_secrets(raw):
    """They are read as what they are."""
    body = json.dumps({"hf_token": "s3cret"}).encode("utf-16")
    raw.post("/v1/models", content=body, headers={"content-type": "application/json"})
    assert last(raw)["request"]["body"] == {"hf_token": "[redacted]"}


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions"])
def test_headers_and_parameters_have_no_secrets(raw, path):
    """By the ends of their names, and in what their values say."""
    secret = "s3cret-of-a-test"
    url = f"https://h/a?X-Amz-Signature={secret}"
    names = ("x-together-api-key", "openai-api-key", "x-goog-api-key", "x-auth-token")
    more = ("x-hf-token", "x-access-token", "x-amz-security-token")
    heads = {**dict.fromkeys((*names, *more), secret), "referer": url, "x-note": f"Bearer {secret}"}
    params = {"u": url, "token[]": secret, "key": secret, "X%2DAmz%2DSignature": secret}
    raw.post(path, json={}, headers=heads, params=params)
    request = last(raw)["request"]
    assert secret not in json.dumps(request)
    assert request["headers"]["referer"] == "https://h/a?X-Amz-Signature=[redacted]"
    assert request["query"]["u"] == "https://h/a?X-Amz-Signature=[redacted]"


def test_entries_are_filtered(api):
    """By method, path, status and endpoint; as many as are wanted, newest first."""
    one, two = api.create(), api.create()
    api.state_of(one["id"])
    api.state_of(two["id"])
    api.get("/v1/endpoints/none")
    assert len(requests(api)) == 5
    assert [entry["endpoint"] for entry in requests(api, method="get", status=200)] == [
        two["id"],
        one["id"],
    ]
    assert [entry["status"] for entry in requests(api, path="/v1/endpoints/*")] == [404, 200, 200]
    assert [entry["method"] for entry in requests(api, endpoint=one["id"])] == ["GET", "POST"]
    assert len(requests(api, limit=2)) == 2
    for name, value in {"status": "x", "limit": "0", "stauts": "1", "limit ": "1"}.items():
        answer = api.get("/_mock/requests", params={name: value})
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == name


def test_the_journal_is_cleared(api):
    """By DELETE and by a reset of the part; ids go on, and a whole reset begins anew."""
    api.create()
    first = last(api)["id"]
    assert api.delete("/_mock/requests").status_code == 204
    assert requests(api) == []
    api.create()
    assert last(api)["id"] != first
    assert api.post("/_mock/reset", json={"only": ["journal"]}).json() == {"reset": ["journal"]}
    assert requests(api) == []
    api.create()
    api.put_state(api.state())
    assert len(requests(api)) == 1
    api.post("/_mock/reset")
    assert requests(api) == []
    api.create()
    assert last(api)["id"] == first


def test_the_journal_is_bounded(api, raw, monkeypatch):
    """By entries, by bytes, and by the bytes of one body."""
    monkeypatch.setattr(journal, "MOST_LARGE_BYTES", 200_000)
    for _ in range(5):
        raw.post("/v1/chat/completions", json={"model": "x", "messages": "y" * 60_000})
    raw.get("/v1/nowhere")
    shown = requests(api)
    assert [entry["status"] for entry in shown] == [404, 400, 400, 400]
    raw.post("/v1/chat/completions", json={"model": "x", "messages": "y" * 100_000})
    (entry, *_) = requests(api)
    assert entry["request"]["truncated"] is True
    assert len(entry["request"]["body"]) == journal.MOST_OF_A_BODY


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions"])
def test_what_comes_before_a_body_is_bounded_and_counted(api, raw, monkeypatch, path):
    """Path, query and headers: 8 KB of them are kept, and the oldest entries give way to them."""
    monkeypatch.setattr(journal, "MOST_LARGE_BYTES", 40_000)
    for number in range(6):
        raw.post(path, json={}, headers={"x-big": "b" * 30_000}, params={"n": str(number)})
    shown = requests(api)
    assert [entry["request"]["query"]["n"] for entry in shown] == ["5", "4", "3", "2"]
    assert all(entry["request"]["truncated"] for entry in shown)
    assert all(
        7_000 < sum(map(len, entry["request"]["headers"].values())) < keeping.MOST_OF_A_HEAD
        for entry in shown
    )
    raw.post(path, json={}, params={"q": "a" * 30_000})
    entry = last(api)
    assert (entry["path"], entry["request"]["headers"]) == (path, {})
    assert len(path) + len("q=" + entry["request"]["query"]["q"]) == keeping.MOST_OF_A_HEAD


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions"])
def test_what_fits_is_not_called_cut(api, raw, path):
    """Up to the last byte; how headers are kept takes nothing of their room."""
    for more, is_cut in ((0, False), (1, True)):
        api.delete("/_mock/requests")
        raw.post(path, json={}, headers={"x-fill": "f"})
        asked = last(api)["request"]["headers"]
        sizes = (*map(len, asked), *map(len, asked.values()), len(path))
        fill = "f" * (keeping.MOST_OF_A_HEAD - sum(sizes) + 1 + more)
        raw.post(path, json={}, headers={"x-fill": fill})
        assert last(api)["request"].get("truncated", False) is is_cut


def test_no_more_entries_than_there_is_room_for(api, server):
    """The oldest give way, also where they are large."""
    project = server.world.project_named(api.get("/_mock/project").json()["slug"])
    kept = journal.journal_of(project)
    for number in range(1, 3 * journal.MOST_ENTRIES):
        kept.count = number
        size = 10_000 if number % 7 == 0 else 10
        body = b"x" * size
        kept.add(journal.Record(number, 0, "GET", "", b"", b"", body, None, b"", b"", 0.0, None))
    records = list(kept.records)
    assert len(records) == journal.MOST_ENTRIES
    assert records[-1][0] == 3 * journal.MOST_ENTRIES - 1
    large = sum(size for _, size in kept._large)
    assert large == sum(len(record[6]) for record in records if len(record[6]) > journal.SMALL)
    assert last(api)["status"] is None


def test_what_cannot_be_shown_as_json_is_shown_as_text(api, raw):
    """Nested without end, lone surrogates, bytes that are no text."""
    kind = {"content-type": "application/json"}
    for body in (b"[" * 200 + b"]" * 200, b'{"a": "\\ud800"}', b"\xff\xfe", b"[" * 90 + b"]" * 90):
        raw.post("/v1/endpoints", content=body, headers=kind)
    shown = requests(api)
    assert isinstance(shown[0]["request"]["body"], list)
    assert all(isinstance(entry["request"]["body"], str) for entry in shown[1:])


class TestVerify:
    def verify(self, api, match, **times):
        body = {"match": match, **({"times": times} if times else {})}
        answer = api.post("/_mock/requests/verify", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def test_requests_are_counted(self, api):
        """Exactly, at least, at most; without a number, at least one."""
        endpoint = api.create()
        patch = f"/v1/endpoints/{endpoint['id']}"
        api.patch(patch, json={"state": "STOPPED", "display_name": "x"})
        match = {"method": "PATCH", "path": "/v1/endpoints/*", "body": {"state": "STOPPED"}}
        assert self.verify(api, match) == {"ok": True, "count": 1, "closest": []}
        assert self.verify(api, match, exactly=1)["ok"]
        assert self.verify(api, match, at_least=1, at_most=3)["ok"]
        assert not self.verify(api, match, at_least=2)["ok"]
        assert not self.verify(api, match, at_most=0)["ok"]
        assert self.verify(api, {"status": 404}, exactly=0)["ok"]
        assert self.verify(api, {"endpoint": endpoint["id"]}, exactly=2)["ok"]

    def test_a_cut_body_is_not_compared_and_that_is_told(self, api, raw):
        """What was not kept can be neither found nor missed."""
        raw.post("/v1/endpoints", json={"model": "x", "display_name": "y" * 70_000})
        verdict = self.verify(api, {"operation": "createEndpoint", "body": {"model": "x"}})
        assert (verdict["ok"], verdict["count"]) == (False, 0)
        assert verdict["closest"][0]["differs"] == ["body: cut after 64 KB, not compared"]
        assert self.verify(api, {"operation": "createEndpoint"})["ok"]

    def test_brackets_are_no_wildcards(self, api, raw):
        """Only `*` and `?` are."""
        raw.get("/v1/models/[ab]")
        raw.get("/v1/models/a")
        assert self.verify(api, {"path": "/v1/*/[ab]"}, exactly=1)["ok"]
        assert len(requests(api, path="/v1/models/[ab]")) == 1

    def test_what_came_near_is_told(self, api):
        """The example of the contract."""
        endpoint = api.create()
        api.run_until(endpoint["id"], "STARTED")
        api.patch(f"/v1/endpoints/{endpoint['id']}", json={"state": "STARTED"})
        entry = last(api)
        match = {"operation": "updateEndpoint", "body": {"state": "STOPPED"}}
        verdict = self.verify(api, match, exactly=1)
        assert (verdict["ok"], verdict["count"]) == (False, 0)
        assert verdict["closest"][0] == {"id": entry["id"], "differs": ["body.state: STARTED"]}

    @pytest.mark.parametrize(
        ("body", "param"),
        [
            ({"match": {"operation": "createEndpoints"}}, "match.operation"),
            ({"match": {"verb": "GET"}}, "match.verb"),
            ({"match": {"status": "200"}}, "match.status"),
            ({"times": {}}, "times"),
            ({"times": {"exactly": 1, "at_most": 2}}, "times"),
            ({"times": {"at_least": 3, "at_most": 2}}, "times"),
            ({"times": {"exactly": -1}}, "times.exactly"),
            ({"time": {}}, "time"),
        ],
    )
    def test_a_bad_question_is_refused(self, api, body, param):
        """400 naming the field."""
        answer = api.post("/_mock/requests/verify", json=body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["param"] == param

    def test_the_nearest_name_is_told(self, api):
        """A slip shows at once."""
        body = {"match": {"operation": "createEndpont"}}
        error = refused(api.post("/_mock/requests/verify", json=body), "invalid_value")
        assert "createEndpoint" in error["message"].split("nearest is ")[1]
