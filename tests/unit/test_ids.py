"""Generated values: their forms, and that they follow from their arguments alone."""

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from together_mock.core import ids

FORMS = {
    "endpoint": (lambda seed, n: ids.uuid4(seed, "endpoint", n), r"[0-9a-f-]{36}"),
    "name": (lambda seed, n: ids.hex8(seed, "endpoint-name", n), r"[0-9a-f]{8}"),
    "deployment": (lambda seed, n: ids.prefixed("dep", seed, n), r"dep_[1-9A-HJ-NP-Za-km-z]{22}"),
    "request": (ids.request_id, r"[0-9A-Za-z]{7}-[0-9A-Za-z]{6}-[0-9a-f]{16}"),
}


@pytest.mark.parametrize("kind", FORMS)
def test_ids_have_their_form_and_never_repeat(kind):
    """10,000 ids of a project are different, and each has the form the service uses."""
    make, form = FORMS[kind]
    made = [make("seed", number) for number in range(10_000)]
    assert all(re.fullmatch(form, text) for text in made)
    # Eight hex digits may repeat by chance; creation looks for that.
    assert len(set(made)) >= (9_990 if kind == "name" else 10_000)


@pytest.mark.parametrize("kind", FORMS)
def test_ids_follow_from_seed_and_number(kind):
    """Same arguments, same id; another seed or number, another id."""
    make, _ = FORMS[kind]
    assert make("a", 1) == make("a", 1)
    assert len({make("a", 1), make("a", 2), make("b", 1)}) == 3


def test_ids_are_the_same_on_every_platform():
    """Pinned values: a change of these breaks everybody's recorded ids."""
    assert ids.uuid4("seed", "endpoint", 1) == "443758a3-1879-4181-b439-776ed4e2d20e"
    assert ids.hex8("seed", "endpoint-name", 1) == "594f7d80"
    assert ids.prefixed("dep", "seed", 1) == "dep_bQcNv8zVtHetaD7HrDRXey"
    assert ids.request_id("seed", 1) == "YuwHqo1-X2NaHB-84276bea907643be"
    assert ids.fraction("seed", "jitter", "dep_x", 1) == 0.8130797996769121


@given(st.text(), st.text(), st.integers())
def test_a_uuid_is_of_version_4(seed, kind, number):
    """Version and variant are those of a random UUID, whatever goes in."""
    made = uuid.UUID(ids.uuid4(seed, kind, number))
    assert (made.version, made.variant) == (4, uuid.RFC_4122)


@given(st.text(), st.text(alphabet=st.characters()))
def test_a_fraction_is_at_least_0_and_below_1(seed, part):
    """A draw never reaches 1, even from text that has no UTF-8 form."""
    assert 0 <= ids.fraction(seed, "jitter", part) < 1
    assert 0 <= ids.fraction(seed, "jitter", part + "\ud800") < 1


def test_fractions_are_spread_evenly():
    """A tenth of the draws falls into each tenth, near enough."""
    draws = [ids.fraction("seed", "jitter", number) for number in range(10_000)]
    for tenth in range(10):
        share = sum(tenth <= draw * 10 < tenth + 1 for draw in draws)
        assert 900 < share < 1100


@given(st.integers(min_value=1, max_value=64))
def test_a_digest_has_the_size_asked_for(size):
    """Up to 64 bytes, and parts are kept apart."""
    assert len(ids.digest("seed", "kind", 1, size=size)) == size
    assert ids.digest("seed", "kind", "ab", size=size) != ids.digest("seed", "kind", "a", "b")
