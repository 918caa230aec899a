"""What calls of v2 name: endpoints, deployments, models of a project, made when needed."""

import re
from functools import cached_property
from hashlib import md5
from typing import Any

from support import MIXTRAL, Api

# Names in braces are what `Known` has under them.
P = "/v2/projects/{project}"
ENDPOINTS = f"{P}/endpoints"
ENDPOINT = f"{ENDPOINTS}/{{endpoint}}"
DEPLOYMENTS = f"{ENDPOINTS}/{{filled}}/deployments"
DEPLOYMENT = f"{DEPLOYMENTS}/{{deployment}}"
ADAPTERS = f"{DEPLOYMENT}/adapters"
ADAPTER = f"{ADAPTERS}/{{attached}}"
MODELS = f"{P}/models"
MODEL = f"{MODELS}/{{model}}"
UPLOADED = f"{MODELS}/{{uploaded}}"
UPLOADS = f"{MODELS}/uploads"
INSTANCE_TYPES = "/v2/public/inference-instance-types"

NEW_DEPLOYMENT = {
    "name": "second",
    "model": "{hosted}",
    "config": "{config}",
    "autoscaling": {"minReplicas": 1},
}
NEW_MODEL = {"name": "second", "type": "model", "baseModelId": "{base}"}
WEIGHTS = b"weights"
FILE = {"path": "model.safetensors", "hash": md5(WEIGHTS, usedforsecurity=False).hexdigest()}
REMOTE = {"modelId": "{model}", "remoteUrl": "https://huggingface.co/org/repo"}
_NAME = re.compile(r"\{(\w+)\}")


class Known:
    """What there is in a project, made when a call needs it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.headers = {"Authorization": f"Bearer {api.key}"}

    def make_all(self) -> None:
        """Make everything now."""
        for name in sorted(NAMES):
            getattr(self, name)

    def filled_in(self, part: Any) -> Any:
        """A path or a body with what is known in place of the names in braces."""
        if isinstance(part, dict):
            return {name: self.filled_in(value) for name, value in part.items()}
        if isinstance(part, list):
            return [self.filled_in(item) for item in part]
        if not isinstance(part, str):
            return part
        whole = _NAME.fullmatch(part)
        if whole is None:
            return _NAME.sub(lambda name: str(self.filled_in(name[0])), part)
        return getattr(self, whole[1]) if whole[1] in NAMES else part

    def _made(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.api.post(self.filled_in(path), json=self.filled_in(body))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _listed(self, path: str) -> dict[str, Any]:
        return self.api.get(self.filled_in(path)).json()["data"][0]

    @cached_property
    def _identity(self) -> dict[str, Any]:
        return self.api.get("/_mock/project").json()

    @property
    def project(self) -> str:
        return self._identity["id"]

    @property
    def slug(self) -> str:
        return self._identity["slug"]

    @property
    def organization(self) -> str:
        return self._identity["organization_id"]

    @cached_property
    def _supported(self) -> dict[str, Any]:
        return self._listed(f"/v2/supported-models?search={MIXTRAL}")

    @property
    def architecture(self) -> str:
        return self._supported["id"]

    @property
    def base(self) -> str:
        return self._supported["baseModelId"]

    @property
    def hosted(self) -> str:
        return self._supported["deploymentProfiles"][0]["model"]

    @property
    def config(self) -> str:
        return self._supported["deploymentProfiles"][0]["config"]

    @property
    def config_id(self) -> str:
        return self.config.rpartition("/")[2]

    @cached_property
    def instance_type(self) -> str:
        return self._listed(INSTANCE_TYPES)["id"]

    @cached_property
    def profile(self) -> str:
        return self._listed(f"{P}/placement-profiles")["id"]

    @cached_property
    def endpoint(self) -> str:
        return self._made(ENDPOINTS, name="first")["id"]

    @cached_property
    def endpoint_name(self) -> str:
        return self.api.get(self.filled_in(ENDPOINT)).json()["name"]

    @cached_property
    def filled(self) -> str:
        return self._made(ENDPOINTS, name="filled")["id"]

    @cached_property
    def deployment(self) -> str:
        return self._made(DEPLOYMENTS, **NEW_DEPLOYMENT | {"name": "first"})["id"]

    @cached_property
    def deployment_name(self) -> str:
        return self.api.get(self.filled_in(DEPLOYMENT)).json()["name"]

    @cached_property
    def served(self) -> str:
        assert self.deployment
        return self.filled

    @cached_property
    def stopped(self) -> str:
        bounds = {"minReplicas": 0, "maxReplicas": 0}
        new = NEW_DEPLOYMENT | {"name": "stopped", "autoscaling": bounds}
        return self._made(DEPLOYMENTS, **new)["id"]

    @cached_property
    def model(self) -> str:
        return self._made(MODELS, **NEW_MODEL | {"name": "first"})["id"]

    @cached_property
    def model_name(self) -> str:
        return self.api.get(self.filled_in(MODEL)).json()["name"]

    @cached_property
    def uploaded(self) -> str:
        model = self._made(MODELS, **NEW_MODEL | {"name": "uploaded"})["id"]
        self._made(UPLOADS, **REMOTE | {"modelId": model})
        self.api.advance(by="1h")
        return model

    @cached_property
    def uploaded_name(self) -> str:
        return self.api.get(self.filled_in(UPLOADED)).json()["name"]

    @cached_property
    def revision(self) -> str:
        return self._listed(f"{UPLOADED}/revisions")["revisionId"]

    @cached_property
    def adapter(self) -> str:
        return self._adapter("adapter")

    @cached_property
    def _attached(self) -> dict[str, Any]:
        return self._made(ADAPTERS, adapterModelId=self._adapter("attached"))

    @property
    def attached(self) -> str:
        return self._attached["id"]

    @property
    def attached_model(self) -> str:
        return self._attached["adapterModelId"]

    @property
    def attached_revision(self) -> str:
        return self._attached["desiredRevisionId"]

    @property
    def attached_etag(self) -> str:
        return self._attached["etag"]

    def _adapter(self, name: str) -> str:
        model = self._made(MODELS, **NEW_MODEL | {"name": name, "type": "adapter"})["id"]
        self._made(UPLOADS, **REMOTE | {"modelId": model})
        self.api.advance(by="1h")
        return model

    @cached_property
    def used(self) -> str:
        resource = self.filled_in("projects/{project}/models/{uploaded}")
        self._made(DEPLOYMENTS, **NEW_DEPLOYMENT | {"model": resource})
        return self.uploaded

    @cached_property
    def job(self) -> str:
        return self._made(UPLOADS, **REMOTE)["id"]

    @cached_property
    def put(self) -> dict[str, Any]:
        files = [FILE | {"numParts": 1}]
        plan = self._made(f"{MODELS}/upload/create", objectId="{model}", files=files)
        upload = plan["files"][0]
        part = upload["parts"][0]
        answer = self.api.put(part["url"], headers=part["headers"], content=WEIGHTS)
        put = {"partNumber": part["partNumber"], "hash": answer.headers["etag"].strip('"')}
        return {"uploadId": upload["uploadId"], "parts": [put]}


NAMES = {
    name
    for name, made in vars(Known).items()
    if isinstance(made, property | cached_property) and not name.startswith("_")
}
