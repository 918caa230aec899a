"""Holds: which states lie ahead of one, and what a hold survives."""

import pytest
from together_mock.core import commands
from together_mock.core.capacity import Capacity
from together_mock.core.catalog import Preset
from together_mock.core.clock import MINUTE, SECOND
from together_mock.core.deployment import Deployment
from together_mock.core.lifecycle import Stage, ahead
from together_mock.core.money import Money
from together_mock.core.placement import Placement
from together_mock.core.simulation import Simulation
from together_mock.core.states import State
from together_mock.core.timing import NEXT, Timing
from unit.rows import LABEL

STAGES = {name: Stage(1.0) for name in ("pending", "starting", "stopping")}
QUEUED, STARTING, SERVING, STOPPING, STOPPED, FAILED = State


@pytest.fixture
def simulation():
    """A simulation in which each stage takes a second."""
    timing = Timing("seed", Preset(name="seconds", stages=STAGES))
    return Simulation(timing, Placement(Capacity()))


@pytest.fixture
def serving(simulation):
    """A deployment that began to serve at two seconds; a minute without a request stops it."""
    return begun(simulation, SERVING)


def begun(simulation, state):
    """A deployment that was started at 0, once it is in a state."""
    deployment = Deployment(
        key=1,
        id="dep_1",
        endpoint_id="endpoint-1",
        endpoint_name="one",
        model="model",
        hardware="hardware",
        zone=None,
        minimum=1,
        maximum=1,
        inactive_minutes=1,
        sku="hardware",
        price=1,
        label=LABEL,
    )
    simulation.add([deployment])
    simulation.enter(deployment, QUEUED, 0, "test")
    simulation.run((QUEUED, STARTING, SERVING).index(state) * SECOND)
    assert deployment.state is state
    return deployment


def moves(simulation):
    """Every change of state: when, in seconds, and to which."""
    return [(event.at / SECOND, event.to_state) for event in simulation.events if event.is_move]


@pytest.mark.parametrize("state", State)
def test_what_lies_ahead_is_what_time_leads_to(state):
    """Each timed step leads ahead, and whatever lies ahead of that lies ahead of the state."""
    if state in NEXT:
        assert set(ahead(state)) == {NEXT[state], *ahead(NEXT[state]), FAILED}
    assert state not in ahead(state)


def test_serving_ends_by_itself_and_what_has_ended_stays():
    """Inactivity stops what serves; neither STOPPED nor ERROR is left by itself."""
    assert ahead(SERVING) == (STOPPING, STOPPED, FAILED)
    assert ahead(STOPPED) == ahead(FAILED) == ()


def test_inactivity_does_not_stop_a_held_one(simulation, serving):
    """It is parked until the release; its time having passed, it stops at that instant."""
    commands.hold(simulation, serving, STOPPING)
    assert serving.holds
    assert serving.due is None
    simulation.run(60 * MINUTE)
    assert serving.state is SERVING
    commands.release_hold(simulation, serving, 60 * MINUTE)
    simulation.run(60 * MINUTE)
    assert moves(simulation)[-1] == (3600, STOPPING)
    assert not serving.holds


def test_a_release_in_time_moves_no_stop(simulation, serving):
    """A minute after it began to serve."""
    commands.hold(simulation, serving, STOPPING)
    commands.release_hold(simulation, serving, 30 * SECOND)
    simulation.run(60 * MINUTE)
    assert moves(simulation)[-2:] == [(62, STOPPING), (63, STOPPED)]


@pytest.mark.parametrize("state", [QUEUED, STARTING])
@pytest.mark.parametrize("before", [STOPPING, STOPPED])
def test_a_hold_may_be_for_a_state_further_along(simulation, state, before):
    """It outlives the states before, and parks the deployment there."""
    deployment = begun(simulation, state)
    commands.hold(simulation, deployment, before)
    assert not deployment.holds
    simulation.run(60 * MINUTE)
    assert deployment.holds
    assert deployment.state is (SERVING if before is STOPPING else STOPPING)


@pytest.mark.parametrize("before", [STARTING, SERVING, STOPPING])
def test_a_stop_goes_through_and_clears_the_hold(simulation, before):
    """What was held is behind it; the next start is free."""
    deployment = begun(simulation, QUEUED)
    commands.hold(simulation, deployment, before)
    simulation.run(60 * MINUTE)
    simulation.enter(deployment, STOPPING, 60 * MINUTE, "test")
    assert deployment.hold_before is None
    simulation.run(61 * MINUTE)
    assert deployment.state is STOPPED


def test_a_hold_before_the_end_of_a_stop_outlives_its_begin(simulation, serving):
    """Asked for while it serves, it parks a stop that was asked for as well."""
    commands.hold(simulation, serving, STOPPED)
    simulation.enter(serving, STOPPING, 10 * SECOND, "test")
    simulation.run(60 * MINUTE)
    assert serving.state is STOPPING
    assert serving.holds


def test_a_spent_balance_stops_a_held_one(simulation, serving):
    """A hold is about the deployment's own life; money is not."""
    simulation.money = Money(balance=30 * SECOND, balance_at=2 * SECOND)
    simulation.money.reprice(serving, 2 * SECOND)
    commands.hold(simulation, serving, STOPPING)
    simulation.run(60 * MINUTE)
    assert moves(simulation)[-2:] == [(32, STOPPING), (33, STOPPED)]


def test_a_timeout_changed_while_it_is_held_forgets_no_idleness(simulation, serving):
    """Lowered below what has passed and raised again, it counts from the last request."""
    commands.hold(simulation, serving, STOPPING)
    simulation.run(5 * MINUTE)
    commands.set_inactive_minutes(simulation, serving, 2, 5 * MINUTE)
    commands.set_inactive_minutes(simulation, serving, 6, 5 * MINUTE)
    commands.release_hold(simulation, serving, 5 * MINUTE)
    simulation.run(60 * MINUTE)
    assert moves(simulation)[-2:] == [(362, STOPPING), (363, STOPPED)]
