"""Patterns with `*` and `?`."""

import pytest
from together_mock.core.wildcards import is_like


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("", ""),
        ("", "*"),
        ("/v1/a[b]", "/v1/a[b]"),
        ("/v1/[!x]/y", "/v1/[!x]/?"),
        ("abcabd", "a*b*bd"),
        ("ab", "a**b"),
        ("a\nb", "a?b"),
        ("a\nb", "*b"),
        ("aXbXc", "*X*X*"),
        ("a.c", "a.c"),
    ],
)
def test_a_text_matches(text, pattern):
    """Only two signs are wild."""
    assert is_like(text, pattern)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("ab", "[ab][ab]"),
        ("abc", "a.c"),
        ("ab", "a?b"),
        ("ab", "A*"),
        ("aba", "ab*ba"),
        ("a\n", "a"),
        ("a" * 8_000, "*a" * 50 + "*b"),
    ],
)
def test_a_text_does_not_match(text, pattern):
    """As a whole, with its case; and that is known at once, however many stars there are."""
    assert not is_like(text, pattern)
