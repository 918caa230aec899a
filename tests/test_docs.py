"""The pages say what the code does."""

import re
from pkgutil import resolve_name

import pytest
import tables
import together_mock
from clients.walkthroughs import find

TEXTS = [*tables.PAGES, tables.ROOT / "CONTRIBUTING.md", tables.ROOT / "CHANGELOG.md"]
# A block of code, with what stands on the line above it.
_BLOCK = re.compile(r"([^\n]*)\n *```([^\n]*)\n(.*?)\n *```(?=\n|\Z)", re.DOTALL)
# The languages of what a reader types into a terminal; a walkthrough runs the first alone.
_SHELLS = ("console", "sh", "bash", "shell", "zsh", "shell-session", "powershell")
# What may stand above a block that is in no walkthrough.
_MARK = re.compile(r" *<!-- (not run|run by): (.+?) -->")
_CODE = re.compile(r"`([^`\n]+)`")
_PACKAGES = "api|asgi|bootstrap|core|pytest_plugin|runtime|services|store|structured|testing"
_NAME = re.compile(rf"(?:{_PACKAGES})(?:\.[A-Za-z_]\w*)+")
_FILE = re.compile(r"[a-z_]+(?:/[\w.-]+)+")
# Where the files that a page names may lie.
_FOLDERS = (tables.ROOT, tables.ROOT / "app" / "together_mock")


@pytest.mark.parametrize("page", tables.PAGES, ids=lambda page: page.stem)
def test_generated_tables_are_up_to_date(page):
    """`make docs` would change nothing."""
    text = page.read_text(encoding="utf-8")
    assert text == tables.written(text), "run `make docs`"


def test_every_table_is_on_a_page():
    """Options, routes and the catalogues are all documented."""
    text = "".join(page.read_text(encoding="utf-8") for page in tables.PAGES)
    assert [name for name in tables.TABLES if f"<!-- table: {name} -->" not in text] == []


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_what_a_terminal_shows_is_run_or_says_why_not(page):
    """A block of commands is in a walkthrough, or names the test that runs it, or why none does."""
    text = page.read_text(encoding="utf-8")
    walked = [
        content
        for walkthrough in find(page)
        for _, language, content in _BLOCK.findall(f"\n{walkthrough.text}")
        if language == _SHELLS[0]
    ]
    blocks = _BLOCK.findall(text)
    assert len(re.findall(r"^ *(?:```|~~~)", text, re.MULTILINE)) == 2 * len(blocks)
    for above, language, content in blocks:
        assert language, f"a block without a language: {content}"
        mark = _MARK.fullmatch(above)
        if language not in _SHELLS:
            assert re.search(r"^ *\$ ", content, re.MULTILINE) is None, "that is a console"
        elif mark is None:
            assert content in walked, f"no walkthrough, and no mark above it: {content}"
        elif mark[1] == "run by":
            assert page.name in (tables.ROOT / mark[2]).read_text(encoding="utf-8"), mark[2]


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_what_a_page_names_exists(page):
    """Modules, functions, classes and files that these pages send a reader to are there."""
    spans = _CODE.findall((tables.ROOT / page).read_text(encoding="utf-8"))
    names = [span for span in spans if _NAME.fullmatch(span)]
    files = [span for span in spans if _FILE.fullmatch(span)]
    assert names or files
    for name in names:
        resolve_name(f"{together_mock.__name__}.{name}")
    assert [file for file in files if not any((at / file).exists() for at in _FOLDERS)] == []
