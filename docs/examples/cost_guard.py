"""A guard over what dedicated endpoints cost: it stops those that idle, dearest first.

Run it from a timer. What an endpoint costs follows from its hardware and its replicas.
"""

from dataclasses import dataclass

from together import Together

MINUTES_AN_HOUR = 60


@dataclass(frozen=True)
class Running:
    """An endpoint that is billed, at dollars an hour."""

    id: str
    name: str
    hourly: float


def running(client: Together) -> list[Running]:
    """What is billed now, dearest first."""
    cents = {row.id: row.pricing.cents_per_minute for row in client.endpoints.list_hardware().data}
    found = []
    for row in client.endpoints.list(type="dedicated", mine=True).data:
        if row.state != "STARTED":
            continue
        one = client.endpoints.retrieve(row.id)
        replicas = one.autoscaling.max_replicas
        hourly = cents[one.hardware] * MINUTES_AN_HOUR / 100 * replicas
        found.append(Running(one.id, one.name, hourly))
    return sorted(found, key=lambda one: -one.hourly)


def guard(client: Together, budget: float, keep: frozenset[str] = frozenset()) -> list[str]:
    """Stop endpoints until the rest costs at most `budget` dollars an hour; who was stopped.

    Those that are kept, by display name or id, are left alone, whatever they cost.
    """
    going = running(client)
    total = sum(one.hourly for one in going)
    stopped = []
    for one in going:
        if total <= budget:
            break
        if one.id in keep or one.name in keep:
            continue
        client.endpoints.update(one.id, state="STOPPED")
        total -= one.hourly
        stopped.append(one.id)
    return stopped
