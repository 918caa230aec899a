"""Patterns with look-around, word boundaries or back-references: no grammar can take those parts.

The grammar has the pattern without them, which matches more; what a place is proposed is held
against the whole pattern.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

_TOKENS = re.compile(
    r"\\k<[^>]*>|\\.|\[\^?\]?(?:\\.|[^\]\\])*(?:\]|\Z)|\(\?<?[=!]|\(\?P?<\w+>|\(\?:|\{\d*,?\d*\}|.",
    re.DOTALL,
)
_AHEAD = ("(?=", "(?<=")
_AROUND = (*_AHEAD, "(?!", "(?<!")
_BOUNDARIES = (r"\b", r"\B")
_REPETITIONS = "*+?{"
_SIZES = re.compile(r"\{(\d{1,3}),?\d*\}")
_MOST_SIZES = 4
_ANYTHING = r"[\s\S]*"

# What patterns of that kind are most often about; of the first row that has a match, a match.
_SAMPLES = (
    ("12.5", "7", "42", "19.99", "3.25", "100", "0.5"),
    ("Sample-2026-x1!", "Golden-2027-y2!", "Silver-2028-z3!"),
    ("Sample2026!", "Golden2027!", "Silver2028!", "aA1!aA1!", "aA1@aA1@", "aA1$aA1$"),
    ("Sample2026", "Golden2027", "Silver2028", "SampleText", "Sample Text", "Sample"),
    ("sample-2026", "golden-2027", "sample2026", "sample1", "sample_2026", "sample.2026"),
    ("SAMPLE-2026", "SAMPLE_2026", "SAMPLE2026", "SAMPLE", "AB123456", "A1B2C3", "AB-123", "A1"),
    ("sample@example.com", "golden@example.com", "silver@example.com"),
    ("sample.example.com", "golden.example.com", "example.com"),
    ("https://example.com/sample", "http://example.com", "www.example.com", "//example.com"),
    ("P3DT4H", "P1DT2H", "P2W", "P1Y", "PT30M", "P3D"),
    ("+14155550123", "4155550123", "415-555-0123", "(415) 555-0123", "+1 415 555 0123"),
    ("2026-05-17T08:30:00Z", "2026-05-17", "08:30:00", "08:30", "17/05/2026", "05/17/2026"),
    ("6ba7b810-9dad-41d1-80b4-00c04fd430c8", "6ba7b8109dad41d180b400c04fd430c8"),
    ("1.2.3", "v1.2.3", "192.0.2.7", "2001:db8::7", "12345", "12345-6789", "123-45-6789"),
    ("1234567890", "123456789012", "1234567890123456", "4111111111111111", "+7", "-7"),
    ("1,234.50", "$12.50", "12,50", "12%", "#a1b2c3", "0x1f", "A", "a", "1", "11", "aa", ""),
    ("sample.txt", "sample.png", "/sample/text", "sample/text", "./sample", "C:\\sample"),
    ("en-US", "US", "us-east-1", "c2FtcGxl", "@sample", "#sample", "sampleText", "<b>sample</b>"),
    ("\U0001f680", "\U0001f600", "\u00e9"),
)


def has_assertions(pattern: str) -> bool:
    """Whether a pattern has parts that a grammar cannot take."""
    return any(_asserts(token) for token in _TOKENS.findall(pattern))


def any_assertions(value: object) -> bool:
    """Whether a pattern anywhere in a schema has such parts."""
    if isinstance(value, list):
        return any(map(any_assertions, value))
    if not isinstance(value, dict):
        return False
    pattern, named = value.get("pattern"), value.get("patternProperties")
    patterns = [pattern, *(named if isinstance(named, dict) else ())]
    return any(isinstance(each, str) and has_assertions(each) for each in patterns) or any(
        any_assertions(item) for item in value.values() if isinstance(item, dict | list)
    )


@lru_cache(maxsize=256)
def relaxed(pattern: str) -> str:
    """The pattern less its assertions: it matches whatever the whole pattern does."""
    return "".join(_kept(pattern, ()))


@lru_cache(maxsize=256)
def inlined(pattern: str) -> str:
    """The pattern with what it looks for around a place put there: a guess at a match."""
    return "".join(_kept(pattern, _AHEAD))


def samples(patterns: list[str], least: int, most: int) -> Iterator[list[str]]:
    """Texts of many kinds, row by row, then of the lengths that the patterns speak of."""
    for row in _SAMPLES:
        yield [_sized(text, least)[:most] for text in row]
    told = {int(size) for pattern in patterns for size in _SIZES.findall(pattern)}
    for size in sorted(told)[-_MOST_SIZES:]:
        if least <= size <= most:
            yield from ([_sized(text, size)[:size] for text in row] for row in _SAMPLES)


def _sized(text: str, least: int) -> str:
    return text * -(-least // len(text)) if text and len(text) < least else text


def _asserts(token: str) -> bool:
    return token in _AROUND or token in _BOUNDARIES or _refers_back(token)


def _refers_back(token: str) -> bool:
    return token.startswith("\\") and (token[1:2] in "123456789" or token.startswith("\\k<"))


def _plain(token: str) -> str:
    return "(?:" if token in _AHEAD else _ANYTHING if _refers_back(token) else token


def _kept(pattern: str, kinds: tuple[str, ...]) -> Iterator[str]:
    """The parts of a pattern, of assertions only those of these kinds, as groups."""
    groups: list[bool] = []
    dropped = False
    for token in _TOKENS.findall(pattern):
        if dropped and token[0] in _REPETITIONS:
            continue
        dropped = False
        hidden = any(groups)
        if token.startswith("("):
            groups.append(token in _AROUND and token not in kinds)
        elif token.startswith(")") and groups:
            dropped = groups.pop() and not any(groups)
        dropped = dropped or token in _BOUNDARIES
        if not (dropped or hidden or any(groups)):
            yield _plain(token)
