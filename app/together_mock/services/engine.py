"""The engine: loads deployments into a simulation, runs it, and writes back what changed."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import orjson

from together_mock.core import commands
from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.core.events import Event, Kind
from together_mock.core.money import Money
from together_mock.core.placement import Placement
from together_mock.core.simulation import Simulation
from together_mock.core.states import State
from together_mock.core.timing import Timing
from together_mock.services.projects import Activity, Facts
from together_mock.services.rows import row_of, value_of
from together_mock.services.unit import Unit
from together_mock.store import history, queries, traffic
from together_mock.store.records import DeploymentRecord, EndpointRecord, Pair, TrafficRecord

SERVING = (State.SERVING.value,)
_UNSTOPPED = (State.QUEUED.value, State.STARTING.value, State.SERVING.value)
# The note of an entry into the queue for which no capacity was free.
_WAITING = '{"waiting":true}'


def simulation(unit: Unit) -> Simulation:
    """The unit's simulation, made on first use: all that is due, waits, or could be stopped."""
    if unit.simulation is None:
        unit.simulation = _new_simulation(unit)
    return unit.simulation


def _new_simulation(unit: Unit) -> Simulation:
    facts = unit.facts
    rules = facts.rules
    profiles = [document.value(name) for name, document in rules.profiles.items()]
    faults = [fault.of_lifecycles() for fault in rules.faults]
    struck = [fault for fault in faults if fault is not None]
    timing = Timing(facts.seed, unit.preset, profiles, struck)
    capacity = rules.capacity.value()
    made = Simulation(
        timing=timing,
        placement=Placement(capacity),
        money=Money(rules.balance, rules.balance_at),
        planned=[(plan.at, plan.capacity.value()) for plan in rules.planned],
    )
    connection, key = unit.connection, unit.project.key
    if capacity.pools:
        for held in queries.allocations(connection, key):
            index = capacity.pool_of(held.hardware, held.pool, held.zone)
            if index is not None:
                capacity.pools[index].used += held.used
    if capacity.pools or rules.planned:
        load(unit, made, queries.waiting_pairs(connection, key))
    if rules.planned:
        load(unit, made, queries.holding_pairs(connection, key))
    if rules.balance is not None:
        load(unit, made, queries.pairs_in_states(connection, key, _UNSTOPPED))
    return made


def load(unit: Unit, into: Simulation, pairs: Iterable[Pair]) -> None:
    """Take deployments into a simulation."""
    unknown = []
    for endpoint, row in pairs:
        if row.key not in into.deployments:
            unit.endpoints[row.key] = endpoint
            unknown.append(value_of(unit.catalog, endpoint, row))
    into.add(unknown)


def add(
    unit: Unit, endpoint: EndpointRecord, deployment: Deployment, *, known: bool = False
) -> None:
    """Take a new deployment into the simulation; it is inserted when that is saved.

    Its endpoint is inserted before it, unless the store knows that already.
    """
    made = simulation(unit)
    if not known:
        queries.insert_endpoints(unit.connection, [endpoint])
    unit.endpoints[deployment.key] = endpoint
    unit.fresh.add(deployment.key)
    made.add([deployment])
    made.changed.add(deployment.key)


def deployment_of(unit: Unit, endpoint: EndpointRecord, row: DeploymentRecord) -> Deployment:
    """The simulated deployment of a row."""
    made = simulation(unit)
    load(unit, made, [(endpoint, row)])
    return made.deployments[row.key]


def settle(
    unit: Unit,
    activity: dict[int, Activity],
    until: int,
    stop: Callable[[Event], bool] | None = None,
    most: int | None = None,
) -> int | None:
    """Run every step due at or before `until`; the instant of the last one, or None.

    Args:
        unit: the unit of work whose project is brought up to date.
        activity: deployment key -> what inference noted since the last settle.
        until: the instant to run to.
        stop: see `Simulation.run`.
        most: see `Simulation.run`.
    """
    made = simulation(unit)
    load(unit, made, queries.due_pairs(unit.connection, unit.project.key, until))
    _note_activity(unit, made, activity)
    _store_traffic(unit, activity)

    def stopped(event: Event) -> bool:
        if unit.is_stopping():
            raise MockError("server_stopping")
        return stop is not None and stop(event)

    return made.run(until, stopped, most)


def _note_activity(unit: Unit, made: Simulation, activity: dict[int, Activity]) -> None:
    moving = [key for key, noted in activity.items() if noted.spans or noted.flights]
    load(unit, made, queries.pairs_of_deployments(unit.connection, moving))
    notes: list[tuple[int, int, int, int | None]] = []
    for key, noted in activity.items():
        # An endpoint may have been deleted since; its requests were answered all the same.
        if key in made.deployments:
            notes += [(first, key, last, None) for first, last in noted.spans]
            notes += [(at, key, at, count) for at, count in noted.flights]
    for at, key, last, count in sorted(notes, key=lambda note: note[0]):
        if count is None:
            commands.note_requests(made, made.deployments[key], at, last)
        else:
            # A stream may end after a step that is due: then that step comes first.
            made.run(at)
            commands.note_flights(made, made.deployments[key], count, at)


