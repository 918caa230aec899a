"""The field types that all documents share: durations, instants, and the strict model itself."""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
)

from together_mock.core.errors import MockError
from together_mock.core.instants import LATEST, parse_duration, parse_instant, to_exact_iso

Word = Literal["PENDING", "STARTING", "STARTED", "STOPPING", "STOPPED", "ERROR"]


def _seconds(value: object) -> float:
    try:
        return parse_duration(value, "")
    except MockError as error:
        raise ValueError('must be a duration: seconds, or text such as "90s", "1h30m"') from error


def _instant(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LATEST:
        return value
    try:
        return parse_instant(value, "")
    except MockError as error:
        raise ValueError("must be an ISO 8601 instant in UTC") from error


Seconds = Annotated[
    float,
    BeforeValidator(_seconds),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}, mode="validation"),
]
Instant = Annotated[
    int,
    BeforeValidator(_instant),
    PlainSerializer(to_exact_iso, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Document(BaseModel):
    """A part of a document: immutable, strict, and without unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Entry(Document):
    """A part of the state document; built when one is read, which most servers never do."""

    model_config = ConfigDict(defer_build=True)
