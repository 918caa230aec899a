"""What the tests of capacity, scaling, failure and cost share: short words for control calls.

Instants are seconds after START, so that a test reads as a timeline.
"""

from typing import Any

from support import H100X2, START, Api
from together_mock.core.instants import parse_instant

CENTRAL, EAST = "us-central-4b", "us-east-1a"
A100X2 = "2x_nvidia_a100_80gb_sxm"
MINUTE, HOUR, DAY = 60, 3600, 86400
_ORIGIN = parse_instant(START, "start")

Endpoint = dict[str, Any]


def seconds(instant: str) -> float:
    """An instant of an answer, as seconds after START."""
    return (parse_instant(instant, "instant") - _ORIGIN) / 1_000_000


def now(api: Any) -> float:
    """The project's instant, as seconds after START."""
    return seconds(api.get("/_mock/clock").json()["now"])


def bounds(least: int, most: int | None = None) -> dict[str, Any]:
    """Replica bounds for `Api.create` and for a PATCH."""
    return {"autoscaling": {"min_replicas": least, "max_replicas": most or least}}


def pool(replicas: int, zone: str | None = None, hardware: str = H100X2) -> dict[str, Any]:
    """One pool of a capacity document."""
    return {"hardware": hardware, "zone": zone, "replicas": replicas}


def put_pools(api: Api, *pools: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Put pools in force; the capacity as answered."""
    answer = api.put("/_mock/capacity", json={"pools": list(pools), **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def used(api: Api) -> list[int]:
    """The replicas in use of each pool."""
    return [shown["used"] for shown in api.get("/_mock/capacity").json()["pools"]]


def put_load(api: Api, endpoint: Endpoint, curve: str | None, **fields: Any) -> None:
    """Put a synthetic load on an endpoint."""
    answer = api.post("/_mock/load", json={"endpoint": endpoint["id"], "curve": curve, **fields})
    assert answer.status_code == 200, answer.text


def add_fault(api: Api, effect: str, **fields: Any) -> dict[str, Any]:
    """Set a lifecycle fault."""
    answer = api.post("/_mock/faults", json={"effect": {"lifecycle": effect}, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def put_balance(api: Api, balance: str | None) -> dict[str, Any]:
    """Set what is left to spend; the bill then."""
    answer = api.put("/_mock/billing", json={"balance": balance})
    assert answer.status_code == 200, answer.text
    return answer.json()


def put_profile(api: Api, name: str, *stages: tuple[Any, ...], **fields: Any) -> None:
    """Set a profile of stages, each (from, to, after) and what else there is to it."""
    listed = [
        {"from": stage[0], "to": stage[1], "after": stage[2], **(stage[3] if stage[3:] else {})}
        for stage in stages
    ]
    answer = api.put(f"/_mock/profiles/{name}", json={"stages": listed, **fields})
    assert answer.status_code == 200, answer.text


def patch(api: Api, endpoint: Endpoint, **fields: Any) -> Endpoint:
    """Change an endpoint by v1."""
    answer = api.patch(f"/v1/endpoints/{endpoint['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def stop(api: Api, endpoint: Endpoint) -> None:
    """Ask an endpoint to stop."""
    patch(api, endpoint, state="STOPPED")


def start(api: Api, endpoint: Endpoint) -> None:
    """Ask an endpoint to start."""
    patch(api, endpoint, state="STARTED")


def delete(api: Api, endpoint: Endpoint) -> None:
    """Delete an endpoint."""
    assert api.delete(f"/v1/endpoints/{endpoint['id']}").status_code == 204


def control(api: Api, endpoint: Endpoint, what: str, **body: Any) -> Any:
    """Post to a control route of an endpoint: hold, release, transition; the HTTP answer."""
    return api.post(f"/_mock/endpoints/{endpoint['id']}/{what}", json=body or None)


def timeline(api: Api, endpoint: Endpoint) -> dict[str, Any]:
    """What happened to an endpoint, what happens next, and why."""
    answer = api.get(f"/_mock/endpoints/{endpoint['id']}/timeline")
    assert answer.status_code == 200, answer.text
    return answer.json()


def history(api: Api, endpoint: Endpoint) -> list[tuple[float, str]]:
    """An endpoint's changes of state: when, and to which."""
    return [(seconds(past["at"]), past["to"]) for past in timeline(api, endpoint)["history"]]


def replicas(api: Api, endpoint: Endpoint, since: float = 0) -> list[tuple[float, int, int]]:
    """An endpoint's replica counts over time: when, ready, desired; only changes of them."""
    counts: list[tuple[float, int, int]] = []
    for past in timeline(api, endpoint)["replicas"]:
        now = (seconds(past["at"]), past["ready"], past["desired"])
        if counts and counts[-1][0] == now[0]:
            counts.pop()
        if not counts or counts[-1][1:] != now[1:]:
            counts.append(now)
    return [count for count in counts if count[0] >= since]


def advance(api: Api, by: float | str, **endpoints: Endpoint) -> list[tuple[float, str, str]]:
    """Move the clock; the transitions: when, the name given to the endpoint here, to which."""
    names = {endpoint["id"]: name for name, endpoint in endpoints.items()}
    return [
        (seconds(step["at"]), names.get(step["endpoint"], "?"), step["to"])
        for step in api.advance(by=by)["transitions"]
    ]


def states(api: Api, *endpoints: Endpoint) -> list[str]:
    """The endpoints' states."""
    return [api.state_of(endpoint["id"]) for endpoint in endpoints]


def billing(api: Api) -> dict[str, Any]:
    """The bill."""
    return api.get("/_mock/billing").json()


def item(api: Api, endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint's line on the bill."""
    found = [line for line in billing(api)["items"] if line["endpoint"] == endpoint["id"]]
    assert len(found) == 1, found
    return found[0]
