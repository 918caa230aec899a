"""What a fleet has to pay, worked out from its history alone."""

from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from service.fleet import ORIGIN, Fleet
from together_mock.api.control import mapping
from together_mock.services import snapshot

DAY = 24 * 3600 * 1_000_000
MINUTE = 60 * 1_000_000
EPOCH = date(1970, 1, 1).toordinal()


class Served(NamedTuple):
    """An interval in which an endpoint had so many replicas ready."""

    endpoint: str
    since: int
    until: int
    ready: int


def check(fleet: Fleet) -> None:
    """Hold the ledger, and the bill's total, items, days and balance against the history."""
    time = Counter()
    for one in _served(fleet):
        for day, since, until in _days(one.since, one.until):
            time[one.endpoint, day] += (until - since) * one.ready
    ledger = _ledger(fleet)
    assert {key: used for key, (used, _) in ledger.items()} == dict(time)
    assert all(0 <= idle <= used for used, idle in ledger.values())
    cents = {key: _cents(fleet, key[0], used) for key, used in time.items()}
    _check_bill(fleet, cents)
    _check_balance(fleet)


def check_idle(fleet: Fleet) -> None:
    """Hold the ledger's idle time against the requests that were answered."""
    idle = Counter()
    for one in _served(fleet):
        for since, until in _uncovered(one, sorted(fleet.requests.get(one.endpoint, []))):
            for day, begin, end in _days(since, until):
                idle[one.endpoint, day] += (end - begin) * one.ready
    assert {key: told for key, (_, told) in _ledger(fleet).items() if told} == dict(idle)


def _served(fleet: Fleet) -> list[Served]:
    events = fleet.events()
    found = []
    for one in fleet.hardware:
        steps = [
            (past.at, past.ready if past.state == "serving" else 0)
            for past in events
            if past.endpoint == one
        ]
        steps.append((fleet.deleted.get(one, fleet.now), 0))
        found += [
            Served(one, since, until, ready)
            for (since, ready), (until, _) in pairwise(steps)
            if ready and until > since
        ]
    return found


def _days(since: int, until: int) -> list[tuple[int, int, int]]:
    """An interval cut at every midnight: the day, and its share."""
    shares = []
    while since < until:
        day = (ORIGIN + since) // DAY
        end = min(until, (day + 1) * DAY - ORIGIN)
        shares.append((day, since, end))
        since = end
    return shares


def _uncovered(one: Served, requests: list[int]) -> list[tuple[int, int]]:
    """The parts of an interval that no request's minute covers."""
    parts, since = [], one.since
    for at in requests:
        parts.append((since, min(at, one.until)))
        since = max(since, at + MINUTE)
    return [(begin, end) for begin, end in [*parts, (since, one.until)] if end > begin]


def _ledger(fleet: Fleet) -> dict[tuple[str, int], tuple[int, int]]:
    """(endpoint, day) -> replica time and idle time, as the state document shows them."""
    shown = snapshot.show(fleet.world, fleet.project)["billing"]["usage"]
    assert all(row["hardware"] == fleet.hardware[row["endpoint"]] for row in shown)
    rows = {(row["endpoint"], row["day"]): (row["replica_time"], row["idle_time"]) for row in shown}
    assert len(rows) == len(shown)
    return rows


def _cents(fleet: Fleet, endpoint: str, used: int) -> Fraction:
    hardware = fleet.world.catalog.hardware[fleet.hardware[endpoint]]
    return Fraction(used, MINUTE) * Fraction(hardware.cents_per_minute)


def _check_bill(fleet: Fleet, cents: dict[tuple[str, int], Fraction]) -> None:
    """Hold the bill as it is shown against the cents of every endpoint and day."""
    bill = mapping.bill(fleet.bill())
    items, days = Counter(), Counter()
    for (endpoint, day), cost in cents.items():
        items[endpoint] += cost
        days[date.fromordinal(EPOCH + day).isoformat()] += cost
    assert {item.endpoint: item.cost for item in bill.items} == _shown(items)
    assert {day.day: day.cost for day in bill.days} == _shown(days)
    assert bill.total == _dollars(sum(cents.values()))
    assert all(Decimal(one.idle_minutes) <= Decimal(one.replica_minutes) for one in bill.items)


def _check_balance(fleet: Fleet) -> None:
    """What was set, less the cost since then; it ends everything within a microsecond of zero."""
    amount, begun = fleet.balance
    left = mapping.bill(fleet.bill()).balance
    if amount is None:
        assert left is None
        return
    spent = sum(
        _cents(fleet, one.endpoint, (one.until - max(begun, one.since)) * one.ready)
        for one in _served(fleet)
        if one.until > begun
    )
    assert left == _dollars(Fraction(amount) * 100 - spent)
    assert Decimal(left) >= 0


def _shown(cents: dict[str, Fraction]) -> dict[str, str]:
    return {name: _dollars(cost) for name, cost in cents.items()}


def _dollars(cents: Fraction) -> str:
    """Cents as dollars, to the ten-thousandth of a cent, without trailing zeros."""
    millionths = round(Fraction(cents) * 10_000)
    return format(Decimal(millionths).scaleb(-6).normalize(), "f") if millionths else "0"
