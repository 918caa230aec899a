"""What says whether a document is valid: another library than the one that wrote its grammar.

Grammars ignore some keywords - `uniqueItems`, `not`, `if`, `contains` - and this does not.
"""

from functools import cache
from math import prod
from types import ModuleType
from typing import TYPE_CHECKING, Any

from together_mock.structured.limits import RefusedError

if TYPE_CHECKING:
    from jsonschema_rs import Validator

# The canonical form tells cases apart: its size is about their product.
_MOST_CASES = 400


@cache
def _library() -> ModuleType:
    """The library, on first use: it takes time to import."""
    import jsonschema_rs

    return jsonschema_rs


def _options() -> dict[str, Any]:
    # References elsewhere are never fetched. Patterns run in linear time, without look-around.
    patterns = _library().RegexOptions(size_limit=1 << 22, dfa_size_limit=1 << 22)
    return {"validate_formats": True, "pattern_options": patterns, "offline": True}


def judge(schema: object) -> "Validator":
    """A validator by the draft that the schema names, else 2020-12; refused if it is no schema."""
    library = _library()
    try:
        validator: Validator = library.validator_for(schema, **_options())
    except (ValueError, library.ReferencingError) as error:
        raise RefusedError(str(error)) from error
    return validator


def canonical(schema: object) -> object | None:
    """The schema without what grammars ignore, as far as that can be told; None when it cannot."""
    if not isinstance(schema, dict) or _cases(schema) > _MOST_CASES:
        return None
    library = _library()
    try:
        found = library.canonicalize(schema, **_options())
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
