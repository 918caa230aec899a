"""What v1's lane hands over on the URLs that it shares with the 2024 API."""

from typing import Any

import orjson

from together_mock.api.calls import Call, call_of
from together_mock.api.legacy import mapping, schemas
from together_mock.api.legacy.errors import render
from together_mock.api.validation import read
from together_mock.core.errors import MockError
from together_mock.services.birth import LEGACY
from together_mock.services.endpoints import EndpointView
from together_mock.services.legacy import endpoints, models
from together_mock.services.world import World


class Handed:
    """The 2024 API's answers to requests that come by v1's lane: an `api.dialects.Elder`."""

    def asks(self, body: Any) -> bool:
        """Whether the body of a creation is one of the 2024 API."""
        return isinstance(body, dict) and "hardware_name" in body

    async def create(self, world: World, authorization: str, body: Any) -> tuple[int, bytes]:
        """Create an endpoint; the status and the answer, or the refusal."""
        try:
            call = await call_of(world, authorization)
            return 200, await create(call, read(schemas.CreateLegacyEndpointRequest, body))
        except MockError as error:
            return render(world.catalog, error)

    def made(self, view: EndpointView) -> bool:
        """Whether the 2024 API made an endpoint."""
        return view.birth == LEGACY

    async def shown(self, call: Call, view: EndpointView) -> bytes:
        """An endpoint."""
        return await shown(call, view)

    def deleted(self, call: Call, view: EndpointView) -> bytes:
        """The answer to the deletion of an endpoint."""
        return orjson.dumps(mapping.deleted(call.world.catalog, view))


async def create(call: Call, body: schemas.CreateLegacyEndpointRequest) -> bytes:
    """Create an endpoint, stopped."""
    return await shown(call, await call.run(endpoints.create, mapping.new_endpoint(body)))


async def shown(call: Call, view: EndpointView) -> bytes:
    """An endpoint in full."""
    ids = await call.run(models.ids_of, [view.model])
    return orjson.dumps(mapping.endpoint(call.world.catalog, view, ids[view.model]))
