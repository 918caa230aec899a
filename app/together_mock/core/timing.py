"""Timing: when a deployment's present state ends, and how: faults, profiles, the preset."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from together_mock.core import ids, profiles
from together_mock.core.catalog import Preset
from together_mock.core.deployment import NEVER, Deployment
from together_mock.core.fault_limits import ALWAYS, Limits
from together_mock.core.lifecycle import STAGES, Stage
from together_mock.core.profiles import Profile, ProfileStage
from together_mock.core.states import State
from together_mock.core.wildcards import is_like

# Where each timed state leads when nothing says otherwise.
NEXT = {
    State.QUEUED: State.STARTING,
    State.STARTING: State.SERVING,
    State.STOPPING: State.STOPPED,
}
SLOW_FACTOR = 10
# A start that is to fail does so after this share of the time it would have taken.
FAILS_AFTER = 0.5

# Lifecycle fault -> the state on whose entry it strikes.
STRIKES_IN = {
    "stuck_pending": State.QUEUED,
    "slow_start": State.STARTING,
    "start_error": State.STARTING,
    "stop_hangs": State.STOPPING,
    "replica_crash": State.SERVING,
}
# Faults under which a state never ends by itself.
ENDLESS = ("stuck_pending", "stop_hangs")


@dataclass(slots=True)
class LifecycleFault:
    """A fault of the lifecycle; it was met `seen` times, and struck `hits` of them."""

    id: str
    effect: str
    endpoint: str = "*"
    limits: Limits = ALWAYS
    seen: int = 0
    hits: int = 0

    def matches(self, deployment: Deployment) -> bool:
        """Whether the fault is for the deployment's endpoint, by id, name or model."""
        names = (deployment.endpoint_id, deployment.endpoint_name, deployment.model)
        return any(is_like(name, self.endpoint) for name in names)

    def can_hit(self, deployment: Deployment) -> bool:
        """Whether the present state is the fault's own; a crash also needs a replica to lose."""
        if STRIKES_IN[self.effect] is not deployment.state:
            return False
        return self.effect != "replica_crash" or deployment.ready > 0


@dataclass
class Timing:
    """A project's ways of timing: its seed, its preset, its profiles and its lifecycle faults."""

    seed: str
    preset: Preset
    profiles: Sequence[Profile] = ()
    faults: list[LifecycleFault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ordered = profiles.in_order(self.profiles)
        self._preset_ways = {
            state: (
                ProfileStage(state, following, self.preset.stages[STAGES[state]]),
                f"preset:{self.preset.name}",
            )
            for state, following in NEXT.items()
        }

    def strike(
        self, deployment: Deployment, at: int, faults: Sequence[LifecycleFault] | None = None
    ) -> LifecycleFault | None:
        """The fault, of these or of all, that strikes the present state, counted; or None."""
        for fault in self.faults if faults is None else faults:
            if not fault.can_hit(deployment) or not fault.matches(deployment):
                continue
            if fault.limits.are_over(fault.hits, at):
                continue
            fault.seen += 1
            if not fault.limits.let_strike(self.seed, fault.id, fault.seen):
                continue
            fault.hits += 1
            return fault
        return None

    def plan(self, deployment: Deployment) -> tuple[int, State, str] | None:
        """When the present state ends by itself, where it leads, and why; None is never."""
        way = self._way_out(deployment, deployment.state)
        if way is None or way[0].stage is None:
            return None
        chosen, cause = way
        assert chosen.stage is not None
        length = self._drawn(chosen.stage, deployment, "jitter")
        target = chosen.to_state
        if deployment.struck in ENDLESS:
            return None
        if deployment.struck:
            cause = f"fault:{deployment.struck}"
        if deployment.struck == "slow_start":
            length *= SLOW_FACTOR
        elif deployment.struck == "start_error":
            length, target = round(length * FAILS_AFTER), State.FAILED
        return deployment.since + length, target, cause

    def source(self, deployment: Deployment) -> str:
        """What times the present state: `profile:NAME` or `preset NAME`."""
        way = self._way_out(deployment, deployment.state)
        cause = way[1].partition(" ")[0] if way else f"preset:{self.preset.name}"
        return cause.replace("preset:", "preset ")

    def arrival(self, deployment: Deployment, state: State, at: int) -> int:
        """When a replica that starts (STARTING) or drains (STOPPING) now is there, or gone."""
        way = self._way_out(deployment, state)
        if way is None or way[0].stage is None:
            return NEVER
        return at + self._drawn(way[0].stage, deployment, "replica")

    def _way_out(self, deployment: Deployment, state: State) -> tuple[ProfileStage, str] | None:
        if state not in NEXT:
            return None
        for profile in self._ordered:
            ways = profile.ways_out(state)
            if ways and profile.matches(deployment.model, deployment.hardware, deployment.zone):
                chosen = profiles.choose(ways, self._fraction(deployment, "way"))
                cause = f"profile:{profile.name}"
                return chosen, f"{cause} {chosen.reason}" if chosen.reason else cause
        return self._preset_ways[state]

    def _drawn(self, stage: Stage, deployment: Deployment, kind: str) -> int:
        return stage.length(self._fraction(deployment, kind) if stage.jitter else 0.0)

    def _fraction(self, deployment: Deployment, kind: str) -> float:
        return ids.fraction(self.seed, kind, deployment.id, deployment.steps)
