"""What a server holds resident."""

import sys
from collections.abc import Iterator

from benchmarks.client import Connection, Load, request
from benchmarks.processes import mock, resident_megabytes
from benchmarks.project import Project
from benchmarks.registry import Figure, benchmark

CHATS = 1_000_000
CONNECTIONS = 32


@benchmark
def memory() -> Iterator[Figure]:
    """Resident set once the first request is answered, and after some use; Linux only."""
    if not sys.platform.startswith("linux"):
        return
    with mock() as served:
        with Connection(served.url) as connection:
            connection.send(request("GET", "/_mock/health", "bench"))
        yield Figure("memory: after the start", resident_megabytes(served.pid), "MB", below=120)
        with Project(served, "memory") as project:
            message = project.chat(project.started_endpoint())
            for _ in range(1000):
                project.connection.send(message)
        yield Figure("memory: after 1,000 chats", resident_megabytes(served.pid), "MB")


@benchmark
def endurance() -> Iterator[Figure]:
    """Resident set after a million chats, as a share of that after a tenth of them; Linux only."""
    if not sys.platform.startswith("linux"):
        return
    with mock() as served, Project(served, "endurance") as project:
        name = project.started_endpoint()
        chats = [project.chat(name, f"Question number {number}?") for number in range(5000)]
        with Load(served.url, chats, CONNECTIONS) as load:
            load.run(CHATS // 10)
            early = resident_megabytes(served.pid)
            load.run(CHATS - CHATS // 10)
        late = resident_megabytes(served.pid)
    yield Figure("endurance: resident after 100,000 chats", early, "MB")
    yield Figure("endurance: resident after 1,000,000 chats", late, "MB")
    yield Figure("endurance: growth", late / early, below=1.05)
