"""How texts are split into tokens: as real models do, without loss, the same everywhere."""

from hashlib import blake2b
from threading import Event, Thread
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from together_mock.core import tokens as module
from together_mock.core.tokens import count_tokens, token_id, tokens

# Lone surrogates and control characters included.
ANY = st.text(st.characters(), max_size=400)
AWKWARD = st.text(" \t\n\r_aZé1²٣.,'-\u2028\u4e2d\ud800\U0001f600", max_size=200)


@given(ANY | AWKWARD)
@example("")
@example("\r\n\t \n")
def test_tokens_joined_are_the_text(text):
    """Nothing is lost or added by splitting, and no token is empty."""
    pieces = tokens(text)
    assert "".join(pieces) == text
    assert all(pieces)
    assert count_tokens(text) == len(pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("The quick brown fox doesn't jump.", "The| quick| brown| fox| doesn|'t| jump|."),
        (" We've written the documentation.\n\n", " We|'ve| written| the| documentation|.\n\n"),
        ("an internationalization", "an| inter|natio|nali|zation"),
        ("for 1234567 dollars", "for| |123|456|7| dollars"),
        ("    return self.name\n", "   | return| self|.name|\n"),
        ("\n\n        if x:\n\t\tpass", "\n\n|       | if| x|:\n|\t|\tpass"),
        ("def _made_once(name: str):", "def| _|made|_once|(name|:| str|):"),
        ("getElementById parseHTTPHeader", "get|Element|By|Id| parse|HTTP|Header"),
        ("MAX_RETRY_COUNT = {'a': [1]}", "MAX|_RETRY|_COUNT| =| {'|a|':| [|1|]}"),
        ("# ------------ #\n", "#| ------------| #\n"),
        ("für größere Änderungen", "für| größe|re| Ände|rungen"),
        ("Привет, мир", "При|вет|,| мир"),
        ("我们吃饭。", "我们|吃|饭|。"),
        ("안녕하세요 여러분", "안녕|하세|요| 여러|분"),
        ("ok 👍🏽", "ok| |👍|🏽"),
    ],
)
def test_pieces(text, pieces):
    """Blanks go with words, common words stay whole, and the rest is cut as models cut it."""
    assert tokens(text) == tuple(pieces.split("|"))


def test_tokens_are_about_as_long_as_real_ones():
    """English prose comes out at three to six characters a token."""
    text = "The quick brown fox jumps over the lazy dog, 1234 times in a row. " * 20
    assert 3 <= len(text) / count_tokens(text) <= 6


def test_a_long_text_is_counted_as_a_short_one():
    """Texts that are too big to be kept are split by the same rules."""
    line = "Each line ends in a newline, so that no token spans two of them.\n"
    assert count_tokens(line * 100) == 100 * count_tokens(line)


@given(
    st.lists(AWKWARD | st.sampled_from(["-" * 70, " " * 140, "x" * 90, " internationally", "."]))
)
@example(["\n" * 400, "a" * 600, " " * 600, "-=" * 300])
def test_a_huge_text_is_split_in_parts_as_it_is_as_a_whole(units):
    """Where a part ends does not show."""
    text = "".join(units) * 4
    whole = tuple(module._TOKEN.findall(text))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_PART", 401)
        assert module._split(text) == whole
        assert module._count(text) == len(whole)


@pytest.mark.parametrize("work", [count_tokens, tokens])
def test_others_run_while_a_huge_text_is_split(work):
    """The engine lets no other thread run, so it is not given all of the text at once."""
    text = "The quick brown fox doesn't jump. " * 100_000
    done = Event()
    Thread(target=lambda: (work(text), done.set())).start()
    turns = 0
    while not done.wait(0.0001):
        turns += 1
    assert turns > 5


def test_tokens_do_not_depend_on_the_version_of_unicode():
    """Every character there is, in pairs with a letter too: the same pieces on each Python."""
    points = "".join(map(chr, range(0x110000)))
    letters = "a".join(map(chr, range(0x3000)))
    seen = blake2b(digest_size=8)
    for piece in (*tokens(points), *tokens(letters)):
        seen.update(piece.encode("utf-8", "surrogatepass") + b"\xff")
    assert seen.hexdigest() == "9327b6c83b722380"


@pytest.mark.parametrize(
    "unit",
    [
        "x",
        " ",
        "\n",
        "-",
        "é",
        "\ud800",
        "\U0001f600",
        " " * 200 + "x",
        "bcdfg" * 9 + "'",
        "\t .(_",
    ],
)
def test_the_time_is_linear(unit):
    """No text is slow: a million characters of junk take a fraction of a second."""
    text = unit * (1_000_000 // len(unit))
    start = process_time()
    assert count_tokens(text) > 0
    assert process_time() - start < 5


@given(ANY)
def test_token_ids(piece):
    """An id is one of a vocabulary of Llama 3, the same each time."""
    assert 0 <= token_id(piece) < 128_000
    assert token_id(piece) == token_id(piece)


def test_the_ids_of_long_pieces_are_not_kept():
    """A script can answer with pieces of a megabyte each."""
    before = module._id_of_short.cache_info().currsize
    assert token_id("x" * 100_000) == token_id("x" * 100_000)
    assert module._id_of_short.cache_info().currsize == before


def test_token_ids_are_the_same_everywhere():
    """Ids do not depend on the process or the platform."""
    assert [token_id(piece) for piece in ("", " the", "\n")] == [67535, 72754, 104717]
