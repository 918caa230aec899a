"""A deployment's state in v2's words, with the message that explains it.

Source: together-v2 reference, 5, for the states and most messages; those of a deployment that
stops, has stopped or failed to start are ours.
"""

from typing import NamedTuple

from together_mock.core.deployment import Deployment
from together_mock.core.simulation import TIMED_OUT
from together_mock.core.states import State

PROVISIONING = "DEPLOYMENT_STATE_PROVISIONING"
SCALING = "DEPLOYMENT_STATE_SCALING"
READY = "DEPLOYMENT_STATE_READY"
DEGRADED = "DEPLOYMENT_STATE_DEGRADED"
STOPPING = "DEPLOYMENT_STATE_STOPPING"
STOPPED = "DEPLOYMENT_STATE_STOPPED"
FAILED = "DEPLOYMENT_STATE_FAILED"
STATES = (PROVISIONING, SCALING, READY, DEGRADED, STOPPING, STOPPED, FAILED)

_NO_CAPACITY = "Cannot place replicas: insufficient GPU capacity"


class Status(NamedTuple):
    """A state and its message."""

    state: str
    message: str


_SCHEDULING = Status(PROVISIONING, "Scheduling replicas")
_UNPLACED = Status(DEGRADED, _NO_CAPACITY)
_STARTING = Status(SCALING, "Starting replicas")
_SHRINKING = Status(SCALING, "Scaling down")
_READY = Status(READY, "All replicas ready")


def status(deployment: Deployment) -> Status:
    """What v2 shows of a deployment's lifecycle."""
    state = deployment.state
    if state is State.QUEUED:
        return _UNPLACED if deployment.waiting else _SCHEDULING
    if state is State.STARTING:
        if deployment.struck:
            return Status(DEGRADED, f"Startup stalled: {deployment.struck}")
        return _STARTING
    if state is State.SERVING:
        return _serving(deployment)
    if state is State.STOPPING:
        return Status(STOPPING, "Draining replicas")
    if state is State.STOPPED:
        return Status(STOPPED, "Deployment is stopped")
    return Status(FAILED, _failure(deployment.cause))


def _serving(deployment: Deployment) -> Status:
    if deployment.ready >= deployment.desired:
        return _SHRINKING if deployment.draining else _READY
    if deployment.waiting:
        return _UNPLACED
    if deployment.cause.startswith("fault:"):
        counts = f"{deployment.ready} of {deployment.desired} replicas are ready"
        return Status(DEGRADED, f"Not ready: {counts}")
    return _STARTING


def _failure(cause: str) -> str:
    if cause == TIMED_OUT:
        return "Timed out waiting for readiness"
    # `profile:NAME reason`, `control reason`, `fault:EFFECT`: the last word says most.
    reason = cause.replace(":", " ").split()
    return f"Startup failed: {reason[-1]}" if reason else "Startup failed"


def scheduled(deployment: Deployment) -> int:
    """How many replicas the scheduler has placed."""
    return deployment.allocated if deployment.state not in (State.STOPPED, State.FAILED) else 0
