"""Money in a simulation: what serving deployments use up, and when a balance is spent."""

from dataclasses import dataclass, field

from together_mock.core import billing
from together_mock.core.billing import Ledger
from together_mock.core.deployment import Deployment
from together_mock.core.instants import LATEST
from together_mock.core.states import State


@dataclass
class Money:
    """The ledger and the balance. Only replicas that are ready in a serving deployment cost."""

    # What is left to spend, in billing units, as of `balance_at`; None is "no limit".
    balance: int | None = None
    balance_at: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    rate: int = 0
    _rates: dict[int, int] = field(default_factory=dict)
    # The keys of deployments that are about to run.
    _climbing: set[int] = field(default_factory=set)

    def accrue(self, deployment: Deployment, at: int) -> None:
        """Book what a deployment used up to an instant; called before its replicas change."""
        if deployment.state is not State.SERVING or at <= deployment.billed_at:
            return
        if deployment.ready:
            scaling = deployment.scaling
            active = at if scaling.level or scaling.in_flight else deployment.active_until
            key = (deployment.endpoint_id, deployment.sku)
            self.ledger.add(key, deployment.billed_at, at, deployment.ready, active)
        deployment.billed_at = at

    def reprice(self, deployment: Deployment, at: int) -> None:
        """Take note of what a deployment costs from an instant on."""
        if self.balance is None:
            return
        self.settle(at)
        serves = deployment.state is State.SERVING
        rate = deployment.ready * deployment.price if serves else 0
        self.rate += rate - self._rates.get(deployment.key, 0)
        self._rates[deployment.key] = rate
        climbs = deployment.state in (State.QUEUED, State.STARTING)
        (self._climbing.add if climbs else self._climbing.discard)(deployment.key)

    def settle(self, at: int) -> None:
        """Take off the balance what was spent up to an instant."""
        if self.balance is not None and at > self.balance_at:
            self.balance -= self.rate * (at - self.balance_at)
            self.balance_at = at

    def spent_at(self) -> int | None:
        """The instant at which the balance is spent if nothing changes; None if that never is.

        Once nothing of it is left, that is so for what is about to run as well.
        """
        if self.balance is None or not (self.rate or (self.balance <= 0 and self._climbing)):
            return None
        at = billing.spent_at(self.balance_at, self.balance, self.rate)
        return at if at is not None and at < LATEST else None
