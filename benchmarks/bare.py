"""The yardstick: a constant ASGI application on uvicorn, as fast as uvicorn goes.

`python -m benchmarks.bare SIZE` answers every request with SIZE bytes of JSON;
`python -m benchmarks.bare SIZE CHUNKS` with a stream of as many chunks of SIZE bytes.
"""

import json
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn import Config, Server

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Constant:
    """Answers everything with the same bytes."""

    def __init__(self, size: int) -> None:
        body = json.dumps({"content": "x" * max(0, size - 15)}).encode()
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        self._start = {"type": "http.response.start", "status": 200, "headers": headers}
        self._body = {"type": "http.response.body", "body": body}

    async def __call__(self, _scope: object, _receive: object, send: Send) -> None:
        """Answer one request."""
        await send(self._start)
        await send(self._body)


class Stream:
    """Answers everything with the same chunks, each sent by itself."""

    def __init__(self, size: int, chunks: int) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        self._start = {"type": "http.response.start", "status": 200, "headers": headers}
        data = b"data: " + b"x" * max(0, size - 8) + b"\n\n"
        self._chunk = {"type": "http.response.body", "body": data, "more_body": True}
        self._end = {"type": "http.response.body", "body": b""}
        self._count = chunks

    async def __call__(self, _scope: object, _receive: object, send: Send) -> None:
        """Answer one request."""
        await send(self._start)
        for _ in range(self._count):
            await send(self._chunk)
        await send(self._end)


class _Announcing(Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets
        port = sockets[0].getsockname()[1]
        print(json.dumps({"ready": True, "url": f"http://127.0.0.1:{port}"}), flush=True)


def main() -> None:
    """Serve until SIGTERM."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    size, *chunks = map(int, sys.argv[1:])
    config = Config(
        Stream(size, *chunks) if chunks else Constant(size),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    # `run` picks the fastest event loop that is installed.
    _Announcing(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
