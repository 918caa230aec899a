"""Between the 2024 API's wire shapes and the values of the services.

Source: the examples of the 2024 documentation of dedicated endpoints.
"""

from typing import Any

from together_mock.api.legacy import schemas
from together_mock.core.catalog import Hardware
from together_mock.core.instants import to_iso
from together_mock.core.states import State
from together_mock.services.catalog import Catalog
from together_mock.services.endpoints import EndpointView
from together_mock.services.legacy.catalog import ChatConfig
from together_mock.services.legacy.endpoints import NewLegacyEndpoint
from together_mock.services.legacy.models import LegacyModel

Shape = dict[str, Any]

_ORGANIZATION = "together.ai"
_PLATFORM = "together"
_STATES = {
    State.QUEUED: "pending",
    State.STARTING: "starting",
    State.SERVING: "started",
    State.STOPPING: "stopping",
    State.STOPPED: "stopped",
    State.FAILED: "error",
}
_DELETING = "deleting"


def new_endpoint(body: schemas.CreateLegacyEndpointRequest) -> NewLegacyEndpoint:
    """A creation."""
    return NewLegacyEndpoint(model=body.model, hardware=body.hardware_name, suffix=body.suffix)


def bounds(body: schemas.StartEndpointRequest | None) -> tuple[int | None, int | None]:
    """The replica bounds of a start, lowest first."""
    given = body and body.autoscaling
    return (given.min_replicas, given.max_replicas) if given else (None, None)


def endpoint(catalog: Catalog, view: EndpointView, model_id: str) -> Shape:
    """An endpoint in full."""
    return {
        "object": "endpoint",
        "id": view.id,
        "name": view.name,
        "model": {"object": "model", "id": model_id, "name": view.model},
        "owner": {"user": view.owner, "organization": _ORGANIZATION},
        "deployments": _deployments(catalog, view, _STATES[view.state]),
        "created_at": to_iso(view.created_at),
    }


def moved(catalog: Catalog, view: EndpointView) -> Shape:
    """An endpoint after a start or a stop: its deployments alone."""
    return _brief(catalog, view, _STATES[view.state])


def deleted(catalog: Catalog, view: EndpointView) -> Shape:
    """An endpoint that was deleted, whatever it was doing."""
    return _brief(catalog, view, _DELETING)


def hardware(item: Hardware) -> Shape:
    """A hardware configuration."""
    return {
        "object": "hardware",
        "id": item.id,
        "name": item.id,
        "pricing": {"input": 0, "output": 0, "cents_per_minute": float(item.cents_per_minute)},
        "specs": {
            "gpu_type": item.gpu_type,
            "gpu_link": item.gpu_link,
            "gpu_memory": item.gpu_memory,
            "gpu_count": item.gpu_count,
        },
    }


def model(listed: LegacyModel, slug: str) -> Shape:
    """A model that can be deployed, of the platform's or of the project with the slug."""
    row = listed.row
    return {
        "object": "model",
        "id": listed.id,
        "name": row.id,
        "display_name": row.display_name,
        "owner": {"user": slug if listed.is_own else _PLATFORM, "organization": _ORGANIZATION},
        "type": row.type,
        "num_parameters": round(row.parameters_billion * 1_000_000_000),
        "context_length": row.context_length,
        "chat_config": _chat_config(listed.chat_config),
    }


def listed(data: list[Shape]) -> Shape:
    """A list."""
    return {"object": "list", "data": data}


def _chat_config(config: ChatConfig | None) -> Shape | None:
    if config is None:
        return None
    return {
        "chat_template": config.chat_template,
        "add_generation_prompt": True,
        "bos_token": config.bos_token,
        "eos_token": config.eos_token,
        "stop": list(config.stop),
    }


def _brief(catalog: Catalog, view: EndpointView, status: str) -> Shape:
    shown = _deployments(catalog, view, status)
    return {"object": "endpoint", "id": view.id, "deployments": shown}


def _deployments(catalog: Catalog, view: EndpointView, status: str) -> list[Shape]:
    """The deployment of an endpoint; what has never been started has none."""
    if not view.has_run:
        return []
    item = catalog.hardware[view.hardware]
    return [
        {
            "object": "deployment",
            "status": status,
            "autoscaling": {"min_replicas": view.min_replicas, "max_replicas": view.max_replicas},
            "hardware": {
                "name": item.id,
                "specs": {"gpu_type": item.gpu_type, "gpu_count": item.gpu_count},
            },
        }
    ]
