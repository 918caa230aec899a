"""Hardware: what can be had, for every model or for one."""

from together_mock.core.catalog import Hardware
from together_mock.services import served, setups
from together_mock.services.projects import Project
from together_mock.services.world import World


def list_hardware(
    world: World, project: Project, model_id: str | None
) -> list[tuple[Hardware, str | None]]:
    """The listed hardware, or what can run a model with its availability.

    A model that cannot be deployed has none.
    """
    catalog = world.catalog
    if model_id is None:
        return [(item, None) for item in catalog.hardware.values() if item.listed]
    model = served.row_named(world, project, model_id)
    if model is None or not model.dedicated:
        return []
    pools = setups.capacity(world, project).capacity
    return [(item, pools.status(item.id)) for item in catalog.eligible(model)]
