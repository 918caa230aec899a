"""The image as far as it can be made and run without a container engine: see `performing`."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from image.dockerfile import KNOWN, DockerfileError, Ignored, read
from image.performing import ROOT, Builder, Image, as_user, content
from image.sizes import MEGABYTE, added, packages, size, written
from packaging.markers import Marker
from support import Api
from together_mock import __version__

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("image")]
STOP_SECONDS = 2.0
# python:3.13-slim for amd64 as its registry states it (compressed), rounded up; arm64 is no larger.
BASE_MEGABYTES = 45
NOBODY = "65532:65532"
REVISION = "d977f66e0134cd4c6fd55c10099cbcdb581da898"


@pytest.fixture(scope="module")
def built() -> Iterator[Image]:
    """The image, in a folder that its user can reach, with nothing in it that can be written."""
    folder = Path(tempfile.mkdtemp(prefix="together-mock-image-"))
    folder.chmod(0o755)
    try:
        image = Builder(ROOT, folder, VERSION=__version__, REVISION=REVISION).build()
        _modes(image.root, lambda mode: mode & ~0o222)
        yield image
        _modes(image.root, lambda mode: mode | stat.S_IWUSR)
    finally:
        shutil.rmtree(folder)


def _modes(root: Path, changed) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(changed(path.stat().st_mode))


@pytest.fixture
def writable() -> Iterator[Path]:
    """What a tmpfs or a volume is: a folder that the image's user may write."""
    folder = Path(tempfile.mkdtemp(prefix="together-mock-tmpfs-"))
    if os.geteuid() == 0:
        os.chown(folder, *map(int, NOBODY.split(":")))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def run(built: Image, writable: Path) -> Iterator:
    """Start the image's command, or another one behind its entry point, on a free port."""
    started: list[subprocess.Popen[str]] = []

    def run(*command: str, **variables: str) -> tuple[subprocess.Popen[str], str]:
        place = {"TMPDIR": str(writable), "TOGETHER_MOCK_PORT": "0", **variables}
        told = command or tuple(built.command)
        started.append(built.start(*built.entrypoint, *told, **place))
        line = started[-1].stdout.readline()
        if not line:
            pytest.fail(started[-1].stderr.read())
        return started[-1], json.loads(line)["url"]

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def healthy(built: Image, url: str) -> int:
    """Run the image's health check as an engine would; its exit status."""
    check = built.start(*built.health, TOGETHER_MOCK_PORT=url.rpartition(":")[2])
    out, err = check.communicate(timeout=float(built.timing["timeout"].removesuffix("s")))
    assert out or err
    return check.returncode


