"""What a creation or a restart must fulfil: catalogue, bounds, balance, capacity, era."""

from together_mock.core.catalog import Hardware, Model
from together_mock.core.deployment import Deployment
from together_mock.core.errors import MockError
from together_mock.services import engine, served
from together_mock.services.catalog import Catalog
from together_mock.services.served import Served
from together_mock.services.unit import Unit
from together_mock.services.world import World


def refuse_if_retired(world: World) -> None:
    """Refuse where v1 endpoints can no longer be created or started.

    Raises:
        MockError: `v1_retired`.
    """
    if world.settings.api == "v1-retired":
        raise MockError("v1_retired")


def check_deployable(
    world: World, unit: Unit, model_name: str, hardware_id: str
) -> tuple[Served, Hardware]:
    """A model that is to be deployed, and the hardware that it is to be deployed on.

    Raises:
        MockError: unknown model or hardware, or hardware that is not offered for the model.
    """
    lenient = world.settings.lenient
    model = served.served(unit, model_name)
    if model is None and not lenient:
        raise MockError("unknown_model_endpoint", param="model", model=model_name)
    hardware = find_hardware(world.catalog, hardware_id, model_name)
    if model is None or model.row is None:
        return Served(model_name, None, model_name), hardware
    if not lenient:
        _check_eligible(world, model.row, hardware)
    return model, hardware


def _check_eligible(world: World, model: Model, hardware: Hardware) -> None:
    if not model.dedicated:
        raise MockError("model_not_deployable", param="model", model=model.id)
    if hardware not in world.catalog.eligible(model):
        raise MockError(
            "ineligible_hardware", param="hardware", hardware=hardware.id, model=model.id
        )


def find_hardware(catalog: Catalog, hardware_id: str, model: str) -> Hardware:
    """The hardware that an id or a short id names.

    Raises:
        MockError: `hardware_missing`, `unknown_hardware`.
    """
    if not hardware_id:
        raise MockError("hardware_missing", param="hardware")
    hardware = catalog.canonical_hardware(hardware_id)
    if hardware is None:
        raise MockError("unknown_hardware", param="hardware", hardware=hardware_id, model=model)
    return hardware


def check_zone(world: World, zone: str | None) -> None:
    """Refuse an availability zone that the platform does not have.

    Raises:
        MockError: `unknown_zone`.
    """
    zones = world.catalog.zones
    if zone and zone not in zones and not world.settings.lenient:
        raise MockError(
            "unknown_zone", param="availability_zone", zone=zone, zones=", ".join(zones)
        )


def check_replicas(minimum: int, maximum: int, param: str = "autoscaling") -> None:
    """Refuse bounds that cross.

    Raises:
        MockError: `min_exceeds_max`.
    """
    if minimum > maximum:
        raise MockError("min_exceeds_max", param=param, min=minimum, max=maximum)


def refuse_if_spent(unit: Unit) -> None:
    """Refuse when there is a balance and nothing of it is left.

    Raises:
        MockError: `insufficient_balance`.
    """
    left = engine.simulation(unit).money.balance
    if left is not None and left <= 0:
        raise MockError("insufficient_balance", amount="0.01")


def refuse_if_exhausted(unit: Unit, deployment: Deployment) -> None:
    """Refuse a start that finds no capacity, where the project's pools say `reject`.

    Raises:
        MockError: `hardware_unavailable`.
    """
    capacity = engine.simulation(unit).placement.capacity
    if capacity.on_exhausted != "reject" or not capacity.limited(deployment.hardware):
        return
    hardware, zone = deployment.hardware, deployment.zone
    if capacity.choose(hardware, zone, deployment.minimum, set()) is None:
        raise MockError("hardware_unavailable", param="hardware", hardware=hardware)
