"""Endpoints with one deployment, as a state document has them."""

from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.core.states import FROM_V1
from together_mock.services import attaching, checks, engine, progress
from together_mock.services.birth import Identity, NewEndpoint, make
from together_mock.services.documents import EndpointEntry
from together_mock.services.served import Served, as_it_was, served
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store.records import EndpointRecord


def restore(world: World, unit: Unit, entry: EndpointEntry) -> None:
    """Put an endpoint with one deployment into the project.

    Raises:
        MockError: `invalid_value` and others, with `param` as it stands in the entry.
    """
    endpoint, deployment = _made(world, unit, entry)
    engine.add(unit, endpoint, deployment)
    if entry.progress is None:
        progress.enter(unit, deployment, FROM_V1[entry.state])
    attaching.restore(unit, deployment, entry.adapters)


def _made(world: World, unit: Unit, entry: EndpointEntry) -> tuple[EndpointRecord, Deployment]:
    hardware = checks.find_hardware(world.catalog, entry.hardware, entry.model)
    bounds = entry.autoscaling
    checks.check_replicas(bounds.min_replicas, bounds.max_replicas)
    checks.check_zone(world, entry.availability_zone)
    if entry.progress and entry.progress.next_at and entry.state in ("STOPPED", "ERROR"):
        detail = f"{entry.state} does not end by itself"
        raise MockError("invalid_value", param="progress.next_at", detail=detail)
    new = NewEndpoint(
        model=entry.model,
        hardware=hardware.id,
        display_name=entry.display_name,
        min_replicas=bounds.min_replicas,
        max_replicas=bounds.max_replicas,
        inactive_timeout=entry.inactive_timeout,
        availability_zone=entry.availability_zone,
        disable_prompt_cache=entry.disable_prompt_cache,
        disable_speculative_decoding=entry.disable_speculative_decoding,
        birth=entry.birth,
    )
    identity = Identity(entry.id, entry.name, entry.deployment_id, entry.created_at)
    if entry.base and entry.model_id and entry.revision:
        model = as_it_was(unit, entry.model, entry.base, entry.model_id, entry.revision)
    else:
        model = served(unit, entry.model) or Served(entry.model, None, entry.model)
    endpoint, deployment = make(unit, new, model, hardware, identity)
    if entry.progress is not None:
        progress.restore(deployment, FROM_V1[entry.state], entry.progress)
    return endpoint, deployment
