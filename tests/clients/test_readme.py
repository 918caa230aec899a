"""README.md and the package, or README.md and the repository, lead to a chatting endpoint."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from clients import environments
from clients.processes import on_terminal
from clients.walkthroughs import comparable, find, run
from support import Api

README = environments.ROOT / "README.md"
# What a checkout has installed or cached, and a fresh clone does not.
INSTALLED = (".*", "dist", "__pycache__", "*.db*")


def test_the_wheel_and_the_readme_are_enough(tmp_path: Path):
    """In an empty environment the page's own lines install, serve, and lead through the life."""
    page = README.read_text(encoding="utf-8")
    (install, serve) = re.findall(r"<!-- run by: .*? -->\n```console\n\$ (.*)\n\$ (.*)\n```", page)[
        0
    ]
    assert serve == "together-mock serve"
    environments.wheel(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    programs = tmp_path / "venv" / "bin"
    assert environments.shell(install, tmp_path, programs) == ""
    walkthrough = find(README)[0]
    done = run(walkthrough, tmp_path, alone=programs)
    for printed, real in zip(walkthrough.steps, done, strict=True):
        assert comparable(real.output) == comparable(printed.output), printed.command


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_the_repository_and_the_readme_are_enough(tmp_path: Path):
    """`make serve` in a clone that nothing was installed into prints the banner and serves."""
    clone = tmp_path / "clone"
    shutil.copytree(environments.ROOT, clone, ignore=shutil.ignore_patterns(*INSTALLED))
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    command = ["make", "--silent", "serve", "ARGS=--port 0 --preset instant"]
    process, banner = on_terminal(command, clone, environment)
    try:
        root = re.search(r"is ready at (\S+)", banner)
        assert root, banner
        api = Api(root[1], "test-key")
        endpoint = api.create()
        answer = api.chat(endpoint["name"])
        assert answer.json()["choices"][0]["message"]["content"].startswith('You asked: "Hello!"')
        api.http.close()
    finally:
        process.terminate()
        process.wait(timeout=10)
