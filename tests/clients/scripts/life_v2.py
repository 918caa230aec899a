"""The life of a v2 endpoint and its deployment: `life_v2.py PART sync|async [ARGUMENT...]`."""

import itertools
from typing import Any

import parts
from spelling import settled
from spelling_v2 import Spoken, every, raised

SMALL = "Qwen/Qwen2.5-7B-Instruct-Turbo"
PACE = {"period_seconds": 60, "type": "SCALING_POLICY_TYPE_PODS", "value": 2}
# Every field that autoscaling has.
AUTOSCALING = {
    "min_replicas": 2,
    "max_replicas": 4,
    "scale_up_window": "30s",
    "scale_down_window": "120s",
    "scale_to_zero_window": "900s",
    "scale_up": {"policies": [PACE], "select_policy": "SCALING_POLICY_SELECT_MAX"},
    "scale_down": {"policies": [PACE], "select_policy": "SCALING_POLICY_SELECT_MIN"},
    "scaling_metrics": [
        {
            "name": "ttft",
            "target": 500.0,
            "type": "METRIC_TARGET_TYPE_VALUE",
            "percentile": "p95",
        }
    ],
}


class Walk:
    """One endpoint and its deployment, as the SDK sees them."""

    def __init__(self, kind: str) -> None:
        self.spoken = Spoken(kind)
        self.endpoint: Any = None
        self.deployment: Any = None

    async def created(self) -> dict[str, Any]:
        """Make both; what is seen before anything is routed."""
        spoken, profile = self.spoken, await self.spoken.profile(SMALL)
        made = self.endpoint = await settled(spoken.endpoints.create(name="chat"))
        fields = {
            "endpoint_id": made.id,
            "name": "main",
            "model": profile.model,
            "config": profile.config,
            "autoscaling": {"min_replicas": 1},
        }
        checked = await settled(spoken.deployments.create(**fields, validate_only=True))
        kept = await every(spoken.deployments.list(made.id))
        self.deployment = await settled(spoken.deployments.create(**fields))
        return {
            "endpoint": [made.name, made.endpoint_type, made.visibility, made.traffic_split],
            "duplicate": await raised(lambda: spoken.endpoints.create(name="chat")),
            "checked": [checked.name, checked.status.state, kept],
            "deployment": [self.deployment.name, *_bounds(self.deployment)],
        }

    async def until(self, state: str) -> list[str]:
        """Poll as users do while the clock runs; the states seen, each once."""
        states = []
        while f"DEPLOYMENT_STATE_{state}" not in states:
            states.append((await self.read()).status.state)
        return [told.removeprefix("DEPLOYMENT_STATE_") for told, _ in itertools.groupby(states)]

    async def read(self) -> Any:
        """The deployment at present."""
        call = self.spoken.deployments.retrieve(
            self.deployment.id, endpoint_id=self.deployment.endpoint_id
        )
        return await settled(call)

    async def changed(self, **fields: Any) -> Any:
        """Change the deployment."""
        call = self.spoken.deployments.update(
            self.deployment.id, endpoint_id=self.endpoint.id, **fields
        )
        return await settled(call)

    async def routed(self) -> dict[str, Any]:
        """Route to the deployment by a masked change with an etag; a second one is stale."""
        spoken, name = self.spoken, self.endpoint.name
        before = await raised(lambda: spoken.chat(name))
        change = {
            "id": self.endpoint.id,
            "traffic_split": [{"deployment_id": self.deployment.id, "weight": 1.0}],
            "update_mask": "trafficSplit",
            "etag": self.endpoint.etag,
        }
        routed = await settled(spoken.endpoints.update(**change))
        (entry,), (summary,) = routed.traffic_split, routed.deployments
        return {
            "before": before,
            "split": [entry.deployment_id == self.deployment.id, entry.weight],
            "summary": [summary.state, summary.ready_replicas, summary.hardware],
            "share": summary.estimated_effective_traffic_share,
            "etag": routed.etag != self.endpoint.etag,
            "stale": await raised(lambda: spoken.endpoints.update(**change)),
        }

    async def asked(self) -> dict[str, Any]:
        """Ask by the endpoint's name and by the deployment's, whole and as a stream."""
        name, pinned = self.endpoint.name, self.deployment.name
        whole, direct = await self.spoken.chat(name), await self.spoken.chat(pinned)
        stream = await self.spoken.chat(name, stream=True)
        chunks = await every(stream)
        return {
            "models": [whole.model, direct.model, chunks[0].model],
            "streamed": "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
            == whole.choices[0].message.content,
        }

    async def removed(self) -> dict[str, Any]:
        """Try to delete both at each step of the way to where that is allowed."""
        ids = {"id": self.deployment.id, "endpoint_id": self.endpoint.id}
        delete = self.spoken.deployments.delete
        of_endpoint = self.spoken.endpoints.delete
        seen = {"in split": await raised(lambda: delete(**ids))}
        cleared = {"traffic_split": [], "update_mask": "traffic_split"}
        await settled(self.spoken.endpoints.update(self.endpoint.id, **cleared))
        seen["running"] = await raised(lambda: delete(**ids))
        seen["endpoint"] = await raised(lambda: of_endpoint(self.endpoint.id))
        stopped = await self.changed(autoscaling={"min_replicas": 0, "max_replicas": 0})
        seen["stale"] = await raised(lambda: delete(**ids, etag=self.deployment.etag))
        seen["deleted"] = (await settled(delete(**ids, etag=stopped.etag))).to_dict()
        seen["emptied"] = (await settled(of_endpoint(self.endpoint.id))).to_dict()
        *gone, message = await raised(lambda: self.spoken.endpoints.retrieve(self.endpoint.id))
        return {**seen, "gone": [*gone, message.replace(self.endpoint.id, "ENDPOINT")]}


