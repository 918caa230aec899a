"""What README.md and docs/ print is what happens."""

from pathlib import Path

import pytest
from clients.walkthroughs import PAGES, Walkthrough, comparable, find, run
from tables import BASE_URLS

FOUND = [walkthrough for page in PAGES for walkthrough in find(page)]


# Client -> how its row of the table of base URLs begins.
NAMED = {
    "3.1.1": "`together` 3.x",
    "2.42.0": "`together` 1.x and 2.x",
    "2.0.0": "`together` 1.x and 2.x",
    "1.5.35": "`together` 1.x and 2.x",
    "together-ai": "`together-ai`",
    "openai": "OpenAI",
    "langchain": "LangChain",
    "litellm": "LiteLLM",
}


@pytest.mark.parametrize(
    "walkthrough", FOUND, ids=lambda found: f"{found.page.stem}-{found.client}"
)
def test_a_walkthrough_prints_what_the_page_says(walkthrough: Walkthrough, tmp_path: Path):
    """Every command of a walkthrough, followed to the letter, prints what stands below it."""
    for printed, real in zip(walkthrough.steps, run(walkthrough, tmp_path), strict=True):
        assert comparable(real.output) == comparable(printed.output), printed.command


def test_every_generation_is_walked_through():
    """The pages show the whole life with each generation's command line, and README.md with one."""
    assert "2.42.0" in {found.client for found in FOUND if found.page.name == "README.md"}
    shown = {found.client for found in FOUND if found.page.name == "command-lines.md"}
    assert {"1.5.35", "2.0.0", "2.42.0", "3.1.1"} <= shown


def test_every_client_has_a_quick_start():
    """The start page walks through with each client that it names an address for."""
    shown = {found.client for found in FOUND if found.page.name == "start.md"}
    clients = {"openai", "langchain", "litellm", "together-ai", "curl"}
    assert shown == clients | {"1.5.35", "2.42.0", "3.1.1"}


@pytest.mark.parametrize("client", sorted(NAMED))
def test_a_walkthrough_exports_the_base_url_of_the_table(client: str):
    """What a walkthrough exports is what the table of base URLs says of its client."""
    [(url, variable)] = [row[1:] for row in BASE_URLS if row[0].startswith(NAMED[client])]
    wanted = f"{variable}={url}".replace("`", "")
    exports = [
        step.command.split()
        for found in FOUND
        if found.client == client
        for step in found.steps
        if step.command.startswith("export ") and "127.0.0.1" in step.command
    ]
    assert exports
    assert all(wanted in words for words in exports)
