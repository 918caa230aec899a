"""A project's clock in a test's hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

Duration: TypeAlias = str | float | timedelta
Instant: TypeAlias = str | datetime
Transition: TypeAlias = dict[str, Any]
# method, path, body -> what the control plane answers.
Call: TypeAlias = Callable[..., Any]


def seconds(duration: Duration) -> str | float:
    """A duration as the control plane takes it: seconds, or text such as `1h30m`."""
    return duration.total_seconds() if isinstance(duration, timedelta) else duration


def written(instant: Instant) -> str:
    """An instant as the control plane takes it; without a zone it is UTC."""
    if isinstance(instant, str):
        return instant
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def id_of(named: Any) -> str:
    """An id: itself, or that of what a client or the API answered."""
    found = named.get("id") if isinstance(named, dict) else getattr(named, "id", named)
    if not isinstance(found, str):
        raise TypeError(f"{named!r} is no id, and has none")
    return found


class MockClock:
    """The clock of one project. It never goes back; frozen, it moves when the test moves it."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def advance(self, by: Duration | None = None, **units: float) -> list[Transition]:
        """Move on, and run everything due on the way, in order.

        Args:
            by: seconds, text such as `"1h30m"`, or a `timedelta`.
            units: instead of it, `days=`, `hours=`, `minutes=`, `seconds=`, as of a `timedelta`.

        Returns:
            The changes of state: `{"at", "endpoint", "deployment", "from", "to", "cause"}` each.

        Raises:
            TypeError: neither or both were given.
        """
        if (by is None) == (not units):
            raise TypeError("advance takes a duration, or units such as hours=1")
        how = timedelta(**units) if by is None else by
        return self._advance({"by": seconds(how)})

    def advance_to(self, instant: Instant) -> list[Transition]:
        """Move on to an instant, as `advance` does."""
        return self._advance({"to": written(instant)})

    def run_next(self, steps: int = 1) -> list[Transition]:
        """Move on to the next instant at which something is due, `steps` times."""
        return self._advance({"next": steps})

    def run_until(
        self, endpoint: Any, state: str, limit: Duration | None = None
    ) -> list[Transition]:
        """Move on to the instant at which an endpoint enters a state.

        Args:
            endpoint: its id, or what a client answered for it.
            state: one of v1's words, such as `"STARTED"`.
            limit: how far the clock may go; None is 30 days.

        Raises:
            ControlError: it does not enter the state by then; the clock stays where it was.
        """
        how: dict[str, Any] = {"until": {"endpoint": id_of(endpoint), "state": state}}
        if limit is not None:
            how["limit"] = seconds(limit)
        return self._advance(how)

    def _advance(self, how: dict[str, Any]) -> list[Transition]:
        transitions: list[Transition] = self._call("POST", "/clock/advance", how)["transitions"]
        return transitions

    def freeze(self) -> None:
        """Let it stand still."""
        self.run(0)

    def run(self, rate: float = 1.0) -> None:
        """Let it run: `rate` virtual seconds per real second."""
        self._call("PUT", "/clock", {"rate": rate})

    def move_on_poll(self, moves: bool = True) -> None:
        """Let each read of an endpoint under way move the clock to its next change of state.

        So a client that polls until an endpoint has started gets there on a frozen clock.
        """
        self._call("PUT", "/clock", {"on_poll": "next" if moves else "none"})

    @property
    def now(self) -> datetime:
        """The project's instant, in UTC."""
        return _instant(self._show()["now"])

    @property
    def next_due(self) -> datetime | None:
        """The instant at which something is due next, if anything is."""
        due = self._show()["next_due"]
        return None if due is None else _instant(due)

    @property
    def rate(self) -> float:
        """Virtual seconds per real second; 0 is frozen."""
        rate: float = self._show()["rate"]
        return rate

    def _show(self) -> dict[str, Any]:
        shown: dict[str, Any] = self._call("GET", "/clock")
        return shown


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
