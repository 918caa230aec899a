"""A local server that stands in for Together AI's dedicated-endpoints platform."""

import typing

if typing.TYPE_CHECKING:
    from together_mock.testing.servers import MockServer

__version__ = "0.1.0"

__all__ = ["MockServer", "__version__"]


def __getattr__(name: str) -> object:
    # Whoever imports the package, as pytest does on every run, pays for what is used of it.
    if name == "MockServer":
        from together_mock.testing.servers import MockServer

        return MockServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
