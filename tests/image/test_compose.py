"""compose.yaml: of the form that its specification gives, and it does what it says."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from image.performing import ROOT
from process.serving import Served, environment

FILE = ROOT / "compose.yaml"
COMPOSE = yaml.safe_load(FILE.read_text("utf-8"))
MOCK, APP = COMPOSE["services"]["mock"], COMPOSE["services"]["app"]


def validated(file: Path) -> subprocess.CompletedProcess[str]:
    """Hold a file against the JSON schema of the Compose Specification, which the checker ships."""
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [checker, "--builtin-schema", "vendor.compose-spec", file]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_is_valid(tmp_path):
    """Against the published schema; a key that it does not know is found."""
    done = validated(FILE)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(FILE.read_text("utf-8").replace("read_only: true", "readonly: true"))
    refused = validated(wrong)
    assert refused.returncode == 1
    assert "readonly" in refused.stdout


def test_nothing_can_be_written_but_what_is_meant_to_be():
    """Read-only roots, no rights, no root; the volume that is written is one that is kept."""
    for service in (MOCK, APP):
        assert service["read_only"] is True
        assert service["user"] == "65532:65532"
    assert (MOCK["tmpfs"], MOCK["cap_drop"]) == (["/tmp"], ["ALL"])
    written = [volume for volume in MOCK["volumes"] + APP["volumes"] if not volume.endswith(":ro")]
    assert [volume.split(":") for volume in written] == [["mock-data", "/data"]]
    assert "mock-data" in COMPOSE["volumes"]


def test_only_this_machine_reaches_it():
    """A mock that accepts every key is published on the loopback address."""
    assert [port.split(":")[0] for port in MOCK["ports"]] == ["127.0.0.1"]


def mounted(text: str, service: dict, kept: Path) -> str:
    """A word of a service; a path on one of its volumes as the path that it has here."""
    for volume in service["volumes"]:
        source, place = volume.removesuffix(":ro").split(":")
        real = ROOT / source if source.startswith(".") else kept
        if text.startswith(f"{place}/"):
            return str(real / text.removeprefix(f"{place}/"))
    return text


@pytest.fixture
def compose(tmp_path):
    """Start the mock as compose.yaml has it."""

    def start() -> Served:
        command = [mounted(word, MOCK, tmp_path) for word in MOCK["command"]]
        assert command[0] == "serve"
        variables = {
            name: mounted(value, MOCK, tmp_path) for name, value in MOCK["environment"].items()
        }
        return Served(*command[1:], **variables)

    return start


def application(served: Served, tmp_path: Path) -> list[str]:
    """Run the application as compose.yaml has it; its lines."""
    variables = {
        name: value.replace("http://mock:4010", served.root)
        for name, value in APP["environment"].items()
    }
    program, *words = (mounted(word, APP, tmp_path) for word in APP["command"])
    assert program == "python"
    done = subprocess.run(
        [sys.executable, "-I", *words],
        capture_output=True,
        text=True,
        env=environment(**variables),
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_application_finds_what_the_state_file_made_and_its_own_is_kept(compose, tmp_path):
    """It starts once the mock is healthy; what it made is there after the mock was made anew."""
    assert APP["depends_on"] == {"mock": {"condition": "service_healthy"}}
    with compose() as served:
        endpoint, said, created = application(served, tmp_path)
        assert served.stop()[0] == 0
    name = "tester/mistralai/Mixtral-8x7B-Instruct-v0.1-bb04c904"
    assert endpoint == f"STARTED {name}"
    assert said.startswith('You asked: "Hello!"')
    assert created.startswith("created tester/Qwen/Qwen2.5-7B-Instruct-Turbo-")
    with compose() as served:
        lines = application(served, tmp_path)
        assert served.stop()[0] == 0
    states = dict(line.split()[::-1] for line in lines if len(line.split()) == 2)
    assert states.keys() - {lines[-1].split()[-1]} >= {name, created.split()[-1]}
