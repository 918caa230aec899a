"""Endpoints with any number of deployments, as the state document shows and takes them."""

from collections.abc import Sequence
from typing import Any

from together_mock.core import autoscaling, commands, ids, routing
from together_mock.core.autoscaling import Autoscaling
from together_mock.core.clock import SECOND
from together_mock.core.deployment import Deployment, Label, Rules
from together_mock.core.errors import MockError
from together_mock.core.instants import to_exact_iso
from together_mock.core.platform import Config
from together_mock.core.states import FROM_V1, V1_STATES, State
from together_mock.services import checks, engine, progress
from together_mock.services.birth import ONLY
from together_mock.services.routes import schedule_of, stored_schedule
from together_mock.services.unit import Unit
from together_mock.services.v2 import references, settings
from together_mock.services.v2.creation import PATIENCE
from together_mock.services.v2.documents import DeploymentEntry, RoutedEntry, WeightEntry
from together_mock.services.v2.settings import UNTOLD, Settings
from together_mock.services.world import World
from together_mock.store import queries
from together_mock.store.records import EndpointRecord

# What serves where an entry names no model.
_STAND_IN = "meta-llama/Llama-3.3-70B-Instruct-Turbo"


def is_plain(endpoint: EndpointRecord, deployments: Sequence[Deployment]) -> bool:
    """Whether v1's form of an entry tells everything: one deployment, of which v2 knows nothing."""
    if endpoint.birth != "v1" or endpoint.traffic or len(deployments) != 1:
        return False
    label = deployments[0].label
    return label.settings == UNTOLD and label.name == ONLY and not endpoint.etag


def show(unit: Unit, endpoint: EndpointRecord, deployments: Sequence[Deployment]) -> dict[str, Any]:
    """An endpoint as an entry of the document."""
    shown: dict[str, Any] = {
        "generation": endpoint.birth,
        "id": endpoint.id,
        "name": endpoint.name,
        "display_name": endpoint.display_name,
        "visibility": endpoint.visibility,
        "disable_prompt_cache": bool(endpoint.disable_prompt_cache),
        "disable_speculative_decoding": bool(endpoint.disable_speculative_decoding),
        "etag": endpoint.etag,
        "created_at": to_exact_iso(endpoint.created_at),
        "updated_at": to_exact_iso(endpoint.updated_at),
        "deployments": [_deployment(unit, deployment) for deployment in deployments],
    }
    schedule = schedule_of(endpoint) or _whole(deployments)
    if schedule[-1].at <= unit.now:
        return {**shown, "traffic_split": _weights(schedule[-1])}
    splits = [{"at": to_exact_iso(split.at), "split": _weights(split)} for split in schedule]
    return {**shown, "traffic_schedule": splits}


def _whole(deployments: Sequence[Deployment]) -> routing.Schedule:
    return (routing.Split(0, tuple((deployment.id, 1.0) for deployment in deployments[:1])),)


def _weights(split: routing.Split) -> list[dict[str, Any]]:
    return [{"deployment": name, "weight": weight} for name, weight in split.entries]


def _deployment(unit: Unit, deployment: Deployment) -> dict[str, Any]:
    label, made = deployment.label, settings.of(unit.catalog, deployment)
    placement = made.placement
    return {
        "id": deployment.id,
        "name": label.name,
        "model": deployment.model,
        "model_id": made.model_id,
        "revision": made.revision,
        "config": label.config or None,
        "hardware": deployment.hardware,
        "state": V1_STATES[deployment.state],
        "autoscaling": _autoscaling(autoscaling.of(deployment, made.metrics)),
        "inactive_timeout": deployment.inactive_minutes,
        "availability_zone": deployment.zone,
        "placement": None
        if placement is None
        else {**vars(placement), "regions": placement.regions and list(placement.regions)},
        "max_concurrent_requests_per_replica": made.max_concurrent,
        "enable_lora": made.enable_lora,
        "etag": label.etag,
        "created_at": to_exact_iso(label.created_at),
        "updated_at": to_exact_iso(label.updated_at),
        "progress": progress.show(deployment).model_dump(mode="json"),
    }


def _autoscaling(value: Autoscaling) -> dict[str, Any]:
    zero = value.zero_window
    return {
        "min_replicas": value.minimum,
        "max_replicas": value.maximum,
        "scale_up_window": value.up_window / SECOND,
        "scale_down_window": value.down_window / SECOND,
        "scale_to_zero_window": None if zero is None else zero / SECOND,
        "scale_up": _rules(value.up),
        "scale_down": _rules(value.down),
        "scaling_metrics": [
            {"name": metric.name, "target": metric.target, "percentile": metric.percentile}
            for metric in value.metrics
        ],
    }


