"""What v1's endpoint routes do: a call and checked values in, an encoded answer out."""

import orjson

from together_mock.api.calls import Call
from together_mock.api.v1 import mapping, schemas
from together_mock.services import control, endpoints
from together_mock.services.endpoints import EndpointView


async def create(call: Call, body: schemas.CreateEndpointRequest, zone: str | None) -> bytes:
    """Create an endpoint for one model on one hardware configuration."""
    new = mapping.new_endpoint(body, zone)
    return shown(await call.run(endpoints.create, new))


async def get(call: Call, endpoint_id: str) -> EndpointView:
    """Return one endpoint with its state, hardware and replica counts."""
    return await call.run(control.polled, endpoint_id)


def shown(view: EndpointView) -> bytes:
    """An endpoint in v1's shape."""
    return orjson.dumps(mapping.endpoint(view))


async def update(call: Call, endpoint_id: str, body: schemas.UpdateEndpointRequest) -> bytes:
    """Change the fields given; `state` starts or stops the endpoint."""
    # Other bounds have a load curve solved anew, for as many replicas as they allow.
    return shown(await call.run_apart(endpoints.update, endpoint_id, mapping.change(body)))


async def delete(call: Call, endpoint_id: str) -> EndpointView:
    """Delete an endpoint for good, whatever its state; what it was."""
    return await call.run(endpoints.delete, endpoint_id)
