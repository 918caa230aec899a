"""Whatever a client sends ends in a documented answer or a refusal: never a 500, never a hang.

The requests are derived from the documents, and are the same in every run. The documents are
seasoned with ids, models and instants that exist, so that requests get past the first check.
"""

import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest
import schemathesis
from contract.canonical import resolve
from contract.conformance import CONTRACT, CONTRACTS
from contract.known import NAMES, Known
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
    "hardware_name": [H100X2, "1x_nvidia_h100_80gb_sxm"],
    "suffix": ["prod", "a b", "-"],
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

# Names in `Known` for the placeholder that follows a segment of a path of v2.
THERE = {
    "projects": ["project"],
    "organizations": ["organization"],
    "endpoints": ["filled", "endpoint"],
    "deployments": ["deployment", "stopped"],
    "adapters": ["attached", "attached_model"],
    "placement-profiles": ["profile"],
    "models": ["uploaded", "model"],
    "revisions": ["revision"],
    "uploads": ["job"],
    "configs": ["config_id"],
    "supported-models": ["architecture"],
    "inference-instance-types": ["instance_type"],
}
# What a field or a parameter of this name is given where a request of v2 is to be right.
RIGHT: dict[str, list[Any]] = {
    "adapterModelId": ["{adapter}", "{attached_model}"],
    "adapterRevisionId": ["{attached_revision}"],
    "deploymentId": ["{deployment}", "{stopped}"],
    "model": ["{hosted}"],
    "modelId": ["{model}", None],
    "modelRevisionId": [None],
    "config": ["{config}"],
    "configId": [None],
    "baseModelId": ["{base}"],
    "objectId": ["{uploaded}", "{model}"],
    "revisionId": ["{revision}"],
    "organizationId": ["{organization}"],
    "referenceModel": ["projects/{project}/models/{uploaded}"],
    "referenceModelId": ["{uploaded}"],
    "deploymentIds": [["{deployment}"], ["{deployment}", "{stopped}"]],
    "profile": [None],
    "regions": [["us-central-4b"], [], None],
    "name": ["second", "{slug}/third"],
    "etag": ["", None],
    "minReplicas": [0, 1, None],
    "maxReplicas": [1, 3, 1_000_001],
    "inactiveTimeout": [0, 30, 1440, None],
    "maxConcurrentRequestsPerReplica": ["7", 0, None],
    "weight": [0, 1, 1e308],
    "filter": ['name = "first"', 'NOT name:"fil*" AND created_at < "2026-01-02T00:00:00Z"'],
    "orderBy": ["created_at", "updated_at desc"],
    "granularity": ["1m", "1h"],
    "startTime": ["2025-12-31T00:00:00Z"],
    "endTime": [START, "2026-01-01T02:00:00+02:00"],
    "search": ["mixtral"],
    "after": [""],
    "updateMask": ["name"],
    "remoteUrl": ["https://huggingface.co/org/repo"],
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


def put_right(part: Any) -> None:
    """Leave the fields of a schema that are named in RIGHT no other values."""
    for item in part.values() if isinstance(part, dict) else part:
        if isinstance(item, dict | list):
            put_right(item)
    fields = part.get("properties", {}) if isinstance(part, dict) else {}
    for name in fields.keys() & RIGHT.keys():
        fields[name] = {"enum": RIGHT[name]}


def contract_v2() -> dict[str, Any]:
    """The contract of v2, with what is there as the only values of what names it."""
    contract = copy.deepcopy(CONTRACTS["v2"])
    schemas = contract["components"]["schemas"]
    schemas["CreateDeploymentRequest"]["required"] += ["model", "config"]
    for name, schema in schemas.items():
        if name.endswith("Request"):
            put_right(schema)
    for parameter in contract["components"]["parameters"].values():
        if parameter["in"] == "query" and parameter["name"] in RIGHT:
            parameter["schema"] = {"enum": RIGHT[parameter["name"]]}
    for path, item in contract["paths"].items():
        segments = path.split("/")
        for index, parameter in enumerate(item.get("parameters", ())):
            declared = resolve(contract, parameter)
            before = segments[segments.index(f"{{{declared['name']}}}") - 1]
            item["parameters"][index] = declared | {"schema": {"enum": THERE[before]}}
    return contract


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


def fuzzer(
    contract: dict[str, Any], *, coverage: bool, mode: str = "all"
) -> schemathesis.BaseSchema:
    """What makes requests of a document: right ones (`positive`), wrong ones, or all."""
    config = SchemathesisConfig.from_dict(
        {"phases": {"coverage": {"enabled": coverage}}, "generation": {"mode": mode}}
    )
    return schemathesis.openapi.from_dict(contract, config=config)


def fill_in(case: schemathesis.Case, known: Known) -> None:
    """Put what is there in place of its names, wherever a request has one.

    The project is always the caller's: of another one, nothing else would be looked at.
    """
    for name, value in case.path_parameters.items():
        named = "project" if name == "projectId" else unquote(str(value))
        if named in NAMES:
            case.path_parameters[name] = quote(getattr(known, named), safe="")
    case.query = known.filled_in(case.query)
    case.body = known.filled_in(case.body)


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
MANAGEMENT = fuzzer(season(CONTRACT), coverage=True).exclude(operation_id=ANSWERED)
# Every boundary of every field would be a thousand requests; a chat takes most values anyway.
INFERENCE = fuzzer(season(CONTRACT), coverage=False).include(operation_id=ANSWERED)
# A stream of events has no end, and a wait for one takes the time it asks for.
ENDLESS = ["followEvents", "waitForEvent"]
CONTROL = fuzzer(season(control_document()), coverage=True).exclude(operation_id=ENDLESS)

LEGACY = fuzzer(season(CONTRACTS["legacy"]), coverage=True)
# Left to itself, the one mode or the other is all that an operation gets in so few requests.
V2 = fuzzer(contract_v2(), coverage=False, mode="positive")
WRONG_V2 = fuzzer(contract_v2(), coverage=False, mode="negative")


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
    if api.get("/_mock/project").status_code == 401:
        # A test before has deleted it, and nobody else may have its key.
        assert api.post("/_mock/projects", json={"api_key": KEY}).status_code == 201
    assert api.put_state(PROJECT).status_code == 200
    return api


@MANAGEMENT.parametrize()
@examples(8)
def test_management_answers_as_documented(case, fuzzed):
    """Statuses, media types and shapes of the management routes are those of the contract."""
    case.call_and_validate(base_url=fuzzed.root, headers=HEADERS, checks=CHECKS)


@LEGACY.parametrize()
@examples(8)
def test_the_2024_api_answers_as_documented(case, fuzzed):
    """Statuses, media types and shapes of the 2024 API's routes are those of its contract."""
    case.call_and_validate(base_url=fuzzed.root, headers=HEADERS, checks=CHECKS)


@pytest.fixture
def known(running: Running) -> Known:
    """A fresh project, with whatever a request of v2 names."""
    return Known(running.api())


@V2.parametrize()
@examples(8)
def test_v2_answers_as_documented(case, known):
    """Statuses, media types and shapes of v2's routes are those of its contract."""
    fill_in(case, known)
    case.call_and_validate(base_url=known.api.root, headers=known.headers, checks=CHECKS)


@WRONG_V2.parametrize()
@examples(8)
def test_v2_refuses_as_documented(case, known):
    """What does not fit the contract is refused in the documented shape, or let through."""
    fill_in(case, known)
    case.call_and_validate(base_url=known.api.root, headers=known.headers, checks=CHECKS)


@INFERENCE.parametrize()
@examples(8)
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
        for schema in (MANAGEMENT, INFERENCE, CONTROL, V2, LEGACY)
        for result in schema.get_all_operations()
    ]
    known = Known(running.api())
    assert known.api.put_state(PROJECT).status_code == 200
    known.make_all()
    for case in data.draw(st.lists(st.one_of(operations), min_size=2, max_size=8)):
        fill_in(case, known)
        answer = case.call(base_url=running.root, headers=known.headers)
        assert answer.status_code < 500, answer.text
