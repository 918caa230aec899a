"""Whatever a client sends ends in a documented answer or a refusal: never a 500, never a hang.

The requests are derived from the documents, and are the same in every run. The documents are
seasoned with ids, models and instants that exist, so that requests get past the first check.
"""

import copy
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest
import requests
import schemathesis
from contract.canonical import resolve
from contract.conformance import CONTRACT, CONTRACTS
from contract.known import NAMES, Known
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.pytest.lazy import get_all_tests
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


ANSWERED = {"chat-completions", "completions", "embeddings", "rerank"}
MANAGEMENT = fuzzer(season(CONTRACT), coverage=True)
# Every boundary of every field would be a thousand requests; a chat takes most values anyway.
INFERENCE = fuzzer(season(CONTRACT), coverage=False)
# A stream of events has no end, and a wait for one takes the time it asks for.
ENDLESS = {"followEvents", "waitForEvent"}
CONTROL = fuzzer(season(control_document()), coverage=True)
LEGACY = fuzzer(season(CONTRACTS["legacy"]), coverage=True)
# Left to itself, the one mode or the other is all that an operation gets in so few requests.
V2 = fuzzer(contract_v2(), coverage=False, mode="positive")
WRONG_V2 = fuzzer(contract_v2(), coverage=False, mode="negative")


@pytest.fixture
def operation(request: pytest.FixtureRequest) -> schemathesis.BaseSchema:
    """A document of which one operation is left."""
    schema, operation_id = request.param
    return schema.include(operation_id=operation_id)


def ids_of(schema: schemathesis.BaseSchema) -> list[str]:
    """The ids of the operations of a document."""
    paths = schema.raw_schema["paths"].values()
    return [
        part["operationId"]
        for item in paths
        for part in item.values()
        if isinstance(part, dict) and "operationId" in part
    ]


def each(
    schema: schemathesis.BaseSchema, but: Collection[str] = (), only: Collection[str] | None = None
) -> pytest.MarkDecorator:
    """A test for every operation of a document, `but` some, or for some `only`.

    Its requests are put together when it is run: if they were when it is collected, every process
    of a run would put together those of all tests.
    """
    ids = [name for name in only or ids_of(schema) if name not in but]
    return pytest.mark.parametrize(
        "operation", [(schema, name) for name in ids], indirect=True, ids=ids
    )


class Fuzz:
    """Sends the requests of an operation, and holds their answers against the document."""

    def __init__(self, operation: schemathesis.BaseSchema, session: requests.Session) -> None:
        self.operation = operation
        self.session = session

    def __call__(self, root: str, headers: dict[str, str], known: Known | None = None) -> None:
        def is_answered(case: schemathesis.Case) -> None:
            if known is not None:
                fill_in(case, known)
            case.call_and_validate(
                base_url=root, headers=headers, session=self.session, checks=CHECKS
            )

        (made,) = get_all_tests(
            schema=self.operation, test_func=is_answered, settings=examples(8), given_kwargs=None
        )
        _, test = made.ok()
        test()


@pytest.fixture
def fuzz(operation: schemathesis.BaseSchema, session: requests.Session) -> Fuzz:
    """What sends the requests of the operation that the test is for."""
    return Fuzz(operation, session)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A strict server with a frozen clock."""
    running = Running()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """A line to the server that is kept; a new one would cost more than its answer."""
    with requests.Session() as session:
        # Nor is the environment asked for proxies and passwords before every request.
        session.trust_env = False
        yield session


@pytest.fixture
def fuzzed(running: Running) -> Api:
    """A project with an endpoint in every state."""
    api = running.api(KEY)
    if api.get("/_mock/project").status_code == 401:
        # A test before has deleted it, and nobody else may have its key.
        assert api.post("/_mock/projects", json={"api_key": KEY}).status_code == 201
    assert api.put_state(PROJECT).status_code == 200
    return api


@each(MANAGEMENT, but=ANSWERED)
def test_management_answers_as_documented(fuzz, fuzzed):
    """Statuses, media types and shapes of the management routes are those of the contract."""
    fuzz(fuzzed.root, HEADERS)


@each(LEGACY)
def test_the_2024_api_answers_as_documented(fuzz, fuzzed):
    """Statuses, media types and shapes of the 2024 API's routes are those of its contract."""
    fuzz(fuzzed.root, HEADERS)


@pytest.fixture
def known(running: Running) -> Known:
    """A fresh project, with whatever a request of v2 names."""
    return Known(running.api())


@each(V2)
def test_v2_answers_as_documented(fuzz, known):
    """Statuses, media types and shapes of v2's routes are those of its contract."""
    fuzz(known.api.root, known.headers, known)


@each(WRONG_V2)
def test_v2_refuses_as_documented(fuzz, known):
    """What does not fit the contract is refused in the documented shape, or let through."""
    fuzz(known.api.root, known.headers, known)


@each(INFERENCE, only=sorted(ANSWERED))
def test_inference_answers_as_documented(fuzz, fuzzed):
    """Statuses, media types and shapes of the inference routes are those of the contract."""
    fuzz(fuzzed.root, HEADERS)


# A state document has three thousand boundaries, which take long where many share a processor.
@pytest.mark.timeout(300)
@each(CONTROL, but=ENDLESS)
def test_the_control_plane_never_fails(fuzz, fuzzed):
    """The control plane answers or refuses, and what it sends has the documented shape."""
    fuzz(fuzzed.root, HEADERS)


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
def test_no_sequence_of_calls_leads_to_a_failure(running, session, data):
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
        answer = case.call(base_url=running.root, headers=known.headers, session=session)
        assert answer.status_code < 500, answer.text
