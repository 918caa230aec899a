"""Control routes for the journal: what was asked and answered, and whether it was as expected."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from together_mock.api.control.schemas import Request as Strict
from together_mock.api.dependencies import ControlledDep, admin
from together_mock.api.documented import errors
from together_mock.api.errors import JSON
from together_mock.api.routing import router as new_router
from together_mock.core.instants import to_exact_iso
from together_mock.core.verifying import ANY, RequestMatch, Times
from together_mock.services import journal
from together_mock.services.journal import MOST_ENTRIES, Entry, Filter, Part
from together_mock.services.operations import check_operation

router = new_router(prefix="/_mock", tags=["Control"], dependencies=[Depends(admin)])

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Status = Annotated[int, Field(ge=100, le=599)]


class RequestPart(BaseModel):
    """What the client sent: JSON as a value, anything else as text; credentials are redacted."""

    query: dict[str, str | list[str]]
    headers: dict[str, str]
    body: Any
    truncated: Literal[True] | None = None


class ResponsePart(BaseModel):
    """What it was sent; a stream is the text of its frames."""

    headers: dict[str, str]
    body: Any
    truncated: Literal[True] | None = None
    broken: Literal[True] | None = None


class EntryShown(BaseModel):
    """A request and its answer."""

    id: str
    at: str
    method: str
    path: str
    operation: str | None
    status: int | None
    duration_ms: float
    endpoint: str | None
    request: RequestPart
    response: ResponsePart


class Entries(BaseModel):
    """Requests and their answers, newest first."""

    data: list[EntryShown]


class Wanted(BaseModel):
    """Which requests are asked for; `path` takes `*` and `?`."""

    model_config = ConfigDict(extra="forbid")

    method: str | None = None
    path: str | None = None
    status: Status | None = None
    endpoint: str | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = MOST_ENTRIES


class Match(Strict):
    """Which requests are meant: all that is given must hold. Texts take `*` and `?`."""

    method: str | None = None
    path: str | None = None
    operation: str | None = None
    status: Status | None = None
    endpoint: str | None = None
    body: Any = None

    def value(self) -> RequestMatch:
        """The match as it is judged by; a null body asks for one."""
        return RequestMatch(
            method=self.method,
            path=self.path,
            operation=self.operation,
            status=self.status,
            endpoint=self.endpoint,
            body=self.body if "body" in self.model_fields_set else ANY,
        )


class HowOften(Strict):
    """How often: `exactly`, or at least, at most, or both."""

    exactly: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None

    @model_validator(mode="after")
    def _says_it_once(self) -> "HowOften":
        bounds = (self.at_least, self.at_most)
        if (self.exactly is None) == all(bound is None for bound in bounds):
            raise ValueError("give exactly, or at_least, at_most or both")
        if None not in bounds and (self.at_least or 0) > (self.at_most or 0):
            raise ValueError("at_least is more than at_most")
        return self

    def value(self) -> Times:
        """The bounds."""
        if self.exactly is not None:
            return Times(self.exactly, self.exactly)
        return Times(self.at_least or 0, self.at_most)


class Verify(Strict):
    """What is expected; without `times`, at least one request."""

    match: Match = Field(default_factory=Match)
    times: HowOften = Field(default_factory=lambda: HowOften(at_least=1))


class Near(BaseModel):
    """A request that did not match, and what it had instead, field by field."""

    id: str
    differs: list[str]


class Verified(BaseModel):
    """Whether it came as often as it should, how often, and what came near if too seldom."""

    ok: bool
    count: int
    closest: list[Near]


@router.get(
    "/requests",
    operation_id="listRequests",
    response_model=Entries,
    responses=errors(400, 401, 404),
)
def list_requests(call: ControlledDep, wanted: Annotated[Wanted, Query()]) -> Response:
    """List the project's requests with their answers, newest first; control calls are none."""
    found = journal.entries(call.project, Filter(**dict(wanted)))
    # Plain values already, and many: the framework would take longer than all the rest.
    shown = {"data": [_shown(entry) for entry in found]}
    return Response(orjson.dumps(shown), media_type=JSON)


@router.delete(
    "/requests", operation_id="deleteRequests", status_code=204, responses=errors(401, 404)
)
def delete_requests(call: ControlledDep) -> None:
    """Forget the project's requests."""
    journal.clear(call.project)


@router.post("/requests/verify", operation_id="verifyRequests", responses=errors(400, 401, 404))
def verify_requests(call: ControlledDep, body: Verify) -> Verified:
    """Tell whether requests that match came as often as expected, and which came near."""
    check_operation(body.match.operation, "match.operation")
    verdict = journal.verdict(call.project, body.match.value(), body.times.value())
    return Verified(
        ok=verdict.ok,
        count=verdict.count,
        closest=[Near(id=near.id, differs=list(near.differs)) for near in verdict.closest],
    )


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": to_exact_iso(entry.at),
        "method": entry.method,
        "path": entry.path,
        "operation": entry.operation,
        "status": entry.status,
        "duration_ms": round(entry.seconds * 1000, 3),
        "endpoint": entry.endpoint,
        "request": {"query": entry.request.query, **_part(entry.request)},
        "response": _part(entry.response),
    }


def _part(part: Part) -> dict[str, Any]:
    shown: dict[str, Any] = {"headers": part.headers, "body": part.body}
    if part.truncated:
        shown["truncated"] = True
    if part.broken:
        shown["broken"] = True
    return shown
