"""Servers as processes, and clients of every generation aimed at a project of one's own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clients import environments
from clients.processes import Client, Ran, ServerProcess
from clients.third_party import SCRIPTS, aimed
from support import V2, Api, fresh_key

ClientFactory = Callable[..., Client]
Program = Callable[..., Any]
NodeProgram = Callable[..., Ran]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the first run the time that installing the clients takes."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))


def _served(*options: str) -> Iterator[str]:
    server = ServerProcess(*options)
    yield server.root
    assert server.stop() == 0


@pytest.fixture(scope="session")
def open_root() -> Iterator[str]:
    """A server that accepts every key."""
    yield from _served()


@pytest.fixture(scope="session")
def guarded_root() -> Iterator[str]:
    """A server that accepts one key, `listed-key`."""
    yield from _served("--api-key", "listed-key")


@pytest.fixture(scope="session")
def retired_root() -> Iterator[str]:
    """A server on which v1 endpoints can be neither created nor started again."""
    yield from _served("--api", "v1-retired")


@pytest.fixture(scope="session")
def modern_root() -> Iterator[str]:
    """A server that has v2 and inference, and no endpoints of v1."""
    yield from _served("--api", "v2")


@pytest.fixture(scope="session")
def lenient_root() -> Iterator[str]:
    """A server that lets through what generated SDK tests send."""
    yield from _served("--lenient")


@pytest.fixture
def project(open_root: str) -> Iterator[Api]:
    """A fresh project on the open server."""
    api = Api(open_root, fresh_key())
    yield api
    api.http.close()


@pytest.fixture
def v2(project: Api) -> V2:
    """The fresh project as v2 has it."""
    return V2(project)


@pytest.fixture
def client(project: Api, tmp_path: Path) -> ClientFactory:
    """Make a client of a generation: of the fresh project, or of another root and key."""

    def make(release: str, root: str = project.root, key: str = project.key) -> Client:
        base = "" if release.startswith("3.") else "/v1"
        return Client(environments.python(f"together-{release}"), tmp_path, root, key, base)

    return make


@pytest.fixture
def program(project: Api, tmp_path: Path) -> Program:
    """Run a part of the program written for an environment: against the fresh project, or another.

    `program("openai", "tools", "model")` runs `with_openai.py tools model` and gives its report.
    """

    def run(environment: str, *words: str, root: str = project.root, key: str = project.key) -> Any:
        made = Client(environments.python(environment), tmp_path, root, key)
        script = SCRIPTS / f"with_{environment.split('-', maxsplit=1)[0]}.py"
        return made.report("python", script, *words, **aimed(environment, root, key))

    return run


@pytest.fixture
def node_program(project: Api, tmp_path: Path) -> NodeProgram:
    """Run a module in an environment of `environments.NODE_PACKAGES`; TypeScript is as good.

    A module finds its packages from where it lies, so it is put beside a link to them.
    """

    def run(
        environment: str, script: str, *words: str, root: str = project.root, key: str = project.key
    ) -> Ran:
        executable, modules = environments.node(environment)
        link = tmp_path / "node_modules"
        if not link.exists():
            link.symlink_to(modules, target_is_directory=True)
        module = shutil.copy(SCRIPTS / script, tmp_path)
        runner = [modules / "tsx/dist/cli.mjs"] if script.endswith(".mts") else []
        return Client(executable.parent, tmp_path, root, key).run("node", *runner, module, *words)

    return run
