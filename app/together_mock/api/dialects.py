"""Which API answers on a URL that v1 and the 2024 API share.

The header goes before all else; then what the request asks for in the 2024 API's words, unless an
SDK sends it; then which of the two made the endpoint. Neither face knows the other: v1's lane is
given an `Elder`.
"""

from typing import Any, Protocol

from together_mock.api.calls import Call
from together_mock.api.guard import Scope, header
from together_mock.services.endpoints import EndpointView
from together_mock.services.world import World

NAME = "X-Mock-Dialect"
_HEADER = NAME.lower().encode()
V1, LEGACY = "v1", "legacy"
_AGENTS = ("Together/", "AsyncTogether/")
# Where the 2024 API answers in its own shape, whatever the header says.
PREFIX = "/legacy"


class Elder(Protocol):
    """The 2024 API, as far as v1's lane hands requests over to it."""

    def asks(self, body: Any) -> bool:
        """Whether the body of a creation is one of the 2024 API."""

    async def create(self, world: World, authorization: str, body: Any) -> tuple[int, bytes]:
        """Create an endpoint; the status and the answer, or the refusal."""

    def made(self, view: EndpointView) -> bool:
        """Whether the 2024 API made an endpoint."""

    async def shown(self, call: Call, view: EndpointView) -> bytes:
        """An endpoint."""

    def deleted(self, call: Call, view: EndpointView) -> bytes:
        """The answer to the deletion of an endpoint."""


def asked(scope: Scope) -> str:
    """The dialect that a request asks for; an empty text where it leaves the choice to us.

    The SDKs speak v1 and would not understand the 2024 API: they ask for v1 by what they are.
    """
    given = header(scope, _HEADER).strip().lower()
    return V1 if not given and _is_sdk(scope) else given


def _is_sdk(scope: Scope) -> bool:
    """Whether a request comes from an SDK: together 2.x, 3.x and together-ai, or together 1.x."""
    agent = header(scope, b"user-agent")
    return agent.startswith(_AGENTS) or bool(header(scope, b"x-stainless-lang"))
