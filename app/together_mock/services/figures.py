"""Figures of the whole server at one moment, as the store and the projects in memory have them.

Nothing is written, and no clock-driven step is run for it: what is due is the heartbeat's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from together_mock.core import billing
from together_mock.core.clock import SECOND
from together_mock.core.errors import MockError
from together_mock.core.states import V1_STATES, State
from together_mock.services.birth import LEGACY, V1, V2
from together_mock.services.measures import Asked, Cell
from together_mock.services.projects import Project
from together_mock.services.world import World
from together_mock.store import totals

# Projects with figures of their own, so that what is asked for every few seconds stays small.
MOST_PROJECTS = 100
BIRTHS = (V1, V2, LEGACY)


@dataclass
class Money:
    """What was spent, and what is spent in a minute, in billing units."""

    spent: int = 0
    running: int = 0

    @property
    def dollars(self) -> float:
        """What was spent, in US dollars."""
        return self.spent / billing.UNITS_PER_CENT / 100

    @property
    def cents_per_minute(self) -> float:
        """What is spent in a minute, in cents."""
        return float(billing.cents_per_minute(self.running))


@dataclass(frozen=True)
class OfProject:
    """Figures of one project; `now` is its virtual instant in seconds since the epoch."""

    slug: str
    now: float
    rate: float
    money: Money


@dataclass(frozen=True)
class Figures:
    """Everything that /metrics shows. Generations are those that made the endpoints."""

    endpoints: dict[str, int]
    deployments: dict[tuple[str, ...], int]
    lag: float
    money: Money
    project_count: int
    projects: list[OfProject]
    requests: dict[Asked, Cell]
    faults: dict[str, int]
    streams: dict[str, int]
    ticks: int
    failed_ticks: int


def figures(world: World, names: Sequence[str] = ()) -> Figures:
    """The figures now.

    Args:
        world: the world.
        names: projects, by slug or id, that have figures of their own; none are the oldest ones.

    Raises:
        MockError: `unknown_project`, `out_of_range` where more are named than `MOST_PROJECTS`.
    """
    everyone = world.projects()
    shown = _named(world, names) if names else everyone[:MOST_PROJECTS]
    real, wake = world.real_now(), world.next_wake()
    with world.looking() as connection:
        made = totals.endpoints(connection)
        held = totals.deployments(connection)
        money = _money(world, everyone, totals.spent(connection), totals.serving(connection), real)
    counts: dict[tuple[str, ...], int] = {
        (birth, word): 0 for birth in BIRTHS for word in V1_STATES.values()
    }
    for birth, state, count in held:
        counts[birth, V1_STATES[State(state)]] = count
    measures = world.measures
    return Figures(
        endpoints={birth: made.get(birth, 0) for birth in BIRTHS},
        deployments=counts,
        lag=max(0.0, real - wake) if wake is not None else 0.0,
        money=Money(
            sum(one.spent for one in money.values()), sum(one.running for one in money.values())
        ),
        project_count=len(everyone),
        projects=[_of_project(project, money[project.key], real) for project in shown],
        requests=measures.requests(),
        faults=dict(measures.faults),
        streams=dict(measures.streams),
        ticks=measures.ticks,
        failed_ticks=measures.failed_ticks,
    )


def _named(world: World, names: Sequence[str]) -> list[Project]:
    if len(names) > MOST_PROJECTS:
        detail = f"at most {MOST_PROJECTS} projects"
        raise MockError("out_of_range", param="project", detail=detail)
    found = {}
    for name in names:
        project = world.project_named(name)
        if project is None:
            raise MockError("unknown_project", param="project", project=name)
        found[project.key] = project
    return list(found.values())


def _money(
    world: World,
    everyone: Sequence[Project],
    spent: Sequence[totals.Spent],
    serving: Sequence[totals.Serving],
    real: float,
) -> dict[int, Money]:
    """Project keys -> what each spent by now, open intervals included."""
    catalog = world.catalog
    money = {project.key: Money() for project in everyone}
    clocks = {project.key: project.facts.clock for project in everyone}
    for booked in spent:
        # A project that was made or deleted meanwhile is of the next look.
        if booked.project in money:
            price = catalog.price_of(booked.hardware)
            money[booked.project].spent += booked.replica_time * price
    for one in serving:
        if one.project in money:
            rate = one.ready * catalog.price_of(catalog.sku(one.hardware, one.config))
            money[one.project].running += rate
            open_time = max(0, clocks[one.project].now(real) - one.billed_at)
            money[one.project].spent += open_time * rate
    return money


def _of_project(project: Project, money: Money, real: float) -> OfProject:
    clock = project.facts.clock
    return OfProject(project.slug, clock.now(real) / SECOND, clock.rate, money)
