"""Schedule fuzzing: one's own automation against random delays, failures, capacity and clocks.

Whatever is random is drawn by hypothesis into a state document; from there on nothing is. So a
failure is told with a state file that reproduces it: `together-mock serve --state FILE`.
It needs `pip install together-mock[hypothesis]`.
"""

import atexit
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import chain, count
from pathlib import Path
from typing import Any, ClassVar

import yaml
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from together_mock.testing.project import MockProject
from together_mock.testing.servers import START, MockServer

HARDWARE = ("2x_nvidia_h100_80gb_sxm", "2x_nvidia_a100_80gb_sxm", "1x_nvidia_h100_80gb_sxm")
# What a state file is for, unless it is for another key.
API_KEY = "test-key"
_LIFECYCLE = ("stuck_pending", "start_error", "slow_start", "replica_crash", "stop_hangs")
# What a request may meet: busy, broken, and no answer at all.
_REFUSALS: tuple[dict[str, Any], ...] = (
    {"status": 429, "headers": {"retry-after": "1"}},
    {"status": 500},
    {"status": 503, "code": "capacity"},
    {"reset": True},
)

_MINUTE = 60
_names = count(1)


# Delays, in seconds: none, and what is short or long for a poll, a timeout, a start.
def delays() -> st.SearchStrategy[int]:
    """How long a stage takes, in seconds: often nothing, at most half an hour."""
    return st.one_of(st.just(0), st.integers(1, _MINUTE), st.integers(_MINUTE, 30 * _MINUTE))


def profiles() -> st.SearchStrategy[dict[str, Any]]:
    """A timing profile: how long each stage takes, and how often a start fails."""
    return st.builds(
        _profile, delays(), delays(), delays(), delays(), st.sampled_from((0, 0, 1, 4))
    )


def _profile(pending: int, starting: int, stopping: int, failing: int, odds: int) -> dict[str, Any]:
    stages: list[dict[str, Any]] = [
        {"from": "PENDING", "to": "STARTING", "after": pending},
        {"from": "STARTING", "to": "STARTED", "after": starting, "weight": 4},
        {"from": "STOPPING", "to": "STOPPED", "after": stopping},
    ]
    if odds:
        failure = {"to": "ERROR", "after": failing, "weight": odds, "reason": "engine_oom"}
        stages.append({"from": "STARTING", **failure})
    return {"stages": stages}


def capacities(hardware: Sequence[str] = HARDWARE) -> st.SearchStrategy[dict[str, Any]]:
    """Pools of some of the hardware, small enough to run out."""
    pools = st.dictionaries(st.sampled_from(hardware), st.integers(0, 3))
    return st.builds(
        lambda sizes, how: {
            "pools": [{"hardware": name, "replicas": size} for name, size in sizes.items()],
            "on_exhausted": how,
        },
        pools,
        st.sampled_from(("queue", "reject")),
    )


