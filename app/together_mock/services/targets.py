"""Where inference requests go: to a deployment, or to one of several by their keys."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from together_mock.core import routing
from together_mock.core.errors import MockError
from together_mock.core.routing import Schedule


@dataclass(frozen=True)
class Route:
    """Where an inference request by an endpoint's name or id goes.

    `base` is the row of the catalogue that its model answers as; `replicas` are those that are
    ready; `since` is the instant they began to serve, before which their prompt cache was empty.
    `routed` says whether v2's router stands in front of them.
    """

    endpoint_id: str
    deployment_id: str
    deployment_key: int
    model: str
    base: str
    serving: bool
    hardware: str
    replicas: int
    since: int
    speculative: bool
    routed: bool


@dataclass(frozen=True)
class Alias:
    """Another name of an endpoint: one that names an adapter as well.

    `deployments` are the ids of those that have the adapter; no other one answers by it.
    """

    endpoint_name: str
    deployments: frozenset[str]


@dataclass(frozen=True)
class Lent:
    """A project's own model by its own name, which answers without an endpoint or not at all.

    `ready_at` is the instant from which it does, by the serverless model that it adapts; None is
    never.
    """

    base: str
    ready_at: int | None


@dataclass(frozen=True)
class Fanout:
    """Where requests by the name of an endpoint with a traffic split go, by their sampling keys."""

    endpoint_id: str
    schedule: Schedule
    # By deployment id: those that stand in any of the splits.
    routes: dict[str, Route]

    def route(
        self,
        at: int,
        name: str,
        key: Callable[[], str],
        among: Collection[str] | None = None,
    ) -> Route:
        """The deployment that answers a request at an instant; `among` some of them, if not all.

        Raises:
            MockError: `endpoint_not_configured`, `routing_error`.
        """
        entries = routing.in_force(self.schedule, at)
        if not entries:
            raise MockError("endpoint_not_configured", param="model", model=name)
        if among is not None:
            entries = tuple(entry for entry in entries if entry[0] in among)
        capacity = routing.capacities(entries, self._ready)
        chosen = routing.choose(self.endpoint_id, capacity, key() if len(capacity) > 1 else "")
        if chosen is None:
            raise MockError("routing_error", param="model", model=name)
        return self.routes[chosen]

    def _ready(self, deployment: str) -> int:
        route = self.routes.get(deployment)
        return route.replicas if route is not None and route.serving else 0


# What a name can lead to; None is nothing of the project's.
Target = Route | Fanout | Alias | Lent | None
