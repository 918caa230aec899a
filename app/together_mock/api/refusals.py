"""A refusal in the envelope of the face that a path belongs to."""

from together_mock.api.errors import render
from together_mock.api.v2 import errors as v2
from together_mock.core.errors import MockError
from together_mock.services.world import World


def refusal(world: World, path: str, error: MockError) -> tuple[int, bytes]:
    """The status and the encoded body."""
    return v2.render(world, error) if path.startswith("/v2/") else render(world.catalog, error)
