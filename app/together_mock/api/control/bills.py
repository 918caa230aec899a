"""The control plane's wire shapes of bills, balances and forecasts."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from together_mock.api.control.schemas import Request
from together_mock.services.fields import Seconds, Word


class BillItem(BaseModel):
    """What one endpoint cost on one hardware."""

    endpoint: str
    hardware: str
    replica_minutes: str
    idle_minutes: str
    cents_per_minute: str
    cost: str


class Running(BaseModel):
    """A deployment that is billed or will be, and what thirty days of its replicas cost."""

    endpoint: str
    deployment: str
    name: str
    hardware: str
    state: Word
    ready: int
    desired: int
    cents_per_minute: str
    inactive_timeout: int | None
    month: str


class AllRunning(BaseModel):
    """What is billed or will be, oldest first."""

    data: list[Running]


class BillDay(BaseModel):
    """What one day cost."""

    day: str
    cost: str


class Bill(BaseModel):
    """The bill so far, in US dollars, exact."""

    currency: Literal["USD"] = "USD"
    total: str
    items: list[BillItem]
    days: list[BillDay]
    running_cents_per_minute: str
    balance: str | None


class PutBalance(Request):
    """What is left to spend, in US dollars; null is "no limit"."""

    balance: Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$")] | None


class Horizon(Request):
    """How far to look ahead."""

    horizon: Seconds


class ForecastShown(BaseModel):
    """What will have been spent by an instant, and how much of it is yet to come."""

    currency: Literal["USD"]
    until: str
    total: str
    added: str
