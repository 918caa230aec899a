"""The pages say what the code does."""

import re
from pkgutil import resolve_name

import pytest
import tables
import together_mock
from clients.walkthroughs import find

TEXTS = [*tables.PAGES, tables.ROOT / "CONTRIBUTING.md", tables.ROOT / "CHANGELOG.md"]
# What may stand above a console block that is in no walkthrough.
_MARKED = re.compile(r"<!-- (not run|run by): (.+?) -->\n```console\n.*?```", re.DOTALL)
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
    """A console block is in a walkthrough, or names the test that runs it, or why none does."""
    text = page.read_text(encoding="utf-8")
    for walkthrough in find(page):
        text = text.replace(walkthrough.text, "")
    for how, what in _MARKED.findall(text):
        if how == "run by":
            assert page.name in (tables.ROOT / what).read_text(encoding="utf-8"), what
    assert "```console" not in _MARKED.sub("", text)


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
