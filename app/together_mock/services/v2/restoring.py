"""Endpoints with any number of deployments, put in force from a state document.

Entries hold to the rules of creation, unless the server is lenient; ids of models are taken as they
are, since what a deployment was made from may be no more.
"""

from collections.abc import Sequence

from together_mock.core import autoscaling, ids, routing
from together_mock.core.autoscaling import Autoscaling
from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.core.platform import Config
from together_mock.core.states import FROM_V1, State
from together_mock.services import attaching, checks, engine, models, progress
from together_mock.services.birth import V2
from together_mock.services.routes import stored_schedule
from together_mock.services.unit import Unit
from together_mock.services.v2 import placing, references
from together_mock.services.v2.creation import Identity, NewDeployment, make
from together_mock.services.v2.documents import DeploymentEntry, RoutedEntry, WeightEntry
from together_mock.services.v2.references import Target
from together_mock.services.world import World
from together_mock.store import queries
from together_mock.store.records import EndpointRecord

# What serves where an entry names no model.
_STAND_IN = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
_RUNNING = (State.QUEUED, State.STARTING, State.SERVING)


def restore(world: World, unit: Unit, entry: RoutedEntry) -> None:
    """Put an endpoint of the document into the project, with its deployments.

    Raises:
        MockError: `invalid_value` and others, with `param` as it stands in the entry.
    """
    key, _ = unit.new_keys()
    number = unit.next_number() if entry.id is None or entry.name is None else 0
    endpoint_id = entry.id or ids.prefixed("ep", unit.facts.seed, number)
    name = entry.name or f"endpoint-{ids.hex8(unit.facts.seed, 'endpoint-name', number)}"
    if "/" not in name:
        name = f"{unit.facts.slug}/{name}"
    if queries.endpoint_exists(unit.connection, unit.project.key, endpoint_id, name):
        detail = f"the id or the name {name} stands twice in the document"
        raise MockError("invalid_value", param="name", detail=detail)
    created_at = unit.now if entry.created_at is None else entry.created_at
    endpoint = EndpointRecord(
        key=key,
        project_key=unit.project.key,
        id=endpoint_id,
        name=name,
        birth=entry.generation,
        display_name=entry.display_name or name,
        disable_prompt_cache=entry.disable_prompt_cache,
        disable_speculative_decoding=entry.disable_speculative_decoding,
        visibility=entry.visibility,
        traffic=stored_schedule((routing.Split(unit.now, ()),)),
        etag=entry.etag or "",
        created_at=created_at,
        updated_at=created_at if entry.updated_at is None else entry.updated_at,
    )
    queries.insert_endpoints(unit.connection, [endpoint])
    named: dict[str, str] = {}
    for index, given in enumerate(entry.deployments):
        try:
            deployment = _made(world, unit, endpoint, given)
            if deployment.id in named or deployment.label.name in named:
                detail = "an id or a name stands twice among the deployments"
                raise MockError("invalid_value", param="name", detail=detail)
        except MockError as error:
            error.param = f"deployments.{index}.{error.param}"
            raise
        named |= {deployment.id: deployment.id, deployment.label.name: deployment.id}
        engine.add(unit, endpoint, deployment, known=True)
        if given.progress is None:
            progress.enter(unit, deployment, FROM_V1[given.state])
        try:
            attaching.restore(unit, deployment, given.adapters)
        except MockError as error:
            error.param = f"deployments.{index}.{error.param}"
            raise
    if entry.traffic_split is None and (len(entry.deployments) != 1 or entry.generation == V2):
        detail = "may be null for the one deployment of an endpoint that v1 made"
        raise MockError("invalid_value", param="traffic_split", detail=detail)
    schedule = (
        () if entry.traffic_split is None else _schedule(unit, entry, entry.traffic_split, named)
    )
    endpoint = endpoint._replace(traffic=stored_schedule(schedule) if schedule else "")
    queries.update_endpoint(unit.connection, endpoint)


def _schedule(
    unit: Unit, entry: RoutedEntry, split: Sequence[WeightEntry], named: dict[str, str]
) -> routing.Schedule:
    if entry.traffic_schedule is None:
        return (routing.Split(unit.now, _entries(split, named, "traffic_split")),)
    splits = [
        routing.Split(split.at, _entries(split.split, named, f"traffic_schedule.{index}.split"))
        for index, split in enumerate(entry.traffic_schedule)
    ]
    return tuple(sorted(splits, key=lambda split: split.at))


