"""From a schema or a pattern to a text: attempts, each judged, until one is valid."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache

from together_mock.core.errors import MockError
from together_mock.structured.dice import Dice
from together_mock.structured.grammar import schema_grammar
from together_mock.structured.judge import canonical, judge
from together_mock.structured.limits import (
    Effort,
    RefusedError,
    StuckError,
    pattern_text,
    schema_text,
)
from together_mock.structured.narrow import meanings, narrowed, readings
from together_mock.structured.outline import FREE, FULL, SCANT
from together_mock.structured.places import Schemas
from together_mock.structured.spelling import matching
from together_mock.structured.survey import survey
from together_mock.structured.writer import Writer

_Finder = Callable[[str, str], str | None]
_STYLES = (FREE, FREE, FREE, SCANT, FULL, FREE, FREE, SCANT, FREE, FREE, FREE, FULL)
_PATTERN_ATTEMPTS = 4
_NARROWINGS = 4
# What it counts for when a grammar has to be compiled again, in questions to it.
_RECOVERY = 2_000
# Characters; longer schemas are too big to be kept.
_SHORT = 10_000


def json_text(schema: object, seed: str, param: str) -> str:
    """A JSON document that is valid for the schema.

    Args:
        schema: a JSON Schema: an object or a boolean.
        seed: what decides the document where the schema leaves room.
        param: the request field to name when the schema is refused.
    """
    with _refusals(param):
        return _found(_document, _short_document, schema_text(schema), seed)


def regex_text(pattern: str, seed: str, param: str) -> str:
    """A text that the whole pattern matches; refusals and choices are those of `json_text`."""
    with _refusals(param):
        return _found(_match, _short_match, pattern_text(pattern), seed)


def check_schema(schema: object, param: str) -> None:
    """Refuse what is no schema or cannot be compiled into a grammar; no document is looked for."""
    with _refusals(param):
        _found(_checked, _short_checked, schema_text(schema), "")


@contextmanager
def _refusals(param: str) -> Iterator[None]:
    """Make every failure a refusal: schemas come from outside, and libraries fail in many ways."""
    try:
        yield
    except RefusedError:
        raise MockError("grammar_invalid", param=param) from None
    except Exception as error:
        raise MockError("grammar_invalid", param=param) from error
    except BaseException as error:
        # How a library written in Rust says that it met a bug of its own.
        if type(error).__name__ != "PanicException":
            raise
        raise MockError("grammar_invalid", param=param) from error


def _found(find: _Finder, find_short: _Finder, text: str, seed: str) -> str:
    found = (find_short if len(text) <= _SHORT else find)(text, seed)
    if found is None:
        raise RefusedError("found nothing before")
    return found


def _document(text: str, seed: str) -> str | None:
    effort = Effort()
    for schema in meanings(json.loads(text)):
        with suppress(RefusedError):
            return _search(schema, seed, effort)
    return None


def _search(schema: object, seed: str, effort: Effort) -> str:
    survey(schema)
    verdicts = [judge(reading) for reading in readings(schema)]
    for form in _forms(schema, seed):
        for text in _attempts(form, seed, effort):
            value = json.loads(text)
            if all(verdict.is_valid(value) for verdict in verdicts):
                return text
    raise RefusedError("no document was found")


def _forms(schema: object, seed: str) -> Iterator[object]:
    """The schema, what it comes to when keywords that grammars ignore are worked out, parts."""
    if schema is not False:
        yield schema
        form = canonical(schema)
        if isinstance(form, dict):
            survey(form)
            yield form
    for attempt in range(_NARROWINGS):
        form = narrowed(schema, Dice(seed, attempt))
        if form == schema:
            return
        yield form


def _attempts(schema: object, seed: str, effort: Effort) -> Iterator[str]:
    """Documents, each tried differently; none when the schema cannot be compiled."""
    schemas, seen = Schemas(schema), set()
    with suppress(RefusedError):
        grammar = schema_grammar(schema, effort)
        for attempt, style in enumerate(_STYLES):
            cursor = grammar.fork()
            writer = Writer(cursor, schemas, Dice(seed, attempt), style, effort)
            try:
                text = writer.document(schema)
            except StuckError:
                if cursor.broken():
                    effort.spend(_RECOVERY)
                    grammar = schema_grammar(schema, effort)
                continue
            if text not in seen:
                seen.add(text)
                yield text


def _match(pattern: str, seed: str) -> str | None:
    effort = Effort()
    with suppress(RefusedError):
        for attempt in range(_PATTERN_ATTEMPTS):
            with suppress(StuckError, UnicodeDecodeError):
                return matching(pattern, Dice(seed, attempt), "", effort)
    return None


def _checked(text: str, _seed: str) -> str | None:
    for schema in meanings(json.loads(text)):
        with suppress(RefusedError):
            survey(schema)
            judge(schema)
            _compile(schema)
            return text
    return None


def _compile(schema: object) -> None:
    for form in _forms(schema, ""):
        with suppress(RefusedError):
            schema_grammar(form, Effort())
            return
    raise RefusedError("no form of the schema is a grammar")


_short_document = lru_cache(maxsize=256)(_document)
_short_match = lru_cache(maxsize=256)(_match)
_short_checked = lru_cache(maxsize=256)(_checked)
