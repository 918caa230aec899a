"""Faults of inference requests: which strike one, and what is left to be answered then."""

from collections.abc import Sequence

from together_mock.api.calls import Call
from together_mock.api.clients import Clients
from together_mock.api.faulting import Struck, injected, own_effect
from together_mock.api.openai.exchange import Exchange
from together_mock.api.openai.noting import record_parts
from together_mock.core import ids
from together_mock.core.errors import MockError
from together_mock.core.http_faults import Effect, InjectedError
from together_mock.services import faults, inference
from together_mock.services.faults import Asked
from together_mock.services.journal import journal_of
from together_mock.services.projects import Project
from together_mock.services.world import World


class Strikes:
    """Lets faults strike inference requests."""

    def __init__(self, world: World, clients: Clients) -> None:
        self._world = world
        self._clients = clients

    async def end(self, exchange: Exchange, project: Project) -> bool:
        """Let faults strike a request; whether they ended its connection.

        Raises:
            InjectedError: a fault answers in the service's place.
            MockError: a header that asks for a fault cannot be read.
        """
        effect = await self._effect(exchange, project)
        if not effect.faults:
            return False
        recorder = record_parts(self._world, project, exchange)
        struck = Struck(self._world, self._clients, exchange.scope, recorder, effect)
        exchange.send = struck.send
        exchange.struck = struck
        if effect.status is not None:
            raise injected(effect.status, exchange.scope)
        if effect.reset:
            await struck.reset()
        return effect.reset

    async def _effect(self, exchange: Exchange, project: Project) -> Effect:
        own = own_effect(exchange.headers)
        if not project.request_faults:
            return own
        scope, (named, stream) = exchange.scope, faults.read_inference(exchange.raw)
        names: Sequence[str] = named
        if named and faults.ask_for_names(project):
            exchange.may_wait()
            names = await Call(self._world, project, None).run(faults.names_of, named)
        asked = Asked(scope["method"], scope["path"], names, stream)
        return faults.strike(self._world, project, asked, own)

    def number_of(self, project: Project, error: MockError) -> str:
        """The id of a refusal. A fault's own is no request of the project, and shifts no id."""
        seed = project.facts.seed
        if isinstance(error, InjectedError):
            return ids.request_id(f"{seed}\x1ffault", journal_of(project).count)
        return ids.request_id(seed, inference.refuse(self._world, project))
