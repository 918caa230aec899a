"""Reads a Dockerfile: the instructions that ours is made of, and a clear refusal of every other."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

# Instruction -> the flags that are understood.
KNOWN = {
    "FROM": set(),
    "ARG": set(),
    "LABEL": set(),
    "ENV": set(),
    "WORKDIR": set(),
    "COPY": {"from", "chown"},
    "RUN": {"mount"},
    "USER": set(),
    "EXPOSE": set(),
    "HEALTHCHECK": {"interval", "timeout", "start-period", "retries"},
    "ENTRYPOINT": set(),
    "CMD": set(),
}
_FLAG = re.compile(r"--([a-z-]+)=(\S+)\s+")


class DockerfileError(ValueError):
    """Something that is not understood, with its line."""


@dataclass(frozen=True)
class Instruction:
    """An instruction: the line it begins on, its name, its flags, and the rest of it."""

    line: int
    name: str
    flags: dict[str, str]
    rest: str

    def words(self) -> list[str]:
        """The rest as words, unquoted as a shell would."""
        return shlex.split(self.rest)

    def pairs(self) -> dict[str, str]:
        """The rest as `name=value` pairs."""
        pairs = dict(word.partition("=")[::2] for word in self.words())
        if not all("=" in word for word in self.words()):
            raise DockerfileError(f"line {self.line}: {self.name} is not in the form name=value")
        return pairs

    def command(self) -> list[str]:
        """The rest as a command in its exec form: no shell stands between it and a signal."""
        try:
            command = json.loads(self.rest)
        except ValueError as error:
            raise DockerfileError(f"line {self.line}: {self.name} is not in exec form") from error
        return [str(word) for word in command]


def read(path: Path) -> list[Instruction]:
    """The instructions of a file.

    Raises:
        DockerfileError: an instruction or a flag that is not among `KNOWN`.
    """
    found: list[Instruction] = []
    parts: list[str] = []
    begun = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        begun = begun or number
        parts.append(line.rstrip().removesuffix("\\").strip())
        if not line.rstrip().endswith("\\"):
            found.append(_instruction(begun, " ".join(parts)))
            parts, begun = [], 0
    if parts:
        raise DockerfileError(f"line {begun}: the last line goes on")
    return found


def _instruction(line: int, text: str) -> Instruction:
    name, _, rest = text.partition(" ")
    if name not in KNOWN:
        raise DockerfileError(f"line {line}: {name} is not an instruction that is known here")
    rest = rest.strip()
    flags: dict[str, str] = {}
    while found := _FLAG.match(rest):
        if found[1] not in KNOWN[name]:
            raise DockerfileError(f"line {line}: {name} --{found[1]} is not known here")
        flags[found[1]] = found[2]
        rest = rest[found.end() :]
    if rest.startswith("--"):
        raise DockerfileError(f"line {line}: {name} has a flag without a value")
    return Instruction(line, name, flags, rest)


class Ignored:
    """The patterns of a `.dockerignore`: the last one that matches decides, `!` takes back."""

    def __init__(self, path: Path) -> None:
        lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
        self._rules = [
            (_pattern(line.removeprefix("!")), not line.startswith("!"))
            for line in lines
            if line and not line.startswith("#")
        ]

    def __contains__(self, path: str) -> bool:
        """Whether a path below the context, `a/b/c`, stays out of it."""
        parts = path.split("/")
        places = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        ignored = False
        for pattern, decision in self._rules:
            if any(pattern.fullmatch(place) for place in places):
                ignored = decision
        return ignored


def _pattern(text: str) -> re.Pattern[str]:
    pieces = re.split(r"(\*\*/|\*)", text.strip("/"))
    meaning = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return re.compile("".join(meaning.get(piece, re.escape(piece)) for piece in pieces))
