"""The chat programs that the service's documents print, with nothing changed but the environment.

`scripts/examples/` holds them as they are printed; where a page shows the same thing in Python,
TypeScript and with curl, there are three files.
"""

import json
import re

import pytest
from clients import environments
from clients.processes import Client
from clients.scripts.questions import DEEPSEEK, THINKER
from clients.third_party import SCRIPTS, aimed, said
from support import MIXTRAL

EXAMPLES = SCRIPTS / "examples"
RELEASES = ("1.5.35", "2.42.0", "3.1.1")
LLAMA_8B = "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo"
NEW_YORK = "What are some fun things to do in New York?"
NUMBERS = "Which number is bigger 9.9 or 9.11?"
NAMED = "tester/mistralai/Mixtral-8x7B-Instruct-v0.1-bb04c904"
TASKS = [
    "Produce python snippet to check to see if a number is prime or not.",
    "Plan and provide a short itenary for a 2 week vacation in Europe.",
    "Write a short story about a dragon and a knight.",
]
ROUTES = {
    "Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8",
    "Gryphe/MythoMax-L2-13b",
    "Qwen/Qwen3-Next-80B-A3B-Thinking",
}

# What each example prints, whatever it is written in.
PRINTED = {
    "single_query": said(NEW_YORK, LLAMA_8B),
    "conversation": said("That sounds fun! Where is it?", LLAMA_8B, turn=2),
    "system_prompt": said(NEW_YORK, LLAMA_8B),
    "streaming": said(NEW_YORK, LLAMA_8B),
    "gather": "\n".join(
        said(question, MIXTRAL)
        for question in (
            "What are the top things to do in San Francisco?",
            "What country is Paris in?",
        )
    ),
    "endpoint": said("Hello!", MIXTRAL),
}


@pytest.fixture
def named(project):
    """The endpoint that the examples know by name."""
    entry = {"model": MIXTRAL, "hardware": "2x_nvidia_h100_80gb_sxm", "state": "STARTED"}
    endpoints = [{"id": "endpoint-1", "name": NAMED, **entry}]
    answer = project.put_state({"endpoints": endpoints})
    assert answer.status_code == 200, answer.text


@pytest.fixture(params=RELEASES)
def python(request, project, tmp_path):
    """Run an example with a generation of the Python SDK."""
    environment = f"together-{request.param}"
    made = Client(environments.python(environment), tmp_path, project.root, project.key)
    where = aimed(environment, project.root, project.key)
    return lambda name: made.run("python", EXAMPLES / f"{name}.py", **where)


@pytest.fixture
def typescript(node_program):
    """Run an example with the TypeScript SDK."""
    return lambda name: node_program("node-examples", f"examples/{name}.mts")


@pytest.fixture
def curl(project, tmp_path):
    """Run an example with curl."""
    made = Client(EXAMPLES, tmp_path, project.root, project.key)
    return lambda name: made.run("/bin/sh", EXAMPLES / f"{name}.sh")


def check_thinking(text, answer):
    """Hold a text against an answer with thoughts before it."""
    assert text.endswith(answer)
    assert text != answer


@pytest.mark.parametrize("name", PRINTED)
def test_python(named, python, name):
    """An example in Python."""
    ran = python(name)
    assert (ran.status, ran.out) == (0, PRINTED[name]), ran.err


@pytest.mark.parametrize("name", sorted(PRINTED.keys() - {"gather"}))
def test_typescript(named, typescript, name):
    """The same in TypeScript."""
    ran = typescript(name)
    assert (ran.status, ran.out) == (0, PRINTED[name]), ran.err


@pytest.mark.parametrize("name", sorted(PRINTED.keys() - {"gather", "streaming"}))
def test_curl(named, curl, name):
    """The same with curl."""
    ran = curl(name)
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["choices"][0]["message"]["content"] == PRINTED[name]


def test_curl_streaming(curl):
    """A stream as it is on the wire."""
    ran = curl("streaming")
    *events, done = ran.out.splitlines()
    assert (ran.status, done) == (0, "data: [DONE]"), ran.err
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    told = [choice["delta"]["content"] for chunk in chunks for choice in chunk["choices"]]
    assert "".join(told) == PRINTED["streaming"]


def test_deepseek_in_python(python):
    """DeepSeek V3.1 without and with its thoughts."""
    ran = python("deepseek_stream")
    assert ran.out == said(NEW_YORK, DEEPSEEK)
    assert ran.status == 0, ran.err
    for name, question in (
        ("deepseek_thinking", NEW_YORK),
        ("deepseek_faq", "What is the most expensive sandwich?"),
    ):
        ran = python(name)
        check_thinking(ran.out, said(question, DEEPSEEK))
        assert ran.status == 0, ran.err


def test_deepseek_in_typescript(typescript):
    """The same in TypeScript."""
    ran = typescript("deepseek_stream")
    assert (ran.status, ran.out) == (0, said(NEW_YORK, DEEPSEEK)), ran.err
    ran = typescript("deepseek_thinking")
    assert ran.status == 0, ran.err
    check_thinking(ran.out, said(NEW_YORK, DEEPSEEK))


def test_think_aloud(python):
    """DeepSeek R1 thinks between tags in its answer."""
    ran = python("think_aloud")
    assert ran.status == 0, ran.err
    check_tags(ran.out)


def test_think_aloud_elsewhere(typescript, curl):
    """The same in TypeScript and with curl."""
    ran = typescript("think_aloud")
    assert ran.status == 0, ran.err
    check_tags(ran.out)
    answer = json.loads(curl("think_aloud").out)
    check_tags(answer["choices"][0]["message"]["content"])


def check_tags(text):
    """Hold a text against what DeepSeek R1 answers."""
    thoughts, _, answer = text.partition("</think>")
    assert thoughts.startswith("<think>")
    assert len(thoughts) > len("<think>")
    assert answer.strip() == said(NUMBERS, THINKER)


def test_router(python):
    """A workflow that lets one model choose the next, by a schema of the routes."""
    ran = python("router")
    assert ran.status == 0, ran.err
    _, *tasks = re.split(r"^Task \d: ", ran.out, flags=re.MULTILINE)
    assert len(tasks) == len(TASKS)
    for prompt, printed in zip(TASKS, tasks, strict=True):
        asked, _, line, *_ = printed.splitlines()
        route = line.removeprefix("Selected route:")
        assert (asked, route in ROUTES) == (prompt, True)
        assert re.search(r"^Reason: .+$", printed, re.MULTILINE)
        response = printed.partition("Response: ")[2]
        assert response.strip().endswith(said(prompt, route))


def test_router_in_typescript(typescript):
    """The same in TypeScript."""
    ran = typescript("router")
    assert ran.status == 0, ran.err
    _, *tasks = re.split(r"^Task \d: ", ran.out, flags=re.MULTILINE)
    assert len(tasks) == len(TASKS)
    for prompt, printed in zip(TASKS, tasks, strict=True):
        assert printed.startswith(prompt)
        assert any(printed.strip().endswith(said(prompt, route)) for route in ROUTES)


def test_tools(python):
    """A tool that the question asks for, called with what its parameters require."""
    ran = python("tools")
    name, _, arguments = ran.out.partition(" ")
    assert (ran.status, name) == (0, "GITHUB_STAR_A_REPOSITORY_FOR_THE_AUTHENTICATED_USER"), ran.err
    assert {key: type(value) for key, value in json.loads(arguments).items()} == {
        "owner": str,
        "repo": str,
    }
