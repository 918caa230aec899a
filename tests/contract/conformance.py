"""Holds every answer against the contract in `openapi/`: its status, media type and body."""

import re
from functools import cache
from typing import Any

import httpx
import jsonschema_rs
import yaml
from contract.canonical import resolve
from together_mock.resources import directory

JSON = "application/json"


def _load(generation: str) -> dict[str, Any]:
    contract: dict[str, Any] = yaml.load(
        (directory("openapi") / f"{generation}.yaml").read_text(encoding="utf-8"),
        Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),
    )
    return contract


CONTRACTS = {generation: _load(generation) for generation in ("v1", "v2", "legacy")}
CONTRACT = CONTRACTS["v1"]
_PLACEHOLDER = re.compile(r"\{[^}]+\}")


def _literal_first(path: str) -> list[bool]:
    # A literal segment goes before a placeholder in its place, as in the framework.
    return [segment.startswith("{") for segment in path.split("/")]


_PATHS = {
    re.compile(_PLACEHOLDER.sub("[^/]+", path.replace("{modelId}", ".+"))): (generation, path)
    for generation, contract in CONTRACTS.items()
    for path in sorted(contract["paths"], key=_literal_first)
}


class ContractError(AssertionError):
    """An answer that the contract does not have."""


def check(response: httpx.Response) -> None:
    """Fail unless the contract has the answer; what is no operation of it is let through.

    Raises:
        ContractError: an undocumented status, another media type, or a body of another shape.
    """
    request = response.request
    method, path = request.method.lower(), request.url.path
    operation = _operation(method, path)
    if operation is None or _is_of_2024(response):
        # What v1 has no such operation, or no such answer of, is the 2024 API's.
        operation = _operation(method, f"/legacy{path}")
    if operation is None:
        return
    called = f"{request.method} {path}: {response.status_code}"
    documented = _responses(*operation)
    if str(response.status_code) not in documented:
        raise ContractError(f"{called} is not among {sorted(documented)}")
    media = _content(*operation, response.status_code)
    sent = response.headers.get("content-type", "").partition(";")[0]
    if sent not in (media or ("",)):
        raise ContractError(f"{called} has the media type {sent!r}, not one of {sorted(media)}")
    if sent == JSON:
        response.read()
        try:
            _validator(*operation, response.status_code).validate(response.json())
        except jsonschema_rs.ValidationError as error:
            raise ContractError(f"{called}: {error}") from error


def _is_of_2024(response: httpx.Response) -> bool:
    """Whether an answer at a URL that v1 and the 2024 API share is the latter's, by its fields."""
    path = response.request.url.path
    if (
        not path.startswith(("/v1/endpoints", "/v1/jobs"))
        or response.headers.get("content-type") != JSON
    ):
        return False
    response.read()
    body = response.json()
    if not isinstance(body, dict):
        return False
    if "error" in body:
        return "param" not in body["error"]
    if path.startswith("/v1/jobs"):
        return "object" in body
    return any("deployments" in item for item in (body, *body.get("data", ())))


@cache
def _operation(method: str, path: str) -> tuple[str, str, str] | None:
    """The generation, path and method of the operation that was called."""
    for pattern, (generation, template) in _PATHS.items():
        if pattern.fullmatch(path):
            known = method in CONTRACTS[generation]["paths"][template]
            return (generation, template, method) if known else None
    return None


def _responses(generation: str, path: str, method: str) -> dict[str, Any]:
    responses: dict[str, Any] = CONTRACTS[generation]["paths"][path][method]["responses"]
    return responses


def _content(generation: str, path: str, method: str, status: int) -> dict[str, Any]:
    response = _responses(generation, path, method)[str(status)]
    content: dict[str, Any] = resolve(CONTRACTS[generation], response).get("content", {})
    return content


@cache
def _validator(
    generation: str, path: str, method: str, status: int
) -> jsonschema_rs.Draft202012Validator:
    schema = _content(generation, path, method, status)[JSON]["schema"]
    schemas = CONTRACTS[generation]["components"]["schemas"]
    # References are written from the document's root, so the components come along.
    return jsonschema_rs.Draft202012Validator(
        {"allOf": [schema], "components": {"schemas": schemas}}, validate_formats=True
    )
