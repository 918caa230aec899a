"""The pytest plugin: fixtures, a marker and options. What they do is in `testing.plugin`.

pytest loads this module on every run, before a coverage plugin begins to measure: so nothing is
imported here but pytest, which is loaded already; a run that uses no fixture of it pays nothing.
"""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from together_mock.testing.environment import EnvironedProject
    from together_mock.testing.plugin import ProjectFactory, TestServer
    from together_mock.testing.project import MockProject

MARKER = (
    "together_mock(preset=None, seed=None, state=None, capacity=None, fail_on_running=None): "
    "what the project of the together_mock fixture starts with, and whether the test fails if it "
    "leaves something running that is billed"
)
# Option -> default, what it is; each is also an ini option, and TOGETHER_MOCK_<OPTION>.
OPTIONS: dict[str, tuple[Any, str]] = {
    "url": (None, "Root URL of a server to use; without one, each test process starts its own."),
    "admin_token": (None, "What the control plane of that server asks for."),
    "fail_on_running": (False, "Fail a test that leaves behind what is billed, and price it."),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("together-mock", "together-mock (Together AI's GPU endpoints)")
    for name, (default, text) in OPTIONS.items():
        flag = f"--together-mock-{name.replace('_', '-')}"
        how: dict[str, Any] = {"action": "store_true"} if default is False else {"metavar": name}
        group.addoption(flag, dest=f"together_mock_{name}", default=None, help=text, **how)
        kind: Any = "bool" if default is False else "string"
        parser.addini(f"together_mock_{name}", text, type=kind, default=default)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a marker that says what none can."""
    if item.get_closest_marker("together_mock") is not None:
        from together_mock.testing.plugin import Wanted

        Wanted.of(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell of a failed test what its project was about."""
    outcome = yield
    # Where nothing has loaded it, no test has had a project, however it asks for one.
    loaded = sys.modules.get("together_mock.testing.plugin")
    if loaded is not None:
        loaded.add_section(item, outcome.get_result())  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def together_mock_options() -> dict[str, Any]:
    """Options of the server that the plugin starts; override it to have others.

    They are those of `together_mock.MockServer`, such as `{"api": "v2", "lenient": True}`.
    """
    return {}


@pytest.fixture(scope="session")
def together_mock_server(
    request: pytest.FixtureRequest, together_mock_options: dict[str, Any]
) -> "Iterator[TestServer]":
    """A server on a free port, in a thread of the test process; or the one that an option names.

    `.url` is its root, `.project(name)` makes a project on it.
    """
    from together_mock.testing.plugin import server_of

    with server_of(request.config, together_mock_options) as server:
        yield server


@pytest.fixture(scope="session")
def together_mock_factory(together_mock_server: "TestServer") -> "ProjectFactory":
    """Makes projects that live as long as you like: `together_mock_factory("name", preset=...)`.

    Each is like `together_mock`'s, its seed is its name. Use it in a `with` block; what is not
    closed by then is deleted at the end of the session.
    """
    from together_mock.testing.plugin import factory_of

    return factory_of(together_mock_server)


@pytest.fixture
def together_mock(
    request: pytest.FixtureRequest, together_mock_server: "TestServer"
) -> "Iterator[MockProject]":
    """A fresh project: its clock stands still, its GPUs are ready at once, its ids are the test's.

    Where clients find it is `.base_url` and `.api_key`; `.clock` moves its time.
    """
    from together_mock.testing.plugin import project_of

    with project_of(request.node, together_mock_server) as project:
        yield project


@pytest.fixture
def together_mock_env(
    together_mock: "MockProject", monkeypatch: pytest.MonkeyPatch
) -> "Iterator[EnvironedProject]":
    """The same project, and the environment variables that aim every client at it."""
    from together_mock.testing.environment import environed

    with environed(together_mock, monkeypatch) as project:
        yield project


@pytest.fixture
def together_client(together_mock: "MockProject") -> Iterator[Any]:
    """`together.Together`, aimed at the project of `together_mock`."""
    from together_mock.testing.clients import client

    with client("together", "Together", together_mock) as made:
        yield made


@pytest.fixture
def async_together_client(together_mock: "MockProject") -> Iterator[Any]:
    """`together.AsyncTogether`, aimed at the project of `together_mock`."""
    from together_mock.testing.clients import client

    with client("together", "AsyncTogether", together_mock) as made:
        yield made


@pytest.fixture
def openai_client(together_mock: "MockProject") -> Iterator[Any]:
    """`openai.OpenAI`, aimed at the project of `together_mock`."""
    from together_mock.testing.clients import client

    with client("openai", "OpenAI", together_mock) as made:
        yield made
