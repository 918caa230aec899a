"""The counts of the tokenizer against those of real ones, which bring their vocabularies along."""

# ruff: noqa: RUF001 - other scripts have letters that look like those of ours

import argparse
import ast
import asyncio.base_events
import dataclasses
import email.message
import inspect
import json
import os
import statistics
import subprocess
import textwrap
import typing
import uuid
from pathlib import Path
from types import ModuleType

import pytest
from clients import environments
from clients.environments import ROOT
from together_mock.core.tokens import count_tokens

Counts = dict[str, dict[str, int]]
SCRIPT = Path(__file__).parent / "scripts" / "count_tokens.cjs"
# What English and code may differ by, and what other languages may, whose words are split by
# length alone.
ALLOWED, ALLOWED_ABROAD = 0.25, 0.35
# Characters of a text: more of it tells no more.
ENOUGH = 60_000

SOURCES = (argparse, asyncio.base_events, dataclasses, email.message, inspect, json.decoder, typing)
DOCUMENTED = (argparse, asyncio.base_events, inspect, statistics, textwrap, typing)
PAGES = ("LICENSE", "README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/fidelity.md")
DATA = ("fixtures/errors.json", "fixtures/models.json", "openapi/v1.yaml")
SCRIPTS = ("tests/clients/scripts/node.cjs", "tests/clients/scripts/count_tokens.cjs")

# The first article of the Universal Declaration of Human Rights.
ARTICLE = {
    "Arabic": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا "
    "وعليهم أن يعامل بعضهم بعضا بروح الإخاء.",
    "Chinese": "人人生而自由,在尊严和权利上一律平等。"
    "他们赋有理性和良心,并应以兄弟关系的精神相对待。",
    "French": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont "
    "doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit "
    "de fraternité.",
    "German": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit "
    "Vernunft und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen.",
    "Greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. "
    "Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με "
    "πνεύμα αδελφοσύνης.",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त "
    "है। उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है और परस्पर "
    "उन्हें भाईचारे के भाव से बर्ताव करना चाहिए।",
    "Japanese": "すべての人間は、生まれながらにして自由であり、かつ、"
    "尊厳と権利とについて平等である。"
    "人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。",
    "Korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 "
    "천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.",
    "Polish": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. "
    "Są oni obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    "Portuguese": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. "
    "Dotados de razão e de consciência, devem agir uns para com os outros em espírito de "
    "fraternidade.",
    "Russian": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они "
    "наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.",
    "Spanish": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados "
    "como están de razón y conciencia, deben comportarse fraternalmente los unos con los otros.",
    "Turkish": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana "
    "sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.",
    "Vietnamese": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. "
    "Mọi con người đều được tạo hoá ban cho lý trí và lương tâm và cần phải đối xử với nhau "
    "trong tình bằng hữu.",
}


def read(path: str | Path) -> str:
    """A file, or as much of it as is enough."""
    return (ROOT / path).read_text(encoding="utf-8")[:ENOUGH]


def docstrings(module: ModuleType) -> str:
    """What a module of the standard library says about itself in English."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if type(node) in kinds]
    return "\n\n".join(filter(None, map(ast.get_docstring, nodes)))[:ENOUGH]


def log_lines() -> str:
    """Dates, UUIDs, durations and nested blanks, as logs have them."""
    return "\n".join(
        f"2026-{1 + n % 12:02}-{1 + n % 28:02}T10:{n % 60:02}:07Z INFO {uuid.UUID(int=n * 7**40)}\n"
        f"{' ' * (n % 9)}took {n * 37 % 1000 / 7:.3f} ms,{chr(9) * (n % 3)} sent {n**3} bytes"
        for n in range(1, 200)
    )


ENGLISH = {
    **{path: read(path) for path in PAGES},
    **{f"docstrings of {module.__name__}": docstrings(module) for module in DOCUMENTED},
}
CODE = {
    **{module.__name__: inspect.getsource(module)[:ENOUGH] for module in SOURCES},
    **{path: read(path) for path in (*DATA, *SCRIPTS)},
    "log lines": log_lines(),
}


@pytest.fixture(scope="module")
def real() -> Counts:
    """What the tokenizers of Llama 3, GPT-4 and GPT-4o count in each text."""
    executable, modules = environments.node("node-tokenizers")
    done = subprocess.run(
        [executable, SCRIPT],
        input=json.dumps({**ENGLISH, **CODE, **ARTICLE}),
        capture_output=True,
        text=True,
        env={**os.environ, "NODE_PATH": str(modules)},
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("vocabulary", ["llama3", "cl100k", "o200k"])
@pytest.mark.parametrize("name", [*ENGLISH, *CODE])
def test_english_and_code(real, name, vocabulary):
    """The counts are within a quarter of those of every real tokenizer."""
    ours = count_tokens({**ENGLISH, **CODE}[name])
    assert ours == pytest.approx(real[name][vocabulary], rel=ALLOWED)


@pytest.mark.parametrize("language", ARTICLE)
def test_other_languages(real, language):
    """The counts are near those of Llama 3, whose vocabulary has the words of many languages."""
    ours = count_tokens(ARTICLE[language])
    assert ours == pytest.approx(real[language]["llama3"], rel=ALLOWED_ABROAD)
