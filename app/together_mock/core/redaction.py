"""Takes secrets out of what was sent: of JSON, and of texts of any kind, also broken or cut ones.

Every step reads a text once from its beginning to its end, however it is made: what clients send
is looked through while everybody else waits.
"""

import re
from typing import Any
from urllib.parse import unquote

from together_mock.core.secret_names import is_secret

REDACTED = "[redacted]"

# A token that was sampled is no secret: it has these beside it.
_SAMPLED = ("logprob", "bytes")
_IS_SAMPLED = re.compile(r'\s{0,16}+,\s{0,16}+\\{0,16}+"(?:logprob|bytes)\\{0,16}+"')
# A name from its first sign on, in a disguise or not; maybe its closing quote; what goes before
# its value. A name begins only once in a row of signs, and gives none of them back.
_SIGNS = r"A-Za-z0-9_.\[\]"
_NAME = re.compile(
    rf"(?:(?<![{_SIGNS}%-])|(?<=%3[AaDd]))"
    rf"(?P<name>(?:[{_SIGNS}-]|%(?!3[AaDd])|\\u[0-9A-Fa-f]{{4}})++)"
    r"(?P<quote>\\{0,16}+[\"'])?+(?P<before>\s{0,16}+)(?P<sign>[:=]|%3[AaDd])(?P<after>\s{0,64}+)"
)
_UNICODE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_LAST = re.compile(r"[^?&#;/]*\Z")
_QUOTE = re.compile(r"(?<!\\)(\\*+)([\"'])")
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[][{}]', re.DOTALL)
# Values without quotes: of a parameter; of a field of broken JSON; of a line of its own.
_OF_PARAMETER = re.compile(r"[^&\s\"'<>#\\]*+")
_OF_FIELD = re.compile(r"[^\s,}\"'\\]*+")
_OF_LINE = re.compile(r"(?:[|>][+-]?\s{1,64}+)?+[^\r\n\"\\]*+")
_BEARER = re.compile(r"(?i)\b(bearer(?:\s|%20|\+){1,16}+)[A-Za-z0-9._~+/=-]+")
_USER = re.compile(r"(:(?:\\{0,16}+/){2})[^\s/?#@\"'\\]++@")
_PART = re.compile(
    r"form-data;[^\r\n]{0,64}?name=\"?(?P<name>[^\"\r\n;]{1,128}+)[^\r\n]{0,256}+\r?\n"
    r"(?:[^\r\n]{1,256}+\r?\n){0,8}+\r?\n"
)
_BOUNDARY = re.compile(r"\r?\n--")


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
            name: _redacted_field(name, part, levels, is_sampled=sampled)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [redacted(part, levels - 1) for part in value]
    return redacted_text(value, is_prose=True) if isinstance(value, str) else value


def _redacted_field(name: str, part: Any, levels: int, *, is_sampled: bool) -> Any:
    if is_sampled and name == "token" and isinstance(part, str):
        return part
    return REDACTED if part is not None and is_secret(name) else redacted(part, levels - 1)


def redacted_text(text: str, *, is_prose: bool = False) -> str:
    """A text of any kind without its secrets: JSON, frames of it, YAML, a form, a URL.

    Prose is what people write: a colon after a word, or an equals sign between blanks, does not
    make what follows a value.
    """
    if "/" in text and "@" in text:
        text = _USER.sub(rf"\1{REDACTED}@", text)
    if "form-data;" in text:
        text = _without_parts(text)
    if ":" in text or "=" in text or "%3" in text:
        text = _without_fields(text, is_prose=is_prose)
    return _BEARER.sub(rf"\1{REDACTED}", text)


def _without_parts(text: str) -> str:
    """A form of several parts without the secret ones."""
    parts, at = [], 0
    while found := _PART.search(text, at):
        end = found.end()
        if is_secret(found["name"], is_parameter=True):
            boundary = _BOUNDARY.search(text, end)
            parts += [text[at:end], REDACTED]
            end = boundary.start() if boundary else len(text)
        else:
            parts.append(text[at:end])
        at = end
    return "".join([*parts, text[at:]])


def _without_fields(text: str, *, is_prose: bool) -> str:
    """A text without the values of secret names."""
    parts, kept, at = [], 0, 0
    while found := _NAME.search(text, at):
        at = found.end()
        if not _names_secret(text, found, is_prose=is_prose):
            continue
        end, shown = _value(text, found)
        if found["name"] == "token" and shown[:1] != "[" and _IS_SAMPLED.match(text, end):
            at = end
        elif text[at:end] != "null":
            parts += [text[kept:at], shown]
            kept = at = end
    return "".join([*parts, text[kept:]])


def _names_secret(text: str, found: re.Match[str], *, is_prose: bool) -> bool:
    is_bare = found["quote"] is None
    if is_prose and is_bare and (found["sign"] == ":" or found["before"] or found["after"]):
        return False
    if is_bare and found["sign"] != ":" and "\n" in found["before"] + found["after"]:
        return False
    raw = found["name"][-256:]
    name = unquote(_UNICODE.sub(lambda at: chr(int(at[1], 16)), raw))
    last = _LAST.search(name)
    assert last is not None
    # The first of a form, or after a sign that only parameters have.
    start = found.start()
    before = name[last.start() - 1] if last.start() else text[start - 1] if start else "&"
    return is_secret(last[0], is_parameter=is_bare and before in "?&#" and found["sign"] != ":")


def _value(text: str, found: re.Match[str]) -> tuple[int, str]:
    """Where the value after a name ends, and what is shown in its place."""
    start = found.end()
    opened = _QUOTE.match(text, start)
    if opened:
        closed = _closing(text, opened)
        return closed.end() if closed else len(text), f"{opened[0]}{REDACTED}{opened[0]}"
    if found["sign"] != ":":
        pattern = _OF_PARAMETER
    elif text[start : start + 1] in ("{", "["):
        return _closing_bracket(text, start), f'"{REDACTED}"' if found["quote"] else REDACTED
    else:
        pattern = _OF_FIELD if found["quote"] else _OF_LINE
    value = pattern.match(text, start)
    assert value is not None
    end = value.end()
    if found["sign"] != ":" and (encoded := text.find("%26", start, end)) >= 0:
        end = encoded
    quote = found["quote"] or ""
    return end, f"{quote}{REDACTED}{quote}"


def _closing(text: str, opened: re.Match[str]) -> re.Match[str] | None:
    """The quote that ends what another has begun; one within has more backslashes before it."""
    level = len(opened[1])
    for found in _QUOTE.finditer(text, opened.end()):
        slashes = len(found[1])
        if level == 0 and found[2] == opened[2] and slashes % 2 == 0:
            return found
        if level and slashes <= level and (found[2] == opened[2] or slashes == 0):
            return found
    return None


def _closing_bracket(text: str, start: int) -> int:
    depth = 0
    for token in _BRACKET.finditer(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if not depth:
            return token.end()
    return len(text)
