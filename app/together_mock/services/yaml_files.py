"""Reads YAML, of which JSON is a part."""

from collections.abc import Iterator
from typing import Any


def read_file(text: str) -> Iterator[dict[str, Any]]:
    """The documents of a YAML or JSON text.

    Raises:
        ValueError: the text is no YAML.
    """
    # PyYAML costs start-up time, and most servers start without a state file.
    import yaml

    # The loader in C is ten times as fast; it is part of most builds.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = yaml.load_all(text, loader)
        yield from (document for document in documents if document is not None)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