def _stockouts(hardware: Sequence[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    start = datetime.fromisoformat(START)
    planned = st.builds(
        lambda minutes, capacity: {
            "at": (start + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z"),
            "capacity": capacity,
        },
        st.integers(1, 120),
        capacities(hardware),
    )
    return st.lists(planned, max_size=2)


def _faults(*, requests_fail: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    starts = _struck([{"lifecycle": effect} for effect in _LIFECYCLE], most_skipped=2)
    # Most are over soon: automation that tries again gets through.
    requests = _struck(_REFUSALS, most_skipped=9) if requests_fail else st.just([])
    return st.builds(
        lambda *drawn: [
            {"id": f"fault-{number}", **fault} for number, fault in enumerate(chain(*drawn), 1)
        ],
        starts,
        requests,
    )


def _struck(
    effects: Sequence[dict[str, Any]], most_skipped: int
) -> st.SearchStrategy[list[dict[str, Any]]]:
    fault = st.fixed_dictionaries(
        {
            "effect": st.sampled_from(effects),
            "skip": st.integers(0, most_skipped),
            "times": st.integers(1, 2),
        }
    )
    return st.lists(fault, max_size=2)


def worlds(
    hardware: Sequence[str] = HARDWARE, *, polls_move: bool = True, requests_fail: bool = True
) -> st.SearchStrategy[dict[str, Any]]:
    """State documents of projects in which everything may be slow, fail, or run out.

    Args:
        hardware: of which there may be little.
        polls_move: whether reading an endpoint that is under way moves the frozen clock to its
            next change of state, so that automation which polls gets on.
        requests_fail: whether some requests are refused or reset, once or twice.
    """
    clock = {"now": START, "rate": 0, "on_poll": "next" if polls_move else "none"}
    return st.fixed_dictionaries(
        {
            "version": st.just(1),
            "seed": st.integers(0, 1000).map(str),
            "clock": st.just(clock),
            "preset": st.just("fast"),
            "profiles": st.fixed_dictionaries({"drawn": profiles()}),
            "capacity": capacities(hardware),
            "planned_capacity": _stockouts(hardware),
            "faults": _faults(requests_fail=requests_fail),
        }
    )


@contextmanager
def playing(world: Mapping[str, Any]) -> Iterator[MockProject]:
    """A project that starts as a state document says.

    What is raised in the block gets a note: the state file from which it can be run again, and
    where it has been written.
    """
    with _server().project(f"schedule {next(_names)}", state=world) as project:
        # As the server has it, with what the document leaves out.
        start = project.snapshot()
        try:
            yield project
        except HypothesisException:
            raise
        except Exception as error:
            error.add_note(state_file(project, start, "run the automation from its beginning"))
            raise


@cache
def _server() -> MockServer:
    """The server that all schedules of this process use."""
    server = MockServer(preset="fast", clock_rate=0.0, start_at=START).start()
    atexit.register(server.stop)
    return server


def state_file(project: MockProject, state: Mapping[str, Any], what_then: str) -> str:
    """A state file, and how to use it; it is written to where it says.

    Args:
        project: which the state is of.
        state: its state document.
        what_then: what is to be done from there.
    """
    whole = {**state, "api_key": API_KEY, "project": {"slug": project.project.slug}}
    text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)
    file = _file()
    whole_text = (
        "# together-mock: to see it again, run\n"
        f"#   together-mock serve --clock-rate 0 --state {file}\n"
        f"# and, with the key {API_KEY}, {what_then}.\n{text}# end of the state file"
    )
    file.write_text(f"{whole_text}\n", encoding="utf-8")
    return whole_text


def _file() -> Path:
    """Where the state file of the test that runs is written: the last is that of the report."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    mark = f"-{sha256(test.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}" if test else ""
    return _folder() / f"state{mark}.yaml"


@cache
def _folder() -> Path:
    """A folder of this process, which outlives it: its files are for people."""
    return Path(tempfile.mkdtemp(prefix="together-mock-schedules-"))


class ScheduleMachine(RuleBasedStateMachine):
    """Steps of one's automation, in between whatever may happen to its endpoints.

    A subclass says in `act` what one round of the automation does, and in `check` what must hold
    after every step; both use `self.mock`. `TestMine = Mine.TestCase` is the test.
    """

    # How far the clock may go in one step, in seconds.
    STEPS: ClassVar[Sequence[int]] = (1, 10, _MINUTE, 10 * _MINUTE, 60 * _MINUTE)

    mock: MockProject

    def world(self) -> st.SearchStrategy[dict[str, Any]]:
        """What the project may start as; override it to have other worlds."""
        return worlds(polls_move=False)

    def act(self) -> None:
        """One round of the automation."""
        raise NotImplementedError(f"{type(self).__name__} has no act, one round of its automation")

    def check(self) -> None:
        """What must hold after every step, by assertions."""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Start in a world that is drawn."""
        drawn = data.draw(self.world(), label="world")
        self.mock = _server().project(f"schedule {next(_names)}", state=drawn)
        self._before: dict[str, Any] | None = None

    @rule()
    def automation_acts(self) -> None:
        """The automation does a round."""
        self._before = self.mock.snapshot()
        with self._told("let the automation act once"):
            self.act()

    @rule(index=st.integers(0, 9))
    def time_passes(self, index: int) -> None:
        """The clock moves on."""
        self._before = None
        self.mock.clock.advance(self.STEPS[index % len(self.STEPS)])

    @rule()
    def next_thing_happens(self) -> None:
        """The clock moves on to the next instant at which something is due."""
        self._before = None
        self.mock.clock.run_next()

    @rule(index=st.integers(0, 9))
    def an_endpoint_fails(self, index: int) -> None:
        """One that starts or serves goes to ERROR, if there is one."""
        self._before = None
        running = self.mock.running()
        if running:
            failing = running[index % len(running)]["deployment"]
            self.mock.transition(failing, "ERROR", "fuzzed")

    @rule(capacity=capacities())
    def capacity_changes(self, capacity: dict[str, Any]) -> None:
        """Other pools come into force."""
        self._before = None
        self.mock.capacity(capacity)

    @invariant()
    def what_must_hold(self) -> None:
        """It does."""
        then = "check what must hold"
        if self._before is not None:
            then = f"let the automation act once, and {then}"
        with self._told(then):
            self.check()

    @contextmanager
    def _told(self, what_then: str) -> Iterator[None]:
        try:
            yield
        except HypothesisException:
            raise
        except Exception as error:
            # What the automation did is told by what was before it; all else by what is.
            state = self._before or self.mock.snapshot()
            error.add_note(state_file(self.mock, state, what_then))
            raise

    def teardown(self) -> None:
        """Delete the project."""
        if hasattr(self, "mock"):
            self.mock.close()
