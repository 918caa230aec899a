"""A text spelled letter by letter, where no proposal fits: whatever the mask allows, readably."""

import re
from collections import Counter, deque

from together_mock.structured.dice import Dice
from together_mock.structured.grammar import Cursor, bits, regex_grammar
from together_mock.structured.limits import Effort, StuckError
from together_mock.structured.words import anything, word

QUOTE = bits(b'"')
_VOWELS, _CONSONANTS = bits(b"aeiou"), bits(b"bcdfghjklmnpqrstvwxyz")
_LOWER, _DIGITS = _VOWELS | _CONSONANTS, bits(b"0123456789")
_UPPER = bits(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_MARKS = bits(b"-_./@:#+,;=~!?&%$*()[]{}<>|^'` ")
_BEYOND_ASCII = ((1 << 128) - 1) << 128
_LONGEST = 4_000
# Lengths at which a text may be, and surely is, long enough.
_SHORT, _LONG = 3, 8
# The length at which a way to an end is first looked for.
_FIRST_LOOK = 4
_MOST_FORKS = 120
_MOST_ALIKE = 3
# So few marks among letters are there to end something: a dot, a dash.
_FEW_MARKS = 4
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# NUL stands for an escape that is no letter, SOH for an escaped dot.
_CLASSES = re.compile(r"\[\^?[^\]]*\]|\{[\d,]*\}")
_LITERALS = re.compile(r"[^\\\[\](){}*+?|^$.\"\x00]+")


class Speller:
    """Writes a text after which one of the bytes of `end` may come, or the end if there are none.

    Args:
        dice: what chooses among the letters.
        path: the place's name, for the dice.
        end: a mask of bytes.
        patterns: regular expressions whose literal parts may lead to the end.
    """

    def __init__(self, dice: Dice, path: str, end: int, patterns: list[str]) -> None:
        self._dice = dice
        self._path = path
        self._end = end
        self._patterns = patterns

    def write(self, cursor: Cursor, start: int) -> None:
        """Write the text, whose beginning may stand there already."""
        look_at = _FIRST_LOOK
        if len(cursor.text) == start:
            cursor.offer(word(self._dice, self._path).encode())
        while (written := len(cursor.text) - start) < _LONGEST:
            allowed = cursor.allowed()
            ends = self._ends(cursor, allowed)
            allowed &= ~self._end
            if ends and (not allowed or self._enough(written)):
                return
            if not ends and written >= look_at:
                look_at *= 3
                if self._take_shortest_way(cursor):
                    return
            if not allowed:
                break
            cursor.put(_forced(cursor) or bytes([self._letter(allowed, written)]))
        raise StuckError("the text has no end")

    def _ends(self, cursor: Cursor, allowed: int) -> bool:
        return bool(allowed & self._end) if self._end else cursor.complete()

    def _enough(self, written: int) -> bool:
        return written >= _SHORT and (written >= _LONG or not self._roll(3, "enough", written))

    def _roll(self, sides: int, *what: object) -> int:
        return self._dice.roll(sides, self._path, *what)

    def _letter(self, allowed: int, written: int) -> int:
        """One of the allowed bytes: a letter or a digit if there is one, at times a mark."""
        marks, spelled = _MARKS & allowed, _LOWER & allowed
        if spelled == _LOWER:
            spelled = _VOWELS if written % 2 else _CONSONANTS
        groups = [group for group in (spelled, _DIGITS & allowed, _UPPER & allowed) if group]
        few = written and 0 < marks.bit_count() <= _FEW_MARKS
        if groups and not (few and not self._roll(3, "mark", written)):
            first = self._roll(8, "group", written) or len(groups) == 1
            chosen = groups[0] if first else groups[1]
        else:
            chosen = next(filter(None, (marks, _BEYOND_ASCII & allowed, allowed)))
        letters = [byte for byte in range(256) if chosen >> byte & 1]
        return letters[self._roll(len(letters), "letter", written)]

    def _take_shortest_way(self, cursor: Cursor) -> bool:
        """Write the fewest steps to where the text may end, if there are few."""
        steps = _steps(self._patterns, word(self._dice, self._path, "way"))
        forks, queue = 0, deque([(cursor, b"")])
        seen: Counter[int] = Counter()
        while queue and forks < _MOST_FORKS:
            here, way = queue.popleft()
            allowed = here.allowed()
            if way and self._ends(here, allowed):
                cursor.put(way)
                return True
            # Places that allow the same bytes are most often the same place: a letter of a word.
            seen[allowed] += 1
            possible = [step for step in steps if step and allowed >> step[0] & 1]
            for step in possible if seen[allowed] <= _MOST_ALIKE else ():
                there = here.fork()
                forks += 1
                if there.offer(step):
                    queue.append((there, way + step))
        return False


def matching(pattern: str, dice: Dice, path: str, effort: Effort) -> str:
    """A text that the pattern matches as a whole: a proposal if one does, else one spelled."""
    cursor = regex_grammar(pattern, effort)
    if not any(cursor.offer_last(text.encode()) for text in anything(dice, path)):
        Speller(dice, path, 0, [pattern]).write(cursor, 0)
    return cursor.text.decode()


def _forced(cursor: Cursor) -> bytes:
    """What must come next, up to where a string ends or an escape begins."""
    return cursor.forced().partition(b'"')[0].partition(b"\\")[0]


def _steps(patterns: list[str], chosen: str) -> list[bytes]:
    """What to try on the way to the end: a word, what the patterns end with, a few letters."""
    literals, letters = [], ""
    for pattern in patterns:
        plain = _ESCAPED.sub(_unescaped, pattern)
        letters += "".join(_LITERALS.findall(plain))
        literals += _LITERALS.findall(_CLASSES.sub("\x00", plain))
    literals = [part.replace("\x01", ".") for part in literals]
    letters = "".join(dict.fromkeys(letters.replace("\x01", ".")))
    steps = dict.fromkeys([chosen, *literals[:-9:-1], *letters[:12], *"a0A-"])
    return [step.encode("utf-8", "ignore") for step in steps if step.isprintable()]


def _unescaped(found: re.Match[str]) -> str:
    escaped = found[1]
    if escaped == ".":
        return "\x01"
    return "\x00" if escaped.isalnum() or escaped in '\\[](){}*+?|^$"' else escaped
