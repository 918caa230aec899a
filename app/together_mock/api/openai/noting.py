"""Notes what came of requests that were admitted: an answer, an error, a client that has gone."""

from together_mock.api.openai.exchange import Exchange
from together_mock.core.errors import MockError
from together_mock.core.meter import Sample
from together_mock.services import metering
from together_mock.services.projects import Project
from together_mock.services.world import World


def note_end(world: World, project: Project, exchange: Exchange, sample: Sample | None) -> None:
    """Note an answer, or without one that the client has gone before it was sent."""
    admitted, exchange.admitted = exchange.admitted, None
    if admitted is not None and sample is not None:
        metering.answered(world, project, admitted.target, admitted.at, sample)
    elif admitted is not None:
        metering.abandoned(world, project, admitted.target, admitted.at)


def note_refusal(world: World, project: Project, exchange: Exchange, error: MockError) -> None:
    """Note an error that is the answer to a request, if it had been admitted."""
    admitted, client = exchange.admitted, exchange.client
    if admitted is None:
        return
    if client is not None and not client.waits and not client.dismissed:
        # Whatever the error is, nobody is told of it.
        note_end(world, project, exchange, None)
    else:
        metering.refused(world, project, admitted.target, admitted.at, error)
