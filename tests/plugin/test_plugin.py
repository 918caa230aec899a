"""The plugin in runs of pytest of its own: fixtures, the environment, options, what it costs."""

import sys

from support import MIXTRAL
from together_mock import MockServer


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
