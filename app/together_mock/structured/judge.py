"""What says whether a document is valid: another library than the one that wrote its grammar.

Grammars ignore some keywords - `uniqueItems`, `not`, `if`, `contains` - and this does not.
"""

from functools import cache, lru_cache
from math import prod
from types import ModuleType
from typing import TYPE_CHECKING, Any

from together_mock.structured.assertions import any_assertions
from together_mock.structured.limits import RefusedError

if TYPE_CHECKING:
    from jsonschema_rs import Validator

# The canonical form tells cases apart: its size is about their product.
_MOST_CASES = 400
_PATTERN_SIZE = 1 << 22
# Steps of one match: more than patterns take that are not made to take many.
_MOST_STEPS = 10_000


@cache
def _library() -> ModuleType:
    """The library, on first use: it takes time to import."""
    import jsonschema_rs

    return jsonschema_rs


def _options(schema: object) -> dict[str, Any]:
    # References elsewhere are never fetched. Patterns run in linear time, if they can.
    sizes = {"size_limit": _PATTERN_SIZE, "dfa_size_limit": _PATTERN_SIZE}
    patterns = _library().RegexOptions(**sizes)
    if any_assertions(schema):
        patterns = _library().FancyRegexOptions(backtrack_limit=_MOST_STEPS, **sizes)
    return {"validate_formats": True, "pattern_options": patterns, "offline": True}


def judge(schema: object) -> "Validator":
    """A validator by the draft that the schema names, else 2020-12; refused if it is no schema."""
    library = _library()
    try:
        validator: Validator = library.validator_for(schema, **_options(schema))
    except (ValueError, library.ReferencingError) as error:
        raise RefusedError(str(error)) from error
    return validator


@lru_cache(maxsize=4_000)
def is_match(pattern: str, text: str) -> bool:
    """Whether the pattern matches somewhere in the text."""
    return _pattern_judge(pattern).is_valid(text)


@lru_cache(maxsize=256)
def _pattern_judge(pattern: str) -> "Validator":
    return judge({"pattern": pattern})


def canonical(schema: object) -> object | None:
    """The schema without what grammars ignore, as far as that can be told; None when it cannot."""
    if not isinstance(schema, dict) or _cases(schema) > _MOST_CASES:
        return None
    library = _library()
    try:
        found = library.canonicalize(schema, **_options(schema))
    except (ValueError, library.ReferencingError):
        return None
    if found.satisfiability() is library.canonical.Satisfiability.NO:
        raise RefusedError("no document satisfies the schema")
    form: object = found.to_json_schema()
    return form


def _cases(value: object) -> int:
    """About how many cases the schema tells apart, at most a few more than are of interest."""
    if isinstance(value, list):
        return min(_MOST_CASES + 1, prod(map(_cases, value)))
    if not isinstance(value, dict):
        return 1
    product = 1
    for key, item in value.items():
        if key in ("anyOf", "oneOf") and isinstance(item, list):
            product *= sum(map(_cases, item)) ** (2 if key == "oneOf" else 1) or 1
        elif key in ("properties", "$defs", "definitions") and isinstance(item, dict):
            product *= max(map(_cases, item.values()), default=1)
        elif key in ("if", "not"):
            product *= 2 * _cases(item)
        else:
            product *= _cases(item)
        product = min(product, _MOST_CASES + 1)
    return product
