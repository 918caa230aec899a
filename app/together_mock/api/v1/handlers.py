"""What v1's endpoint routes do: a call and checked values in, an encoded answer out."""

import orjson

from together_mock.api.calls import Call
from together_mock.api.v1 import mapping, schemas
from together_mock.services import control, endpoints


async def create(call: Call, body: schemas.CreateEndpointRequest, zone: str | None) -> bytes:
    """Create an endpoint for one model on one hardware configuration."""
    new = mapping.new_endpoint(body, zone)
    return orjson.dumps(mapping.endpoint(await call.run(endpoints.create, new)))


async def get(call: Call, endpoint_id: str) -> bytes:
    """Return one endpoint with its state, hardware and replica counts."""
    return orjson.dumps(mapping.endpoint(await call.run(control.polled, endpoint_id)))


async def update(call: Call, endpoint_id: str, body: schemas.UpdateEndpointRequest) -> bytes:
    """Change the fields given; `state` starts or stops the endpoint."""
    # Other bounds have a load curve solved anew, for as many replicas as they allow.
    view = await call.run_apart(endpoints.update, endpoint_id, mapping.change(body))
    return orjson.dumps(mapping.endpoint(view))


async def delete(call: Call, endpoint_id: str) -> None:
    """Delete an endpoint for good, whatever its state."""
    await call.run(endpoints.delete, endpoint_id)
