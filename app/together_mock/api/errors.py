"""Renders catalogue errors: status, and the body in the envelope of the face that was asked."""

from typing import Any

import orjson

from together_mock.core.errors import MockError
from together_mock.core.http_faults import InjectedError
from together_mock.services.catalog import Catalog

JSON = "application/json"


def body_of(catalog: Catalog, error: MockError) -> tuple[int, dict[str, Any]]:
    """The status and the envelope `{"error": {message, type, param, code}}`.

    Source: OpenAPI 2.0.0 ErrorData; together-v1 reference, 1.1.
    """
    case = catalog.errors[error.case]
    body = {
        "message": case.message.format(param=error.param, **error.values),
        "type": case.type,
        "param": error.param,
        "code": case.code,
    }
    if not isinstance(error, InjectedError):
        return case.status, {"error": body}
    told = {"message": error.told.message, "type": error.told.type, "code": error.told.code}
    body |= {name: text for name, text in told.items() if text is not None}
    return error.told.status, {"error": body}


def render(catalog: Catalog, error: MockError) -> tuple[int, bytes]:
    """The status and the encoded body, as the management and control planes send it."""
    status, body = body_of(catalog, error)
    return status, orjson.dumps(body)


def render_inference(catalog: Catalog, error: MockError, request_id: str) -> tuple[int, bytes]:
    """The status and the body as the inference plane sends it: with an id, indented by two.

    Source: third-party recordings (together-v1 reference, 1.1).
    """
    status, body = body_of(catalog, error)
    return status, orjson.dumps({"id": request_id, **body}, option=orjson.OPT_INDENT_2)
