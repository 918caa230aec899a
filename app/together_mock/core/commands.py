"""What is asked of deployments in a simulation, other than to start and stop."""

from together_mock.core import autoscale
from together_mock.core.billing import ACTIVE_AFTER_REQUEST
from together_mock.core.deployment import NEVER, Deployment
from together_mock.core.simulation import Simulation
from together_mock.core.states import State


def set_bounds(
    simulation: Simulation, deployment: Deployment, minimum: int, maximum: int, at: int
) -> None:
    """Set the replica bounds; a serving deployment follows them at once."""
    simulation.changed.add(deployment.key)
    deployment.minimum, deployment.maximum = minimum, maximum
    if deployment.state is State.SERVING:
        simulation.follow_bounds(deployment, at)
    elif deployment.state is State.QUEUED and (
        deployment.waiting or not minimum <= deployment.allocated <= maximum
    ):
        # What it has no longer fits: it keeps its turn, and is placed anew.
        simulation.placement.give_back(deployment, deployment.allocated)
        deployment.waiting = True
        simulation.placement.wait(deployment)
        deployment.desired = autoscale.initial_count(deployment, at)
        simulation.place(deployment.hardware, at)


def set_inactive_minutes(
    simulation: Simulation, deployment: Deployment, minutes: int, at: int
) -> None:
    """Set the inactivity timeout; one that has already passed ends it now, and 0 never does."""
    deployment.inactive_minutes = minutes
    count_idleness(simulation, deployment, at)


def count_idleness(simulation: Simulation, deployment: Deployment, at: int) -> None:
    """Have inactivity that should have stopped a deployment already stop it at an instant."""
    limit = deployment.idle_limit
    # What is held does not stop yet, so its idleness is still counted from where it began.
    if limit is not None and deployment.state is State.SERVING and not deployment.holds:
        deployment.active_at = max(deployment.active_at, at - limit)
    simulation.touch(deployment)


def hold(simulation: Simulation, deployment: Deployment, before: State) -> None:
    """Park a deployment just before a state that it would enter by itself."""
    deployment.hold_before = before
    simulation.touch(deployment)


def release_hold(simulation: Simulation, deployment: Deployment, at: int) -> None:
    """Let a parked deployment go on: at its planned instant, or now if that has passed."""
    deployment.hold_before = None
    if deployment.next_at is not None:
        deployment.next_at = max(deployment.next_at, at)
    count_idleness(simulation, deployment, at)


def hurry(simulation: Simulation, deployment: Deployment, at: int) -> None:
    """Give replicas that were never to arrive, or never to be gone, an instant after all."""
    for batches, state in (
        (deployment.starting, State.STARTING),
        (deployment.draining, State.STOPPING),
    ):
        if any(due == NEVER for due, _ in batches):
            end = simulation.timing.arrival(deployment, state, at)
            batches[:] = [(end if due == NEVER else due, count) for due, count in batches]
            simulation.touch(deployment)


def take(simulation: Simulation, deployment: Deployment, count: int) -> None:
    """Give a deployment replicas outright, even more than its pool has."""
    simulation.placement.take(deployment, count)
    deployment.desired = deployment.allocated


def note_requests(simulation: Simulation, deployment: Deployment, first: int, last: int) -> None:
    """Note requests of which the first and the last came at these instants."""
    simulation.money.accrue(deployment, first)
    deployment.active_at = max(deployment.active_at, last)
    deployment.active_until = max(deployment.active_until, last + ACTIVE_AFTER_REQUEST)
    simulation.touch(deployment)


def note_flights(simulation: Simulation, deployment: Deployment, count: int, at: int) -> None:
    """Note that the number of open streams changed; an open stream is activity."""
    note_requests(simulation, deployment, at, at)
    deployment.scaling.in_flight = count
    if deployment.state is State.SERVING:
        simulation.observe(deployment, at)
