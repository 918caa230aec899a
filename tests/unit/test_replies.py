"""What the fake model makes of a conversation: texts, tools, limits, caches, speeds."""

from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from together_mock.core import messages, replies, sampling, toolbox
from together_mock.core.catalog import Hardware
from together_mock.core.conversation import Conversation
from together_mock.core.latency import Gpu, Physics
from together_mock.core.prefixes import BLOCK, PrefixCache
from together_mock.core.requests import Tool
from together_mock.core.tokens import tokens
from unit.rows import MODEL


def talk(last_user="Hello", **values):
    """A conversation with the model "m"."""
    return Conversation(**{"asked": "me/m", "model": "m", "turn": 1, **values}, last_user=last_user)


def said(conversation, variant=0):
    """What is replied."""
    return "".join(replies.compose(conversation, variant))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("plain", "plain"),
        (None, ""),
        (5, ""),
        ([], ""),
        ([{"type": "text", "text": "a"}, {"type": "image_url"}, {"text": "b"}], "a b"),
        (["a", None, {"text": 5}], ""),
    ],
)
def test_the_text_of_a_content(content, text):
    """A string, or the text parts of a list; anything else has no text."""
    assert messages.text_of(content) == text


@given(st.text(), st.text(), st.integers(0, 200))
def test_a_reply_follows_from_its_arguments(model, asked, variant):
    """The same conversation, model and variant give the same text, which names the model."""
    conversation = talk(asked, model=model)
    assert said(conversation, variant) == said(conversation, variant)
    assert model in said(conversation, variant)


def test_a_reply_quotes_what_the_user_said_last():
    """In one line, cut when it is long."""
    assert said(talk("  second\n line ", turn=2)).startswith(
        'You asked: "second line" This is turn 2'
    )
    for words in (100, 400):
        long = said(talk("word " * words))
        assert '..."' in long
        assert len(long) < 300


@given(st.text(st.characters() | st.sampled_from(" \n\x1c\u2003")), st.integers(2, 9))
def test_a_quote_is_the_beginning_of_all_words(text, most):
    """With one blank between two, however many stand there."""
    plain = " ".join(text.split())
    cut = plain[:most].rstrip() + "..."
    assert replies._quoted(text, most) == f'"{plain if len(plain) <= most else cut}"'


def test_a_huge_text_is_not_taken_apart_to_quote_its_beginning():
    """Nor do blanks before it hide the beginning."""
    text = " " * 100_000 + "a b\n" * 4_000_000
    start = process_time()
    assert '"a b a b' in said(talk(text))
    assert process_time() - start < 0.1


def test_variants_differ():
    """Each variant says it in words of its own, the conversation's facts in all of them."""
    texts = [said(talk("Why?", turn=3), variant) for variant in range(replies.VARIANTS)]
    assert len(set(texts)) == replies.VARIANTS
    assert all('"Why?"' in text and "m" in text for text in texts)


def test_a_reply_to_a_tools_result_quotes_it():
    """The result is what the answer is about."""
    assert '"4 degrees"' in said(talk("Weather?", tool_result="4 degrees"))


def test_a_reply_names_the_media():
    """Pictures and sounds are counted."""
    assert 'You asked: "Look" (with 2 images)' in said(talk("Look", media="2 images"))


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ([], ""),
        (["text"], ""),
        (["image_url"], "1 image"),
        (["image_url", "image_url", "input_audio"], "2 images and 1 audio clip"),
        (["video_url", "audio_url", "image_url"], "1 video, 1 audio clip and 1 image"),
        (["hologram", 5], ""),
    ],
)
def test_media_in_words(kinds, words):
    """How many of which kind, in the order in which they came."""
    assert messages.media([{"type": kind} for kind in kinds]) == words


def test_more_effort_thinks_longer():
    """Low, medium and high differ; an unknown effort is medium."""
    lengths = [len(replies.think(talk(), effort)) for effort in ("low", "medium", "high")]
    assert lengths == sorted(set(lengths))
    assert replies.think(talk(), "strange") == replies.think(talk(), "medium")


def conversation(*roles):
    """Messages of these roles, each with its number as its text."""
    return [{"role": role, "content": str(number)} for number, role in enumerate(roles)]


@pytest.mark.parametrize(
    ("roles", "last", "turn", "result"),
    [
        ([], None, 0, None),
        (["system"], "0", 0, None),
        (["user"], "0", 1, None),
        (["system", "user", "assistant", "user"], "3", 2, None),
        (["user", "assistant", "tool"], "0", 1, "2"),
        (["user", "assistant", "tool", "tool"], "0", 1, "2\n3"),
        (["user", "assistant", "function"], "0", 1, "2"),
        (["user", "assistant", "tool", "user"], "3", 2, None),
    ],
)
def test_reading_a_conversation(roles, last, turn, result):
    """The last word of the user, the turn, and the results that wait for an answer."""
    told = conversation(*roles)
    spoken = messages.last_user(told)
    assert (spoken and spoken["content"]) == last
    assert messages.turn(told) == turn
    assert messages.tool_result(told) == result


