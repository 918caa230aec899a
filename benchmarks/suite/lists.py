"""How long v2's lists take in large projects: pages of endpoints, one deployment by its name."""

from collections.abc import Iterator
from statistics import median
from typing import Any
from urllib.parse import quote

import orjson

from benchmarks.client import request
from benchmarks.processes import Served, mock
from benchmarks.project import Project
from benchmarks.registry import Figure, benchmark

ENDPOINTS, PAGE = 10_000, 500
DEPLOYMENTS = 100_000
CALLS = 50


@benchmark
def lists() -> Iterator[Figure]:
    """10,000 endpoints by pages of 500, and one of 100,000 deployments by its name."""
    with mock() as served:
        yield from _pages(served)
        yield from _names(served)


def _pages(served: Served) -> Iterator[Figure]:
    endpoints = [
        {"name": f"bench-{number}", "deployments": [{"name": "main", "state": "STARTED"}]}
        for number in range(ENDPOINTS)
    ]
    with _filled(served, "pages", endpoints) as project:
        path, after, times = f"{_projects(project)}/endpoints?limit={PAGE}", "", []
        seen = 0
        while True:
            message = request("GET", path + after, project.key)
            seconds, answer = project.connection.timed(message)
            page = orjson.loads(answer)
            times.append(seconds)
            seen += len(page["data"])
            if page["next_cursor"] is None:
                break
            after = f"&after={page['next_cursor']}"
        assert seen == ENDPOINTS
    yield Figure(f"lists: a page of {PAGE}", median(times) * 1e3, "ms", below=100)
    yield Figure(f"lists: the slowest page of {PAGE}", max(times) * 1e3, "ms", below=100)


def _names(served: Served) -> Iterator[Figure]:
    deployments = [
        {"name": f"bench-{number}", "state": "STOPPED", "autoscaling": {"min_replicas": 0}}
        for number in range(DEPLOYMENTS)
    ]
    with _filled(served, "names", [{"name": "one", "deployments": deployments}]) as project:
        path = f"{_projects(project)}/endpoints"
        (endpoint,) = project.call(request("GET", path, project.key))["data"]
        times = []
        for number in range(CALLS):
            name = f"bench-{number * 1_999 % DEPLOYMENTS}"
            asked = quote(f'name="{name}"')
            message = request(
                "GET", f"{path}/{endpoint['id']}/deployments?filter={asked}", project.key
            )
            seconds, answer = project.connection.timed(message)
            times.append(seconds)
            (found,) = orjson.loads(answer)["data"]
            assert found["name"].endswith(f"/{name}")
    yield Figure(f"lists: by name over {DEPLOYMENTS:,}", median(times) * 1e3, "ms", below=20)
    yield Figure(f"lists: the slowest over {DEPLOYMENTS:,}", max(times) * 1e3, "ms", below=20)


def _filled(served: Served, key: str, endpoints: list[dict[str, Any]]) -> Project:
    with Project(served, key) as project:
        project.connection.send(request("PUT", "/_mock/state", key, {"endpoints": endpoints}))
    # The server has not waited until the answer, which is the whole state, was read.
    project = Project(served, key)
    # The first list builds what the platform publishes, once for the life of the server.
    project.call(request("GET", f"{_projects(project)}/endpoints?limit=1", key))
    return project


def _projects(project: Project) -> str:
    identity = project.call(request("GET", "/v3/whoami", project.key))
    return f"/v2/projects/{identity['project']['id']}"
