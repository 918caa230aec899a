"""What v2 calls the states of a deployment, and by which messages it explains them."""

import pytest
from together_mock.core import status
from together_mock.core.deployment import Deployment
from together_mock.core.simulation import AUTOSCALER, BOUNDS, TIMED_OUT
from together_mock.core.states import State
from unit.rows import LABEL


def shown(state, **fields):
    """The state and the message of a deployment, without what all states begin with."""
    found = status.status(deployment(state, **fields))
    return found.state.removeprefix("DEPLOYMENT_STATE_"), found.message


def deployment(state, **fields):
    """A deployment in a state, of which nothing else is known."""
    made = Deployment(1, "d", "e", "name", "m", "gpu", None, 1, 1, None, "gpu", 1, LABEL)
    made.state = state
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("state", "fields", "expected"),
    [
        (State.QUEUED, {}, ("PROVISIONING", "Scheduling replicas")),
        (
            State.QUEUED,
            {"waiting": True},
            ("DEGRADED", "Cannot place replicas: insufficient GPU capacity"),
        ),
        (State.STARTING, {"desired": 2}, ("SCALING", "Starting replicas")),
        (
            State.STARTING,
            {"struck": "slow_start"},
            ("DEGRADED", "Startup stalled: slow_start"),
        ),
        (State.SERVING, {"ready": 2, "desired": 2}, ("READY", "All replicas ready")),
        (
            State.SERVING,
            {"ready": 1, "desired": 2, "starting": [(5, 1)], "cause": AUTOSCALER},
            ("SCALING", "Starting replicas"),
        ),
        (
            State.SERVING,
            {"ready": 1, "desired": 2, "waiting": True, "cause": BOUNDS},
            ("DEGRADED", "Cannot place replicas: insufficient GPU capacity"),
        ),
        (
            State.SERVING,
            {"ready": 1, "desired": 1, "draining": [(5, 1)], "cause": BOUNDS},
            ("SCALING", "Scaling down"),
        ),
        (
            State.SERVING,
            {"ready": 1, "desired": 2, "starting": [(5, 1)], "cause": "fault:replica_crash"},
            ("DEGRADED", "Not ready: 1 of 2 replicas are ready"),
        ),
        (State.STOPPING, {"allocated": 1}, ("STOPPING", "Draining replicas")),
        (State.STOPPED, {}, ("STOPPED", "Deployment is stopped")),
        (State.FAILED, {"cause": TIMED_OUT}, ("FAILED", "Timed out waiting for readiness")),
        (
            State.FAILED,
            {"cause": "profile:flaky engine_oom"},
            ("FAILED", "Startup failed: engine_oom"),
        ),
        (State.FAILED, {"cause": "fault:start_error"}, ("FAILED", "Startup failed: start_error")),
        (State.FAILED, {"cause": ""}, ("FAILED", "Startup failed")),
    ],
)
def test_a_state_has_a_word_and_a_message(state, fields, expected):
    """The table of the reference, and our own words where it has none."""
    assert shown(state, **fields) == expected


def test_every_state_is_one_of_v2s():
    """None is left without a word."""
    words = {shown(state)[0] for state in State}
    assert words == {"PROVISIONING", "SCALING", "READY", "STOPPING", "STOPPED", "FAILED"}


@pytest.mark.parametrize("state", State)
def test_what_neither_runs_nor_will_has_no_place(state):
    """Replicas are scheduled from the queue on, until they are gone."""
    placed = 0 if state in (State.STOPPED, State.FAILED) else 3
    assert status.scheduled(deployment(state, allocated=3)) == placed
