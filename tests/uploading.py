"""Uploads by v1, and what they have made."""

SOURCE = "unsloth/Qwen2.5-72B-Instruct"


def upload(api, name="my-model", source=SOURCE, **fields):
    """Upload a model; the answer's data."""
    body = {"model_name": name, "model_source": source, **fields}
    answer = api.post("/v1/models", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def ready(api, name="my-model", source=SOURCE, **fields):
    """Upload a model and let its job end; the model's name."""
    made = upload(api, name, source, **fields)
    api.advance(by="10m")
    assert job(api, made["job_id"])["status"] == "Complete"
    return made["model_name"]


def job(api, job_id):
    """A job as it is now."""
    answer = api.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def slug(api):
    """The owner of the project's models."""
    return api.get("/_mock/project").json()["slug"]


def listed(api, path="/v1/models"):
    """The names of the project's own models in a list of models."""
    key = "name" if "autoscale" in path else "id"
    return [row[key] for row in api.get(path).json() if row[key].startswith(slug(api))]


def hardware(api, model):
    """The ids of the hardware that a model can run on."""
    return [row["id"] for row in api.get("/v1/hardware", params={"model": model}).json()["data"]]
