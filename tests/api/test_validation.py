"""Requests that can be read but break a rule: which field is named, and nothing changes."""

import pytest
from support import H100X2, MIXTRAL, refused

GOOD = {"model": MIXTRAL, "hardware": H100X2}
SAID = [{"role": "user", "content": "Hello!"}]
MISSING = object()

# (field, value, case, param or None where it is the field)
CREATION = [
    ("model", MISSING, "missing_field", None),
    ("model", None, "missing_field", None),
    ("model", 5, "invalid_type", None),
    ("model", ["x"], "invalid_type", None),
    ("model", "", "unknown_model_endpoint", None),
    ("model", "unknown/model", "unknown_model_endpoint", None),
    ("model", MIXTRAL.upper(), "unknown_model_endpoint", None),
    ("model", f" {MIXTRAL}", "unknown_model_endpoint", None),
    ("hardware", MISSING, "hardware_missing", None),
    ("hardware", None, "hardware_missing", None),
    ("hardware", "", "hardware_missing", None),
    ("hardware", "unknown", "unknown_hardware", None),
    ("hardware", 5, "invalid_type", None),
    ("hardware", "1x_nvidia_l40", "ineligible_hardware", None),
    ("autoscaling", [], "invalid_type", None),
    ("autoscaling", "1", "invalid_type", None),
    ("autoscaling", {}, "missing_field", "autoscaling.min_replicas"),
    ("autoscaling", {"min_replicas": 1}, "missing_field", "autoscaling.max_replicas"),
    ("autoscaling", {"max_replicas": 1}, "missing_field", "autoscaling.min_replicas"),
    ("autoscaling", {"min_replicas": 2, "max_replicas": 1}, "min_exceeds_max", None),
    ("display_name", 5, "invalid_type", None),
    ("display_name", {}, "invalid_type", None),
    ("state", "PENDING", "invalid_value", None),
    ("state", "started", "invalid_value", None),
    ("state", 1, "invalid_value", None),
    ("inactive_timeout", -1, "out_of_range", None),
    ("inactive_timeout", 2**31, "out_of_range", None),
    ("inactive_timeout", 1.5, "invalid_type", None),
    ("inactive_timeout", "60", "invalid_type", None),
    ("inactive_timeout", True, "invalid_type", None),
    ("availability_zone", "nowhere", "unknown_zone", None),
    ("availability_zone", 5, "invalid_type", None),
    ("disable_prompt_cache", "yes", "invalid_type", None),
    ("disable_speculative_decoding", 1, "invalid_type", None),
]
# Every value that a bound of autoscaling cannot have, under either name.
BOUNDS = [
    (0, "out_of_range"),
    (-1, "out_of_range"),
    (1_000_001, "out_of_range"),
    (10**30, "out_of_range"),
    (1.5, "invalid_type"),
    ("1", "invalid_type"),
    (True, "invalid_type"),
    ([], "invalid_type"),
]
UPDATE = [
    row
    for row in CREATION
    if row[0] in ("display_name", "state", "inactive_timeout")
    or (row[0] == "autoscaling" and row[2] in ("invalid_type", "min_exceeds_max"))
]
CHAT = [
    ({}, "missing_field", "model"),
    ({"model": None, "messages": SAID}, "missing_field", "model"),
    ({"model": 5, "messages": SAID}, "invalid_type", "model"),
    ({"model": ["x"], "messages": SAID}, "invalid_type", "model"),
    ({"model": "m"}, "input_required", "messages"),
    ({"model": "m", "messages": None}, "input_required", "messages"),
    ({"model": "m", "messages": []}, "input_required", "messages"),
    ({"model": "m", "messages": "hi"}, "invalid_type", "messages"),
    ({"model": "m", "messages": {}}, "invalid_type", "messages"),
    ({"model": "m", "messages": 0}, "invalid_type", "messages"),
    ({"model": "m", "messages": ["hi"]}, "invalid_type", "messages.0"),
    ({"model": "m", "messages": [*SAID, None]}, "invalid_type", "messages.1"),
    ({"model": "m", "messages": SAID}, "unknown_model_chat", "model"),
    ({"model": "", "messages": SAID}, "unknown_model_chat", "model"),
    ({"model": "Qwen/Qwen2.5-72B-Instruct", "messages": SAID}, "non_serverless_model", "model"),
    ({"model": "m", "messages": SAID, "stream": True}, "unknown_model_chat", "model"),
]


