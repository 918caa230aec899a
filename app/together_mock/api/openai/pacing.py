"""Sends answers when they are due, in real time, and stops when the client has gone."""

import asyncio
from collections.abc import Sequence

from together_mock.api.guard import Receive, Send
from together_mock.api.openai.streams import Frame
from together_mock.core.answers import Pace

# As recorded before the first chunk of slow models (together-v1 reference, 5.3).
KEEP_ALIVE = b": keepalive\n\n"


class Client:
    """The client of one request, as far as it is still there."""

    def __init__(self, receive: Receive, started: float) -> None:
        """Listen to a client whose request came at `started`, in the event loop's time."""
        self._loop = asyncio.get_running_loop()
        self._started = started
        self._waiter: asyncio.Future[None] | None = None
        self._watch = asyncio.ensure_future(self._listen(receive))

    async def _listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        _wake(self._waiter)

    async def stays(self, seconds: float) -> bool:
        """Wait until so many seconds after the request; False if the client goes before."""
        due = self._started + seconds
        if due > self._loop.time() and not self._watch.done():
            self._waiter = self._loop.create_future()
            timer = self._loop.call_at(due, _wake, self._waiter)
            try:
                await self._waiter
            finally:
                timer.cancel()
        return not self._watch.done()

    def elapsed(self) -> float:
        """Seconds since the request."""
        return self._loop.time() - self._started

    def leave(self) -> None:
        """Listen no longer."""
        self._watch.cancel()


def _wake(waiter: "asyncio.Future[None] | None") -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


async def send_paced(client: Client, send: Send, frames: Sequence[Frame], pace: Pace) -> None:
    """Send each frame at its instant; those that are due at one instant, or late, in one write."""
    if pace.keep_alive is not None:
        await _keep_alive(client, send, pace.first, pace.keep_alive)
    first = 0
    while first < len(frames):
        instant = pace.at(frames[first][0])
        if not await client.stays(instant):
            return
        now = max(instant, client.elapsed())
        last = first + 1
        while last < len(frames) and pace.at(frames[last][0]) <= now:
            last += 1
        body = b"".join([data for _, data in frames[first:last]])
        first = last
        await send({"type": "http.response.body", "body": body, "more_body": last < len(frames)})


async def _keep_alive(client: Client, send: Send, until: float, every: float) -> None:
    """Send comments, which clients skip, while there is nothing else to send."""
    at = every
    while at < until and await client.stays(at):
        await send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
        at += every
