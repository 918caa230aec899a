"""The checks themselves have teeth: what is not in the contract fails, what is the same passes."""

import httpx
import pytest
from contract.canonical import canonical, differences
from contract.conformance import ContractError, check

ZONES = "http://mock/v1/clusters/availability-zones"
ENDPOINT = "http://mock/v1/endpoints/endpoint-1"
PUBLIC = "http://mock/v2/public/endpoints"
UPLOADS = "http://mock/v2/projects/proj_1/models/uploads"
EMPTY = {"object": "list", "data": [], "next_cursor": None}
ERROR = {"message": "", "type": "", "param": None, "code": "INVALID_ARGUMENT"}
RPC = {"code": 3, "message": "", "details": [{"@type": "", "detail": ""}]}


def answer(status: int, method: str = "GET", url: str = ZONES, **content: object) -> httpx.Response:
    return httpx.Response(status, request=httpx.Request(method, url), **content)


@pytest.mark.parametrize(
    "right",
    [
        answer(200, json={"avzones": ["us-central-4b"]}),
        answer(200, url=PUBLIC, json=EMPTY),
        answer(200, url=UPLOADS, json=EMPTY),
        answer(400, url=PUBLIC, json={"error": ERROR}),
        answer(400, url=PUBLIC, json=RPC),
    ],
    ids=["v1", "v2", "literal", "error", "rpc"],
)
def test_an_answer_of_the_contract_passes(right):
    """Status, media type and body are those of the contract."""
    check(right)


@pytest.mark.parametrize(
    "wrong",
    [
        answer(200, json={"avzones": "us-central-4b"}),
        answer(200, json={}),
        answer(200, text="us-central-4b"),
        answer(418, json={"error": {"message": "", "type": ""}}),
        answer(401, json={"error": {"message": "no type"}}),
        answer(204, "DELETE", "http://mock/v1/endpoints/endpoint-1", json={}),
        answer(200, url=PUBLIC, json=EMPTY | {"total": 0}),
        answer(200, url=f"{UPLOADS}/job_1", json=EMPTY),
        answer(404, url=PUBLIC, json={"error": ERROR}),
        answer(400, url=PUBLIC, json={"error": ERROR | {"code": None}}),
        answer(400, url=PUBLIC, json={"error": ERROR, **RPC}),
        answer(200, url=ENDPOINT, json={"object": "endpoint", "id": "1", "deployments": []}),
        answer(404, url=ENDPOINT, json={"error": {"message": "", "type": "", "code": None}}),
        answer(204, "POST", f"{ENDPOINT}/stop"),
    ],
    ids=[
        *("type", "missing", "media", "status", "error", "empty"),
        *("v2-stray", "v2-template", "v2-status", "v2-code", "v2-forms"),
        *("2024-missing", "2024-error", "2024-status"),
    ],
)
def test_an_answer_that_is_not_in_the_contract_fails(wrong):
    """A wrong type, field, media type or status, and a body where none belongs, are noticed."""
    with pytest.raises(ContractError):
        check(wrong)


@pytest.mark.parametrize(
    ("method", "url"), [("GET", "http://mock/nowhere"), ("PUT", ZONES), ("GET", "http://mock/")]
)
def test_what_is_no_operation_of_the_contract_is_let_through(method, url):
    """Other faces have documents of their own."""
    check(answer(500, method, url))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"type": ["integer", "null"]}, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ({"const": "list"}, {"type": "string", "enum": ["list"]}),
        (
            {"type": ["string", "null"], "enum": ["a", None]},
            {"anyOf": [{"enum": ["a"]}, {"type": "null"}]},
        ),
        ({"type": "string", "title": "T", "default": "x"}, {"type": "string"}),
        ({"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 1.0}),
        ({"type": "integer", "maximum": 2147483647.0}, {"type": "integer"}),
        ({"$ref": "#/components/schemas/Name"}, {"type": "string"}),
    ],
)
def test_schemas_that_mean_the_same_have_one_form(one, other):
    """How a schema is written does not matter."""
    document = {"components": {"schemas": {"Name": {"type": "string"}}}}
    assert canonical(document, one) == canonical(document, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"type": "integer"}, {"type": "number"}),
        ({"type": "integer"}, {"type": ["integer", "null"]}),
        ({"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 1}),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}),
        ({"type": "object", "required": ["a"]}, {"type": "object"}),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"type": "object", "properties": {"b": {"type": "string"}}},
        ),
        ({"type": "array", "items": {"type": "string"}}, {"type": "array"}),
        ({"type": "string", "format": "date-time"}, {"type": "string"}),
    ],
)
def test_schemas_that_do_not_mean_the_same_differ(one, other):
    """What a client could notice is kept, and named."""
    assert differences(canonical({}, one), canonical({}, other))
