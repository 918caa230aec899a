"""Control routes for scripts: what a test says the model answers."""

from typing import Annotated

from fastapi import Depends, Path
from pydantic import BaseModel, ConfigDict

from together_mock.api.dependencies import ControlledDep, admin
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.services import scripts
from together_mock.services.script_documents import NewScript, StoredScript

router = new_router(prefix="/_mock", tags=["Control"], dependencies=[Depends(admin)])

ScriptId = Annotated[str, Path(alias="id", description="The script's id.")]


# The framework takes no models that are yet to be built.
_BUILT = ConfigDict(defer_build=False)


class AddScript(NewScript):
    """What the model answers to which conversations."""

    model_config = _BUILT


class ScriptShown(StoredScript):
    """A script with how often it answered, and what is left of it."""

    model_config = _BUILT

    hits: int
    remaining: int | None


class Scripts(BaseModel):
    """The scripts in the order in which they were added."""

    data: list[ScriptShown]


def _shown(view: scripts.ScriptView) -> ScriptShown:
    return ScriptShown(**dict(view.script), hits=view.hits, remaining=view.remaining)


# What a match leaves out does not matter, and is not shown as null, which says something else.
@router.get(
    "/scripts",
    operation_id="listScripts",
    responses=errors(401, 404),
    response_model_exclude_unset=True,
)
def list_scripts(call: ControlledDep) -> Scripts:
    """List the scripts, with how often each answered and may still answer."""
    return Scripts(data=[_shown(view) for view in scripts.list_(call.project)])


@router.post(
    "/scripts",
    operation_id="addScript",
    status_code=201,
    responses=errors(400, 401, 404),
    response_model_exclude_unset=True,
)
def add_script(call: ControlledDep, body: AddScript) -> ScriptShown:
    """Set what the model answers to conversations that match."""
    return _shown(scripts.add(call.world, call.project, body))


@router.delete(
    "/scripts", operation_id="deleteScripts", status_code=204, responses=errors(401, 404)
)
def delete_scripts(call: ControlledDep) -> None:
    """Remove every script."""
    scripts.delete(call.world, call.project, None)


@router.delete(
    "/scripts/{id}", operation_id="deleteScript", status_code=204, responses=errors(401, 404)
)
def delete_script(call: ControlledDep, script_id: ScriptId) -> None:
    """Remove one script."""
    scripts.delete(call.world, call.project, script_id)
