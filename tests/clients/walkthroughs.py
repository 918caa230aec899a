"""The walkthroughs that README.md and docs/ print: found, run, and written back with real output.

A walkthrough stands between `<!-- walkthrough: CLIENT [SERVER OPTIONS] -->` and `<!-- end -->`.
CLIENT is a release of `together`, `curl` for none, or one of `_ENVIRONMENTS`. In console blocks a
line that begins with `$ ` is a command and what follows it is its output; a block of one of
`_PROGRAMS` is a program, and the text block that follows it is what it prints. Some commands mean
more than a shell would make of them:

- `$ make serve`, and `$ make serve ARGS="..."`, stop the server and start another one with these
  options, in the client's folder; what it prints is its banner.
- `$ pip install ...` and `$ npm install ...` install nothing: the client has what they name, or the
  walkthrough fails.
- `$ export ...` holds for all that follows. Where one of them says the server's address, the client
  has no other word of it.

`python -m clients.walkthroughs [PAGE...]` (make docs) replaces every output by what the command
prints.
"""

import re
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from clients import environments
from clients.processes import Client, ServerProcess

PAGES = (environments.ROOT / "README.md", *sorted((environments.ROOT / "docs").glob("*.md")))
_WALKTHROUGH = re.compile(r"<!-- walkthrough: (\S+)(.*?) -->\n(.*?)<!-- end -->", re.DOTALL)
# How a program of each language is run, from the file that it is put into.
_PROGRAMS = {
    "python": ("program.py", "python program.py"),
    "javascript": ("program.mjs", "node program.mjs"),
    "typescript": ("program.mts", "node node_modules/tsx/dist/cli.mjs program.mts"),
}
_BLOCK = re.compile(
    rf"```console\n(.*?)```|```({'|'.join(_PROGRAMS)})\n(.*?)```\s*```text\n(.*?)```", re.DOTALL
)
_SERVE = re.compile(r'make serve(?: ARGS="([^"]*)")?')
_INSTALL = re.compile(r"(?:pip|npm) install (.+)")
# The clients that are no release of `together`, with the environment of each.
_ENVIRONMENTS = {
    "openai": "openai",
    "langchain": "langchain",
    "litellm": "litellm",
    "together-ai": "node-examples",
}
_ADDRESS = "http://127.0.0.1:4010"
_KEY = "test-key"


@dataclass(frozen=True)
class Step:
    """A command, or a program in a language of `_PROGRAMS`, and what it prints."""

    command: str
    output: str
    language: str = ""

    def at(self, server: ServerProcess) -> "Step":
        """The step with a server's address as pages have it."""
        return replace(self, output=self.output.replace(server.root, _ADDRESS))


@dataclass(frozen=True)
class Walkthrough:
    """The commands of one client, on one page, from a fresh server on."""

    page: Path
    client: str
    options: str
    text: str

    @property
    def steps(self) -> list[Step]:
        """Every command and program of its blocks."""
        steps = []
        for console, language, program, output in _BLOCK.findall(self.text):
            program_step = Step(program, output.rstrip("\n"), language)
            steps += [program_step] if language else _steps(console)
        return steps

    @property
    def environment(self) -> str:
        """The name of its client's environment; empty for none."""
        if self.client == "curl":
            return ""
        return _ENVIRONMENTS.get(self.client, f"together-{self.client}")


def find(page: Path) -> list[Walkthrough]:
    """The walkthroughs of a page."""
    found = _WALKTHROUGH.findall(page.read_text(encoding="utf-8"))
    return [Walkthrough(page, client, options, text) for client, options, text in found]


def _steps(block: str) -> list[Step]:
    steps = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next(index for index in range(len(lines)) if _is_whole(lines[: index + 1]))
        command, output = "\n".join(lines[: end + 1]), "\n".join(lines[end + 1 :])
        steps.append(Step(command, output))
    return steps


def _is_whole(lines: list[str]) -> bool:
    """Whether a shell would wait for no further line of a command."""
    try:
        shlex.split("\n".join(lines))
    except ValueError:
        # A quotation that is still open, or nothing after the last backslash.
        return False
    return not lines[-1].endswith("\\")


