"""Where v2 routes to, and what it refuses: `traffic_v2.py PART sync|async [ARGUMENT...]`."""

import asyncio
import json
from collections import Counter
from typing import Any

import parts
from spelling import advance, settled
from spelling_v2 import Spoken, raised

CONVERSATIONS = 300
MESSAGES = [{"role": "user", "content": "Hello!"}]


async def spread(kind: str, endpoint: str, *deployments: str) -> dict[str, Any]:
    """Ask as many conversations; which cluster answers, and which one a deployment's name pins."""
    spoken = Spoken(kind)
    home = {await _cluster(spoken, f"{endpoint}/{name}"): name for name in deployments}
    keys = [f"conversation {number}" for number in range(CONVERSATIONS)]
    first = [await _cluster(spoken, endpoint, key) for key in keys]
    again = [await _cluster(spoken, endpoint, key) for key in keys[:20]]
    return {
        "clusters": len(home),
        "shares": {home[name]: count / len(keys) for name, count in Counter(first).items()},
        "sticky": again == first[:20],
        "workers": await _workers(spoken, endpoint),
    }


async def _cluster(spoken: Spoken, model: str, key: str | None = None) -> str:
    return str((await _raw(spoken, model, key)).headers["x-cluster"])


async def _raw(spoken: Spoken, model: str, key: str | None) -> Any:
    create = spoken.client.chat.completions.with_raw_response.create
    extra = {} if key is None else {"extra_body": {"prompt_cache_key": key}}
    answer = await settled(create(model=model, messages=MESSAGES, max_tokens=1, **extra))
    parsed = await settled(answer.parse())
    assert parsed.model == model, parsed
    return answer


async def _workers(spoken: Spoken, model: str) -> bool:
    """Whether the router's log names a worker."""
    answer = await _raw(spoken, model, None)
    (event,) = json.loads(answer.headers["x-i-router-log-event"])
    return str(event["worker_url"]).startswith("http://")


async def refusals(kind: str, endpoint_id: str, deployment_id: str) -> dict[str, Any]:
    """Provoke what v2 refuses; the deployment is starting, and routed to."""
    spoken, stranger = Spoken(kind), Spoken(kind, api_key="unlisted")
    endpoints, deployments = spoken.endpoints, spoken.deployments
    own = {"id": deployment_id, "endpoint_id": endpoint_id}
    fields = await _fields(spoken, endpoint_id)
    name = (await settled(endpoints.retrieve(endpoint_id))).name

    def create(**changes: Any) -> Any:
        return lambda: deployments.create(**{**fields, **changes})

    def update(**bounds: int) -> Any:
        return lambda: deployments.update(**own, autoscaling=bounds)

    calls = {
        "key": lambda: stranger.endpoints.retrieve(endpoint_id),
        "project": lambda: endpoints.retrieve(endpoint_id, project_id="proj_x"),
        "endpoint": lambda: endpoints.retrieve("ep_x"),
        "deployment": lambda: deployments.retrieve("dep_x", endpoint_id=endpoint_id),
        "slug": lambda: endpoints.create(name="somebody/chat"),
        "field": lambda: endpoints.create(name="other", extra_body={"colour": "red"}),
        "empty": lambda: endpoints.update(endpoint_id, traffic_split=[]),
        "mask": lambda: endpoints.update(endpoint_id, name="x", update_mask="colour"),
        "same name": create(name="main"),
        "model": create(model="projects/proj_x/models/ml_x"),
        "config": create(config="projects/proj_x/configs/cr_x"),
        "min": create(autoscaling={"min_replicas": 0, "max_replicas": 1}),
        "bounds": update(min_replicas=3, max_replicas=2),
        "unready": lambda: spoken.chat(name),
        "pinned": lambda: spoken.chat(f"{name}/main"),
        "nobody": lambda: spoken.chat(f"{name}/nobody"),
    }
    seen = {told: await raised(call) for told, call in calls.items()}
    for _ in ("placed", "ready"):
        advance()
    await settled(deployments.update(**own, autoscaling={"min_replicas": 0, "max_replicas": 0}))
    return {**seen, "stopping": await raised(update(min_replicas=1, max_replicas=1))}


async def limits(kind: str, endpoint_id: str, deployment_id: str) -> dict[str, Any]:
    """Start again what has failed, and deploy more than there is room for."""
    spoken = Spoken(kind)
    bounds = {"min_replicas": 1, "max_replicas": 1}
    own = {"id": deployment_id, "endpoint_id": endpoint_id, "autoscaling": bounds}
    fields = await _fields(spoken, endpoint_id)
    return {
        "failed": await raised(lambda: spoken.deployments.update(**own)),
        "quota": await raised(lambda: spoken.deployments.create(**fields)),
    }


async def _fields(spoken: Spoken, endpoint_id: str) -> dict[str, Any]:
    profile = await spoken.profile("Qwen/Qwen2.5-7B-Instruct-Turbo")
    fields = {"endpoint_id": endpoint_id, "name": "other", "autoscaling": {}}
    return {**fields, "model": profile.model, "config": profile.config}


async def together(endpoint: str) -> dict[str, Any]:
    """Ask many conversations at once; all are answered, each by its cluster."""
    spoken = Spoken("async")
    keys = [f"conversation {number}" for number in range(40)]
    clusters = await asyncio.gather(*(_cluster(spoken, endpoint, key) for key in keys))
    alone = [await _cluster(spoken, endpoint, key) for key in keys]
    return {"same": clusters == alone}


parts.run(spread, refusals, limits, together)
