"""Child processes: the server under test, the yardstick, and what the system tells of them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Beside the interpreter, so that the installed command is measured as a user runs it.
COMMAND = Path(sys.executable).with_name("together-mock")


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    url: str
    pid: int


def environment() -> dict[str, str]:
    """The environment of children: bytecode is cached, no option of the server is preset."""
    return {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("TOGETHER_MOCK_")
    }


@contextmanager
def mock(*options: str) -> Iterator[Served]:
    """`together-mock serve` on a free port."""
    with _serving([str(COMMAND), "serve", "--port", "0", *options]) as served:
        yield served


@contextmanager
def bare(size: int, *chunks: int) -> Iterator[Served]:
    """The yardstick, answering with `size` bytes, or with as many chunks of that size."""
    command = [sys.executable, "-m", "benchmarks.bare", *map(str, (size, *chunks))]
    with _serving(command) as served:
        yield served


@contextmanager
def _serving(command: list[str]) -> Iterator[Served]:
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), cwd=ROOT)
    try:
        assert child.stdout
        line = child.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(command)} ended with status {child.wait()}")
        yield Served(json.loads(line)["url"], child.pid)
    finally:
        child.terminate()
        child.communicate(timeout=30)


def seconds_of_python(code: str) -> float:
    """How long an interpreter takes until it has run `code`; its own end is not waited for."""
    started = time.perf_counter()
    code = f"{code}\nimport os\nos._exit(0)"
    subprocess.run([sys.executable, "-c", code], env=environment(), cwd=ROOT, check=True)
    return time.perf_counter() - started


def resident_megabytes(pid: int) -> float:
    """A process's resident set, in MB of 10^6 bytes; Linux only."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kibibytes) * 1024 / 1e6
