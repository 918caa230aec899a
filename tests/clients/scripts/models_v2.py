"""A model of one's own through v2: `models_v2.py PART sync|async [ARGUMENT...]`."""

import itertools
from typing import Any

import parts
from spelling import settled
from spelling_v2 import Spoken, every, pass_time, raised

SMALL = "Qwen/Qwen2.5-7B-Instruct-Turbo"
SOURCE = "https://huggingface.co/org/repo"


async def models(kind: str) -> dict[str, Any]:
    """Register, change, share, list and delete models."""
    spoken = Spoken(kind)
    own = spoken.models
    base = await _base(spoken)
    made = await settled(own.create(name="mine", type="model", base_model_id=base))
    adapter = {"name": "tuned", "type": "adapter", "base_model_id": base}
    other = await settled(own.create(**adapter, description="LoRA"))
    seen = {
        "made": [made.name, made.visibility, made.base_model_id == base],
        "adapter": [other.name, other.weights.type, other.description],
        "duplicate": await raised(lambda: own.create(**adapter)),
        "base": await raised(lambda: own.create(name="x", type="model", base_model_id="ml_x")),
        "listed": [row.name for row in await every(own.list(limit=1))],
    }
    shared = {"visibility": "VISIBILITY_INTERNAL", "update_mask": "visibility"}
    changed = await settled(own.update(other.id, **shared))
    seen["changed"] = [changed.name, changed.visibility, changed.description]
    # Without a mask, what is not said is taken away.
    cleared = await settled(own.update(other.id, name="tuned", visibility=changed.visibility))
    seen["cleared"] = [cleared.name, cleared.visibility, cleared.description]
    organization = (await spoken.identity())["organization"]
    internal = await every(own.list_org_scoped(organization))
    seen["shared"] = [row.id == other.id for row in internal]
    seen["empty"] = [
        (await settled(own.list_files(made.id))).data,
        (await settled(own.list_revisions(made.id))).data,
    ]
    seen["deleted"] = (await settled(own.delete(made.id))).to_dict()
    *gone, message = await raised(lambda: own.retrieve(made.id))
    return {**seen, "gone": [*gone, message.replace(made.id, "MODEL")]}


async def _base(spoken: Spoken) -> str:
    return str((await spoken.profile(SMALL)).model.split("/")[3])


async def uploads(kind: str) -> dict[str, Any]:
    """Import files from a hub, and deploy what came."""
    spoken = Spoken(kind)
    own, jobs = spoken.models, spoken.models.remote_uploads
    base = await _base(spoken)
    made = await settled(own.create(name="mine", type="model", base_model_id=base))
    endpoint = await settled(spoken.endpoints.create(name="chat"))
    fields = {
        "endpoint_id": endpoint.id,
        "name": "main",
        "model": f"projects/{made.project_id}/models/{made.id}",
        "autoscaling": {},
    }
    seen = {"unfilled": await raised(lambda: spoken.deployments.create(**fields))}
    job = await settled(jobs.create(model_id=made.id, remote_url=SOURCE, token="secret"))
    seen["job"] = [job.status, job.remote_url, "token" in job.to_dict()]
    states = [job.status]
    while not states[-1].endswith(("SUCCEEDED", "FAILED", "ERROR")):
        pass_time(0.25)
        states.append((await settled(jobs.retrieve(job.id))).status)
    seen["states"] = [state for state, _ in itertools.groupby(states)]
    seen["listed"] = [row.id == job.id for row in await every(jobs.list())]
    told = (await settled(jobs.events(job.id))).data
    seen["events"] = [len(told) > 1, {event.level for event in told} == {"LEVEL_INFO"}]
    (revision,) = (await settled(own.list_revisions(made.id))).data
    files = await settled(own.list_files(made.id))
    pinned = await settled(own.list_files(made.id, revision_id=revision.revision_id))
    seen["files"] = [
        files.revision_id == revision.revision_id,
        files.data == pinned.data,
        "config.json" in [file.path for file in files.data],
        sum(int(file.size_bytes) for file in files.data) == int(files.total_size_bytes),
    ]
    seen["valid"] = revision.validation_status
    deployed = await settled(spoken.deployments.create(**fields))
    seen["deployed"] = deployed.model == f"{fields['model']}/revisions/{revision.revision_id}"
    seen["in use"] = await raised(lambda: own.delete(made.id))
    return seen


async def misdirected(kind: str) -> dict[str, Any]:
    """What is refused of uploads."""
    spoken = Spoken(kind)
    own, jobs = spoken.models, spoken.models.remote_uploads
    made = await settled(own.create(name="mine", type="model", base_model_id=await _base(spoken)))
    return {
        "model": await raised(lambda: jobs.create(model_id="ml_x", remote_url=SOURCE)),
        "url": (await raised(lambda: jobs.create(model_id=made.id, remote_url="nowhere")))[:2],
        "job": (await raised(lambda: jobs.retrieve("job_x")))[:2],
    }


parts.run(models, uploads, misdirected)
