"""Plans for a fleet: what is done to it, and when, drawn evenly from all that can be done."""

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st
from service.fleet import HARDWARE, pools
from service.scenario import Act
from together_mock.core.clock import MINUTE, SECOND
from together_mock.services.rules import CapacityDocument

HOUR = 60 * MINUTE
# Midnight falls in the middle.
END = 6 * HOUR
CENTRAL, EAST = "us-central-4b", "us-east-1a"
ZONES = (None, None, CENTRAL, EAST)
WORDS = ("PENDING", "STARTING", "STARTED", "STOPPING", "STOPPED", "ERROR")
CURVES = (
    None,
    "ramp:0:40:1h",
    "ramp:40:0:30m",
    "step:0:25:7m",
    "step:20:0:90s",
    "sine:0:32:2h",
    "sine:10:1:45m",
    "spike:0:50:10m:3m",
    "spike:9:0:5m:20m",
)
EFFECTS = ("stuck_pending", "start_error", "slow_start", "replica_crash", "stop_hangs")
STAGES: tuple[list[dict[str, Any]], ...] = (
    [{"from": "STARTING", "to": "STARTED", "after": 300.0, "jitter": 60.0}],
    [{"from": "STARTING", "to": "ERROR", "after": 100.0, "weight": 0.5}],
    [{"from": "PENDING", "to": "ERROR", "after": 1800.0}],
    [{"from": "STOPPING", "to": "STOPPED", "after": 200.0}],
    [],
)
# How often each deed is done, compared with the others.
QUIET = {
    "create": 5,
    "update": 6,
    "chat": 4,
    "pools": 4,
    "delete": 1,
    "force": 1,
    "hold": 2,
    "release": 1,
    "fault": 2,
    "profile": 1,
    "preset": 1,
    "balance": 2,
}
# What changes a start is done while the first ones start.
EARLY = ("fault", "force", "hold", "release", "profile")
LOADED = QUIET | {"load": 6}
# Open streams belong to the process, so no document shows them.
LIVELY = LOADED | {"open": 2, "close": 2}


