"""Answers that are bytes already: the framework has nothing left to check or to convert."""

from pydantic import BaseModel
from starlette.responses import Response

from together_mock.api.errors import JSON


def encoded(model: BaseModel) -> Response:
    """A model as an answer."""
    return Response(model.__pydantic_serializer__.to_json(model), media_type=JSON)
