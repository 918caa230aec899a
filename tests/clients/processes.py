"""Processes of their own: the server, and clients that share nothing with this one."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import START

# No client may take longer; the waiting ones poll until the server says what they wait for.
_SECONDS = 120
_FRAMES = str.maketrans(dict.fromkeys("│╭╮╰╯├┤┬┴┼─", " "))


class ServerProcess:
    """`together-mock serve` on a free port, on a terminal, clocks standing still.

    Attributes:
        root: where it answers.
        banner: what it printed.
    """

    def __init__(
        self, *options: str, folder: Path | None = None, programs: Path | None = None
    ) -> None:
        program = (programs or Path(sys.executable).parent) / "together-mock"
        frozen = ("--clock-rate", "0", "--start-at", START, "--log-level", "warning")
        command = [program, "serve", "--port", "0", *frozen, *options]
        self._process, self.banner = on_terminal(command, folder, _bare())
        found = re.search(r"is ready at (\S+)", self.banner)
        assert found, self.banner
        self.root = found[1]

    def stop(self) -> int:
        """Stop it as a supervisor would; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        with self._process:
            return self._process.wait(timeout=10)


def on_terminal(
    command: list[Any], folder: Path | None, environment: dict[str, str]
) -> tuple[subprocess.Popen[bytes], str]:
    """A server whose standard output is a terminal, once it is ready; what it printed there."""
    terminal, server_side = pty.openpty()
    process = subprocess.Popen(command, stdout=server_side, env=environment, cwd=folder)
    os.close(server_side)
    return process, _shown(terminal)


def _shown(terminal: int) -> str:
    """What a server prints on its terminal until it is ready, or has ended."""
    shown = b""
    # The lines to export come last, and an empty line ends them.
    while not (b"export" in shown and shown.endswith(b"\r\n\r\n")):
        try:
            shown += os.read(terminal, 10_000)
        except OSError:
            # The other side is closed.
            break
    # Nothing more is printed: log lines go to standard error.
    os.close(terminal)
    return shown.decode().replace("\r\n", "\n").rstrip()


@dataclass(frozen=True)
class Ran:
    """What a command left behind, with everything that differs between runs named the same."""

    status: int
    out: str
    err: str


def printed(ran: Ran, status: int = 0) -> Any:
    """What a command printed as JSON, and nothing else."""
    assert (ran.status, ran.err) == (status, ""), ran.out
    return json.loads(ran.out)


@dataclass(frozen=True)
class Client:
    """An installed client that is aimed at one project of a server."""

    programs: Path
    home: Path
    root: str
    key: str
    # What of the base URL follows the root: 3.x spells the API's version in each path itself.
    base: str = "/v1"
    # Whether the environment says where the server is, or the commands do.
    is_aimed: bool = True

    def run(self, command: str | Path, *arguments: str | Path, **variables: str) -> Ran:
        """Run a command of the installation to its end."""
        done = subprocess.run(
            [self.programs / command, *arguments],
            capture_output=True,
            text=True,
            cwd=self.home,
            env={**self._environment(), **variables},
            timeout=_SECONDS,
            check=False,
        )
        return Ran(done.returncode, plain(done.stdout), plain(done.stderr))

    def shell(self, command: str) -> str:
        """Run a line of a walkthrough in a shell; what a reader would see in the terminal."""
        done = subprocess.run(
            ["bash", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.home,
            env={**self._environment(), "COLUMNS": "100"},
            timeout=_SECONDS,
            check=False,
        )
        return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())

    def report(self, command: str | Path, *arguments: str | Path, **variables: str) -> Any:
        """Run a script that prints JSON; what it printed."""
        ran = self.run(command, *arguments, **variables)
        assert ran.status == 0, ran.err
        return json.loads(ran.out)

    def _environment(self) -> dict[str, str]:
        homes = {f"XDG_{kind}_HOME": str(self.home) for kind in ("CONFIG", "CACHE", "DATA")}
        aim = {"TOGETHER_BASE_URL": f"{self.root}{self.base}", "TOGETHER_API_KEY": self.key}
        return {
            **_bare(),
            **homes,
            **(aim if self.is_aimed else {}),
            "PATH": f"{self.programs}:{os.defpath}",
            "HOME": str(self.home),
            "COLUMNS": "200",
            "TOGETHER_TELEMETRY_DISABLED": "1",
            "TOGETHER_DISABLE_VERSION_CHECK": "1",
            "TOGETHER_NO_BANNER": "1",
        }


def _bare() -> dict[str, str]:
    """An environment that nothing of the caller's reaches into."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}


def plain(text: str) -> str:
    """Text without table frames and padding, generated names replaced by what they are."""
    text = re.sub(r"endpoint-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ENDPOINT", text)
    text = re.sub(r"\buser_[0-9a-f]{8}\b", "OWNER", text)
    text = re.sub(r"(OWNER/\S+)-[0-9a-f]{8}\b", r"\1-SUFFIX", text)
    lines = (" ".join(line.translate(_FRAMES).split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
