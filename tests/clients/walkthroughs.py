"""The walkthroughs that README.md and docs/ print: found, run, and written back with real output.

A walkthrough stands between `<!-- walkthrough: CLIENT [SERVER OPTIONS] -->` and `<!-- end -->`.
In its console blocks a line that begins with `$ ` is a command and what follows it is its output;
a python block is a program, and the text block that follows it is what it prints. `$ make serve
ARGS="..."` stops the server and starts another one with these options, in the client's folder. The
client `curl` needs no SDK.
`python -m clients.walkthroughs` (make docs) replaces every output by what the command prints.
"""

import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from clients import environments
from clients.processes import Client, ServerProcess

PAGES = (environments.ROOT / "README.md", *sorted((environments.ROOT / "docs").glob("*.md")))
_WALKTHROUGH = re.compile(r"<!-- walkthrough: (\S+)(.*?) -->\n(.*?)<!-- end -->", re.DOTALL)
_BLOCK = re.compile(r"```console\n(.*?)```|```python\n(.*?)```\s*```text\n(.*?)```", re.DOTALL)
_RESTART = re.compile(r'make serve ARGS="([^"]*)"')
_ADDRESS = "http://127.0.0.1:4010"
_KEY = "test-key"


@dataclass(frozen=True)
class Step:
    """A command, or a Python program, and what it prints."""

    command: str
    output: str
    is_program: bool = False


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
        for console, program, output in _BLOCK.findall(self.text):
            steps += (
                _steps(console)
                if console
                else [Step(program, output.rstrip("\n"), is_program=True)]
            )
        return steps


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


def run(walkthrough: Walkthrough, home: Path) -> list[Step]:
    """Follow a walkthrough to the letter on a fresh server; what every command printed."""
    programs = Path(sys.executable).parent
    if walkthrough.client != "curl":
        programs = environments.python(f"together-{walkthrough.client}")
    # On a terminal, curl draws no meter beside what it prints.
    (home / ".curlrc").write_text("silent\nshow-error\n", encoding="utf-8")
    server = _served(walkthrough.options.split(), home)
    done = []
    try:
        for step in walkthrough.steps:
            restart = _RESTART.fullmatch(step.command)
            if restart:
                server.stop()
                server = _served(restart[1].split(), home)
                done.append(Step(step.command, ""))
            else:
                base = "" if walkthrough.client.startswith("3.") else "/v1"
                client = Client(programs, home, server.root, _KEY, base)
                done.append(_run(client, step, server.root))
        return done
    finally:
        server.stop()


def _served(options: list[str], home: Path) -> ServerProcess:
    return ServerProcess("--clock-rate", "1", *options, folder=home)


def _run(client: Client, step: Step, root: str) -> Step:
    command = step.command.replace(_ADDRESS, root)
    output = client.shell(
        "python - <<'PROGRAM'\n" + command + "PROGRAM" if step.is_program else command
    )
    return Step(step.command, output.replace(root, _ADDRESS), step.is_program)


def comparable(output: str) -> str:
    """An output without what no two runs share: instants."""
    output = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "INSTANT", output)
    output = re.sub(r"\d\d/\d\d/\d{4}, \d\d:\d\d [AP]M", "INSTANT", output)
    return "\n".join(line.rstrip() for line in output.strip().splitlines())


def _printed(step: Step) -> str:
    output = f"{step.output}\n" if step.output else ""
    if step.is_program:
        return f"```python\n{step.command}```\n\n```text\n{output}```"
    return f"$ {step.command}\n{output}"


def write() -> None:
    """Write the real outputs into every page."""
    for page in PAGES:
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
    write()