def _rules(rules: Rules) -> dict[str, Any]:
    policies = [
        {
            "type": "percent" if policy.percent else "pods",
            "value": policy.value,
            "period": policy.period / SECOND,
        }
        for policy in rules.policies
    ]
    return {"policies": policies, "select": rules.select}


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
            _enter(unit, deployment, FROM_V1[given.state])
    _refuse_strangers(entry, named)
    endpoint = endpoint._replace(traffic=stored_schedule(_schedule(unit, entry, named)))
    queries.update_endpoint(unit.connection, endpoint)


def _schedule(unit: Unit, entry: RoutedEntry, named: dict[str, str]) -> routing.Schedule:
    if entry.traffic_schedule is not None:
        return tuple(
            routing.Split(split.at, _entries(split.split, named))
            for split in sorted(entry.traffic_schedule, key=lambda split: split.at)
        )
    return (routing.Split(unit.now, _entries(entry.traffic_split, named)),)


def _entries(weights: Sequence[WeightEntry], named: dict[str, str]) -> tuple[routing.Entry, ...]:
    return tuple((named.get(item.deployment, item.deployment), item.weight) for item in weights)


def _refuse_strangers(entry: RoutedEntry, named: dict[str, str]) -> None:
    for index, item in enumerate(entry.traffic_split):
        if item.deployment not in named:
            param, detail = f"traffic_split.{index}.deployment", "is no deployment of this endpoint"
            raise MockError("invalid_value", param=param, detail=f"{item.deployment} {detail}")


def _enter(unit: Unit, deployment: Deployment, state: State) -> None:
    made = engine.simulation(unit)
    if state in (State.STARTING, State.SERVING, State.STOPPING):
        commands.take(made, deployment, max(1, deployment.minimum))
    made.enter(deployment, state, unit.now, "state")


def _made(world: World, unit: Unit, endpoint: EndpointRecord, entry: DeploymentEntry) -> Deployment:
    scaling = entry.autoscaling.value()
    if scaling.minimum > scaling.maximum:
        raise MockError(
            "min_exceeds_max", param="autoscaling", min=scaling.minimum, max=scaling.maximum
        )
    checks.check_zone(world, entry.availability_zone)
    target, config = _what(unit, entry)
    sku = config.instance_type if config else (entry.hardware or "")
    platform = unit.catalog.platform
    hardware = platform.instance_types[sku].hardware if config else sku
    created_at = unit.now if entry.created_at is None else entry.created_at
    number = unit.next_number() if entry.id is None or entry.name is None else 0
    seed = unit.facts.seed
    described = Settings(
        owner=target.owner,
        model_id=target.model_id,
        revision=target.revision,
        metrics=scaling.metrics,
        placement=entry.placement.value() if entry.placement else None,
        max_concurrent=entry.max_concurrent_requests_per_replica,
        enable_lora=entry.enable_lora,
    )
    deployment = Deployment(
        key=unit.new_keys()[1],
        id=entry.id or ids.prefixed("dep", seed, number),
        endpoint_id=endpoint.id,
        endpoint_name=endpoint.name,
        model=target.model,
        hardware=hardware,
        zone=entry.availability_zone,
        minimum=scaling.minimum,
        maximum=scaling.maximum,
        inactive_minutes=entry.inactive_timeout,
        sku=sku,
        price=unit.catalog.price_of(sku),
        label=Label(
            name=entry.name or f"deployment-{ids.hex8(seed, 'deployment-name', number)}",
            config=config.id if config else "",
            settings=settings.stored(described),
            etag=entry.etag or "",
            created_at=created_at,
            updated_at=created_at if entry.updated_at is None else entry.updated_at,
        ),
        patience=PATIENCE if config else None,
    )
    if entry.progress is not None:
        progress.restore(deployment, FROM_V1[entry.state], entry.progress)
    autoscaling.put(deployment, scaling)
    return deployment


def _what(unit: Unit, entry: DeploymentEntry) -> tuple[references.Target, Config | None]:
    """The model of an entry, and its config unless v1 made it."""
    catalog = unit.catalog
    if entry.model_id is not None:
        target = references.model_of(unit, None, entry.model_id, entry.revision, lenient=True)
    else:
        model = catalog.platform.model_named(entry.model or _STAND_IN)
        owner = catalog.platform.project_id
        target = references.Target(model.model.id, owner, model.id, model.revision)
    if entry.config is None and entry.hardware is not None:
        checks.find_hardware(unit.catalog, entry.hardware, target.model)
        return target, None
    return target, references.config_of(unit, target, None, entry.config, lenient=True)
