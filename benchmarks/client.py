"""A cheap HTTP/1.1 client: raw sockets with keep-alive, so that the server is what is measured."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any
from urllib.parse import urlsplit

import orjson

_END = b"\r\n\r\n"
_PATIENCE = 600
_LENGTH = b"content-length: "
_LAST_CHUNK = b"\r\n0\r\n\r\n"


class RefusedError(Exception):
    """An answer that is no success; the text is the answer."""


def request(method: str, path: str, key: str, body: Any = None) -> bytes:
    """A request as bytes."""
    content = b"" if body is None else orjson.dumps(body)
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"authorization: Bearer {key}"]
    if content:
        lines += ["content-type: application/json", f"content-length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Connection:
    """One keep-alive connection with blocking calls: the cheapest for one request at a time."""

    def __init__(self, url: str) -> None:
        self._socket = socket.create_connection(_address(url), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, message: bytes) -> bytes:
        """Send a request; the body of its answer.

        Raises:
            RefusedError: the answer is no success.
        """
        self._socket.sendall(message)
        received = bytearray()
        size = None
        while size is None or len(received) < size:
            chunk = self._socket.recv(1 << 18)
            if not chunk:
                raise RefusedError("the server closed the connection")
            received += chunk
            size = size or _size(received)
        return bytes(received[received.index(_END) + len(_END) :])

    def timed(self, message: bytes) -> tuple[float, bytes]:
        """The same, with the seconds that it took."""
        started = time.perf_counter()
        body = self.send(message)
        return time.perf_counter() - started, body

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


class Load:
    """Many connections, each of which sends its next request as soon as it is answered.

    The event loop and the connections live as long as the object.
    """

    def __init__(self, url: str, messages: bytes | list[bytes], connections: int) -> None:
        self._runner = asyncio.Runner(loop_factory=_new_loop)
        self._address = _address(url)
        listed = [messages] if isinstance(messages, bytes) else messages
        self._messages = cycle(listed)
        self._lanes: list[_Lane] = []
        self._runner.run(self._connect(connections))

    async def _connect(self, connections: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, lane = await loop.create_connection(lambda: _Lane(self._messages), *self._address)
            self._lanes.append(lane)

    def rate(self, seconds: float) -> float:
        """Requests answered in a second, over so many seconds.

        Raises:
            RefusedError: an answer was no success.
        """
        started = time.perf_counter()
        answered = self._runner.run(self._run(lambda: time.perf_counter() < started + seconds))
        return answered / (time.perf_counter() - started)

    def run(self, requests: int) -> None:
        """Send about so many requests, and have them answered.

        Raises:
            RefusedError: an answer was no success.
        """
        left = count(requests - len(self._lanes), -1)
        self._runner.run(self._run(lambda: next(left) > 0))

    async def _run(self, goes_on: Callable[[], bool]) -> int:
        return sum(await asyncio.gather(*(lane.start(goes_on) for lane in self._lanes)))

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._disconnect())
        self._runner.close()

    async def _disconnect(self) -> None:
        for lane in self._lanes:
            lane.close()


class _Lane(asyncio.Protocol):
    """One connection of a load."""

    def __init__(self, messages: Iterator[bytes]) -> None:
        self._messages = messages
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self._transport = transport
        self._write: Callable[[bytes], None] = transport.write

    def start(self, goes_on: Callable[[], bool]) -> "asyncio.Future[int]":
        """Begin to send; the future is the number of answers while it goes on."""
        self._goes_on = goes_on
        self._answered = 0
        self._finished = asyncio.get_running_loop().create_future()
        self._write(next(self._messages))
        return self._finished

    def data_received(self, data: bytes) -> None:
        """Count an answer that is whole and send the next request."""
        received = self._received + data if self._received else data
        try:
            size = _size(received)
        except RefusedError as error:
            self._finished.set_exception(error)
            return
        if size is None or len(received) < size:
            self._received = received
            return
        self._received = b""
        self._answered += 1
        if self._goes_on():
            self._write(next(self._messages))
        else:
            self._finished.set_result(self._answered)

    def connection_lost(self, _error: Exception | None) -> None:
        """Fail what waits."""
        if not self._finished.done():
            self._finished.set_exception(RefusedError("the server closed the connection"))

    def close(self) -> None:
        """Close the connection."""
        self._transport.abort()


@dataclass(frozen=True)
class Run:
    """One stream: how long it took, and when something of it arrived, in seconds."""

    seconds: float
    arrivals: list[float]


def timed_streams(url: str, message: bytes, parallel: int) -> list[Run]:
    """Send a request on so many connections at once, and read all answers to their ends.

    Raises:
        RefusedError: a stream broke off.
    """
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(_timed_streams(_address(url), message, parallel))


async def _timed_streams(address: tuple[str, int], message: bytes, parallel: int) -> list[Run]:
    loop = asyncio.get_running_loop()
    readers = [(await loop.create_connection(_Reader, *address))[1] for _ in range(parallel)]
    runs = await asyncio.gather(*(reader.start(message) for reader in readers))
    for reader in readers:
        reader.close()
    return runs


class _Reader(asyncio.Protocol):
    """One connection that reads one stream."""

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self._transport = transport

    def start(self, message: bytes) -> "asyncio.Future[Run]":
        """Send the request; the future is what became of it."""
        self._finished = asyncio.get_running_loop().create_future()
        self._arrivals: list[float] = []
        self._started = time.perf_counter()
        self._transport.write(message)
        return self._finished

    def data_received(self, data: bytes) -> None:
        """Note when something arrives."""
        self._arrivals.append(time.perf_counter() - self._started)
        if data.endswith(_LAST_CHUNK):
            self._finished.set_result(Run(self._arrivals[-1], self._arrivals))

    def connection_lost(self, _error: Exception | None) -> None:
        """Fail what waits."""
        if not self._finished.done():
            self._finished.set_exception(RefusedError("the server closed the connection"))

    def close(self) -> None:
        """Close the connection."""
        self._transport.abort()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # as on Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _size(received: bytes | bytearray) -> int | None:
    """The size of the answer that begins here, head and body; None while that cannot be told."""
    end = received.find(_END)
    if end < 0:
        return None
    if not received.startswith(b"HTTP/1.1 2"):
        raise RefusedError(received[:2000].decode("utf-8", "replace"))
    start = received.find(_LENGTH, 0, end)
    if start < 0:
        # In chunks: nobody sends a second request before the first is answered.
        return len(received) if received.endswith(_LAST_CHUNK) else None
    start += len(_LENGTH)
    stop = received.find(b"\r", start)
    return end + len(_END) + int(received[start:stop])


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port
