"""Between the control plane's wire shapes and the values of the services."""

from together_mock.api.control import bills, schemas
from together_mock.core.billing import cents, dollars, minutes
from together_mock.core.clock import SECOND
from together_mock.core.errors import MockError
from together_mock.core.instants import parse_duration, parse_instant, to_exact_iso
from together_mock.core.load import Curve
from together_mock.core.states import V1_STATES, State
from together_mock.services import control
from together_mock.services.billing import Bill, Running
from together_mock.services.control import Advance, ClockView
from together_mock.services.events import Happening
from together_mock.services.explain import Timeline
from together_mock.services.fault_documents import Fault
from together_mock.services.projects import Project
from together_mock.services.setups import CapacityView
from together_mock.services.world import World

_DEFAULT_LIMIT = "30d"


def clock(view: ClockView) -> schemas.Clock:
    """A clock."""
    due = view.next_due
    return schemas.Clock(
        now=to_exact_iso(view.now),
        rate=view.rate,
        next_due=None if due is None else to_exact_iso(due),
        on_poll="next" if view.on_poll == "next" else "none",
    )


def advance(world: World, project: Project, body: schemas.AdvanceClock) -> Advance:
    """Move the clock as the body asks.

    Raises:
        MockError: not exactly one of the four ways, a bad value, or what the way itself refuses.
    """
    ways = [name for name in ("by", "to", "next", "until") if getattr(body, name) is not None]
    if len(ways) != 1:
        raise MockError(
            "invalid_value", param="by", detail="give exactly one of by, to, next, until"
        )
    if body.limit is not None and body.until is None:
        raise MockError("invalid_value", param="limit", detail="goes with until only")
    if body.by is not None:
        return control.advance_by(world, project, _microseconds(body.by, "by"))
    if body.to is not None:
        return control.advance_to(world, project, parse_instant(body.to, "to"))
    if body.next is not None:
        return control.advance_next(world, project, body.next)
    assert body.until is not None
    limit = _microseconds(_DEFAULT_LIMIT if body.limit is None else body.limit, "limit")
    return control.advance_until(world, project, body.until.endpoint, body.until.state, limit)


def seconds(duration: float | str | None) -> float | None:
    """A duration of the routing, in seconds."""
    return None if duration is None else parse_duration(duration, "propagation")


def _microseconds(duration: float | str, param: str) -> int:
    return round(parse_duration(duration, param) * SECOND)


def advanced(result: Advance) -> schemas.Advanced:
    """What moving the clock did."""
    return schemas.Advanced.model_validate(
        {
            "from": to_exact_iso(result.from_at),
            "now": to_exact_iso(result.now),
            "transitions": [
                {
                    "at": to_exact_iso(move.at),
                    "endpoint": move.deployment.endpoint_id,
                    "deployment": move.deployment.id,
                    "from": V1_STATES[move.from_state or State.STOPPED],
                    "to": V1_STATES[move.to_state],
                    "cause": move.cause,
                }
                for move in result.moves
            ],
        }
    )


def capacity(view: CapacityView) -> schemas.CapacityShown:
    """The pools with their use."""
    return schemas.CapacityShown(
        pools=[
            schemas.PoolShown(
                hardware=pool.hardware,
                zone=pool.zone,
                replicas=pool.replicas,
                used=pool.used,
                free=pool.free,
                status=pool.status,
            )
            for pool in view.capacity.pools
        ],
        on_exhausted=view.capacity.on_exhausted,
        planned=view.planned,
    )


def fault(known: Fault) -> schemas.FaultShown:
    """A fault with what is left of it."""
    return schemas.FaultShown(**dict(known), remaining=known.left)


def load(endpoint_id: str, curve: Curve | None) -> dict[str, object]:
    """A load as it was put."""
    return {
        "endpoint": endpoint_id,
        "curve": curve.text if curve else None,
        "from": to_exact_iso(curve.start) if curve else None,
    }


def following(state: State | None, at: int | None) -> dict[str, str] | None:
    """What comes next, and when; None where nothing does."""
    return None if state is None or at is None else {"to": V1_STATES[state], "at": to_exact_iso(at)}


def timeline(view: Timeline) -> schemas.Timeline:
    """An endpoint's timeline: changes of state, and replica counts over time."""
    return schemas.Timeline.model_validate(
        {
            "state": V1_STATES[view.state],
            "next": following(view.next_state, view.next_at),
            "why": view.why,
            "in_flight": view.in_flight,
            "history": [
                {
                    "at": to_exact_iso(past.at),
                    "from": _word(past.from_state),
                    "to": _word(past.to_state),
                    "cause": past.cause,
                }
                for past in view.history
                if past.from_state is not past.to_state
            ],
            "replicas": [
                {
                    "at": to_exact_iso(past.at),
                    "ready": past.ready,
                    "desired": past.desired,
                    "cause": past.cause,
                }
                for past in view.history
            ],
        }
    )


def bill(made: Bill) -> bills.Bill:
    """The bill."""
    return bills.Bill(
        total=dollars(made.total),
        items=[
            bills.BillItem(
                endpoint=item.endpoint,
                hardware=item.hardware,
                replica_minutes=minutes(item.replica_time),
                idle_minutes=minutes(item.idle_time),
                cents_per_minute=item.cents_per_minute,
                cost=dollars(item.cost),
            )
            for item in made.items
        ],
        days=[bills.BillDay(day=day, cost=dollars(cost)) for day, cost in made.days.items()],
        running_cents_per_minute=cents(made.running),
        balance=None if made.balance is None else dollars(made.balance),
    )


def running(made: list[Running]) -> bills.AllRunning:
    """What is billed or will be."""
    return bills.AllRunning(
        data=[
            bills.Running(
                endpoint=item.endpoint,
                deployment=item.deployment,
                name=item.name,
                hardware=item.hardware,
                state=V1_STATES[item.state],
                ready=item.ready,
                desired=item.desired,
                cents_per_minute=item.cents_per_minute,
                inactive_timeout=item.inactive_minutes,
                month=dollars(item.month),
            )
            for item in made
        ]
    )


def event(happening: Happening) -> dict[str, object]:
    """An event's data."""
    data: dict[str, object] = {
        "number": happening.number,
        "type": happening.type,
        "id": happening.endpoint_id,
        "at": to_exact_iso(happening.at),
        "cause": happening.cause,
        "ready": happening.ready,
        "desired": happening.desired,
    }
    if happening.from_state is not happening.to_state:
        data |= {"from": _word(happening.from_state), "to": _word(happening.to_state)}
    return data


def is_wanted(happening: Happening, wanted: schemas.WaitFor) -> bool:
    """Whether an event is the one that is waited for."""
    moved = happening.from_state is not happening.to_state
    return (
        wanted.type in ("*", happening.type)
        and wanted.endpoint in (None, happening.endpoint_id)
        and (wanted.to is None or (moved and _word(happening.to_state) == wanted.to))
    )


def _word(state: State | None) -> str | None:
    return None if state is None else V1_STATES[state]
