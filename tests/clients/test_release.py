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


def build(kind: str, source: Path, into: Path) -> Path:
    """Build a wheel or a source distribution of a tree or of a source distribution."""
    run(environments.UV, "build", "--quiet", f"--{kind}", "--out-dir", into, source)
    (built,) = into.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the checkout."""
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of the checkout."""
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


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


def test_the_source_distribution_makes_the_same_wheel(wheel, sdist, tmp_path):
    """File by file, and it has what the tests and the image are made of."""
    assert contents(build("wheel", sdist, tmp_path)) == contents(wheel)
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in ("Makefile", "uv.lock", "Dockerfile", ".dockerignore", "compose.yaml"):
        assert name in names
    for name in ("docs/docker.md", "tests/support.py", "CHANGELOG.md", "CONTRIBUTING.md"):
        assert name in names


def test_the_wheel_alone_is_enough_to_serve(wheel, tmp_path):
    """In an environment with nothing else in it, from a folder with nothing in it."""
    home, programs = tmp_path / "home", tmp_path / "venv" / "bin"
    home.mkdir()
    run(environments.UV, "venv", "--quiet", "--python", environments.PYTHON, programs.parent)
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


@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
def test_the_bounds_of_the_dependencies_are_true(resolution, wheel, metadata):
    """The oldest versions that are allowed pass a selection of the tests, and so do the newest."""
    requirements = [str(one) for one in metadata.requires_dist or [] if _applies(one)]
    python = environments.resolved(resolution, requirements) / "python"
    install = ("--quiet", "--no-deps", "--reinstall", "--python", python)
    run(environments.UV, "pip", "install", *install, wheel)
    tests = (ROOT / "tests" / name for name in SMOKE)
    run(python, "-m", "pytest", "-p", "no:cacheprovider", *tests)


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})
