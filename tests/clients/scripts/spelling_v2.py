"""How the Python SDKs spell the calls of v2; run inside their environments.

3.x has the resources at the client itself, 2.x under `beta`. Calls are awaited where the client is
asynchronous, and taken as they are where it is not.
"""

import inspect
import json
import os
import urllib.request
from typing import Any

import together
from spelling import settled

THIRD = together.__version__.startswith("3.")


class Spoken:
    """A client of a kind, `sync` or `async`, configured by the environment as users do."""

    def __init__(self, kind: str, **options: Any) -> None:
        make = {"sync": together.Together, "async": together.AsyncTogether}[kind]
        # Answers are held against the SDK's types. A conflict is retried unless told otherwise,
        # which only takes time here.
        self.client = make(max_retries=0, _strict_response_validation=True, **options)
        resources = self.client if THIRD else self.client.beta
        self.endpoints = resources.endpoints
        self.deployments = resources.endpoints.deployments
        self.models = resources.models

    async def identity(self) -> dict[str, str]:
        """Who the key is: project, its slug, organization, in the words of 3.x or of 2.x."""
        told = await settled(self.client.whoami())
        if THIRD:
            assert told.type == "project_api_key", told
            owner, organization = told.project, told.organization.id
            return {"project": owner.id, "slug": owner.slug, "organization": organization}
        return {
            "project": told.project_id,
            "slug": told.project_slug,
            "organization": told.organization_id,
        }

    async def chat(self, model: str, **fields: Any) -> Any:
        """A whole answer."""
        messages = [{"role": "user", "content": "Hello!"}]
        call = self.client.chat.completions.create(model=model, messages=messages, **fields)
        return await settled(call)

    async def profile(self, name: str) -> Any:
        """The first deployment profile of a model of the catalogue."""
        (model,) = (await settled(self.models.list_supported(search=name))).data
        return model.deployment_profiles[0]


async def every(pages: Any) -> list[Any]:
    """Every item of a list, which the SDK pages through by itself."""
    if inspect.isawaitable(pages) or hasattr(pages, "__aiter__"):
        return [item async for item in pages]
    return list(pages)


async def raised(call: Any) -> list[Any]:
    """What a call raises: the class, the status, the message."""
    try:
        await settled(call() if callable(call) else call)
    except together.APIError as error:
        return [type(error).__name__, error.status_code, error.body["error"]["message"]]
    return ["nothing"]


def pass_time(seconds: float) -> None:
    """Move the project's clock."""
    root = os.environ["TOGETHER_BASE_URL"].removesuffix("/v1")
    headers = {
        "authorization": f"Bearer {os.environ['TOGETHER_API_KEY']}",
        "content-type": "application/json",
    }
    body = json.dumps({"by": seconds}).encode()
    order = urllib.request.Request(f"{root}/_mock/clock/advance", body, headers)
    urllib.request.urlopen(order).close()
