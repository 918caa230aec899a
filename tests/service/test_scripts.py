"""Scripts at work: which answers are counted, who is refused, and what a stop leaves of it."""

import json
import sqlite3
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from service.scenario import FakeTime
from support import START
from together_mock.bootstrap import build_world
from together_mock.core.conversation import Conversation
from together_mock.core.errors import MockError
from together_mock.core.scripts import ScriptCall, ScriptReply
from together_mock.services import scripts, snapshot, state
from together_mock.services.projects import Project, hash_of
from together_mock.services.script_documents import NewScript
from together_mock.services.world import World
from together_mock.settings import Settings

TALK = Conversation("devuser/echo", "Qwen/QwQ-32B", "Hello!", 1)


@contextmanager
def opened(file: Path | None = None) -> Iterator[tuple[World, Project]]:
    """A world on a frozen clock, and a project."""
    settings = Settings(database=file and str(file), start_at=START, clock_rate=0.0)
    world = build_world(settings, FakeTime())
    try:
        yield world, world.ensure_project(hash_of("scripts"))
    finally:
        world.close()


@pytest.fixture
def project() -> Iterator[tuple[World, Project]]:
    with opened() as pair:
        yield pair


def add(world: World, project: Project, **fields: Any) -> str:
    document = NewScript.model_validate({"reply": {"text": "{{ last_user }}"}, **fields})
    return scripts.add(world, project, document).script.id


def said(world: World, project: Project, talk: Conversation = TALK) -> str | None:
    scripted = scripts.scripted(world, project, [talk])[0]
    return scripted and scripted.reply.text


def hits(project: Project) -> list[int]:
    return [view.hits for view in scripts.list_(project)]


def test_a_project_without_scripts_is_left_alone(project):
    """Nothing is counted, and nothing waits to be stored."""
    world, its = project
    assert said(world, its) is None
    assert not its.has_activity


def test_replies_are_counted_and_given_in_order(project):
    """The list's last one repeats, `times` ends the script, and the next one goes on."""
    world, its = project
    add(world, its, reply=[{"text": "one"}, {"text": "two"}], times=3, priority=1)
    add(world, its)
    assert [said(world, its) for _ in range(5)] == ["one", "two", "two", "Hello!", "Hello!"]
    assert hits(its) == [3, 2]
    assert [view.remaining for view in scripts.list_(its)] == [0, None]


def test_a_reply_has_all_that_was_given(project):
    """JSON is compact, arguments are texts, and counts and times have the rules' own names."""
    world, its = project
    calls = [
        {"name": "a", "arguments": {"b": [1, "é"]}},
        {"name": "c", "arguments": "{", "id": "call_1"},
    ]
    reply = {
        "json": {"a": [1, None, "{{ turn }}"]},
        "tool_calls": calls,
        "reasoning": "{{ turn }}",
        "finish_reason": "length",
        "usage": {"prompt_tokens": 1, "cached_tokens": 0, "reasoning_tokens": None},
    }
    add(world, its, reply=reply, timing={"ttft": "200ms"})
    made = scripts.scripted(world, its, [TALK])[0]
    assert made.reply.text == '{"a":[1,null,"{{ turn }}"]}'
    assert made.reply.chunks == ()
    assert [tuple(call) for call in made.reply.tool_calls] == [
        ("a", '{"b":[1,"é"]}', None),
        ("c", "{", "call_1"),
    ]
    assert (made.reply.reasoning, made.reply.finish_reason) == ("1", "length")
    assert made.reply.usage == {"prompt": 1, "cached": 0}
    assert made.timing == (0.2, None, None)
    scripts.delete(world, its, None)
    add(world, its, reply={"chunks": ["a", "b"]}, timing={"tokens_per_second": 40})
    made = scripts.scripted(world, its, [TALK])[0]
    assert (made.reply.text, made.reply.chunks) == ("ab", ("a", "b"))
    assert made.timing == (0.0, 40, None)


def test_a_reply_may_have_every_field(project):
    """All of them are answered, but for the JSON, whose place the text has."""
    world, its = project
    reply = {
        "text": "Cold.",
        "tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}],
        "reasoning": "…",
        "json": {"a": 1},
        "finish_reason": "stop",
        "usage": {"completion_tokens": 12},
        "chunks": ["Co", "ld."],
    }
    add(world, its, reply=reply)
    assert scripts.scripted(world, its, [TALK])[0].reply == ScriptReply(
        text="Cold.",
        chunks=("Co", "ld."),
        reasoning="…",
        tool_calls=(ScriptCall("get_weather", '{"city":"Oslo"}'),),
        finish_reason="stop",
        usage={"completion": 12},
    )


