"""What a test can do to its project, and see of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import yaml
from support import H100X2, MIXTRAL, START
from together_mock.testing import ControlError, MockProject

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_the_clock_stands_still_at_a_known_instant(together_mock):
    """And gpus are ready at once."""
    clock = together_mock.clock
    assert (clock.now, clock.rate, clock.next_due) == (datetime.fromisoformat(START), 0, None)
    assert together_mock.state()["preset"] == "instant"


@pytest.mark.parametrize(
    ("how", "units"),
    [
        (("90m",), {}),
        ((5400,), {}),
        ((timedelta(minutes=90),), {}),
        ((), {"hours": 1, "minutes": 30}),
        ((), {"days": 0.0625}),
    ],
)
def test_the_clock_moves_by_whatever_says_how_long(together_mock, how, units):
    """Text, seconds, a timedelta, or units."""
    before = together_mock.clock.now
    together_mock.clock.advance(*how, **units)
    assert together_mock.clock.now - before == timedelta(minutes=90)


@pytest.mark.parametrize(("how", "units"), [((), {}), (("1h",), {"hours": 1})])
def test_the_clock_is_told_once_how_far(together_mock, how, units):
    """Neither nothing nor two things."""
    with pytest.raises(TypeError, match="hours=1"):
        together_mock.clock.advance(*how, **units)


def test_the_clock_tells_what_happened_on_the_way(together_mock, caller):
    """Until a state, to an instant, to the next thing due."""
    together_mock.preset("fast")
    endpoint = caller.create(inactive_timeout=60)
    clock = together_mock.clock
    moved = clock.run_until(endpoint["id"], "STARTED", limit="1m")
    assert [step["to"] for step in moved] == ["STARTING", "STARTED"]
    assert clock.next_due - clock.now == timedelta(hours=1)
    assert [step["cause"] for step in clock.run_next()] == ["inactive_timeout"]
    assert [step["to"] for step in clock.advance_to(NOON)] == ["STOPPED"]
    assert clock.now == NOON
    clock.advance_to(NOON.replace(tzinfo=None) + timedelta(hours=1))
    assert clock.now == NOON + timedelta(hours=1)


def test_what_is_not_reached_is_an_error_that_says_why(together_mock, caller):
    """And the clock stays where it was."""
    together_mock.preset("manual")
    endpoint = caller.create()
    with pytest.raises(ControlError, match="does not reach STARTED") as caught:
        together_mock.clock.run_until(endpoint["id"], "STARTED", limit=timedelta(hours=1))
    assert (caught.value.status, caught.value.code) == (409, "until_not_reached")
    assert together_mock.clock.now == datetime.fromisoformat(START)


def test_an_endpoint_is_named_by_id_or_by_what_a_client_answered(together_mock, caller):
    """A model of an SDK, a dictionary, an id."""
    endpoint = caller.create()

    class Model:
        id = endpoint["id"]

    shown = [together_mock.timeline(named) for named in (endpoint, Model(), endpoint["id"])]
    assert shown[0] == shown[1] == shown[2]
    with pytest.raises(TypeError, match="is no id"):
        together_mock.timeline(7)


def test_the_clock_can_run_and_be_frozen(together_mock):
    """At a rate of one's own."""
    together_mock.clock.run(rate=3600)
    assert together_mock.clock.rate == 3600
    together_mock.clock.freeze()
    assert together_mock.clock.now == together_mock.clock.now


def test_a_waiter_gets_through_on_a_frozen_clock(together_mock, caller):
    """Each read moves the clock by a state, if the test says so."""
    together_mock.preset("realistic")
    together_mock.clock.move_on_poll()
    endpoint = caller.create()
    assert [caller.state_of(endpoint) for _ in range(2)] == ["STARTING", "STARTED"]
    together_mock.clock.move_on_poll(moves=False)
    assert together_mock.state()["clock"]["on_poll"] == "none"


def test_what_is_set_up_is_a_document_or_its_fields(together_mock, caller):
    """Profiles, capacity, faults and scripts, as the control plane takes them."""
    stages = [{"from": "PENDING", "to": "ERROR", "after": "1m", "reason": "engine_oom"}]
    together_mock.profile("slow", {"stages": stages}, priority=1)
    assert together_mock.state()["profiles"]["slow"]["priority"] == 1
    pools = [{"hardware": H100X2, "replicas": 1}]
    assert together_mock.capacity({"pools": pools})["pools"][0]["free"] == 1
    assert together_mock.capacity(pools=pools, on_exhausted="reject")["on_exhausted"] == "reject"
    assert together_mock.capacity()["on_exhausted"] == "reject"
    fault = together_mock.fault(effect={"lifecycle": "start_error"}, times=1)
    assert together_mock.faults() == [fault]
    together_mock.script({"match": {"turn": 1}}, reply={"text": "Cold."})
    assert caller.chat(MIXTRAL).json()["choices"][0]["message"]["content"] == "Cold."
    assert [script["hits"] for script in together_mock.scripts()] == [1]


def test_what_is_at_fault_in_a_document_is_named(together_mock):
    """The field stands in the error."""
    with pytest.raises(ControlError, match="colour") as caught:
        together_mock.capacity(pools=[], colour="red")
    assert (caught.value.param, caught.value.status) == ("colour", 400)


