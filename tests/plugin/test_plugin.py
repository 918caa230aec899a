"""The plugin in runs of pytest of its own: options, markers, guard, report, determinism."""

import json
import sys

import pytest
from support import H100X2, MIXTRAL
from together_mock import MockServer

ONE = {"min_replicas": 1, "max_replicas": 1}
CREATE = f"""
import httpx, json, os, pytest

def create(mock, **fields):
    body = {{"model": "{MIXTRAL}", "hardware": "{H100X2}", "autoscaling": {ONE}, **fields}}
    answer = call(mock, "POST", "/v1/endpoints", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()

def call(mock, method, path, **options):
    headers = {{"Authorization": f"Bearer {{mock.api_key}}"}}
    with httpx.Client(base_url=mock.root_url, headers=headers, verify=False) as client:
        return client.request(method, path, **options)
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run tests that are given as text, in this process; the outcome."""
    for name in ("URL", "ADMIN_TOKEN", "FAIL_ON_RUNNING"):
        monkeypatch.delenv(f"TOGETHER_MOCK_{name}", raising=False)

    def run(text, *options, **files):
        pytester.makepyfile(CREATE + text, **files)
        strict = ("-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist", "--strict-markers")
        return pytester.runpytest_inprocess(*strict, *options)

    return run


def test_the_fixtures_work_out_of_the_box(run):
    """Server, project, environment, client - and a server that is the session's."""
    outcome = run(
        """
from together import Together

def test_one(together_mock_env, together_client, together_mock_server):
    assert os.environ["TOGETHER_BASE_URL"] == os.environ["OPENAI_BASE_URL"]
    assert os.environ["TOGETHER_BASE_URL"] == together_mock_env.base_url
    assert os.environ["TOGETHER_API_KEY"] == os.environ["OPENAI_API_KEY"]
    assert os.environ["TOGETHER_API_KEY"] == together_mock_env.api_key
    assert os.environ["TOGETHER_PROJECT_ID"] == together_mock_env.project
    assert together_mock_env.root_url == together_mock_server.url
    made = create(together_mock_env)
    with Together() as client:
        for one in (together_client, client):
            assert one.endpoints.retrieve(made["id"]).state == "STARTED"
    together_mock_env.clock.advance(hours=1)

async def ask(client, model):
    return await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello!"}])

def test_async(together_mock_env, async_together_client):
    import asyncio
    from together import AsyncTogether

    async def both():
        async with AsyncTogether() as client:
            answers = [await ask(one, MODEL) for one in (async_together_client, client)]
        return [answer.choices[0].message.content for answer in answers]

    assert len(set(asyncio.run(both()))) == 1

def test_environment_is_left_as_it_was():
    assert "TOGETHER_PROJECT_ID" not in os.environ

""".replace("MODEL)", f'"{MIXTRAL}")')
    )
    outcome.assert_outcomes(passed=3)


def test_a_module_that_makes_its_client_when_imported(run):
    """Each test gets its own, and the one before is back afterwards, also in its package."""
    key = "import os\nKEY = os.environ['TOGETHER_API_KEY']"
    outcome = run(
        """
import sys

def test_one(together_mock_env):
    from the_app import service
    assert service.KEY == together_mock_env.api_key

@pytest.mark.parametrize("again", [1, 2])
def test_anew(together_mock_env, again):
    service = together_mock_env.fresh_import("the_app.service")
    assert service.KEY == together_mock_env.api_key
    import the_app.service
    assert sys.modules["the_app.service"] is service

def test_before_is_back(together_mock_env):
    import the_app
    from the_app import service
    from the_app.service import KEY
    assert sys.modules["the_app.service"].KEY == KEY != together_mock_env.api_key
    assert the_app.service is service is sys.modules["the_app.service"]

def test_what_was_never_imported(together_mock_env):
    other = together_mock_env.fresh_import("the_other.service")
    import the_other.service.late
    assert other.late.KEY == together_mock_env.api_key

def test_is_so_again(together_mock_env):
    import the_other
    assert not hasattr(the_other, "service")
    assert [name for name in sys.modules if name.startswith("the_other.")] == []
    from the_other import service
    assert service.KEY == together_mock_env.api_key
""",
        **{
            "the_app/__init__": "",
            "the_app/service": key,
            "the_other/__init__": "",
            "the_other/service/__init__": key,
            "the_other/service/late": key,
        },
    )
    outcome.assert_outcomes(passed=6)


