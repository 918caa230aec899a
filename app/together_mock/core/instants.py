"""Instants and durations as text: ISO 8601 UTC, and "90s", "15m", "1h30m", "2d"."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from together_mock.core.errors import MockError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhd])")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
# No clock goes beyond this instant: a ledger by the day over millennia would serve nobody.
LATEST = int((datetime(2201, 1, 1, tzinfo=UTC) - _EPOCH) / timedelta(microseconds=1))
LONGEST_SECONDS = 100 * 366 * 86400


def to_iso(at: int) -> str:
    """`2025-02-04T10:43:55.405Z`: milliseconds, as the service writes created_at."""
    seconds, rest = divmod(at, 1_000_000)
    return f"{_to_the_second(seconds)}.{rest // 1000:03}Z"


@lru_cache(maxsize=64)
def _to_the_second(seconds: int) -> str:
    # What happens at about the same time shares it, and it is what costs.
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:-6]


def to_exact_iso(at: int) -> str:
    """Like `to_iso`, with microseconds where the instant has them; reads back unchanged."""
    if at % 1000 == 0:
        return to_iso(at)
    return (_EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds")[:-6] + "Z"


def parse_instant(value: object, param: str) -> int:
    """Read an ISO 8601 instant (a datetime, as YAML gives it, will do). No zone means UTC."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        at = (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise MockError("bad_instant", param=param, value=value) from error
    if not 0 <= at < LATEST:
        raise MockError("bad_instant", param=param, value=value)
    return at


def parse_duration(value: object, param: str) -> float:
    """Read a duration in seconds: a number, or text such as `90s`, `15m`, `1h30m`, `2d`."""
    seconds = _duration_seconds(value)
    if seconds is None or not 0 <= seconds <= LONGEST_SECONDS:
        raise MockError("bad_duration", param=param, value=value)
    return seconds


def to_duration(microseconds: int) -> str:
    """A duration as text that `parse_duration` reads back: `30d`, `1h30m`, `1.5s`."""
    seconds, rest = divmod(microseconds, 1_000_000)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    last = f"{seconds + rest / 1_000_000:.6f}".rstrip("0").rstrip(".")
    return "".join(parts if parts and last == "0" else [*parts, f"{last}s"])


def _duration_seconds(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
