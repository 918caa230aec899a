"""Catalogue errors as v2 sends them: in the envelope with the RPC status's name, or in RPC form.

Source: OpenAPI 2.0.0 declares the envelope; the command lines of 2.42.0 and 3.1.1 read both forms
(together-v2 reference, section 2).
"""

from http import HTTPStatus
from typing import Any

import orjson

from together_mock.api.errors import body_of
from together_mock.core.errors import MockError
from together_mock.core.http_faults import InjectedError
from together_mock.services.world import World

# RPC status -> its number.
NUMBERS = {
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "ABORTED": 10,
    "UNIMPLEMENTED": 12,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "UNAUTHENTICATED": 16,
}
# What stands for an HTTP status where the catalogue's own code is none of RPC.
_BY_STATUS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "UNAUTHENTICATED",
    HTTPStatus.PAYMENT_REQUIRED: "FAILED_PRECONDITION",
    HTTPStatus.FORBIDDEN: "PERMISSION_DENIED",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.METHOD_NOT_ALLOWED: "UNIMPLEMENTED",
    HTTPStatus.CONFLICT: "ABORTED",
    HTTPStatus.TOO_MANY_REQUESTS: "RESOURCE_EXHAUSTED",
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL",
    HTTPStatus.SERVICE_UNAVAILABLE: "UNAVAILABLE",
    HTTPStatus.GATEWAY_TIMEOUT: "DEADLINE_EXCEEDED",
    HTTPStatus.INSUFFICIENT_STORAGE: "RESOURCE_EXHAUSTED",
}


def render(world: World, error: MockError) -> tuple[int, bytes]:
    """The status and the encoded body of a refusal."""
    if error.case == "unknown_field":
        error = MockError("v2_unknown_field", param=error.param)
    status, body = body_of(world.catalog, error)
    told = body["error"]
    name = _name(status, told["code"])
    if world.settings.v2_errors == "rpc":
        return status, orjson.dumps(_as_rpc(name, told["message"]))
    if isinstance(error, InjectedError) and error.told.code is not None:
        name = error.told.code
    return status, orjson.dumps({"error": {**told, "code": name}})


def _name(status: int, code: str | None) -> str:
    if code in NUMBERS:
        assert code is not None
        return code
    ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return _BY_STATUS.get(status, "INTERNAL" if ours else "INVALID_ARGUMENT")


def _as_rpc(name: str, message: str) -> dict[str, Any]:
    # The command lines print `detail`, and nothing where there are no details.
    detail = {"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": message}
    return {"code": NUMBERS[name], "message": message, "details": [detail]}
