"""Numbers that the fake model proposes: small ones within the bounds."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from together_mock.structured.dice import Dice
from together_mock.structured.places import Place

_WINDOW = 100
_TRIES = 6
_LONGEST = 400
_NARROW = 2
_PARTS = 1_000
_Bound = tuple[Fraction, bool]


class Range:
    """The numbers that the schemas of a place admit, as far as bounds and multiples say."""

    def __init__(self, place: Place) -> None:
        lows: list[_Bound] = [(_exact(n), False) for n in place.numbers("minimum")]
        highs: list[_Bound] = [(_exact(n), False) for n in place.numbers("maximum")]
        lows += [(_exact(n), True) for n in place.numbers("exclusiveMinimum")]
        highs += [(_exact(n), True) for n in place.numbers("exclusiveMaximum")]
        # An exclusive bound is the stricter of two equal ones.
        low: _Bound | None = max(lows, default=None)
        high: _Bound | None = min(highs, key=lambda end: (end[0], not end[1]), default=None)
        self.low = low[0] if low else None
        self.high = high[0] if high else None
        self._above = bool(low and low[1])
        self._below = bool(high and high[1])
        self._multiples = [_exact(n) for n in place.numbers("multipleOf") if n > 0]
        if True in place.values("exclusiveMinimum"):  # draft 4
            self._above = True
        if True in place.values("exclusiveMaximum"):
            self._below = True

    def proposals(self, dice: Dice, path: str, *, whole: bool, count: int = 0) -> Iterator[str]:
        """Numbers within the range as JSON: by count, some by chance, and then the outermost."""
        step = self._step(whole=whole)
        if count:
            if not whole and not self._multiples:
                yield from self._texts(self._part(Fraction(count, _PARTS)))
            yield from self._texts(self._counted(step, count - 1))
        for attempt in range(_TRIES):
            chosen = self._stepped(step, dice.roll(_WINDOW, path, attempt))
            if not self._multiples and not whole:
                yield from self._texts(self._between(dice, path, attempt))
            yield from self._texts(chosen)
        yield from self._texts(self.low)
        yield from self._texts(self.high)

    def _texts(self, number: Fraction | None) -> Iterator[str]:
        if number is None or not self._admits(number):
            return
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        text = str(number) if number.denominator == 1 else format(exact.normalize(), "f")
        if len(text) <= _LONGEST:
            yield text

    def _admits(self, number: Fraction) -> bool:
        if self.low is not None and (number <= self.low if self._above else number < self.low):
            return False
        if self.high is not None and (number >= self.high if self._below else number > self.high):
            return False
        # Validators divide floats: what is a multiple on paper only is not proposed.
        return all((float(number) / float(of)).is_integer() for of in self._multiples)

    def _step(self, *, whole: bool) -> Fraction:
        step = Fraction(1) if whole or not self._multiples else self._multiples[0]
        for multiple in self._multiples:
            step = Fraction(
                lcm(step.numerator, multiple.numerator), gcd(step.denominator, multiple.denominator)
            )
        return step

    def _counted(self, step: Fraction, count: int) -> Fraction:
        """A multiple of the step for each count: up from the usual start, then from the bound."""
        start = ceil(self._start() / step)
        beyond = 0 if self.high is None else start + count - floor(self.high / step)
        if beyond <= 0:
            return (start + count) * step
        return (start - beyond if self.low is None else ceil(self.low / step) + beyond - 1) * step

    def _stepped(self, step: Fraction, chosen: int) -> Fraction:
        """A multiple of the step: near 1 if the range has it, else near the bound."""
        first, last = self._start() / step, None if self.high is None else floor(self.high / step)
        start = ceil(first)
        if last is not None and start > last:
            return last * step
        span = _WINDOW if last is None else min(_WINDOW, last - start + 1)
        return (start + chosen % span) * step

    def _start(self) -> Fraction:
        one = Fraction(1)
        if self.low is not None:
            # The bound itself is left to the last proposals when the range excludes it.
            low = self.low + (1 if self._above and self.low.denominator == 1 else 0)
            return max(low, one) if self.high is None or self.high >= one else low
        return one if self.high is None or self.high >= one else self.high - _WINDOW

    def _part(self, part: Fraction) -> Fraction | None:
        """The number at this part of the range, if that is narrow."""
        if self.low is None or self.high is None or self.high - self.low > _NARROW:
            return None
        return self.low + (self.high - self.low) * part

    def _between(self, dice: Dice, path: str, attempt: int) -> Fraction:
        """A number with a fraction: a part of a narrow range, else one more decimal."""
        part = Fraction(1 + dice.roll(9, path, attempt, "part"), 10)
        inside = self._part(part)
        if inside is not None:
            return inside
        return self._stepped(Fraction(1), dice.roll(_WINDOW, path, attempt, "whole")) + part


def _exact(number: int | float) -> Fraction:
    """The number that the JSON text shows, not the float behind it."""
    return Fraction(repr(number))
