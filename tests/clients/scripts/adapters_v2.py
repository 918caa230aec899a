"""Adapters of deployments through v2: `adapters_v2.py PART sync|async ENDPOINT DEPLOYMENT`."""

from typing import Any

import parts
from spelling import settled
from spelling_v2 import Spoken, every, raised


async def life(kind: str, endpoint: str, deployment: str) -> dict[str, Any]:
    """List what v1 bound, attach another adapter, pin a revision of it, detach it."""
    spoken = Spoken(kind)
    own = spoken.endpoints.adapters
    place = {"endpoint_id": endpoint, "deployment_id": deployment}

    async def listed() -> list[Any]:
        return await every(own.list(endpoint, deployment, limit=1))

    (bound,) = await listed()
    (report,) = bound.per_cluster
    seen: dict[str, Any] = {
        "bound": [bound.adapter_model_id, bound.desired_revision_id],
        "report": [report.state, report.ready_pod_count, report.loaded_at == report.updated_at],
        "again": await raised(lambda: own.create(adapter_model_id="ml_one", **place)),
        "unknown": await raised(lambda: own.create(adapter_model_id="ml_none", **place)),
    }
    named = {"adapter_model_id": "ml_two", "adapter_revision_id": "rv_two_1"}
    made = await settled(own.create(**named, force=True, **place))
    seen["attached"] = [made.id[:4], made.adapter_model_id, made.desired_revision_id]
    seen["listed"] = [row.adapter_model_id for row in await listed()]
    pinned = {"adapter_revision_id": "rv_two_2", "etag": made.etag}
    changed = await settled(own.update(made.id, **pinned, **place))
    seen["changed"] = [changed.id == made.id, changed.desired_revision_id]
    seen["stale"] = await raised(lambda: own.update(made.id, **pinned, **place))
    again = await settled(own.retrieve(made.id, **place))
    seen["read"] = again.to_dict() == changed.to_dict()
    seen["asked"] = (await spoken.chat("o/two")).model
    removed = await settled(own.delete(made.id, etag=changed.etag, **place))
    seen["detached"] = removed.to_dict()
    seen["left"] = [row.adapter_model_id for row in await listed()]
    *gone, message = await raised(lambda: own.retrieve(made.id, **place))
    return {**seen, "gone": [*gone, message.replace(made.id, "ADAPTER")]}


parts.run(life)
