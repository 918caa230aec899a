"""A fleet: endpoints that share pools, loads, faults and a balance, played by the services alone.

Instants of a fleet are in microseconds after ORIGIN, three hours before a midnight.
"""

from contextlib import suppress
from typing import Any, NamedTuple

from fleet_rules import Look, check
from service.scenario import Act
from support import H100X2, MIXTRAL
from together_mock.core.errors import MockError
from together_mock.core.events import Kind
from together_mock.core.instants import parse_instant
from together_mock.services import (
    billing,
    control,
    endpoints,
    explain,
    faults,
    inference,
    setups,
    snapshot,
    state,
)
from together_mock.services.endpoints import Change, NewEndpoint
from together_mock.services.events import EventHub
from together_mock.services.fault_documents import NewFault
from together_mock.services.projects import hash_of
from together_mock.services.rules import CapacityDocument, PoolDocument, ProfileDocument
from together_mock.services.setups import Load
from together_mock.services.world import World

BEGIN = "2026-01-01T21:00:00Z"
ORIGIN = parse_instant(BEGIN, "begin")
A100X2 = "2x_nvidia_a100_80gb_sxm"
HARDWARE = (H100X2, A100X2)


class Past(NamedTuple):
    """One event of the history; `state` is the state then, whether it changed or not."""

    at: int
    endpoint: str
    state: str
    ready: int
    desired: int
    cause: str


def pools(*sizes: tuple[str, str | None, int]) -> CapacityDocument:
    """A capacity document of (hardware, zone, replicas)."""
    return CapacityDocument(
        pools=[PoolDocument(hardware=name, zone=zone, replicas=size) for name, zone, size in sizes]
    )


