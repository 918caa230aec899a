"""The client meets an endpoint that stopped, one that is starting, and one that never will."""

from itertools import pairwise

import pytest
from retrying_chat import RetryingChat
from together import APIStatusError

MODEL = "mistralai/Mixtral-8x7B-Instruct-v0.1"


@pytest.fixture
def waits():
    """How long the client waited, each time."""
    return []


@pytest.fixture
def endpoint(together_client, together_mock):
    """An endpoint that has started, and stops after an hour without a request."""
    together_mock.preset("fast")
    made = together_client.endpoints.create(
        model=MODEL,
        hardware="2x_nvidia_h100_80gb_sxm",
        autoscaling={"min_replicas": 1, "max_replicas": 1},
        inactive_timeout=60,
    )
    together_mock.clock.run_until(made, "STARTED")
    together_mock.script(reply={"text": "Cold."})
    return made


@pytest.fixture
def chat(together_client, together_mock, endpoint, waits):
    """The client; its waiting moves the clock instead of taking time."""

    def wait(seconds):
        waits.append(seconds)
        together_mock.clock.advance(seconds)

    return RetryingChat(together_client, endpoint.id, wait=wait)


def test_an_answer_at_once(chat, waits):
    assert (chat.ask("What weather?"), waits) == ("Cold.", [])


def test_an_endpoint_that_went_to_sleep_is_woken(chat, waits, together_mock, endpoint):
    together_mock.clock.advance(hours=2)
    assert together_mock.timeline(endpoint)["state"] == "STOPPED"
    assert chat.ask("What weather?") == "Cold."
    assert len(waits) >= 1


def test_an_endpoint_that_is_slow_to_start_is_waited_for(chat, waits, together_mock):
    together_mock.profile(
        "slow", stages=[{"from": "PENDING", "to": "STARTED", "after": "10s"}], priority=1
    )
    together_mock.clock.advance(hours=2)
    assert chat.ask("What weather?") == "Cold."
    assert all(later == 2 * sooner for sooner, later in pairwise(waits))
    assert sum(waits) >= 10


def test_an_endpoint_that_failed_is_not_asked_again(chat, waits, together_mock, endpoint):
    together_mock.transition(endpoint, "ERROR", "engine_oom")
    with pytest.raises(APIStatusError):
        chat.ask("What weather?")
    assert waits == []