def _bounds(deployment: Any) -> list[Any]:
    bounds = deployment.autoscaling
    return [deployment.status.state, bounds.min_replicas, bounds.max_replicas]


async def life(kind: str) -> dict[str, Any]:
    """Make, route, ask, scale, stop, start and delete."""
    walk = Walk(kind)
    seen = {"created": await walk.created(), "started": await walk.until("READY")}
    seen["routed"] = await walk.routed()
    seen["asked"] = await walk.asked()
    scaled = await walk.changed(
        autoscaling=AUTOSCALING, inactive_timeout=60, max_concurrent_requests_per_replica="64"
    )
    limits = [scaled.inactive_timeout, scaled.max_concurrent_requests_per_replica]
    seen["scaled"] = {"autoscaling": scaled.autoscaling.to_dict(), "limits": limits}
    seen["grown"] = [await walk.until("READY"), (await walk.read()).status.ready_replicas]
    merged = await walk.changed(autoscaling={"min_replicas": 1}, update_mask="autoscaling")
    seen["merged"] = _bounds(merged)[1:]
    await walk.changed(autoscaling={"min_replicas": 0, "max_replicas": 0})
    seen["stopped"] = await walk.until("STOPPED")
    seen["unready"] = await raised(lambda: walk.spoken.chat(walk.endpoint.name))
    await walk.changed(autoscaling={"min_replicas": 1, "max_replicas": 1})
    seen["restarted"] = await walk.until("READY")
    seen["removed"] = await walk.removed()
    return seen


async def catalogue(kind: str) -> dict[str, Any]:
    """Who the key is, and everything that the platform publishes."""
    spoken = Spoken(kind)
    identity = await spoken.identity()
    listed = [[row.id, row.slug] for row in (await settled(spoken.client.projects.list())).data]
    profile = await spoken.profile(SMALL)
    return {
        "project": listed == [[identity["project"], identity["slug"]]],
        "models": await _models(spoken),
        "configs": await _configs(spoken, profile),
        "hardware": await _hardware(spoken, profile),
        "placement": await _placement(spoken),
        "base": await _base(spoken, profile),
    }


