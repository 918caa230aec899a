"""Which hardware a model can run on, and how things are named."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from together_mock.core import names
from together_mock.core.catalog import Eligibility, Hardware
from unit.rows import MODEL

RULE = Eligibility(overhead=1.2, gpu_types=frozenset({"h100-80gb"}))
H100 = Hardware("1x_h100", "h100-80gb", "sxm", 80, 1, Decimal(9), listed=True)


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
