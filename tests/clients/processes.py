"""Processes of their own: the server, and clients that share nothing with this one."""

import json
import os
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
    """`together-mock serve` on a free port, clocks standing still."""

    def __init__(self, *options: str, folder: Path | None = None) -> None:
        command = [Path(sys.executable).with_name("together-mock"), "serve", "--port", "0"]
        frozen = ("--clock-rate", "0", "--start-at", START, "--log-level", "warning")
        self._process = subprocess.Popen(
            [*command, *frozen, *options],
            stdout=subprocess.PIPE,
            text=True,
            env=_bare(),
            cwd=folder,
        )
        assert self._process.stdout
        self.root: str = json.loads(self._process.stdout.readline())["url"]

    def stop(self) -> int:
        """Stop it as a supervisor would; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        with self._process:
            return self._process.wait(timeout=10)


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
        return {
            **_bare(),
            **homes,
            "PATH": f"{self.programs}:{os.defpath}",
            "HOME": str(self.home),
            "COLUMNS": "200",
            "TOGETHER_BASE_URL": f"{self.root}{self.base}",
            "TOGETHER_API_KEY": self.key,
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
