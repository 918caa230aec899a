"""A tokenizer without a vocabulary: pieces like those of a real model, and about as many.

Its rules are those by which the tokenizers of GPT-4 and Llama 3 cut a text before they look
pieces up. Lengths, endings and syllables stand in for the vocabulary behind them.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from together_mock.core import ids

# Characters are listed by range: what `\w` holds grows with the Unicode version of each Python.
_BLANK, _VISIBLE = r"[ \t\n\r\v\f]", r"[^ \t\n\r\v\f]"
_MARK = r"[!-/:-@\[-`{-~]"
_ACCENTED = "\u00c0-\u02af\u1e00-\u1eff"
# A word ends where no letter follows; a part of one also before a capital, as in camelCase.
_WORD_END, _PART_END = f"(?![A-Za-z{_ACCENTED}])", f"(?![a-z{_ACCENTED}])"

# Vocabularies have English words whole, and of other languages the short ones: the longer a word
# is, the more its ending has to look English.
_WORDS = (
    f"[A-Za-z][a-z]{{0,3}}+{_WORD_END}",
    f"[A-Za-z][a-z]{{4,5}}+{_PART_END}(?<![aiouj])",
    f"[A-Za-z][a-z]{{6,8}}+{_PART_END}(?<![aiouj])(?<![^ert]en)(?<!an|os)",
)
# Only behind a blank are words of more than nine letters whole.
_LONG_WORD = (
    f"[A-Za-z][a-z]{{9,13}}+{_PART_END}"
    "(?<=al|ce|cy|ed|er|es|ic|le|ls|ly|ng|ns|nt|on|or|rs|ry|ss|te|ts|ty|us|ve)"
)
# Other words are cut where a syllable may begin, or else every four letters.
_PARTS = (
    "[A-Z]{2,6}(?![a-z])",
    f"[A-Za-z][a-z]{{1,3}}+{_PART_END}",
    f"[A-Za-z{_ACCENTED}][a-z{_ACCENTED}]{{1,4}}(?=[b-df-hj-np-tv-xz][aeiouy])",
    f"[A-Za-z{_ACCENTED}][a-z{_ACCENTED}]{{0,3}}",
)
_PUNCTUATION = rf"(?:[-=*#~_.]{{4,64}}+|{_MARK}{{1,3}}+[\n\r]{{0,8}})"

# The first rule that fits decides. Every repetition is bounded, so that the time is linear in any
# text, and most rules begin with a set of characters, which the engine checks before it enters.
_RULES = (
    # A blank belongs to the word behind it, or to the punctuation.
    f"[ \t](?:{'|'.join((*_WORDS, _LONG_WORD, *_PARTS))})",
    f" {_PUNCTUATION}",
    "[0-9]{1,3}",
    # One mark goes with a short word: `.join`, `_name`, `(self`, `'ll`.
    f"[._(](?:[A-Za-z][a-z]{{0,5}}+|[A-Z]{{2,6}}+){_WORD_END}",
    rf"[-/\"'\[<#@=][A-Za-z]{{1,4}}+{_WORD_END}",
    _PUNCTUATION,
    *_WORDS,
    *_PARTS,
    # Blank lines are one piece; an indentation leaves its last blank to the word behind it.
    rf"{_BLANK}{{0,31}}[\n\r]",
    f"{_BLANK}{{1,128}}(?!{_VISIBLE})",
    # Kana; Chinese, where a pair is common if its second character is, roughly a third of them.
    "[\u3040-\u30ff]{1,2}",
    "[\u3100-\uabff][\u4e00-\u56ff]?",
    # Greek, Cyrillic, Arabic; Hangul, and scripts that vocabularies have little of.
    " ?[\u0370-\u052f\u0600-\u06ff]{1,3}",
    " ?[\u0530-\u1fff\uac00-\ud7ff]{1,2}",
    # Typographic marks, arrows, frames; then emoji and whatever is left.
    " ?[\u2000-\u303f]{1,3}",
    r"[\s\S]",
)
_TOKEN = re.compile("|".join(_RULES))
# Characters; longer texts are too big to be kept.
_SHORT, _SHORT_PIECE = 1000, 100
# Characters that the engine is given at once: no other thread runs until it has come to their end.
_PART = 50_000
# Characters; farther than a rule reaches, with what it looks at behind its piece.
_REACH = 200
# As large as a vocabulary of Llama 3 without its special tokens.
_IDS = 128_000


def tokens(text: str) -> tuple[str, ...]:
    """Split a text into pieces like a real model's tokens; joined they are the text."""
    return _split_of_short(text) if len(text) <= _SHORT else _split(text)


def count_tokens(text: str) -> int:
    """How many tokens a text has."""
    return _count_of_short(text) if len(text) <= _SHORT else _count(text)


def token_id(piece: str) -> int:
    """The number that stands for a piece, the same wherever it occurs."""
    return _id_of_short(piece) if len(piece) <= _SHORT_PIECE else _id(piece)


def _id(piece: str) -> int:
    return int.from_bytes(ids.digest("", "token", piece, size=3)) % _IDS


def _split(text: str) -> tuple[str, ...]:
    return tuple(chain.from_iterable(_parts(text)))


def _count(text: str) -> int:
    if len(text) > _PART:
        return sum(map(len, _parts(text)))
    # To replace is quicker than to find: the pieces are never made.
    return _TOKEN.subn("", text)[1]


def _parts(text: str) -> Iterator[list[str]]:
    """A text's pieces, some at a time."""
    start = 0
    while len(text) - start > _PART:
        pieces = _TOKEN.findall(text, start, start + _PART)
        # The last ones might be others with what follows, so they are left to the next part.
        left = 0
        while left < _REACH:
            left += len(pieces.pop())
        start += _PART - left
        yield pieces
    yield _TOKEN.findall(text, start)


_id_of_short = lru_cache(maxsize=4096)(_id)
# A conversation is sent again with every turn, and a test asks the same thing many times.
_count_of_short = lru_cache(maxsize=4096)(_count)
_split_of_short = lru_cache(maxsize=1024)(_split)
