"""v2's deployments: read, change, delete."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from sqlite3 import Connection

from together_mock.core import autoscaling, commands, names, routing
from together_mock.core.autoscaling import Autoscaling, AutoscalingChange
from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.core.events import Kind
from together_mock.core.states import State
from together_mock.core.status import status
from together_mock.services import checks, control, engine, etags
from together_mock.services.birth import V2
from together_mock.services.catalog import Catalog
from together_mock.services.projects import Project
from together_mock.services.rows import value_of
from together_mock.services.unit import Unit
from together_mock.services.v2 import endpoints, settings, views
from together_mock.services.v2.creation import check_timeout, refuse_if_taken, refuse_over_quota
from together_mock.services.v2.settings import Settings
from together_mock.services.v2.views import DeploymentView
from together_mock.services.world import World
from together_mock.store import fleet
from together_mock.store.records import DeploymentRecord, EndpointRecord


@dataclass(frozen=True)
class DeploymentChange:
    """What an update sets; None leaves a value as it is, and an empty limit takes it off.

    `paths` are those of its mask, if any.
    """

    name: str | None = None
    autoscaling: AutoscalingChange | None = None
    inactive_timeout: int | None = None
    max_concurrent: str | None = None
    paths: Sequence[str] | None = None

    @property
    def said(self) -> list[str]:
        """The fields that it sets, as events name them."""
        scaling = self.autoscaling is not None or any(
            path.startswith("autoscaling") for path in self.paths or ()
        )
        fields = {
            "name": self.name is not None,
            "autoscaling": scaling,
            "inactiveTimeout": self.inactive_timeout is not None,
            "maxConcurrentRequestsPerReplica": self.max_concurrent is not None,
        }
        return [path for path, said in fields.items() if said]


def get(world: World, project: Project, endpoint_id: str, deployment_id: str) -> DeploymentView:
    """One deployment of an endpoint; where reads move the clock, one state further.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`.
    """
    if project.facts.rules.on_poll == "next":
        with world.read(project) as connection:
            found(connection, project, endpoint_id, deployment_id)
        control.move_on(world, project, deployment_id)
    with world.read(project) as connection:
        endpoint, row = found(connection, project, endpoint_id, deployment_id)
        deployment = value_of(world.catalog, endpoint, row)
        return _view(
            world.catalog, connection, project, endpoint, deployment, now=world.now(project)
        )


def _view(
    catalog: Catalog,
    connection: Connection,
    project: Project,
    endpoint: EndpointRecord,
    deployment: Deployment,
    *,
    now: int,
) -> DeploymentView:
    """A deployment with its share of the traffic."""
    split = views.in_force(endpoint, deployment.id, now)
    rows = fleet.deployments_by_ids(connection, endpoint.key, [name for name, _ in split])
    ready = {row.id: views.ready_replicas(row) for row in rows}
    share = views.shares(split, ready).get(deployment.id, 0.0)
    return views.deployment_view(catalog, project, endpoint, deployment, share)


def update(
    world: World,
    project: Project,
    endpoint_id: str,
    deployment_id: str,
    change: DeploymentChange,
    *,
    etag: str | None,
) -> DeploymentView:
    """Apply every part of a change, or none of it; bounds also start and stop the deployment.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`, `v2_stale_etag`, `v2_no_fields`,
            a bad name or autoscaling, `v2_restart_failed`, `v2_restart_stopping`, `v2_quota`.
    """
    with world.write(project) as unit:
        endpoint, row = found(unit.connection, project, endpoint_id, deployment_id)
        deployment = engine.deployment_of(unit, endpoint, row)
        endpoints.check_etag(world, etag, etags.of_deployment(deployment), "deployment")
        if change.said:
            _apply(world, unit, endpoint, deployment, change)
        elif not world.settings.lenient:
            raise MockError("v2_no_fields")
        engine.save(unit)
        return _view(unit.catalog, unit.connection, project, endpoint, deployment, now=unit.now)


def _apply(
    world: World,
    unit: Unit,
    endpoint: EndpointRecord,
    deployment: Deployment,
    change: DeploymentChange,
) -> None:
    # Told before what follows from it; whatever is refused below is not told either.
    engine.tell(
        unit,
        Kind.DEPLOYMENT_UPDATED,
        endpoint.id,
        deployment.key,
        id=deployment.id,
        paths=change.said,
    )
    lenient, made = world.settings.lenient, engine.simulation(unit)
    made.changed.add(deployment.key)
    described = settings.of(unit.catalog, deployment)
    name = deployment.label.name
    if change.name is not None:
        name = names.bare(endpoint.name, change.name, "name")
        if name != deployment.label.name:
            refuse_if_taken(unit, endpoint, name)
            unit.withdraw(endpoint)
    if change.max_concurrent is not None:
        described = replace(described, max_concurrent=change.max_concurrent or None)
    if "autoscaling" in change.said:
        before = autoscaling.of(deployment, described.metrics)
        said = change.autoscaling or AutoscalingChange()
        after = autoscaling.merged(before, said, change.paths)
        if lenient:
            after = autoscaling.meant(after)
        else:
            autoscaling.check(after)
        described = replace(described, metrics=after.metrics)
        wanted = after.maximum > 0 and autoscaling.sets_bounds(said, change.paths)
        if wanted and deployment.state is State.STOPPED and endpoint.birth != V2:
            checks.refuse_if_retired(world)
        _scale(unit, deployment, after, wanted=wanted)
    if change.inactive_timeout is not None:
        if not lenient:
            check_timeout(change.inactive_timeout)
        commands.set_inactive_minutes(made, deployment, change.inactive_timeout, unit.now)
    _relabel(unit, deployment, name, described)


def _relabel(unit: Unit, deployment: Deployment, name: str, described: Settings) -> None:
    deployment.label = deployment.label._replace(
        name=name,
        settings=settings.stored(described),
        etag=etags.following(unit, deployment.id, etags.of_deployment(deployment)),
        updated_at=unit.now,
    )
    fleet.relabel_deployment(unit.connection, deployment.key, deployment.label)


def _scale(unit: Unit, deployment: Deployment, after: Autoscaling, *, wanted: bool) -> None:
    """Have a deployment scale otherwise; where it is `wanted` to run, it is started too."""
    made, now = engine.simulation(unit), unit.now
    starts = wanted and deployment.state is State.STOPPED
    if wanted and deployment.state is State.FAILED:
        raise MockError("v2_restart_failed", param="autoscaling")
    if wanted and deployment.state is State.STOPPING:
        raise MockError("v2_restart_stopping", param="autoscaling")
    autoscaling.put(deployment, after)
    stops = after.maximum == 0 and deployment.state in (
        State.QUEUED,
        State.STARTING,
        State.SERVING,
    )
    if stops:
        deployment.minimum = deployment.maximum = 0
        target = State.STOPPED if deployment.state is State.QUEUED else State.STOPPING
        made.enter(deployment, target, now, "api:updateDeployment")
    elif (deployment.minimum, deployment.maximum) != (after.minimum, after.maximum):
        commands.set_bounds(made, deployment, after.minimum, after.maximum, now)
    if starts:
        checks.refuse_if_spent(unit)
        refuse_over_quota(unit, deployment)
        made.enter(deployment, State.QUEUED, now, "api:updateDeployment")
    elif deployment.state is State.SERVING:
        made.observe(deployment, now)
        commands.count_idleness(made, deployment, now)


def delete(
    world: World, project: Project, endpoint_id: str, deployment_id: str, etag: str | None
) -> None:
    """Delete a deployment that stands in no split and runs no longer.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`, `v2_stale_etag`,
            `v2_delete_in_split`, `v2_delete_running`.
    """
    with world.write(project) as unit:
        endpoint, row = found(unit.connection, project, endpoint_id, deployment_id)
        deployment = engine.deployment_of(unit, endpoint, row)
        endpoints.check_etag(world, etag, etags.of_deployment(deployment), "deployment")
        schedule = endpoints.current_schedule(unit, endpoint)
        if any(name == deployment.id for name, _ in routing.declared(schedule)):
            raise MockError("v2_delete_in_split", param="id")
        if deployment.state not in (State.STOPPING, State.STOPPED, State.FAILED):
            word = status(deployment).state.removeprefix("DEPLOYMENT_STATE_")
            raise MockError("v2_delete_running", param="id", state=word)
        engine.simulation(unit).drop(deployment, unit.now)
        unit.withdraw(endpoint)
        engine.tell(
            unit,
            Kind.DEPLOYMENT_DELETED,
            endpoint.id,
            deployment.key,
            id=deployment.id,
            name=f"{endpoint.name}/{deployment.label.name}",
        )
        fleet.delete_deployment(unit.connection, deployment.key)


def found(
    connection: Connection,
    project: Project,
    endpoint_id: str,
    deployment_id: str,
    param: str = "id",
) -> tuple[EndpointRecord, DeploymentRecord]:
    """A deployment's row, with its endpoint's; `param` is where its id was given.

    Raises:
        MockError: `v2_unknown_endpoint`, `v2_unknown_deployment`.
    """
    endpoint = endpoints.found(connection, project, endpoint_id, "endpointId")
    row = fleet.deployment_by_id(connection, endpoint.key, deployment_id)
    if row is None:
        raise MockError("v2_unknown_deployment", param=param, deployment=deployment_id)
    return endpoint, row
