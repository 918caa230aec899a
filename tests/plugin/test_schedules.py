"""Schedule fuzzing finds a planted bug, and tells a state file that shows it again."""

import re
import unittest
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test
from support import H100X2, MIXTRAL
from together_mock import MockServer
from together_mock.testing import ScheduleMachine, playing, worlds

# Without shrinking, which runs hundreds of schedules more to tell a shorter one.
QUICK = settings(
    max_examples=25,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """State files are written to the test's own folder."""
    monkeypatch.setattr("together_mock.testing.schedules._folder", lambda: tmp_path)


ONE = {"min_replicas": 1, "max_replicas": 1}


def endpoints(mock):
    return mock.state()["endpoints"]


def client(mock):
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    return httpx.Client(base_url=mock.root_url, headers=headers, verify=False)


def keep_one(mock, alive):
    """One round of a reconciler: one endpoint that is in one of the states that count as alive."""
    if not [one for one in endpoints(mock) if one["state"] in alive]:
        # A round that fails is made up for by the next.
        with client(mock) as http, suppress(httpx.TransportError):
            body = {"model": MIXTRAL, "hardware": H100X2, "autoscaling": ONE}
            http.post("/v1/endpoints", json=body)


def at_most_one_is_paid_for(mock):
    assert len(mock.running()) <= 1, "two endpoints are paid for"


class Planted(ScheduleMachine):
    """It forgets that an endpoint which is starting is one too."""

    def act(self):
        keep_one(self.mock, alive=("STARTED",))

    def check(self):
        at_most_one_is_paid_for(self.mock)


class Sound(Planted):
    def act(self):
        keep_one(self.mock, alive=("PENDING", "STARTING", "STARTED"))


def told(error):
    """The state file that an error was noted with."""
    notes = "\n".join(getattr(error, "__notes__", []))
    found = re.search(r"# together-mock: to see it again.*?# end of the state file", notes, re.S)
    assert found, notes
    return found[0]


def written(text):
    """The file that a note says it was written to; it is the one of the note."""
    file = Path(re.search(r"--state (\S+)", text)[1])
    assert file.read_text() == f"{text}\n"
    return file


def test_a_machine_finds_a_planted_bug_and_its_state_file_shows_it_again():
    """Another server that starts from the file fails in the same way, at the same act."""
    with pytest.raises(AssertionError, match="two endpoints are paid for") as caught:
        run_state_machine_as_test(Planted, settings=QUICK)
    text = told(caught.value)
    assert "let the automation act once, and check what must hold" in text
    file = written(text)
    document = yaml.safe_load(text)
    for alive, is_sound in ((("STARTED",), False), (("PENDING", "STARTING", "STARTED"), True)):
        with MockServer(clock_rate=0, state=file) as server:
            # Whoever has the key of the file is in the project that starts from it.
            mock = server.existing(document["api_key"])
            assert mock.project.slug == document["project"]["slug"]
            assert endpoints(mock) == document["endpoints"]
            at_most_one_is_paid_for(mock)
            keep_one(mock, alive)
            assert (len(mock.running()) <= 1) is is_sound


def test_a_machine_lets_sound_automation_be():
    """The reconciler that counts what is on its way passes every schedule."""
    run_state_machine_as_test(Sound, settings=QUICK)


def test_a_machine_is_a_test_case():
    """`TestCase` is what pytest and unittest collect."""
    case = Sound.TestCase
    case.settings = settings(QUICK, max_examples=2)
    outcome = unittest.TestResult()
    case("runTest").run(outcome)
    assert outcome.wasSuccessful(), outcome


def test_a_machine_without_an_act_says_so():
    """What is missing is named."""

    class Idle(ScheduleMachine):
        pass

    with pytest.raises(NotImplementedError, match="Idle has no act"):
        run_state_machine_as_test(Idle, settings=QUICK)


def wait_until_started(mock, endpoint_id, polls=50):
    """Polls as people do - and takes ERROR for "not yet"."""
    with client(mock) as http:
        for _ in range(polls):
            state = http.get(f"/v1/endpoints/{endpoint_id}").json()["state"]
            if state == "STARTED":
                return
    raise TimeoutError(f"{endpoint_id} is {state} after {polls} polls")


def start(mock):
    with client(mock) as http:
        body = {"model": MIXTRAL, "hardware": H100X2, "autoscaling": ONE}
        answer = http.post("/v1/endpoints", json=body)
    if answer.status_code == 200:
        wait_until_started(mock, answer.json()["id"])


def test_automation_that_polls_meets_a_failed_start_and_its_state_file_shows_it_again():
    """A whole run against drawn worlds: the printed file alone leads to the same end."""

    @settings(QUICK, phases=(Phase.generate, Phase.shrink))
    @given(world=worlds(requests_fail=False))
    def runs(world):
        with playing(world) as mock:
            start(mock)

    with pytest.raises(TimeoutError) as caught:
        runs()
    file = written(told(caught.value))
    with (
        MockServer(clock_rate=0, state=file) as server,
        pytest.raises(TimeoutError) as again,
    ):
        start(server.existing("test-key"))
    assert str(again.value) == str(caught.value)


def test_requests_fail_in_some_worlds():
    """Automation that takes each answer for a good one is found; nothing strikes if asked so."""
    met = set()

    @QUICK
    @given(world=worlds())
    def asks(world):
        with playing(world) as mock, client(mock) as http:
            for _ in range(12):
                try:
                    met.add(http.get("/v1/endpoints").status_code)
                except httpx.TransportError:
                    met.add("reset")

    @QUICK
    @given(world=worlds(requests_fail=False))
    def finds(world):
        with playing(world) as mock, client(mock) as http:
            assert {http.get("/v1/endpoints").status_code for _ in range(12)} == {200}

    asks()
    assert met == {200, 429, 500, 503, "reset"}
    finds()
