"""Replicas are conserved, and given out in turn, within the simulation itself.

A project that is read anew from its store counts what its pools lack anew; a simulation that goes
on must keep the count.
"""

import itertools
from dataclasses import replace
from random import Random

from fleet_rules import Holder, Look, check
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
from together_mock.core.states import V1_STATES, State, Trigger
from together_mock.core.timing import LifecycleFault, Timing

PRESET = Preset("test", {"pending": Stage(1), "starting": Stage(7), "stopping": Stage(5, 30)})
ZONES = ("east", "west")
CURVES = ("step:0:40:2m", "ramp:0:40:10m", "spike:0:60:1m:3m", "sine:0:30:4m")
EFFECTS = ("start_error", "replica_crash")
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
        # Fresh ones, since a fault counts how often it struck.
        faults = [LifecycleFault(effect, effect, probability=0.2) for effect in EFFECTS]
        timing = Timing(str(random.random()), PRESET, faults=faults)
        self.simulation = Simulation(timing, Placement(self._capacity()))
        self._keys = itertools.count()
        self._seen: Look | None = None
        for _ in range(6):
            self._add()

    def go_on(self) -> None:
        """Give a command, or let time pass, and hold what must be true after it."""
        simulation = self.simulation
        self._command(self.random.choice(list(simulation.deployments.values())))
        self.check()
        until = self.now + self.random.choice([0, SECOND, 10 * SECOND, 2 * MINUTE, 6 * MINUTE])
        while (due := self._next_due()) is not None and due <= until:
            simulation.run(due)
            self.check()
        self.now = until

    def check(self) -> None:
        """Hold what the simulation is at, and what it gave out, against the rules."""
        pools = [replace(pool) for pool in self.simulation.placement.capacity.pools]
        everything = self.simulation.deployments.values()
        seen = Look(pools, [holder_of(one) for one in everything])
        check(self._seen, seen)
        self._seen = seen

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
                self._add()
            case "pools":
                simulation.set_capacity(self._capacity(), self.now)

    def _trigger(self, one: Deployment, trigger: Trigger) -> None:
        target = TRANSITIONS[one.state, trigger]
        if target not in (one.state, REFUSED):
            self.simulation.enter(one, State(target), self.now, trigger)

    def _add(self) -> None:
        key = next(self._keys)
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


@EVENLY
@given(random=st.randoms(use_true_random=True))
def test_a_simulation_keeps_count_and_turns(random):
    """After every command and instant, pools lack what is held of them, and nobody is passed."""
    story = Story(random)
    for _ in range(60):
        story.go_on()