@pytest.mark.parametrize(
    ("reply", "text", "chunks"),
    [
        ({"text": "Cold.", "json": {"a": 1}}, "Cold.", ()),
        ({"text": "", "json": {"a": 1}}, "", ()),
        ({"chunks": ["Co", "{{ turn }}"], "json": "{{ a }}"}, "Co1", ("Co", "1")),
        ({"text": "Cold.", "chunks": ["Co", "ld."], "json": {"a": 1}}, "Cold.", ("Co", "ld.")),
        ({"text": None, "chunks": None, "json": None}, "null", ()),
        ({"chunks": [], "json": {"a": 1}}, '{"a":1}', ()),
    ],
)
def test_json_is_the_content_where_there_is_no_other(project, reply, text, chunks):
    """A text goes first, then its pieces."""
    world, its = project
    add(world, its, reply=reply)
    made = scripts.scripted(world, its, [TALK])[0]
    assert (made.reply.text, made.reply.chunks) == (text, chunks)


def test_what_no_script_matches_is_refused_where_one_is_strict(project):
    """With the closest ones; without a strict one the model answers by itself."""
    world, its = project
    other = add(world, its, match={"turn": 7})
    assert said(world, its) is None
    strict = add(world, its, match={"last_user": {"contains": "weather"}}, strict=True)
    with pytest.raises(MockError) as refusal:
        said(world, its)
    assert refusal.value.case == "no_script_matches"
    assert refusal.value.values["closest"] == (
        f"{other}: turn is not 7 (it was 1); "
        f'{strict}: last_user does not contain "weather" (it was "Hello!")'
    )
    assert hits(its) == [0, 0]
    assert said(world, its, TALK._replace(last_user="The weather?")) == "The weather?"
    scripts.delete(world, its, strict)
    assert said(world, its) is None


def test_conversations_that_come_as_one_are_counted_one_after_the_other(project):
    """The later ones see the hits of the earlier ones; what nothing matches stays in its place."""
    world, its = project
    add(world, its, reply=[{"text": "one"}, {"text": "two"}], times=3, match={"turn": 1})
    told = scripts.scripted(world, its, [TALK, TALK._replace(turn=2), TALK, TALK, TALK])
    assert [each and each.reply.text for each in told] == ["one", None, "two", "two", None]
    assert hits(its) == [3]
    assert scripts.scripted(world, its, []) == []
    scripts.delete(world, its, None)
    assert scripts.scripted(world, its, [TALK, TALK]) == [None, None]


def test_of_conversations_that_come_as_one_a_refused_one_leaves_none_counted(project):
    """They are answered together or not at all."""
    world, its = project
    only = add(world, its, times=2, strict=True)
    with pytest.raises(MockError) as refusal:
        scripts.scripted(world, its, [TALK] * 3)
    assert refusal.value.values == {"closest": f"{only}: was used 2 of 2 times"}
    assert hits(its) == [0]
    assert not its.has_activity
    assert said(world, its) == "Hello!"


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|aa)+$", "^(?:a*)*$", "[ab]*a[ab]{20}$", "(.*a){12}$", "^(a?){30}a{30}$"],
)
def test_no_pattern_takes_longer_than_the_text(project, pattern):
    """The engine tries no way twice; a text of a megabyte has its answer at once."""
    world, its = project
    add(world, its, match={"last_user": {"regex": pattern}})
    assert said(world, its, TALK._replace(last_user="a" * 1_000_000 + "!")) is None


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("", "", True),
        ("c.ld", "Is it cold?", True),
        ("^it", "Is it cold?", False),
        ("(?i)^IS ", "Is it cold?", True),
        ("(?m)^it", "Is\nit cold?", True),
        ("(?s)Is.it", "Is\nit", True),
        ("Is.it", "Is\nit", False),
        ("cold$", "cold\n", False),
        (r"\bcold\b", "a cold day", True),
        (r"-[0-9]+(\.\d)?", "-3.5 degrees", True),
        (r"^\p{Lu}\p{Ll}+$", "Ørsta", True),
        ("[[a]", "[", True),
        ("(?P<where>Oslo|Bergen)", "in Bergen", True),
        ("a", "\ud800", False),
    ],
)
def test_the_dialect_of_patterns(project, pattern, text, found):
    """They are found anywhere; a text that is none matches nothing, and nothing is warned of."""
    world, its = project
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add(world, its, match={"last_user": {"regex": pattern}}, reply={"text": "yes"})
    assert said(world, its, TALK._replace(last_user=text)) == ("yes" if found else None)


