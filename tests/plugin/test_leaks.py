"""The plugin in runs of pytest of its own: the leak guard, and the report of a failure."""

import pytest

LEAKS = """
def test_leaks(together_mock):
    create(together_mock)

def test_will_start(together_mock):
    together_mock.preset("manual")
    create(together_mock, inactive_timeout=30)

def test_stops(together_mock):
    made = create(together_mock)
    together_mock.clock.advance("1s")
    call(together_mock, "PATCH", f"/v1/endpoints/{made['id']}", json={"state": "STOPPED"})

@pytest.fixture
def kept(together_mock):
    made = create(together_mock)
    yield made
    call(together_mock, "DELETE", f"/v1/endpoints/{made['id']}")

def test_its_fixture_cleans_up(kept): pass

@pytest.mark.together_mock(fail_on_running=False)
def test_may_leak(together_mock):
    create(together_mock)
"""


@pytest.mark.parametrize("how", ["option", "environment", "ini", "marker", "none"])
def test_the_leak_guard(run, pytester, monkeypatch, how):
    """It names endpoint, hardware and price; by option, environment, ini file or marker."""
    text, options = LEAKS, []
    if how == "option":
        options = ["--together-mock-fail-on-running"]
    elif how == "environment":
        monkeypatch.setenv("TOGETHER_MOCK_FAIL_ON_RUNNING", "1")
    elif how == "ini":
        pytester.makeini("[pytest]\ntogether_mock_fail_on_running = true")
    elif how == "marker":
        text = f"pytestmark = pytest.mark.together_mock(fail_on_running=True)\n{LEAKS}"
    outcome = run(text, *options)
    outcome.assert_outcomes(passed=5, errors=0 if how == "none" else 2)
    if how != "none":
        outcome.stdout.fnmatch_lines(
            [
                "*ERROR at teardown of test_leaks*",
                "the test leaves an endpoint running, which would cost $7,776.00 a month:",
                "  user_*/mistralai/Mixtral-8x7B-Instruct-v0.1-* (endpoint-*) is STARTED",
                "      1 x 2x_nvidia_h100_80gb_sxm at $10.80 an hour: $7,776.00 a month*",
                "*ERROR at teardown of test_will_start*",
                "  * is PENDING",
                "      it stops by itself after 30 minutes without a request",
            ]
        )


def test_the_guard_can_be_switched_off_by_the_environment(run, pytester, monkeypatch):
    """The environment goes before the ini file, and the command line before both."""
    pytester.makeini("[pytest]\ntogether_mock_fail_on_running = true")
    monkeypatch.setenv("TOGETHER_MOCK_FAIL_ON_RUNNING", "0")
    run(LEAKS).assert_outcomes(passed=5)
    run(LEAKS, "--together-mock-fail-on-running").assert_outcomes(passed=5, errors=2)


def test_a_failing_test_is_not_told_of_its_leak_too(run):
    """It could not clean up; its report shows what runs."""
    outcome = run(
        """
def test_fails(together_mock):
    create(together_mock)
    together_mock.script(match={"turn": 9}, reply={"text": "never"})
    together_mock.fault(effect={"lifecycle": "stop_hangs"})
    together_mock.clock.advance(hours=1)
    assert not "so"

def test_fails_without_one():
    assert not "so"
""",
        "--together-mock-fail-on-running",
    )
    outcome.assert_outcomes(failed=2)
    outcome.stdout.fnmatch_lines(
        [
            "*- together-mock -*",
            "project user_*: 2026-01-01T01:00:00.000Z, frozen, nothing is due",
            "endpoint-* user_*/mistralai/Mixtral-8x7B-Instruct-v0.1-*",
            "    STARTED on 2x_nvidia_h100_80gb_sxm; it stays STARTED: nothing is due",
            "      2026-01-01T00:00:00.000Z  new -> PENDING  (api:createEndpoint)",
            "      2026-01-01T00:00:00.000Z  STARTING -> STARTED  (preset:instant)",
            "last requests, newest first:",
            "    2026-01-01T00:00:00* POST /v1/endpoints -> 200  {*",
            "script scr_* was never used: it matches *",
            "fault flt_* was never used: it matches *",
            "cost so far $10.8, running at $10.80 an hour",
        ]
    )
    assert outcome.stdout.str().count("- together-mock -") == 1


