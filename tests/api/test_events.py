"""Events: the project's history as server-sent events, and waits for one event."""

import json
import threading
import time

import pytest
from rehearsal import (
    add_fault,
    advance,
    bounds,
    control,
    delete,
    patch,
    pool,
    put_balance,
    put_load,
    put_pools,
    seconds,
    start,
    states,
    stop,
    timeline,
)
from support import refused


class Follower:
    """A client that reads server-sent events."""

    def __init__(self, api, after=None):
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        self._context = api.http.stream("GET", "/_mock/events", headers=headers)

    def __enter__(self):
        answer = self._context.__enter__()
        assert answer.headers["content-type"].startswith("text/event-stream")
        self._lines = answer.iter_lines()
        assert next(self._lines) == ": listening"
        assert next(self._lines) == ""
        return self

    def __exit__(self, *failure):
        return self._context.__exit__(*failure)

    def read(self, count):
        """The next events: id, type and data."""
        return [self._frame() for _ in range(count)]

    def _frame(self):
        frame = {}
        for line in self._lines:
            if not line:
                return int(frame["id"]), frame["event"], json.loads(frame["data"])
            field, _, value = line.partition(": ")
            frame[field] = value
        raise AssertionError("the stream ended")


def wait(api, **wanted):
    return api.post("/_mock/events/wait", json=wanted)


class TestStream:
    """GET /_mock/events."""

    def test_changes_of_state_are_told_as_they_happen(self, api):
        """Whoever listens hears of what comes, with its cause and replica counts."""
        api.create()
        with Follower(api) as stream:
            endpoint = api.create()
            advance(api, 0)
            [(number, kind, data)] = stream.read(1)
        assert kind == "endpoint.state_changed"
        assert data == {
            "number": number,
            "type": "endpoint.state_changed",
            "id": endpoint["id"],
            "at": "2026-01-01T00:00:00.000Z",
            "cause": "api:createEndpoint",
            "ready": 0,
            "desired": 1,
            "from": None,
            "to": "PENDING",
        }

    def test_a_stream_resumes_after_an_event(self, api):
        """`Last-Event-ID` 0 is the whole history; a number goes on after that event."""
        api.create()
        advance(api, 10)
        with Follower(api, 0) as stream:
            events = stream.read(3)
        assert [data["to"] for _, _, data in events] == ["PENDING", "STARTING", "STARTED"]
        numbers = [number for number, _, _ in events]
        assert numbers == sorted(set(numbers))
        with Follower(api, numbers[0]) as stream:
            assert stream.read(2) == events[1:]
            # --- and then it stays for what is to come
            delete(api, api.create())
            assert stream.read(1)[0][2]["to"] == "PENDING"

    def test_a_fault_that_strikes_is_told(self, api):
        """With its endpoint, its effect and its id, at the entry on which it strikes."""
        fault = add_fault(api, "start_error", times=1)
        endpoint = api.create()
        advance(api, 10)
        with Follower(api, 0) as stream:
            events = stream.read(4)
        assert [(kind, data.get("to")) for _, kind, data in events] == [
            ("endpoint.state_changed", "PENDING"),
            ("endpoint.state_changed", "STARTING"),
            ("fault.struck", None),
            ("endpoint.state_changed", "ERROR"),
        ]
        struck = events[2][2]
        assert (struck["id"], struck["cause"]) == (
            endpoint["id"],
            f"fault:start_error {fault['id']}",
        )
        assert struck["at"] == events[1][2]["at"]
        causes = [entry["cause"] for entry in timeline(api, endpoint)["replicas"]]
        assert struck["cause"] not in causes

    def test_what_has_happened_is_found_without_a_wait(self, api):
        """A timeout of 0 looks, and does not wait."""
        endpoint = api.create()
        advance(api, 10)
        event = wait(api, to="STARTED", timeout=0).json()
        assert (event["id"], event["to"]) == (endpoint["id"], "STARTED")
        refused(wait(api, after=event["number"], timeout=0), "event_timeout")

    def test_a_type_that_there_is_not_is_refused(self, api):
        """A misspelt type would be waited for in vain."""
        refused(wait(api, type="endpoint.moved"), "invalid_value")

    def test_a_stop_for_a_spent_balance_is_told(self, api):
        """Once for each endpoint that it stops; what is stopped already is left out."""
        api.create(state="STOPPED")
        waiting, running = api.create(), api.create()
        advance(api, 2)
        control(api, waiting, "transition", to="STOPPED")
        put_balance(api, "0")
        event = wait(api, type="billing.stopped").json()
        assert (event["id"], event["cause"]) == (running["id"], "balance_spent")
        refused(
            wait(api, type="billing.stopped", after=event["number"], timeout=0), "event_timeout"
        )

    def test_a_stream_tells_everything_in_order(self, api):
        """Scaling, faults and forced transitions too; pages do not show."""
        endpoint = api.create(**bounds(1, 60))
        advance(api, 2)
        put_load(api, endpoint, "ramp:0:400:10m", scale_down_window=0)
        advance(api, "10m")
        put_load(api, endpoint, "ramp:400:0:10m")
        advance(api, "10m")
        add_fault(api, "replica_crash", times=1)
        control(api, endpoint, "transition", to="ERROR", reason="power_cut")
        # --- up: 49 times scaled and 49 ready, down: 49 times
        # --- and then the fault, the crash, the transition
        count = 3 + 98 + 49 + 3
        with Follower(api, 0) as stream:
            events = stream.read(count)
        kinds = [kind for _, kind, _ in events]
        assert kinds.count("endpoint.state_changed") == 4
        assert [data["at"] for _, _, data in events] == sorted(data["at"] for _, _, data in events)
        scaled = [data for _, kind, data in events if kind == "endpoint.scaled"]
        assert "from" not in scaled[0]
        assert {data["cause"] for data in scaled} == {
            "autoscaler",
            "replicas_ready",
            "fault:replica_crash",
        }
        assert max(data["ready"] for data in scaled) == 50
        assert events[-1][2]["cause"] == "control power_cut"

    def test_a_deleted_endpoint_stays_in_the_history(self, api):
        """What happened to it can still be read, and nothing of it is told of the next one."""
        first = api.create()
        advance(api, 10)
        delete(api, first)
        second = api.create()
        with Follower(api, 0) as stream:
            told = [(data["id"], data["type"]) for _, _, data in stream.read(5)]
        moved = "endpoint.state_changed"
        assert told == [
            *[(first["id"], moved)] * 3,
            (first["id"], "endpoint.deleted"),
            (second["id"], moved),
        ]
        shown = api.get(f"/_mock/endpoints/{second['id']}/timeline").json()
        assert [past["to"] for past in shown["history"]] == ["PENDING"]

    def test_a_spent_balance_and_inactivity_are_told_with_their_cause(self, api):
        """The causes of a stop."""
        api.create(inactive_timeout=1)
        advance(api, 100)
        spent = api.create()
        advance(api, 2)
        api.put("/_mock/billing", json={"balance": "0.01"})
        advance(api, 100)
        with Follower(api, 0) as stream:
            causes = [
                data["cause"] for _, _, data in stream.read(10) if data.get("to") == "STOPPING"
            ]
        assert causes == ["inactive_timeout", "balance_spent"]
        assert states(api, spent) == ["STOPPED"]

    def test_projects_do_not_hear_each_other(self, api, server):
        """Each stream has its own project's events only."""
        other = server.api()
        with Follower(api, 0) as mine, Follower(other, 0) as theirs:
            elsewhere = other.create()
            here = api.create()
            assert mine.read(1)[0][2]["id"] == here["id"]
            assert theirs.read(1)[0][2]["id"] == elsewhere["id"]
        refused(wait(api, endpoint=elsewhere["id"], timeout=0.05), "event_timeout")
        other.http.close()

    def test_several_listeners_hear_the_same(self, api):
        """None of them takes an event away from another."""
        with Follower(api) as one, Follower(api) as other:
            api.create()
            advance(api, 10)
            assert one.read(3) == other.read(3)

    @pytest.mark.parametrize("number", ["x", "-1", "1.5", "", "²", "9" * 5000])
    def test_a_bad_last_event_id_is_refused(self, api, number):
        """400 naming the header."""
        headers = {"Last-Event-ID": number.encode("latin-1")}
        answer = api.get("/_mock/events", headers=headers)
        assert refused(answer, "invalid_value")["param"] == "Last-Event-ID"


