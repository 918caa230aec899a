"""Where parts of files are put and got: the object store's place, in front of the guard.

The URLs come from a plan and say all there is to know, since clients send no key with them. What is
put is neither JSON nor bounded in size; it is counted, hashed and forgotten. Source: together
3.1.1, lib/cli/api/models/upload.py and download.py.
"""

import re
from hashlib import md5
from urllib.parse import parse_qs

from together_mock.api.guard import Receive, Scope, Send, answer
from together_mock.api.v2.errors import render
from together_mock.core import weights
from together_mock.core.errors import MockError
from together_mock.services import transfers
from together_mock.services.world import World

_PLACES = {
    "PUT": re.compile(r"/v2/projects/([^/]+)/models/upload/parts/([^/]+)/([1-9][0-9]{0,8})"),
    "GET": re.compile(r"/v2/projects/([^/]+)/models/download/parts/([^/]+)"),
}


class StorageLane:
    """Takes parts of uploads, and gives stand-ins for what is downloaded."""

    def __init__(self, world: World) -> None:
        self._world = world

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one for the lane."""
        return scope["type"] == "http" and scope["method"] in _PLACES and _match(scope) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            if scope["method"] == "PUT":
                await self._put(scope, receive, send)
            else:
                await _get(scope, send)
        except MockError as error:
            await answer(send, *render(self._world, error))

    async def _put(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Read even where it is refused: a client that is cut off mid-way never sees why.
        tag = await _counted(receive)
        found = _match(scope)
        assert found is not None
        project = self._world.project_named(found[1])
        upload_id, number = found[2], int(found[3])
        signature = _query(scope, "signature")
        if project is None or not transfers.is_signed(project, upload_id, number, signature):
            raise MockError("v2_unknown_item", kind="Upload part", id=f"{upload_id}/{number}")
        headers = [(b"etag", f'"{tag}"'.encode()), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


async def _get(scope: Scope, send: Send) -> None:
    found = _match(scope)
    assert found is not None
    path, size = _query(scope, "path"), _query(scope, "size")
    if not path or not re.fullmatch(r"[0-9]{1,9}", size):
        raise MockError("v2_unknown_item", kind="File", id=path)
    content = weights.stand_in(found[2], path, int(size))
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _counted(receive: Receive) -> str:
    """The tag of a body, which is read to its end."""
    digest, size = md5(usedforsecurity=False), 0
    while True:
        message = await receive()
        chunk: bytes = message.get("body", b"")
        digest.update(chunk)
        size += len(chunk)
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return weights.part_tag(digest.hexdigest(), size)


def _match(scope: Scope) -> re.Match[str] | None:
    return _PLACES[scope["method"]].fullmatch(scope["path"])


def _query(scope: Scope, name: str) -> str:
    text: str = scope["query_string"].decode("latin-1")
    return parse_qs(text).get(name, [""])[0]