def instant(random: Random, end: int = END) -> int:
    """Any instant; often on the hour, or where much happens and steps of the presets fall."""
    ways = [(HOUR, end), (SECOND // 2, 40 * SECOND), (SECOND, HOUR), (1, end)]
    even, last = random.choice(ways)
    return random.randrange(last // even) * even


def cut(random: Random) -> tuple[float, int]:
    """An instant by what was done before: which part of all was, and how long ago the last was."""
    return random.random(), random.choice([0, 700_000, 5 * SECOND, 3 * MINUTE])


def plan(random: Random, deeds: dict[str, int], end: int = END) -> list[Act]:
    """Pools and three endpoints in the first seconds, and what happens to them and others."""
    preset = random.choice(["fast", "realistic"])
    acts = [Act(0, "pools", 0, (_sizes(random), None)), Act(0, "preset", 0, preset)]
    acts += [Act(random.randint(0, 10 * SECOND), "create", 0, _create(random)) for _ in range(3)]
    if "load" in deeds:
        acts += [Act(10 * SECOND, "load", who, _load(random)) for who in range(2)]
    for _ in range(random.randint(6, 16)):
        do = random.choices(list(deeds), list(deeds.values()))[0]
        value = VALUES[do](random) if do in VALUES else None
        at = random.randrange(3 * MINUTE) if do in EARLY else instant(random, end)
        acts.append(Act(at, do, random.randint(0, 3), value))
    return sorted(acts, key=lambda act: act.at)


def _sizes(random: Random) -> CapacityDocument:
    one, other, third = (random.randint(0, 6) for _ in range(3))
    first, second = HARDWARE
    return random.choice(
        [
            pools(),
            pools((first, None, one + other)),
            pools((first, CENTRAL, one), (first, EAST, other), (second, None, third)),
            pools((first, CENTRAL, one), (first, None, other)),
        ]
    )


def _create(random: Random) -> tuple[Any, ...]:
    kind, zone = random.choice([0, 0, 0, 1]), random.choice(ZONES)
    least = random.randint(1, 3)
    most = least + random.randint(0, 3)
    return kind, zone, least, most, random.choice([None, None, 1, 30]), random.random() < 0.8


def _bounds(random: Random) -> dict[str, int]:
    least = random.randint(1, 3)
    return {"min_replicas": least, "max_replicas": least + random.randint(0, 3)}


def _update(random: Random) -> dict[str, Any]:
    timeout = {"inactive_timeout": random.choice([0, 5])}
    starts = [{"started": True}, {"started": True}, {"started": False}]
    return random.choice([*starts, _bounds(random), timeout])


def _load(random: Random) -> tuple[Any, ...]:
    windows = [random.choice([None, 0.0, 60.0, 600.0]) for _ in range(2)]
    return random.choice(CURVES), None, *windows


def _fault(random: Random) -> dict[str, Any]:
    return {
        "effect": {"lifecycle": random.choice(EFFECTS)},
        "times": random.randint(1, 2),
        "skip": random.randint(0, 1),
        "probability": random.choice([0.5, 1.0]),
    }


VALUES: dict[str, Callable[[Random], Any]] = {
    "create": _create,
    "update": _update,
    "load": _load,
    "fault": _fault,
    "pools": lambda random: (_sizes(random), random.choice([None, 10 * MINUTE, HOUR])),
    "profile": lambda random: {"stages": random.choice(STAGES)},
    "preset": lambda random: random.choice(["instant", "fast", "realistic", "manual"]),
    "force": lambda random: random.choice(WORDS),
    "hold": lambda random: random.choice(["STARTING", "STARTED", "STOPPED"]),
    "balance": lambda random: random.choice(["3.00", "0.123456", "100", None]),
}


def crowd(random: Random) -> list[Act]:
    """A dozen who want some of the same pools, each for a finite time; some of them give up."""
    acts: list[Act] = []
    for number, at in enumerate(sorted(random.randint(0, 4 * MINUTE) for _ in range(12))):
        least = random.randint(1, 4)
        bounds = least, least + random.randint(0, 2)
        minutes = random.choice([1, 2, 5])
        acts.append(Act(at, "create", number, (0, random.choice(ZONES), *bounds, minutes, True)))
        curve = random.choice([None, None, "spike:0:30:30s:2m", "step:20:0:4m"])
        acts.append(Act(at, "load", number, (curve,)))
        until = at + random.randint(0, 3 * MINUTE)
        way = random.choice(["stay", "stay", "update", "delete"])
        if way != "stay":
            acts.append(Act(until, way, number, {"started": False}))
    return sorted(acts, key=lambda act: act.at)


def room(random: Random) -> CapacityDocument:
    """Pools that are too small for a crowd; some of them for anybody of it."""
    one, other = random.randint(1, 4), random.randint(1, 4)
    first = HARDWARE[0]
    return random.choice(
        [pools((first, None, one + 2)), pools((first, CENTRAL, one), (first, EAST, other))]
    )


# A slow start that is timed anew, a queue in another order than that of creation, a request.
WAITERS = [
    Act(0, "pools", 0, (pools((HARDWARE[0], None, 1)), None)),
    Act(0, "fault", 0, {"effect": {"lifecycle": "slow_start"}, "times": 1}),
    Act(0, "create", 0, (0, None, 1, 1, None, False)),
    Act(0, "create", 1, (0, None, 1, 1, None, False)),
    Act(0, "create", 2, (0, None, 1, 1, None, True)),
    Act(6 * SECOND, "preset", 0, "realistic"),
    Act(7 * SECOND, "update", 1, {"started": True}),
    Act(8 * SECOND, "update", 0, {"started": True}),
    Act(2 * HOUR, "delete", 2),
    Act(2 * HOUR + 20 * MINUTE, "chat", 1),
]
# Hypothesis prefers small and equal values, of which little happens to a fleet.
_RANDOMS = st.randoms(use_true_random=True)
CROWDS = _RANDOMS.map(crowd)
ROOMS = _RANDOMS.map(room)
INSTANTS = _RANDOMS.map(instant)
CUTS = st.lists(_RANDOMS.map(cut), min_size=3, max_size=3)


def plans_of(deeds: dict[str, int], end: int = END) -> st.SearchStrategy[list[Act]]:
    """Plans made of deeds, done before the end."""
    return _RANDOMS.map(lambda random: plan(random, deeds, end))
