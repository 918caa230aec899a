"""Performs a Dockerfile without a container engine: each stage is a folder, the base image a venv.

Paths of the image are paths below the folder of its stage. All stages are built in one place, one
after the other, and moved out of it when they are done: so what one has noted of its own place, as
scripts do in their first line, still holds where the next has copied it to.

Nothing is done as root: when the tests run as root, commands are run as the user that the
Dockerfile names. What this cannot show is what only an engine has: layers, the base image's own
content, namespaces, another architecture.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from image.dockerfile import DockerfileError, Ignored, Instruction, read

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".tools" / "image-cache"
# Programs that every base image has are the machine's own.
_MACHINE = ("bin/", "usr/bin/", "dev/", "proc/")
_ABSOLUTE = re.compile(r"(?<![\w./$*-])/(?=[A-Za-z])")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
# How a registry is reached, which a builder is told by its own configuration.
_REGISTRY = re.compile(r"(PIP|UV)_.*(INDEX|CERT|FIND_LINKS).*|SSL_CERT_.*|(?i:\w+_proxy)")
_PATIENCE = 240


@dataclass
class Image:
    """What a stage has come to: a folder, and how a container of it is to be run."""

    root: Path
    environment: dict[str, str]
    folder: str = "/"
    user: str = "0:0"
    labels: dict[str, str] = field(default_factory=dict)
    ports: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    timing: dict[str, str] = field(default_factory=dict)

    def place(self, path: str) -> Path:
        """Where a path of the image is on this machine; a relative one is below its WORKDIR."""
        return self.root / Path(self.folder, path).relative_to("/")

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        """Run a command of the image as its user, with its environment."""
        return subprocess.Popen(
            as_user(self.user, command),
            cwd=self.place(""),
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def as_user(user: str, command: Sequence[str]) -> list[str]:
    """A command that root runs as another user; whoever is not root runs it as they are.

    Of root's rights it keeps that of reading and passing folders: the interpreter that runs the
    tests may lie in root's home. It can write nothing that is not its own.
    """
    if os.geteuid() != 0:
        return list(command)
    number, _, group = user.partition(":")
    kept = "-all,+dac_read_search"
    rights = [f"--inh-caps={kept}", "--ambient-caps=+dac_read_search", f"--bounding-set={kept}"]
    identity = [f"--reuid={number}", f"--regid={group or number}", "--clear-groups"]
    # It finds the program in the PATH of the image, not in the caller's.
    return ["setpriv", *identity, *rights, "--", "/usr/bin/env", *command]


class Builder:
    """Performs the instructions of one Dockerfile, in a folder that is empty.

    Args:
        context: where the Dockerfile and what it copies is.
        folder: where it is performed.
        arguments: what `--build-arg` says, by name.
    """

    def __init__(self, context: Path, folder: Path, **arguments: str) -> None:
        self._context = context
        self._arguments = arguments
        # What ARG has declared in the stage at hand.
        self._told: dict[str, str] = {}
        self._instructions = read(context / "Dockerfile")
        self._ignored = Ignored(context / ".dockerignore")
        self._folder = folder
        self._stages: dict[str, Path] = {}
        self._base = folder / "base"
        self._image: Image | None = None
        users = [one.rest for one in self._instructions if one.name == "USER"]
        self._builder = users[-1] if users else "0:0"

    def build(self) -> Image:
        """Perform them all; the image of the last stage.

        Raises:
            DockerfileError: an instruction that is not understood, or a step that failed.
        """
        CACHE.mkdir(parents=True, exist_ok=True)
        self._own(CACHE, deep=False)
        declared = {one.rest.partition("=")[0] for one in self._instructions if one.name == "ARG"}
        if strange := sorted(self._arguments.keys() - declared):
            raise DockerfileError(f"no ARG declares {strange[0]}")
        for instruction in self._instructions:
            getattr(self, f"_{instruction.name.lower()}")(instruction)
        return self._stage

    @property
    def _stage(self) -> Image:
        assert self._image, "the first instruction is not FROM"
        return self._image

    def _from(self, instruction: Instruction) -> None:
        base, *alias = instruction.words()
        if not re.fullmatch(r"python:3\.\d+-slim(@sha256:[0-9a-f]{64})?", base):
            raise DockerfileError(f"line {instruction.line}: {base} is not a base that is known")
        rootfs = self._folder / "rootfs"
        if self._image:
            rootfs.rename(self._folder / f"stage-{len(self._stages)}")
        if not self._base.exists():
            self._make_base(rootfs)
        shutil.copytree(self._base, rootfs, symlinks=True)
        self._own(rootfs)
        home = {"HOME": f"{rootfs}/root", "TMPDIR": f"{rootfs}/tmp", "LANG": "C.UTF-8"}
        self._told.clear()
        self._image = Image(rootfs, {**home, "PATH": f"{rootfs}/usr/local/bin:/usr/bin:/bin"})
        if alias:
            self._stages[alias[-1]] = self._folder / f"stage-{len(self._stages) + 1}"

    def _make_base(self, rootfs: Path) -> None:
        """A venv with pip, made where it will be used, so that its scripts name the right place."""
        for name in ("tmp", "root"):
            (rootfs / name).mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "venv", rootfs / "usr/local"], check=True)
        # As the official images have it.
        pip = rootfs / "usr/local/bin/pip"
        pip.unlink()
        pip.symlink_to("pip3")
        rootfs.rename(self._base)

    def _arg(self, instruction: Instruction) -> None:
        name, _, default = instruction.rest.partition("=")
        self._told[name] = self._arguments.get(name, default)

    def _label(self, instruction: Instruction) -> None:
        told = self._variables()
        for name, value in instruction.pairs().items():
            self._stage.labels[name] = _VARIABLE.sub(lambda found: told[found[1]], value)

    def _env(self, instruction: Instruction) -> None:
        before = self._variables()
        for name, value in instruction.pairs().items():
            told = _VARIABLE.sub(lambda found: before[found[1]], self._located(value))
            self._stage.environment[name] = told

    def _variables(self) -> dict[str, str]:
        return {**self._told, **self._stage.environment}

    def _workdir(self, instruction: Instruction) -> None:
        self._stage.folder = str(Path(self._stage.folder, instruction.rest))
        self._stage.place("").mkdir(parents=True, exist_ok=True)
        self._own(self._stage.place(""))

    def _copy(self, instruction: Instruction) -> None:
        *sources, target = instruction.words()
        origin = instruction.flags.get("from")
        into = self._stage.place(target)
        many = len(sources) > 1 or target.endswith("/")
        for source in sources:
            found = (self._stages[origin] if origin else self._context) / source.strip("/")
            if not found.exists() or (origin is None and source in self._ignored):
                raise DockerfileError(f"line {instruction.line}: {source} is not there")
            if found.is_dir():
                ignore = None if origin else self._left_out
                shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True, ignore=ignore)
            else:
                shutil.copy2(found, into / found.name if many else into)
        self._own(into)

    def _left_out(self, folder: str, names: list[str]) -> list[str]:
        below = Path(folder).relative_to(self._context)
        return [name for name in names if (below / name).as_posix() in self._ignored]

    def _run(self, instruction: Instruction) -> None:
        mounted = self._mount(instruction)
        registry = {name: value for name, value in os.environ.items() if _REGISTRY.fullmatch(name)}
        done = subprocess.run(
            as_user(self._builder, ["/bin/sh", "-c", self._located(instruction.rest)]),
            cwd=self._stage.place(""),
            env={**registry, **self._variables()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            raise DockerfileError(f"line {instruction.line}: {instruction.rest}\n{done.stdout}")
        if mounted:
            mounted.unlink()

    def _mount(self, instruction: Instruction) -> Path | None:
        """Put the cache, which outlives the build, where the instruction wants one."""
        if "mount" not in instruction.flags:
            return None
        options = dict(part.split("=", 1) for part in instruction.flags["mount"].split(","))
        if options.keys() != {"type", "target"} or options["type"] != "cache":
            raise DockerfileError(f"line {instruction.line}: such a mount is not known here")
        place = self._stage.place(options["target"])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(CACHE, target_is_directory=True)
        return place

    def _user(self, instruction: Instruction) -> None:
        self._stage.user = instruction.rest

    def _expose(self, instruction: Instruction) -> None:
        self._stage.ports += instruction.words()

    def _healthcheck(self, instruction: Instruction) -> None:
        kind, _, rest = instruction.rest.partition(" ")
        if kind != "CMD":
            raise DockerfileError(f"line {instruction.line}: HEALTHCHECK {kind} is not known here")
        told = Instruction(instruction.line, instruction.name, {}, rest)
        self._stage.health, self._stage.timing = told.command(), instruction.flags

    def _entrypoint(self, instruction: Instruction) -> None:
        self._stage.entrypoint = instruction.command()

    def _cmd(self, instruction: Instruction) -> None:
        self._stage.command = instruction.command()

    def _located(self, text: str) -> str:
        """A text in which the paths of the image have become paths on this machine."""

        def place(found: re.Match[str]) -> str:
            machine = text.startswith(_MACHINE, found.end())
            return "/" if machine else f"{self._stage.root}/"

        return _ABSOLUTE.sub(place, text)

    def _own(self, path: Path, *, deep: bool = True) -> None:
        """Give what was made as root to the user who goes on with it."""
        if os.geteuid() != 0:
            return
        number, _, group = self._builder.partition(":")
        for one in [path, *(path.rglob("*") if deep and path.is_dir() else ())]:
            os.chown(one, int(number), int(group or number), follow_symlinks=False)


def content(root: Path) -> Mapping[str, tuple[int, int]]:
    """Every file and folder below a folder, with its size and the instant of its last change."""
    return {
        path.relative_to(root).as_posix(): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in root.rglob("*")
    }
