"""The pages are built as a site, and what leads nowhere or is led to by nothing fails the build."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from clients import environments

# One build at a time: `make site` installs what it needs, and writes into the checkout.
pytestmark = [
    pytest.mark.xdist_group("site"),
    pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed"),
]
SITE = environments.ROOT / ".site"
# What a checkout has beside its sources.
MADE = (".*", "dist", "__pycache__", "*.db*")


@pytest.fixture(scope="module")
def built() -> Path:
    """The site of this checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        ["make", "--silent", "site"],
        cwd=environments.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return SITE


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """The sources of the site, to be changed."""
    target = tmp_path / "checkout"
    shutil.copytree(environments.ROOT, target, ignore=shutil.ignore_patterns(*MADE))
    return target


def refusals(checkout: Path) -> str:
    """What a strict build of a checkout says; empty where it succeeds."""
    done = subprocess.run(
        [environments.STORE / "site/bin/mkdocs", "build", "--strict"],
        cwd=checkout / "docs" / "site",
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


def test_every_page_is_on_the_site(built: Path):
    """Every page of docs/ and of the root is there, README.md first."""
    pages = {page.stem for page in (environments.ROOT / "docs").glob("*.md")}
    assert {f"{name}.html" for name in pages | {"index", "contributing", "changelog"}} <= {
        page.name for page in built.glob("*.html")
    }
    start = (built / "index.html").read_text(encoding="utf-8")
    assert 'href="start.html"' in start
    assert 'href="files/docs/examples.html"' in start


def test_nothing_is_fetched_from_elsewhere(built: Path):
    """Every script, style and picture that a page loads is a file of the site."""
    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(
            r'<(?:script|img)[^>]* src="?([^"\s>]+)|rel="?stylesheet"? href="?([^"\s>]+)', text
        )
        # The page for what is not found may be shown below any address.
        folder = built if page.name == "404.html" else page.parent
        files = [(one or other).partition("?")[0].lstrip("/") for one, other in loaded]
        assert any(file.endswith("wide.css") for file in files), page
        assert [file for file in files if not (folder / file).is_file()] == [], page


def test_the_copy_builds(copy: Path):
    """What the other tests break is whole before."""
    assert refusals(copy) == ""


@pytest.mark.parametrize(
    ("page", "added", "said"),
    [
        ("docs/stray.md", "# Stray\n", "stray.md"),
        ("docs/v2.md", "[gone](nowhere.md)\n", "'nowhere.md'"),
        ("docs/v2.md", "[gone](faults.md#nowhere)\n", "'#nowhere'"),
        ("docs/v2.md", "[gone](../fixtures/nowhere.json)\n", "nowhere.json"),
        ("README.md", "[gone](docs/nowhere.md)\n", "nowhere.md"),
        ("CONTRIBUTING.md", "[gone](docs/v2.md#nowhere)\n", "'#nowhere'"),
    ],
)
def test_what_leads_nowhere_fails_the_build(copy: Path, page: str, added: str, said: str):
    """A page missing from the navigation, a broken link, a broken anchor."""
    with (copy / page).open("a", encoding="utf-8") as text:
        text.write(f"\n{added}")
    assert said in refusals(copy)