def test_the_project_in_its_environment_is_the_project(run):
    """All that it is, and what happens to one has happened to the other."""
    outcome = run("""
import copy
from together_mock.testing import MockProject

def test_one(together_mock, together_mock_env):
    assert isinstance(together_mock_env, MockProject)
    assert {"clock", "fault", "fresh_import"} <= set(dir(together_mock_env))
    assert copy.copy(together_mock_env).api_key == together_mock.api_key
    together_mock_env.load({"project": {"slug": "loaded-slug"}})
    assert together_mock.project.slug == together_mock_env.project.slug == "loaded-slug"
    together_mock.close()
    assert not together_mock_env.is_open
""")
    outcome.assert_outcomes(passed=1)


def test_a_missing_sdk_is_a_reason_to_skip(run):
    """Not an error, and the reason says what to install."""
    outcome = run(
        """
import sys

@pytest.fixture(autouse=True)
def none(monkeypatch):
    for name in ("openai", "together"):
        monkeypatch.setitem(sys.modules, name, None)

def test_openai(none, openai_client): pass
def test_together(none, together_client): pass
def test_async(none, async_together_client): pass
""",
        "-rs",
    )
    outcome.assert_outcomes(skipped=3)
    outcome.stdout.fnmatch_lines(["*OpenAI is of it: pip install openai"])


@pytest.mark.parametrize(
    ("marker", "reason"),
    [
        ("colour='red'", "has no argument colour; it has preset, seed, state, capacity, *"),
        ("'realistic'", "takes no arguments without a name, and was given*"),
        ("preset=3", "takes the name of a preset as preset, not 3"),
        ("fail_on_running='yes'", "takes True or False as fail_on_running, not 'yes'"),
        ("capacity=[]", "takes a document such as * as capacity, not []"),
        ("seed=True", "takes text or a number as seed, not True"),
        ("state=7", "takes a state document or the name of a file of one as state, not 7"),
    ],
)
def test_a_marker_that_says_what_it_cannot_is_refused(run, marker, reason):
    """Also on a test that uses no fixture: in one line, with the test's name."""
    outcome = run(f"@pytest.mark.together_mock({marker})\ndef test_one(): pass")
    outcome.assert_outcomes(errors=1)
    name = "*::test_one: @pytest.mark.together_mock "
    outcome.stdout.fnmatch_lines([name + reason.replace("[]", "[[]]")])


@pytest.mark.parametrize(
    ("marker", "reason"),
    [
        ("preset='never'", "*cannot be made: *Unknown preset never*"),
        ("state='nowhere.yaml'", "*cannot be made: *nowhere.yaml*"),
        (
            "state={'clock': 'x'}",
            "*cannot be made: clock of a state document is a mapping*",
        ),
        ("state={'project': 5}", "*cannot be made: project of a state document is a mapping*"),
        ("state={'api_key': 5}", "*cannot be made: api_key of a state document is text, not 5"),
        ("state={'colour': 'red'}", "*cannot be made: *colour*"),
        ("capacity={'colour': 'red'}", "*cannot be made: *capacity.colour*"),
    ],
)
def test_a_project_that_cannot_be_made_says_why(run, marker, reason):
    """In one line, for the test that wants it alone."""
    outcome = run(f"""
@pytest.mark.together_mock({marker})
def test_one(together_mock): pass
def test_two(together_mock): pass
""")
    outcome.assert_outcomes(errors=1, passed=1)
    outcome.stdout.fnmatch_lines([reason])


def test_a_marker_sets_the_scene(run, pytester):
    """The closest one wins, argument by argument; a file is found beside the test."""
    scene = f"""
project: {{slug: scene}}
api_key: somebody
preset: manual
endpoints:
  - {{id: endpoint-1, model: {MIXTRAL}, hardware: {H100X2}, state: STARTED}}
"""
    pytester.makefile(".yaml", scene=scene)
    outcome = run("""
POOLS = {"pools": [{"hardware": "2x_nvidia_h100_80gb_sxm", "replicas": 3}]}

@pytest.mark.together_mock(preset="fast", seed=7, capacity=POOLS)
class TestScene:
    @pytest.mark.together_mock(preset="realistic", state="scene.yaml")
    def test_one(self, together_mock):
        state = together_mock.state()
        assert (state["preset"], state["seed"]) == ("realistic", "7")
        assert state["capacity"]["pools"][0]["replicas"] == 3
        assert [one["id"] for one in state["endpoints"]] == ["endpoint-1"]
        assert together_mock.project.slug == "scene"
        assert together_mock.api_key != "somebody"
        assert together_mock.clock.rate == 0
        create(together_mock)
        together_mock.reset()
        assert together_mock.state() == state

    def test_two(self, together_mock):
        assert together_mock.state()["preset"] == "fast"
""")
    outcome.assert_outcomes(passed=2)


