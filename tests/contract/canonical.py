"""One form for schemas that mean the same, so that two documents can be compared as values.

`{"type": ["integer", "null"]}` and `{"anyOf": [{"type": "integer"}, {"type": "null"}]}` become
equal, as do `{"const": "list"}` and `{"type": "string", "enum": ["list"]}`. What only explains is
dropped.
"""

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]

_EXPLAINS = {
    "title",
    "description",
    "examples",
    "example",
    "default",
    "deprecated",
    "summary",
    "writeOnly",
}
# The store keeps 32-bit counts; the contract states no bound (see the faces' schemas.py).
_STORE_BOUNDS = (
    *(("maximum", bound) for bound in (2**31 - 1, 1_000_000)),
    ("minimum", -(2**31)),
)
_METHODS = {"get", "put", "post", "delete", "patch"}
_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def operations(document: Document) -> dict[str, Any]:
    """`METHOD path` -> what of the operation a client can notice."""
    return {
        f"{method.upper()} {path}": _operation(document, item, item[method])
        for path, item in document["paths"].items()
        for method in item
        if method in _METHODS
    }


def differences(served: Any, promised: Any, where: str = "") -> list[str]:
    """Where two forms differ, a line each."""
    if isinstance(served, dict) and isinstance(promised, dict):
        return [
            line
            for name in sorted(served.keys() | promised.keys())
            for line in differences(served.get(name), promised.get(name), f"{where}.{name}")
        ]
    if isinstance(served, list) and isinstance(promised, list) and len(served) == len(promised):
        return [
            line
            for index, (ours, theirs) in enumerate(zip(served, promised, strict=True))
            for line in differences(ours, theirs, f"{where}[{index}]")
        ]
    return [] if served == promised else [f"{where}: served {served}, promised {promised}"]


def _operation(document: Document, item: Any, operation: Any) -> dict[str, Any]:
    parameters = [
        resolve(document, parameter)
        for parameter in [*item.get("parameters", ()), *operation.get("parameters", ())]
    ]
    names = [(parameter["in"], parameter["name"]) for parameter in parameters]
    assert len(names) == len(set(names)), f"{operation['operationId']} has a parameter twice"
    return {
        "operationId": operation["operationId"],
        "parameters": {
            f"{parameter['in']} {parameter['name']}": {
                "required": parameter.get("required", False),
                # Leaving a query parameter out is the only way to send null.
                "schema": [
                    form
                    for form in canonical(document, parameter["schema"])
                    if form.get("type") != "null"
                ],
            }
            for parameter in parameters
        },
        "requestBody": _body(document, operation.get("requestBody")),
        "responses": {
            status: _content(document, resolve(document, response))
            for status, response in operation["responses"].items()
        },
    }


def _body(document: Document, body: Any) -> Any:
    if body is None:
        return None
    return {"required": body.get("required", False), **_content(document, body)}


def _content(document: Document, part: Any) -> dict[str, Any]:
    return {
        media_type: canonical(document, media["schema"])
        for media_type, media in part.get("content", {}).items()
    }


def resolve(document: Document, part: Any) -> Any:
    """The part a reference points to, overlaid with what stands beside the reference."""
    while isinstance(part, dict) and "$ref" in part:
        target: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target | {name: value for name, value in part.items() if name != "$ref"}
    return part


def canonical(document: Document, schema: Any) -> list[dict[str, Any]]:
    """A schema as its alternatives, one for each type, in a fixed order."""
    forms = _alternatives(document, schema)
    return sorted(forms, key=repr)


def _alternatives(document: Document, schema: Any) -> list[dict[str, Any]]:
    schema = resolve(document, schema)
    schema = {name: value for name, value in schema.items() if name not in _EXPLAINS}
    if "anyOf" in schema:
        assert schema.keys() == {"anyOf"}, "anyOf beside other keywords is not understood here"
        return [form for part in schema["anyOf"] for form in _alternatives(document, part)]
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    types = schema.pop("type", None)
    if types is None and "enum" in schema:
        types = sorted({_JSON_TYPES[type(value)] for value in schema["enum"]})
    if not isinstance(types, list):
        types = [types]
    return [_of_one_type(document, kind, schema) for kind in types]


def _of_one_type(document: Document, kind: str | None, schema: Document) -> dict[str, Any]:
    form: dict[str, Any] = {} if kind is None else {"type": kind}
    if kind == "null":
        return form
    for name, value in schema.items():
        if name == "enum":
            form["enum"] = sorted(item for item in value if item is not None)
        elif name == "required":
            form["required"] = sorted(value)
        elif name == "properties":
            form["properties"] = {
                field: canonical(document, part) for field, part in sorted(value.items())
            }
        elif name == "oneOf":
            form["oneOf"] = sorted((canonical(document, part) for part in value), key=repr)
        elif name in ("items", "additionalProperties") and isinstance(value, dict):
            form[name] = canonical(document, value)
        elif (name, value) not in (("additionalProperties", True), *_STORE_BOUNDS):
            form[name] = value
    return dict(sorted(form.items()))
