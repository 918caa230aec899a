"""Models as the 2024 API lists and names them: the platform's, and the project's own."""

from collections.abc import Iterable
from dataclasses import dataclass

from together_mock.core.catalog import Model
from together_mock.services import served
from together_mock.services.legacy.catalog import ChatConfig, model_id
from together_mock.services.projects import Project
from together_mock.services.world import World
from together_mock.store import models as store


@dataclass(frozen=True)
class LegacyModel:
    """A model that can be deployed; `is_own` says whether it is the project's."""

    id: str
    row: Model
    chat_config: ChatConfig | None
    is_own: bool = False


def list_all(world: World, project: Project) -> list[LegacyModel]:
    """The models that can be deployed: the project's own, and after them the platform's."""
    legacy = world.catalog.legacy
    listed = []
    for own in served.own(world, project):
        if legacy.eligible(own.row):
            # A copy is talked to as what it comes down to.
            base = world.catalog.models.get(own.base, own.row)
            listed.append(LegacyModel(own.uuid, own.row, legacy.chat_config(base), is_own=True))
    return listed + [
        LegacyModel(model_id(row.id), row, legacy.chat_config(row)) for row in legacy.deployable
    ]


def name_of(world: World, project: Project, reference: str) -> str:
    """The name of a model that is given by id; a name, or an id of nobody's, is what it is."""
    name = world.catalog.legacy.name_of(reference)
    if name != reference or not reference.startswith("model-"):
        return name
    own = {model.uuid: model.row.id for model in served.own(world, project)}
    return own.get(reference, reference)


def ids_of(world: World, project: Project, names: Iterable[str]) -> dict[str, str]:
    """The ids of models by their names; what is nobody's any more has one by its name alone."""
    ids = {name: model_id(name) for name in names}
    unknown = [name for name in ids if name not in world.catalog.models]
    if unknown:
        with world.read(project) as connection:
            for name in unknown:
                record = store.model_by_name(connection, project.key, name)
                if record is not None:
                    ids[name] = served.uuid_of(record.id)
    return ids
