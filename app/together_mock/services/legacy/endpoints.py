"""Endpoints as the 2024 API makes, starts, stops and lists them.

Creating one starts nothing; a name may end in a suffix of one's own. Source: the 2024
documentation of dedicated endpoints; what it does not say is inferred (`fixtures/behaviours.json`).
"""

import re
from dataclasses import dataclass

from together_mock.core import names
from together_mock.core.catalog import Hardware, Model
from together_mock.core.errors import MockError
from together_mock.core.states import State
from together_mock.services import checks, endpoints, engine, served, setups
from together_mock.services.birth import LEGACY, Identity, NewEndpoint, make
from together_mock.services.endpoints import Change, EndpointView
from together_mock.services.legacy import models
from together_mock.services.projects import Project
from together_mock.services.served import Served
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import fleet, lists

_SUFFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class NewLegacyEndpoint:
    """What a creation asks for; `model` is an id or a name, and a suffix that is None is made."""

    model: str
    hardware: str
    suffix: str | None = None


def create(world: World, project: Project, new: NewLegacyEndpoint) -> EndpointView:
    """Create an endpoint, stopped.

    Raises:
        MockError: an unknown model or hardware, hardware that the model does not fit in, a suffix
            that is none or makes a name that is taken, or creation retired.
    """
    checks.refuse_if_retired(world)
    name = models.name_of(world, project, new.model)
    if new.suffix is not None and not _SUFFIX.fullmatch(new.suffix):
        detail = "use up to 64 letters, digits, dots, hyphens and underscores; begin with no mark"
        raise MockError("invalid_value", param="suffix", detail=detail)
    with world.write(project) as unit:
        model, hardware = _deployable(world, unit, name, new.hardware)
        checks.refuse_if_spent(unit)
        own_name = None if new.suffix is None else _free_name(unit, name, new.suffix)
        asked = NewEndpoint(name, hardware.id, birth=LEGACY)
        endpoint, deployment = make(unit, asked, model, hardware, Identity(name=own_name))
        engine.add(unit, endpoint, deployment)
        engine.simulation(unit).enter(deployment, State.STOPPED, unit.now, "api:createEndpoint")
        return endpoints.view(project, endpoint, deployment)


def start(
    world: World, project: Project, endpoint_id: str, minimum: int | None, maximum: int | None
) -> EndpointView:
    """Start an endpoint with other replica bounds, or with its own where they are None.

    Raises:
        MockError: as `services.endpoints.update`.
    """
    change = Change(started=True, min_replicas=minimum, max_replicas=maximum)
    return endpoints.update(world, project, endpoint_id, change)


def stop(world: World, project: Project, endpoint_id: str) -> EndpointView:
    """Stop an endpoint.

    Raises:
        MockError: `unknown_endpoint`.
    """
    return endpoints.update(world, project, endpoint_id, Change(started=False))


def list_all(world: World, project: Project) -> list[EndpointView]:
    """The project's endpoints, newest first."""
    with world.read(project) as connection:
        pairs = lists.listed_pairs(connection, project.key)
    return [endpoints.view_of_row(world, project, pair) for pair in pairs]


def are_all(world: World, project: Project) -> bool:
    """Whether the project has endpoints, and all of them were made by the 2024 API."""
    with world.read(project) as connection:
        has_some, has_others = lists.births(connection, project.key, LEGACY)
    return has_some and not has_others


def list_hardware(world: World, project: Project, reference: str) -> list[tuple[Hardware, str]]:
    """The hardware that a model can be deployed on, each with its availability.

    Raises:
        MockError: `legacy_unknown_model`.
    """
    model = served.row_named(world, project, models.name_of(world, project, reference))
    if model is None:
        raise MockError("legacy_unknown_model", param="model_id", model=names.cut(reference))
    pools = setups.capacity(world, project).capacity
    return [(item, pools.status(item.id)) for item in world.catalog.legacy.eligible(model)]


def _deployable(world: World, unit: Unit, name: str, hardware_id: str) -> tuple[Served, Hardware]:
    """The model that is to be deployed, and the hardware that it is to be deployed on."""
    lenient, catalog = world.settings.lenient, world.catalog
    model = served.served(unit, name)
    if model is None and not lenient:
        raise MockError("unknown_model_endpoint", param="model", model=names.cut(name))
    hardware = catalog.canonical_hardware(hardware_id)
    if hardware is None:
        raise MockError("legacy_unknown_hardware", param="hardware_name", hardware=hardware_id)
    if model is None or model.row is None:
        return Served(name, None, name), hardware
    if not lenient:
        _check_fits(model.row, hardware, catalog.legacy.eligible(model.row))
    return model, hardware


def _check_fits(model: Model, hardware: Hardware, fitting: list[Hardware]) -> None:
    if not fitting:
        raise MockError("legacy_not_deployable", param="model", model=model.id)
    if hardware not in fitting:
        raise MockError(
            "legacy_ineligible_hardware",
            param="hardware_name",
            hardware=hardware.id,
            model=model.id,
            fitting=", ".join(item.id for item in fitting),
        )


def _free_name(unit: Unit, model: str, suffix: str) -> str:
    name = names.endpoint_name(unit.facts.slug, model, suffix)
    if fleet.endpoint_named(unit.connection, unit.project.key, name) is not None:
        raise MockError("legacy_name_exists", param="suffix", name=name)
    return name
