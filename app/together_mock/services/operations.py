"""The operations of the service, as the documents of its generations in `openapi/` name them."""

from functools import cache

from together_mock.core.errors import MockError
from together_mock.core.operations import Operation, Operations
from together_mock.resources import directory
from together_mock.services.yaml_files import read_file

# Where inference is asked for, in whatever generation the endpoint was made.
INFERENCE = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/rerank")
_METHODS = frozenset({"get", "put", "post", "patch", "delete", "head", "options"})


@cache
def operations() -> Operations:
    """All operations of all generations; read when first asked for."""
    known = []
    for page in sorted(directory("openapi").glob("*.yaml")):
        document = next(read_file(page.read_text(encoding="utf-8")))
        for path, item in document["paths"].items():
            known += [
                Operation(
                    method.upper(),
                    path,
                    operation["operationId"],
                    "inference" if path in INFERENCE else page.stem,
                )
                for method, operation in item.items()
                if method in _METHODS and "operationId" in operation
            ]
    return Operations(known)


def check_operation(pattern: str | None, param: str) -> None:
    """Refuse a name that no operation has; `*` and `?` are wild, and None is any.

    Raises:
        MockError: `invalid_value`, with the name that is written most alike.
    """
    if pattern is None or operations().has(pattern):
        return
    nearest = operations().nearest(pattern)
    detail = f"{pattern} is the name of no operation. The nearest is {nearest}"
    raise MockError("invalid_value", param=param, detail=detail)