def stopped(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Stop it as an engine would, and in time; exit status and what it said."""
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - asked < STOP_SECONDS
    return process.returncode, out, err


def test_it_serves_from_a_tree_that_cannot_be_written(built, run, writable):
    """Its own command serves, is found healthy, stops on SIGTERM, and leaves nothing behind."""
    assert built.command == ["serve"]
    before = content(built.root)
    process, url = run()
    api = Api(url)
    endpoint = api.create()
    assert api.endpoint(endpoint["id"])["id"] == endpoint["id"]
    api.http.close()
    assert healthy(built, url) == 0
    assert list(writable.iterdir()), "the private store is in the temporary folder"
    assert stopped(process) == (0, "", "")
    assert healthy(built, url) == 1
    assert content(built.root) == before
    assert list(writable.iterdir()) == []


def test_it_runs_as_its_user_alone(built, run):
    """Not as root, and it may not write what it runs."""
    process, _ = run()
    assert built.user == NOBODY
    if os.geteuid() == 0:
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert "Uid:\t" + "\t".join(["65532"] * 4) in status
    attempt = subprocess.run(
        as_user(built.user, ["touch", str(built.place("/opt/together-mock/x"))]),
        capture_output=True,
        check=False,
    )
    assert attempt.returncode != 0


def test_a_command_of_ones_own_can_be_reached(run):
    """`docker run together-mock serve --preset instant` listens where the outside asks."""
    process, _ = run("serve", "--preset", "instant")
    port = int(_.rpartition(":")[2])
    assert f"0.0.0.0:{port}" in _listening(process.pid)


def _listening(process: int) -> set[str]:
    lines = Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]
    found = (line.split()[1].split(":") for line in lines if line.split()[3] == "0A")
    return {
        ".".join(str(byte) for byte in reversed(bytes.fromhex(host))) + f":{int(port, 16)}"
        for host, port in found
    }


def test_a_volume_keeps_what_was_made(built, run, writable):
    """`--database` in a folder of the user's: endpoints outlive the container."""
    store = str(writable / "mock.db")
    process, url = run("serve", "--database", store)
    api = Api(url)
    made = api.create()["id"]
    api.http.close()
    stopped(process)
    process, url = run("serve", "--database", store)
    again = Api(url, api.key)
    assert again.endpoint(made)["id"] == made
    again.http.close()
    assert stopped(process)[0] == 0


def test_the_folder_for_volumes_belongs_to_the_user(built):
    """A new volume takes the owner of what it is mounted on."""
    folder = built.place("/data")
    assert list(folder.iterdir()) == []
    if os.geteuid() == 0:
        assert (folder.stat().st_uid, folder.stat().st_gid) == (65532, 65532)


def test_there_is_no_tool_to_build_or_install_with(built):
    """Neither pip nor uv nor a compiler, and of packages what the lock file has for this system."""
    assert {name for name, _ in packages(built.root)} == _locked() | {"together-mock"}
    programs = {path.name for path in built.root.rglob("bin/*")}
    assert "together-mock" in programs
    assert [
        name for name in programs if re.match(r"(uv|uvx|pip.*|gcc.*|cc|ensurepip)$", name)
    ] == []
    tools = ("pip", "uv", "hatchling", "ensurepip")
    assert [path for name in tools for path in built.root.rglob(f"lib/python3.*/**/{name}")] == []


def test_no_link_leads_nowhere(built):
    """What is taken out of the base image takes along what was linked to it."""
    links = [path for path in built.root.rglob("*") if path.is_symlink()]
    assert links
    assert [path for path in links if not path.exists()] == []


def _locked() -> set[str]:
    uv = ROOT / ".tools/bin/uv"
    options = ("--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--no-annotate")
    told = subprocess.run(
        [uv, "export", *options, "--no-header", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    lines = (line.partition(";") for line in told)
    return {
        requirement.split("==")[0]
        for requirement, _, marker in lines
        if not marker or Marker(marker).evaluate()
    }


def test_it_is_as_small_as_the_page_says(built):
    """The table of docs/docker.md, give or take what systems differ by, and below its limit."""
    page, real = written(), [one / MEGABYTE for one in size(added(built))]
    assert real == pytest.approx(page.pop("together"), rel=0.2)
    names = {name for name, _ in packages(built.root)}
    assert page.keys() - {"all others"} <= names, "run `make docs`"
    assert real[1] + BASE_MEGABYTES < 80


def test_everybody_may_read_what_is_in_it(built):
    """Whatever user the image is run as: `--user 1000` works as well."""
    hidden = [
        path
        for path in built.root.rglob("*")
        if not path.is_symlink()
        and not path.stat().st_mode & (stat.S_IXOTH if path.is_dir() else stat.S_IROTH)
    ]
    assert hidden == []


def test_its_labels_say_what_it_is(built):
    """OCI annotations, and the port."""
    labels = {name.rpartition(".")[2]: value for name, value in built.labels.items()}
    assert all(name.startswith("org.opencontainers.image.") for name in built.labels)
    assert (labels["title"], labels["licenses"]) == ("together-mock", "Apache-2.0")
    assert (labels["version"], labels["revision"]) == (__version__, REVISION)
    assert built.ports == ["4010"]


def test_only_what_is_needed_reaches_the_builder():
    """`.dockerignore` lets in what the Dockerfile copies: no tests, no caches, no environments."""
    ignored = Ignored(ROOT / ".dockerignore")
    for path in (
        ".git",
        ".venv/bin/python",
        "tests/support.py",
        "app/a/__pycache__",
        "docs",
        "x.db",
    ):
        assert path in ignored, path
    for path in ("app/together_mock/cli.py", "fixtures/states/demo.yaml", "uv.lock", "README.md"):
        assert path not in ignored, path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM a\nADD b c", "line 2: ADD is not an instruction that is known here"),
        ("FROM --platform=linux/amd64 a", "line 1: FROM --platform is not known here"),
        ("FROM a\nRUN b \\", "line 2: the last line goes on"),
        ("FROM a\n\nCOPY --link b c", "line 3: COPY has a flag without a value"),
    ],
)
def test_what_is_not_understood_is_not_passed_over(tmp_path, text, said):
    """An instruction or a flag that the performer does not know fails the test of the image."""
    (tmp_path / "Dockerfile").write_text(text)
    with pytest.raises(DockerfileError, match=f"^{said}$"):
        read(tmp_path / "Dockerfile")


def test_every_instruction_that_is_known_is_performed():
    """What the reader lets through, the performer does."""
    assert [name for name in KNOWN if not hasattr(Builder, f"_{name.lower()}")] == []


def test_the_linter_of_dockerfiles_finds_fault_where_there_is_one(tmp_path):
    """`make lint` runs it on the Dockerfile; here it has to refuse one."""
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python:latest\nRUN cd /x && pip install y\nCMD together-mock\n")
    linter = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([linter, bad], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "DL3007" in found.stdout
    ours = subprocess.run(
        [linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (ours.returncode, ours.stdout) == (0, "")
