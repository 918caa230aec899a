"""What v2 publishes to a project: models, configs, hardware, placement profiles."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from together_mock.core.capacity import Capacity
from together_mock.core.errors import MockError
from together_mock.core.platform import Config, InstanceType, PlatformModel, parse_resource
from together_mock.services import models, setups
from together_mock.services.projects import Project
from together_mock.services.v2 import placing
from together_mock.services.v2.placing import PlacementProfile
from together_mock.services.world import World

T = TypeVar("T", InstanceType, PlatformModel, Config, PlacementProfile)


@dataclass(frozen=True)
class Region:
    """Where an instance type is offered; `free` replicas fit at present, None is any number."""

    name: str
    free: int | None
    hipaa: bool


@dataclass(frozen=True)
class Offer:
    """An instance type, and where it can be had."""

    instance_type: InstanceType
    regions: list[Region]


def _found(world: World, rows: Mapping[str, T], asked: str, kind: str, field: str = "id") -> T:
    """The row of an id. A lenient server answers an id that it does not know with its first row.

    Raises:
        MockError: `v2_unknown_item`.
    """
    row = rows.get(asked)
    if row is not None:
        return row
    if not rows or not world.settings.lenient:
        raise MockError("v2_unknown_item", param="id", kind=kind, id=asked)
    renamed: Any = {field: asked}
    return replace(next(iter(rows.values())), **renamed)


def supported_model(world: World, architecture: str) -> PlatformModel:
    """A model of the catalogue by its id there.

    Raises:
        MockError: `v2_unknown_item`.
    """
    rows = {item.architecture: item for item in world.catalog.platform.supported}
    return _found(world, rows, architecture, "Supported model", field="architecture")


def search(world: World, text: str) -> list[PlatformModel]:
    """Models with the text in an id or a name, in any case; of a whole name, that model alone."""
    wanted = text.casefold()
    supported = world.catalog.platform.supported
    exact = [item for item in supported if item.model.id.casefold() == wanted]
    return exact or [item for item in supported if _is_about(item, wanted)]


def _is_about(item: PlatformModel, wanted: str) -> bool:
    told = (item.architecture, item.id, item.model.id, item.model.display_name)
    return any(wanted in text.casefold() for text in told)


def configs(
    world: World, project: Project, resource: str | None, model_id: str | None
) -> list[Config]:
    """The published configs for a model, by its resource name or its id; without either, all.

    A model that does not exist has none.

    Raises:
        MockError: `v2_bad_value` for what is no resource name, or for two models at once.
    """
    platform = world.catalog.platform
    if resource:
        model_id = _model_id(world, project, resource, model_id)
    elif not model_id:
        return platform.published
    name = reference(world, project, model_id) if model_id else None
    return platform.configs_of(name) if name else []


def reference(world: World, project: Project, model_id: str) -> str | None:
    """The catalogue's id of a model of the platform, or of what a project's own comes down to.

    None for a model that neither has.
    """
    with world.read(project) as connection:
        now = world.now(project)
        found = models.resolve_at(connection, world.catalog, project, model_id, now)
    return found.model if found else None


def _model_id(world: World, project: Project, resource: str, also: str | None) -> str | None:
    """The id in a resource name; None where the model is not in the project that it names.

    The platform's own models go by the project of whoever asks as well, as they do in a deployment.
    """
    named = parse_resource(resource)
    if named is None or named.kind != "models":
        _refuse(world, "referenceModel", "must be projects/{projectId}/models/{modelId}")
        return None
    if also and also != named.id:
        _refuse(world, "referenceModelId", "must be the model of referenceModel")
        return None
    platform = world.catalog.platform
    owners = {project.id, platform.project_id} if named.id in platform.models else {project.id}
    return named.id if named.project in owners else None


def _refuse(world: World, param: str, detail: str) -> None:
    # The generated suites of SDKs send words in the place of names.
    if not world.settings.lenient:
        raise MockError("v2_bad_value", param=param, detail=detail)


def config(world: World, config_id: str) -> Config:
    """A config, published or not.

    Raises:
        MockError: `v2_unknown_item`.
    """
    return _found(world, world.catalog.platform.configs, config_id, "Config")


def offers(world: World, project: Project) -> list[Offer]:
    """The hardware that is offered, with what of it can be had at present."""
    capacity = setups.capacity(world, project).capacity
    types = world.catalog.platform.instance_types.values()
    return [_offer(world, item, capacity) for item in types if item.listed]


def offer(world: World, project: Project, id_or_name: str) -> Offer:
    """One instance type, offered or not, by its id or its name.

    Raises:
        MockError: `v2_unknown_item`.
    """
    by_name = world.catalog.platform.instance_types
    rows = {**by_name, **{item.id: item for item in by_name.values()}}
    found = _found(world, rows, id_or_name, "Instance type")
    return _offer(world, found, setups.capacity(world, project).capacity)


def _offer(world: World, item: InstanceType, capacity: Capacity) -> Offer:
    regions = [
        Region(zone, _free(capacity, item.hardware, zone), zone in world.catalog.platform.hipaa)
        for zone in world.catalog.zones
    ]
    return Offer(item, regions)


def _free(capacity: Capacity, hardware: str, zone: str) -> int | None:
    if not capacity.limited(hardware):
        return None
    return sum(capacity.pools[index].free for index in capacity.candidates(hardware, zone))


def placement_profiles(world: World, project: Project) -> list[PlacementProfile]:
    """The project's placement profiles: one that takes any region, and one for each region."""
    return placing.profiles(world.catalog, project.facts.seed)


def placement_profile(world: World, project: Project, profile_id: str) -> PlacementProfile:
    """A placement profile by id.

    Raises:
        MockError: `v2_unknown_item`.
    """
    rows = {item.id: item for item in placement_profiles(world, project)}
    return _found(world, rows, profile_id, "Placement profile")
