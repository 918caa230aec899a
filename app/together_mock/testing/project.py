"""A project of a server as a test sees it: where clients find it, and what the test does to it."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, TypeAlias

from together_mock.testing import documents, verdicts
from together_mock.testing.clock import Duration, MockClock, id_of, seconds
from together_mock.testing.documents import State
from together_mock.testing.identity import ProjectId, unnumbered
from together_mock.testing.line import ControlError, Line, quoted

Document: TypeAlias = dict[str, Any]
_ALL_EVENTS = {"query": {"follow": "false"}, "headers": {"Last-Event-ID": "0"}}


class MockProject:
    """One project. A context manager: at its end the project is deleted.

    `api_key` is the bearer key that leads to it, `project` its id, with `.slug` and
    `.organization_id`; `clock` moves its time.
    """

    def __init__(
        self, line: Line, key: str, shown: Mapping[str, Any], defaults: Mapping[str, Any]
    ) -> None:
        self.api_key = key
        self.project = ProjectId.of(shown)
        self.clock = MockClock(self.call)
        self._line = line
        # What a document that is loaded has where it says nothing.
        self._defaults = defaults
        # Where `load` looks for files first: beside the test.
        self.folder: Path | None = None
        self.is_open = True
        # Called once when it is closed.
        self.on_close: Callable[[], object] = lambda: None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.project.slug} at {self.root_url}>"

    @property
    def root_url(self) -> str:
        """The base URL of `together` 3.x."""
        return self._line.url

    @property
    def base_url(self) -> str:
        """The base URL of `together` 1.x and 2.x, and of OpenAI clients: it ends in `/v1`."""
        return f"{self._line.url}/v1"

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Call a route of the control plane that has no method here; `path` is below `/_mock`.

        Raises:
            ControlError: it was refused.
        """
        return self._line.call(method, path, body, key=self.api_key, **options)

    # Setting up ----------------------------------------------------------------------------

    def preset(self, name: str) -> None:
        """Put a lifecycle preset in force: `instant`, `fast`, `realistic` or `manual`."""
        self.call("PUT", "/preset", {"preset": name})

    def profile(self, name: str, doc: Mapping[str, Any] | None = None, **fields: Any) -> Document:
        """Set timings by selector, as `PUT /_mock/profiles/{name}` takes them."""
        return self._put("PUT", f"/profiles/{quoted(name)}", doc, fields)

    def capacity(self, doc: Mapping[str, Any] | None = None, **fields: Any) -> Document:
        """Put pools in force (`pools=`, `on_exhausted=`, `at=`), or, with neither, show them."""
        if doc is None and not fields:
            return self._got("/capacity")
        return self._put("PUT", "/capacity", doc, fields)

    def fault(self, doc: Mapping[str, Any] | None = None, **fields: Any) -> Document:
        """Set a fault, as `POST /_mock/faults` takes it; it, with its id."""
        return self._put("POST", "/faults", doc, fields)

    def faults(self) -> list[Document]:
        """The faults in force, with `hits` and `remaining`."""
        return self._rows("/faults")

    def script(self, doc: Mapping[str, Any] | None = None, **fields: Any) -> Document:
        """Say what a model answers, as `POST /_mock/scripts` takes it; it, with its id."""
        return self._put("POST", "/scripts", doc, fields)

    def scripts(self) -> list[Document]:
        """The scripts in force, with `hits` and `remaining`."""
        return self._rows("/scripts")

    def traffic(self, endpoint: Any, curve: str | None, **fields: Any) -> Document:
        """Put a synthetic load on an endpoint, as `POST /_mock/load`; a None curve takes it off."""
        return self._put("POST", "/load", {"endpoint": id_of(endpoint), "curve": curve}, fields)

    def transition(self, endpoint: Any, to: str, reason: str | None = None) -> Document:
        """Put an endpoint into a state now; its timeline."""
        return self._put("POST", _of(endpoint, "transition"), {"to": to, "reason": reason}, {})

    def hold(self, endpoint: Any, before: str) -> Document:
        """Park an endpoint just before a state; its timeline."""
        return self._put("POST", _of(endpoint, "hold"), {"before": before}, {})

    def release(self, endpoint: Any) -> Document:
        """Let a parked endpoint go on; its timeline."""
        return self._put("POST", _of(endpoint, "release"), None, {})

    def balance(self, dollars: float | str | Decimal | None) -> Document:
        """Set what is left to spend; None is no limit. The bill."""
        left = None if dollars is None else f"{Decimal(str(dollars)):f}"
        return self._put("PUT", "/billing", {"balance": left}, {})

    # Looking -------------------------------------------------------------------------------

    def requests(
        self,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        *,
        endpoint: Any = None,
        limit: int | None = None,
    ) -> list[Document]:
        """The requests that were made, newest first; `path` takes `*`."""
        named = None if endpoint is None else id_of(endpoint)
        query = {"method": method, "path": path, "status": status, "endpoint": named}
        return self._rows("/requests", query | {"limit": limit})

    def verify(
        self,
        method: str | None = None,
        path: str | None = None,
        body: Mapping[str, Any] | None = None,
        times: int | Mapping[str, int] | None = None,
        *,
        operation: str | None = None,
        status: int | None = None,
        endpoint: Any = None,
        at_least: int | None = None,
        at_most: int | None = None,
    ) -> None:
        """Check that a request was made as often as it should have been.

        Args:
            method: of the request.
            path: of the request; `*` is any part of it.
            body: a subset of the request's body.
            times: how often exactly; once unless `at_least` or `at_most` is given.
            operation: its name in the API's document, such as `createEndpoint`.
            status: of its answer.
            endpoint: which it was about, by id, or as a client answered it.
            at_least: how often at least.
            at_most: how often at most.

        Raises:
            AssertionError: it was not; with the requests that come closest, and how they differ.
        """
        named = None if endpoint is None else id_of(endpoint)
        texts = {"method": method, "path": path, "operation": operation, "endpoint": named}
        match = documents.given({**texts, "status": status, "body": body})
        how_often = verdicts.times(times, at_least, at_most)
        verdict = self.call("POST", "/requests/verify", {"match": match, "times": how_often})
        if not verdict["ok"]:
            raise AssertionError(verdicts.explained(match, how_often, verdict, self.requests()))

    def billing(self) -> Document:
        """The bill so far, as `GET /_mock/billing` shows it."""
        return self._got("/billing")

    @property
    def cost(self) -> Decimal:
        """What was spent so far, in dollars."""
        return Decimal(self.billing()["total"])

    def forecast(self, horizon: Duration = "30d") -> Decimal:
        """What will have been spent at the end of a horizon if nobody does anything, in dollars."""
        shown = self.call("POST", "/billing/forecast", {"horizon": seconds(horizon)})
        return Decimal(shown["total"])

    def running(self) -> list[Document]:
        """What is billed, or will be once it has started, and what a month of it costs."""
        return self._rows("/billing/running")

    def timeline(self, endpoint: Any) -> Document:
        """Where an endpoint stands, what comes next and why, and what happened so far."""
        return self._got(_of(endpoint, "timeline"))

    def events(self) -> list[Document]:
        """Everything that has happened so far, oldest first; numbers, a server's own, left out."""
        text = self.call("GET", "/events", **_ALL_EVENTS)
        lines = [line for line in text.splitlines() if line.startswith("data: ")]
        return [unnumbered(json.loads(line.removeprefix("data: "))) for line in lines]

    def wait(
        self,
        kind: str = "*",
        *,
        endpoint: Any = None,
        to: str | None = None,
        timeout: Duration = "2s",
    ) -> Document:
        """The first event that matches: one that has happened, or the next to come.

        Args:
            kind: its type, such as `"endpoint.state_changed"`; `*` is any.
            endpoint: which it is about, by id, or as a client answered it.
            to: the state that it leads to.
            timeout: how long to wait for it.

        Raises:
            ControlError: none came within the timeout, which is real time.
        """
        wanted = {"type": kind, "to": to, "timeout": seconds(timeout)}
        if endpoint is not None:
            wanted["endpoint"] = id_of(endpoint)
        # On a line of its own: the test goes on using the other one.
        line = self._line.another()
        try:
            return unnumbered(line.call("POST", "/events/wait", wanted, key=self.api_key))
        finally:
            line.close()

    # The whole of it -----------------------------------------------------------------------

    def state(self) -> Document:
        """The whole project as one document, which `load` and `serve --state` take."""
        return self._got("/state")

    def snapshot(self) -> Document:
        """The project as it is now, for `restore`: all of it."""
        return self.state()

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back to a snapshot; the clock too."""
        self.call("PUT", "/state", documents.with_defaults(snapshot, self._defaults))

    def load(self, state: State) -> Document:
        """Replace everything by a state document, or by a file of one; the project as it is then.

        What the document says of whose it is does not count, except for its slug where that is
        free. Seed, clock and preset stay those of this project where it says nothing.

        Raises:
            ControlError, ValueError: the document is at fault; nothing was changed.
            OSError: the file is neither beside the test nor in the working directory.
        """
        given = documents.read(state, self.folder)
        whole = documents.with_defaults(given, self._defaults)
        slug = documents.slug_of(given)
        if slug is None or slug == self.project.slug:
            return self._put("PUT", "/state", whole, {})
        try:
            shown = self._put("PUT", "/state", {**whole, "project": {"slug": slug}}, {})
        except ControlError as error:
            if error.param != "project.slug":
                raise
            return self._put("PUT", "/state", whole, {})
        self.project = ProjectId.of(self._got("/project"))
        return shown

    def reset(self, *only: str) -> None:
        """Bring the project, or the parts that are named, back to how it started."""
        self.call("POST", "/reset", {"only": list(only)} if only else None)

    def close(self) -> None:
        """Delete the project; a second time nothing happens."""
        if self.is_open:
            self.is_open = False
            self.call("DELETE", "/project")
            self.on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _put(
        self, method: str, path: str, doc: Mapping[str, Any] | None, fields: Mapping[str, Any]
    ) -> Document:
        body = {**(doc or {}), **fields}
        shown: Document = self.call(method, path, body or None)
        return shown

    def _got(self, path: str) -> Document:
        shown: Document = self.call("GET", path)
        return shown

    def _rows(self, path: str, query: Mapping[str, object] | None = None) -> list[Document]:
        rows: list[Document] = self.call("GET", path, query=query)["data"]
        return rows


def _of(endpoint: Any, what: str) -> str:
    return f"/endpoints/{quoted(id_of(endpoint))}/{what}"