def test_a_state_file_is_beside_the_test_or_where_pytest_runs(run, pytester):
    """In this order, for the marker and for `load` alike."""
    folder = pytester.mkdir("below")
    for where, slug in ((pytester.path, "above"), (folder, "beside")):
        (where / "both.yaml").write_text(f"project: {{slug: {slug}-slug}}")
    (pytester.path / "one.yaml").write_text("project: {slug: one-slug}")
    (folder / "test_below.py").write_text(
        """
import pytest

@pytest.mark.together_mock(state="both.yaml")
def test_marker(together_mock):
    assert together_mock.project.slug == "beside-slug"
    together_mock.load("one.yaml")
    assert together_mock.project.slug == "one-slug"
    together_mock.load("both.yaml")
    assert together_mock.project.slug == "beside-slug"
    with pytest.raises(FileNotFoundError, match="below.nowhere.yaml and no .*nowhere.yaml"):
        together_mock.load("nowhere.yaml")
    with pytest.raises(ValueError, match="clock of a state document"):
        together_mock.load({"clock": "x"})

@pytest.mark.together_mock(state="one.yaml")
def test_working_directory(together_mock):
    assert together_mock.project.slug == "one-slug"
"""
    )
    run("").assert_outcomes(passed=2)


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


def test_options_of_the_server_can_be_overridden(run):
    """By a fixture, as in a conftest file; what it cannot start with is told in one line."""
    override = """
@pytest.fixture(scope="session")
def together_mock_options():
    return {OPTIONS}

def test_one(together_mock):
    assert call(together_mock, "GET", "/v1/endpoints").status_code == 404
"""
    run(override.replace("OPTIONS", "'api': 'v2'")).assert_outcomes(passed=1)
    for options, reason in (
        ("'preset': 'never'", "together-mock cannot start: --preset: Unknown preset never*"),
        ("'colour': 'red'", "together-mock cannot start: MockServer has no option colour*"),
    ):
        outcome = run(override.replace("OPTIONS", options))
        outcome.assert_outcomes(errors=1)
        outcome.stdout.fnmatch_lines([reason])


def test_longer_lives_for_projects(run):
    """A module's project is like a test's; what nobody closes is deleted with the server."""
    outcome = run("""
@pytest.fixture(scope="module")
def shared(together_mock_factory):
    with together_mock_factory("shared", preset="manual") as project:
        create(project)
        yield project

def test_one(shared, together_mock):
    assert len(shared.state()["endpoints"]) == 1
    assert together_mock.state()["endpoints"] == []
    assert shared.clock.now == together_mock.clock.now

def test_two(shared, together_mock_factory):
    assert shared.state()["seed"] == "shared"
    together_mock_factory("left behind")
""")
    outcome.assert_outcomes(passed=2)


TOLD = """
FILE = os.environ["TOLD_IN"]

def told(mock, request):
    made = create(mock, inactive_timeout=60)
    mock.script(match={"turn": 1}, reply={"text": "Hi."}, times=1)
    mock.clock.advance(minutes=5)
    body = {"model": made["name"], "messages": [{"role": "user", "content": "Hello!"}]}
    chats = [call(mock, "POST", "/v1/chat/completions", json=body).text for _ in range(2)]
    v2 = call(mock, "GET", f"/v2/projects/{mock.project}/endpoints").text
    whoami = call(mock, "GET", "/v1/whoami").text
    with open(FILE, "a") as file:
        line = [request.node.name, made, chats, v2, whoami, mock.events(), mock.state(),
                mock.billing(), mock.project, mock.project.slug]
        file.write(json.dumps(line) + chr(10))

@pytest.mark.parametrize("number", range(3))
def test_many(together_mock, request, number):
    told(together_mock, request)

@pytest.mark.together_mock(preset="realistic", seed=7)
def test_marked(together_mock, request):
    told(together_mock, request)

@pytest.mark.xdist_group("grouped")
def test_grouped(together_mock, together_mock_factory, request):
    with together_mock_factory("other", preset="manual") as other:
        create(other)
        told(together_mock, request)
"""
NAMES = ["test_many[0]", "test_many[1]", "test_many[2]", "test_marked", "test_grouped"]
TWICE = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        runtestprotocol(item, nextitem=nextitem, log=False)
    return True
