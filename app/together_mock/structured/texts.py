"""The texts of one place: proposals for it, and what its patterns match."""

from collections.abc import Iterator
from itertools import chain

from together_mock.structured.assertions import has_assertions, inlined, relaxed, samples
from together_mock.structured.dice import Dice
from together_mock.structured.judge import is_match
from together_mock.structured.limits import LONGEST_DOCUMENT, Effort, StuckError
from together_mock.structured.outline import Spot
from together_mock.structured.places import Place
from together_mock.structured.spelling import matching
from together_mock.structured.words import Proposals, anything, word

# What counts for in questions: holding a text against a pattern with assertions, guessing one.
_CHECK = 4
_GUESS = 150
_RETRIES = 4


class Texts:
    """Texts for a place; those that its patterns with assertions do not match are left out."""

    def __init__(self, place: Place, dice: Dice, spot: Spot, effort: Effort) -> None:
        self.patterns = [each for each in place.values("pattern") if isinstance(each, str)]
        self.checked = [each for each in self.patterns if has_assertions(each)]
        self.fitting = Proposals(place, dice, spot.path, spot.name, spot.number).fitting()
        self._place = place
        self._dice = dice
        self._spot = spot
        self._effort = effort

    def proposed(self) -> Iterator[str]:
        """The texts, the most fitting first."""
        matched = [self._matched(pattern) for pattern in self.patterns]
        yield from self._passed(chain(self.fitting, self._sampled(), self._any(), *matched))

    def names(self) -> Iterator[str]:
        """The texts as names of properties: what patterns match comes first."""
        matched = [self._matched(pattern) for pattern in self.patterns]
        yield from self._passed(chain(*matched, self.fitting, self._sampled()))

    def _passed(self, texts: Iterator[str]) -> Iterator[str]:
        if not self.checked:
            yield from texts
            return
        for text in texts:
            self._effort.spend(_CHECK)
            if all(is_match(pattern, text) for pattern in self.checked):
                yield text

    def _any(self) -> Iterator[str]:
        if self.checked or not self._place.values("format"):
            yield from anything(self._dice, self._spot.path)

    def _sampled(self) -> Iterator[str]:
        if not self.checked:
            return
        place, path, count = self._place, self._spot.path, self._spot.number
        least, most = place.least("minLength"), place.most("maxLength", LONGEST_DOCUMENT)
        for row in samples(self.checked, least, most):
            turned = self._dice.turned(row, path, "sample")
            for text in turned if count else ():
                yield from (f"{text}{count}", f"{count}{text}")
            yield from turned

    def _matched(self, pattern: str) -> Iterator[str]:
        """What matches the pattern, and more for what that lacks in length."""
        path, first = self._spot.path, self.fitting[0]
        for text in matches(pattern, self._dice, path, self._effort):
            # Where it matches anywhere, words may make up for what it lacks in length.
            yield from (text, f"{first} {text}", f"{text} {first}")


def matches(pattern: str, dice: Dice, path: str, effort: Effort) -> Iterator[str]:
    """What the pattern matches as a whole, or nothing; guesses if it has assertions."""
    if not has_assertions(pattern):
        yield _match(pattern, dice, path, effort)
        return
    for attempt in range(_RETRIES):
        for simple in dict.fromkeys((inlined(pattern), relaxed(pattern))):
            effort.spend(_GUESS)
            yield _match(simple, dice, path + "+" * attempt, effort)


def names_for(pattern: str, dice: Dice, path: str, index: int, effort: Effort) -> Iterator[str]:
    """Names that a pattern may match: longer ones first, for one that is open at its end."""
    for text in matches(pattern, dice, path, effort):
        if not pattern.endswith("$"):
            yield from (f"{text}{word(dice, path)}", f"{text}{index + 1}")
        yield text


def _match(pattern: str, dice: Dice, path: str, effort: Effort) -> str:
    try:
        return matching(pattern, dice, path, effort)
    except (StuckError, UnicodeDecodeError):
        return ""
