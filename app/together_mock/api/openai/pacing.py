"""Sends answers when they are due, in real time, and stops when nobody waits any more."""

import asyncio
from collections.abc import Sequence

from together_mock.api.guard import Receive, Send

# Seconds after the request at which a part of an answer is due, and the part.
Due = tuple[float, bytes]
# As recorded before the first chunk of slow models (together-v1 reference, 5.3).
KEEP_ALIVE = b": keepalive\n\n"


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


async def send_paced(client: Client, send: Send, parts: Sequence[Due]) -> None:
    """Send each part at its instant; those that are due at one instant, or late, in one write."""
    first = 0
    while first < len(parts):
        if not await client.stays(parts[first][0]):
            break
        now = max(parts[first][0], client.elapsed())
        last = first + 1
        while last < len(parts) and parts[last][0] <= now:
            last += 1
        body = b"".join([data for _, data in parts[first:last]])
        first = last
        await send({"type": "http.response.body", "body": body, "more_body": last < len(parts)})
    if first < len(parts):
        # Cut off without [DONE], but as an end of the answer that HTTP knows.
        await send({"type": "http.response.body", "body": b""})


def kept_alive(first: float, every: float) -> list[Due]:
    """Comments, which clients skip, while there is nothing else to send."""
    count = int(first / every)
    return [
        (every * number, KEEP_ALIVE) for number in range(1, count + 1) if every * number < first
    ]