def test_prompts_are_measured():
    """Text, frames, media and earlier calls all take up room."""
    bare = messages.prompt_tokens([{"role": "user", "content": "Hello"}])
    part = {"type": "text", "text": "Hello"}
    image = {"type": "image_url", "image_url": {"url": "data:"}}
    assert messages.prompt_tokens([{"role": "user", "content": [part]}]) == bare
    seen = messages.prompt_tokens([{"role": "user", "content": [part, image]}])
    assert seen == bare + messages.MEDIA_TOKENS["image_url"]
    called = {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1"}]}
    assert messages.prompt_tokens([called]) > messages.prompt_tokens([{"role": "assistant"}])


WEATHER = Tool("get_weather", "Look up the weather", {"properties": {"city": {}}}, "tools.0")
CLOCK = Tool("currentTime", "What time it is somewhere", {"properties": {"zone": {}}}, "tools.1")
MATHS = Tool("multiply", "Multiply two integers", None, "tools.2")
TOOLS = (WEATHER, CLOCK, MATHS)


@pytest.mark.parametrize(
    ("said", "choice", "names"),
    [
        ("What's the weather in Oslo?", "auto", ["get_weather"]),
        ("WEATHER and time, please", "auto", ["get_weather", "currentTime"]),
        ("Which city is this?", "auto", ["get_weather"]),
        ("Two integers: 3 and 4", "auto", ["multiply"]),
        ("Hello!", "auto", []),
        ("", "auto", []),
        ("Hello!", "required", ["get_weather"]),
        ("The time?", "required", ["currentTime"]),
        ("The time?", "none", []),
        ("The time?", "=multiply", ["multiply"]),
    ],
)
def test_choosing_tools(said, choice, names):
    """Those whose names the words point to, else the best described; or as it is told."""
    chosen = toolbox.chosen(TOOLS, choice, said, parallel=True)
    assert [tool.name for tool in chosen] == names
    one = toolbox.chosen(TOOLS, choice, said, parallel=False)
    assert [tool.name for tool in one] == names[:1]


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=3), max_size=4))
def test_stop_strings_end_the_text(text, stops):
    """What is left is the text before the first of them."""
    pieces = sampling.stopped(tokens(text), stops)
    places = [text.find(stop) for stop in stops if stop in text]
    assert "".join(pieces) == (text[: min(places)] if places else text)
    assert all(pieces)


@given(st.integers(0, 2**63), st.integers(0, 500), st.text(min_size=1), st.integers(1, 20))
def test_log_probabilities(seed, position, piece, most):
    """The sampled token is the likeliest; the others follow in order, each once."""
    found = sampling.alternatives(seed, position, piece, most)
    values = [value for _, value in found]
    assert found[0] == (piece, sampling.logprob(seed, position, piece))
    assert values == sorted(values, reverse=True)
    assert len({token for token, _ in found}) == len(found) == most
    assert all(value <= 0 for value in values)


def test_a_prompt_cache_finds_common_beginnings():
    """Whole blocks only, by owner, and not what follows a difference."""
    cache = PrefixCache()
    text = "".join(chr(33 + number % 90) * 7 for number in range(400))
    assert cache.look("a", text) == 0
    whole = len(text) // BLOCK * BLOCK
    assert cache.look("a", text) == whole
    assert cache.look("a", text + "more" * BLOCK) == whole
    assert cache.look("b", text) == 0
    changed = text[:BLOCK] + "?" + text[BLOCK:]
    assert cache.look("a", changed) == BLOCK
    assert cache.look("a", "!" + text) == 0
    assert cache.look("a", "short") == cache.look("a", "short") == 0


def test_a_prompt_cache_forgets_the_longest_unused():
    """Its size is bounded."""
    cache = PrefixCache(most=2)
    first, second, third = ("x" * BLOCK, "y" * BLOCK, "z" * BLOCK)
    cache.look("a", first)
    cache.look("a", second)
    assert cache.look("a", first) == BLOCK
    cache.look("a", third)
    assert cache.look("a", first) == BLOCK
    assert cache.look("a", second) == 0


PHYSICS = Physics({"fast": Gpu(4000, 1000), "slow": Gpu(1000, 250)}, 0.5, 0.5, 0.05, 2.0, 32)


def model(billions):
    """A model of so many parameters."""
    return replace(MODEL, parameters_billion=billions)


def hardware(gpu, count):
    """So many of a GPU."""
    return Hardware("h", gpu, "sxm", 80, count, 0, listed=True)


def test_speed_follows_size_and_hardware():
    """Twice the model takes twice as long a token, twice the GPUs half as long."""
    small = PHYSICS.pace(model(7), hardware("slow", 1), 100)
    large = PHYSICS.pace(model(70), hardware("slow", 1), 100)
    assert small.each == pytest.approx(7 * 2 / 500)
    assert large.each == pytest.approx(10 * small.each)
    assert PHYSICS.pace(model(7), hardware("slow", 2), 100).each == pytest.approx(small.each / 2)
    assert PHYSICS.pace(model(7), hardware("fast", 1), 100).each == pytest.approx(small.each / 4)
    faster = PHYSICS.pace(model(7), hardware("slow", 1), 100, speculative=True)
    assert faster.each == pytest.approx(small.each / 2)
    assert faster.first == small.first


def test_the_first_token_waits_for_the_prompt():
    """A longer prompt takes longer to read; nothing is faster than the overhead."""
    firsts = [PHYSICS.pace(model(7), hardware("fast", 1), size).first for size in (0, 100, 9000)]
    assert firsts == sorted(set(firsts))
    assert firsts[0] > PHYSICS.overhead_seconds


def test_company_slows_down():
    """A batch of 32 more on the replica halves the speed."""
    alone = PHYSICS.pace(model(7), hardware("fast", 1), 100)
    crowded = PHYSICS.pace(model(7), hardware("fast", 1), 100, beside=32)
    assert crowded.each == pytest.approx(2 * alone.each)
    assert crowded.first > alone.first
