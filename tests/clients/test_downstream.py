"""A project of somebody else, with a package `app` of its own, that tests with the built wheel."""

import subprocess
import sys
from pathlib import Path

import pytest
from clients import environments

DOWNSTREAM = {
    "app/__init__.py": "",
    "app/service.py": """
from together import Together

client = Together()

def ask(question):
    answer = client.chat.completions.create(
        model="mistralai/Mixtral-8x7B-Instruct-v0.1",
        messages=[{"role": "user", "content": question}],
    )
    return answer.choices[0].message.content
""",
    "tests/test_service.py": """
import app
import pytest
import together_mock as package
from openai import OpenAI

MODEL = "mistralai/Mixtral-8x7B-Instruct-v0.1"

def test_our_app_is_ours():
    assert "site-packages" in package.__file__
    assert "site-packages" not in app.__file__

@pytest.mark.parametrize("number", range(3))
def test_a_client_that_is_made_when_imported(together_mock_env, number):
    together_mock_env.script(reply={"text": f"answer {number}"})
    service = together_mock_env.fresh_import("app.service")
    assert service.ask("Hello!") == f"answer {number}"
    with OpenAI() as client:
        answer = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "Hello!"}])
    assert answer.choices[0].message.content == f"answer {number}"

def test_the_client(together_mock, together_client):
    made = together_client.endpoints.create(
        model=MODEL, hardware="2x_nvidia_h100_80gb_sxm",
        autoscaling={"min_replicas": 1, "max_replicas": 1},
    )
    together_mock.clock.advance(hours=1)
    assert together_client.endpoints.retrieve(made.id).state == "STARTED"

def test_the_openai_client(openai_client):
    answer = openai_client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Hello!"}])
    assert "Hello!" in answer.choices[0].message.content

def test_the_server(tmp_path):
    with package.MockServer(port=0, preset="fast") as server:
        assert server.url

@pytest.mark.together_mock(fail_on_running=True)
def test_leaks(together_mock, together_client):
    together_client.endpoints.create(
        model=MODEL, hardware="2x_nvidia_h100_80gb_sxm",
        autoscaling={"min_replicas": 1, "max_replicas": 1},
    )
""",
    "pytest.ini": """
[pytest]
addopts = --strict-markers -W error -p no:cacheprovider
pythonpath = .
""",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    target = tmp_path_factory.mktemp("wheel")
    command = [environments.UV, "build", "--quiet", "--wheel", "--out-dir", target]
    done = subprocess.run(
        [*command, environments.ROOT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh environment with the wheel, pytest and the SDKs in it."""
    target = tmp_path_factory.mktemp("downstream") / "venv"
    packages = [wheel, "pytest", "pytest-xdist", "together==2.42.0", "openai"]
    for command in (
        ["venv", "--quiet", "--python", sys.executable, target],
        ["pip", "install", "--quiet", "--python", target / "bin/python", *packages],
    ):
        done = subprocess.run(
            [environments.UV, *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return target / "bin"


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["plain", "xdist"])
def test_a_downstream_project_uses_the_fixtures(programs, tmp_path, options):
    """Its own `app` is its own, clients find the server, and the leak guard does its work."""
    for name, text in DOWNSTREAM.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    done = subprocess.run(
        [programs / "python", "-m", "pytest", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "8 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "the test leaves an endpoint running, which would cost $7,776.00 a month" in done.stdout


def test_without_extras_the_plugin_harms_nobody(wheel, tmp_path):
    """No SDK, no httpx: a suite that uses nothing of it, and one that speaks HTTP itself."""
    target = tmp_path / "venv"
    for command in (
        ["venv", "--quiet", "--python", sys.executable, target],
        ["pip", "install", "--quiet", "--python", target / "bin/python", wheel, "pytest"],
    ):
        subprocess.run([environments.UV, *command], capture_output=True, check=True)
    (tmp_path / "test_bare.py").write_text("""
import pytest

def test_skips(together_client): pass

def test_works(together_mock):
    together_mock.clock.advance(hours=1)
    assert together_mock.state()["endpoints"] == []

def test_says_what_is_missing():
    from together_mock.testing import MockServer
    with MockServer() as server, pytest.raises(ImportError, match="httpx"):
        server.transport()
    with pytest.raises(ImportError, match="hypothesis"):
        from together_mock.testing import worlds
""")
    done = subprocess.run(
        [target / "bin/python", "-m", "pytest", "-rs", "-p", "no:cacheprovider", "test_bare.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed, 1 skipped" in done.stdout, done.stdout
    assert "pip install together" in done.stdout
