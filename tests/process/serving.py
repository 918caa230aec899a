"""`together-mock` as a process of its own, as supervisors and scripts run it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from support import START, Api

COMMAND = [sys.executable, "-m", "together_mock"]
FROZEN = ("--clock-rate", "0", "--start-at", START)
PATIENCE = 30


def environment(**variables: str) -> dict[str, str]:
    """An environment into which nothing of the caller's reaches."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", **variables}


def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment(**variables),
        timeout=PATIENCE,
        check=False,
    )


class Served:
    """A server on a free port; leaving the block kills it, if it still runs."""

    def __init__(self, *options: str | Path, **variables: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**{"TOGETHER_MOCK_PORT": "0", **variables}),
        )
        assert self.process.stdout
        self._apis: list[Api] = []
        self.line = self.process.stdout.readline()
        self.ready: dict[str, Any] = json.loads(self.line) if self.line else {}
        self.root: str = self.ready.get("url", "")

    def api(self, key: str | None = None) -> Api:
        """A fresh project, or the one of a key."""
        self._apis.append(Api(self.root, key))
        return self._apis[-1]

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Stop it; exit status, the rest of standard output, and standard error."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for api in self._apis:
            api.http.close()
        if self.process.poll() is None:
            self.kill()
