"""The inference routes as the framework knows them: declared here, answered by the lane."""

from fastapi import Request
from starlette.responses import Response

from together_mock.api.guard import Receive, Scope, Send
from together_mock.api.openai.lane import InferenceLane
from together_mock.api.routing import router as new_router

router = new_router(tags=["Chat"])


class _Delegated(Response):
    """A response that lets the lane answer the request."""

    def __init__(self, lane: InferenceLane) -> None:
        super().__init__()
        self._lane = lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._lane(scope, receive, send)


@router.post("/v1/chat/completions", operation_id="chat-completions")
async def create_chat_completion(request: Request) -> Response:
    """Answer a conversation; the document takes the request's shape from `openapi/`."""
    return _Delegated(request.app.state.lane)


@router.post("/v1/completions", operation_id="completions")
async def create_completion(request: Request) -> Response:
    """Go on with a text."""
    return _Delegated(request.app.state.lane)


@router.post("/v1/embeddings", operation_id="embeddings")
async def create_embedding(request: Request) -> Response:
    """Turn texts into vectors."""
    return _Delegated(request.app.state.lane)


@router.post("/v1/rerank", operation_id="rerank")
async def create_rerank(request: Request) -> Response:
    """Order documents by how well they fit a query."""
    return _Delegated(request.app.state.lane)
