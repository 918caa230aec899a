"""Clocks, dates and counters at the ends of what they can be: answered or refused, never broken."""

import pytest
from service.scenario import END, Act, Stage
from support import H100X2, MIXTRAL, refused
from together_mock.core.errors import MockError
from together_mock.services import control, inference, snapshot, state
from together_mock.store import accounts

LAST = "2200-12-31T23:59:59Z"
ENTRY = {"id": "endpoint-1", "model": MIXTRAL, "hardware": H100X2}
PROGRESS = {"since": "2026-01-01T00:00:00Z", "steps": 1, "allocated": 1}
SERVERLESS = "meta-llama/Llama-3.3-70B-Instruct-Turbo"


def test_the_clock_stops_at_the_end_of_the_calendar(api):
    """A clock that runs into the year 2201 stands still before it; everything still answers."""
    endpoint, idle = api.create(), api.create(inactive_timeout=2**31 - 1)
    clock = api.put("/_mock/clock", json={"now": LAST, "rate": 1e6})
    assert clock.status_code == 200
    assert [api.state_of(one["id"]) for one in (endpoint, idle)] == ["STARTED", "STARTED"]
    assert api.state()["clock"]["now"].startswith("2200-12-31T23:59:59")
    assert api.create()["created_at"].startswith("2200-12-31T23:59:59")
    assert api.chat(SERVERLESS).status_code == 200
    refused(api.post("/_mock/clock/advance", json={"by": "1d"}), "bad_instant")


@pytest.mark.parametrize("rate", [5e-324, 1e-300, 1e-9])
def test_a_clock_can_be_as_slow_as_one_likes(api, rate):
    """A step ages away in real time keeps nobody from being answered."""
    assert api.put("/_mock/clock", json={"rate": rate}).status_code == 200
    endpoint = api.create(inactive_timeout=60)
    assert api.state_of(endpoint["id"]) == "PENDING"
    api.run_until(endpoint["id"], "STARTED")
    assert api.chat(endpoint["id"]).status_code == 200


@pytest.mark.parametrize("word", ["STOPPED", "ERROR"])
def test_a_state_that_does_not_end_by_itself_has_no_next_instant(api, word):
    """A state document that says otherwise is refused, naming the field."""
    entry = ENTRY | {
        "state": word,
        "progress": PROGRESS | {"next_at": LAST, "next_state": "STARTED"},
    }
    error = refused(api.put_state({"endpoints": [entry]}), "invalid_value")
    assert error["param"] == "endpoints.0.progress.next_at"
    assert api.state()["endpoints"] == []


@pytest.mark.parametrize(
    ("word", "target"), [("PENDING", "STARTING"), ("STARTING", "STARTED"), ("STOPPING", "STOPPED")]
)
def test_a_next_instant_of_a_document_is_kept(api, word, target):
    """What a document says is due, is done at that instant."""
    due = {"next_at": "2026-01-01T00:00:07Z", "next_state": target}
    entry = ENTRY | {"state": word, "progress": PROGRESS | due}
    assert api.put_state({"endpoints": [entry]}).status_code == 200
    assert api.advance(next=1)["transitions"][0]["at"] == "2026-01-01T00:00:07.000Z"


def test_counters_of_a_document_and_of_a_reset_are_stored_with_it():
    """What was answered is in the store, not only in memory: a crash must not bring it back."""
    stage = Stage()
    try:
        project = stage.project
        for counters, wanted in (({"requests": 7}, 7), (None, 0)):
            if counters:
                state.put(stage.world, project, {"counters": counters})
            else:
                state.reset(stage.world, project, None)
            with stage.world.read(project) as connection:
                [row] = accounts.projects(connection)
            assert row.request_count == project.request_count == wanted
            assert inference.admit_by_store(stage.world, project, SERVERLESS).number == wanted + 1
    finally:
        stage.close()


def test_ids_of_a_document_are_not_given_out_again():
    """A document that forgot its counters does not make the next creation fail."""
    stage = Stage()
    try:
        run = stage.player(0.0, "fast")
        run.act(Act(0, "create"))
        document = snapshot.show(stage.world, stage.project)
        del document["counters"]
        state.put(stage.world, stage.project, document)
        run.act(Act(0, "create"))
        run.jump(END)
        ids = [outcome.split()[2] for outcome in run.record.outcomes]
        assert len(set(ids)) == len(snapshot.show(stage.world, stage.project)["endpoints"]) == 2
    finally:
        stage.close()


def test_a_long_advance_is_given_up_when_the_server_is_to_stop():
    """Nothing of it is kept, and what is due is run once the server is up again."""
    stage = Stage()
    try:
        run = stage.player(0.0, "fast")
        run.act(Act(0, "create"))
        before = snapshot.show(stage.world, stage.project)
        stage.world.stopping = True
        with pytest.raises(MockError) as given_up:
            control.advance_by(stage.world, stage.project, END)
        assert given_up.value.case == "server_stopping"
        stage.world.stopping = False
        assert snapshot.show(stage.world, stage.project) == before
        assert control.advance_by(stage.world, stage.project, END).moves
    finally:
        stage.close()


def test_a_stop_is_told_to_what_is_under_way(start_server):
    """Stopping a server sets what long work looks at."""
    running = start_server()
    assert not running.world.stopping
    running._threaded.server.stop()
    assert running.world.stopping
