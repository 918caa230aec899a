"""Billing: replica-time times price, in integers, so that the sum does not depend on the steps.

Money is counted in units of `replica_microseconds * price`, with the price in 60,000ths of a cent
per minute: that holds hundredths of a cent per minute, v1's prices, as exactly as whole cents per
hour, v2's. Nothing is rounded until it is shown.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from together_mock.core.clock import DAY, MINUTE

_SCALE = 60_000
# A unit is about 2.8e-15 dollars, so that what is rounded to this is nearest to one unit only.
_EXACT = Decimal("1e-15")
UNITS_PER_CENT = _SCALE * MINUTE
# A request makes the minute after it active; the rest of the serving time is idle.
ACTIVE_AFTER_REQUEST = MINUTE


def price_units(cents_per_minute: Decimal) -> int:
    """A price by the minute as an integer."""
    return int(cents_per_minute * _SCALE)


def hourly_price_units(cents_per_hour: int) -> int:
    """A price by the hour as an integer."""
    return cents_per_hour * _SCALE // 60


def cents_per_minute(price: int) -> Decimal:
    """A price that is an integer as cents per minute, to the limits of decimals."""
    return Decimal(price) / _SCALE


def units(dollars_text: str) -> int:
    """US dollars as units."""
    return int((Decimal(dollars_text) * 100 * UNITS_PER_CENT).to_integral_value())


def dollars(units: int) -> str:
    """Units as US dollars, to the ten-thousandth of a cent, without trailing zeros."""
    return plain(Decimal(units) / UNITS_PER_CENT / 100)


def exact_dollars(units: int) -> str:
    """Units as US dollars, so that they read back unchanged."""
    return format((Decimal(units) / UNITS_PER_CENT / 100).quantize(_EXACT).normalize(), "f")


def cents(rate: int) -> str:
    """A sum of replicas times price as cents per minute."""
    return plain(cents_per_minute(rate))


def plain(value: Decimal) -> str:
    """A number to the millionth, without trailing zeros."""
    rounded = value.quantize(Decimal("0.000001"))
    return format(rounded.normalize(), "f") if rounded else "0"


def minutes(microseconds: int) -> str:
    """Replica-microseconds as minutes, to the millionth, without trailing zeros."""
    return plain(Decimal(microseconds) / MINUTE)


@dataclass(slots=True)
class Usage:
    """What one endpoint used of one hardware on one day."""

    replica_time: int = 0
    idle_time: int = 0


@dataclass(slots=True)
class Ledger:
    """Usage by (endpoint id, hardware, day number since the epoch)."""

    usage: dict[tuple[str, str, int], Usage] = field(default_factory=dict)

    def add(self, key: tuple[str, str], since: int, until: int, replicas: int, active: int) -> None:
        """Book the replicas of [since, until); the time up to `active` counts as active."""
        at = since
        while at < until:
            day = at // DAY
            end = min(until, (day + 1) * DAY)
            place = (*key, day)
            entry = self.usage.get(place)
            if entry is None:
                entry = self.usage[place] = Usage()
            entry.replica_time += (end - at) * replicas
            entry.idle_time += max(0, end - max(at, active)) * replicas
            at = end


def spent_at(now: int, remaining: int, rate: int) -> int | None:
    """The instant at which a balance is spent; None when nothing runs.

    Args:
        now: the present instant.
        remaining: the balance in units.
        rate: the sum of replicas times price of what serves.
    """
    if remaining <= 0:
        return now
    return now + -(-remaining // rate) if rate else None