def _store_traffic(unit: Unit, activity: dict[int, Activity]) -> None:
    rows = [
        TrafficRecord(unit.project.key, endpoint_id, minute, key, *cell, amount)
        for key, noted in activity.items()
        for (endpoint_id, minute), tally in noted.traffic.items()
        for cell, amount in tally.amounts().items()
    ]
    if rows:
        traffic.add_traffic(unit.connection, rows)


def book(unit: Unit) -> Simulation:
    """Book what everything used up to now, so that what is shown does not depend on who looked."""
    made = simulation(unit)
    serving = queries.pairs_in_states(unit.connection, unit.project.key, SERVING)
    load(unit, made, serving)
    for deployment in made.deployments.values():
        made.accrue(deployment, unit.now)
    made.money.settle(unit.now)
    save(unit)
    return made


def set_facts(unit: Unit, **changes: Any) -> None:
    """Replace facts of the project that the simulation goes by; it is made anew by the new ones."""
    save(unit)
    unit.discard_simulation()
    unit.facts = replace(unit.facts, **changes)
    simulation(unit)


def next_due(unit: Unit) -> int | None:
    """The instant of the next thing due in the project, the unit's own changes included."""
    save(unit)
    instants = (queries.next_due_at(unit.connection, unit.project.key), unit.facts.due_at)
    return min((at for at in instants if at is not None), default=None)


def save(unit: Unit) -> None:
    """Write back what the simulation changed: rows, events, usage, faults, balance, routes."""
    made = unit.simulation
    if made is None:
        return
    _write(unit, made)
    history.add_events(unit.connection, [_event(unit, event) for event in made.events])
    unit.events += made.events
    made.events.clear()
    history.add_usage(unit.connection, unit.project.key, made.money.ledger.usage)
    made.money.ledger.usage.clear()
    unit.facts = _facts_after(unit.facts, made)


def _write(unit: Unit, made: Simulation) -> None:
    inserted: list[DeploymentRecord] = []
    updated: list[DeploymentRecord] = []
    for key in made.changed:
        endpoint, deployment = unit.endpoints[key], made.deployments[key]
        row = row_of(deployment, endpoint)
        (inserted if key in unit.fresh else updated).append(row)
        unit.publish(endpoint, deployment)
    if inserted:
        queries.insert_deployments(unit.connection, inserted)
        unit.fresh.clear()
    if updated:
        queries.update_deployments(unit.connection, updated)
    made.changed.clear()


def _facts_after(facts: Facts, made: Simulation) -> Facts:
    """The project's own facts as the simulation leaves them."""
    rules = facts.rules
    changes: dict[str, Any] = {}
    if len(made.planned) != len(rules.planned):
        taken = len(rules.planned) - len(made.planned)
        changes["capacity"] = rules.planned[taken - 1].capacity
        changes["planned"] = rules.planned[taken:]
    money = made.money
    if (money.balance, money.balance_at) != (rules.balance, rules.balance_at):
        changes |= {"balance": money.balance, "balance_at": money.balance_at}
    counts = {fault.id: (fault.seen, fault.hits) for fault in made.timing.faults}
    if any(counts.get(fault.id) not in (None, (fault.seen, fault.hits)) for fault in rules.faults):
        changes["faults"] = [
            fault.model_copy(update=dict(zip(("seen", "hits"), counts[fault.id], strict=True)))
            if fault.id in counts
            else fault
            for fault in rules.faults
        ]
    if changes:
        facts = facts.with_rules(rules.model_copy(update=changes))
    due = made.project_due_at()
    return facts if due == facts.due_at else facts.with_due(due)


def _event(unit: Unit, event: Event) -> tuple[Any, ...]:
    deployment = event.deployment
    # It enters the queue by what is asked for, so that it stands there still when that is saved.
    waits = deployment.waiting and event.is_move and event.to_state is State.QUEUED
    return (
        unit.project.key,
        deployment.key,
        deployment.endpoint_id,
        event.kind.value,
        event.at,
        event.from_state and event.from_state.value,
        event.to_state.value,
        event.ready,
        event.desired,
        event.cause,
        _WAITING if waits else None,
    )


def tell(unit: Unit, kind: Kind, endpoint_id: str, deployment_key: int = 0, **note: Any) -> None:
    """Record something that was asked for, after everything that happened before it."""
    save(unit)
    text = orjson.dumps(note).decode()
    where = (unit.project.key, deployment_key, endpoint_id, kind.value, unit.now)
    history.add_events(unit.connection, [(*where, None, None, 0, 0, "api", text)])
    unit.told = True
