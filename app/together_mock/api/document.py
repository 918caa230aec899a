"""The served OpenAPI documents: all of the application, or one generation of it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from together_mock.api.documented import DESCRIPTIONS
from together_mock.api.errors import JSON
from together_mock.api.openai.lane import PATHS
from together_mock.resources import directory

Document = dict[str, Any]
_GUARDED = {
    str(status): {
        "description": DESCRIPTIONS[status],
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/ErrorData"}}},
    }
    for status in (413, 415)
}
_PREFIXES = {"v1": ("/v1/", "/v3/"), "control": ("/_mock/",)}
GENERATIONS = tuple(_PREFIXES)


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
    _document_inference(document)
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
    import yaml

    contract = yaml.safe_load((directory("openapi") / "v1.yaml").read_text(encoding="utf-8"))
    for path in PATHS:
        document["paths"][path] = {"post": contract["paths"][path]["post"]}
    components = document["components"]
    for kind in ("schemas", "responses"):
        components[kind] = contract["components"][kind] | components.get(kind, {})


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
    for kind in ("schemas", "responses"):
        components[kind] = {
            name: part
            for name, part in components[kind].items()
            if f"#/components/{kind}/{name}" in used
        }
