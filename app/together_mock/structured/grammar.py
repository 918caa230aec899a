"""The grammar of a schema or a pattern, and a cursor that writes only what the grammar allows.

This is what an inference engine does: a mask of what may come next, computed at every step. The
tokens are bytes here.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from together_mock.structured.assertions import any_assertions
from together_mock.structured.limits import LONGEST_DOCUMENT, Effort, RefusedError, StuckError
from together_mock.structured.simplify import hoisted, simplified

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLParserLimits, LLTokenizer

_LAYOUT: Any = {
    "item_separator": ",",
    "key_separator": ":",
    "whitespace_flexible": False,
    "coerce_one_of": True,
    "lenient": True,
}
_BYTES = (1 << 256) - 1
# What compiling counts for, in questions.
_COMPILING = 50


def bits(text: bytes) -> int:
    """A mask in which the bytes of a text are set."""
    return sum(1 << byte for byte in set(text))


@cache
def _library() -> tuple[type["LLMatcher"], "LLTokenizer", "LLParserLimits"]:
    """The library, on first use: it takes time to import."""
    from llguidance import LLMatcher, LLParserLimits, LLTokenizer

    limits = LLParserLimits(
        max_items_in_row=1_000,
        initial_lexer_fuel=500_000,
        step_lexer_fuel=200_000,
        step_max_items=5_000,
        max_lexer_states=50_000,
        max_grammar_size=100_000,
        verbose_errors=False,
    )
    return LLMatcher, LLTokenizer("byte"), limits


class Cursor:
    """A place in a grammar, with the text that led there."""

    __slots__ = ("_effort", "_matcher", "text")

    def __init__(self, matcher: "LLMatcher", effort: Effort) -> None:
        self._matcher = matcher
        self._effort = effort
        self.text = bytearray()

    def fork(self) -> Self:
        """Another cursor at this place, with nothing written yet."""
        self._effort.spend()
        return type(self)(self._matcher.deep_copy(), self._effort)

    def allowed(self) -> int:
        """The bytes that may come next, as a mask."""
        self._effort.spend()
        return int.from_bytes(self._matcher.compute_bitmask(), "little") & _BYTES

    def forced(self) -> bytes:
        """The bytes that must come next, if there are such."""
        return self._matcher.compute_ff_bytes()

    def broken(self) -> bool:
        """Whether the grammar has given up, and with it every cursor that was forked from here."""
        return self._matcher.is_error()

    def complete(self) -> bool:
        """Whether the text may end here."""
        return self._matcher.is_accepting()

    def fits(self, text: bytes) -> int:
        """How many bytes of the text the grammar allows here."""
        self._effort.spend(1 + len(text) // 64)
        return self._matcher.validate_tokens(list(text))

    def offer(self, text: bytes) -> bool:
        """Write the text if the grammar allows all of it."""
        if self.fits(text) != len(text):
            return False
        self.put(text)
        return True

    def offer_last(self, text: bytes, after: int = 0) -> bool:
        """Write the text if the grammar allows it and then an end, or one of the bytes `after`."""
        if not self.offer(text):
            return False
        if self.complete() or self.allowed() & after:
            return True
        self.back(len(self.text) - len(text))
        return False

    def put(self, text: bytes) -> None:
        """Write what the grammar is known to allow."""
        self._effort.spend()
        if len(self.text) + len(text) > LONGEST_DOCUMENT:
            raise StuckError("the document is too long")
        if not self._matcher.consume_tokens(list(text)):
            raise StuckError("the grammar does not allow this")
        self.text += text

    def back(self, length: int) -> None:
        """Unwrite all but so many bytes."""
        self._effort.spend()
        if not self._matcher.rollback(len(self.text) - length):
            raise StuckError("the grammar cannot go back")
        del self.text[length:]


def schema_grammar(schema: object, effort: Effort) -> Cursor:
    """The start of the documents that a schema describes, as far as a grammar can tell."""
    try:
        return _described(simplified(schema), effort)
    except RefusedError:
        if not any_assertions(schema):
            raise
        return _described(simplified(schema, relax=False), effort)


def regex_grammar(pattern: str, effort: Effort) -> Cursor:
    """The start of the texts that the whole pattern matches."""
    return _compiled(lambda matcher: matcher.grammar_from_regex(pattern), effort)


def _described(schema: object, effort: Effort) -> Cursor:
    text = json.dumps(hoisted(schema))
    return _compiled(
        lambda matcher: matcher.grammar_from_json_schema(text, overrides=_LAYOUT), effort
    )


def _compiled(grammar: Callable[[type["LLMatcher"]], str], effort: Effort) -> Cursor:
    effort.spend(_COMPILING)
    matcher_type, tokenizer, limits = _library()
    try:
        matcher = matcher_type(tokenizer, grammar(matcher_type), log_level=0, limits=limits)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if matcher.is_error():
        raise RefusedError(matcher.get_error())
    return Cursor(matcher, effort)
