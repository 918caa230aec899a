"""The short way to an endpoint's routes answers as the framework would."""

import asyncio
import json
from functools import partial
from typing import Any

import httpx
import pytest
from support import H100X2, MIXTRAL, START
from together_mock.api.guard import Guard
from together_mock.api.legacy.handlers import Handed
from together_mock.api.refusals import refusal
from together_mock.api.v1.lane import EndpointLane
from together_mock.asgi import Application
from together_mock.bootstrap import apply_start, build_world
from together_mock.settings import Settings

NEW = {"model": MIXTRAL, "hardware": H100X2}
FIRST = "/v1/endpoints/endpoint-1"
STATE = {"endpoints": [{"id": "endpoint-1", "name": "one/1", **NEW, "state": "STARTED"}]}

REQUESTS: list[tuple[str, str, Any]] = [
    ("POST", "/v1/endpoints", NEW),
    ("POST", "/v1/endpoints?availability_zone=us-east-1a", NEW),
    ("POST", "/v1/endpoints?availability_zone=nowhere", NEW),
    ("POST", "/v1/endpoints?availability_zone=", NEW),
    ("POST", "/v1/endpoints?availability_zone=nowhere&availability_zone=us-east-1a", NEW),
    ("POST", "/v1/endpoints?availability_zone=nowhere&availability_zone=", NEW),
    ("POST", "/v1/endpoints?other=1&availability_zone=%E4%B8%96", NEW),
    ("POST", "/v1/endpoints", NEW | {"state": "STOPPED", "unknown": [1], "display_name": None}),
    ("POST", "/v1/endpoints", NEW | {"min_replicas": 1}),
    ("POST", "/v1/endpoints", NEW | {"autoscaling": {"min_replicas": 2, "max_replicas": 1}}),
    ("POST", "/v1/endpoints", NEW | {"autoscaling": {"min_replicas": "2"}}),
    ("POST", "/v1/endpoints", NEW | {"inactive_timeout": -1}),
    ("POST", "/v1/endpoints", {"model": MIXTRAL}),
    ("POST", "/v1/endpoints", {"hardware": 7}),
    ("POST", "/v1/endpoints", {}),
    ("POST", "/v1/endpoints", []),
    ("POST", "/v1/endpoints", "text"),
    ("POST", "/v1/endpoints", b"null"),
    ("POST", "/v1/endpoints", b""),
    ("POST", "/v1/endpoints", b"{"),
    ("POST", "/v1/endpoints", b"[" * 200 + b"]" * 200),
    ("GET", FIRST, None),
    ("GET", "/v1/endpoints/nobody", None),
    ("GET", "/v1/endpoints/endpoint%2D1", None),
    ("GET", "/v1/endpoints/%F0%9F%98%80", None),
    ("PATCH", FIRST, {}),
    ("PATCH", FIRST, {"display_name": "new", "autoscaling": {"max_replicas": 3}}),
    ("PATCH", FIRST, {"state": "PAUSED"}),
    ("PATCH", FIRST, {"autoscaling": 3}),
    ("PATCH", FIRST, b""),
    ("PATCH", "/v1/endpoints/nobody", {"state": "STOPPED"}),
    ("DELETE", "/v1/endpoints/nobody", None),
    ("DELETE", FIRST, None),
    ("GET", FIRST, None),
]


async def answers(app: Any, headers: dict[str, str]) -> list[tuple[int, str | None, bytes]]:
    """What an application answers to all the requests, one after the other."""
    transport = httpx.ASGITransport(app)
    told = []
    async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
        if "authorization" in headers:
            await client.put("/_mock/state", headers=headers, json=STATE)
        for method, path, body in REQUESTS:
            content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            answer = await client.request(method, path, content=content, headers=headers)
            told.append((answer.status_code, answer.headers.get("content-type"), answer.content))
    return told


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer key", "content-type": "application/json"},
        {"authorization": "Bearer key", "content-type": "text/plain"},
        {"authorization": "Bearer key"},
        {"authorization": "Basic key"},
        {},
    ],
    ids=["json", "plain", "undeclared", "basic", "keyless"],
)
def test_the_lane_answers_as_the_framework_would(headers):
    """Status, type and bytes are the same, whatever is asked."""
    told = []
    for lanes in (True, False):
        world = build_world(Settings(clock_rate=0.0, start_at=START))
        apply_start(world)
        application = Application(world)
        app = application if lanes else Guard(application.api, partial(refusal, world))
        told.append(asyncio.run(answers(app, headers)))
        world.close()
    for request, short, long in zip(REQUESTS, *told, strict=True):
        assert short == long, request


def test_every_request_of_the_comparison_is_one_for_the_lane():
    """Or nothing would be compared."""
    world = build_world(Settings())
    lane = EndpointLane(world, Handed())
    for method, path, _ in REQUESTS:
        scope = {"type": "http", "method": method, "path": path.partition("?")[0]}
        assert lane.takes(scope), path
    world.close()
