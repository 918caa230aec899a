"""The programs of docs/pytest.md, and the fixture's of README.md, do what the pages say."""

import re
import shutil
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = [
    (page, number, block)
    for page in ("README.md", "docs/pytest.md")
    for number, block in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.S)
    )
    if page != "README.md" or "(together_mock" in block
]
# What the pages leave to the reader: an application, a job, a reconciler.
READERS = """
import httpx
import pytest

def my_job(base_url, api_key):
    pass

def reconcile(base_url, api_key):
    pass
"""
SERVICE = "def ask(question):\n    return question\n"


@pytest.mark.parametrize(
    "block", [block for _, _, block in BLOCKS], ids=[f"{page}-{n}" for page, n, _ in BLOCKS]
)
def test_a_program_of_a_page_runs(pytester, monkeypatch, block):
    """Tests pass as they stand; what is no test is run as one."""
    monkeypatch.delenv("TOGETHER_MOCK_URL", raising=False)
    if not re.search(r"def test_|TestCase|@pytest.fixture", block):
        block = f"def test_it():\n{textwrap.indent(block, '    ')}"
    if "@pytest.fixture" in block:
        block += "\ndef test_it(together_mock):\n    assert together_mock.api_key\n"
    pytester.makepyfile(**{"my_app/__init__": "", "my_app/service": SERVICE})
    pytester.makepyfile(test_block=READERS + block)
    pytester.makeini(
        "[pytest]\nfilterwarnings = error\n    ignore::hypothesis.errors.HypothesisWarning"
    )
    outcome = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    assert outcome.ret == 0, outcome.stdout.str()
    counts = outcome.parseoutcomes()
    assert counts.get("passed"), counts
    assert counts.keys() == {"passed"}


def test_there_are_programs_to_run():
    """The pages are read as they are written."""
    assert {page for page, _, _ in BLOCKS} == {"README.md", "docs/pytest.md"}
    assert len(BLOCKS) >= 8


@pytest.mark.parametrize("number", range(2))
def test_the_examples_pass_in_any_order(pytester, monkeypatch, number):
    """Copied into a project of one's own, shuffled."""
    monkeypatch.delenv("TOGETHER_MOCK_URL", raising=False)
    for file in (ROOT / "docs" / "examples").glob("*.py"):
        shutil.copy(file, pytester.path)
    with (pytester.path / "conftest.py").open("a") as conftest:
        conftest.write(
            "import random\n"
            "pytest_plugins = 'pytester'\n"
            "def pytest_collection_modifyitems(items):\n"
            f"    random.Random({number}).shuffle(items)\n"
        )
    bare = [f"-pno:{name}" for name in ("cacheprovider", "xdist", "schemathesis")]
    outcome = pytester.runpytest_subprocess(*bare)
    assert outcome.ret == 0, outcome.stdout.str()
    assert outcome.parseoutcomes().keys() == {"passed"}
