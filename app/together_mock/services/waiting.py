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

    def goes_on(self, patience: float) -> bool:
        """Whether the store is to be waited for, which another process has: as a look at it says.

        Args:
            patience: what the request may wait in all, in seconds.
        """
        now = stopwatch()
        if self._since is not None:
            self._seconds += now - self._since
        self._since = now
        return self._seconds < patience

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
