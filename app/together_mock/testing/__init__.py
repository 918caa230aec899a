"""Tools for tests of software that drives the platform; the pytest plugin is made of them.

Each is imported when it is first asked for: `schedules` needs hypothesis, `transport` httpx.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from together_mock.testing.clock import MockClock
    from together_mock.testing.line import ControlError, UnreachableError, UnusableError
    from together_mock.testing.normalise import normalised
    from together_mock.testing.project import MockProject
    from together_mock.testing.remote import RemoteServer
    from together_mock.testing.schedules import ScheduleMachine, playing, worlds
    from together_mock.testing.servers import MockServer
    from together_mock.testing.transports import MockTransport, transport

__all__ = [
    "ControlError",
    "MockClock",
    "MockProject",
    "MockServer",
    "MockTransport",
    "RemoteServer",
    "ScheduleMachine",
    "UnreachableError",
    "UnusableError",
    "normalised",
    "playing",
    "transport",
    "worlds",
]

_HOMES = {
    "ControlError": "line",
    "MockClock": "clock",
    "MockProject": "project",
    "MockServer": "servers",
    "MockTransport": "transports",
    "RemoteServer": "remote",
    "ScheduleMachine": "schedules",
    "UnreachableError": "line",
    "UnusableError": "line",
    "normalised": "normalise",
    "playing": "schedules",
    "transport": "transports",
    "worlds": "schedules",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
