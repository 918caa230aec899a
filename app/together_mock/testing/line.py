"""A line to a server's control plane, over HTTP: one connection, used by whoever asks next."""

import http.client
import json
import select
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from together_mock.runtime.inside import InsideServer
    from together_mock.runtime.server import ThreadedServer

_SECONDS = 60.0
_REFUSED = 400


class ControlError(Exception):
    """The control plane refused a call.

    `status` is the answer's; `code`, `param` and `message` are its error object's.
    """

    def __init__(self, call: str, status: int, error: Mapping[str, Any]) -> None:
        self.status = status
        self.code: str | None = error.get("code")
        self.param: str | None = error.get("param")
        self.message: str = str(error.get("message", ""))
        where = f" ({self.param})" if self.param and self.param not in self.message else ""
        super().__init__(f"{call} answered {status}{where}: {self.message}")


class UnreachableError(Exception):
    """There is no server where one was said to be."""


class UnusableError(Exception):
    """There is a server, and it lets nobody make projects who has no more than was given."""


class Line:
    """Calls the control plane of the server at a root URL. Thread-safe."""

    def __init__(self, url: str, admin_token: str | None = None) -> None:
        """Take note of where the server is; the first call connects.

        Raises:
            UnreachableError: it is no URL of a server.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UnreachableError(f"{url} is not the URL of a server (http://HOST:PORT)")
        self.url = url.rstrip("/")
        self._prefix = parts.path.rstrip("/")
        self._host, self._is_tls = parts.netloc.rpartition("@")[2], parts.scheme == "https"
        self._headers = {"Content-Type": "application/json"}
        if admin_token:
            self._headers["X-Mock-Admin-Token"] = admin_token
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """An answer's JSON, its text when it is none, or None when it is empty.

        Args:
            method: of the request.
            path: below `/_mock`, quoted where it has to be.
            body: sent as JSON unless it is None.
            key: the bearer key of the project.
            query: parameters; those that are None are left out.
            headers: more of them.

        Raises:
            ControlError: the server refused.
            UnreachableError: there is none.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{self._prefix}/_mock{path}" + (f"?{urlencode(given)}" if given else "")
        sent = None if body is None else json.dumps(body, default=str).encode()
        fields = {"Authorization": f"Bearer {key}", **self._headers, **(headers or {})}
        status, kind, text = self._exchange(method, target, sent, fields)
        if status >= _REFUSED:
            raise ControlError(f"{method} /_mock{path}", status, _error(text))
        return json.loads(text) if text and kind == "application/json" else (text or None)

    def _exchange(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, str, str]:
        with self._lock:
            try:
                connection = self._connected()
                connection.request(method, target, body, dict(headers))
                answer = connection.getresponse()
                text = answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                self._hang_up()
                reason = str(error) or type(error).__name__
                raise UnreachableError(
                    f"no together-mock answers at {self.url}: {reason}"
                ) from error
            return answer.status, answer.getheader("content-type", "").partition(";")[0], text

    def _connected(self) -> http.client.HTTPConnection:
        """The connection; another one if the server has closed it since, as it does idle ones."""
        if self._connection is not None and self._is_closed(self._connection):
            self._hang_up()
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._is_tls else http.client.HTTPConnection
            self._connection = kind(self._host, timeout=_SECONDS)
            self._connection.connect()
        return self._connection

    @staticmethod
    def _is_closed(connection: http.client.HTTPConnection) -> bool:
        # Between two calls there is nothing to be read but the end.
        if connection.sock is None:
            return True
        return bool(select.select([connection.sock], [], [], 0)[0])

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def another(self) -> "Line":
        """A line to the same server, for a call that takes its time."""
        return Line(self.url, self._headers.get("X-Mock-Admin-Token"))

    def close(self) -> None:
        """Close the connection; another call opens another one."""
        with self._lock:
            self._hang_up()


class InsideLine(Line):
    """The same to a server that has no socket."""

    def __init__(
        self, server: "ThreadedServer | InsideServer", url: str, admin_token: str | None = None
    ) -> None:
        super().__init__(url, admin_token)
        self._server = server

    def another(self) -> Line:
        """A line to the same server, for a call that takes its time."""
        return self

    def _exchange(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, str, str]:
        from together_mock.runtime.inside import CutOffError, Exchange

        url = ("http", "together-mock.invalid", target.encode())
        given = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            application, loop = self._server.application, self._server.loop
            talk = Exchange(application, loop, method, url, headers=given, body=body or b"")
            status, fields = talk.head(_SECONDS)
            parts, more = [], True
            while more:
                part, more = talk.part(_SECONDS)
                parts.append(part)
        except (CutOffError, TimeoutError) as error:
            raise UnreachableError(f"the server gave no answer: {error}") from error
        kind = dict(fields).get(b"content-type", b"").decode().partition(";")[0]
        return status, kind, b"".join(parts).decode()


def quoted(part: str) -> str:
    """A segment of a path, such as an id that a test has chosen."""
    return quote(part, safe="")


def _error(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        return {"message": text.strip() or "no reason was given"}
    return found if isinstance(found, dict) else {"message": str(found)}
