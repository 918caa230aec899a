"""The platform's catalogue in v2's shapes. int64 are texts (together-v2 reference, 2)."""

from typing import Any, NamedTuple

from together_mock.core import weights
from together_mock.core.catalog import Model
from together_mock.core.instants import to_iso
from together_mock.core.platform import SLUG, Config, PlatformModel
from together_mock.services.platform import Platform
from together_mock.services.projects import Project
from together_mock.services.v2.placing import PlacementProfile
from together_mock.services.v2.published import Offer, Region

# What unlimited hardware is said to have at least.
PLENTY = 100
TEXT, IMAGE, AUDIO, VIDEO = (f"MODALITY_{kind}" for kind in ("TEXT", "IMAGE", "AUDIO", "VIDEO"))


class _Kind(NamedTuple):
    """What follows from a model's type; a vector or a score is of no modality."""

    inputs: tuple[str, ...] = (TEXT,)
    outputs: tuple[str, ...] = (TEXT,)
    capabilities: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


_KINDS = {
    "chat": _Kind(
        capabilities=("CAPABILITY_CHAT",),
        features=("FEATURE_TOOL_CALLING", "FEATURE_STRUCTURED_OUTPUT"),
    ),
    "embedding": _Kind(outputs=(), capabilities=("CAPABILITY_EMBEDDING",)),
    "rerank": _Kind(outputs=(), capabilities=("CAPABILITY_RERANKING",)),
    "image": _Kind(outputs=(IMAGE,), capabilities=("CAPABILITY_IMAGE_GENERATION",)),
    "video": _Kind(outputs=(VIDEO,), capabilities=("CAPABILITY_VIDEO_GENERATION",)),
    "audio": _Kind(outputs=(AUDIO,)),
    "transcribe": _Kind(inputs=(AUDIO,)),
}
_OTHER = _Kind()


def input_modalities(model: Model) -> tuple[str, ...]:
    """What a model reads."""
    return _KINDS.get(model.type, _OTHER).inputs


def products(platform: Platform, model: Model) -> list[str]:
    """Where a model is offered; dedicated is what has a published config."""
    offered = {
        "PRODUCT_SERVERLESS": model.serverless,
        "PRODUCT_DEDICATED": bool(platform.configs_of(model.id)),
    }
    return [product for product, is_offered in offered.items() if is_offered]


def adapter_mode(config: Config) -> str:
    """A config's adapter mode as the enumeration has it."""
    return f"ADAPTER_MODE_{config.adapter_mode.upper()}"


def supported_model(platform: Platform, item: PlatformModel) -> dict[str, Any]:
    """An entry of the catalogue of models; what is not known is left out."""
    model, kind = item.model, _KINDS.get(item.model.type, _OTHER)
    at = to_iso(item.published_at)
    shown: dict[str, Any] = {
        "id": item.architecture,
        "name": model.id,
        "displayName": model.display_name,
        "displayType": model.type,
        "publisher": model.organization or model.id.partition("/")[0],
        "status": "SUPPORTED_MODEL_STATUS_SUPPORTED",
        "baseModel": item.resource,
        "baseModelId": item.id,
        "capabilities": kind.capabilities,
        "features": _features(model, kind),
        "inputModalities": kind.inputs,
        "outputModalities": kind.outputs,
        "products": products(platform, model),
        "deploymentProfiles": [
            _profile(platform, item, config) for config in platform.configs_of(model.id)
        ],
        "createdAt": at,
        "updatedAt": at,
    }
    if shown["deploymentProfiles"]:
        shown["architecture"] = weights.architecture_of(model.id)
    if model.context_length:
        shown["contextLength"] = str(model.context_length)
    if model.serverless:
        prices = {name: model.pricing.get(name) for name in ("input", "output")}
        shown["pricing"] = {name: price for name, price in prices.items() if price is not None}
        shown["serverlessEndpoint"] = model.id
    return shown


def _features(model: Model, kind: _Kind) -> list[str]:
    thinks = ["FEATURE_REASONING"] if model.reasoning != "none" else []
    return [*kind.features, *thinks]


def _profile(platform: Platform, item: PlatformModel, config: Config) -> dict[str, Any]:
    runs_on = platform.instance_types[config.instance_type]
    return {
        "profileId": config.id,
        "config": config.resource,
        "certifiedConfigRevisionId": config.id,
        "model": f"{item.resource}/revisions/{item.revision}",
        "modelName": item.model.id,
        "certifiedModelRevisionId": item.revision,
        "gpuType": runs_on.gpu_name,
        "gpuCount": runs_on.gpu_count,
        "parallelism": config.parallelism,
        "quantization": config.quantization,
        "adapterMode": adapter_mode(config),
        "performanceBenchmarks": _benchmarks(platform, item.model, config),
    }


def _benchmarks(platform: Platform, model: Model, config: Config) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    measured = platform.benchmark(config)
    if measured is not None:
        shown["decodingSpeedTps"] = measured.tokens_per_second
        shown["timeToFirstTokenMs"] = measured.first_token_ms
    if model.context_length:
        shown["maxContextLength"] = str(model.context_length)
    return shown


def config(platform: Platform, made: Config) -> dict[str, Any]:
    """A config revision; what is not published is not certified."""
    item = platform.model_named(made.model)
    runs_on = platform.instance_types[made.instance_type]
    selectors = {
        "accelerator_count": str(runs_on.gpu_count),
        "accelerator_type": runs_on.accelerator,
        "optimization": made.optimization,
        "topology": "aggregated",
        "adapter_mode": made.adapter_mode,
    }
    return {
        "id": made.id,
        "projectId": platform.project_id,
        "referenceModel": item.resource,
        "referenceModelId": item.id,
        "selectors": [{"key": key, "value": value} for key, value in selectors.items()],
        "certifications": [_certification(item)] if made.published else [],
    }


def _certification(item: PlatformModel) -> dict[str, Any]:
    return {
        "target": "CERTIFICATION_TARGET_MRE",
        "certificationType": "CERTIFICATION_TYPE_CERTIFIED",
        "certifiedAt": to_iso(item.published_at),
        "certifiedBy": SLUG,
        "model": item.resource,
        "modelRevisionId": item.revision,
    }


def instance_type(offer: Offer) -> dict[str, Any]:
    """An instance type with its regions."""
    item = offer.instance_type
    return {
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "gpuType": item.gpu_type,
        "gpuCount": item.gpu_count,
        "gpuMemoryGib": item.gpu_memory_gib,
        "priceCentsPerHour": item.cents_per_hour,
        "regions": [_region(region) for region in offer.regions],
    }


def _region(region: Region) -> dict[str, Any]:
    limited = region.free is not None
    headroom = {
        "relation": "RELATION_EQ" if limited else "RELATION_GTE",
        "value": region.free if limited else PLENTY,
    }
    shown: dict[str, Any] = {"name": region.name, "headroom": headroom}
    if region.hipaa:
        shown["compliance"] = [{"policy": {"hipaa": True}, "headroom": headroom}]
    return shown


def placement_profile(project: Project, profile: PlacementProfile) -> dict[str, Any]:
    """A placement profile."""
    return {
        "id": profile.id,
        "name": profile.name,
        "projectId": project.id,
        "organizationId": project.organization_id,
        "preferredRegions": profile.regions,
    }
