"""Between v1's wire shapes and the values of the services."""

from typing import Any, cast

from together_mock.api.calls import Call
from together_mock.api.v1 import schemas
from together_mock.core.catalog import Hardware, Model
from together_mock.core.instants import to_iso
from together_mock.core.states import V1_STATES
from together_mock.services.birth import NewEndpoint
from together_mock.services.endpoints import Change, EndpointItem, EndpointView
from together_mock.services.projects import key_id


def new_endpoint(body: schemas.CreateEndpointRequest, zone: str | None) -> NewEndpoint:
    """A creation; the zone of the body goes before the one of the query."""
    bounds = body.autoscaling
    return NewEndpoint(
        model=body.model,
        hardware=body.hardware,
        display_name=body.display_name,
        min_replicas=bounds.min_replicas if bounds else 1,
        max_replicas=bounds.max_replicas if bounds else 1,
        inactive_timeout=body.inactive_timeout,
        availability_zone=body.availability_zone or zone,
        disable_prompt_cache=bool(body.disable_prompt_cache),
        disable_speculative_decoding=bool(body.disable_speculative_decoding),
        started=body.state != "STOPPED",
    )


def change(body: schemas.UpdateEndpointRequest) -> Change:
    """An update."""
    bounds = body.autoscaling or schemas.AutoscalingUpdate()
    return Change(
        display_name=body.display_name,
        started=None if body.state is None else body.state == "STARTED",
        min_replicas=bounds.min_replicas,
        max_replicas=bounds.max_replicas,
        inactive_timeout=body.inactive_timeout,
    )


def endpoint(view: EndpointView) -> dict[str, Any]:
    """An endpoint in full: the fields of `DedicatedEndpoint`."""
    return {
        "object": "endpoint",
        "id": view.id,
        "name": view.name,
        "display_name": view.display_name,
        "model": view.model,
        "hardware": view.hardware,
        "type": "dedicated",
        "owner": view.owner,
        "state": V1_STATES[view.state],
        "autoscaling": {
            "min_replicas": view.min_replicas,
            "max_replicas": view.max_replicas,
            "current_replicas": view.current_replicas,
            "ready_replicas": view.ready_replicas,
        },
        "inactive_timeout": view.inactive_timeout,
        "availability_zone": view.availability_zone,
        "created_at": to_iso(view.created_at),
    }


def item(listed: EndpointItem) -> schemas.ListEndpoint:
    """A row of the list."""
    return schemas.ListEndpoint.model_construct(
        id=listed.id,
        name=listed.name,
        model=listed.model,
        type="serverless" if listed.serverless else "dedicated",
        owner=listed.owner,
        state=cast("schemas.State", V1_STATES[listed.state]),
        created_at=to_iso(listed.created_at),
    )


def hardware(
    configuration: Hardware, updated_at: str, status: str | None
) -> schemas.HardwareWithStatus:
    """A hardware configuration, with its availability when one is known."""
    known = {} if status is None else {"availability": {"status": status}}
    return schemas.HardwareWithStatus.model_validate(
        {
            "object": "hardware",  # said outright: fields that are not set are left out
            "id": configuration.id,
            "name": configuration.id,
            "pricing": {
                "input": 0,
                "output": 0,
                "cents_per_minute": float(configuration.cents_per_minute),
            },
            "specs": {
                "gpu_type": configuration.gpu_type,
                "gpu_link": configuration.gpu_link,
                "gpu_memory": configuration.gpu_memory,
                "gpu_count": configuration.gpu_count,
            },
            "updated_at": updated_at,
            **known,
        }
    )


def model(row: Model, uuid: str | None = None) -> schemas.ModelInfo:
    """A row of the model catalogue; what is not known is left out."""
    known = {
        "uuid": uuid,
        "organization": row.organization,
        "link": row.link,
        "license": row.license,
        "context_length": row.context_length,
    }
    return schemas.ModelInfo.model_validate(
        {
            "id": row.id,
            "object": "model",
            "created": row.created,
            "type": row.type,
            "running": False,
            "display_name": row.display_name,
            "config": {"chat_template": None, "stop": [], "bos_token": None, "eos_token": None},
            "pricing": {"hourly": 0, "base": 0, "finetune": 0, **row.pricing},
            **{name: value for name, value in known.items() if value is not None},
        }
    )


def whoami(call: Call) -> schemas.Whoami:
    """The identity of a key, flat."""
    project = call.project
    return schemas.Whoami(
        api_key_id=key_id(call.key_hash or ""),
        project_id=project.id,
        project_name=project.slug,
        project_slug=project.slug,
        organization_id=project.organization_id,
        organization_name=project.slug,
    )


def identity(call: Call) -> schemas.ProjectApiKeyIdentity:
    """The identity of a key, as v3 nests it."""
    project = call.project
    return schemas.ProjectApiKeyIdentity.model_validate(
        {
            "api_key": {"id": key_id(call.key_hash or "")},
            "organization": {"id": project.organization_id, "name": project.slug},
            "project": {"id": project.id, "name": project.slug, "slug": project.slug},
        }
    )


def projects(call: Call) -> schemas.ProjectList:
    """The projects that a key can use."""
    project = call.project
    own = schemas.ListedProject(
        id=project.id,
        name=project.slug,
        slug=project.slug,
        organization_id=project.organization_id,
        organization_name=project.slug,
    )
    return schemas.ProjectList(data=[own])
