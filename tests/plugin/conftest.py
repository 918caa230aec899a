"""Fixtures of the tests of what users test with."""

from collections.abc import Callable, Iterator
from typing import Any

import httpcore  # noqa: F401 - or a run of pytest within a test would bring, and take, its own
import httpx
import pytest
from plugin.prelude import ONE, PRELUDE
from support import H100X2, MIXTRAL
from together_mock.testing import MockProject


class Caller:
    """A client of a project that is no SDK."""

    def __init__(self, project: MockProject, **options: Any) -> None:
        headers = {"Authorization": f"Bearer {project.api_key}"}
        root = project.root_url
        self.http = httpx.Client(base_url=root, headers=headers, verify=False, **options)

    def create(self, **fields: Any) -> dict[str, Any]:
        """Create an endpoint: Mixtral on 2x H100, one replica."""
        body = {"model": MIXTRAL, "hardware": H100X2, "autoscaling": ONE, **fields}
        answer = self.http.post("/v1/endpoints", json=body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def state_of(self, endpoint: dict[str, Any]) -> str:
        """An endpoint's state."""
        state: str = self.http.get(f"/v1/endpoints/{endpoint['id']}").json()["state"]
        return state

    def chat(self, model: str, content: str = "Hello!") -> httpx.Response:
        """Ask a model."""
        body = {"model": model, "messages": [{"role": "user", "content": content}]}
        return self.http.post("/v1/chat/completions", json=body)


CallerFactory = Callable[..., Caller]


@pytest.fixture
def calling() -> Iterator[CallerFactory]:
    """Make clients of projects; they are closed at the end of the test."""
    made: list[Caller] = []

    def call(project: MockProject, **options: Any) -> Caller:
        made.append(Caller(project, **options))
        return made[-1]

    yield call
    for caller in made:
        caller.http.close()


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run tests that are given as text, in this process; the outcome."""
    for name in ("URL", "ADMIN_TOKEN", "FAIL_ON_RUNNING"):
        monkeypatch.delenv(f"TOGETHER_MOCK_{name}", raising=False)

    def run(text: str, *options: str, **files: str) -> Any:
        pytester.makepyfile(PRELUDE + text, **files)
        strict = ("-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist", "--strict-markers")
        return pytester.runpytest_inprocess(*strict, *options)

    return run


@pytest.fixture
def caller(together_mock: MockProject, calling: CallerFactory) -> Caller:
    """A client of the project of `together_mock`."""
    return calling(together_mock)
