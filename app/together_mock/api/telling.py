"""What is told of a request: its id to the client, and the request to the log.

Source of the header: recordings of 2025 (together-v1 reference, 1.5), where it is the answer's id;
the clients look for it first. That a client may choose it is ours.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

from together_mock.core import ids
from together_mock.services.journal import journal_of
from together_mock.services.operations import operations
from together_mock.services.projects import Project

log = logging.getLogger("together_mock")

REQUEST_ID = b"x-request-id"
_LINE = re.compile(rb"(?:^|\n)x-request-id: ([!-~]+)")
# What a client may call its request: it goes into headers and logs as it is.
_CHOSEN = re.compile(rb"[!-~]{1,128}")


def chosen_id(headers: Mapping[bytes, bytes]) -> bytes | None:
    """What a client calls its request; None where it does not, or not in a fit form."""
    told = headers.get(REQUEST_ID)
    return told if told is not None and _CHOSEN.fullmatch(told) else None


def next_id(project: Project) -> bytes:
    """The id of a request of management: it follows from the project's seed and their order."""
    journal = journal_of(project)
    journal.asked += 1
    return ids.request_id(f"{project.facts.seed}\x1fmanagement", journal.asked).encode()


def log_request(
    project: Project | None,
    asked: tuple[str, str],
    head: Mapping[str, Any] | None,
    lines: bytes,
    seconds: float,
) -> None:
    """Log a request that has ended, at the level of debugging.

    Args:
        project: whose request it is, if anybody's.
        asked: its method and its path; what queries hold may be secret.
        head: the start of the answer, None where there was none.
        lines: of the answer's head, those that are not among its headers.
        seconds: how long it took.
    """
    if not log.isEnabledFor(logging.DEBUG):
        return
    method, path = asked
    fields = {
        "request_id": _id_in(head, lines),
        "project": None if project is None else project.slug,
        "method": method,
        "path": path,
        "operation": operations().of(method, path),
        "status": head["status"] if head else None,
        "duration_ms": round(seconds * 1000, 3),
    }
    shown = " ".join(f"{name}={value}" for name, value in fields.items() if name not in _FIRST)
    log.debug("%s %s: %s %s", method, path, fields["status"], shown, extra={"fields": fields})


_FIRST = ("method", "path", "status")


def _id_in(head: Mapping[str, Any] | None, lines: bytes) -> str | None:
    found = _LINE.search(lines)
    if found is not None:
        return found[1].decode()
    headers = dict(head["headers"]) if head else {}
    return headers[REQUEST_ID].decode() if REQUEST_ID in headers else None