class Fleet:
    """One project of a world, and what was done to it."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.project = world.ensure_project(hash_of(name))
        clock = {"now": BEGIN, "rate": 0}
        state.put(world, self.project, {"seed": "fleet", "clock": clock, "preset": "fast"})
        self.now = 0
        self.outcomes: list[str] = []
        self.hardware: dict[str, str] = {}
        self.deleted: dict[str, int] = {}
        # Endpoint -> the instants of the requests that it answered.
        self.requests: dict[str, list[int]] = {}
        # What was last set as a balance, in dollars, and when.
        self.balance: tuple[str | None, int] = (None, 0)
        self._ids: list[str] = []
        self._streams: list[inference.Flight | None] = []
        self._seen: Look | None = None

    # Time ----------------------------------------------------------------------------------

    def jump(self, at: int) -> None:
        """Move the clock to an instant."""
        control.advance_to(self.world, self.project, ORIGIN + at)
        self.now = at

    def step(self, at: int, *, checking: bool = False) -> None:
        """Move the clock to an instant by way of everything that is due until then."""
        while True:
            due = control.clock(self.world, self.project).next_due
            if due is None or due > ORIGIN + at:
                break
            self.now = control.advance_next(self.world, self.project, 1).now - ORIGIN
            if checking:
                self.check()
        self.jump(at)

    def check(self) -> None:
        """Hold what must be true at every instant."""
        shown = setups.capacity(self.world, self.project).capacity
        seen = Look.at(shown.pools, self.document()["endpoints"])
        check(self._seen, seen)
        self._seen = seen

    def look(self) -> None:
        """Look at everything there is to see; history must not care."""
        billing.bill(self.world, self.project)
        billing.forecast(self.world, self.project, 3_600_000_000)
        snapshot.show(self.world, self.project)
        for one in self._ids:
            with suppress(MockError):
                explain.timeline(self.world, self.project, one)

    # Acts ----------------------------------------------------------------------------------

    def act(self, act: Act) -> None:
        """Do what an act says, and note what came of it."""
        try:
            outcome = getattr(self, f"_{act.do}")(act)
        except MockError as error:
            outcome = error.case
        self.outcomes.append(f"{act.do} {act.endpoint}: {outcome}")

    def continue_as(self, other: "Fleet") -> None:
        """Go on where another fleet is, in this project."""
        state.put(self.world, self.project, snapshot.show(other.world, other.project))
        self._ids, self.hardware = list(other._ids), dict(other.hardware)
        self.now = other.now

    def _create(self, act: Act) -> str:
        kind, zone, least, most, timeout, started = act.value
        new = NewEndpoint(
            model=MIXTRAL,
            hardware=HARDWARE[kind],
            availability_zone=zone,
            min_replicas=least,
            max_replicas=max(least, most),
            inactive_timeout=timeout,
            started=started,
        )
        made = endpoints.create(self.world, self.project, new)
        self._ids.append(made.id)
        self.hardware[made.id] = made.hardware
        return f"{made.id} {made.state}"

    def _update(self, act: Act) -> str:
        return endpoints.update(self.world, self.project, self._id(act), Change(**act.value)).state

    def _delete(self, act: Act) -> str:
        endpoints.delete(self.world, self.project, self._id(act))
        self.deleted[self._id(act)] = self.now
        return "gone"

    def _load(self, act: Act) -> str:
        setups.put_load(self.world, self.project, self._id(act), Load(*act.value))
        return "put"

    def _chat(self, act: Act) -> str:
        admitted = inference.admit_by_store(self.world, self.project, self._id(act))
        self.requests.setdefault(self._id(act), []).append(self.now)
        return str(admitted.number)

    def _open(self, act: Act) -> str:
        admitted = inference.admit_by_store(self.world, self.project, self._id(act))
        self._streams.append(inference.take_off(self.world, self.project, admitted))
        return str(admitted.number)

    def _close(self, _: Act) -> str:
        if not self._streams:
            return "none open"
        inference.land(self.world, self.project, self._streams.pop())
        return "closed"

    def _pools(self, act: Act) -> str:
        document, after = act.value
        at = None if after is None else self.now + after + ORIGIN
        setups.put_capacity(self.world, self.project, document, at)
        return "put"

    def _fault(self, act: Act) -> str:
        document = NewFault.model_validate(act.value)
        return faults.add(self.world, self.project, document).id

    def _profile(self, act: Act) -> str:
        document = ProfileDocument.model_validate(act.value)
        setups.put_profile(self.world, self.project, "profile", document)
        return "put"

    def _preset(self, act: Act) -> str:
        control.set_preset(self.world, self.project, act.value)
        return "set"

    def _force(self, act: Act) -> str:
        setups.force(self.world, self.project, self._id(act), act.value, None)
        return "forced"

    def _hold(self, act: Act) -> str:
        setups.hold(self.world, self.project, self._id(act), act.value)
        return "held"

    def _release(self, act: Act) -> str:
        setups.release(self.world, self.project, self._id(act))
        return "released"

    def _balance(self, act: Act) -> str:
        billing.set_balance(self.world, self.project, act.value)
        self.balance = (act.value, self.now)
        return "put"

    def _id(self, act: Act) -> str:
        return self._ids[act.endpoint] if act.endpoint < len(self._ids) else "nobody"

    # What there is to see ------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """The state document, without the project's own name."""
        shown = snapshot.show(self.world, self.project)
        for entry in shown["endpoints"]:
            entry["name"] = entry["name"].partition("/")[2]
        return shown

    def bill(self) -> billing.Bill:
        """The bill."""
        return billing.bill(self.world, self.project)

    def events(self) -> list[Past]:
        """The history, oldest first."""
        hub, after, found = EventHub(self.world), 0, []
        while page := hub.page(self.project, after):
            after = page[-1].number
            found += page
        return [
            Past(one.at - ORIGIN, one.endpoint_id, one.to_state, one.ready, one.desired, one.cause)
            for one in found
            # What is asked for changes nothing by itself.
            if one.type not in (Kind.ENDPOINT_UPDATED, Kind.DEPLOYMENT_UPDATED)
        ]
