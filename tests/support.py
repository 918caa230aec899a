"""What tests share: a server of their own, a fresh project, and a clock that they move."""

import itertools
import json
import os
import re
from collections.abc import Callable
from typing import Any, ClassVar

import httpx
from contract.conformance import check
from together_mock.resources import directory
from together_mock.runtime.server import ThreadedServer
from together_mock.settings import Settings

MIXTRAL = "mistralai/Mixtral-8x7B-Instruct-v0.1"
H100X2 = "2x_nvidia_h100_80gb_sxm"
START = "2026-01-01T00:00:00Z"

_keys = itertools.count()
_errors = {
    row["case"]: row
    for row in json.loads((directory("fixtures") / "errors.json").read_text("utf-8"))["errors"]
}


def fresh_key() -> str:
    """A bearer key that no other test uses, so a project of its own."""
    return f"test-{os.getpid()}-{next(_keys)}"


def refused(answer: httpx.Response, case: str, code: str | None = None) -> dict[str, Any]:
    """Check that an answer is a case of the error catalogue in its envelope; its error object.

    `code` is the one expected where v2 sends another than the catalogue's.
    """
    row = _errors[case]
    assert answer.status_code == row["status"], answer.text
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["code"]) == (row["type"], code or row["code"])
    assert _fits(row, error["message"]), error["message"]
    return error


def refused_2024(answer: httpx.Response, case: str) -> str:
    """Check that an answer is a case of the error catalogue in the 2024 envelope; its message."""
    row = _errors[case]
    assert answer.status_code == row["status"], answer.text
    assert answer.json().keys() == {"error"}
    error = answer.json()["error"]
    assert error.keys() == {"message", "type"}
    assert error["type"] == row["type"]
    assert _fits(row, error["message"]), error["message"]
    return error["message"]


def _fits(row: dict[str, Any], message: str) -> bool:
    template = re.sub(r"\\{\w+\\}", ".*", re.escape(row["message"]))
    return re.fullmatch(template, message, re.DOTALL) is not None


class Line(httpx.HTTPTransport):
    """Connections to a server, which outlast the clients that use them."""

    def __init__(self) -> None:
        # Certificates are never looked at, and reading them costs 20 ms.
        super().__init__(verify=False, limits=httpx.Limits(max_connections=None))

    def close(self) -> None:
        """Nothing: the next client goes on with the connections."""

    def end(self) -> None:
        """Close the connections."""
        super().close()


