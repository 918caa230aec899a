"""Sends answers when they are due, in real time, and stops when nobody waits any more."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from together_mock.api.guard import Receive, Send

# As recorded before the first chunk of slow models (together-v1 reference, 5.3).
KEEP_ALIVE = b": keepalive\n\n"


class Paced(NamedTuple):
    """Parts of an answer: how many tokens come before each, when those are due, what it is.

    The first token is due `start` seconds after the request, every other `each` seconds later.

    Before the first is due, a comment is sent every `keep_alive` seconds, if it is to be.
    """

    places: Sequence[float]
    start: float
    each: float
    between: Callable[[int, int], bytes]
    keep_alive: float | None = None


class Client:
    """The client of one request, as far as it is still there to be answered."""

    def __init__(self, receive: Receive, started: float) -> None:
        """Listen to a client whose request came at `started`, in the event loop's time."""
        self._loop = asyncio.get_running_loop()
        self._started = started
        self._waiter: asyncio.Future[None] | None = None
        self._watch = asyncio.ensure_future(self._listen(receive))
        # Whether the server is to stop, so that the client waits for nothing.
        self.dismissed = False

    async def _listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        _wake(self._waiter)

    @property
    def waits(self) -> bool:
        """Whether there is somebody to answer."""
        return not (self.dismissed or self._watch.done())

    async def stays(self, seconds: float) -> bool:
        """Wait until so many seconds after the request; False if nobody waits for that."""
        due = self._started + seconds
        if self.waits and due > self._loop.time():
            self._waiter = self._loop.create_future()
            timer = self._loop.call_at(due, _wake, self._waiter)
            try:
                await self._waiter
            finally:
                timer.cancel()
        return self.waits

    def elapsed(self) -> float:
        """Seconds since the request."""
        return self._loop.time() - self._started

    def dismiss(self) -> None:
        """Let the client wait no longer: the server is to stop."""
        self.dismissed = True
        _wake(self._waiter)

    def leave(self) -> None:
        """Listen no longer."""
        self._watch.cancel()


def _wake(waiter: "asyncio.Future[None] | None") -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


async def send_paced(client: Client, send: Send, paced: Paced) -> bool:
    """Send each part at its instant; those that are due at one instant, or late, in one write.

    Gives whether all of it was sent: not where the client has gone, or is waited for no longer.
    """
    places, start, each = paced.places, paced.start, paced.each
    if paced.keep_alive is not None:
        await _keep_alive(client, send, start + each * places[0], paced.keep_alive)
    first, count = 0, len(places)
    while first < count:
        due = start + each * places[first]
        if not await client.stays(due):
            break
        now = max(due, client.elapsed())
        last = first + 1
        while last < count and start + each * places[last] <= now:
            last += 1
        body = paced.between(first, last)
        first = last
        await send({"type": "http.response.body", "body": body, "more_body": last < count})
    if first < count:
        # Cut off without [DONE], but as an end of the answer that HTTP knows.
        await send({"type": "http.response.body", "body": b""})
    return first == count


async def _keep_alive(client: Client, send: Send, until: float, every: float) -> None:
    """Send comments, which clients skip, while there is nothing else to send."""
    at = every
    while at < until and await client.stays(at):
        await send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
        at += every
