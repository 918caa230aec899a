"""The documents that the application serves, against the contracts they were written from."""

import json
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner
from contract.canonical import differences, operations
from contract.conformance import CONTRACTS
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
from together_mock import cli
from together_mock.api import document
from together_mock.asgi import Application
from together_mock.bootstrap import build_world
from together_mock.settings import Settings

PROMISED = {generation: operations(contract) for generation, contract in CONTRACTS.items()}
Documents = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def served() -> Documents:
    """The application's own documents of v1 and v2."""
    return _served(*PROMISED)


def _served(*generations: str, **settings: Any) -> Documents:
    world = build_world(Settings(**settings))
    try:
        app = Application(world).api
        return {generation: document.build(app, generation) for generation in generations}
    finally:
        world.close()


@pytest.mark.parametrize("generation", PROMISED)
def test_every_promised_operation_is_served_and_no_other(served, generation):
    """The contract and the application have the same paths and methods."""
    assert operations(served[generation]).keys() == PROMISED[generation].keys()


@pytest.mark.parametrize(
    ("generation", "operation"), [(name, path) for name in PROMISED for path in PROMISED[name]]
)
def test_an_operation_is_served_as_promised(served, generation, operation):
    """Operation id, parameters, request body, statuses and schemas are those of the contract."""
    ours = operations(served[generation])[operation]
    assert not differences(ours, PROMISED[generation][operation])


def test_operation_ids_are_unique(api):
    """Within everything the server documents, an operation id names one operation."""
    everything = operations(api.get("/openapi.json").json())
    ids = [operation["operationId"] for operation in everything.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("generation", PROMISED)
def test_the_whole_document_contains_the_generation(api, served, generation):
    """`/openapi.json` shows a generation as its own document does."""
    everything = operations(api.get("/openapi.json").json())
    assert operations(served[generation]).items() <= everything.items()


@pytest.mark.parametrize("generation", PROMISED)
def test_the_command_line_prints_the_document_of_a_generation(served, generation):
    """`together-mock openapi --generation` prints what the application documents."""
    printed = CliRunner().invoke(cli.commands, ["openapi", "--generation", generation])
    assert json.loads(printed.stdout) == served[generation]


def test_components_have_plain_names(api):
    """Where two faces have schemas of one name, neither is named by its module."""
    components = api.get("/openapi.json").json()["components"]
    assert not [name for kind in components.values() for name in kind if "__" in name]


def test_a_server_without_v2_documents_none():
    """Where v2 does not answer, its document is there and has no paths."""
    without = _served("v2", api="v1")["v2"]
    assert without["paths"] == {}
    OPENAPI_31_VALIDATOR.validate(without)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_the_contract_is_valid_openapi(contract):
    """It is an OpenAPI 3.1 document, and its schemas are JSON Schema 2020-12."""
    OPENAPI_31_VALIDATOR.validate(contract)
    for schema in contract["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": _DIALECT, **schema})


def test_the_served_documents_are_valid_openapi(api, served):
    """What the application generates is an OpenAPI 3.1 document too."""
    for generated in served.values():
        OPENAPI_31_VALIDATOR.validate(generated)
    OPENAPI_31_VALIDATOR.validate(api.get("/openapi.json").json())


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_every_reference_of_the_contract_leads_somewhere_and_every_part_is_used(contract):
    """No component is dangling, and none is left over."""
    used = _references(contract)
    kinds = ("schemas", "responses", "parameters")
    there = {
        f"#/components/{kind}/{name}" for kind in kinds for name in contract["components"][kind]
    }
    assert used == there


_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _references(part: Any) -> set[str]:
    if isinstance(part, list):
        return {name for item in part for name in _references(item)}
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
    return own | {name for item in part.values() for name in _references(item)}
