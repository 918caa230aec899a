"""The served OpenAPI documents: all of the application, or one generation of it."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from together_mock.api.dialects import PREFIX
from together_mock.api.documented import DESCRIPTIONS
from together_mock.api.errors import JSON
from together_mock.api.openai.lane import PATHS
from together_mock.resources import directory
from together_mock.services.yaml_files import read_file

Document = dict[str, Any]
_GUARDED = {
    str(status): {
        "description": DESCRIPTIONS[status],
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/ErrorData"}}},
    }
    for status in (413, 415)
}
_PREFIXES = {
    "v1": ("/v1/", "/v3/"),
    "v2": ("/v2/",),
    "legacy": (f"{PREFIX}/",),
    "control": ("/_mock/", "/metrics"),
}
# The components that answers are made of.
_KINDS = ("schemas", "responses")


def install(app: FastAPI) -> None:
    """Make the application serve its document at /openapi.json, built when first asked for."""

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def build(app: FastAPI, generation: str | None = None) -> Document:
    """The document of the running application, or of one of its generations."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    document = _with_plain_names(document)
    _document_inference(document)
    _document_answers(document, "v2", "V2{}".format)
    _document_answers(document, "legacy", "Legacy{}".format)
    prefixes = _PREFIXES[generation] if generation else ("/",)
    document["paths"] = {
        path: item for path, item in document["paths"].items() if path.startswith(prefixes)
    }
    for item in document["paths"].values():
        for operation in item.values():
            # FastAPI documents its own 422 everywhere; ours are 400s, declared by the routes.
            operation["responses"].pop("422", None)
            if "requestBody" in operation:
                # What the guard refuses before any route runs.
                operation["responses"] = _GUARDED | operation["responses"]
    document["components"]["securitySchemes"] = {"bearerAuth": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"bearerAuth": []}]
    _drop_unused_schemas(document)
    return document


def _document_inference(document: Document) -> None:
    """Take the inference operations from the contract: the lane checks them, not the framework."""
    contract = _contract("v1")
    for path in PATHS:
        document["paths"][path] = {"post": contract["paths"][path]["post"]}
    _add_components(document, contract)


def _document_answers(document: Document, generation: str, rename: Callable[[str], str]) -> None:
    """Take a generation's answers from its contract: routes declare parameters and bodies alone."""
    operations = [
        (path, method, operation)
        for path, item in document["paths"].items()
        if path.startswith(_PREFIXES[generation])
        for method, operation in item.items()
    ]
    if not operations:
        return
    contract = _renamed(_contract(generation), rename)
    for path, method, operation in operations:
        promised = contract["paths"].get(path, {}).get(method)
        if promised is not None:
            operation["responses"] = promised["responses"]
    _add_components(document, contract)


def _contract(generation: str) -> Document:
    text = (directory("openapi") / f"{generation}.yaml").read_text(encoding="utf-8")
    (contract,) = read_file(text)
    return contract


def _with_plain_names(document: Document) -> Document:
    """The document without the long names of schemas that two faces have under one name.

    Where pydantic tells them apart by their modules, v2's are told apart by a prefix.
    """
    schemas = document["components"]["schemas"]
    names: dict[str, str] = {}
    for long in schemas:
        module, _, short = long.rpartition("__")
        if module.startswith("together_mock__api__v2"):
            short = f"V2{short.removesuffix('Request')}Request"
        if short not in schemas and short not in names.values():
            names[long] = short
    return _renamed(document, lambda name: names.get(name, name))


def _renamed(document: Document, rename: Callable[[str], str]) -> Document:
    """The document with other names of components."""
    renamed: Document = _with_references(document, rename)
    for kind in _KINDS:
        parts = renamed["components"].get(kind, {})
        renamed["components"][kind] = {rename(name): part for name, part in parts.items()}
    return renamed


def _with_references(part: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(part, list):
        return [_with_references(item, rename) for item in part]
    if not isinstance(part, dict):
        return part
    changed = {name: _with_references(value, rename) for name, value in part.items()}
    if isinstance(reference := part.get("$ref"), str):
        where, _, name = reference.rpartition("/")
        changed["$ref"] = f"{where}/{rename(name)}"
    return changed


def _add_components(document: Document, contract: Document) -> None:
    for kind in _KINDS:
        own = document["components"].get(kind, {})
        document["components"][kind] = contract["components"][kind] | own


def _drop_unused_schemas(document: Document) -> None:
    components = document["components"]
    used: set[str] = set()
    waiting: list[Any] = [document["paths"]]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            reference = part.get("$ref")
            if isinstance(reference, str) and reference not in used:
                used.add(reference)
                kind, name = reference.split("/")[-2:]
                waiting.append(components[kind][name])
            waiting += part.values()
    for kind in _KINDS:
        components[kind] = {
            name: part
            for name, part in components[kind].items()
            if f"#/components/{kind}/{name}" in used
        }
