"""The journal: what a project was asked and what it answered, the last of it, in memory.

Noting a request keeps references to its bytes, without the key; they are read, and secrets taken
out of them, when somebody asks for the journal.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, starmap
from typing import Any, NamedTuple

import orjson

from together_mock.core import ids
from together_mock.core.operations import endpoint_in, makes_endpoint
from together_mock.core.verifying import ABSENT, CUT, RequestMatch, Seen, Times, Verdict, verify
from together_mock.core.wildcards import is_like
from together_mock.services.keeping import (
    MOST_OF_A_HEAD,
    body_of,
    cut_head,
    headers_of,
    query_of,
    unpacked,
)
from together_mock.services.operations import operations
from together_mock.services.projects import Project

# Entries that a project's journal keeps, and bytes that it keeps of a body.
MOST_ENTRIES = 1_000
MOST_OF_A_BODY = 65_536
# Bytes of a request and its answer that are not counted, and how many there may be of those that
# are: together with what is not counted, that is at most 16 MB a project.
SMALL = 4_000
MOST_LARGE_BYTES = 12_000_000
_FIRST_ERROR = 400


class Record(NamedTuple):
    """A request and its answer as they were on the wire; `headers` are the request's, packed.

    `head` is the start of the answer as it was sent, None where there was none, and `lines` are
    those of its lines that it does not have. `seconds` is real time. `broken` says that the answer
    broke off, `is_head_cut` that path, query or headers were longer.
    """

    number: int
    at: int
    method: str
    path: str
    query: bytes
    headers: bytes
    body: bytes
    head: Mapping[str, Any] | None
    lines: bytes
    answer: bytes
    seconds: float
    endpoint: str | None
    is_cut: bool = False
    is_answer_cut: bool = False
    broken: bool = False
    is_head_cut: bool = False

    @property
    def status(self) -> int | None:
        """The status of the answer."""
        return self.head["status"] if self.head else None


class Journal:
    """The records of one project, oldest first, as many as there is room for.

    Requests are noted in the event loop only. Most bodies are so small that no number of them needs
    counting: `records` takes their fields as they are.
    """

    __slots__ = ("_large", "_size", "asked", "count", "records")

    def __init__(self, count: int = 0) -> None:
        """Begin after so many requests."""
        self.count = count
        # Requests that came, of those that are called by the project's journal.
        self.asked = 0
        self.records: deque[tuple[Any, ...]] = deque(maxlen=MOST_ENTRIES)
        # Numbers and sizes of those with large bodies, and the sum of these sizes.
        self._large: deque[tuple[int, int]] = deque()
        self._size = 0

    def add(self, record: Record) -> None:
        """Keep as much of a record as there is room for; the oldest give way."""
        record = _cut(record)
        self.records.append(record)
        size = _size(record)
        if size <= SMALL:
            return
        self._large.append((record.number, size))
        self._size += size
        while self._large[0][0] <= self.count - MOST_ENTRIES or self._size > MOST_LARGE_BYTES:
            number, size = self._large.popleft()
            self._size -= size
            while self.records[0][0] <= number:
                self.records.popleft()


def _cut(record: Record) -> Record:
    asked = record.path, record.query, record.headers
    # What packs headers is no part of them.
    if sum(map(len, asked)) - record.headers.count(b"\n") > MOST_OF_A_HEAD:
        path, query, headers = cut_head(*asked)
        record = record._replace(path=path, query=query, headers=headers, is_head_cut=True)
    if len(record.body) > MOST_OF_A_BODY:
        record = record._replace(body=record.body[:MOST_OF_A_BODY], is_cut=True)
    if len(record.answer) > MOST_OF_A_BODY:
        record = record._replace(answer=record.answer[:MOST_OF_A_BODY], is_answer_cut=True)
    return record


def _size(record: Record) -> int:
    asked = len(record.path) + len(record.query) + len(record.headers) + len(record.body)
    sent = record.head["headers"] if record.head else ()
    return asked + len(record.lines) + len(record.answer) + sum(map(len, chain(*sent)))


def journal_of(project: Project) -> Journal:
    """The journal of a project, which begins with its first request."""
    journal = project.journal
    if journal is None:
        journal = project.journal = Journal()
    return journal


def clear(project: Project) -> None:
    """Forget what was noted; ids go on where they were."""
    if project.journal is not None:
        asked = project.journal.asked
        project.journal = Journal(project.journal.count)
        project.journal.asked = asked


def begin_anew(project: Project) -> None:
    """Forget the journal altogether, as when the project was new."""
    project.journal = None


@dataclass(frozen=True)
class Filter:
    """Which entries are asked for; None is any. `path` takes `*` and `?`."""

    method: str | None = None
    path: str | None = None
    status: int | None = None
    endpoint: str | None = None
    limit: int = MOST_ENTRIES

    def takes(self, record: Record) -> bool:
        """Whether a record is asked for."""
        return (
            (self.method is None or self.method.upper() == record.method)
            and (self.path is None or is_like(record.path, self.path))
            and (self.status is None or self.status == record.status)
            and (self.endpoint is None or self.endpoint == _endpoint(record))
        )


@dataclass(frozen=True)
class Part:
    """What was sent one way: headers and body, without secrets; for a request, the query too."""

    headers: dict[str, str]
    body: Any
    truncated: bool
    query: dict[str, str | list[str]] | None = None
    broken: bool = False


@dataclass(frozen=True)
class Entry:
    """A request and its answer as they are shown."""

    id: str
    at: int
    method: str
    path: str
    operation: str | None
    status: int | None
    seconds: float
    endpoint: str | None
    request: Part
    response: Part


def entries(project: Project, wanted: Filter) -> list[Entry]:
    """The entries that are asked for, newest first."""
    found: list[Entry] = []
    for record in _newest_first(project):
        if len(found) == wanted.limit:
            break
        if wanted.takes(record):
            found.append(_entry(project, record))
    return found


def verdict(project: Project, match: RequestMatch, times: Times) -> Verdict:
    """Whether requests came as often as they should have, and which came near."""
    return verify((_seen(project, record) for record in _newest_first(project)), match, times)


def _newest_first(project: Project) -> Iterator[Record]:
    journal = project.journal
    # Copied in one step: requests go on being noted.
    return iter(()) if journal is None else starmap(Record, reversed(journal.records.copy()))


def _id(project: Project, record: Record) -> str:
    return "req_" + ids.hex8(project.id, "journal", record.number)


def _seen(project: Project, record: Record) -> Seen:
    return Seen(
        id=_id(project, record),
        method=record.method,
        path=record.path,
        operation=operations().of(record.method, record.path),
        status=record.status,
        endpoint=_endpoint(record),
        body=CUT
        if record.is_cut
        else body_of(record.body, is_cut=False)
        if record.body
        else ABSENT,
    )


def _entry(project: Project, record: Record) -> Entry:
    told = [*(record.head["headers"] if record.head else ()), *_split(record.lines)]
    return Entry(
        id=_id(project, record),
        at=record.at,
        method=record.method,
        path=record.path,
        operation=operations().of(record.method, record.path),
        status=record.status,
        seconds=record.seconds,
        endpoint=_endpoint(record),
        request=Part(
            headers_of(unpacked(record.headers)),
            body_of(record.body, is_cut=record.is_cut),
            record.is_cut or record.is_head_cut,
            query=query_of(record.query),
        ),
        response=Part(
            headers_of(told),
            body_of(record.answer, is_cut=record.is_answer_cut),
            record.is_answer_cut,
            broken=record.broken,
        ),
    )


def _endpoint(record: Record) -> str | None:
    if record.endpoint is not None:
        return record.endpoint
    if makes_endpoint(record.method, record.path):
        made = record.status is not None and record.status < _FIRST_ERROR
        return _made(record.answer) if made else None
    return endpoint_in(record.path)


def _made(answer: bytes) -> str | None:
    try:
        name = orjson.loads(answer)["id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None


def _split(lines: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in lines.splitlines():
        name, _, value = line.partition(b": ")
        yield name, value
