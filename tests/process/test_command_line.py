"""The command line: options, their variables, the documents it prints, and what it refuses."""

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from contract.canonical import operations
from contract.conformance import CONTRACT
from process.serving import run
from together_mock import __version__, cli
from together_mock.runtime import process
from together_mock.settings import Settings
from together_mock.store.database import Database

# What is meant to be refused must not serve for ever instead.
pytestmark = pytest.mark.timeout(30)

# option -> what a flag says, what a variable says, and what each of them comes to
OPTIONS: dict[str, tuple[str, str, Any, Any]] = {
    "host": ("::1", "0.0.0.0", "::1", "0.0.0.0"),
    "port": ("0", "4711", 0, 4711),
    "database": ("a.db", "b.db", "a.db", "b.db"),
    "preset": ("instant", "manual", "instant", "manual"),
    "clock-rate": ("0", "60", 0.0, 60.0),
    "start-at": ("2026-01-01T00:00:00Z", "2027", "2026-01-01T00:00:00Z", "2027"),
    "seed": ("7", "8", 7, 8),
    "state": ("a.yaml", "b.yaml c.json", ("a.yaml",), ("b.yaml", "c.json")),
    "api-key": ("k=devuser", "one two=slug", ("k=devuser",), ("one", "two=slug")),
    "admin-token": ("secret", "hidden", "secret", "hidden"),
    "api": ("v1", "v1-retired", "v1", "v1-retired"),
    "v2-errors": ("rpc", "envelope", "rpc", "envelope"),
    "lenient": ("", "true", True, True),
    "fixtures": ("here", "there", "here", "there"),
    "ready-file": ("a.json", "b.json", "a.json", "b.json"),
    "log-level": ("debug", "error", "debug", "error"),
    "log-format": ("json", "text", "json", "text"),
}
# What the contract promises; the others are additions.
PROMISED = OPTIONS.keys() - {"fixtures", "v2-errors"}
FIELDS = {"api-key": "api_keys"}


def variable(option: str) -> str:
    return "TOGETHER_MOCK_" + option.replace("-", "_").upper()


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


