"""By what a traffic split chooses, and how an answer tells which deployment it came from.

Source: togethercomputer/skills (together-v2 reference, 5): the precedence of the fields and the
names of the headers; the part of the content that counts is ours.
"""

from functools import lru_cache
from typing import Any

import orjson

from together_mock.core import ids
from together_mock.core.adapters import cluster_of
from together_mock.services.inference import Admitted
from together_mock.services.projects import Project
from together_mock.services.targets import Alias, Fanout, Route

_FIELDS = ("prompt_cache_key", "user")
# What begins a request, by the route that takes it.
_CONTENT = ("prompt", "input", "query")


def sampling_key(body: Any) -> str:
    """The key of a request: equal keys go to the same deployment.

    A conversation keeps its deployment: only what comes up to the user's first message counts.
    """
    for field in _FIELDS:
        value = body.get(field)
        if isinstance(value, str) and value:
            return f"{field}:{value}"
    for field in _CONTENT:
        if field in body:
            return "content:" + _digest(body[field])
    return "content:" + _digest(_opening(body.get("messages")))


def _opening(messages: Any) -> Any:
    if not isinstance(messages, list):
        return messages
    for index, message in enumerate(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return messages[: index + 1]
    return messages


def _digest(value: Any) -> str:
    return ids.digest("", "content", repr(value)).hex()


def routing_lines(admitted: Admitted) -> bytes:
    """The lines of the head that name the deployment's cluster and the replica that answered."""
    target = admitted.target
    assert target is not None
    return _lines(target.deployment_id, admitted.number % max(1, target.replicas))


@lru_cache(maxsize=1024)
def _lines(deployment_id: str, replica: int) -> bytes:
    cluster = cluster_of(deployment_id).encode()
    octets = ids.digest("", "pod", deployment_id, replica, size=2)
    worker = f"http://10.0.{octets[0]}.{octets[1]}:8000"
    event = orjson.dumps([{"worker_url": worker}])
    return b"x-cluster: %b\r\nx-i-router-log-event: %b\r\n" % (cluster, event)


def endpoint_of(project: Project, body: Any) -> str | None:
    """The endpoint that a refused request named, as far as the routing snapshot knows it."""
    name = body.get("model") if isinstance(body, dict) else None
    target = project.routes.get(name) if isinstance(name, str) else None
    if isinstance(target, Alias):
        target = project.routes.get(target.endpoint_name)
    return target.endpoint_id if isinstance(target, Route | Fanout) else None