class Api:
    """One project of a server, spoken to over HTTP; every answer is held against the contract."""

    def __init__(self, root: str, key: str | None = None, line: Line | None = None) -> None:
        self.root = root
        self.key = key or fresh_key()
        self.http = httpx.Client(
            base_url=root,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=30,
            transport=line,
            verify=False,
            event_hooks={"response": [check]},
        )

    def __getattr__(self, name: str) -> Any:
        """`get`, `post`, `patch`, `put`, `delete` and `request` of the HTTP client."""
        return getattr(self.http, name)

    def create(self, **fields: Any) -> dict[str, Any]:
        """Create an endpoint (Mixtral on 2x H100 unless told otherwise)."""
        body = {"model": MIXTRAL, "hardware": H100X2, **fields}
        answer = self.http.post("/v1/endpoints", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def endpoint(self, endpoint_id: str) -> dict[str, Any]:
        """Read an endpoint."""
        answer = self.http.get(f"/v1/endpoints/{endpoint_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state_of(self, endpoint_id: str) -> str:
        """An endpoint's state."""
        return self.endpoint(endpoint_id)["state"]

    def advance(self, **how: Any) -> dict[str, Any]:
        """Move the clock: by=, to=, next=, until=."""
        answer = self.http.post("/_mock/clock/advance", json=how)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def run_until(self, endpoint_id: str, state: str) -> None:
        """Move the clock to the instant at which the endpoint enters the state."""
        self.advance(until={"endpoint": endpoint_id, "state": state})

    def preset(self, name: str) -> None:
        """Put a lifecycle preset in force."""
        assert self.http.put("/_mock/preset", json={"preset": name}).status_code == 200

    def put_endpoint(self, state: str, **fields: Any) -> str:
        """Replace the project by one endpoint in a state, entered at START; its id."""
        entry = {"id": "endpoint-1", "model": MIXTRAL, "hardware": H100X2, "state": state, **fields}
        answer = self.put_state({"endpoints": [entry]})
        assert answer.status_code == 200, answer.text
        return entry["id"]

    def chat(self, model: str, content: str = "Hello!", **fields: Any) -> httpx.Response:
        """Ask a model."""
        body = {"model": model, "messages": [{"role": "user", "content": content}], **fields}
        return self.http.post("/v1/chat/completions", json=body)

    def state(self) -> dict[str, Any]:
        """The project's state document."""
        return self.http.get("/_mock/state").json()

    def put_state(self, document: dict[str, Any]) -> httpx.Response:
        """Replace the project's state."""
        return self.http.put("/_mock/state", json=document)


class V2:
    """A project as v2 has it: paths of what is there, and what tests make, in a line each.

    Whatever else is asked of it, it asks of its `api`: `get`, `post`, `chat`, `advance` and so on.
    """

    # Model -> its deployment profiles, which are the same on every server.
    _profiles: ClassVar[dict[str, list[dict[str, Any]]]] = {}

    def __init__(self, api: Api) -> None:
        self.api = api
        who = api.get("/_mock/project").json()
        self.project, self.slug = who["id"], who["slug"]
        self.organization = who["organization_id"]
        self.root = f"/v2/projects/{self.project}"
        self.endpoints = f"{self.root}/endpoints"

    def __getattr__(self, name: str) -> Any:
        """What its `api` has."""
        return getattr(self.api, name)

    def at(self, shown: dict[str, Any], below: str = "") -> str:
        """The path of an endpoint or a deployment as it was shown, or of something below it."""
        parts = [self.endpoints]
        parts += [shown["endpointId"], "deployments"] if "endpointId" in shown else []
        return "/".join([*parts, shown["id"], *([below] if below else [])])

    def profiles(self, model: str = MIXTRAL) -> list[dict[str, Any]]:
        """The deployment profiles of a model of the catalogue."""
        if model not in self._profiles:
            found = self.got("/v2/supported-models", search=model)["data"]
            (self._profiles[model],) = (
                row["deploymentProfiles"] for row in found if row["name"] == model
            )
        return self._profiles[model]

    def got(self, path: str, **params: Any) -> dict[str, Any]:
        """An answer that has to be one."""
        return _well(self.api.get(path, params=params))

    def now(self, shown: dict[str, Any]) -> dict[str, Any]:
        """An endpoint or a deployment as it is now."""
        return self.got(self.at(shown))

    def deployments(self, endpoint: dict[str, Any]) -> list[dict[str, Any]]:
        """The deployments of an endpoint."""
        listed: list[dict[str, Any]] = self.got(self.at(endpoint, "deployments"))["data"]
        return listed

    def ask_endpoint(self, **body: Any) -> httpx.Response:
        """Ask for an endpoint; the answer, whatever it is."""
        return self.api.post(self.endpoints, json=body)

    def ask_deployment(self, endpoint: dict[str, Any], **body: Any) -> httpx.Response:
        """Ask for a deployment under an endpoint; the answer, whatever it is."""
        return self.api.post(self.at(endpoint, "deployments"), json=body)

    def ask_change(
        self, shown: dict[str, Any], mask: str | None = None, **fields: Any
    ) -> httpx.Response:
        """Ask for a change of an endpoint or a deployment; the answer, whatever it is."""
        params = {} if mask is None else {"updateMask": mask}
        return self.api.patch(self.at(shown), params=params, json=fields)

    def create(self, name: str = "first", **fields: Any) -> dict[str, Any]:
        """Create an endpoint."""
        return _well(self.ask_endpoint(name=name, **fields))

    def asked(self, name: str = "main", of: str = MIXTRAL, **fields: Any) -> dict[str, Any]:
        """The body that asks for a deployment: one replica `of` a model, by its first profile."""
        profile = self.profiles(of)[0]
        chosen = {"model": profile["model"], "config": profile["config"]}
        return {"name": name, **chosen, "autoscaling": {"minReplicas": 1}, **fields}

    def deploy(self, endpoint: dict[str, Any], name: str = "main", **fields: Any) -> dict[str, Any]:
        """Create a deployment under an endpoint; fields as `asked` takes them."""
        return _well(self.ask_deployment(endpoint, **self.asked(name, **fields)))

    def change(self, shown: dict[str, Any], mask: str | None = None, **fields: Any) -> Any:
        """Change an endpoint or a deployment: it, as it is then."""
        return _well(self.ask_change(shown, mask, **fields))

    def split(self, endpoint: dict[str, Any], weights: dict[str, float]) -> dict[str, Any]:
        """Set an endpoint's traffic split, by deployment id; the endpoint."""
        entries = [{"deploymentId": name, "weight": weight} for name, weight in weights.items()]
        return self.change(endpoint, mask="trafficSplit", trafficSplit=entries)

    def served(self, name: str = "first", **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """An endpoint, and its deployment that is ready and takes all traffic."""
        endpoint = self.create(name)
        deployment = self.deploy(endpoint, **fields)
        self.split(endpoint, {deployment["id"]: 1})
        self.api.run_until(deployment["id"], "STARTED")
        return self.now(endpoint), self.now(deployment)

    def bounds(self, deployment: dict[str, Any], minimum: int, maximum: int) -> dict[str, Any]:
        """Set the replica bounds of a deployment; the deployment."""
        scaling = {"minReplicas": minimum, "maxReplicas": maximum}
        return self.change(deployment, autoscaling=scaling)

    def counts(self, deployment: dict[str, Any]) -> tuple[int, int, int]:
        """A deployment's ready, scheduled and desired replicas."""
        shown = self.now(deployment)
        status = shown["status"]
        return status["readyReplicas"], status["scheduledReplicas"], shown["desiredReplicas"]

    def status(self, deployment: dict[str, Any]) -> tuple[str, str]:
        """A deployment's state, without what all states begin with, and its message."""
        return status_of(self.now(deployment))


def status_of(deployment: dict[str, Any]) -> tuple[str, str]:
    """The state of a deployment as it was shown, without what all begin with, and its message."""
    status = deployment["status"]
    return status["state"].removeprefix("DEPLOYMENT_STATE_"), status["message"]


def _well(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json()


class Running:
    """A server in a thread of the test process."""

    def __init__(self, **options: Any) -> None:
        settings = Settings(**{"port": 0, "clock_rate": 0.0, "start_at": START, **options})
        self._apis: list[Api] = []
        self._threaded = ThreadedServer(settings)
        self._threaded.start()
        self.root = self._threaded.server.url
        self._line = Line()
        self.world = self._threaded.server.world

    def api(self, key: str | None = None) -> Api:
        """A fresh project, or the one of a key."""
        self._apis.append(Api(self.root, key, self._line))
        return self._apis[-1]

    def stop(self) -> None:
        """Stop the server."""
        for api in self._apis:
            api.http.close()
        self._line.end()
        self._threaded.stop()


ServerFactory = Callable[..., Running]
