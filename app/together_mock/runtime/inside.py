"""The application without a socket: a world on an event loop in a thread, and exchanges with it."""

import asyncio
import threading
from collections.abc import Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import unquote

from together_mock.api.guard import DROP, RESET
from together_mock.asgi import Application
from together_mock.bootstrap import StartError, apply_start, build_world
from together_mock.core.clock import RealTime
from together_mock.runtime.heartbeat import Heartbeat
from together_mock.runtime.server import run_loop, widen
from together_mock.settings import Settings

# What clients may call it. The name can never be looked up, so nobody else is asked by mistake.
URL = "http://together-mock.invalid"
Headers = Iterable[tuple[bytes, bytes]]


class InsideServer:
    """A world that is served to this process alone."""

    url = URL

    def __init__(self, settings: Settings, time: RealTime | None = None) -> None:
        """Open the database; nothing is served yet.

        Raises:
            StartError: the options cannot be started with.
        """
        self.world = build_world(settings, time)
        self.application = Application(self.world)
        self._heartbeat = Heartbeat(self.world)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="together-mock", daemon=True)

    def start(self) -> None:
        """Serve; returns once requests are answered.

        Raises:
            StartError: a state file cannot be applied.
        """
        try:
            apply_start(self.world)
        except StartError:
            self.world.close()
            raise
        self.application.load()
        self._heartbeat.start()
        self._thread.start()
        self._ready.wait()

    def _run(self) -> None:
        run_loop(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        widen()
        self._ready.set()
        await self._stop.wait()

    def stop(self) -> None:
        """Stop serving and close everything; exchanges under way are cut off."""
        self.world.stopping = True
        self.loop.call_soon_threadsafe(self.application.end_streams)
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._heartbeat.stop()
        self.world.close()


class CutOffError(Exception):
    """The application ended an exchange before its answer was complete, or is gone."""


class ResetError(CutOffError):
    """A fault reset the connection, where there is one."""


class Exchange:
    """One request to an application, and its answer as it comes; safe to use from any thread."""

    def __init__(
        self,
        application: Application,
        loop: asyncio.AbstractEventLoop,
        method: str,
        url: tuple[str, str, bytes],
        *,
        headers: Headers,
        body: bytes,
    ) -> None:
        """Begin it.

        Args:
            application: what is asked.
            loop: the event loop that it lives on.
            method: of the request.
            url: scheme, host and path, the path quoted and with its query.
            headers: of the request.
            body: of the request, whole.

        Raises:
            CutOffError: the application is gone.
        """
        self._application = application
        self._loop = loop
        self._scope = _scope(method, url, headers)
        self._scope["state"] = {RESET: self._reset, DROP: self._drop}
        self._body: bytes | None = body
        self._messages: SimpleQueue[dict[str, Any] | BaseException | None] = SimpleQueue()
        self._gone = asyncio.Event()
        running = self._run()
        try:
            asyncio.run_coroutine_threadsafe(running, loop)
        except RuntimeError as error:
            running.close()
            raise CutOffError("the server was stopped") from error

    async def _run(self) -> None:
        try:
            await self._application(self._scope, self._receive, self._send)
        except BaseException as error:
            self._messages.put(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._messages.put(None)

    def _reset(self) -> None:
        self._messages.put(ResetError("a fault reset the connection"))
        self._gone.set()

    def _drop(self) -> None:
        self._messages.put(None)
        self._gone.set()

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self._messages.put(dict(message))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._gone.set()

    def head(self, timeout: float | None = None) -> tuple[int, list[tuple[bytes, bytes]]]:
        """The answer's status and headers.

        Raises:
            CutOffError: there is no answer; `ResetError`, as a fault reset the connection.
            TimeoutError: none came within the timeout, in seconds.
        """
        message = self._next(timeout)
        return message["status"], list(message.get("headers", []))

    def part(self, timeout: float | None = None) -> tuple[bytes, bool]:
        """The next part of the answer's body, and whether there are more.

        Raises:
            CutOffError: the answer ends before its end.
            TimeoutError: nothing came within the timeout, in seconds.
        """
        message = self._next(timeout)
        return message.get("body", b""), bool(message.get("more_body"))

    def _next(self, timeout: float | None) -> dict[str, Any]:
        try:
            message = self._messages.get(timeout=timeout)
        except Empty:
            raise TimeoutError(f"nothing came within {timeout:g} s") from None
        if isinstance(message, dict):
            return message
        if isinstance(message, ResetError):
            raise message
        if isinstance(message, Exception):
            raise CutOffError(f"the application failed: {message}") from message
        raise CutOffError("the server cut the answer off")

    def leave(self) -> None:
        """Listen no more; the application hears of it, and whoever waits for a part."""
        self._messages.put(None)
        with suppress(RuntimeError):  # a loop that has ended serves nobody any more
            self._loop.call_soon_threadsafe(self._gone.set)


def _scope(method: str, url: tuple[str, str, bytes], headers: Headers) -> dict[str, Any]:
    scheme, host, target = url
    path, _, query = target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in headers],
        "server": (host, 80),
        "client": ("127.0.0.1", 0),
    }
