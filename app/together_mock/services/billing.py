"""The bill: what ran, for how long, at which price; what it will come to; what is left to spend."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from together_mock.core.billing import plain, units
from together_mock.core.clock import DAY
from together_mock.core.instants import LATEST
from together_mock.core.states import State
from together_mock.services import engine
from together_mock.services.control import MOST_STEPS
from together_mock.services.projects import Project
from together_mock.services.unit import Unit, undone
from together_mock.services.world import World
from together_mock.store import history, queries

_EPOCH = date(1970, 1, 1)
_MONTH = 30 * DAY
# A deployment in one of these is billed, or will be.
_GOING = [State.QUEUED.value, State.STARTING.value, State.SERVING.value]


@dataclass
class Item:
    """What one endpoint cost on one hardware; times in replica-microseconds, cost in units.

    `hardware` is a hardware of v1's catalogue, or a v2 instance type by its name.
    """

    endpoint: str
    hardware: str
    cents_per_minute: str
    price: int
    replica_time: int = 0
    idle_time: int = 0

    @property
    def cost(self) -> int:
        """The cost in billing units."""
        return self.replica_time * self.price


@dataclass(frozen=True)
class Running:
    """A deployment that is billed, or will be once it has started.

    `month` is what thirty days of its `desired` replicas cost, in billing units.
    """

    endpoint: str
    deployment: str
    name: str
    hardware: str
    state: State
    ready: int
    desired: int
    cents_per_minute: str
    inactive_minutes: int | None
    month: int


@dataclass(frozen=True)
class Bill:
    """A project's bill so far."""

    items: list[Item]
    days: dict[str, int]
    running: int
    balance: int | None
    total: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", sum(item.cost for item in self.items))


@dataclass(frozen=True)
class Forecast:
    """What a project will have cost at the end of a horizon, if nobody does anything."""

    until: int
    total: int
    added: int


def bill(world: World, project: Project) -> Bill:
    """The bill as of now, open intervals included."""
    with world.write(project) as unit:
        return _bill(world, unit)


def set_balance(world: World, project: Project, dollars: str | None) -> Bill:
    """Set what is left to spend, in dollars; None is "no limit"."""
    with world.write(project) as unit:
        balance = None if dollars is None else units(dollars)
        changes = {"balance": balance, "balance_at": unit.now}
        engine.set_facts(unit, rules=unit.facts.rules.model_copy(update=changes))
        return _bill(world, unit)


def running(world: World, project: Project) -> list[Running]:
    """Every deployment that is billed, or will be once it has started; oldest first."""
    with world.write(project) as unit:
        return _running(unit)


def forecast(world: World, project: Project, horizon: int) -> Forecast:
    """Run the project's future up to the horizon (microseconds), bill it, and undo it."""
    with undone(world.move_clock(project)) as unit:
        before = _bill(world, unit).total
        until = min(unit.now + horizon, LATEST - 1)
        engine.settle(unit, {}, until, most=MOST_STEPS)
        unit.now = until
        after = _bill(world, unit).total
        return Forecast(until, after, after - before)


def _bill(world: World, unit: Unit) -> Bill:
    made, catalog = engine.book(unit), world.catalog
    items: dict[tuple[str, str], Item] = {}
    days: dict[str, int] = {}
    for row in history.usage(unit.connection, unit.project.key):
        item = items.get((row.endpoint_id, row.hardware))
        if item is None:
            sku = row.hardware
            cents = plain(catalog.cents_per_minute(sku))
            item = Item(row.endpoint_id, sku, cents, catalog.price_of(sku))
            items[row.endpoint_id, row.hardware] = item
        item.replica_time += row.replica_time
        item.idle_time += row.idle_time
        day = (_EPOCH + timedelta(days=row.day)).isoformat()
        days[day] = days.get(day, 0) + row.replica_time * item.price
    running = sum(item.ready * item.price for item in made.deployments.values())
    return Bill(list(items.values()), dict(sorted(days.items())), running, made.money.balance)


def _running(unit: Unit) -> list[Running]:
    pairs = queries.pairs_in_states(unit.connection, unit.project.key, _GOING)
    values = (engine.deployment_of(unit, endpoint, row) for endpoint, row in pairs)
    return [
        Running(
            endpoint=value.endpoint_id,
            deployment=value.id,
            name=value.endpoint_name,
            hardware=value.sku,
            state=value.state,
            ready=value.ready,
            desired=value.desired,
            cents_per_minute=plain(unit.catalog.cents_per_minute(value.sku)),
            inactive_minutes=value.inactive_minutes,
            month=max(value.ready, value.desired) * value.price * _MONTH,
        )
        for value in values
    ]
