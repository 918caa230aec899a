"""Fixtures: one frozen server a process, servers with options of their own, a fresh project."""

import os
from collections.abc import Iterator

import pytest
from support import V2, Api, Running, ServerFactory


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some tests wait for a stop, or a store in other hands."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """A server whose clocks stand still at START, preset fast."""
    running = Running()
    yield running
    running.stop()


@pytest.fixture
def api(server: Running) -> Iterator[Api]:
    """A fresh project on the shared server."""
    api = server.api()
    yield api
    api.http.close()


@pytest.fixture
def v2(api: Api) -> V2:
    """The fresh project on the shared server, as v2 has it."""
    return V2(api)


@pytest.fixture
def start_server() -> Iterator[ServerFactory]:
    """Start servers with options of one's own; they are stopped at the end of the test."""
    started: list[Running] = []

    def start(**options: object) -> Running:
        started.append(Running(**options))
        return started[-1]

    yield start
    for running in started:
        running.stop()