class TestWait:
    """POST /_mock/events/wait."""

    def test_what_has_happened_is_answered_at_once(self, api):
        """The first event that matches; `after` leaves earlier ones out."""
        endpoint = api.create()
        advance(api, 10)
        event = wait(api, type="endpoint.state_changed", endpoint=endpoint["id"], to="STARTED")
        assert event.status_code == 200
        assert (event.json()["from"], seconds(event.json()["at"])) == ("STARTING", 2)
        assert wait(api).json()["to"] == "PENDING"
        number = event.json()["number"]
        refused(wait(api, to="STARTED", after=number, timeout="50ms"), "event_timeout")

    def test_what_is_to_come_is_waited_for(self, api):
        """Another client moves the clock meanwhile; no time of the project passes by waiting."""
        endpoint = api.create()
        answers = []

        def waiter():
            answers.append(wait(api, endpoint=endpoint["id"], to="STARTED", timeout="20s"))

        thread = threading.Thread(target=waiter)
        thread.start()
        advance(api, 1)
        advance(api, 1)
        thread.join(20)
        assert answers[0].json()["at"] == "2026-01-01T00:00:02.000Z"
        assert api.get("/_mock/clock").json()["now"] == "2026-01-01T00:00:02.000Z"

    def test_from_now_on_can_be_asked_for(self, api):
        """`after` null waits for what comes, whatever has been."""
        api.create()
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(wait(api, to="PENDING", after=None, timeout="20s"))
        )
        thread.start()
        created = []
        # --- until the waiter is there, each creation may be too early for it
        while thread.is_alive():
            created.append(api.create(state="STOPPED")["id"])
            start(api, {"id": created[-1]})
            thread.join(0.05)
        assert answers[0].json()["id"] in created

    def test_scaling_can_be_waited_for(self, api):
        """By type; `to` is for states only."""
        put_pools(api, pool(3))
        endpoint = api.create(**bounds(1, 2))
        advance(api, 10)
        patch(api, endpoint, autoscaling={"min_replicas": 2})
        event = wait(api, type="endpoint.scaled").json()
        assert (event["cause"], event["ready"], event["desired"]) == ("bounds", 1, 2)
        refused(wait(api, type="endpoint.scaled", to="STARTED", timeout=0), "event_timeout")

    def test_a_wait_that_is_over_is_408(self, api):
        """After the time given, in real time."""
        stop(api, api.create())
        begun = time.monotonic()
        answer = wait(api, to="ERROR", timeout="100ms")
        assert "0.1 s" in refused(answer, "event_timeout")["message"]
        assert 0.1 <= time.monotonic() - begun < 5

    @pytest.mark.parametrize(
        "fields",
        [{"to": "READY"}, {"timeout": "soon"}, {"timeout": "2h"}, {"after": -1}, {"kind": "x"}],
    )
    def test_a_bad_wait_is_refused(self, api, fields):
        """400 naming the field."""
        answer = wait(api, **fields)
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == next(iter(fields))
