"""Uvicorn around a world: the socket, the threads, and a clean stop."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from uvicorn.config import Config
from uvicorn.server import Server as UvicornServer

from together_mock.asgi import Application
from together_mock.bootstrap import StartError, apply_start, build_world
from together_mock.core.clock import RealTime
from together_mock.runtime.heartbeat import Heartbeat
from together_mock.runtime.wire import GatheringProtocol
from together_mock.settings import Settings

log = logging.getLogger("together_mock")
# How long open streams may go on after a stop was asked for; the contract allows 2 s in all.
_GRACE_SECONDS = 1
# How long an idle connection is kept: longer than clients keep theirs. On one that both let go at
# once, a request may be sent as it closes; httpx, which the SDKs use, does so after five seconds.
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 2048
# Threads cost nothing before they are needed. Those of requests that wait for a store which another
# process has must leave some for those that need not wait.
_THREADS = 512
# Seconds from being ready until the rest of the application is loaded, unless it is asked for.
_HEAD_START = 0.1


class _Uvicorn(UvicornServer):
    """Uvicorn without its signal handling, which would end the process with the signal's status."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """A world that is served on a socket."""

    def __init__(self, settings: Settings, time: RealTime | None = None) -> None:
        """Open the database and the socket; nothing is served yet.

        Raises:
            StartError: the options cannot be started with.
        """
        self._socket = _bind(settings.host, settings.port)
        try:
            self.world = build_world(settings, time)
        except BaseException:
            self._socket.close()
            raise
        self._heartbeat = Heartbeat(self.world)
        self._host = settings.host
        self.loop: asyncio.AbstractEventLoop | None = None
        self.application = Application(self.world)
        self._uvicorn = _Uvicorn(
            Config(
                self.application,
                http=GatheringProtocol,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )

    @property
    def url(self) -> str:
        """The server's root URL; port 0 has become a real one."""
        host, port = self._socket.getsockname()[:2]
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
        return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"

    def apply_start(self) -> None:
        """Apply keys and state files; see `bootstrap.apply_start`."""
        apply_start(self.world)

    def load(self) -> None:
        """Load all of the application, which is otherwise done behind the first answers."""
        self.application.load()

    async def serve(self, on_ready: Callable[[], None]) -> None:
        """Serve until `stop` is called; `on_ready` is called once requests are answered.

        What `on_ready` raises ends the server, and is raised.
        """
        self.loop = asyncio.get_running_loop()
        self._heartbeat.start()
        ready = asyncio.create_task(self._announce(on_ready))
        try:
            await self._uvicorn.serve(sockets=[self._socket])
        finally:
            ready.cancel()
        if ready.done() and not ready.cancelled():
            ready.result()

    async def _announce(self, on_ready: Callable[[], None]) -> None:
        while not self._uvicorn.started:
            await asyncio.sleep(0.001)
        try:
            on_ready()
        except BaseException:
            self.stop()
            raise
        # Whoever waited for the server has the processor first.
        await asyncio.sleep(_HEAD_START)
        await asyncio.wrap_future(self.application.start_loading())
        widen()

    def stop(self) -> None:
        """Ask the server to stop; safe to call from a signal handler or another thread."""
        self.world.stopping = True
        self._uvicorn.should_exit = True
        with contextlib.suppress(RuntimeError):  # a loop that has ended has nobody waiting in it
            if self.loop is not None:
                self.loop.call_soon_threadsafe(self.application.end_streams)

    def close(self) -> None:
        """Flush and close everything; the server must not be serving any more."""
        self._heartbeat.stop()
        self._socket.close()
        self.world.close()


class ThreadedServer:
    """A server in a thread of this process."""

    def __init__(self, settings: Settings, time: RealTime | None = None) -> None:
        self.server = Server(settings, time)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="together-mock", daemon=True)

    def start(self) -> None:
        """Serve; returns once requests are answered.

        Raises:
            StartError: a state file cannot be applied, or nothing can be served.
        """
        try:
            self.server.apply_start()
        except StartError:
            self.server.close()
            raise
        # The framework silences a warning while it is imported, which is for the whole process:
        # beside a caller that does so too, as test runners do, one of them undoes the other's.
        self.server.load()
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            self.server.close()
            raise StartError(f"the server ended as it began: {self._failure}") from self._failure

    def _run(self) -> None:
        try:
            run_loop(self.server.serve(self._ready.set))
        except BaseException as failure:
            if self._ready.is_set():
                raise
            self._failure = failure
        finally:
            # Whoever waits for it must not do so for ever.
            self._ready.set()

    @property
    def url(self) -> str:
        """The server's root URL."""
        return self.server.url

    @property
    def application(self) -> Application:
        """What is served."""
        return self.server.application

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that it is served on."""
        assert self.server.loop is not None
        return self.server.loop

    def stop(self) -> None:
        """Stop serving and close everything."""
        self.server.stop()
        self._thread.join()
        self.server.close()


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on the loop that uvicorn would choose: uvloop where there is one."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with contextlib.suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.get_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
        runner.run(main)


def widen() -> None:
    """Give the framework, on the loop that runs, as many threads as the loop itself has."""
    from anyio.to_thread import current_default_thread_limiter

    current_default_thread_limiter().total_tokens = _THREADS


def _bind(host: str, port: int) -> socket.socket:
    # To a socket an empty address means every one.
    if not host:
        raise StartError("--host: '' is empty; 0.0.0.0 listens on every address")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it answers wait for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # At once: until one of them listens, two servers can be bound to the same port.
        listener.listen(_BACKLOG)
    except (OSError, UnicodeError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise StartError(f"--host {host} --port {port}: {reason}") from error
    return listener
