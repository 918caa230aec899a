"""Catalogue errors as the 2024 API sends them: message and type, and nothing else.

Source: the error example of the 2024 documentation.
"""

import orjson

from together_mock.api.errors import body_of
from together_mock.core.errors import MockError
from together_mock.services.catalog import Catalog


def render(catalog: Catalog, error: MockError) -> tuple[int, bytes]:
    """The status and the encoded body `{"error": {message, type}}`."""
    status, body = body_of(catalog, error)
    told = body["error"]
    return status, orjson.dumps({"error": {"message": told["message"], "type": told["type"]}})
