"""The error envelope as routes document it."""

from typing import Any

from pydantic import BaseModel


class ErrorBody(BaseModel):
    """What is wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorData(BaseModel):
    """The envelope of every error."""

    id: str = ""
    error: ErrorBody


DESCRIPTIONS = {
    400: "The request cannot be understood or breaks a rule.",
    401: "The API key is missing or not valid.",
    402: "Nothing is left to spend.",
    403: "Creating and starting v1 endpoints is switched off (v1 retired).",
    404: "There is no such endpoint or model, or it is not offered.",
    408: "Nothing that matches happened in time.",
    409: "The present state does not allow it.",
    413: "The body is larger than the emulator accepts.",
    415: "The body is not declared as JSON.",
    503: "Not able to answer now.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented error answers of a route."""
    return {
        status: {"model": ErrorData, "description": DESCRIPTIONS[status]} for status in statuses
    }
