"""Every refusal: its status, the field it names, one envelope a face, and nothing changed."""

import re

import httpx
import pytest
from support import H100X2, MIXTRAL, refused

LIMIT = 16 * 1024 * 1024
JSON = {"content-type": "application/json"}
CHAT = "/v1/chat/completions"
GOOD = {"model": MIXTRAL, "hardware": H100X2}
SAID = [{"role": "user", "content": "Hello!"}]
# Every operation that takes a body: one at least on each face.
WITH_BODY = [
    ("POST", "/v1/endpoints"),
    ("PATCH", "/v1/endpoints/endpoint-1"),
    ("POST", CHAT),
    ("PUT", "/_mock/state"),
    ("PUT", "/_mock/clock"),
    ("POST", "/_mock/clock/advance"),
    ("PUT", "/_mock/preset"),
    ("POST", "/_mock/reset"),
]
MANAGED = ["/v1/endpoints", "/v1/models", "/v1/hardware", "/v1/clusters/availability-zones"]
MANAGED += ["/v1/autoscale/models", "/v1/whoami", "/v3/whoami", "/v1/endpoints/endpoint-1"]
CONTROL = ["/_mock/project", "/_mock/state", "/_mock/clock"]


@pytest.fixture
def unchanged(api):
    """A project with one endpoint that is to be the same after the test."""
    api.put_endpoint("STARTED", inactive_timeout=5, autoscaling={"max_replicas": 2})
    before = api.state()
    yield api
    after = api.state()
    # Refused inference requests are counted: their answers have ids.
    assert after | {"counters": 0} == before | {"counters": 0}


def envelope(answer):
    """Check the form of an error on its face; the error object."""
    body = answer.json()
    if answer.request.url.path == CHAT and answer.request.method == "POST":
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.text.startswith('{\n  "id": "')
        assert re.fullmatch(r"[0-9A-Za-z]{7}-[0-9A-Za-z]{6}-[0-9a-f]{16}", body.pop("id"))
        sent = {name for name in answer.headers if name.startswith("x-")}
        assert sent == {"x-api-received", "x-request-id"}
    else:
        assert answer.headers["content-type"] == "application/json"
        assert answer.text.startswith('{"error":{"message":')
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    assert body["error"]["type"]
    return body["error"]


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/v1", "/v1/nope", "/v1/endpoints/", "/v1/endpoints/a/b", "/_mock/nope"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_unknown_paths(unchanged, method, path):
    """What is no path at all answers 404 naming method and path."""
    answer = unchanged.request(method, path)
    envelope(answer)
    assert refused(answer, "unknown_path")["message"] == f"Unknown path {method} {path}"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/endpoints", "GET, POST"),
        ("DELETE", "/v1/endpoints", "GET, POST"),
        ("POST", "/v1/endpoints/endpoint-1", "DELETE, GET, PATCH"),
        ("PUT", "/v1/endpoints/endpoint-1", "DELETE, GET, PATCH"),
        ("POST", "/v1/hardware", "GET"),
        ("GET", CHAT, "POST"),
        ("POST", "/_mock/health", "GET"),
        ("POST", "/_mock/state", "GET, PUT"),
        ("DELETE", "/_mock/clock", "GET, PUT"),
        ("GET", "/_mock/clock/advance", "POST"),
        ("GET", "/_mock/reset", "POST"),
    ],
)
def test_wrong_methods(unchanged, method, path, allowed):
    """A path that knows other methods answers 405 with all of them in Allow and in the text."""
    answer = unchanged.request(method, path)
    envelope(answer)
    error = refused(answer, "method_not_allowed")
    assert answer.headers["allow"] == allowed
    assert error["message"].endswith(f"Allowed: {allowed}")


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
def test_wrong_content_types(unchanged, method, path, content_type):
    """A body declared as something else than JSON is refused with 415, whatever it holds."""
    answer = unchanged.request(method, path, content=b"{}", headers={"content-type": content_type})
    envelope(answer)
    assert content_type in refused(answer, "unsupported_media_type")["message"]


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json; charset=utf-8", "Application/JSON", "text/json+x"]
)
def test_content_types_that_mean_json(api, content_type):
    """No declaration, parameters and capitals are all JSON; a mere likeness is not."""
    headers = {} if content_type is None else {"content-type": content_type}
    body = b'{"model": "%s", "hardware": "%s"}' % (MIXTRAL.encode(), H100X2.encode())
    answer = api.post("/v1/endpoints", content=body, headers=headers)
    assert answer.status_code == (415 if content_type == "text/json+x" else 200)


