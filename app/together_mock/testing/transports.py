"""A transport for httpx clients, sync and async, that reaches a server without a socket.

httpx's own `ASGITransport` is async only, and delivers a stream when it has ended; this one
delivers each chunk when it comes. It needs `pip install together-mock[httpx]`; every SDK brings it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread
import httpx

from together_mock.asgi import Application
from together_mock.runtime.inside import CutOffError, Exchange, ResetError

T = TypeVar("T")


def transport(**options: Any) -> "MockTransport":
    """A transport to a server of its own, which has no socket and ends when the client is closed.

    Args:
        options: as `MockServer` takes them, but for the port.

    Raises:
        StartError: an option that it cannot start with.
    """
    from together_mock.testing.servers import MockServer

    server = MockServer(port=None, **options).start()
    made = server.transport()
    made.on_close = server.stop
    return made


class MockTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Takes the requests of `httpx.Client` and of `httpx.AsyncClient`."""

    def __init__(self, application: Application, loop: asyncio.AbstractEventLoop) -> None:
        self._application = application
        self._loop = loop
        # Called when a client that uses it is closed.
        self.on_close: Callable[[], None] = lambda: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request; its stream is read chunk by chunk."""
        body = request.read()
        timeout = _timeout(request)
        with _translated(request):
            talk = self._begin(request, body)
            try:
                status, headers = talk.head(timeout)
            except BaseException:
                talk.leave()
                raise
        return httpx.Response(status, headers=headers, stream=_Parts(talk, request, timeout))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request; its stream is read chunk by chunk."""
        body = await request.aread()
        timeout = _timeout(request)
        with _translated(request):
            talk = self._begin(request, body)
            try:
                status, headers = await _apart(partial(talk.head, timeout))
            except BaseException:
                talk.leave()
                raise
        return httpx.Response(status, headers=headers, stream=_Parts(talk, request, timeout))

    def _begin(self, request: httpx.Request, body: bytes) -> Exchange:
        url = (request.url.scheme, request.url.host, request.url.raw_path)
        return Exchange(
            self._application,
            self._loop,
            request.method,
            url,
            headers=request.headers.raw,
            body=body,
        )

    def close(self) -> None:
        """Close what the transport owns."""
        on_close, self.on_close = self.on_close, lambda: None
        on_close()

    async def aclose(self) -> None:
        """Close what the transport owns."""
        await anyio.to_thread.run_sync(self.close)


class _Parts(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of an answer, part by part."""

    def __init__(self, talk: Exchange, request: httpx.Request, timeout: float | None) -> None:
        self._talk = talk
        self._request = request
        self._timeout = timeout

    def __iter__(self) -> Iterator[bytes]:
        more = True
        while more:
            with _translated(self._request):
                part, more = self._talk.part(self._timeout)
            if part:
                yield part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            with _translated(self._request):
                part, more = await _apart(partial(self._talk.part, self._timeout))
            if part:
                yield part

    def close(self) -> None:
        self._talk.leave()

    async def aclose(self) -> None:
        self._talk.leave()


async def _apart(wait: Callable[[], T]) -> T:
    # In a thread, whichever library runs the caller's loop; it ends when the exchange is left.
    return await anyio.to_thread.run_sync(wait, abandon_on_cancel=True)


@contextmanager
def _translated(request: httpx.Request) -> Iterator[None]:
    """Errors as a client of a socket would see them."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except ResetError as error:
        raise httpx.ReadError(str(error), request=request) from error
    except CutOffError as error:
        raise httpx.RemoteProtocolError(str(error), request=request) from error


def _timeout(request: httpx.Request) -> float | None:
    seconds: float | None = request.extensions.get("timeout", {}).get("read")
    return seconds
