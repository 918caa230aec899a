"""Fewer system calls and less to check: how answers leave the process."""

import asyncio
import socket
import struct
from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from together_mock.api.guard import DROP, HEAD_LINES, KEYS, RESET

# On, and for no time: what closes the socket resets the connection.
_NO_LINGERING = struct.pack("ii", 1, 0)


class Outbox:
    """The connections of an event loop that have something to send at the end of its turn.

    One step sends for them all. As they are sent together, so their clients' next requests come
    together, and the loop has fewer turns to take.
    """

    def __init__(self) -> None:
        self._waiting: deque[Gathering] = deque()

    def add(self, gathering: "Gathering") -> None:
        """Have a connection send at the end of this turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._send)
        self._waiting.append(gathering)

    def _send(self) -> None:
        try:
            while self._waiting:
                self._waiting.popleft().flush()
        finally:
            if self._waiting:
                # One connection's trouble keeps no other from sending.
                asyncio.get_running_loop().call_soon(self._send)


_OUTBOXES: WeakKeyDictionary[asyncio.AbstractEventLoop, Outbox] = WeakKeyDictionary()


class Gathering:
    """A transport that sends whatever is written in one turn of the event loop at its end.

    Uvicorn writes the head of an answer and its body one after the other. Sent apart, they wake
    the client twice, which costs more than the answer did. A stream loses nothing: what a turn of
    the loop has written has left before the next.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._outbox = _OUTBOXES.setdefault(asyncio.get_running_loop(), Outbox())
        self._parts: list[bytes] = []
        self._lines = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Send some bytes at the end of this turn of the loop."""
        parts = self._parts
        if not parts:
            self._outbox.add(self)
        if self._lines:
            status, rest = data.split(b"\r\n", 1)
            parts += (status, b"\r\n", self._lines, rest)
            self._lines = b""
        else:
            parts.append(data)

    def add_to_head(self, lines: bytes) -> None:
        """Put header lines, each with its line end, into the head that is written next.

        Uvicorn looks at every byte of every header; what is known to be right is spared that.
        """
        self._lines = lines

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self.flush()
        self._transport.close()

    def reset(self) -> None:
        """End the connection at once, by a reset, without what was written and is not sent."""
        self._parts = []
        if self._transport.is_closing():
            # The client has ended it; its socket may be gone already.
            return
        # A loop's own stand-in for the socket need not take options; they are the socket's alike.
        handle = socket.socket(fileno=socket.dup(self._transport.get_extra_info("socket").fileno()))
        with handle:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self._transport.abort()

    def flush(self) -> None:
        """Send what was written, unless the client has gone since."""
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class GatheringProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Uvicorn's protocol on a transport that gathers."""

    app_state: dict[str, Any]

    def connection_made(self, transport: Any) -> None:
        """Take a new connection."""
        self._gathering = Gathering(transport)
        # A copy of it comes with every request.
        self.app_state = {
            **self.app_state,
            HEAD_LINES: self._gathering.add_to_head,
            RESET: self._gathering.reset,
            DROP: self._gathering.close,
            KEYS: {},
        }
        super().connection_made(self._gathering)

    def eof_received(self) -> None:
        """Answer what was asked before a client that sends no more; the connection closes then."""
        self._gathering.flush()
        super().eof_received()
