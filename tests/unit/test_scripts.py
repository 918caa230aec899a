"""Scripts: which one answers a conversation, with which reply, and what is said when none does."""

import re
from dataclasses import replace

import pytest
from together_mock.core.conversation import Conversation
from together_mock.core.scripts import (
    Pattern,
    Script,
    ScriptReply,
    TextMatch,
    choose,
    closest,
    in_order,
    placeholders,
    render,
)

ASKED, MODEL = "devuser/Qwen/QwQ-32B-6e91d4a8", "Qwen/QwQ-32B"
TALK = Conversation(ASKED, MODEL, "Is the weather cold?", 2)
RESULT = TALK._replace(tool_result="-3 degrees")


def script(name="scr_1", *texts, **fields):
    """A script with replies of these texts."""
    replies = tuple(ScriptReply(text=text) for text in texts or ("yes",))
    return Script(id=name, replies=replies, **fields)


def said(scripts, talk=TALK, **hits):
    """The script that is chosen, and its text."""
    chosen = choose(in_order(scripts), hits, talk)
    return chosen and (chosen[0].id, chosen[1].text)


def regex(pattern):
    return TextMatch(regex=Pattern(pattern, lambda text: re.search(pattern, text) is not None))


@pytest.mark.parametrize(
    ("fields", "talk", "difference"),
    [
        ({}, TALK, ""),
        ({}, RESULT, ""),
        ({"model": "devuser/*"}, TALK, ""),
        ({"model": MODEL}, TALK, ""),
        ({"model": "Qwen/QwQ-??B"}, TALK, ""),
        (
            {"model": "qwen/*"},
            TALK,
            f'model does not match "qwen/*" (it was "{ASKED}", which is "{MODEL}")',
        ),
        (
            {"model": "a"},
            TALK._replace(asked="b", model="b"),
            'model does not match "a" (it was "b")',
        ),
        ({"last_user": TextMatch(equals="Is the weather cold?")}, TALK, ""),
        (
            {"last_user": TextMatch(equals="weather")},
            TALK,
            'last_user is not "weather" (it was "Is the weather cold?")',
        ),
        ({"last_user": TextMatch(contains="weather")}, TALK, ""),
        ({"last_user": TextMatch(contains="")}, TALK, ""),
        (
            {"last_user": TextMatch(contains="Weather")},
            TALK,
            'last_user does not contain "Weather" (it was "Is the weather cold?")',
        ),
        ({"last_user": regex("c.ld")}, TALK, ""),
        ({"last_user": regex("(?i)^is .*\\?$")}, TALK, ""),
        (
            {"last_user": regex("^cold")},
            TALK,
            'last_user does not match "^cold" (it was "Is the weather cold?")',
        ),
        ({"last_user": replace(regex("^Is"), contains="weather")}, TALK, ""),
        (
            {"last_user": TextMatch(equals="a", contains="b")},
            TALK,
            'last_user is not "a" and does not contain "b" (it was "Is the weather cold?")',
        ),
        ({"turn": 2}, TALK, ""),
        ({"turn": 1}, TALK, "turn is not 1 (it was 2)"),
        ({"no_tool_result": True}, TALK, ""),
        ({"no_tool_result": True}, RESULT, 'tool_result is not null (it was "-3 degrees")'),
        (
            {"no_tool_result": True},
            TALK._replace(tool_result=""),
            'tool_result is not null (it was "")',
        ),
        ({"tool_result": regex("-?[0-9]+")}, RESULT, ""),
        (
            {"tool_result": TextMatch(contains="warm")},
            RESULT,
            'tool_result does not contain "warm" (it was "-3 degrees")',
        ),
        (
            {"tool_result": regex(".*")},
            TALK,
            'tool_result does not match ".*" (there was none)',
        ),
        ({"times": 1}, TALK, ""),
    ],
)
def test_what_a_script_asks_for(fields, talk, difference):
    """Each condition holds, or is what differs; what is not asked for does not matter."""
    one = script(**fields)
    assert (choose([one], {}, talk) is None) == bool(difference)
    assert closest([one], {}, talk) == f"scr_1: {difference}"


def test_the_highest_priority_goes_first_then_the_one_added_first():
    """Scripts that do not match are passed over."""
    first, second = script("first", priority=1), script("second", priority=1)
    low, lowest = script("low"), script("lowest", priority=-1)
    assert said([lowest, low, first, second]) == ("first", "yes")
    assert said([lowest, low, second, first]) == ("second", "yes")
    assert said([lowest, low]) == ("low", "yes")
    assert said([script("other", turn=7, priority=9), lowest]) == ("lowest", "yes")
    assert said([]) is None


