"""The tables of README.md and docs/ that are made from the code: options, routes, fields, fidelity.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`. `python -m tables` (make docs)
writes them; `test_docs.py` holds every page against them.
"""

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path

import areas
import click
from pydantic import BaseModel
from together_mock import cli, pytest_plugin
from together_mock.api import document
from together_mock.api.control.metrics import METRICS, PREFIX, Kind
from together_mock.asgi import Application
from together_mock.bootstrap import build_world
from together_mock.services.catalog import Catalog
from together_mock.services.script_documents import MatchDocument, NewScript, TimingDocument
from together_mock.services.script_replies import ReplyDocument
from together_mock.settings import Settings
from together_mock.testing import MockClock, MockProject
from together_mock.testing.plugin import MARKER_TAKES

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_TABLE = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def options() -> str:
    """Every option of `serve`, with its variable and default."""
    rows = []
    for option in cli.commands.commands["serve"].params:
        if isinstance(option, click.Option):
            default = option.default if isinstance(option.default, str | int | float) else ""
            shown = "" if default == "" or option.is_flag or option.multiple else f"`{default}`"
            rows.append((f"`{option.opts[-1]}`", f"`{option.envvar}`", shown, option.help or ""))
    return _table(("option", "environment", "default", "what it does"), rows)


def routes(generation: str) -> str:
    """Every route of a generation, with the first sentence of its description."""
    world = build_world(Settings())
    try:
        paths = document.build(Application(world).api, generation)["paths"]
    finally:
        world.close()
    rows = [
        (f"`{method.upper()} {path}`", operation["description"].splitlines()[0])
        for path, item in paths.items()
        for method, operation in item.items()
    ]
    return _table(("route", "what it does"), rows)


def fidelity() -> str:
    """How many errors and behaviours of each grade there are in every area."""
    found = areas.counts(Catalog().fidelity())
    rows = [
        (area, *(str(grades[one] or "") for one in areas.GRADES)) for area, grades in found.items()
    ]
    sums = (str(sum(grades[one] for grades in found.values())) for one in areas.GRADES)
    return _table(("area", *areas.GRADES), [*rows, ("all", *sums)])


def base_urls() -> str:
    """Where each client is told the server's address, and how it is spelled there."""
    return _table(("client", "base URL", "read from"), BASE_URLS)


def behaviours() -> str:
    """Every behaviour of the catalogue, with its grade and source."""
    rows = [
        (row["behaviour"], row["grade"], row["source"])
        for row in Catalog().fidelity()["behaviours"]
    ]
    return _table(("behaviour", "grade", "source"), rows)


def errors() -> str:
    """Every error of the catalogue, with its grade and source."""
    rows = [
        (f"`{row['case']}`", str(row["status"]), row["message"], row["grade"], row["source"])
        for row in Catalog().fidelity()["errors"]
    ]
    return _table(("case", "status", "message", "grade", "source"), rows)


def scripts() -> str:
    """Every field of a script, with its default."""
    return _table(("field", "default", "what it says"), _fields(NewScript, ""))


def _fields(model: type[BaseModel], prefix: str) -> list[tuple[str, ...]]:
    rows = []
    for name, field in model.model_fields.items():
        path = prefix + (field.alias or name)
        plain = not field.is_required() and field.default_factory is None
        default = f"`{json.dumps(field.default)}`" if plain and field.default is not None else ""
        rows.append((f"`{path}`", default, field.description or ""))
        rows += _fields(_PARTS[path], f"{path}.") if path in _PARTS else []
    return rows


_PARTS = {"match": MatchDocument, "reply": ReplyDocument, "timing": TimingDocument}


def pytest_fixtures() -> str:
    """Every fixture of the plugin, with its scope."""
    found = [
        value
        for value in vars(pytest_plugin).values()
        if type(value).__name__ == "FixtureFunctionDefinition"
    ]
    rows = [
        (f"`{one.__name__}`", str(one._fixture_function_marker.scope), _first_paragraph(one))
        for one in found
    ]
    return _table(("fixture", "scope", "gives"), rows)


