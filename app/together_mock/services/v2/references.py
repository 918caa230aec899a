"""What a new deployment refers to: a model, by its name or ids, and a config that it runs by."""

import re
from dataclasses import dataclass

from together_mock.core.errors import MockError
from together_mock.core.platform import Config
from together_mock.services import models
from together_mock.services.unit import Unit

_MODEL = re.compile(r"projects/([^/]+)/models/([^/]+)(?:/revisions/([^/]+))?")
_CONFIG = re.compile(r"projects/([^/]+)/configs/([^/]+)")
# What a lenient server deploys where nothing or something unknown is named.
_STAND_IN = "Qwen/Qwen2.5-7B-Instruct-Turbo"


@dataclass(frozen=True)
class Target:
    """A model that can be deployed: its name, the catalogue's row it answers as, and its ids."""

    name: str
    model: str
    owner: str
    model_id: str
    revision: str


def model_of(
    unit: Unit, model: str | None, model_id: str | None, revision: str | None, *, lenient: bool
) -> Target:
    """The model that a request names by its resource name, or by its id and revision.

    Raises:
        MockError: `missing_field`, `v2_bad_value`, `v2_unknown_model`, `v2_no_revisions`.
    """
    form = "projects/{projectId}/models/{modelId}[/revisions/{revisionId}]"
    match = _read(_MODEL, model, "model", form, lenient=lenient)
    if match is not None:
        model_id, revision = match[2], match[3] or revision
    if model_id is None and not lenient:
        raise MockError("missing_field", param="model")
    found = None
    if match is None or lenient or _is_visible(unit, match[1]):
        found = models.resolve(unit, model_id or "")
    if found is None and lenient:
        found = models.resolve(unit, unit.catalog.platform.model_named(_STAND_IN).id)
    if found is None:
        raise MockError("v2_unknown_model", param="model", model=model_id)
    if found.latest is None:
        raise MockError("v2_no_revisions", param="model")
    if revision is None or (lenient and revision not in found.revisions):
        revision = found.latest
    elif revision not in found.revisions:
        raise MockError("v2_unknown_item", param="model", kind="Revision", id=revision)
    return Target(found.name, found.model, found.owner, found.id, revision)


def _read(
    pattern: re.Pattern[str], text: str | None, param: str, form: str, *, lenient: bool
) -> re.Match[str] | None:
    """Read a resource name; a lenient server takes what is none for nothing."""
    match = None if text is None else pattern.fullmatch(text)
    if match is None and text is not None and not lenient:
        raise MockError("v2_bad_value", param=param, detail=f"must be {form}")
    return match


def _is_visible(unit: Unit, project_id: str) -> bool:
    # The platform's own models go by the project of whoever deploys them as well.
    return project_id in (unit.project.id, unit.catalog.platform.project_id)


def config_of(
    unit: Unit, target: Target, config: str | None, config_id: str | None, *, lenient: bool
) -> Config:
    """The config that a request names; a model's only one where it names none.

    Raises:
        MockError: `v2_not_deployable`, `missing_field`, `v2_bad_value`, `v2_unknown_config`,
            `v2_config_mismatch`.
    """
    platform = unit.catalog.platform
    published = platform.configs_of(target.model)
    if not published and lenient:
        published = platform.configs_of(_STAND_IN)
    form = "projects/{projectId}/configs/{configRevisionId}"
    match = _read(_CONFIG, config, "config", form, lenient=lenient)
    config_id = match[2] if match else config_id
    if not published:
        raise MockError("v2_not_deployable", param="model", model=target.model_id)
    if config_id is None:
        if len(published) > 1 and not lenient:
            raise MockError("missing_field", param="config")
        return published[0]
    found = None
    if match is None or lenient or _is_visible(unit, match[1]):
        found = platform.configs.get(config_id)
    if found is None:
        if lenient:
            return published[0]
        raise MockError("v2_unknown_config", param="config", config=config_id)
    if found.model != target.model and not lenient:
        raise MockError(
            "v2_config_mismatch", param="config", config=config_id, model=target.model_id
        )
    return found
