"""Names of endpoints, of other resources, and of projects."""

import re

from together_mock.core.errors import MockError


def endpoint_name(owner: str, model: str, suffix: str) -> str:
    """`<owner>/<model>-<suffix>`; the owner is not doubled for one's own model.

    Source: seen in public code (together-v1 reference, 2.1).
    """
    stem = model if model.startswith(f"{owner}/") else f"{owner}/{model}"
    return f"{stem}-{suffix}"


def project_slug(key_hash: str, length: int = 8) -> str:
    """The slug of a key that names none: like `name_ab12`, but long enough to be unique."""
    return f"user_{key_hash[:length]}"


# What is left of a name once the slug is off; ours, the service's own rule is not known.
_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST = 256
_SHOWN = 100


def cut(text: str) -> str:
    """A client's text as an error shows it: not all of a long one."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _is_bare(text: str) -> bool:
    return len(text) <= _LONGEST and _BARE.fullmatch(text) is not None


def bare(slug: str, name: str, param: str) -> str:
    """A name of a resource without the slug that may stand before it.

    Raises:
        MockError: `v2_foreign_slug`, `v2_bad_name`.
    """
    prefix, slash, rest = name.rpartition("/")
    if slash and prefix != slug:
        raise MockError("v2_foreign_slug", param=param, name=cut(name))
    if not _is_bare(rest):
        detail = "Use letters, digits, dots, hyphens and underscores, and begin with no mark"
        raise MockError("v2_bad_name", param=param, name=cut(name), detail=detail)
    return rest


def of_model(slug: str, name: str) -> str:
    """A model's name as v1 gives it back: with the slug before it, which may stand there already.

    Raises:
        MockError: `bad_model_name`.
    """
    prefix, slash, rest = name.rpartition("/")
    if (slash and prefix != slug) or not _is_bare(rest):
        raise MockError("bad_model_name", param="model_name", model=cut(name), owner=slug)
    return f"{slug}/{rest}"


def qualified(slug: str, name: str, param: str) -> str:
    """A name with the project's slug before it.

    Raises:
        MockError: `v2_foreign_slug`, `v2_bad_name`.
    """
    return f"{slug}/{bare(slug, name, param)}"
