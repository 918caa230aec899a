"""A reconciler, as Terraform is one: it compares what is declared with what is there, and acts.

Endpoints are recognised by their display name. `plan` says what would be done, `apply` does it.
"""

from dataclasses import dataclass, field

from together import Together
from together.types import DedicatedEndpoint

ALIVE = ("PENDING", "STARTING", "STARTED")


@dataclass(frozen=True)
class Declared:
    """An endpoint that there should be."""

    name: str
    model: str
    hardware: str
    replicas: int = 1


@dataclass
class Plan:
    """What is to be done: declarations to create or scale, ids to delete."""

    create: list[Declared] = field(default_factory=list)
    scale: list[tuple[str, Declared]] = field(default_factory=list)
    delete: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.scale or self.delete)


def plan(client: Together, declared: list[Declared]) -> Plan:
    """Compare; endpoints that failed or were stopped are replaced."""
    made, wanted = Plan(), {one.name: one for one in declared}
    for row in client.endpoints.list(type="dedicated", mine=True).data:
        there = client.endpoints.retrieve(row.id)
        one = wanted.get(there.display_name)
        if one is None or there.state not in ALIVE or not _fits(there, one):
            made.delete.append(there.id)
            continue
        del wanted[there.display_name]
        if there.autoscaling.max_replicas != one.replicas:
            made.scale.append((there.id, one))
    made.create = list(wanted.values())
    return made


def apply(client: Together, todo: Plan) -> None:
    """Delete first: what goes may hold the GPUs that what comes needs."""
    for endpoint_id in todo.delete:
        client.endpoints.delete(endpoint_id)
    for endpoint_id, one in todo.scale:
        client.endpoints.update(endpoint_id, autoscaling=_bounds(one))
    for one in todo.create:
        client.endpoints.create(
            model=one.model,
            hardware=one.hardware,
            display_name=one.name,
            autoscaling=_bounds(one),
        )


def _fits(there: DedicatedEndpoint, one: Declared) -> bool:
    return (there.model, there.hardware) == (one.model, one.hardware)


def _bounds(one: Declared) -> dict[str, int]:
    return {"min_replicas": one.replicas, "max_replicas": one.replicas}
