"""What route handlers ask for by type."""

from typing import Annotated

from fastapi import Depends, Request

from together_mock.api.calls import Call, call_of, key_hash_of, known_project, presented_key
from together_mock.core.errors import MockError
from together_mock.services.world import World


async def world_of(request: Request) -> World:
    """The world that the application serves."""
    world: World = request.app.state.world
    return world


WorldDep = Annotated[World, Depends(world_of)]


async def caller(request: Request) -> Call:
    """A call by whoever sent the request."""
    return await call_of(await world_of(request), request.headers.get("authorization"))


CallDep = Annotated[Call, Depends(caller)]


async def admin(request: Request) -> None:
    """Guard the control plane when the server has an admin token."""
    token = (await world_of(request)).settings.admin_token
    if token is not None and request.headers.get("x-mock-admin-token") != token:
        raise MockError("admin_token")


async def knowing(request: Request) -> None:
    """Guard what looks beyond the caller's own project: that takes a listed key, where any is.

    Where there is an admin token, that guards it.
    """
    world = await world_of(request)
    if world.listed_keys is not None and world.settings.admin_token is None:
        known_project(world, presented_key(request.headers.get("authorization")))


async def controlled(request: Request) -> Call:
    """A call on the project that is named, or on the caller's."""
    name = request.headers.get("x-mock-project")
    if name is None:
        return await caller(request)
    await knowing(request)
    world = await world_of(request)
    project = world.project_named(name)
    if project is None:
        raise MockError("unknown_project", param="X-Mock-Project", project=name)
    return Call(world, project, key_hash_of(request.headers.get("authorization")))


ControlledDep = Annotated[Call, Depends(controlled)]
