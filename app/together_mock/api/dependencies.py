"""Who calls, on which world: what route handlers ask for by type."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request

from together_mock.core.errors import MockError
from together_mock.services.projects import Project, hash_of
from together_mock.services.world import BusyError, World

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a route: the world, the project that it acts on, and the hash of its key."""

    world: World
    project: Project
    key_hash: str | None

    async def run(
        self,
        function: Callable[Concatenate[World, Project, P], T],
        *values: P.args,
        **named: P.kwargs,
    ) -> T:
        """Call a service: at once where that takes no time, else in a thread.

        A thread costs more than most calls do; but the event loop must wait for no lock, and run
        nothing that is long.
        """
        with suppress(BusyError), self.world.in_haste(self.project):
            return function(self.world, self.project, *values, **named)
        return await asyncio.to_thread(function, self.world, self.project, *values, **named)


async def world_of(request: Request) -> World:
    """The world that the application serves."""
    world: World = request.app.state.world
    return world


WorldDep = Annotated[World, Depends(world_of)]


def bearer(authorization: str | None) -> str | None:
    """The key of an `Authorization: Bearer KEY` header; None when there is none."""
    if authorization is None:
        return None
    scheme, _, key = authorization.partition(" ")
    key = key.strip()
    return key if scheme.lower() == "bearer" and key else None


def known_project(world: World, key_hash: str) -> Project | None:
    """The project of a key that needs no store: seen before, or refused.

    Raises:
        MockError: `unauthorized_management` for a key that is not listed.
    """
    if world.listed_keys is not None and key_hash not in world.listed_keys:
        raise MockError("unauthorized_management")
    return world.project_of(key_hash)


def _presented_key(authorization: str | None) -> str:
    key = bearer(authorization)
    if key is None:
        raise MockError("unauthorized_management")
    return hash_of(key)


async def call_of(world: World, authorization: str | None) -> Call:
    """A call on the project of the bearer key, which is made on first use.

    Raises:
        MockError: `unauthorized_management`.
    """
    key_hash = _presented_key(authorization)
    project = known_project(world, key_hash)
    if project is None:
        project = await asyncio.to_thread(world.ensure_project, key_hash)
    return Call(world, project, key_hash)


async def caller(request: Request) -> Call:
    """A call by whoever sent the request."""
    return await call_of(await world_of(request), request.headers.get("authorization"))


CallDep = Annotated[Call, Depends(caller)]


async def admin(request: Request) -> None:
    """Guard the control plane when the server has an admin token."""
    token = (await world_of(request)).settings.admin_token
    if token is not None and request.headers.get("x-mock-admin-token") != token:
        raise MockError("admin_token")


async def controlled(request: Request) -> Call:
    """A call on the project that is named, or on the caller's."""
    name = request.headers.get("x-mock-project")
    if name is None:
        return await caller(request)
    world = await world_of(request)
    if world.listed_keys is not None and world.settings.admin_token is None:
        # Where keys are listed, naming a project takes one of them - or the admin token.
        known_project(world, _presented_key(request.headers.get("authorization")))
    project = world.project_named(name)
    if project is None:
        raise MockError("unknown_project", param="X-Mock-Project", project=name)
    key = bearer(request.headers.get("authorization"))
    return Call(world, project, hash_of(key) if key else None)


ControlledDep = Annotated[Call, Depends(controlled)]
