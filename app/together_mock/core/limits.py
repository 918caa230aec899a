"""Rate limits: requests and tokens of a minute of virtual time, by arithmetic on its number.

Minutes begin with the clock's own, so that where one stands follows from the instant alone.
"""

from dataclasses import dataclass
from typing import NamedTuple

from together_mock.core.clock import MINUTE, SECOND


@dataclass(frozen=True)
class Limits:
    """What a project may ask of serverless models in a minute; None is "no limit"."""

    requests: int | None = None
    tokens: int | None = None


class Window(NamedTuple):
    """What was asked for in a minute: its number since the epoch, requests, tokens."""

    minute: int = -1
    requests: int = 0
    tokens: int = 0

    def at(self, at: int) -> "Window":
        """The window of an instant: this, or an empty one."""
        minute = at // MINUTE
        return self if minute == self.minute else Window(minute)

    def asked(self) -> "Window":
        """The window after another request."""
        return self._replace(requests=self.requests + 1)

    def spent(self, tokens: int) -> "Window":
        """The window after an answer of so many tokens."""
        return self._replace(tokens=self.tokens + tokens)


def exceeded(limits: Limits, window: Window) -> str | None:
    """What there can be no more of in a window: `requests` or `tokens`."""
    if limits.requests is not None and window.requests >= limits.requests:
        return "requests"
    if limits.tokens is not None and window.tokens >= limits.tokens:
        return "tokens"
    return None


def told(limits: Limits, window: Window, at: int) -> dict[str, str]:
    """The headers that tell where a project stands.

    Names: docs.together.ai/docs/rate-limits (together-v1 reference, 1.5). `x-ratelimit-reset` is
    whole seconds until the minute is over.
    """
    headers = {}
    if limits.requests is not None:
        headers["x-ratelimit-limit"] = str(limits.requests)
        headers["x-ratelimit-remaining"] = str(max(0, limits.requests - window.requests))
    if limits.tokens is not None:
        headers["x-tokenlimit-limit"] = str(limits.tokens)
        headers["x-tokenlimit-remaining"] = str(max(0, limits.tokens - window.tokens))
    if headers:
        headers["x-ratelimit-reset"] = str(seconds_left(at))
    return headers


def seconds_left(at: int) -> int:
    """Whole seconds until the minute of an instant is over, at least one."""
    return -(-(MINUTE - at % MINUTE) // SECOND)