def test_an_endpoint_is_held_released_and_forced(together_mock, caller):
    """Each call tells the timeline."""
    together_mock.preset("fast")
    endpoint = caller.create()
    assert together_mock.hold(endpoint, "STARTED")["state"] == "PENDING"
    together_mock.clock.advance(hours=1)
    assert "held before STARTED" in together_mock.timeline(endpoint)["why"]
    assert caller.state_of(endpoint) == "STARTING"
    assert "held" not in together_mock.release(endpoint)["why"]
    together_mock.clock.advance(seconds=2)
    assert caller.state_of(endpoint) == "STARTED"
    assert together_mock.transition(endpoint, "ERROR", "engine_oom")["state"] == "ERROR"
    history = together_mock.timeline(endpoint)["history"]
    assert [step["to"] for step in history] == ["PENDING", "STARTING", "STARTED", "ERROR"]


def test_the_bill_can_be_asserted_to_the_cent(together_mock, caller):
    """What was spent, what will be, what is left."""
    together_mock.traffic(caller.create(), "step:0:1:1h")
    together_mock.clock.advance(hours=2)
    # 18 cents a minute.
    assert together_mock.cost == Decimal("21.6")
    assert together_mock.billing()["total"] == "21.6"
    assert together_mock.forecast(timedelta(hours=1)) == Decimal("32.4")
    assert [row["month"] for row in together_mock.running()] == ["7776"]
    assert Decimal(together_mock.balance(5)["balance"]) == 5
    assert together_mock.balance(None)["balance"] is None


def test_events_are_all_that_has_happened(together_mock, caller):
    """In order; and a test can wait for one."""
    assert together_mock.events() == []
    endpoint = caller.create()
    together_mock.clock.advance("1s")
    moves = [event["to"] for event in together_mock.events() if "to" in event]
    assert moves == ["PENDING", "STARTING", "STARTED"]
    assert together_mock.wait(endpoint=endpoint, to="STARTED")["id"] == endpoint["id"]
    with pytest.raises(ControlError) as caught:
        together_mock.wait("endpoint.deleted", timeout="10ms")
    assert caught.value.status == 408


def test_a_snapshot_is_gone_back_to(together_mock, caller):
    """Everything, also the clock, and what comes after is as it was."""
    caller.create()
    together_mock.clock.advance(hours=1)
    before = together_mock.snapshot()
    then = (caller.create(), caller.chat(MIXTRAL).json())
    together_mock.clock.advance(hours=5)
    together_mock.restore(before)
    assert together_mock.state() == before
    assert (caller.create(), caller.chat(MIXTRAL).json()) == then


def test_a_reset_goes_back_to_how_the_test_began(together_mock, caller):
    """All of it, or the parts that are named."""
    before = together_mock.state()
    endpoint = caller.create()
    together_mock.preset("realistic")
    together_mock.clock.advance(hours=1)
    together_mock.reset("endpoints")
    assert (together_mock.state()["endpoints"], together_mock.state()["preset"]) == (
        [],
        "realistic",
    )
    together_mock.reset()
    assert together_mock.state() == before
    assert caller.create() == endpoint


def test_a_state_is_loaded_from_a_document_or_a_file(together_mock, caller, tmp_path):
    """Its key and its project are not ours; what it leaves out is as the test began."""
    entry = {"id": "endpoint-1", "model": MIXTRAL, "hardware": H100X2, "state": "STARTED"}
    document = {"api_key": "somebody", "project": {"slug": "loaded-slug"}, "endpoints": [entry]}
    before = together_mock.state()
    shown = together_mock.load(document)
    assert [one["id"] for one in shown["endpoints"]] == ["endpoint-1"]
    assert {name: shown[name] for name in ("seed", "clock", "preset")} == {
        name: before[name] for name in ("seed", "clock", "preset")
    }
    assert together_mock.project.slug == "loaded-slug"
    file = tmp_path / "state.yaml"
    file.write_text(yaml.safe_dump({**document, "clock": {"now": "2027-01-01T00:00:00Z"}}))
    assert together_mock.load(file)["endpoints"] == together_mock.load(str(file))["endpoints"]
    assert (together_mock.clock.now.year, together_mock.clock.rate) == (2027, 0)


def test_a_loaded_state_may_be_for_a_slug_in_use(together_mock, together_mock_factory, calling):
    """The project keeps its own then."""
    with together_mock_factory("namesake", state={"project": {"slug": "taken-slug"}}) as other:
        assert other.project.slug == "taken-slug"
        own = together_mock.project.slug
        together_mock.load({"project": {"slug": "taken-slug"}})
        assert together_mock.project.slug == own


@pytest.mark.parametrize("text", ["", "- 1", "version: 1\n---\nversion: 1"])
def test_a_state_file_holds_one_document(together_mock, tmp_path, text):
    """None, several, or something else is refused."""
    file = tmp_path / "state.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match="one mapping is needed"):
        together_mock.load(file)


def test_a_state_at_fault_changes_nothing(together_mock, caller):
    """The field is named, and the endpoints are there still."""
    caller.create()
    before = together_mock.state()
    with pytest.raises(ControlError, match="colour"):
        together_mock.load({"colour": "red"})
    assert together_mock.state() == before


def test_a_project_says_who_it_is(together_mock, caller):
    """Its id is text with a slug; a client finds it by `base_url` and `api_key`."""
    project = together_mock.project
    shown = caller.http.get("/_mock/project").json()
    assert {"id": str(project), "slug": project.slug} == {
        "id": shown["id"],
        "slug": shown["slug"],
    }
    assert project.id == project
    assert (project.organization_id, project.api_key_id) == (
        shown["organization_id"],
        shown["api_key_id"],
    )
    assert together_mock.base_url == f"{together_mock.root_url}/v1"
    assert project.slug in repr(together_mock)
    assert isinstance(together_mock, MockProject)
