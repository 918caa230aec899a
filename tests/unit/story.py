"""Stories of a simulation: deployments that share pools and a balance, and random commands.

A story is told by its seed alone; it can be played in jumps, with looks, or step by step.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import Any

from together_mock.core import commands
from together_mock.core.billing import units
from together_mock.core.capacity import Capacity, Pool
from together_mock.core.catalog import Preset
from together_mock.core.clock import DAY, MINUTE, SECOND
from together_mock.core.deployment import Deployment
from together_mock.core.fault_limits import Limits
from together_mock.core.lifecycle import REFUSED, TRANSITIONS, Stage
from together_mock.core.load import parse_curve
from together_mock.core.money import Money
from together_mock.core.placement import Placement
from together_mock.core.simulation import Simulation
from together_mock.core.states import State, Trigger
from together_mock.core.timing import LifecycleFault, Timing
from unit.rows import LABEL

# Midnight falls in the middle.
BEGIN = DAY - 60 * MINUTE
END = DAY + 60 * MINUTE
PRESET = Preset("test", {"pending": Stage(1), "starting": Stage(7), "stopping": Stage(5, 30)})
CURVES = ("step:0:40:2m", "ramp:0:40:10m", "spike:0:60:1m:3m", "sine:0:30:4m")
EFFECTS = ("start_error", "replica_crash")
DOINGS = ("start", "start", "start", "stop", "bounds", "load", "request", "crash", "drop", "pools")
PRICE = 180_000


class Story:
    """Forty commands to eight deployments of one simulation."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.now = BEGIN
        random = Random(f"{seed}")
        faults = [
            LifecycleFault(effect, effect, limits=Limits(probability=0.2)) for effect in EFFECTS
        ]
        balance = random.choice([None, None, units("20")])
        self.simulation = Simulation(
            timing=Timing(f"{seed}", PRESET, faults=faults),
            placement=Placement(_capacity(random)),
            money=Money(balance, BEGIN),
            planned=[(at, _capacity(random)) for at in sorted(_instant(random) for _ in range(3))],
        )
        self._keys = itertools.count()
        self._instants = sorted(_instant(random) for _ in range(40))
        for _ in range(8):
            self._add(random)

    def play(self, stops: Iterable[int] = (), each: Callable[[], None] | None = None) -> "Story":
        """Play the whole of it.

        Args:
            stops: instants to stop and look at on the way.
            each: called after each command and each instant at which anything happens.
        """
        moments: list[tuple[int, int | None]] = [
            (at, number) for number, at in enumerate(self._instants)
        ]
        moments += [(at, None) for at in (*stops, END)]
        for at, number in sorted(moments, key=lambda moment: moment[0]):
            self._run(at, each)
            if number is None:
                self._look()
            else:
                self._command(Random(f"{self.seed} {number}"))
            if each is not None:
                each()
        return self

    def told(self) -> tuple[Any, ...]:
        """What came of it: the history, the ledger, what is left to spend, and where all are."""
        made = self.simulation
        events = [
            (e.at, e.deployment.id, e.to_state, e.ready, e.desired, e.cause) for e in made.events
        ]
        return events, made.money.ledger, made.money.balance, made.deployments

    def _run(self, until: int, each: Callable[[], None] | None) -> None:
        while each is not None and (due := self._next_due()) is not None and due <= until:
            self.simulation.run(due)
            each()
        self.simulation.run(until)
        self.now = until

    def _next_due(self) -> int | None:
        instants = [one.due_at() for one in self.simulation.deployments.values()]
        instants.append(self.simulation.project_due_at())
        return min((at for at in instants if at is not None), default=None)

    def _look(self) -> None:
        for one in self.simulation.deployments.values():
            self.simulation.accrue(one, self.now)
        self.simulation.money.settle(self.now)

    def _command(self, random: Random) -> None:
        simulation, now = self.simulation, self.now
        one = random.choice(list(simulation.deployments.values()))
        match random.choice(DOINGS):
            case "start":
                self._trigger(one, Trigger.START)
            case "stop":
                self._trigger(one, Trigger.STOP)
            case "bounds":
                commands.set_bounds(simulation, one, *_bounds(random), now)
            case "load":
                self._load(one, random)
            case "request":
                commands.note_requests(simulation, one, now, now)
            case "crash" if one.ready:
                simulation.crash(one, now, "crash")
            case "drop":
                simulation.drop(one, now)
                self._add(random)
            case "pools":
                simulation.set_capacity(_capacity(random), now)

    def _trigger(self, one: Deployment, trigger: Trigger) -> None:
        target = TRANSITIONS[one.state, trigger]
        if target not in (one.state, REFUSED):
            self.simulation.enter(one, State(target), self.now, trigger)

    def _load(self, one: Deployment, random: Random) -> None:
        self.simulation.accrue(one, self.now)
        curve = parse_curve(random.choice(CURVES), self.now, "curve")
        window = random.choice([0, 20 * SECOND, 10 * MINUTE])
        one.scaling = replace(one.scaling, curve=curve, down_window=window)
        if one.state is State.SERVING:
            self.simulation.observe(one, self.now)

    def _add(self, random: Random) -> None:
        key = next(self._keys)
        zone, minutes = random.choice([None, "east", "west"]), random.choice([None, None, 10])
        place = ("", "", "gpu", zone)
        bounds = _bounds(random)
        self.simulation.add(
            [Deployment(key, f"d{key}", f"e{key}", *place, *bounds, minutes, "gpu", PRICE, LABEL)]
        )


def _bounds(random: Random) -> tuple[int, int]:
    least = random.randint(1, 3)
    return least, least + random.randint(0, 4)


def _capacity(random: Random) -> Capacity:
    one, other, third = (random.randint(0, 4) for _ in range(3))
    wide = [Pool("gpu", None, one + other)]
    split = [Pool("gpu", "east", one), Pool("gpu", "west", other), Pool("gpu", None, third)]
    return Capacity(random.choice([wide, split]))


def _instant(random: Random) -> int:
    """Any instant; often a whole second, where steps fall as well."""
    even = random.choice([SECOND, 10 * SECOND, 1])
    return BEGIN + random.randrange((END - BEGIN) // even) * even
