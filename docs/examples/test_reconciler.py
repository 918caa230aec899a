"""Drift, failure, a queue for GPUs: what a reconciler meets, at once and for nothing."""

from dataclasses import replace

import pytest
from reconciler import Declared, apply, plan

CHAT = Declared("chat", "mistralai/Mixtral-8x7B-Instruct-v0.1", "2x_nvidia_h100_80gb_sxm")
BATCH = Declared("batch", "Qwen/Qwen2.5-7B-Instruct-Turbo", "1x_nvidia_h100_80gb_sxm")


@pytest.fixture
def reconciled(together_client):
    """Bring what is there in line with declarations; it must be stable then."""

    def reconcile(*declared):
        apply(together_client, plan(together_client, list(declared)))
        assert not plan(together_client, list(declared)), "a second plan is not empty"
        rows = together_client.endpoints.list(type="dedicated", mine=True).data
        there = [together_client.endpoints.retrieve(row.id) for row in rows]
        return {one.display_name: one for one in there}

    return reconcile


def test_what_is_missing_is_created(reconciled):
    there = reconciled(CHAT, BATCH)
    assert {name: one.state for name, one in there.items()} == {
        "chat": "STARTED",
        "batch": "STARTED",
    }


def test_what_is_not_declared_is_deleted(reconciled, together_mock):
    reconciled(CHAT, BATCH)
    assert list(reconciled(CHAT)) == ["chat"]
    assert len(together_mock.running()) == 1


def test_replicas_are_scaled_in_place(reconciled):
    before = reconciled(CHAT)["chat"]
    after = reconciled(replace(CHAT, replicas=3))["chat"]
    assert (after.id, after.autoscaling.max_replicas) == (before.id, 3)


def test_other_hardware_takes_another_endpoint(reconciled):
    before = reconciled(CHAT)["chat"]
    after = reconciled(replace(CHAT, hardware="4x_nvidia_h100_80gb_sxm"))["chat"]
    assert after.id != before.id


def test_what_failed_is_replaced(reconciled, together_mock):
    failed = reconciled(CHAT)["chat"]
    together_mock.transition(failed, "ERROR", "engine_oom")
    assert reconciled(CHAT)["chat"].id != failed.id


@pytest.mark.together_mock(
    capacity={"pools": [{"hardware": "2x_nvidia_h100_80gb_sxm", "replicas": 1}]}
)
def test_a_queued_endpoint_is_waited_for_and_not_made_again(reconciled, together_mock):
    second = replace(CHAT, name="second")
    there = reconciled(CHAT, second)
    assert there["second"].state == "PENDING"
    together_mock.clock.advance(days=1)
    assert reconciled(CHAT, second)["second"].id == there["second"].id
