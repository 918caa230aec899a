"""A refusal in the envelope of the face that a path belongs to."""

from together_mock.api.dialects import PREFIX
from together_mock.api.errors import render
from together_mock.api.legacy import errors as legacy
from together_mock.api.v2 import errors as v2
from together_mock.core.errors import MockError
from together_mock.services.world import World

_LEGACY = (f"{PREFIX}/", "/v0/")


def refusal(world: World, path: str, error: MockError) -> tuple[int, bytes]:
    """The status and the encoded body."""
    if path.startswith("/v2/"):
        return v2.render(world, error)
    return (legacy.render if path.startswith(_LEGACY) else render)(world.catalog, error)