def pytest_options() -> str:
    """Every option of the plugin, in the three places where it may stand."""
    rows = [
        (
            f"`--together-mock-{name.replace('_', '-')}`",
            f"`TOGETHER_MOCK_{name.upper()}`",
            f"`together_mock_{name}`",
            text,
        )
        for name, (_, text) in pytest_plugin.OPTIONS.items()
    ]
    return _table(("option", "environment", "ini file", "what it does"), rows)


def pytest_marker() -> str:
    """Every argument of the marker."""
    rows = [(f"`{name}`", kind, text) for name, (_, kind, text) in MARKER_TAKES.items()]
    return _table(("argument", "takes", "what it does"), rows)


def members(owner: type) -> str:
    """Every public member of a class, as it is called, with what it is for."""
    rows = []
    for name, value in vars(owner).items():
        if name.startswith("_"):
            continue
        if isinstance(value, property):
            rows.append((f"`.{name}`", _first_paragraph(value)))
        elif inspect.isfunction(value):
            names = list(inspect.signature(value).parameters.values())[1:]
            shown = ", ".join(str(one.replace(annotation=one.empty)) for one in names)
            shown = shown.replace("*, ", "")
            rows.append((f"`.{name}({shown})`", _first_paragraph(value)))
    return _table(("member", "what it does"), rows)


def _first_paragraph(documented: object) -> str:
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


_ROOT_URL = "`http://127.0.0.1:4010`"
_V1_URL = "`http://127.0.0.1:4010/v1`"
# The walkthroughs of these clients export the same; `test_walkthroughs.py` compares them.
BASE_URLS = [
    ("`together` 3.x, `tg`", _ROOT_URL, "`TOGETHER_BASE_URL`"),
    (
        "`together` 1.x and 2.x, `client.beta` and `tg beta` of 2.x too",
        _V1_URL,
        "`TOGETHER_BASE_URL`",
    ),
    ("`together-ai` (npm)", _V1_URL, "`TOGETHER_BASE_URL`"),
    ("OpenAI clients", _V1_URL, "`OPENAI_BASE_URL`"),
    ("LangChain (`langchain-together`)", _V1_URL, "`TOGETHER_API_BASE`"),
    ("LiteLLM (`together_ai/…`)", _V1_URL, "`TOGETHER_AI_API_BASE`"),
    (
        "the 2024 API",
        _ROOT_URL + " and `/v0/…`, `/v1/…`; all of it below `/legacy` too",
        "the request",
    ),
]


def metrics() -> str:
    """Every metric, as a scraper sees it, with its labels."""
    rows = [
        (
            f"`{PREFIX}{name}{'_total' if one.kind is Kind.COUNTER else ''}`",
            one.kind.value,
            ", ".join(f"`{label}`" for label in one.labels),
            one.help,
        )
        for name, one in METRICS.items()
    ]
    return _table(("metric", "kind", "labels", "what it tells"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "options": options,
    "routes-v1": lambda: routes("v1"),
    "routes-v2": lambda: routes("v2"),
    "routes-legacy": lambda: routes("legacy"),
    "routes-control": lambda: routes("control"),
    "base-urls": base_urls,
    "fidelity": fidelity,
    "behaviours": behaviours,
    "errors": errors,
    "metrics": metrics,
    "scripts": scripts,
    "pytest-fixtures": pytest_fixtures,
    "pytest-options": pytest_options,
    "pytest-marker": pytest_marker,
    "pytest-project": lambda: members(MockProject),
    "pytest-clock": lambda: members(MockClock),
}


def written(page: str) -> str:
    """A page with its tables made anew."""
    return _TABLE.sub(lambda found: found[1] + TABLES[found[2]]() + found[3], page)


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    cells = (tuple(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


if __name__ == "__main__":
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        path.write_text(written(text), encoding="utf-8")
