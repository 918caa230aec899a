"""What a release is made of: the wheel, the source distribution, and the bounds of their needs."""

import json
import signal
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
import together_mock
from clients import environments
from clients.environments import ROOT
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import parse_sdist_filename, parse_wheel_filename

PACKAGE = "together_mock"
# Whatever a bound was found wrong by is among these: imports, routes, patterns, the command line.
SMOKE = (
    "unit",
    "api/test_smoke.py",
    "contract/test_answers.py",
    "contract/test_answers_v2.py",
    "contract/test_conformance.py",
    "contract/test_document.py",
    "process/test_command_line.py",
    "service/test_scripts.py",
)
# The oldest versions have wheels for the oldest Python; those after it want newer ones.
RESOLUTIONS = [(environments.PYTHONS[0], "lowest-direct")]
RESOLUTIONS += [(release, "highest") for release in environments.PYTHONS]

# One after the other: they make the release in one place.
pytestmark = pytest.mark.xdist_group("release")


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """Run a command to its end, which has to be a good one; what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environments.installing(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `make dist` makes."""
    folder = tmp_path_factory.mktemp("dist")
    run("make", "--silent", "dist", f"ARGS=--quiet --out-dir={folder}")
    return folder


@pytest.fixture(scope="module")
def wheel(release: Path) -> Path:
    """The wheel, which is made from the source distribution."""
    (built,) = release.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def sdist(release: Path) -> Path:
    """The source distribution of the checkout."""
    (built,) = release.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Metadata:
    """The wheel's metadata; reading it refuses what a package index would refuse."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Metadata.from_email(archive.read(name), validate=True)


def contents(wheel: Path) -> dict[str, bytes]:
    """Every file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_the_package_and_its_data(wheel):
    """Every module and fixture of the checkout, the marker of its types, the licence."""
    names = contents(wheel).keys()
    modules = {path.relative_to(ROOT / "app") for path in (ROOT / "app").rglob("*.py")}
    data = {
        Path(PACKAGE, "_data", path.relative_to(ROOT))
        for folder in ("fixtures", "openapi")
        for path in (ROOT / folder).rglob("*.*")
    }
    assert {str(path) for path in modules | data} <= names
    assert f"{PACKAGE}/py.typed" in names
    roots = {name.split("/")[0] for name in names}
    assert roots == {PACKAGE, f"{PACKAGE}-{together_mock.__version__}.dist-info"}
    assert [name for name in names if name.endswith("/licenses/LICENSE")] != []


def test_the_version_is_said_in_one_place(wheel, sdist, metadata):
    """Files, metadata and `together_mock.__version__` say the same."""
    version = together_mock.__version__
    assert str(metadata.version) == version
    assert str(parse_wheel_filename(wheel.name)[1]) == version
    assert str(parse_sdist_filename(sdist.name)[1]) == version
    places = [path for path in (ROOT / "app").rglob("*.py") if f'"{version}"' in path.read_text()]
    assert [path.name for path in places] == ["__init__.py"]


def test_the_metadata_describes_it(metadata):
    """What a package index shows."""
    assert metadata.name == "together-mock"
    assert metadata.license_expression == "Apache-2.0"
    assert metadata.description_content_type == "text/markdown"
    assert metadata.description == (ROOT / "README.md").read_text("utf-8")
    assert "Typing :: Typed" in (metadata.classifiers or [])
    assert metadata.requires_python is not None
    assert not metadata.requires_python.contains("3.10")
    assert all(metadata.requires_python.contains(one) for one in environments.PYTHONS)


def test_the_source_distribution_makes_the_same_wheel(wheel, sdist, tmp_path):
    """File by file as the checkout, and it has what the tests and the image are made of."""
    environments.wheel(tmp_path)
    assert contents(next(tmp_path.glob("*.whl"))) == contents(wheel)
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in ("Makefile", "uv.lock", "Dockerfile", ".dockerignore", "compose.yaml"):
        assert name in names
    for name in ("docs/docker.md", "tests/support.py", "CHANGELOG.md", "CONTRIBUTING.md"):
        assert name in names


def test_what_the_lock_file_does_not_have_builds_nothing(release, tmp_path):
    """A part of the build backend without a hash in the lock file is refused."""
    locked = (ROOT / ".tools/build.txt").read_text("utf-8")
    assert "--hash=sha256:" in locked.partition("\nhatchling==")[2]
    less = tmp_path / "less.txt"
    less.write_text(locked.partition("\ntrove-classifiers==")[0])
    options = ("--wheel", "--require-hashes", "--build-constraints", less, "--out-dir", tmp_path)
    done = subprocess.run(
        [environments.UV, "build", *options, ROOT],
        env=environments.installing(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "trove-classifiers" in done.stderr
    assert [*tmp_path.glob("*.whl")] == []


@pytest.mark.parametrize("python", environments.PYTHONS)
def test_the_wheel_alone_is_enough_to_serve(python, wheel, tmp_path):
    """In an environment with nothing else in it, from a folder with nothing in it."""
    home, programs = tmp_path / "home", tmp_path / "venv" / "bin"
    home.mkdir()
    interpreter = environments.interpreter(python)
    run(environments.UV, "venv", "--quiet", "--python", interpreter, programs.parent)
    run(environments.UV, "pip", "install", "--quiet", "--python", programs / "python", wheel)
    run(environments.UV, "pip", "check", "--python", programs / "python")
    version = run(programs / "together-mock", "--version", folder=home)
    assert version == f"together-mock, version {together_mock.__version__}\n"
    options = ("--port", "0", "--state", _state(programs))
    served = subprocess.Popen(
        [programs / "together-mock", "serve", *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=home,
        env={"PATH": str(programs)},
    )
    with served:
        assert served.stdout
        url = json.loads(served.stdout.readline())["url"]
        healthy = run(programs / "together-mock", "healthcheck", "--url", url, folder=home)
        served.send_signal(signal.SIGTERM)
    assert (healthy, served.returncode) == ("healthy\n", 0)


def _state(programs: Path) -> Path:
    """A state file as the wheel has installed it."""
    (found,) = programs.parent.rglob(f"{PACKAGE}/_data/fixtures/states/demo.yaml")
    return found


@pytest.mark.parametrize(("python", "resolution"), RESOLUTIONS)
def test_the_bounds_of_the_dependencies_are_true(python, resolution, wheel, metadata):
    """A selection of the tests passes on every Python, on the newest versions that are allowed.

    And on the oldest Python, on the oldest versions.
    """
    requirements = [str(one) for one in metadata.requires_dist or [] if _applies(one)]
    program = environments.resolved(python, resolution, requirements) / "python"
    install = ("--quiet", "--no-deps", "--reinstall", "--python", program)
    run(environments.UV, "pip", "install", *install, wheel)
    tests = (ROOT / "tests" / name for name in SMOKE)
    run(program, "-m", "pytest", "-p", "no:cacheprovider", *tests)


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})
