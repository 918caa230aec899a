"""Endpoints and deployments as v2 shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from together_mock.core import autoscaling, routing, status
from together_mock.core.autoscaling import Autoscaling
from together_mock.core.deployment import Deployment
from together_mock.core.platform import Config
from together_mock.core.states import State
from together_mock.core.status import Status
from together_mock.services import etags
from together_mock.services.catalog import Catalog
from together_mock.services.projects import Project
from together_mock.services.routes import schedule_of
from together_mock.services.rows import value_of
from together_mock.services.v2 import placing, settings
from together_mock.services.v2.settings import Settings
from together_mock.store.records import DeploymentRecord, EndpointRecord

# Deployments that an endpoint's own answer shows, the newest ones. Source: docs.together.ai.
MOST_SUMMARIES = 10


@dataclass(frozen=True)
class DeploymentView:
    """A deployment in full; `share` is its part of the endpoint's traffic, between 0 and 1."""

    project_id: str
    endpoint_id: str
    name: str
    deployment: Deployment
    settings: Settings
    config: Config
    config_owner: str
    autoscaling: Autoscaling
    status: Status
    share: float
    etag: str
    region: str | None
    # The family of the engine that answers, and whether it takes tools and schemas.
    engine: str
    chats: bool

    @property
    def scheduled(self) -> int:
        """Replicas that are placed."""
        return status.scheduled(self.deployment)


@dataclass(frozen=True)
class EndpointView:
    """An endpoint in full, with the newest of its deployments."""

    record: EndpointRecord
    project_id: str
    etag: str
    split: tuple[routing.Entry, ...]
    deployments: list[DeploymentView]


def split_of(endpoint: EndpointRecord, only: str | None) -> tuple[routing.Entry, ...]:
    """The traffic split that an endpoint shows; `only` is the one deployment that v1 gave it."""
    if endpoint.traffic:
        return routing.declared(schedule_of(endpoint))
    return () if only is None else ((only, 1.0),)


def in_force(endpoint: EndpointRecord, only: str | None, now: int) -> tuple[routing.Entry, ...]:
    """The traffic split that the routers go by at an instant."""
    if endpoint.traffic:
        return routing.in_force(schedule_of(endpoint), now)
    return split_of(endpoint, only)


def shares(entries: Sequence[routing.Entry], ready: dict[str, int]) -> dict[str, float]:
    """The share of each deployment of a split, by the replicas that are ready."""
    return routing.shares(entries, lambda deployment: ready.get(deployment, 0))


def ready_replicas(row: DeploymentRecord) -> int:
    """Replicas of a deployment that can answer."""
    return row.ready_replicas if row.state == State.SERVING.value else 0


def endpoint_view(
    catalog: Catalog,
    project: Project,
    endpoint: EndpointRecord,
    newest: Sequence[DeploymentRecord],
    *,
    routed: Sequence[DeploymentRecord],
    now: int,
) -> EndpointView:
    """An endpoint as a value.

    Args:
        catalog: the catalogues.
        project: whose it is.
        endpoint: its record.
        newest: the newest of its deployments.
        routed: others that stand in its traffic split.
        now: the present instant.
    """
    ready = {row.id: ready_replicas(row) for row in [*newest, *routed]}
    only = newest[0].id if newest else None
    taken = shares(in_force(endpoint, only, now), ready)
    return EndpointView(
        record=endpoint,
        project_id=project.id,
        etag=etags.of_endpoint(endpoint),
        split=split_of(endpoint, only),
        deployments=[
            deployment_view(
                catalog, project, endpoint, value_of(catalog, endpoint, row), taken.get(row.id, 0.0)
            )
            for row in newest
        ],
    )


def deployment_view(
    catalog: Catalog,
    project: Project,
    endpoint: EndpointRecord,
    deployment: Deployment,
    share: float,
) -> DeploymentView:
    """A deployment as a value."""
    platform = catalog.platform
    made = settings.of(catalog, deployment)
    config = platform.configs.get(deployment.label.config)
    if config is None:
        config = platform.config_for(deployment.label.base, deployment.hardware)
    zone = deployment.pool or deployment.zone
    kind = catalog.models.get(deployment.label.base)
    return DeploymentView(
        project_id=project.id,
        endpoint_id=endpoint.id,
        name=f"{endpoint.name}/{deployment.label.name}",
        deployment=deployment,
        settings=made,
        config=config,
        config_owner=platform.project_id,
        autoscaling=autoscaling.of(deployment, made.metrics),
        status=status.status(deployment),
        share=share,
        etag=etags.of_deployment(deployment),
        region=zone or placing.preferred(catalog, project, made.placement),
        engine=kind.engine if kind else "tie",
        chats=kind is None or kind.type == "chat",
    )
