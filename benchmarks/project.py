"""One project of the server under test, seen by one connection."""

import time
from typing import Any

import orjson

from benchmarks.client import Connection, request
from benchmarks.processes import Served

MODEL = "mistralai/Mixtral-8x7B-Instruct-v0.1"
HARDWARE = "2x_nvidia_h100_80gb_sxm"
_START_SECONDS = 30


class Project:
    """The requests of one key, as bytes and as calls."""

    def __init__(self, served: Served, key: str) -> None:
        self.connection = Connection(served.url)
        self.key = key

    def __enter__(self) -> "Project":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.__exit__()

    def creation(self) -> bytes:
        """A request that creates an endpoint."""
        body = {
            "model": MODEL,
            "hardware": HARDWARE,
            "autoscaling": {"min_replicas": 1, "max_replicas": 1},
        }
        return request("POST", "/v1/endpoints", self.key, body)

    def reading(self, endpoint_id: str) -> bytes:
        """A request that reads an endpoint."""
        return request("GET", f"/v1/endpoints/{endpoint_id}", self.key)

    def chat(
        self, name: str, said: str = "What is the capital of France?", *, stream: bool = False
    ) -> bytes:
        """A chat request to an endpoint."""
        messages = [{"role": "user", "content": said}]
        body = {"model": name, "messages": messages, "max_tokens": 64}
        if stream:
            body["stream"] = True
        return request("POST", "/v1/chat/completions", self.key, body)

    def script(self, **fields: Any) -> None:
        """Say what the model answers."""
        self.connection.send(request("POST", "/_mock/scripts", self.key, fields))

    def call(self, message: bytes) -> Any:
        """Send a request; the value of its answer."""
        return orjson.loads(self.connection.send(message))

    def started_endpoint(self) -> str:
        """Create an endpoint, wait until it serves; its name."""
        endpoint = self.call(self.creation())
        give_up = time.monotonic() + _START_SECONDS
        while endpoint["state"] != "STARTED":
            assert time.monotonic() < give_up, f"{endpoint['id']} is still {endpoint['state']}"
            time.sleep(0.1)
            endpoint = self.call(self.reading(endpoint["id"]))
        return str(endpoint["name"])
