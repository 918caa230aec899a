"""How a deployment comes into being: what its creation asks for, and what that must fulfil."""

from dataclasses import dataclass, field, replace
from functools import partial

from together_mock.core import autoscaling, names
from together_mock.core.autoscaling import Autoscaling, AutoscalingChange
from together_mock.core.clock import MINUTE
from together_mock.core.deployment import Deployment, Label
from together_mock.core.errors import MockError
from together_mock.core.platform import Config
from together_mock.core.states import State
from together_mock.services import checks, engine
from together_mock.services.projects import Project
from together_mock.services.routes import stored_schedule
from together_mock.services.unit import Unit, undone
from together_mock.services.v2 import endpoints, placing, references, settings, views
from together_mock.services.v2.references import Target
from together_mock.services.v2.settings import Placement, Settings
from together_mock.services.v2.views import DeploymentView
from together_mock.services.world import World
from together_mock.store import fleet, queries
from together_mock.store.records import EndpointRecord

# How long a deployment may take to be ready for the first time. Source: together-v2 reference, 5.
PATIENCE = 360 * MINUTE
_TIMEOUTS = range(30, 1441)


@dataclass(frozen=True)
class NewDeployment:
    """What a creation asks for; model and config by resource names, or by the older ids."""

    name: str
    autoscaling: AutoscalingChange = field(default_factory=AutoscalingChange)
    model: str | None = None
    model_id: str | None = None
    revision: str | None = None
    config: str | None = None
    config_id: str | None = None
    placement: Placement | None = None
    inactive_timeout: int | None = None
    max_concurrent: str | None = None
    enable_lora: bool | None = None


@dataclass(frozen=True)
class Identity:
    """What a deployment is known by beside its name, and since when."""

    id: str
    etag: str
    created_at: int
    updated_at: int


def create(
    world: World, project: Project, endpoint_id: str, new: NewDeployment, *, validate_only: bool
) -> DeploymentView:
    """Create a deployment, which takes no traffic yet; or only tell what would be created.

    Raises:
        MockError: an unknown endpoint, model or config, a config for another model, a bad name,
            a bad autoscaling, a spent balance, `v2_quota`.
    """
    work = world.write(project)
    with undone(work) if validate_only else work as unit:
        return _created(world, unit, endpoint_id, new)


def _created(world: World, unit: Unit, endpoint_id: str, new: NewDeployment) -> DeploymentView:
    lenient = world.settings.lenient
    endpoint = endpoints.found(unit.connection, unit.project, endpoint_id, "endpointId")
    new = replace(new, name=names.bare(endpoint.name, new.name, "name"))
    refuse_if_taken(unit, endpoint, new.name)
    target = references.model_of(unit, new.model, new.model_id, new.revision, lenient=lenient)
    config = references.config_of(unit, target, new.config, new.config_id, lenient=lenient)
    scaling = autoscaling.created(new.autoscaling)
    if lenient:
        scaling = autoscaling.meant(scaling)
    else:
        autoscaling.check(scaling)
        check_timeout(new.inactive_timeout)
        placing.check(unit.catalog, unit.facts.seed, new.placement)
    checks.refuse_if_spent(unit)
    new_id = unit.new_id("dep", partial(fleet.deployment_by_id, unit.connection, endpoint.key))
    deployment = make(
        unit,
        endpoint,
        new,
        target=target,
        basis=config,
        scaling=scaling,
        zone=placing.zone(unit.catalog, new.placement),
        identity=Identity(new_id, "", unit.now, unit.now),
    )
    endpoint = _with_own_split(unit, endpoint)
    if scaling.maximum:
        refuse_over_quota(unit, deployment)
    engine.add(unit, endpoint, deployment, known=True)
    state = State.QUEUED if scaling.maximum else State.STOPPED
    engine.simulation(unit).enter(deployment, state, unit.now, "api:createDeployment")
    return views.deployment_view(unit.catalog, unit.project, endpoint, deployment, 0.0)