"""


@pytest.fixture
def told(pytester, monkeypatch):
    """Run the tests of TOLD in processes of their own; what each told, by name."""
    monkeypatch.delenv("TOGETHER_MOCK_URL", raising=False)
    module = pytester.makepyfile(test_told=CREATE + TOLD)

    def told(*options, names=(), conftest=""):
        file = pytester.path / "told.jsonl"
        file.unlink(missing_ok=True)
        monkeypatch.setenv("TOLD_IN", str(file))
        pytester.makeconftest(conftest)
        chosen = [f"{module.name}::{name}" for name in names] or [module.name]
        bare = [
            f"-pno:{plugin}" for plugin in ("cacheprovider", "schemathesis", "hypothesispytest")
        ]
        outcome = pytester.runpytest_subprocess("-q", *bare, *options, *chosen)
        assert outcome.ret == 0, outcome.stdout.str()
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        return {line[0]: line[1:] for line in lines}, len(lines)

    return told


@pytest.mark.timeout(300)
def test_a_test_sees_the_same_however_it_is_run(told):
    """Alone, in another order, distributed by groups, run again: ids, names, answers, events."""
    expected, count = told("-n", "0")
    assert (sorted(expected), count) == (sorted(NAMES), len(NAMES))
    assert len({json.dumps(line) for line in expected.values()}) == len(NAMES)
    backwards, count = told("-n", "0", names=NAMES[::-1], conftest=TWICE)
    assert (backwards, count) == (expected, 2 * len(NAMES))
    alone, _ = told("-n", "0", names=["test_many[1]"])
    assert alone == {"test_many[1]": expected["test_many[1]"]}
    distributed, _ = told("-n", "2", "--dist", "loadgroup")
    assert distributed == expected


@pytest.mark.timeout(300)
def test_a_test_sees_the_same_on_a_server_that_is_shared(told):
    """What follows from the key alone differs: its id."""
    own, _ = told("-n", "0")
    with MockServer(seed=5) as server:
        shared, _ = told("-n", "2", "--together-mock-url", server.url)
    for name in NAMES:
        # The answer of whoami has the key's id in it.
        assert [*shared[name][:3], *shared[name][4:]] == [*own[name][:3], *own[name][4:]]


def test_the_url_of_a_shared_server_is_found_where_it_is_said(run, pytester, monkeypatch):
    """Option, environment, ini file; and a token where there is one."""
    text = """
def test_one(together_mock, together_mock_server):
    assert together_mock_server.url == os.environ["EXPECTED"]
    assert together_mock.clock.rate == 0
"""
    with MockServer(admin_token="secret") as server:
        url = server.url
        monkeypatch.setenv("EXPECTED", url)
        token = "--together-mock-admin-token=secret"
        run(text, f"--together-mock-url={server.url}", token).assert_outcomes(passed=1)
        outcome = run(text, f"--together-mock-url={server.url}")
        outcome.assert_outcomes(errors=1)
        outcome.stdout.fnmatch_lines(["*X-Mock-Admin-Token*"])
        monkeypatch.setenv("TOGETHER_MOCK_URL", server.url)
        monkeypatch.setenv("TOGETHER_MOCK_ADMIN_TOKEN", "secret")
        run(text).assert_outcomes(passed=1)
        monkeypatch.delenv("TOGETHER_MOCK_URL")
        pytester.makeini(f"[pytest]\ntogether_mock_url = {server.url}")
        run(text).assert_outcomes(passed=1)
    outcome = run(text)
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines([f"--together-mock-url {url}: no together-mock answers *"])


def test_a_run_that_uses_nothing_of_it_loads_nothing_of_it(pytester):
    """No framework, no store, no HTTP library; and coverage sees the user's first lines."""
    pytester.makepyfile(
        the_app="VALUE = 1\n",
        test_one="""
import sys
from the_app import VALUE

def test_one():
    heavy = ("fastapi", "pydantic", "sqlmodel", "sqlalchemy", "httpx", "uvicorn", "yaml")
    assert [name for name in heavy if name in sys.modules] == []
    loaded = {name for name in sys.modules if name.startswith("together_mock")}
    assert loaded == {"together_mock", "together_mock.pytest_plugin"}
""",
    )
    command = [sys.executable, "-m", "coverage", "run", "--include=the_app.py", "-m", "pytest"]
    plain = ("-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest")
    done = pytester.run(*command, *plain)
    done.assert_outcomes(passed=1)
    report = pytester.run(sys.executable, "-m", "coverage", "report")
    report.stdout.fnmatch_lines(["the_app.py * 100%"])


def test_help_names_options_fixtures_and_marker(pytester):
    """What there is can be found without the documentation."""
    shown = pytester.runpytest_inprocess("--help", "-p", "no:xdist").stdout.str()
    for name in ("url", "admin-token", "fail-on-running"):
        assert f"--together-mock-{name}" in shown
        assert f"together_mock_{name.replace('-', '_')}" in shown
    markers = pytester.runpytest_inprocess("--markers", "-p", "no:xdist").stdout.str()
    assert "@pytest.mark.together_mock(preset=None" in markers
