"""Sends answers when they are due, in real time, and stops when nobody waits any more."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from together_mock.api.guard import Receive, Send

# As recorded before the first chunk of slow models (together-v1 reference, 5.3).
KEEP_ALIVE = b": keepalive\n\n"


class Paced(NamedTuple):
    """Parts of an answer: when each is due, in seconds after the request, and what they are.

    Before the first is due, a comment is sent every `keep_alive` seconds, if it is to be.
    """

    dues: Sequence[float]
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


async def send_paced(client: Client, send: Send, paced: Paced) -> None:
    """Send each part at its instant; those that are due at one instant, or late, in one write."""
    dues = paced.dues
    if paced.keep_alive is not None:
        await _keep_alive(client, send, dues[0], paced.keep_alive)
    first = 0
    while first < len(dues):
        if not await client.stays(dues[first]):
            break
        now = max(dues[first], client.elapsed())
        last = first + 1
        while last < len(dues) and dues[last] <= now:
            last += 1
        body = paced.between(first, last)
        first = last
        await send({"type": "http.response.body", "body": body, "more_body": last < len(dues)})
    if first < len(dues):
        # Cut off without [DONE], but as an end of the answer that HTTP knows.
        await send({"type": "http.response.body", "body": b""})


async def _keep_alive(client: Client, send: Send, until: float, every: float) -> None:
    """Send comments, which clients skip, while there is nothing else to send."""
    at = every
    while at < until and await client.stays(at):
        await send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
        at += every
