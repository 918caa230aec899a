"""Notes what came of inference requests, for the analytics of their endpoints.

What a serverless model answers is of no endpoint, and counts for the project's rate limits alone.
"""

from together_mock.core.answers import Usage
from together_mock.core.errors import MockError
from together_mock.core.meter import CLIENT_GONE, CLIENT_GONE_KIND, Sample, Tally
from together_mock.services import limits
from together_mock.services.projects import Activity, Project
from together_mock.services.targets import Fanout, Route
from together_mock.services.world import World

# The deployment of requests that were turned away before one was chosen.
_NONE = 0


def answered_at_once(
    world: World, project: Project, target: Route | None, at: int, usage: Usage
) -> None:
    """Note an answer that was generated in no time: the common case, in few steps."""
    if target is None:
        limits.spend(world, project, at, usage.prompt + usage.completion)
        return
    with project.gate:
        noted = project.activity.get(target.deployment_key)
        if noted is not None:
            noted.traffic.tally(target.endpoint_id, at).answered_at_once(usage)
            return
    answered(world, project, target, at, Sample(usage, 0.0, 0.0, 0.0))


def answered(world: World, project: Project, target: Route | None, at: int, sample: Sample) -> None:
    """Note the answer to a request that came at an instant."""
    if target is None:
        limits.spend(world, project, at, sample.usage.prompt + sample.usage.completion)
        return
    with project.gate:
        first = not project.has_activity
        _tally(project, target, at).answered(sample)
    if first:
        world.flush_soon()


def refused(
    world: World, project: Project, target: Route | None, at: int, error: MockError
) -> None:
    """Note a request that was admitted, and got an error for an answer."""
    if target is not None:
        with project.gate:
            _refuse(world, project, target, at, error)
        world.flush_soon()


def abandoned(world: World, project: Project, target: Route | None, at: int) -> None:
    """Note a request whose client went away before the end of its answer."""
    if target is not None:
        with project.gate:
            _tally(project, target, at).refused(CLIENT_GONE, CLIENT_GONE_KIND)
        world.flush_soon()


def turned_away(
    world: World, project: Project, target: Route | Fanout | None, at: int, error: MockError
) -> None:
    """Note a request that was not admitted; the caller has the gate."""
    if target is not None:
        _refuse(world, project, target, at, error)
        world.flush_soon()


def _refuse(
    world: World, project: Project, target: Route | Fanout, at: int, error: MockError
) -> None:
    case = world.catalog.errors[error.case]
    _tally(project, target, at).refused(case.status, case.code or case.type)


def _tally(project: Project, target: Route | Fanout, at: int) -> Tally:
    key = target.deployment_key if isinstance(target, Route) else _NONE
    noted = project.activity.setdefault(key, Activity())
    return noted.traffic.tally(target.endpoint_id, at)
