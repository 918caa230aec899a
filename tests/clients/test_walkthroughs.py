"""What README.md and docs/ print is what happens."""

from pathlib import Path

import pytest
from clients.walkthroughs import PAGES, Walkthrough, comparable, find, run

FOUND = [walkthrough for page in PAGES for walkthrough in find(page)]


@pytest.mark.parametrize(
    "walkthrough", FOUND, ids=lambda found: f"{found.page.stem}-{found.client}"
)
def test_a_walkthrough_prints_what_the_page_says(walkthrough: Walkthrough, tmp_path: Path):
    """Every command of a walkthrough, followed to the letter, prints what stands below it."""
    for printed, real in zip(walkthrough.steps, run(walkthrough, tmp_path), strict=True):
        assert comparable(real.output) == comparable(printed.output), printed.command


def test_every_generation_is_walked_through():
    """README.md shows the whole life with each generation of the SDK."""
    shown = {found.client for found in FOUND if found.page.name == "README.md"}
    assert {"1.5.35", "2.0.0", "2.42.0", "3.1.1"} <= shown
