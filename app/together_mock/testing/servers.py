"""Servers that tests make projects on, and those that run in this process."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from together_mock.testing import documents, identity
from together_mock.testing.documents import State
from together_mock.testing.line import ControlError, InsideLine, Line
from together_mock.testing.options import Files, settings_of
from together_mock.testing.project import MockProject

if TYPE_CHECKING:
    from together_mock.runtime.inside import InsideServer
    from together_mock.runtime.server import ThreadedServer
    from together_mock.testing.transports import MockTransport

# Where the clocks of tests begin.
START = "2026-01-01T00:00:00Z"
# What a test's project is like unless the test says otherwise.
STILL: Mapping[str, Any] = {"clock": {"now": START, "rate": 0}, "preset": "instant"}
_CONFLICT = 409
_MOST_NAMESAKES = 1000


class ProjectHost:
    """What has projects: `project` makes one.

    `run` tells apart those who share a server; it is None where nobody does.
    """

    def __init__(self, run: str | None = None) -> None:
        self._run = run
        self._numbers = count(1)
        self._open: dict[str, MockProject] = {}

    @property
    def line(self) -> Line:
        """The line to the server's control plane.

        Raises:
            RuntimeError: it does not run.
        """
        raise NotImplementedError

    def project(
        self,
        name: str | None = None,
        *,
        key: str | None = None,
        seed: str | int | None = None,
        preset: str | None = None,
        state: State | None = None,
        capacity: Mapping[str, Any] | None = None,
        defaults: Mapping[str, Any] | None = None,
        folder: Path | None = None,
    ) -> MockProject:
        """Make a project.

        Args:
            name: what its key, slug and seed follow from; None is a number.
            key: its bearer key, instead of one that follows from the name.
            seed: of its generated values, instead of the name.
            preset: its lifecycle preset.
            state: the document that it starts from, or the name of a file of one.
            capacity: its pools, as `PUT /_mock/capacity` takes them.
            defaults: of what the state document leaves out; None is what the server was told.
            folder: where the name of a file is looked up first; then in the working directory.

        Raises:
            ControlError: the server refused one of them; or the name or the slug has a project
                already, and the server is one's own. On a shared one another slug is found.
            OSError, ValueError: the file cannot be read, or holds no document.
        """
        name = name or f"project {next(self._numbers)}"
        given = {} if state is None else documents.read(state, folder)
        base = {"seed": identity.seed_of(name), **(defaults or {})}
        start = documents.with_defaults(given, base)
        for field, value in (("seed", seed), ("preset", preset), ("capacity", capacity)):
            if value is not None:
                start[field] = str(value) if field == "seed" else value
        slug = documents.slug_of(given) or identity.slug_of(name)
        used, shown = self._found(
            start, key or identity.key_of(name, self._run or ""), slug, bool(key)
        )
        made = MockProject(self.line, used, shown, {**base, "seed": start["seed"]})
        made.folder = folder
        self._open[used] = made
        made.on_close = partial(self._open.pop, used, None)
        return made

    def existing(self, key: str) -> MockProject:
        """The project that a key leads to, such as one of a state file; made on first use.

        Raises:
            ControlError: the server does not accept the key.
        """
        shown = self.line.call("GET", "/project", key=key)
        return MockProject(self.line, key, shown, {})

    def _found(
        self, start: Mapping[str, Any], key: str, slug: str, is_given: bool
    ) -> tuple[str, Mapping[str, Any]]:
        """Make the project; where others make some too, under another name if that is in use."""
        for mark in ["", *self._marks()]:
            used = key if is_given else key + mark
            document = {**start, "api_key": used, "project": {"slug": slug + mark}}
            try:
                shown: Mapping[str, Any] = self.line.call("POST", "/projects", document, key=used)
            except ControlError as error:
                taken = error.status == _CONFLICT and error.code == "project_exists"
                if not taken or self._run is None or (is_given and error.param == "api_key"):
                    raise
            else:
                return used, shown
        raise RuntimeError(f"{_MOST_NAMESAKES} projects are called {slug} already")

    def _marks(self) -> Iterator[str]:
        if self._run is None:
            return
        run = f"-{identity.mark_of(self._run)}" if self._run else ""
        if run:
            yield run
        yield from (f"{run}-{number}" for number in range(2, _MOST_NAMESAKES))

    def close_projects(self) -> None:
        """Delete the projects that are still there."""
        for project in list(self._open.values()):
            project.close()


class MockServer(ProjectHost):
    """A server in a thread of this process. A context manager: it runs within its block."""

    def __init__(self, port: int | None = 0, *, state: Files = (), **options: Any) -> None:
        """Check the options; nothing is started yet.

        Args:
            port: to listen on; 0 is a free one, None is no socket: `transport` leads to it.
            state: files of state documents that are applied before it is ready.
            options: the others of `together-mock serve`, such as `preset="fast"`, `clock_rate=0`,
                `api_keys=["key"]`; see `together_mock.settings.Settings`.

        Raises:
            TypeError: there is no such option, or it takes another type.
            ValueError: an option does not take the value.
        """
        super().__init__()
        self._has_socket = port is not None
        self._settings = settings_of(port, state, options)
        self._running: ThreadedServer | InsideServer | None = None
        self._line: Line | None = None

    def start(self) -> Self:
        """Start it; returns once requests are answered.

        Raises:
            StartError: an option that it cannot start with; the text names it and its value.
            RuntimeError: it runs already.
        """
        if self._running is not None:
            raise RuntimeError("this MockServer runs already")
        running = self._made()
        running.start()
        self._running = running
        token = self._settings.admin_token
        self._line = (
            Line(running.url, token)
            if self._has_socket
            else InsideLine(running, running.url, token)
        )
        return self

    def _made(self) -> "ThreadedServer | InsideServer":
        if self._has_socket:
            from together_mock.runtime.server import ThreadedServer

            return ThreadedServer(self._settings)
        from together_mock.runtime.inside import InsideServer

        return InsideServer(self._settings)

    def stop(self) -> None:
        """Stop it; what it held is gone, unless it has a `database`."""
        if self._running is None:
            return
        if self._line is not None:
            self._line.close()
        running, self._running, self._line = self._running, None, None
        running.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def line(self) -> Line:
        """The line to its control plane.

        Raises:
            RuntimeError: it does not run.
        """
        if self._line is None:
            raise RuntimeError("this MockServer does not run: use it in a with block, or start it")
        return self._line

    @property
    def url(self) -> str:
        """Its root URL.

        Raises:
            RuntimeError: it does not run.
        """
        return self.line.url

    @property
    def base_url(self) -> str:
        """The base URL of `together` 1.x and 2.x, and of OpenAI clients: it ends in `/v1`."""
        return f"{self.url}/v1"

    def transport(self) -> "MockTransport":
        """A transport for `httpx` clients, sync or async, which goes around the socket.

        Raises:
            RuntimeError: it does not run.
            ImportError: httpx is not installed.
        """
        from together_mock.testing.transports import MockTransport

        if self._running is None:
            raise RuntimeError("this MockServer does not run: use it in a with block, or start it")
        return MockTransport(self._running.application, self._running.loop)
