"""How far the replicas of a deployment are with an adapter that it has.

Source: OpenAPI 2.0.0, DeploymentAdapterStatus, for the states. That loading takes no time of its
own, so that an adapter is ready where a replica is, is inferred.
"""

from typing import NamedTuple

from together_mock.core import ids, status
from together_mock.core.deployment import Deployment
from together_mock.core.states import State

PENDING = "PENDING"
LOADING = "LOADING"
READY = "READY"
REMOVING = "REMOVING"


class Load(NamedTuple):
    """What the cluster of a deployment reports of an adapter.

    `ready` and `total` count replicas; `loaded_at` is the instant from which the first replica
    answered by it, None while none does.
    """

    cluster: str
    state: str
    ready: int
    total: int
    loaded_at: int | None
    updated_at: int


def cluster_of(deployment_id: str) -> str:
    """The name of the cluster that a deployment runs on; each has one of its own."""
    return f"cluster-{ids.hex8('', 'cluster', deployment_id)}"


def load_of(deployment: Deployment, added_at: int, updated_at: int) -> Load | None:
    """What is reported of an adapter; None where no replica is placed, so that nothing reports.

    Args:
        deployment: which has it.
        added_at: the instant it was added at.
        updated_at: the instant of its last change.
    """
    total = status.scheduled(deployment)
    if not total:
        return None
    ready = deployment.ready if deployment.state is State.SERVING else 0
    return Load(
        cluster=cluster_of(deployment.id),
        state=_state(deployment.state, ready),
        ready=ready,
        total=total,
        loaded_at=max(added_at, deployment.since) if ready else None,
        updated_at=max(updated_at, deployment.since),
    )


def _state(state: State, ready: int) -> str:
    if state is State.QUEUED:
        return PENDING
    if state is State.STOPPING:
        return REMOVING
    return READY if ready else LOADING