BROKEN = {
    "cut short": b'{"model": "x"',
    "a comma too many": b'{"model": "x",}',
    "single quotes": b"{'model': 'x'}",
    "two values": b"{} {}",
    "no JSON": b"model=x",
    "NaN": b'{"model": "x", "hardware": "y", "inactive_timeout": NaN}',
    "Infinity": b'{"model": "x", "max_tokens": Infinity}',
    "a number too large": b'{"model": "x", "max_tokens": 1e400}',
    "a lone surrogate": b'{"model": "\\ud800"}',
    "half a pair": b'{"model": "\\ude00x"}',
    "no UTF-8": b'{"model": "\xff"}',
    "UTF-16": '{"model": "x"}'.encode("utf-16"),
    "a control character": b'{"model": "a\x01"}',
    "a leading mark": b'\xef\xbb\xbf{"model": "x"}',
    "100,000 brackets": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "100,000 closed brackets": b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_json(unchanged, method, path, kind):
    """What is no JSON is a 400 saying where, on every operation."""
    answer = unchanged.request(method, path, content=BROKEN[kind], headers=JSON)
    assert envelope(answer)["param"] is None
    refused(answer, "broken_json")


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("depth", [900, 960, 980, 1000, 1022, 1023, 1024, 1025, 5000])
def test_deep_nesting_is_no_crash(api, method, path, depth):
    """However deep a value is nested, the answer is a success or a 400, not a 500 or a 404."""
    api.put_endpoint("STARTED")
    nested = b"[" * depth + b"]" * depth
    answer = api.request(method, path, content=b'{"extra":' + nested + b"}", headers=JSON)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        envelope(answer)


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"true", b"[{}]"])
def test_bodies_that_are_no_object(unchanged, method, path, body):
    """An array or a bare value where an object belongs is a 400 about the body."""
    answer = unchanged.request(method, path, content=body, headers=JSON)
    error = envelope(answer)
    assert answer.status_code == 400
    assert error["param"] in ("body", "state")
    assert "None" not in error["message"]


@pytest.mark.parametrize(("method", "path"), WITH_BODY[:-1])
@pytest.mark.parametrize("body", [b"null", b""])
def test_bodies_that_are_missing(unchanged, method, path, body):
    """Null and nothing at all are refused where a body is needed."""
    answer = unchanged.request(method, path, content=body, headers=JSON)
    envelope(answer)
    assert answer.status_code == 400


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
def test_the_size_limit_of_a_body_is_exact(unchanged, method, path, size):
    """16 MiB are read (blanks are no JSON), one byte more is 413."""
    answer = unchanged.request(method, path, content=b" " * size, headers=JSON)
    envelope(answer)
    refused(answer, "broken_json" if size == LIMIT else "body_too_large")


def test_a_body_of_unknown_length_is_cut_at_the_limit(unchanged):
    """Chunks without a declared length are counted as they come."""
    chunks = (b" " * 65536 for _ in range(LIMIT // 65536 + 1))
    answer = unchanged.post("/v1/endpoints", content=chunks, headers=JSON)
    refused(answer, "body_too_large")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Basic dTpw", "Token key", "key", "Bearer\tkey"]
)
@pytest.mark.parametrize("path", [*MANAGED, *CONTROL])
def test_no_key_on_a_management_route(server, path, header):
    """Without a bearer key: 401 in the management envelope, before anything else."""
    headers = {} if header is None else {"authorization": header}
    answer = httpx.get(server.root + path, headers=headers, verify=False)
    envelope(answer)
    assert refused(answer, "unauthorized_management")["message"] == "Unauthorized"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic dTpw", "Token key"])
def test_no_key_on_an_inference_route(server, header):
    """Without a bearer key: 401 in the inference envelope with its own text."""
    headers = {} if header is None else {"authorization": header}
    answer = httpx.post(
        server.root + CHAT, headers=headers, verify=False, json={"model": "x", "messages": SAID}
    )
    envelope(answer)
    assert (
        "https://api.together.ai/settings" in refused(answer, "unauthorized_inference")["message"]
    )


def test_keys_that_are_not_listed(start_server):
    """With listed keys all others get 401 on each face, and no project is made for them."""
    server = start_server(api_keys=("listed=team",))
    listed, other = server.api("listed"), server.api("other")
    assert listed.create()["owner"] == "team"
    for path in [*MANAGED, *CONTROL]:
        refused(other.get(path), "unauthorized_management")
    refused(other.post("/v1/endpoints", json=GOOD), "unauthorized_management")
    refused(other.chat("Qwen/QwQ-32B"), "unauthorized_inference")
    assert listed.chat("Qwen/QwQ-32B").status_code == 200
    assert server.world.project_named("team") is not None
    assert other.get("/_mock/health").status_code == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_without_regard_to_case(api, scheme):
    """Spellings of the scheme that HTTP allows name the same key."""
    mine = api.get("/v1/whoami").json()
    headers = {"authorization": f"{scheme} {api.key}"}
    assert httpx.get(f"{api.root}/v1/whoami", headers=headers, verify=False).json() == mine


def test_each_request_of_a_connection_is_its_own_key_s(server, api):
    """A key that came before on the connection answers for no other, nor for none."""
    other = server.api()
    body = {"model": "Qwen/QwQ-32B", "messages": SAID}
    with httpx.Client(base_url=server.root, verify=False) as connection:
        for key in (api.key, other.key, api.key, api.key):
            headers = {"authorization": f"Bearer {key}"}
            assert connection.post(CHAT, headers=headers, json=body).status_code == 200
        refused(connection.post(CHAT, json=body), "unauthorized_inference")
    assert [len(mine.get("/_mock/requests").json()["data"]) for mine in (api, other)] == [3, 1]