@pytest.fixture
def unchanged(api):
    """A project with one endpoint that is to be the same after the test."""
    api.put_endpoint("STARTED", inactive_timeout=5, autoscaling={"max_replicas": 2})
    before = api.state()
    yield api
    assert api.state() | {"counters": 0} == before | {"counters": 0}


@pytest.mark.parametrize(("field", "value", "case", "param"), CREATION)
def test_creations(unchanged, field, value, case, param):
    """Each field of a creation: missing, of another type, out of range, unknown."""
    body = {**GOOD, field: value}
    if value is MISSING:
        del body[field]
    error = refused(unchanged.post("/v1/endpoints", json=body), case)
    assert error["param"] == (param or field)
    assert "None" not in error["message"]


@pytest.mark.parametrize(("field", "value", "case", "param"), UPDATE)
def test_updates(unchanged, field, value, case, param):
    """Each field of an update, beside a change that would have been fine."""
    body = {"display_name": "Renamed", field: value}
    error = refused(unchanged.patch("/v1/endpoints/endpoint-1", json=body), case)
    assert error["param"] == (param or field)


@pytest.mark.parametrize("bound", ["min_replicas", "max_replicas"])
@pytest.mark.parametrize(("value", "case"), BOUNDS)
@pytest.mark.parametrize("verb", ["create", "update"])
def test_bounds(unchanged, verb, bound, value, case):
    """A bound that is no positive 32-bit integer is refused by its dotted name."""
    autoscaling = {"min_replicas": 1, "max_replicas": 1, bound: value}
    if verb == "create":
        answer = unchanged.post("/v1/endpoints", json={**GOOD, "autoscaling": autoscaling})
    else:
        path = "/v1/endpoints/endpoint-1"
        answer = unchanged.patch(path, json={"autoscaling": {bound: value}, "display_name": "X"})
    # A number beyond 64 bits is read as a double, which is no integer either.
    cases = ("out_of_range", "invalid_type") if value == 10**30 else (case,)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in cases
    assert answer.json()["error"]["param"] == f"autoscaling.{bound}"


@pytest.mark.parametrize(("body", "case", "param"), CHAT)
def test_chats(unchanged, body, case, param):
    """Each field of a chat request; an error found before a stream is an ordinary answer."""
    answer = unchanged.post("/v1/chat/completions", json=body)
    assert refused(answer, case)["param"] == param


@pytest.mark.parametrize("name", ["min_replicas", "max_replicas"])
def test_flat_bounds_of_an_update(unchanged, name):
    """The flat form is refused in an update as well."""
    answer = unchanged.patch("/v1/endpoints/endpoint-1", json={name: 1})
    assert refused(answer, "flat_autoscaling")["param"] == name


@pytest.mark.parametrize(
    "endpoint", ["unknown", "endpoint-2", "ENDPOINT-1", "endpoint-1%00", "%F0%9F%98%80", "x" * 4000]
)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_unknown_endpoints(unchanged, method, endpoint):
    """An id that the project does not have is a 404 with the words that clients look for."""
    json = {"state": "STOPPED"} if method == "PATCH" else None
    answer = unchanged.request(method, f"/v1/endpoints/{endpoint}", json=json)
    message = refused(answer, "unknown_endpoint")["message"].lower()
    assert "endpoint" in message
    assert "not found" in message


@pytest.mark.parametrize("query", ["availability_zone=nowhere", "availability_zone=%00"])
def test_the_query_of_a_creation(unchanged, query):
    """A zone in the query is checked like one in the body."""
    answer = unchanged.post(f"/v1/endpoints?{query}", json=GOOD)
    assert refused(answer, "unknown_zone")["param"] == "availability_zone"


def test_a_model_with_odd_characters_is_refused_in_one_piece(unchanged):
    """Braces and percent signs of a request are shown as they are, never expanded."""
    model = "{model} %s {0} \u2028"
    answer = unchanged.post("/v1/endpoints", json={**GOOD, "model": model})
    assert refused(answer, "unknown_model_endpoint")["message"] == f"Model not found: {model}"
    answer = unchanged.chat(model)
    assert model in refused(answer, "unknown_model_chat")["message"]


@pytest.mark.parametrize("name", ["", "\u0000", "\U0001f600 café", "x" * 100_000, "{0}"])
def test_any_text_is_a_display_name(api, name):
    """Names come back as given; an empty one counts as none."""
    created = api.create(display_name=name)
    assert created["display_name"] == (name or MIXTRAL)
    assert api.endpoint(created["id"]) == created
