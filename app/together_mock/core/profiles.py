"""Profiles: how long each stage of a lifecycle takes and where it leads, by selector."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from together_mock.core.lifecycle import Stage
from together_mock.core.states import State
from together_mock.core.wildcards import is_like


@dataclass(frozen=True, slots=True)
class ProfileStage:
    """One way out of a state: where to, when, how likely, and the reason of a failure."""

    from_state: State
    to_state: State
    stage: Stage | None
    weight: float = 1.0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class JobStage:
    """One way out of a status of an upload job; `reason` says that it ends in a failure."""

    running: bool
    stage: Stage | None
    weight: float = 1.0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Stages for the deployments that the selector matches; `*` and `?` are wild.

    `jobs` are those of the upload jobs whose models it matches.
    """

    name: str
    stages: tuple[ProfileStage, ...]
    jobs: tuple[JobStage, ...] = ()
    model: str = "*"
    hardware: str = "*"
    zone: str = "*"
    priority: int = 0

    def matches(self, model: str, hardware: str, zone: str | None) -> bool:
        """Whether the profile is for a deployment."""
        return (
            is_like(model, self.model)
            and is_like(hardware, self.hardware)
            and is_like(zone or "", self.zone)
        )

    def ways_out(self, state: State) -> tuple[ProfileStage, ...]:
        """The stages that leave a state."""
        return tuple(stage for stage in self.stages if stage.from_state is state)


AnyStage = TypeVar("AnyStage", ProfileStage, JobStage)


def in_order(profiles: Iterable[Profile]) -> list[Profile]:
    """Profiles in the order in which they are tried: by priority, then by name."""
    return sorted(profiles, key=lambda item: (-item.priority, item.name))


def job_ways(profiles: Sequence[Profile], model: str, *, running: bool) -> tuple[JobStage, ...]:
    """The ways out of a status that the first profile has which is for the model and has any."""
    for profile in profiles:
        ways = tuple(stage for stage in profile.jobs if stage.running is running)
        if ways and is_like(model, profile.model):
            return ways
    return ()


def choose(stages: Sequence[AnyStage], fraction: float) -> AnyStage:
    """Draw one of the ways out of a state by weight, for a draw in [0, 1)."""
    total = sum(stage.weight for stage in stages)
    mark = fraction * total
    for stage in stages:
        mark -= stage.weight
        if mark < 0:
            return stage
    return stages[-1]
