"""What the cluster of a deployment reports of an adapter."""

import pytest
from together_mock.core.adapters import cluster_of, load_of
from together_mock.core.deployment import Deployment, Label
from together_mock.core.states import State

SINCE, BEFORE, AFTER = 1_000, 500, 2_000


def deployment(state, **fields):
    """A deployment that entered a state at SINCE."""
    label = Label("main", "base", "", "{}", "", 0, 0)
    made = Deployment(
        key=1,
        id="dep_1",
        endpoint_id="ep_1",
        endpoint_name="o/mine",
        model="base",
        hardware="h",
        zone=None,
        minimum=1,
        maximum=1,
        inactive_minutes=None,
        sku="h",
        price=1,
        label=label,
        state=state,
        since=SINCE,
    )
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("state", "allocated", "ready", "expected"),
    [
        (State.QUEUED, 0, 0, None),
        (State.QUEUED, 2, 0, ("PENDING", 0, 2)),
        (State.STARTING, 2, 0, ("LOADING", 0, 2)),
        (State.SERVING, 2, 0, ("LOADING", 0, 2)),
        (State.SERVING, 3, 2, ("READY", 2, 3)),
        (State.STOPPING, 2, 0, ("REMOVING", 0, 2)),
        (State.STOPPED, 0, 0, None),
        (State.FAILED, 0, 0, None),
    ],
)
def test_a_load_follows_the_replicas(state, allocated, ready, expected):
    """Its state and its counts; nothing where no replica is placed."""
    load = load_of(deployment(state, allocated=allocated, ready=ready), BEFORE, BEFORE)
    assert (load and (load.state, load.ready, load.total)) == expected
    if load is not None:
        assert load.cluster == cluster_of("dep_1")
        assert (load.loaded_at is not None) == (load.state == "READY")


@pytest.mark.parametrize(
    ("added", "updated", "expected"),
    [
        (BEFORE, BEFORE, (SINCE, SINCE)),
        (BEFORE, AFTER, (SINCE, AFTER)),
        (AFTER, AFTER, (AFTER, AFTER)),
    ],
)
def test_it_is_loaded_once_both_are_there(added, updated, expected):
    """The replicas and the adapter, whichever comes later."""
    load = load_of(deployment(State.SERVING, allocated=1, ready=1), added, updated)
    assert (load.loaded_at, load.updated_at) == expected
