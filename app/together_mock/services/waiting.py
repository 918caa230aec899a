"""How long a request waits for a store that another process has: once, in however many steps."""

from contextvars import ContextVar

from together_mock.core.clock import stopwatch

# Seconds that what would change something waits, and what only wants to look.
PATIENCE = 5.0
A_MOMENT = 0.25


class Waiting:
    """The seconds for which a request has waited for another process so far."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._since: float | None = None

    def begin(self) -> None:
        """Note that the store is waited for, if it was not yet."""
        if self._since is None:
            self._since = stopwatch()

    def left(self, patience: float) -> float:
        """Note that the store is waited for, and for how long by now.

        Args:
            patience: what the request may wait in all, in seconds.

        Returns:
            For how long it may still be waited for, in seconds: 0 or less is no longer.
        """
        now = stopwatch()
        if self._since is not None:
            self._seconds += now - self._since
        self._since = now
        return patience - self._seconds

    def end(self) -> None:
        """Note that the store is not waited for any more."""
        self._since = None


_request: ContextVar[Waiting | None] = ContextVar("waiting", default=None)


def begin_request() -> None:
    """Count anew: what follows in this context, and in threads that get it, is one request."""
    _request.set(Waiting())


def waiting() -> Waiting:
    """What the request under way has waited; whoever is none waits on an account of its own."""
    return _request.get() or Waiting()
