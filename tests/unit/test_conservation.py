"""Replicas are conserved within the simulation itself, step by step.

A project that is read anew from its store counts what its pools lack anew; a simulation that goes
on must keep the count.
"""

from dataclasses import replace
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from together_mock.core import commands
from together_mock.core.capacity import Capacity, Pool
from together_mock.core.catalog import Preset
from together_mock.core.clock import MINUTE, SECOND
from together_mock.core.deployment import Deployment
from together_mock.core.lifecycle import REFUSED, TRANSITIONS, Stage
from together_mock.core.load import parse_curve
from together_mock.core.placement import Placement
from together_mock.core.simulation import Simulation
from together_mock.core.states import State, Trigger
from together_mock.core.timing import Timing

PRESET = Preset("test", {"pending": Stage(1), "starting": Stage(7), "stopping": Stage(5, 30)})
ZONES = ("east", "west")
CURVES = ("step:0:40:2m", "ramp:0:40:10m", "spike:0:60:1m:3m", "sine:0:30:4m")
EVENLY = settings(
    max_examples=150,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    deadline=None,
    database=None,
)


class Story:
    """Random commands to six deployments of one simulation."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = 0
        self.simulation = Simulation(Timing("seed", PRESET), Placement(self._capacity()))
        self.held: dict[int, int] = {}
        for key in range(6):
            self._add(key)

    def go_on(self) -> None:
        """Give a command, or let time pass, and hold what must be true after it."""
        simulation = self.simulation
        everything = sorted(simulation.deployments.values(), key=lambda one: one.key)
        self._command(self.random.choice(everything))
        self.check()
        until = self.now + self.random.choice([0, SECOND, 10 * SECOND, 2 * MINUTE, 6 * MINUTE])
        while (due := self._next_due()) is not None and due <= until:
            simulation.run(due)
            self.check()
        self.now = until

    def check(self) -> None:
        """Hold the use of each pool, and the counts of each deployment, against each other."""
        placement, deployments = self.simulation.placement, self.simulation.deployments
        held_of: dict[int, int] = {}
        for one in deployments.values():
            parts = one.coming + sum(count for _, count in one.draining)
            assert parts == (one.allocated if one.state is State.SERVING else 0), one
            assert min(one.allocated, one.ready, one.desired) >= 0, one
            index = placement.capacity.pool_of(one.hardware, one.pool, one.zone)
            if index is not None:
                held_of[index] = held_of.get(index, 0) + one.allocated
        for index, pool in enumerate(placement.capacity.pools):
            assert pool.used == held_of.get(index, 0), (self.now, pool)
            assert pool.used <= max(pool.replicas, self.held.get(index, 0)), (self.now, pool)
        self.held = held_of

    def _command(self, one: Deployment) -> None:
        simulation, random = self.simulation, self.random
        match random.choice(["start", "start", "stop", "bounds", "load", "crash", "drop", "pools"]):
            case "start":
                self._trigger(one, Trigger.START)
            case "stop":
                self._trigger(one, Trigger.STOP)
            case "bounds":
                least = random.randint(1, 3)
                most = least + random.randint(0, 4)
                commands.set_bounds(simulation, one, least, most, self.now)
            case "load":
                curve = parse_curve(random.choice(CURVES), self.now, "curve")
                one.scaling = replace(one.scaling, curve=curve, down_window=20 * SECOND)
                if one.state is State.SERVING:
                    simulation.observe(one, self.now)
            case "crash" if one.ready:
                simulation.crash(one, self.now, "crash")
            case "drop":
                simulation.drop(one, self.now)
                self._add(one.key)
            case "pools":
                # What runs goes on where a pool is cut, so it may be as full as it was.
                self.held = dict.fromkeys(range(3), sum(self.held.values()))
                simulation.set_capacity(self._capacity(), self.now)

    def _trigger(self, one: Deployment, trigger: Trigger) -> None:
        target = TRANSITIONS[one.state, trigger]
        if target not in (one.state, REFUSED):
            self.simulation.enter(one, State(target), self.now, trigger)

    def _add(self, key: int) -> None:
        zone = self.random.choice([None, *ZONES])
        least = self.random.randint(1, 3)
        most = least + self.random.randint(0, 4)
        one = Deployment(key, f"d{key}", f"e{key}", "", "", "gpu", zone, least, most, None, 1)
        self.simulation.add([one])

    def _capacity(self) -> Capacity:
        one, other, third = (self.random.randint(0, 6) for _ in range(3))
        wide = [Pool("gpu", None, one + other)]
        split = [Pool("gpu", "east", one), Pool("gpu", "west", other), Pool("gpu", None, third)]
        return Capacity(self.random.choice([wide, split]))

    def _next_due(self) -> int | None:
        instants = [one.due_at() for one in self.simulation.deployments.values()]
        return min((at for at in instants if at is not None), default=None)


@EVENLY
@given(random=st.randoms(use_true_random=True))
def test_a_simulation_keeps_count_of_its_replicas(random):
    """After every command and every step, a pool's use is what deployments hold of it."""
    story = Story(random)
    for _ in range(60):
        story.go_on()
