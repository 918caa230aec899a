"""v2 routes: supported models, configs, instance types, placement profiles."""

from typing import Annotated, Literal

from fastapi import Depends, Path, Query
from starlette.responses import Response

from together_mock.api.calls import Call
from together_mock.api.dependencies import CallDep
from together_mock.api.routing import router as new_router
from together_mock.api.v2 import catalog_mapping as mapping
from together_mock.api.v2.wire import PageDep, ProjectDep, answer, listing, sliced
from together_mock.core.errors import MockError
from together_mock.core.platform import PlatformModel
from together_mock.services.platform import Platform
from together_mock.services.v2 import published

router = new_router(prefix="/v2", tags=["Catalogue"])

Modality = Literal["MODALITY_TEXT", "MODALITY_IMAGE", "MODALITY_AUDIO", "MODALITY_VIDEO"]
Product = Literal["PRODUCT_SERVERLESS", "PRODUCT_DEDICATED", "PRODUCT_FINE_TUNING"]
AdapterMode = Literal["ADAPTER_MODE_FIXED", "ADAPTER_MODE_DYNAMIC", "ADAPTER_MODE_DISABLED"]
ItemId = Annotated[str, Path(alias="id", description="Its id.")]


async def _owner_call(
    call: CallDep,
    project_id: Annotated[
        str, Path(alias="projectId", description="The owner: one's own project, or the platform's.")
    ],
) -> Call:
    """A call for what the platform publishes, in its own project or seen from the caller's."""
    owners = (call.project.id, call.world.catalog.platform.project_id)
    if project_id not in owners and not call.world.settings.lenient:
        raise MockError("v2_unknown_project", param="projectId", project=project_id)
    return call


OwnerDep = Annotated[Call, Depends(_owner_call)]


@router.get("/supported-models", operation_id="listSupportedModelsV2")
def list_supported_models(
    call: CallDep,
    page: PageDep,
    *,
    search: Annotated[str, Query(description="Part of an id or a name, in any case.")] = "",
    modality: Annotated[Modality | None, Query(description="What they read.")] = None,
    product: Annotated[Product | None, Query(description="Where they are offered.")] = None,
    adapter_mode: Annotated[
        AdapterMode | None, Query(alias="adapterMode", description="That of one of their profiles.")
    ] = None,
) -> Response:
    """List the models that the platform hosts, with their deployment profiles."""
    platform = call.world.catalog.platform
    found = [
        item
        for item in published.search(call.world, search)
        if modality in (None, *mapping.input_modalities(item.model))
        and product in (None, *mapping.products(platform, item.model))
        and adapter_mode in (None, *_adapter_modes(platform, item))
    ]
    items, cursor = sliced(found, page)
    return listing([mapping.supported_model(platform, item) for item in items], cursor)


def _adapter_modes(platform: Platform, item: PlatformModel) -> set[str]:
    return {mapping.adapter_mode(config) for config in platform.configs_of(item.model.id)}


@router.get("/supported-models/{id}", operation_id="getSupportedModelV2")
def get_supported_model(call: CallDep, item_id: ItemId) -> Response:
    """Return one model of the platform with its deployment profiles."""
    item = published.supported_model(call.world, item_id)
    return answer(mapping.supported_model(call.world.catalog.platform, item))


@router.get("/projects/{projectId}/configs", operation_id="listProjectConfigsV2")
def list_configs(
    call: OwnerDep,
    page: PageDep,
    reference_model: Annotated[
        str | None, Query(alias="referenceModel", description="A model's resource name.")
    ] = None,
    reference_model_id: Annotated[
        str | None,
        Query(alias="referenceModelId", deprecated=True, description="A model's id."),
    ] = None,
) -> Response:
    """List the published configs, or those for one model."""
    platform = call.world.catalog.platform
    found = published.configs(call.world, call.project, reference_model, reference_model_id)
    items, cursor = sliced(found, page)
    return listing([mapping.config(platform, item) for item in items], cursor)


@router.get("/projects/{projectId}/configs/{id}", operation_id="getProjectConfigV2")
def get_config(call: OwnerDep, item_id: ItemId) -> Response:
    """Return one config revision with its selectors and certifications."""
    platform = call.world.catalog.platform
    return answer(mapping.config(platform, published.config(call.world, item_id)))


@router.get("/public/inference-instance-types", operation_id="listInferenceInstanceTypesV2")
def list_instance_types(call: CallDep) -> Response:
    """List the hardware that is offered, with prices, regions and what can be had there."""
    return listing(map(mapping.instance_type, published.offers(call.world, call.project)))


@router.get("/public/inference-instance-types/{id}", operation_id="getInferenceInstanceTypeV2")
def get_instance_type(
    call: CallDep, item_id: Annotated[str, Path(alias="id", description="Its id or its name.")]
) -> Response:
    """Return one instance type with its price, its regions and what can be had there."""
    return answer(mapping.instance_type(published.offer(call.world, call.project, item_id)))


@router.get("/projects/{projectId}/placement-profiles", operation_id="listPlacementProfilesV2")
def list_placement_profiles(call: ProjectDep, page: PageDep) -> Response:
    """List the project's saved preferences of regions."""
    items, cursor = sliced(published.placement_profiles(call.world, call.project), page)
    return listing([mapping.placement_profile(call.project, item) for item in items], cursor)


@router.get("/projects/{projectId}/placement-profiles/{id}", operation_id="getPlacementProfileV2")
def get_placement_profile(call: ProjectDep, item_id: ItemId) -> Response:
    """Return one saved preference of regions."""
    profile = published.placement_profile(call.world, call.project, item_id)
    return answer(mapping.placement_profile(call.project, profile))
