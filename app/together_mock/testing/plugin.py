"""What the pytest plugin does once a test asks for it: servers, projects, the leak guard."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest

from together_mock.bootstrap import StartError
from together_mock.core.clock import MachineTime
from together_mock.testing import reports
from together_mock.testing.documents import State
from together_mock.testing.line import ControlError, UnreachableError, UnusableError
from together_mock.testing.project import MockProject
from together_mock.testing.remote import RemoteServer
from together_mock.testing.servers import START, STILL, MockServer

TestServer: TypeAlias = MockServer | RemoteServer
ProjectFactory: TypeAlias = Callable[..., MockProject]

_PROJECT = pytest.StashKey[MockProject]()
# Whether the test has failed, or is said to; nobody asks it then what it leaves running.
_FAILED = pytest.StashKey[bool]()
# What its project was about when it was left with something running.
_LEFT = pytest.StashKey[str]()
_NO = ("0", "false", "no", "off")
_SECTION = "together-mock"
_OWN: Mapping[str, Any] = {"preset": "instant", "clock_rate": 0.0, "start_at": START}


@dataclass(frozen=True)
class Wanted:
    """What a test's markers ask for; the marker that is closest to the test comes first."""

    preset: str | None = None
    seed: str | int | None = None
    state: State | None = None
    capacity: Mapping[str, Any] | None = None
    fail_on_running: bool | None = None

    @classmethod
    def of(cls, item: pytest.Item) -> "Wanted":
        """What the markers of a test ask for.

        Raises:
            pytest.fail.Exception: one of them says what it cannot.
        """
        given: dict[str, Any] = {}
        for marker in item.iter_markers("together_mock"):
            if marker.args:
                _refuse(item, f"takes no arguments without a name, and was given {marker.args!r}")
            for name, value in marker.kwargs.items():
                _check(item, name, value)
                given.setdefault(name, value)
        return cls(**given)


# What the marker takes: the types, in words, and what comes of it.
MARKER_TAKES: dict[str, tuple[tuple[type, ...], str, str]] = {
    "preset": ((str,), "the name of a preset", "The lifecycle preset; `instant` without one."),
    "seed": ((str, int), "text or a number", "What generated values follow from."),
    "state": (
        (Mapping, str, os.PathLike),
        "a state document or the name of a file of one",
        "What the project starts as; a file is looked up beside the test, then where pytest runs.",
    ),
    "capacity": (
        (Mapping,),
        'a document such as {"pools": [...]}',
        "Its pools, as `PUT /_mock/capacity` takes them.",
    ),
    "fail_on_running": (
        (bool,),
        "True or False",
        "Whether the leak guard looks at the test, whatever the option says.",
    ),
}


def _check(item: pytest.Item, name: str, value: object) -> None:
    if name not in MARKER_TAKES:
        _refuse(item, f"has no argument {name}; it has {', '.join(MARKER_TAKES)}")
    kinds, text, _ = MARKER_TAKES[name]
    # A truth value would do for a number otherwise.
    is_other = isinstance(value, bool) and bool not in kinds
    if value is not None and (is_other or not isinstance(value, kinds)):
        _refuse(item, f"takes {text} as {name}, not {value!r}")


def _refuse(item: pytest.Item, reason: str) -> None:
    pytest.fail(f"{item.nodeid}: @pytest.mark.together_mock {reason}", pytrace=False)


def option(config: pytest.Config, name: str) -> Any:
    """An option: of the command line, else of the environment, else of the ini file."""
    given, stored = (
        config.getoption(f"together_mock_{name}"),
        config.getini(f"together_mock_{name}"),
    )
    if given is not None:
        return given
    said = os.environ.get(f"TOGETHER_MOCK_{name.upper()}")
    if not said:
        return stored
    return said.lower() not in _NO if isinstance(stored, bool) else said


# Servers -----------------------------------------------------------------------------------


@contextmanager
def server_of(config: pytest.Config, options: Mapping[str, Any]) -> Iterator[TestServer]:
    """The server of a test process: its own, or the one that an option names."""
    server = _opened(config, options)
    try:
        yield server
    finally:
        server.stop()


def _opened(config: pytest.Config, options: Mapping[str, Any]) -> TestServer:
    url = option(config, "url")
    try:
        if url:
            return RemoteServer(url, option(config, "admin_token"), _run_of(config))
        return MockServer(**{**_OWN, **options}).start()
    except (StartError, TypeError, ValueError) as error:
        reason = f"together-mock cannot start: {error}"
    except (UnreachableError, UnusableError, ControlError) as error:
        reason = f"--together-mock-url {url}: {error}"
    # Outside the handlers, or a traceback would follow the one line that matters.
    pytest.fail(reason, pytrace=False)


def _run_of(config: pytest.Config) -> str:
    """What tells this process's tests from all others that use the same server."""
    worker = getattr(config, "workerinput", {})
    run = worker.get("testrunuid"), worker.get("workerid")
    return f"{run} {socket.gethostname()} {os.getpid()} {MachineTime().now():.6f}"


# Projects ----------------------------------------------------------------------------------


def factory_of(server: TestServer) -> ProjectFactory:
    """Makes projects that are like those of tests, each by its name."""

    def make(name: str, **options: Any) -> MockProject:
        return server.project(name, defaults=STILL, **options)

    return make


@contextmanager
def project_of(item: pytest.Item, server: TestServer) -> Iterator[MockProject]:
    """A test's project; at its end it is looked at for what still runs, and deleted."""
    wanted = Wanted.of(item)
    # A test that is run again begins anew.
    item.stash[_FAILED] = False
    item.stash[_LEFT] = ""
    project = _made(item, server, wanted)
    item.stash[_PROJECT] = project
    try:
        yield project
        leaks = [] if item.stash.get(_FAILED, False) else _leaks(item, wanted, project)
        if leaks:
            item.stash[_LEFT] = reports.about(project)
    finally:
        project.close()
    if leaks:
        pytest.fail(reports.leaked(leaks), pytrace=False)


def _made(item: pytest.Item, server: TestServer, wanted: Wanted) -> MockProject:
    try:
        return server.project(
            name_of(item),
            seed=wanted.seed,
            preset=wanted.preset,
            state=wanted.state,
            capacity=wanted.capacity,
            defaults=STILL,
            folder=item.path.parent,
        )
    except (ControlError, UnreachableError, OSError, ValueError) as error:
        reason = f"the project of {item.nodeid} cannot be made: {error}"
    pytest.fail(reason, pytrace=False)


def name_of(item: pytest.Item) -> str:
    """A test's node id, without what a way of distributing tests adds to it."""
    name = item.nodeid
    for marker in item.iter_markers("xdist_group"):
        group = marker.kwargs.get("name") or (marker.args[0] if marker.args else "default")
        name = name.removesuffix(f"@{group}")
    return name


def _leaks(item: pytest.Item, wanted: Wanted, project: MockProject) -> list[dict[str, Any]]:
    guarded = wanted.fail_on_running
    if guarded is None:
        guarded = bool(option(item.config, "fail_on_running"))
    return project.running() if guarded else []


def add_section(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add what a failed test's project was about to its report, while the project is there."""
    project = item.stash.get(_PROJECT, None)
    if project is None or item.stash.get(_FAILED, False):
        return
    left = item.stash.get(_LEFT, "")
    item.stash[_FAILED] = report.failed or hasattr(report, "wasxfail")
    if report.failed and (left or project.is_open):
        report.sections.append((_SECTION, left or reports.about(project)))
