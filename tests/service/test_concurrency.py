"""Many clients at once: nothing fails, history stays possible, projects stay apart."""

import random
import threading
from itertools import pairwise
from typing import Any

import httpx
import pytest
from support import H100X2, MIXTRAL, Api, Running
from together_mock.core.instants import to_exact_iso
from together_mock.core.lifecycle import TRANSITIONS
from together_mock.core.states import FROM_V1, State
from together_mock.core.timing import NEXT
from together_mock.store import history, queries

THREADS = 32
CALLS = 12
NEW = {"model": MIXTRAL, "hardware": H100X2, "inactive_timeout": 1}
POSSIBLE = {(state, target) for (state, _), target in TRANSITIONS.items() if target is not state}
POSSIBLE |= {*NEXT.items(), (State.SERVING, State.STOPPING)}
# What each call may be answered; everything else is a fault.
EXPECTED = {
    "create": {200},
    "start": {200, 400, 404},
    "stop": {200, 404},
    "chat": {200, 400, 404},
    "delete": {204, 404},
    "advance": {200},
    "list": {200},
    "state": {200},
}


class Client(threading.Thread):
    """One of many clients of a project, doing what its seed says with what the others made."""

    def __init__(self, api: Api, seed: int, known: list[str]) -> None:
        super().__init__(daemon=True)
        self.answers: list[tuple[str, httpx.Response]] = []
        self._api = api
        self._known = known
        self._random = random.Random(seed)

    def run(self) -> None:
        for _ in range(CALLS):
            call = self._random.choice([*EXPECTED, "create", "chat", "advance"])
            self.answers.append((call, self._do(call)))

    def _do(self, call: str) -> httpx.Response:
        one = self._random.choice([*self._known[-8:], "endpoint-of-nobody"])
        match call:
            case "create":
                answer = self._api.post("/v1/endpoints", json=NEW)
                self._known.append(answer.json()["id"])
                return answer
            case "start" | "stop":
                word = {"start": "STARTED", "stop": "STOPPED"}[call]
                return self._api.patch(f"/v1/endpoints/{one}", json={"state": word})
            case "chat":
                return self._api.chat(one)
            case "delete":
                return self._api.delete(f"/v1/endpoints/{one}")
            case "advance":
                by = self._random.choice([0.25, 0.5, 2, 61])
                return self._api.post("/_mock/clock/advance", json={"by": by})
            case "list":
                return self._api.get("/v1/endpoints?type=dedicated")
            case _:
                return self._api.get("/_mock/state")


@pytest.fixture(scope="module")
def crowd(server: Running) -> tuple[Api, list[tuple[str, httpx.Response]]]:
    """A project that 32 clients have used at once, and every answer."""
    api = server.api()
    known: list[str] = []
    clients = [Client(server.api(api.key), seed, known) for seed in range(THREADS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return api, [answer for client in clients for answer in client.answers]


def histories(running: Running, api: Api) -> dict[str, tuple[Any, list[Any]]]:
    """The deployment and the transitions of each endpoint, from the store itself."""
    project = running.world.project_named(api.get("/_mock/project").json()["id"])
    assert project
    with running.world.read(project) as connection:
        return {
            endpoint.id: (deployment, moves_of(connection, project.key, deployment.key))
            for endpoint, deployment in queries.endpoints_oldest_first(connection, project.key)
        }


def moves_of(connection: Any, project_key: int, deployment_key: int) -> list[Any]:
    """The changes of state; changes of the replica counts alone stand among them."""
    rows = history.events_of(connection, project_key, deployment_key)
    return [row for row in rows if row.from_state != row.to_state]


def moves(answers: list[tuple[str, httpx.Response]]) -> list[tuple[Any, ...]]:
    """What the advances said happened."""
    return [
        (move["endpoint"], move["at"], FROM_V1[move["from"]], FROM_V1[move["to"]])
        for call, answer in answers
        if call == "advance"
        for move in answer.json()["transitions"]
    ]


def test_every_call_is_answered(crowd):
    """No call fails, whatever the others do; none finds the database locked."""
    _, answers = crowd
    assert len(answers) == THREADS * CALLS
    wrong = [
        f"{call}: {answer.status_code} {answer.text}"
        for call, answer in answers
        if answer.status_code not in EXPECTED[call]
    ]
    assert wrong == []


def test_no_id_is_given_twice(crowd):
    """Endpoints and inference requests, refused ones too, have ids of their own."""
    _, answers = crowd
    for wanted in ("create", "chat"):
        given = [answer.json()["id"] for call, answer in answers if call == wanted]
        assert len(given) == len(set(given))


def test_history_is_possible(crowd, server):
    """Each endpoint went from state to state as the table allows, never back in time."""
    api, answers = crowd
    for deployment, steps in histories(server, api).values():
        assert (steps[0].from_state, steps[0].to_state) == (None, State.QUEUED)
        for before, after in pairwise(steps):
            assert after.from_state == before.to_state
            assert (after.from_state, after.to_state) in POSSIBLE
            assert after.at >= before.at
        assert (deployment.state, deployment.since) == (steps[-1].to_state, steps[-1].at)
        assert deployment.step_count == len(steps)
    assert {step[2:] for step in moves(answers)} <= POSSIBLE


def test_every_move_is_told_once(crowd, server):
    """On a frozen clock each step that came by itself is told by exactly one advance."""
    api, answers = crowd
    told = moves(answers)
    assert len(told) == len(set(told))
    there = histories(server, api)
    of_themselves = {
        (endpoint, to_exact_iso(step.at), step.from_state, step.to_state)
        for endpoint, (_, steps) in there.items()
        for step in steps
        if not step.cause.startswith("api:")
    }
    assert {move for move in told if move[0] in there} == of_themselves


def test_the_end_is_consistent(crowd):
    """List, state document and single reads agree; what was deleted is gone; nothing is overdue."""
    api, answers = crowd
    document = api.state()
    created = {answer.json()["id"] for call, answer in answers if call == "create"}
    gone = {
        answer.request.url.path.rpartition("/")[2]
        for call, answer in answers
        if call == "delete" and answer.status_code == 204
    }
    there = {entry["id"]: entry["state"] for entry in document["endpoints"]}
    assert there.keys() == created - gone
    listed = api.get("/v1/endpoints?type=dedicated").json()["data"]
    assert {row["id"]: row["state"] for row in listed} == there
    assert document["counters"]["endpoints"] == len(created)
    assert document["counters"]["requests"] == sum(call == "chat" for call, _ in answers)
    now = document["clock"]["now"]
    due = [entry["progress"]["next_at"] for entry in document["endpoints"]]
    assert all(at > now for at in due if at)


def test_projects_in_parallel_never_see_each_other(server):
    """Eight projects worked on at the same time: each has its own endpoints, clock and counters."""
    apis = [server.api() for _ in range(8)]
    names: dict[str, list[str]] = {}

    def work(number: int, api: Api) -> None:
        made = [api.create(display_name=str(number))["name"] for _ in range(4)]
        names[api.key] = made
        api.advance(by=number)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(apis)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, api in enumerate(apis):
        document = api.state()
        assert {entry["name"] for entry in document["endpoints"]} == set(names[api.key])
        assert {entry["display_name"] for entry in document["endpoints"]} == {str(number)}
        assert document["clock"]["now"] == f"2026-01-01T00:00:0{number}.000Z"
        stranger = names[apis[number - 1].key][0]
        assert api.chat(stranger).status_code == 404
        counters = {"endpoints": 4, "requests": 0, "faults": 0, "scripts": 0}
        assert document["counters"] == counters
    assert len({name for made in names.values() for name in made}) == 32
