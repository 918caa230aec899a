"""Clients that are kept waiting, or whose connections are ended: whether they are still there."""

import asyncio

from together_mock.api.guard import Receive
from together_mock.core.clock import stopwatch


class Clients:
    """All clients that wait for answers that take time."""

    def __init__(self) -> None:
        self._waiting: set[Client] = set()

    def listen(self, receive: Receive, arrived: float) -> "Client":
        """Listen to a client whose request came at `arrived`, by the stopwatch.

        Its request has been read: whatever else it sends is not.
        """
        client = Client(receive, arrived)
        self._waiting.add(client)
        return client

    def leave(self, client: "Client") -> None:
        """Listen to a client no longer."""
        self._waiting.discard(client)
        client.leave()

    def dismiss(self) -> None:
        """Let nobody wait any longer: the server is to stop."""
        for client in list(self._waiting):
            client.dismiss()


class Client:
    """The client of one request, as far as it is still there to be answered."""

    def __init__(self, receive: Receive, arrived: float) -> None:
        """Listen to a client whose request came at `arrived`, by the stopwatch."""
        self._loop = asyncio.get_running_loop()
        # When its request came, in the loop's time.
        self._started = self._loop.time() - (stopwatch() - arrived)
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

    async def gone(self) -> None:
        """Wait until the client, whose connection is being ended, has gone."""
        await asyncio.wait([self._watch])

    def leave(self) -> None:
        """Listen no longer."""
        self._watch.cancel()


def _wake(waiter: "asyncio.Future[None] | None") -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
