"""Scenarios: what users do at which instants, played on one project however time passes.

An instant of a scenario is in microseconds after START. A record is all that a user could learn.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from support import H100X2, MIXTRAL, START
from together_mock.bootstrap import build_world
from together_mock.core.clock import DAY, SECOND
from together_mock.core.errors import MockError
from together_mock.core.instants import parse_instant
from together_mock.services import control, endpoints, inference, snapshot, state
from together_mock.services.endpoints import Change, NewEndpoint
from together_mock.services.projects import Project, hash_of
from together_mock.services.world import World
from together_mock.settings import Settings
from together_mock.store import history, queries

ORIGIN = parse_instant(START, "start-at")
END = DAY


class FakeTime:
    """The machine's time, moved by hand; or by `step` with each reading, like a busy machine's."""

    def __init__(self, step: float = 0.0) -> None:
        self.real = 1_000.0
        self.step = step

    def now(self) -> float:
        """The present, in seconds."""
        self.real += self.step
        return self.real

    def go_to(self, real: float) -> None:
        """Go on to an instant, unless it has passed."""
        self.real = max(self.real, real)


@dataclass(frozen=True)
class Act:
    """One thing that a user does; `endpoint` counts the endpoints in the order of creation."""

    at: int
    do: str
    endpoint: int = 0
    value: Any = None


@dataclass
class Record:
    """What a run showed: each act's outcome, the moves of each advance, and the end."""

    outcomes: list[str] = field(default_factory=list)
    instants: list[int] = field(default_factory=list)
    moves: list[tuple[Any, ...]] = field(default_factory=list)
    histories: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)

    def same_as(self, other: "Record") -> bool:
        """Whether two runs showed the same, but for the moves, which only an advance tells."""
        assert self.outcomes == other.outcomes
        assert self.histories == other.histories
        assert self.document == other.document
        return True


class Player:
    """Plays acts on a project of a world of its own, by the services alone."""

    def __init__(self, world: World, project: Project, time: FakeTime) -> None:
        self.world = world
        self.project = project
        self.time = time
        self.record = Record()
        self._ids: list[str] = []
        self._at: int | None = None

    @property
    def now(self) -> int:
        """The project's instant as the machine's time stands, without reading it."""
        return self.project.facts.clock.now(self.time.real) - ORIGIN

    def jump(self, at: int) -> None:
        """Move the clock to an instant by the control plane."""
        done = control.advance_to(self.world, self.project, ORIGIN + at)
        self.record.moves += [
            (move.deployment.endpoint_id, move.at, move.to_state, move.cause) for move in done.moves
        ]

    def act(self, act: Act) -> None:
        """Do what an act says, and note its outcome and its instant."""
        self._at = None
        try:
            outcome = getattr(self, f"_{act.do}")(act)
        except MockError as error:
            outcome = error.case
        self.record.outcomes.append(f"{act.do} {act.endpoint}: {outcome}")
        # The last reading of the time is the one that decided, unless the answer says when.
        self.record.instants.append(self.now if self._at is None else self._at)

    def finish(self) -> Record:
        """Freeze the clock, and take down what there is to see."""
        control.set_clock(self.world, self.project, None, 0.0)
        self.record.document = snapshot.show(self.world, self.project)
        with self.world.read(self.project) as connection:
            for endpoint, deployment in queries.endpoints_oldest_first(
                connection, self.project.key
            ):
                self.record.histories[endpoint.id] = [
                    (row.at, row.from_state, row.to_state, row.cause)
                    for row in history.events_of(connection, self.project.key, deployment.key)
                ]
        return self.record

    def look(self, how: int) -> None:
        """Look at the project in one of several ways; history must not care."""
        ways: list[Callable[[], Any]] = [
            lambda: endpoints.list_own(self.world, self.project),
            lambda: snapshot.show(self.world, self.project),
            self._look_at_clock,
            self.world.tick,
        ]
        ways[how % len(ways)]()

    def _look_at_clock(self) -> None:
        view = control.clock(self.world, self.project)
        assert view.next_due is None or view.next_due > view.now

    def _create(self, act: Act) -> str:
        new = NewEndpoint(model=MIXTRAL, hardware=H100X2, inactive_timeout=act.value)
        view = endpoints.create(self.world, self.project, new)
        self._ids.append(view.id)
        return f"{view.id} {view.state}"

    def _start(self, act: Act) -> str:
        return self._update(act, Change(started=True))

    def _stop(self, act: Act) -> str:
        return self._update(act, Change(started=False))

    def _timeout(self, act: Act) -> str:
        return self._update(act, Change(inactive_timeout=act.value))

    def _update(self, act: Act, change: Change) -> str:
        return endpoints.update(self.world, self.project, self._id(act), change).state

    def _delete(self, act: Act) -> str:
        endpoints.delete(self.world, self.project, self._id(act))
        return "gone"

    def _preset(self, act: Act) -> str:
        control.set_preset(self.world, self.project, act.value)
        return act.value

    def _chat(self, act: Act) -> str:
        admitted = inference.admit_by_store(self.world, self.project, self._id(act))
        self._at = admitted.at - ORIGIN
        return f"request {admitted.number}"

    def _id(self, act: Act) -> str:
        return self._ids[act.endpoint] if act.endpoint < len(self._ids) else "nobody"


class Stage:
    """A world with one project, which every run begins anew."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.world = build_world(Settings(start_at=START, clock_rate=0.0), self.time)
        self.project = self.world.ensure_project(hash_of("time-traveller"))

    def player(self, rate: float, preset: str) -> Player:
        """A player on the emptied project, its clock at START."""
        clock = {"now": START, "rate": rate}
        start = {"seed": "scenario", "clock": clock, "preset": preset}
        state.put(self.world, self.project, start)
        return Player(self.world, self.project, self.time)

    def by_jumps(self, acts: list[Act], preset: str, end: int = END, jumps: int = 0) -> Record:
        """Play acts on a frozen clock: a jump from act to act, and `jumps` more spread evenly."""
        stops = [end * index // (jumps + 1) for index in range(1, jumps + 1)]
        run = self.player(0.0, preset)
        for act in acts:
            while stops and stops[0] <= act.at:
                run.jump(stops.pop(0))
            run.jump(act.at)
            run.act(act)
        for at in [*stops, end]:
            run.jump(at)
        return run.finish()

    def by_running(
        self, acts: list[Act], preset: str, rate: float, looks: list[int], step: float = 0.0
    ) -> tuple[Record, list[Act], int]:
        """Play acts on a running clock, with looks spread evenly.

        Args:
            looks: how to look, one after the other.
            step: how far the machine's time goes on with each reading.

        Returns:
            the record, the acts at the instants at which they fell, and the end.
        """
        run = self.player(rate, preset)
        begun, self.time.step = self.time.real, step
        events: list[tuple[int, Act | int]] = [(act.at, act) for act in acts]
        events += [(END * (index + 1) // (len(looks) + 1), how) for index, how in enumerate(looks)]
        for at, event in sorted(events, key=lambda pair: pair[0]):
            self.time.go_to(begun + at / (rate * SECOND))
            run.act(event) if isinstance(event, Act) else run.look(event)
        self.time.step = 0.0
        self.time.go_to(begun + END / (rate * SECOND))
        fell = [replace(act, at=at) for act, at in zip(acts, run.record.instants, strict=True)]
        end = run.now
        return run.finish(), fell, end

    def close(self) -> None:
        """Close the world."""
        self.world.close()
