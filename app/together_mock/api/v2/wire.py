"""How v2 is spoken: whose project a path names, bodies in both spellings, masks, pages, answers."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from together_mock.api.calls import Call
from together_mock.api.dependencies import CallDep
from together_mock.api.errors import JSON
from together_mock.core import names
from together_mock.core.errors import MockError
from together_mock.services.v2.lists import Asked

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A day within what can be written: what is asked for may begin a day before its end.
_FIRST = datetime(1, 1, 2, tzinfo=UTC) - _EPOCH
_LAST = datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH
DEFAULT_LIMIT = 50
HIGHEST_LIMIT = 500


class Body(BaseModel):
    """A part of a request: fields in camelCase or snake_case, none that v2 does not know."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True
    )


async def _project_call(
    call: CallDep,
    project_id: Annotated[str, Path(alias="projectId", description="The project's id.")],
) -> Call:
    if project_id != call.project.id and not call.world.settings.lenient:
        raise MockError("v2_unknown_project", param="projectId", project=project_id)
    return call


# A call on the project that the path names, which must be the caller's own.
ProjectDep = Annotated[Call, Depends(_project_call)]


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for: what follows a cursor's position, at most so many."""

    position: tuple[Any, ...] | None
    limit: int
    lenient: bool = False


def _page(
    call: CallDep,
    after: Annotated[str | None, Query(description="Cursor of the previous page.")] = None,
    limit: Annotated[int | None, Query(ge=0, description="Most items; 50 unless given.")] = None,
) -> Page:
    position, lenient = None, call.world.settings.lenient
    if after:
        position = _position(after)
        if position is None and not lenient:
            raise MockError("v2_bad_cursor", param="after")
    return Page(position, min(limit or DEFAULT_LIMIT, HIGHEST_LIMIT), lenient)


PageDep = Annotated[Page, Depends(_page)]


def asked(page: Page, filter_: str | None, order: str | None) -> Asked:
    """What a list is asked for."""
    return Asked(page.position, page.limit, filter_, order)


def cursor_at(position: tuple[int, int] | None) -> str | None:
    """The cursor of the page after a position; None after the last one."""
    return None if position is None else cursor(*position)


def cursor(*position: Any) -> str:
    """A position in a list, as clients hand it back."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def _position(text: str) -> tuple[Any, ...] | None:
    try:
        value = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return None
    plain = isinstance(value, list) and all(type(part) in (str, int) for part in value)
    return tuple(value) if plain else None


def sliced(items: Sequence[Any], page: Page) -> tuple[Sequence[Any], str | None]:
    """A page of a list that is short and always whole, with the cursor of the next one.

    Raises:
        MockError: `v2_bad_cursor` for the cursor of a list of another form.
    """
    start = 0
    match page.position:
        case (int(first),) if first >= 0:
            start = first
        case parts if parts is not None and not page.lenient:
            raise MockError("v2_bad_cursor", param="after")
    end = start + page.limit
    return items[start:end], cursor(end) if end < len(items) else None


def answer(value: Any) -> Response:
    """A value as JSON."""
    return Response(orjson.dumps(value), media_type=JSON)


def listing(items: Iterable[Any], next_cursor: str | None = None, **more: Any) -> Response:
    """A page of a list. The cursor alone is spelled with an underscore."""
    body = {"object": "list", "data": list(items), "next_cursor": next_cursor, **more}
    return answer(body)


def mask(update_mask: str | None) -> dict[str, str] | None:
    """The paths of an update mask, in snake_case -> as they were sent; None without a mask."""
    if not update_mask:
        return None
    paths = filter(None, map(str.strip, update_mask.split(",")))
    return {_snake(path): path for path in paths}


def instant(text: str, param: str) -> int:
    """An ISO 8601 instant of any year; no zone means UTC.

    A bound may be older or later than any clock: clients do ask for such (inferred, as in filters).

    Raises:
        MockError: `bad_instant`.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MockError("bad_instant", param=param, value=names.cut(text)) from error
    at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return max(_FIRST, min(at, _LAST)) // timedelta(microseconds=1)


def _snake(path: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in path)
