"""Who calls, on which world. Free of the framework, so that a lane can answer without it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

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
        return await self.run_apart(function, *values, **named)

    async def run_apart(
        self,
        function: Callable[Concatenate[World, Project, P], T],
        *values: P.args,
        **named: P.kwargs,
    ) -> T:
        """Call a service that may take long, in a thread."""
        self.world.queue()
        return await asyncio.to_thread(function, self.world, self.project, *values, **named)


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
        MockError: `unauthorized_management` for a key that is not listed, `project_deleted` for
            one whose project is gone.
    """
    if not world.accepts(key_hash):
        raise world.refusal(key_hash, MockError("unauthorized_management"))
    return world.project_of(key_hash)


def key_hash_of(authorization: str | None) -> str | None:
    """The hash of the key of an `Authorization` header; None when there is none."""
    key = bearer(authorization)
    return None if key is None else hash_of(key)


def presented_key(authorization: str | None) -> str:
    """The hash of the key that a header presents.

    Raises:
        MockError: `unauthorized_management`.
    """
    key_hash = key_hash_of(authorization)
    if key_hash is None:
        raise MockError("unauthorized_management")
    return key_hash


async def call_of(world: World, authorization: str | None) -> Call:
    """A call on the project of the bearer key, which is made on first use.

    Raises:
        MockError: `unauthorized_management`, `project_deleted`.
    """
    key_hash = presented_key(authorization)
    project = known_project(world, key_hash) or await made_project(world, key_hash)
    return Call(world, project, key_hash)


async def made_project(world: World, key_hash: str) -> Project:
    """The project of a key, which is made on first use.

    Raises:
        MockError: `project_deleted`, or a trouble of the store.
    """
    world.queue()
    return await asyncio.to_thread(world.ensure_project, key_hash)
