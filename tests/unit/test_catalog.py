"""Which hardware a model can run on, how things are named, and what the fake model says."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from together_mock.core import names, replies
from together_mock.core.catalog import Eligibility, Hardware, Model

RULE = Eligibility(overhead=1.2, gpu_types=frozenset({"h100-80gb"}))
H100 = Hardware("1x_h100", "h100-80gb", "sxm", 80, 1, Decimal(9), listed=True)
MODEL = Model(
    id="m",
    display_name="M",
    organization=None,
    type="chat",
    context_length=0,
    serverless=False,
    dedicated=True,
    parameters_billion=33.0,
    bytes_per_parameter=2,
    hardware=None,
    engine="tie",
    pricing={},
    created=0,
    license=None,
    link=None,
)


@pytest.mark.parametrize(
    ("billion", "size", "gpus", "fits"),
    [
        (33.3, 2, 1, True),  # 79.92 GB
        (33.4, 2, 1, False),  # 80.16 GB
        (33.4, 2, 2, True),
        (33.4, 1, 1, True),
        (66.6, 1, 1, True),
        (70.6, 2, 2, False),  # 169.44 GB
        (70.6, 2, 4, True),
        (1000, 0.5, 8, True),
        (1000, 1, 8, False),
        (0, 2, 1, True),
    ],
)
def test_weights_with_overhead_have_to_fit(billion, size, gpus, fits):
    """Parameters times bytes times overhead within the memory of all GPUs."""
    model = replace(MODEL, parameters_billion=billion, bytes_per_parameter=size)
    assert RULE.allows(model, replace(H100, gpu_count=gpus)) is fits


@pytest.mark.parametrize(
    ("hardware", "allowed"),
    [
        (H100, True),
        (replace(H100, listed=False), False),
        (replace(H100, gpu_type="l40-48gb"), False),
        (replace(H100, gpu_memory=40), False),
    ],
)
def test_hardware_has_to_be_listed_and_of_a_known_type(hardware, allowed):
    """Memory alone does not make hardware eligible."""
    assert RULE.allows(MODEL, hardware) is allowed


@given(st.floats(0, 5000), st.integers(1, 8))
def test_more_of_the_same_hardware_is_never_worse(billion, gpus):
    """What fits on some GPUs fits on more of them."""
    model = replace(MODEL, parameters_billion=billion)
    fewer, more = (replace(H100, gpu_count=count) for count in (gpus, gpus + 1))
    assert RULE.allows(model, more) or not RULE.allows(model, fewer)


@pytest.mark.parametrize(
    ("owner", "model", "expected"),
    [
        ("me", "org/model", "me/org/model-0a1b2c3d"),
        ("me", "me/model", "me/model-0a1b2c3d"),
        ("me", "me", "me/me-0a1b2c3d"),
        ("me", "meta/model", "me/meta/model-0a1b2c3d"),
        ("me", "ME/model", "me/ME/model-0a1b2c3d"),
    ],
)
def test_names_of_endpoints(owner, model, expected):
    """Owner, model and suffix; the owner is not doubled for its own models."""
    assert names.endpoint_name(owner, model, "0a1b2c3d") == expected


def test_slugs_of_projects():
    """A key that names no project gets a slug from its hash."""
    assert names.project_slug("0123456789abcdef") == "user_01234567"
    assert names.project_slug("0123456789abcdef", 12) == "user_0123456789ab"


@given(st.text(max_size=400))
def test_tokens_joined_are_the_text(text):
    """Nothing is lost or added by splitting, and no token is empty."""
    pieces = replies.tokens(text)
    assert "".join(pieces) == text
    assert all(pieces)
    assert replies.count_tokens(text) == len(pieces)


@given(st.text(alphabet=" \t\n_a1²٣.,'\u2028\U0001f600", max_size=200))
def test_tokens_joined_are_the_text_for_awkward_characters(text):
    """Blanks, underscores, digits of other scripts and symbols included."""
    assert "".join(replies.tokens(text)) == text


def test_tokens_are_about_as_long_as_real_ones():
    """English prose comes out at three to six characters a token."""
    text = "The quick brown fox jumps over the lazy dog, 1234 times in a row. " * 20
    assert 3 <= len(text) / replies.count_tokens(text) <= 6


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
    assert replies.content_text(content) == text


MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "system"]), "content": st.text()})
)


@given(st.text(), MESSAGES)
def test_a_reply_follows_from_its_arguments(model, messages):
    """The same conversation and model give the same text, which names the model."""
    text = replies.compose(model, messages)
    assert text == replies.compose(model, messages)
    assert model in "".join(text)
    assert replies.prompt_tokens(messages) >= 4 * len(messages)


def test_a_reply_quotes_what_the_user_said_last():
    """The last user message, in one line, cut when it is long."""
    talk = [
        {"role": "user", "content": "first"},
        {"role": "user", "content": "  second\n line "},
        {"role": "assistant", "content": "third"},
    ]
    assert 'You asked: "second line" This is turn 2' in "".join(replies.compose("m", talk))
    for words in (100, 400):
        asked = {"role": "user", "content": "word " * words}
        long = "".join(replies.compose("m", [asked]))
        assert '..."' in long
        assert len(long) < 300
    assert replies.last_user_text([{"role": "system", "content": "alone"}]) == "alone"
    assert replies.last_user_text([]) == ""
