"""What is never shown: names of headers, fields and query parameters whose values are secrets.

The one list of them; names are compared without case, hyphens and underscores.
"""

import json
import re
from typing import Any

REDACTED = "[redacted]"

_HEADERS = frozenset(
    {
        "authorization",
        "proxyauthorization",
        "cookie",
        "setcookie",
        "xapikey",
        "apikey",
        "xmockadmintoken",
        "xamzsecuritytoken",
    }
)
_FIELDS = frozenset(
    {
        "apikey",
        "hftoken",
        "huggingfacetoken",
        "accesstoken",
        "refreshtoken",
        "authtoken",
        "bearertoken",
        "idtoken",
        "token",
        "wandbapikey",
        "authorization",
        "password",
        "secret",
        "clientsecret",
        "secretkey",
        "secretaccesskey",
        "privatekey",
        "signature",
        "xamzsignature",
        "xamzsecuritytoken",
        "xamzcredential",
    }
)
# A token that was sampled is no secret: it has these beside it.
_SAMPLED = ("logprob", "bytes")
_IS_SAMPLED = re.compile(r'\s*,\s*"(?:logprob|bytes)"')
# A field of JSON with its colon; a value, also where it is cut off; a parameter of a URL.
_NAME = re.compile(r'("(?:[^"\\]|\\.)*")\s*:\s*')
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[][{}]')
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*["\\]?|[^\s,}]*')
_PARAMETER = re.compile(r"([?&]([^=&\s\"]+)=)[^&\s\"#]+")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]+")


def is_secret_header(name: str) -> bool:
    """Whether the value of a header is a secret."""
    return _plain(name) in _HEADERS


def is_secret(name: str) -> bool:
    """Whether the value of a field or a query parameter is a secret."""
    return _plain(name) in _FIELDS


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


class TooDeepError(Exception):
    """A value is nested deeper than is gone through."""


def redacted(value: Any, levels: int = 100) -> Any:
    """A JSON value without its secrets.

    Raises:
        TooDeepError: it has more levels than so many.
    """
    if isinstance(value, dict | list) and not levels:
        raise TooDeepError
    if isinstance(value, dict):
        sampled = any(name in value for name in _SAMPLED)
        return {
            name: REDACTED
            if part is not None and is_secret(name) and not (sampled and name == "token")
            else redacted(part, levels - 1)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [redacted(part, levels - 1) for part in value]
    return _without_parameters(value) if isinstance(value, str) else value


def redacted_text(text: str) -> str:
    """A text that may be JSON, also a broken or cut one, or frames of it, without its secrets."""
    parts, at = [], 0
    for found in _NAME.finditer(text):
        if found.start() < at or not is_secret(_unquoted(found[1])):
            continue
        end = _end_of_value(text, found.end())
        if found[1] != '"token"' or not _IS_SAMPLED.match(text, end):
            parts += [text[at : found.end()], f'"{REDACTED}"']
            at = end
    whole = "".join([*parts, text[at:]])
    return _without_parameters(_BEARER.sub(rf"\1{REDACTED}", whole))


def _end_of_value(text: str, start: int) -> int:
    if text[start : start + 1] not in ("{", "["):
        value = _VALUE.match(text, start)
        return value.end() if value else start
    depth = 0
    for token in _TOKEN.finditer(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if not depth:
            return token.end()
    return len(text)


def _unquoted(name: str) -> str:
    try:
        return str(json.loads(name))
    except ValueError:  # an escape that JSON does not have
        return name.strip('"')


def _without_parameters(text: str) -> str:
    if "=" not in text:
        return text
    return _PARAMETER.sub(lambda at: at[1] + REDACTED if is_secret(at[2]) else at[0], text)