async def _models(spoken: Spoken) -> dict[str, Any]:
    supported = spoken.models.list_supported
    (found,) = (await settled(supported(search="qwen2.5-7b"))).data
    whole = [row.id for row in await every(supported(limit=500))]
    paged = [row.id for row in await every(supported(limit=40))]
    dedicated = await every(supported(product="PRODUCT_DEDICATED"))
    again = await settled(spoken.models.retrieve_supported(found.id))
    return {
        "found": [found.name, again.name],
        "pages": paged == whole and len(set(whole)) == len(whole) > 80,
        "deployable": all(row.deployment_profiles for row in dedicated),
        "nothing": (await settled(supported(search="no-such-model"))).data,
    }


async def _configs(spoken: Spoken, profile: Any) -> dict[str, Any]:
    model = profile.model.split("/revisions/")[0]
    _, owner, _, model_id = model.split("/")
    configs = spoken.models.configs
    (listed,) = await every(configs.list(reference_model=model))
    (by_id,) = await every(configs.list(reference_model_id=model_id))
    read = await settled(configs.retrieve(listed.id, project_id=owner))
    told = {selector.key: selector.value for selector in read.selectors}
    return {
        "same": listed.id == by_id.id == read.id == profile.config.rsplit("/", 1)[-1],
        "owner": [read.project_id == owner, read.reference_model == model],
        "accelerator": [told["accelerator_count"], told["accelerator_type"]],
        "certified": read.certifications[0].certification_type,
    }


async def _hardware(spoken: Spoken, profile: Any) -> list[Any]:
    hardware = spoken.endpoints.hardware
    kind = profile.gpu_type.lower()
    (row,) = [
        row
        for row in (await settled(hardware.list())).data
        if row.name.startswith(f"{profile.gpu_count}x{kind}")
    ]
    read = await settled(hardware.retrieve(row.id))
    regions = [region.name for region in read.regions]
    return [read.name, read.gpu_count, read.gpu_memory_gib, read.price_cents_per_hour, regions]


async def _placement(spoken: Spoken) -> list[Any]:
    profiles = spoken.endpoints.placement_profiles
    rows = await every(profiles.list())
    read = await settled(profiles.retrieve(rows[0].id))
    return [len(rows), read.name, read.preferred_regions]


async def _base(spoken: Spoken, profile: Any) -> list[Any]:
    _, owner, _, model_id, _, revision = profile.model.split("/")
    model = await settled(spoken.models.retrieve(model_id, project_id=owner))
    return [model.name, model.weights.type, revision == profile.certified_model_revision_id]


async def lists(kind: str, since: str, organization: str) -> dict[str, Any]:
    """The project's endpoints by page, filter and order; `since` is an instant between them."""
    spoken = Spoken(kind)
    listed = spoken.endpoints.list

    async def names(**query: Any) -> list[str]:
        return [row.name.rsplit("/", 1)[-1] for row in await every(listed(**query))]

    page = await settled(listed(limit=2))
    shared = spoken.endpoints.list_org_scoped(organization)
    return {
        "all": await names(),
        "paged": await names(limit=2),
        "page": [len(page.data), page.has_next_page(), page.next_cursor is not None],
        "oldest": await names(order_by="created_at asc", limit=3),
        "updated": await names(order_by="updated_at desc"),
        "exact": await names(filter='name="chat-3"'),
        "prefix": await names(filter='name:"chat-*" AND NOT name="chat-2"'),
        "since": await names(filter=f'created_at >= "{since}"', order_by="created_at asc"),
        "shared": [row.name.rsplit("/", 1)[-1] for row in await every(shared)],
        "bad": (await raised(lambda: listed(filter="name ~ x")))[:2],
        "cursor": await raised(lambda: listed(after="after")),
    }


async def deployments(kind: str, endpoint_id: str, model: str) -> dict[str, Any]:
    """The deployments of an endpoint by state and by model."""
    spoken = Spoken(kind)

    async def names(**query: Any) -> list[str]:
        found = await every(spoken.deployments.list(endpoint_id, **query))
        return [row.name.rsplit("/", 1)[-1] for row in found]

    return {
        "all": await names(limit=1),
        "ready": await names(filter='state="DEPLOYMENT_STATE_READY"'),
        "model": await names(filter=f'model="{model}"', order_by="created_at asc"),
        "not": await names(filter=f'NOT model="{model}"'),
    }


parts.run(life, catalogue, lists, deployments)