def _entries(
    weights: Sequence[WeightEntry], named: dict[str, str], param: str
) -> tuple[routing.Entry, ...]:
    entries: dict[str, float] = {}
    for index, item in enumerate(weights):
        deployment = named.get(item.deployment)
        if deployment is None or deployment in entries:
            wrong = "is named a second time" if deployment else "is no deployment of this endpoint"
            raise MockError(
                "invalid_value",
                param=f"{param}.{index}.deployment",
                detail=f"{item.deployment} {wrong}",
            )
        entries[deployment] = item.weight
    return tuple(entries.items())


def _made(world: World, unit: Unit, endpoint: EndpointRecord, entry: DeploymentEntry) -> Deployment:
    lenient = world.settings.lenient
    scaling = _scaling(entry, lenient=lenient)
    placement = entry.placement.value() if entry.placement else None
    if not lenient:
        placing.check(unit.catalog, unit.facts.seed, placement)
    checks.check_zone(world, entry.availability_zone)
    target = _target(unit, entry, lenient=lenient)
    created_at = unit.now if entry.created_at is None else entry.created_at
    number = unit.next_number() if entry.id is None or entry.name is None else 0
    seed = unit.facts.seed
    new = NewDeployment(
        name=entry.name or f"deployment-{ids.hex8(seed, 'deployment-name', number)}",
        placement=placement,
        inactive_timeout=entry.inactive_timeout,
        max_concurrent=entry.max_concurrent_requests_per_replica,
        enable_lora=entry.enable_lora,
    )
    identity = Identity(
        id=entry.id or ids.prefixed("dep", seed, number),
        etag=entry.etag or "",
        created_at=created_at,
        updated_at=created_at if entry.updated_at is None else entry.updated_at,
    )
    deployment = make(
        unit,
        endpoint,
        new,
        target=target,
        basis=_basis(unit, entry, target, lenient=lenient),
        scaling=scaling,
        zone=entry.availability_zone,
        identity=identity,
    )
    if entry.progress is not None:
        progress.restore(deployment, FROM_V1[entry.state], entry.progress)
    return deployment


def _scaling(entry: DeploymentEntry, *, lenient: bool) -> Autoscaling:
    scaling = entry.autoscaling.value()
    if lenient:
        scaling = autoscaling.meant(scaling)
    else:
        autoscaling.check(scaling)
    # The control plane may put what has stopped into the queue, which its progress tells.
    if not scaling.maximum and entry.progress is None and FROM_V1[entry.state] in _RUNNING:
        detail = f"must be at least 1 for what is {entry.state}"
        raise MockError("invalid_value", param="autoscaling.minReplicas", detail=detail)
    return scaling


def _target(unit: Unit, entry: DeploymentEntry, *, lenient: bool) -> Target:
    """The model of an entry by its ids, which are taken as they are; `model` is what answers."""
    platform = unit.catalog.platform
    if entry.model is not None:
        # Whatever v1 deployed is taken back: it names its hardware, and no config.
        known = entry.model in unit.catalog.models or _is_by_v1(entry)
        if not known and not lenient:
            detail = f"{entry.model} is no model of the catalogue"
            raise MockError("invalid_value", param="model", detail=detail)
    model_id = entry.model_id
    if model_id is None:
        made = platform.model_named(entry.model or _STAND_IN)
        newest = entry.revision or made.revision
        return Target(made.model.id, made.model.id, platform.project_id, made.id, newest)
    found = models.resolve(unit, model_id)
    answers = entry.model or (found and found.model)
    revision = entry.revision or (found and found.latest)
    if answers is None or revision is None:
        if lenient:
            return references.model_of(unit, None, model_id, entry.revision, lenient=True)
        param = "revision" if answers else "model_id"
        raise MockError("invalid_value", param=param, detail=f"{model_id} is no model with one")
    made_up = entry.model is not None and platform.model_named(entry.model).id == model_id
    of_platform = made_up or model_id in platform.models
    owner = platform.project_id if of_platform else unit.project.id
    name = entry.model_name or (found.name if found else answers)
    return Target(name, answers, owner, model_id, revision)


def _is_by_v1(entry: DeploymentEntry) -> bool:
    return entry.config is None and entry.hardware is not None


def _basis(unit: Unit, entry: DeploymentEntry, target: Target, *, lenient: bool) -> Config | str:
    """The config of an entry, or the hardware of one that v1 made."""
    if _is_by_v1(entry):
        return checks.find_hardware(unit.catalog, entry.hardware or "", target.model).id
    published = unit.catalog.platform.configs_of(target.model)
    if entry.config is None and published:
        return published[0]
    return references.config_of(unit, target, None, entry.config, lenient=lenient)