def make(
    unit: Unit,
    endpoint: EndpointRecord,
    new: NewDeployment,
    *,
    target: Target,
    basis: Config | str,
    scaling: Autoscaling,
    zone: str | None,
    identity: Identity,
) -> Deployment:
    """A deployment that is in no state yet.

    Args:
        unit: the unit of work.
        endpoint: whose deployment.
        new: its bare name, its placement, its timeout and its limits.
        target: the model.
        basis: the config, or a hardware of v1, at whose price it is billed then.
        scaling: its autoscaling, which holds.
        zone: the availability zone that it is tied to.
        identity: its id and its dates.
    """
    described = Settings(
        owner=target.owner,
        model_id=target.model_id,
        revision=target.revision,
        metrics=scaling.metrics,
        placement=new.placement,
        max_concurrent=new.max_concurrent,
        enable_lora=new.enable_lora,
    )
    if isinstance(basis, Config):
        config, sku = basis.id, basis.instance_type
        hardware = unit.catalog.platform.instance_types[sku].hardware
    else:
        config, sku, hardware = "", basis, basis
    deployment = Deployment(
        key=unit.new_keys()[1],
        id=identity.id,
        endpoint_id=endpoint.id,
        endpoint_name=endpoint.name,
        model=target.name,
        hardware=hardware,
        zone=zone,
        minimum=scaling.minimum,
        maximum=scaling.maximum,
        inactive_minutes=new.inactive_timeout,
        sku=sku,
        price=unit.catalog.price_of(sku),
        label=Label(
            name=new.name,
            base=target.model,
            config=config,
            settings=settings.stored(described),
            etag=identity.etag,
            created_at=identity.created_at,
            updated_at=identity.updated_at,
        ),
        patience=PATIENCE if config else None,
    )
    autoscaling.put(deployment, scaling)
    return deployment


def _with_own_split(unit: Unit, endpoint: EndpointRecord) -> EndpointRecord:
    """The endpoint with its split written out, where so far its one deployment took everything."""
    if endpoint.traffic:
        return endpoint
    schedule = endpoints.current_schedule(unit, endpoint)
    unit.withdraw(endpoint)
    endpoint = endpoint._replace(traffic=stored_schedule(schedule))
    queries.update_endpoint(unit.connection, endpoint)
    return endpoint


def check_timeout(minutes: int | None) -> None:
    """Refuse an inactivity timeout that the service does not take.

    Raises:
        MockError: `v2_bad_value`.
    """
    if minutes and minutes not in _TIMEOUTS:
        detail = "must be 0, or between 30 and 1440 minutes"
        raise MockError("v2_bad_value", param="inactiveTimeout", detail=detail)


def refuse_over_quota(unit: Unit, deployment: Deployment) -> None:
    """Refuse a start that finds no capacity, where the project's pools say `reject`.

    Raises:
        MockError: `v2_quota`.
    """
    capacity = engine.simulation(unit).placement.capacity
    hardware, zone = deployment.hardware, deployment.zone
    if capacity.on_exhausted != "reject" or not capacity.limited(hardware):
        return
    if capacity.choose(hardware, zone, deployment.minimum, set()) is not None:
        return
    kind = unit.catalog.platform.instance_type_of(hardware)
    pools = [capacity.pools[index] for index in capacity.candidates(hardware, zone)]
    used, limit = sum(pool.used for pool in pools), sum(pool.replicas for pool in pools)
    raise MockError(
        "v2_quota",
        wanted=(used + deployment.minimum) * kind.gpu_count,
        limit=limit * kind.gpu_count,
        gpu=kind.gpu_name.removeprefix("NVIDIA-"),
    )


def refuse_if_taken(unit: Unit, endpoint: EndpointRecord, name: str) -> None:
    """Refuse a deployment's name that another one of the endpoint has.

    Raises:
        MockError: `v2_name_exists`.
    """
    if fleet.deployment_named(unit.connection, endpoint.key, name) is not None:
        raise MockError("v2_name_exists", param="name", kind="Deployment", name=name)
