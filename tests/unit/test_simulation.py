"""What holds in a simulation that goes on, in every step of it and however it is run.

A project that is read anew from its store counts what its pools lack anew; a simulation that goes
on must keep the count.
"""

from dataclasses import replace

from fleet_rules import Holder, Look, check
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from together_mock.core.deployment import Deployment
from together_mock.core.simulation import Simulation
from together_mock.core.states import V1_STATES
from unit.story import BEGIN, END, Story

MANY = settings(
    max_examples=200,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    deadline=None,
    database=None,
)
# Hypothesis prefers small and equal values; a seed makes all stories equally likely.
SEEDS = st.integers(0, 2**64)


@MANY
@given(seed=SEEDS)
def test_a_simulation_keeps_count_and_turns(seed):
    """After every command and instant, pools lack what is held of them, and nobody is passed."""
    story = Story(seed)
    looks: list[Look | None] = [None]

    def hold() -> None:
        looks.append(look_at(story.simulation))
        check(*looks[-2:])

    story.play(each=hold)


@MANY
@given(seed=SEEDS, stops=st.lists(st.integers(BEGIN, END), max_size=20))
def test_a_simulation_has_one_history(seed, stops):
    """Run in jumps, with looks on the way, or instant by instant, it tells the same story."""
    straight = Story(seed).play().told()
    instants = [at for at, *_ in straight[0]]
    assert instants == sorted(instants)
    assert Story(seed).play(stops).told() == straight
    assert Story(seed).play(each=lambda: None).told() == straight


def look_at(simulation: Simulation) -> Look:
    """A simulation as the rules take it."""
    pools = [replace(pool) for pool in simulation.placement.capacity.pools]
    return Look(pools, [holder_of(one) for one in simulation.deployments.values()])


def holder_of(one: Deployment) -> Holder:
    """A deployment as the rules take it."""
    return Holder(
        number=one.key,
        id=one.id,
        state=V1_STATES[one.state],
        hardware=one.hardware,
        zone=one.zone,
        least=one.minimum,
        most=one.maximum,
        waiting=one.waiting,
        arrived=one.arrived_at,
        pool=one.pool,
        allocated=one.allocated,
        desired=one.desired,
        ready=one.ready,
        starting=sum(count for _, count in one.starting),
        draining=sum(count for _, count in one.draining),
    )