def test_a_script_is_spent_after_its_times():
    """Then the next one is asked; the others' counts do not matter."""
    once, always = script("once", times=1, priority=1), script("always")
    assert said([once, always])[0] == "once"
    assert said([once, always], once=1)[0] == "always"
    assert said([once, always], always=5)[0] == "once"
    assert said([once], once=1) is None
    assert [once.remaining(hits) for hits in (0, 1, 2)] == [1, 0, 0]
    assert always.remaining(7) is None


def test_replies_come_in_order_and_the_last_one_repeats():
    """One a matching call."""
    several = script("scr", "a", "b", "c")
    assert [said([several], scr=hits)[1] for hits in range(5)] == ["a", "b", "c", "c", "c"]


def test_the_closest_scripts_are_told_with_the_fewest_differences_first():
    """At most so many, those that tie in their order; what is spent says so."""
    far = script("far", turn=9, last_user=TextMatch(equals="x"), priority=3)
    near, spent = script("near", turn=1), script("spent", times=2)
    farthest = script("farthest", model="a", turn=9, last_user=TextMatch(equals="x"))
    tried = in_order([far, near, spent, farthest])
    assert closest(tried, {"spent": 2}, TALK) == (
        "near: turn is not 1 (it was 2); "
        "spent: was used 2 of 2 times; "
        'far: last_user is not "x" (it was "Is the weather cold?"), turn is not 9 (it was 2)'
    )
    assert closest(tried, {"spent": 2}, TALK, most=1) == "near: turn is not 1 (it was 2)"


def test_long_texts_are_cut_and_lines_are_kept_together():
    """The message is one line that somebody can read."""
    one = script(last_user=TextMatch(contains="x" * 81))
    told = closest([one], {}, TALK._replace(last_user='"é"\n' + "y" * 1000))
    assert told == (
        f'scr_1: last_user does not contain "{"x" * 80}..." (it was "\\"é\\"\\n{"y" * 76}...")'
    )
    exact = closest([script(last_user=TextMatch(equals="x" * 80))], {}, TALK)
    assert f'"{"x" * 80}"' in exact


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Cold.", "Cold."),
        ("{{ last_user }} Yes.", "Is the weather cold? Yes."),
        ("{{last_user}}{{  turn\n}}", "Is the weather cold?2"),
        ("{{ model }}", ASKED),
        ("{{{ turn }}}", "{2}"),
        ("{ turn } {{ turn }", "{ turn } {{ turn }"),
        ('{"a": {"b": {}}}', '{"a": {"b": {}}}'),
    ],
)
def test_placeholders_are_filled_in(text, filled):
    """In the text and the reasoning, with or without blanks; other braces are texts."""
    reply = render(ScriptReply(text=text, reasoning=text), TALK)
    assert (reply.text, reply.reasoning, reply.chunks) == (filled, filled, ())


def test_what_is_filled_in_is_not_filled_in_again():
    """A user may say what looks like a placeholder."""
    talk = TALK._replace(last_user="{{ turn }} {{ unknown }}")
    assert render(ScriptReply(text="{{ last_user }}"), talk).text == "{{ turn }} {{ unknown }}"


def test_chunks_are_filled_in_one_by_one():
    """They make up the text; one that turns out empty is not sent, and one in two pieces stays."""
    talk = TALK._replace(last_user="")
    reply = render(ScriptReply(chunks=("{{ turn }}", "{{ last_user }}", "{", "{ turn }}")), talk)
    assert reply.chunks == ("2", "{", "{ turn }}")
    assert reply.text == "2{{ turn }}"


def test_a_literal_text_stays_as_it_is():
    """JSON is no template; its reasoning is."""
    reply = ScriptReply(text='["{{ turn }}"]', reasoning="{{ turn }}", literal=True)
    assert render(reply, TALK) == ScriptReply(text=reply.text, reasoning="2", literal=True)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("{{ a }}{{b}} {{ c.d | e }}", ["a", "b", "c.d | e"]),
        ("{{}} {{ \n }}", ["", ""]),
        ("{{a}", []),
        ("{{{{", []),
        ("{{" * 50_000, []),
    ],
)
def test_placeholders_are_found(text, names):
    """Whatever stands between double braces, known or not."""
    assert placeholders(text) == names