class _Reader:
    """Somebody who follows a walkthrough to the letter, from a fresh server on."""

    def __init__(self, walkthrough: Walkthrough, home: Path, alone: Path | None) -> None:
        self._alone = alone
        self._environment = walkthrough.environment
        self._home = home
        self._base = "" if walkthrough.client.startswith("3.") else "/v1"
        commands = [step.command for step in walkthrough.steps]
        self._is_aimed = not any(_ADDRESS in one and one.startswith("export ") for one in commands)
        self._programs = alone or self._installed()
        self._exports: list[str] = []
        self._server = self._served(walkthrough.options)

    def _installed(self) -> Path:
        if self._environment.startswith("node"):
            node, modules = environments.node(self._environment)
            (self._home / "node_modules").symlink_to(modules, target_is_directory=True)
            return node.parent
        return (
            environments.python(self._environment)
            if self._environment
            else Path(sys.executable).parent
        )

    def _served(self, words: str) -> ServerProcess:
        options = ("--clock-rate", "1", *shlex.split(words))
        return ServerProcess(*options, folder=self._home, programs=self._alone)

    def stop(self) -> None:
        """End the server."""
        self._server.stop()

    def follow(self, step: Step) -> Step:
        """Do one step; the step with what it really printed."""
        served, installs = _SERVE.fullmatch(step.command), _INSTALL.fullmatch(step.command)
        if served:
            self.stop()
            self._server = self._served(served[1] or "")
            # Where a page leaves the banner out, it is not what the page is about.
            return replace(step, output=self._server.banner if step.output else "").at(self._server)
        if installs:
            return replace(step, output=self._missing(step.command, shlex.split(installs[1])))
        if step.command.startswith("export "):
            self._exports.append(step.command)
        return self._run(step)

    def _missing(self, command: str, requirements: list[str]) -> str:
        """What an installation says when it fails; nothing where the client has all of it."""
        if self._alone:
            return environments.shell(command, self._home, self._alone)
        has = environments.packages(self._environment)
        lacks = [one for one in requirements if re.sub(r"\[.*?\]", "", one) not in has]
        return f"{self._environment} has no {', '.join(lacks)}" if lacks else ""

    def _run(self, step: Step) -> Step:
        root = self._server.root
        client = Client(self._programs, self._home, root, _KEY, self._base, self._is_aimed)
        command = step.command.replace(_ADDRESS, root)
        if step.language:
            name, runs = _PROGRAMS[step.language]
            (self._home / name).write_text(command, encoding="utf-8")
            command = runs
        exports = [one.replace(_ADDRESS, root) for one in self._exports]
        output = client.shell("\n".join([*exports, command])).replace(f"{self._home}/", "")
        return replace(step, output=output).at(self._server)


def run(walkthrough: Walkthrough, home: Path, alone: Path | None = None) -> list[Step]:
    """Follow a walkthrough; what every step printed.

    Args:
        walkthrough: what to follow.
        home: an empty folder.
        alone: the programs of an environment that has the server and nothing else. Installations
            are made there.
    """
    # On a terminal, curl draws no meter beside what it prints.
    (home / ".curlrc").write_text("silent\nshow-error\n", encoding="utf-8")
    reader = _Reader(walkthrough, home, alone)
    try:
        return [reader.follow(step) for step in walkthrough.steps]
    finally:
        reader.stop()


def comparable(output: str) -> str:
    """An output without what no two runs share: instants."""
    output = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "INSTANT", output)
    output = re.sub(r"\d\d/\d\d/\d{4}, \d\d:\d\d [AP]M", "INSTANT", output)
    output = re.sub(r'"created":\d{10}\b', '"created":INSTANT', output)
    return "\n".join(line.rstrip() for line in output.strip().splitlines())


def _printed(step: Step) -> str:
    output = f"{step.output}\n" if step.output else ""
    if step.language:
        return f"```{step.language}\n{step.command}```\n\n```text\n{output}```"
    return f"$ {step.command}\n{output}"


def write(pages: list[Path]) -> None:
    """Write the real outputs into pages."""
    for page in pages:
        for walkthrough in find(page):
            text = walkthrough.text
            with TemporaryDirectory() as home:
                steps = run(walkthrough, Path(home))
            for before, after in zip(walkthrough.steps, steps, strict=True):
                if comparable(before.output) != comparable(after.output):
                    text = text.replace(_printed(before), _printed(after), 1)
            content = page.read_text(encoding="utf-8")
            mark = f"<!-- walkthrough: {walkthrough.client}{walkthrough.options} -->\n"
            content = content.replace(mark + walkthrough.text, mark + text)
            page.write_text(content, encoding="utf-8")
            print(f"{page.name}: {walkthrough.client}", file=sys.stderr)


if __name__ == "__main__":
    write([Path(page).resolve() for page in sys.argv[1:]] or list(PAGES))
