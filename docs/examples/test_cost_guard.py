"""A week of GPUs in milliseconds: what the guard stops, and what that saves to the cent."""

from decimal import Decimal

import pytest
from cost_guard import guard, running

MODEL = "mistralai/Mixtral-8x7B-Instruct-v0.1"


@pytest.fixture
def create(together_client, together_mock):
    """An endpoint that has started."""

    def create(gpus=2, replicas=1):
        made = together_client.endpoints.create(
            model=MODEL,
            hardware=f"{gpus}x_nvidia_h100_80gb_sxm",
            autoscaling={"min_replicas": replicas, "max_replicas": replicas},
        )
        together_mock.clock.run_until(made, "STARTED")
        return made

    return create


def test_within_the_budget_nothing_is_stopped(together_client, create):
    create()
    assert guard(together_client, budget=10.80) == []


def test_the_dearest_goes_first(together_client, create):
    cheap, dear = create(gpus=2), create(gpus=8)
    assert [one.id for one in running(together_client)] == [dear.id, cheap.id]
    assert guard(together_client, budget=20) == [dear.id]
    assert [one.id for one in running(together_client)] == [cheap.id]


def test_what_is_kept_is_left_alone(together_client, create):
    cheap, dear = create(gpus=2), create(gpus=8)
    assert guard(together_client, budget=0, keep=frozenset({dear.id})) == [cheap.id]


def test_replicas_count(together_client, create):
    create(replicas=3)
    assert [round(one.hourly, 2) for one in running(together_client)] == [32.40]


def test_a_week_with_the_guard_and_without(together_client, together_mock, create):
    create(gpus=8)
    before = together_mock.snapshot()
    together_mock.clock.advance(days=7)
    assert together_mock.cost == Decimal("7257.6")

    together_mock.restore(before)
    for _ in range(7 * 24):
        guard(together_client, budget=20)
        together_mock.clock.advance(hours=1)
    assert together_mock.cost < 1
    assert together_mock.running() == []