def test_a_setup_that_fails_is_told_of_too(run):
    """Whatever fails once there is a project; and v2's deployments by their ids."""
    outcome = run("""
@pytest.fixture
def broken(together_mock):
    root = f"/v2/projects/{together_mock.project}/endpoints"
    made = call(together_mock, "POST", root, json={"name": "mine"}).json()
    found = call(together_mock, "GET", "/v2/supported-models", params={"search": "Mixtral"}).json()
    profile = found["data"][0]["deploymentProfiles"][0]
    chosen = {"model": profile["model"], "config": profile["config"]}
    body = {"name": "main", **chosen, "autoscaling": {"minReplicas": 1}}
    answer = call(together_mock, "POST", f"{root}/{made['id']}/deployments", json=body)
    assert answer.status_code == 200, answer.text
    raise RuntimeError("no luck")

def test_one(broken): pass
""")
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines(["ep_* user_*/mine", "    dep_*: STARTED on *"])


def test_an_endpoint_without_a_deployment_hides_no_other(run):
    """Nor does one that cannot be told of."""
    outcome = run("""
def test_one(together_mock):
    root = f"/v2/projects/{together_mock.project}/endpoints"
    assert call(together_mock, "POST", root, json={"name": "mine"}).status_code == 200
    create(together_mock)
    together_mock.clock.advance(1)
    assert not "so"

def test_two(together_mock, monkeypatch):
    made = [create(together_mock) for _ in range(2)]
    together_mock.clock.advance(1)
    real = together_mock.timeline
    def timeline(endpoint):
        return real("nobody" if endpoint == made[0]["id"] else endpoint)
    together_mock.timeline = timeline
    assert not "so"
""")
    outcome.assert_outcomes(failed=2)
    outcome.stdout.fnmatch_lines(
        [
            "ep_* user_*/mine",
            "    it has no deployment",
            "endpoint-* user_*",
            "    STARTED on *",
            "last requests, newest first:",
            "endpoint-* user_*",
            "    not known: *answered 404*",
            "endpoint-* user_*",
            "    STARTED on *",
        ]
    )


def test_a_project_that_is_asked_for_late_is_told_of_too(run):
    """And a failed test that has one is not charged with a leak."""
    outcome = run(
        """
def test_one(request):
    create(request.getfixturevalue("together_mock"))
    assert not "so"
""",
        "--together-mock-fail-on-running",
    )
    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines(["*- together-mock -*", "    STARTED on *"])


def test_a_leak_is_told_of_with_what_the_project_was_about(run):
    """Timelines and requests, though the project is gone by then."""
    outcome = run(LEAKS, "--together-mock-fail-on-running")
    outcome.assert_outcomes(passed=5, errors=2)
    outcome.stdout.fnmatch_lines(
        ["*- together-mock -*", "    STARTED on *", "    * POST /v1/endpoints -> 200 *"]
    )
    assert outcome.stdout.str().count("- together-mock -") == 2


def test_a_test_that_is_expected_to_fail_is_not_asked_what_it_leaves(run):
    """Or its leak would count as another failure that was expected."""
    outcome = run(
        """
@pytest.mark.xfail(strict=True)
def test_one(together_mock):
    create(together_mock)
    assert not "so"

@pytest.mark.xfail
def test_two(together_mock):
    create(together_mock)
""",
        "--together-mock-fail-on-running",
    )
    outcome.assert_outcomes(xfailed=1, xpassed=1)
