"""Routers as all faces make them."""

from typing import Any

from fastapi import APIRouter


def router(**settings: Any) -> APIRouter:
    """A router on which a body without a content type is JSON; the guard refuses other types."""
    return APIRouter(strict_content_type=False, **settings)
