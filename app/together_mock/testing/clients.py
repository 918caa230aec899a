"""SDK clients that are aimed at a project, whatever the SDK's generation."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import pytest

from together_mock.testing.project import MockProject

_ROOTED = 3


def together_url(project: MockProject) -> str:
    """The base URL as the installed `together` takes it: since 3.0 without `/v1`."""
    try:
        release = int(metadata.version("together").partition(".")[0])
    except (metadata.PackageNotFoundError, ValueError):
        release = 2
    return project.root_url if release >= _ROOTED else project.base_url


@contextmanager
def client(package: str, kind: str, project: MockProject) -> Iterator[Any]:
    """A client that is closed when the block ends.

    Args:
        package: `together` or `openai`.
        kind: the name of its class.
        project: what it is aimed at.

    Raises:
        pytest.skip.Exception: the package is not installed, or has no such class.
    """
    reason = f"{package} is not installed, and {kind} is of it: pip install {package}"
    sdk = pytest.importorskip(package, reason=reason)
    if not hasattr(sdk, kind):
        pytest.skip(f"{package} {metadata.version(package)} has no {kind}")
    url = together_url(project) if package == "together" else project.base_url
    made = getattr(sdk, kind)(base_url=url, api_key=project.api_key, **_quick(sdk, kind, url))
    try:
        yield made
    finally:
        _close(made)


def _quick(sdk: Any, kind: str, url: str) -> dict[str, Any]:
    """An HTTP client that reads no certificates, 20 ms that plain HTTP has no use for."""
    is_async = kind.startswith("Async")
    name = "DefaultAsyncHttpxClient" if is_async else "DefaultHttpxClient"
    if not hasattr(sdk, name) or not url.startswith("http://"):
        return {}
    options: dict[str, Any] = {"verify": False}
    if is_async:
        import httpx

        # A connection that is kept belongs to a loop, and the test's ends before the client.
        options["limits"] = httpx.Limits(max_keepalive_connections=0)
    return {"http_client": getattr(sdk, name)(**options)}


def _close(made: Any) -> None:
    ended = made.close() if hasattr(made, "close") else None
    if asyncio.iscoroutine(ended):
        # In a thread, as a loop may be running here.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, ended).result()