Invoke = Callable[..., Ended]


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Invoke]:
    """Run the command line in this process, to its end."""
    root, ours = logging.getLogger(), logging.getLogger("together_mock")
    before = [*root.handlers], root.level, ours.level

    def invoke(*arguments: str | Path) -> Ended:
        monkeypatch.setattr("sys.argv", ["together-mock", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    yield invoke
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> Callable[..., dict[str, Any]]:
    """What `serve` would have been run with."""
    given: dict[str, Any] = {}

    def run(settings: Settings, ready_file: str | None, level: str, form: str) -> None:
        others = {"ready_file": ready_file, "log_level": level, "log_format": form}
        given.update(asdict(settings), **others)

    monkeypatch.setattr(process, "run", run)

    def settled(*arguments: str) -> dict[str, Any]:
        ended = invoke("serve", *arguments)
        assert (ended.status, ended.err) == (0, "")
        return given

    return settled


def test_without_options_the_defaults_of_the_contract_hold(settled):
    """127.0.0.1:4010, a private store, preset fast, the machine's pace, every key, both APIs."""
    assert settled() == asdict(Settings()) | {
        "host": "127.0.0.1",
        "port": 4010,
        "database": None,
        "preset": "fast",
        "clock_rate": 1.0,
        "start_at": None,
        "seed": 0,
        "state": (),
        "api_keys": (),
        "admin_token": None,
        "api": "both",
        "v2_errors": "envelope",
        "lenient": False,
        "ready_file": None,
        "log_level": "info",
        "log_format": "text",
    }


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_a_flag_a_variable_and_a_default(option, settled, monkeypatch):
    """The flag goes before the variable, the variable before the default."""
    flag, value, of_flag, of_variable = OPTIONS[option]
    field = FIELDS.get(option, option.replace("-", "_"))
    arguments = [f"--{option}", flag] if flag else [f"--{option}"]
    assert settled(*arguments)[field] == of_flag
    monkeypatch.setenv(variable(option), value)
    assert settled()[field] == of_variable
    assert settled(*arguments)[field] == of_flag


def test_no_option_is_left_out_here():
    """The table above has every option of `serve`."""
    options = {names.opts[0].removeprefix("--") for names in cli.serve.params}
    assert options == OPTIONS.keys()


def test_options_that_may_be_repeated_are_collected(settled):
    """Several --state and --api-key."""
    given = settled("--state", "a", "--state", "b", "--api-key", "k", "--api-key", "l=m")
    assert (given["state"], given["api_keys"]) == (("a", "b"), ("k", "l=m"))


def test_help_names_every_option_and_its_variable(invoke):
    """`serve --help` is the reference."""
    text = " ".join(invoke("serve", "--help").out.split())
    for option in PROMISED:
        assert re.search(rf"--{option}\b", text), option
        assert variable(option) in text


def test_help_names_the_commands(invoke):
    """`--help` and no command at all show the three commands."""
    for ended in (invoke("--help"), invoke()):
        for command in ("serve", "healthcheck", "openapi"):
            assert re.search(rf"^  {command} ", ended.out + ended.err, re.MULTILINE)


def test_the_version_is_printed(invoke):
    """For bug reports."""
    assert invoke("--version").out == f"together-mock, version {__version__}\n"


def test_the_documents_of_the_generations_are_printed(invoke):
    """`openapi --generation` prints what is served of one generation, without it all."""
    v1, control, everything = (
        json.loads(invoke("openapi", *arguments).out)
        for arguments in (["--generation", "v1"], ["--generation", "control"], [])
    )
    assert operations(v1) == operations(CONTRACT)
    assert "/_mock/health" in control["paths"]
    assert not v1["paths"].keys() & control["paths"].keys()
    assert v1["paths"].keys() | control["paths"].keys() <= everything["paths"].keys()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A database file as an earlier run left it."""
    file = tmp_path / "store.db"
    Database(str(file)).close()
    return file


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "http"),
        ("--port", "65536"),
        ("--preset", "slow"),
        ("--clock-rate", "-1"),
        ("--clock-rate", "nan"),
        ("--clock-rate", "fast"),
        ("--start-at", "tomorrow"),
        ("--seed", "x"),
        ("--api", "v3"),
        ("--log-level", "loud"),
        ("--log-format", "xml"),
        ("--host", "300.1.2.3"),
        ("--fixtures", "/no/such/directory"),
        ("--state", "/no/such/file"),
        ("--api-key", "k=a b"),
        ("--speed", "9"),
    ],
)
def test_a_bad_option_is_one_line_and_changes_nothing(invoke, store, option, value):
    """It names the option and the value; exit status 2; the database is as it was."""
    before = store.read_bytes()
    port = [] if option == "--port" else ["--port", "0"]
    refused = invoke("serve", "--database", store, *port, option, value)
    assert (refused.status, refused.out) == (2, "")
    [line] = refused.err.splitlines()
    assert line.startswith("together-mock: ")
    assert option in line
    assert value.removeprefix("k=") in line or option == "--speed"
    assert store.read_bytes() == before


TEXTS = (
    "host",
    "database",
    "start-at",
    "state",
    "api-key",
    "admin-token",
    "fixtures",
    "ready-file",
)


@pytest.mark.parametrize("option", TEXTS)
def test_an_empty_text_is_refused(invoke, tmp_path, monkeypatch, option):
    """`--database "$FILE"` without a FILE is one line that names the option; nothing is made."""
    monkeypatch.chdir(tmp_path)
    store = ["--database", "kept.db"] if option != "database" else []
    refused = invoke("serve", "--port", "0", *store, "--api-key", "k", f"--{option}", "")
    assert (refused.status, refused.out) == (2, "")
    [line] = refused.err.splitlines()
    assert line.startswith(f"together-mock: --{option}: ")
    assert "empty" in line or "''" in line
    assert list(tmp_path.iterdir()) == []


def test_every_text_is_among_those():
    """What takes a text that it does not choose from, and makes no number of it."""
    free = {one.opts[0].removeprefix("--") for one in cli.serve.params if one.type is click.STRING}
    assert free == set(TEXTS)


@pytest.mark.parametrize("listed", ["=", "=devuser", "=sk-secret"])
def test_a_key_that_is_missing_before_its_project_is_refused(invoke, tmp_path, listed):
    """`--api-key "$KEY=devuser"` without a KEY; what may be a key after all is not shown."""
    store = tmp_path / "new.db"
    refused = invoke("serve", "--port", "0", "--database", store, "--api-key", listed)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == (
        "together-mock: --api-key: the key is empty, and an empty one could never be sent\n"
    )
    assert not store.exists()


@pytest.mark.parametrize("option", ["database", "admin-token", "api-key"])
def test_an_empty_variable_is_one_that_is_not_set(settled, monkeypatch, option):
    """As compose files leave them: `${TOKEN:-}`."""
    monkeypatch.setenv(variable(option), "")
    field = FIELDS.get(option, option.replace("-", "_"))
    assert settled()[field] == asdict(Settings())[field]


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"hardware": 1}', '{"hardware": [{"id": "abacus"}]}']
)
def test_a_catalogue_of_another_form_is_refused(invoke, tmp_path, content):
    """A file of --fixtures that lacks what is needed: one line that names the directory."""
    (tmp_path / "hardware.json").write_text(content)
    refused = invoke("serve", "--port", "0", "--fixtures", tmp_path)
    assert (refused.status, refused.out) == (2, "")
    [line] = refused.err.splitlines()
    assert line.startswith(f"together-mock: --fixtures: {tmp_path}")


def test_a_bad_variable_is_named(invoke, monkeypatch):
    """The line says which variable the value came from."""
    monkeypatch.setenv("TOGETHER_MOCK_CLOCK_RATE", "fast")
    refused = invoke("serve")
    assert refused.status == 2
    assert "TOGETHER_MOCK_CLOCK_RATE" in refused.err
    assert "'fast'" in refused.err


GOOD = "{api_key: good, endpoints: []}"
BAD_DOCUMENTS = {
    "unknown field": ("{version: 1, endpoint: []}", "endpoint"),
    "nested field": (
        "{api_key: k, endpoints: [{model: m, hardware: h, gpu: 1}]}",
        "endpoints.0.gpu",
    ),
    "unknown hardware": ("{api_key: k, endpoints: [{model: m, hardware: abacus}]}", "abacus"),
    "for all": ("{endpoints: [{model: m, hardware: abacus}]}", "endpoints.0.hardware"),
    "no YAML": ("{api_key: [", "expected"),
    "no mapping": ("- a\n- b\n", "state"),
    "second document": (f"{GOOD}\n---\n{{version: 2}}", "version"),
}


@pytest.mark.parametrize("case", BAD_DOCUMENTS)
@pytest.mark.parametrize("new", [True, False])
def test_a_bad_state_file_is_one_line_and_changes_nothing(invoke, tmp_path, store, case, new):
    """It names the file and the field; nothing of the files before it is applied either."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(GOOD)
    document, named = BAD_DOCUMENTS[case]
    bad.write_text(document)
    file = tmp_path / "new.db" if new else store
    before = None if new else store.read_bytes()
    refused = invoke("serve", "--port", "0", "--database", file, "--state", good, "--state", bad)
    assert (refused.status, refused.out) == (2, "")
    [line] = refused.err.splitlines()
    assert line.startswith(f"together-mock: --state {bad}: ")
    assert named in line
    assert (file.read_bytes() if file.exists() else None) == before


def test_a_database_of_another_version_is_refused(store):
    """As a process: exit status 2, one line, nothing on standard output, the file untouched."""
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = store.read_bytes()
    refused = run("serve", "--port", "0", "--database", store)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"together-mock: --database: {store}: made by another version of together-mock "
        "(schema 9999, this one knows 0002)\n"
    )
    assert store.read_bytes() == before
