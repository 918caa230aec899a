"""Rate limits of serverless models: what a project may ask in a minute of its clock."""

from together_mock.core import limits
from together_mock.core.errors import MockError
from together_mock.core.limits import Window
from together_mock.services.projects import Project
from together_mock.services.rules import LimitsDocument
from together_mock.services.world import World


def put(world: World, project: Project, document: LimitsDocument) -> None:
    """Set the limits; what was asked before does not count."""
    with world.write(project) as unit:
        rules = unit.facts.rules.model_copy(update={"limits": document, "window": Window()})
        unit.facts = unit.facts.with_rules(rules)


def take(project: Project, model: str, at: int) -> None:
    """Count a request of a serverless model; the caller has the gate.

    Raises:
        MockError: `rate_limited`, `dynamic_token_limited`: there were as many as there may be.
    """
    if project.limits is None:
        return
    window = project.window.at(at)
    over = limits.exceeded(project.limits, window)
    if over == "requests":
        raise MockError("rate_limited", limit=project.limits.requests)
    if over == "tokens":
        raise MockError("dynamic_token_limited", model=model)
    project.window = window.asked()


def spend(world: World, project: Project, at: int, tokens: int) -> None:
    """Count the tokens of an answer to a request that came at an instant."""
    if project.limits is None:
        return
    with project.gate:
        if project.window.at(at) is project.window:
            project.window = project.window.spent(tokens)
    world.flush_soon()


def told(project: Project, at: int) -> dict[str, str]:
    """The headers that tell where a project stands; none where it has no limits."""
    if project.limits is None:
        return {}
    return limits.told(project.limits, project.window.at(at), at)
