"""Servers that run elsewhere, for tests to make projects on."""

from together_mock.testing.line import ControlError, Line, UnreachableError, UnusableError
from together_mock.testing.servers import ProjectHost

_UNAUTHORIZED, _NOT_FOUND = 401, 404


class RemoteServer(ProjectHost):
    """A server that runs elsewhere, and may be shared with others."""

    def __init__(self, url: str, admin_token: str | None = None, run: str = "") -> None:
        """Look whether the server is there.

        Args:
            url: its root URL; a `/v1` at its end, as clients have it, is left out.
            admin_token: what its control plane asks for.
            run: tells this user of it from all others.

        Raises:
            UnreachableError: there is no server, or it is not ready.
            ControlError: it is another kind of server.
            UnusableError: nobody can make projects there without a token, or with this one.
        """
        super().__init__(run)
        self._line = Line(url.rstrip("/").removesuffix("/v1"), admin_token)
        self.url = self._line.url
        try:
            self._line.call("GET", "/ready", key="-")
            self._try_the_door()
        except (ControlError, UnreachableError, UnusableError):
            self._line.close()
            raise

    def _try_the_door(self) -> None:
        """Ask for a project that nobody has: who may not is told so first."""
        try:
            nobody = {"X-Mock-Project": "nobody at all"}
            self._line.call("GET", "/project", key="-", headers=nobody)
        except ControlError as error:
            if error.code == "admin_token":
                raise UnusableError(f"{error.message}: --together-mock-admin-token") from error
            if error.status == _UNAUTHORIZED:
                raise UnusableError(
                    "it takes the keys that it was started with (--api-key) and no others, so no"
                    " test can have a project of its own: start it without, or with --admin-token"
                ) from error
            if error.status != _NOT_FOUND:
                raise

    @property
    def line(self) -> Line:
        """The line to its control plane."""
        return self._line

    def stop(self) -> None:
        """Delete what was made there; the server goes on."""
        self.close_projects()
        self._line.close()
