"""Whatever a client sends ends in a documented answer or a refusal: never a 500, never a hang.

The requests are derived from the documents, and are the same in every run. The documents are
seasoned with ids, models and instants that exist, so that requests get past the first check.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from contract.conformance import CONTRACT
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support import H100X2, MIXTRAL, START, Api, Running
from together_mock.api import document
from together_mock.asgi import Application
from together_mock.bootstrap import build_world
from together_mock.services.documents import StateDocument
from together_mock.settings import Settings

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
STATES = ["PENDING", "STARTING", "STARTED", "STOPPING", "STOPPED", "ERROR"]
ENDPOINTS = [
    {"id": f"endpoint-{state}", "model": MIXTRAL, "hardware": H100X2, "state": state}
    for state in STATES
]
PROJECT = {"clock": {"now": START, "rate": 0}, "endpoints": ENDPOINTS}
KEY = "fuzz"
HEADERS = {"Authorization": f"Bearer {KEY}"}
# What a field of this name is often given, beside what its schema allows.
SEASONING: dict[str, list[Any]] = {
    "model": [MIXTRAL, "endpoint-STARTED", "meta-llama/Llama-3.3-70B-Instruct-Turbo"],
    "hardware": [H100X2, "1x_nvidia_h100_80gb_sxm"],
    "availability_zone": ["us-central-4b"],
    "endpoint": [entry["id"] for entry in ENDPOINTS],
    "preset": ["instant", "fast", "realistic", "manual"],
    "by": ["1h30m", 0, 3600, "40d", 1e12],
    "limit": ["2h", 0],
    "to": [START, "2026-01-02T00:00:00+02:00", "2200-12-31T23:59:59Z"],
    "now": [START, "2026-01-02T00:00:00Z", "2200-12-31T23:59:59.999999Z"],
    "next_at": [START, "2200-12-31T23:59:59Z"],
    "rate": [0, 1, 1e6, 1e-300],
    "inactive_timeout": [0, 1, 2**31 - 1],
    "min_replicas": [1, 1_000_000, 1_000_001],
    "curve": ["ramp:0:40:10m", "sine:0:24:30d", "step:8:0:0", "spike:0:1e5:1h:1s"],
    "horizon": ["30d", 0],
}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3)
    ),
    max_leaves=8,
)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.just("user") | JSON, "content": JSON}, optional={"x": JSON}),
    max_size=3,
)


def season(part: Any) -> Any:
    """The document with the values of SEASONING as alternatives, wherever a field has the name."""
    if isinstance(part, list):
        return [season(item) for item in part]
    if not isinstance(part, dict):
        return part
    seasoned = {name: season(item) for name, item in part.items()}
    for name, values in SEASONING.items():
        if isinstance(fields := seasoned.get("properties"), dict) and name in fields:
            fields[name] = {"anyOf": [{"enum": values}, fields[name]]}
    if seasoned.get("in") == "path":
        known = {"enum": SEASONING["endpoint"]}
        seasoned["schema"] = {"anyOf": [known, seasoned["schema"]]}
    return seasoned


def control_document() -> dict[str, Any]:
    """The control plane's own document, with the state document spelled out."""
    world = build_world(Settings())
    try:
        control = copy.deepcopy(document.build(Application(world).api, "control"))
    finally:
        world.close()
    template = "#/components/schemas/{model}"
    state = StateDocument.model_json_schema(ref_template=template)
    control["components"]["schemas"] |= state.pop("$defs")
    body = control["paths"]["/_mock/state"]["put"]["requestBody"]
    body["content"]["application/json"]["schema"] = state
    return control


# Those that are read.
_NAMES = """
    max_tokens seed stream n stop tools functions tool_choice function_call parallel_tool_calls
    logprobs top_logprobs echo stream_options response_format reasoning reasoning_effort
    chat_template_kwargs safety_model context_length_exceeded_behavior
"""
FIELDS = _NAMES.split()


def fuzzer(contract: dict[str, Any], *, coverage: bool) -> schemathesis.BaseSchema:
    config = SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": coverage}}})
    return schemathesis.openapi.from_dict(season(contract), config=config)


def examples(count: int) -> settings:
    return settings(
        derandomize=True,
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


ANSWERED = ["chat-completions", "completions", "embeddings", "rerank"]
MANAGEMENT = fuzzer(CONTRACT, coverage=True).exclude(operation_id=ANSWERED)
# Every boundary of every field would be a thousand requests; a chat takes most values anyway.
INFERENCE = fuzzer(CONTRACT, coverage=False).include(operation_id=ANSWERED)
# A stream of events has no end, and a wait for one takes the time it asks for.
ENDLESS = ["followEvents", "waitForEvent"]
CONTROL = fuzzer(control_document(), coverage=True).exclude(operation_id=ENDLESS)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A strict server with a frozen clock."""
    running = Running()
    yield running
    running.stop()


@pytest.fixture
def fuzzed(running: Running) -> Api:
    """A project with an endpoint in every state."""
    api = running.api(KEY)
    assert api.put_state(PROJECT).status_code == 200
    return api


@MANAGEMENT.parametrize()
@examples(12)
def test_management_answers_as_documented(case, fuzzed):
    """Statuses, media types and shapes of the management routes are those of the contract."""
    case.call_and_validate(base_url=fuzzed.root, headers=HEADERS, checks=CHECKS)


@INFERENCE.parametrize()
@examples(10)
def test_inference_answers_as_documented(case, fuzzed):
    """Statuses, media types and shapes of the inference routes are those of the contract."""
    case.call_and_validate(base_url=fuzzed.root, headers=HEADERS, checks=CHECKS)


@CONTROL.parametrize()
@examples(8)
def test_the_control_plane_never_fails(case, fuzzed):
    """The control plane answers or refuses, and what it sends has the documented shape."""
    case.call_and_validate(base_url=fuzzed.root, headers=HEADERS, checks=CHECKS)


@examples(100)
@given(
    body=st.fixed_dictionaries(
        {"model": st.sampled_from(SEASONING["model"]), "messages": JSON | MESSAGES},
        optional=dict.fromkeys(FIELDS, JSON),
    )
)
def test_chat_takes_or_refuses_any_json(fuzzed, body):
    """Any value in the fields that matter is answered, or refused as documented."""
    fuzzed.post("/v1/chat/completions", json=body)


@examples(25)
@given(data=st.data())
def test_no_sequence_of_calls_leads_to_a_failure(running, data):
    """Wherever earlier calls left the project and its clock, the next call is answered."""
    operations = [
        result.ok().as_strategy()
        for schema in (MANAGEMENT, INFERENCE, CONTROL)
        for result in schema.get_all_operations()
    ]
    assert running.api(KEY).put_state(PROJECT).status_code == 200
    for case in data.draw(st.lists(st.one_of(operations), min_size=2, max_size=8)):
        answer = case.call(base_url=running.root, headers=HEADERS)
        assert answer.status_code < 500, answer.text
