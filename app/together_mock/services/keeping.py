"""What of a request may be kept and shown: as much as there is room for, without secrets."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from together_mock.core.redaction import REDACTED, TooDeepError, redacted, redacted_text
from together_mock.core.secret_names import is_secret

# Bytes that it keeps of a request's path, query and headers together.
MOST_OF_A_HEAD = 8_192
# What a body with a secret has in it: a part of the secret's name, a name in disguise, a user.
_SIGNS = re.compile(rb"(?i)token|secret|pass|pwd|key|auth|bearer|sig|credential|cookie|[%@\0]|\\u")
Headers = Iterable[tuple[bytes, bytes]]


def headers_of(headers: Headers) -> dict[str, str]:
    """Headers as they are shown."""
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return {name: REDACTED if is_secret(name) else redacted(value) for name, value in pairs}


def query_of(query: bytes) -> dict[str, str | list[str]]:
    """The parameters of a query as they are shown."""
    found = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    return {name: _parameter(name, values) for name, values in found.items()}


def _parameter(name: str, values: list[str]) -> str | list[str]:
    if is_secret(name, is_parameter=True):
        return REDACTED
    shown: list[str] = redacted(values)
    return shown[0] if len(shown) == 1 else shown


def body_of(body: bytes, *, is_cut: bool) -> Any:
    """A body's value: of JSON, or a text; None where there is none."""
    if not body:
        return None
    try:
        if not is_cut:
            return redacted(orjson.loads(body))
    except (orjson.JSONDecodeError, TooDeepError):
        pass
    return redacted_text(body.decode(json.detect_encoding(body), "replace"))


def scrubbed(body: bytes, *, is_cut: bool) -> bytes:
    """A body as it may be kept: without secrets, where there is a sign of any."""
    if not _SIGNS.search(body):
        return body
    value = body_of(body, is_cut=is_cut)
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def without_secrets(headers: Headers) -> dict[bytes, bytes]:
    """The headers of a request as they may be kept: secrets are dropped, their names stay."""
    return {
        name: REDACTED.encode() if is_secret(name.decode("latin-1")) else value
        for name, value in headers
    }


def packed(headers: Mapping[bytes, bytes]) -> bytes:
    """Headers as they are kept, in one piece: their names, then their values, each on a line.

    One piece is made and let go in less time than many, whatever is done with it.
    """
    told = b"\n".join((*headers, *headers.values()))
    if told.count(b"\n") >= 2 * len(headers) > 0:
        # No server lets one with a line end through; calls within the process may have any.
        return packed({_on_a_line(name): _on_a_line(headers[name]) for name in headers})
    return told


def unpacked(told: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The names and the values of `packed` headers."""
    lines = told.split(b"\n") if told else []
    count = len(lines) // 2
    return zip(lines[:count], lines[count:], strict=True)


def _on_a_line(text: bytes) -> bytes:
    return text.replace(b"\n", b" ")


def cut_head(path: str, query: bytes, told: bytes) -> tuple[str, bytes, bytes]:
    """The beginning of a path, a query and `packed` headers, as much as is kept of them."""
    path = path[:MOST_OF_A_HEAD]
    left = MOST_OF_A_HEAD - len(path)
    query = query[:left]
    left -= len(query)
    headers: dict[bytes, bytes] = {}
    for name, value in unpacked(told):
        left -= len(name)
        if left < 0:
            break
        headers[name] = value[:left]
        left -= len(headers[name])
    return path, query, packed(headers)