def test_a_pattern_serves_every_thread(project):
    """Requests are answered by several."""
    world, its = project
    add(world, its, match={"last_user": {"regex": "^H.*o!$"}})
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(lambda _: said(world, its), range(100))] == ["Hello!"] * 100


def test_a_spent_strict_script_is_strict_still(project):
    """One call more than was written is an error that a test wants to see."""
    world, its = project
    spent = add(world, its, times=1, strict=True)
    assert said(world, its) == "Hello!"
    with pytest.raises(MockError) as refusal:
        said(world, its)
    assert refusal.value.values == {"closest": f"{spent}: was used 1 of 1 times"}


def test_a_hit_asks_to_be_flushed_within_a_second(project):
    """As requests do, also when it is the only thing that is noted."""
    world, its = project
    add(world, its)
    asked: list[float] = []
    world.wake = asked.append
    for _ in range(3):
        said(world, its)
    assert asked == [world.real_now() + 1]
    assert its.has_activity
    world.tick()
    assert not its.has_activity
    said(world, its)
    assert len(asked) == 2


def test_removing_a_script_forgets_its_hits_alone(project):
    """Nothing is left to be stored, and the others go on counting."""
    world, its = project
    first, second = add(world, its), add(world, its, priority=1, times=2)
    for _ in range(3):
        said(world, its)
    scripts.delete(world, its, first)
    assert hits(its) == [2]
    assert its.script_hits == {second: 2}
    assert not its.has_activity


def test_a_put_and_a_reset_start_to_count_anew(project):
    """From what the document says; the scripts of before answer no more."""
    world, its = project
    add(world, its, reply={"text": "before"})
    said(world, its)
    document = {"scripts": [{"reply": {"text": "put"}, "times": 2, "hits": 1}]}
    state.put(world, its, document)
    assert [said(world, its), said(world, its)] == ["put", None]
    assert hits(its) == [2]
    state.put(world, its, snapshot.show(world, its))
    assert hits(its) == [2]
    state.reset(world, its, ["scripts"])
    assert (hits(its), said(world, its)) == ([], None)
    assert not its.has_activity


def test_hits_outlive_the_process(tmp_path):
    """A flush stores them, a clean stop the last of them, and the next process goes on."""
    file = tmp_path / "store.db"
    with opened(file) as (world, its):
        script = add(world, its, reply=[{"text": "one"}, {"text": "two"}, {"text": "three"}])
        said(world, its)
        world.tick()
        with closing(sqlite3.connect(file)) as store:
            (stored,) = store.execute("SELECT script_hits FROM project").fetchone()
        assert json.loads(stored) == {script: 1}
        said(world, its)
    with opened(file) as (world, its):
        assert hits(its) == [2]
        assert not its.has_activity
        assert said(world, its) == "three"


def test_a_failed_unit_of_work_changes_no_script(project):
    """Scripts and hits are as they were."""
    world, its = project
    add(world, its)
    said(world, its)
    before = snapshot.show(world, its)
    bad = {"scripts": [{"reply": {}}], "endpoints": [{"model": "x", "hardware": "nope"}]}
    with pytest.raises(MockError):
        state.put(world, its, bad)
    assert snapshot.show(world, its) == before
    assert said(world, its) == "Hello!"


def test_no_hit_is_lost_or_counted_twice_among_threads(project):
    """Each of many calls at once gets a reply of its own, while scripts come and go."""
    world, its = project
    numbers = [{"text": str(number)} for number in range(200)]
    add(world, its, reply=numbers, times=200, priority=1)
    replies: list[str | None] = []

    def call() -> None:
        replies.extend([said(world, its) for _ in range(50)])

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        scripts.delete(world, its, add(world, its, match={"turn": 9}))
    for thread in threads:
        thread.join()
    assert sorted(map(int, replies)) == list(range(200))
    assert hits(its) == [200]
