"""How often a fault strikes: one rule for those of requests and those of lifecycles."""

from dataclasses import dataclass

from together_mock.core import ids


@dataclass(frozen=True)
class Limits:
    """When a fault that is met strikes.

    `skip` is how often it is met before it may; `times` is how often it may, `until` the instant
    from which it may no more, None is "without end".
    """

    skip: int = 0
    times: int | None = None
    probability: float = 1.0
    until: int | None = None

    def left(self, hits: int) -> int | None:
        """How often a fault that has struck so often may still strike; None is "without end"."""
        return None if self.times is None else max(0, self.times - hits)

    def are_over(self, hits: int, at: int) -> bool:
        """Whether it can strike no more: its time or its number is over."""
        return self.left(hits) == 0 or (self.until is not None and at >= self.until)

    def let_strike(self, seed: str, fault: str, met: int) -> bool:
        """Whether a fault strikes when it is met for the `met`-th time, by a draw of the seed's."""
        return met > self.skip and ids.fraction(seed, "fault", fault, met) < self.probability


# A fault that strikes whenever it is met.
ALWAYS = Limits()
