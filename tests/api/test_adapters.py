"""v1's adapters (a preview of together 2.42.0): bound to an endpoint, and asked for by name."""

import pytest
from support import MIXTRAL, refused
from uploading import ready, upload

LORA = {"model_type": "adapter", "lora_model": MIXTRAL}
OTHER = "Qwen/Qwen2.5-7B-Instruct-Turbo"


@pytest.fixture
def endpoint(api):
    """An endpoint that serves Mixtral."""
    made = api.create()
    api.run_until(made["id"], "STARTED")
    return made


@pytest.fixture
def adapter(api):
    """An adapter for Mixtral that can be used."""
    return ready(api, "my-lora", "org/lora", **LORA)


def path(endpoint):
    """Where its adapters are."""
    return f"/v1/endpoints/{endpoint['id']}/adapters"


def add(api, endpoint, adapter):
    """Bind an adapter; the id to ask for."""
    body = {"model_id": f"{endpoint['name']}:{adapter}"}
    answer = api.post(path(endpoint), json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == body
    return body["model_id"]


def remove(api, endpoint, model_id):
    """Unbind an adapter."""
    return api.request("DELETE", path(endpoint), json={"model_id": model_id})


def test_an_adapter_is_bound_listed_asked_for_and_unbound(api, endpoint, adapter):
    """By its own name and by that after the endpoint's, until it is removed."""
    assert api.get(path(endpoint)).json() == {"object": "list", "data": []}
    refused(api.chat(f"{endpoint['name']}:{adapter}"), "unknown_model_chat")
    model_id = add(api, endpoint, adapter)
    assert api.get(path(endpoint)).json()["data"] == [
        {"model_id": model_id, "adapter_name": adapter, "endpoint_name": endpoint["name"]}
    ]
    for name in (model_id, adapter):
        answer = api.chat(name)
        assert answer.status_code == 200, answer.text
        assert answer.json()["model"] == name
    assert remove(api, endpoint, model_id).json() == {"model_id": model_id, "deleted": True}
    refused(api.chat(model_id), "unknown_model_chat")
    assert api.get(path(endpoint)).json()["data"] == []


def test_a_request_by_an_adapter_is_one_of_the_endpoint(api, endpoint, adapter):
    """It keeps the endpoint from idling, and is refused once that has stopped."""
    model_id = add(api, endpoint, adapter)
    assert api.chat(model_id).status_code == 200
    api.patch(f"/v1/endpoints/{endpoint['id']}", json={"inactive_timeout": 10})
    for _ in range(3):
        api.advance(by="9m")
        assert api.chat(model_id).status_code == 200
    assert api.state_of(endpoint["id"]) == "STARTED"
    api.advance(by="11m")
    assert api.state_of(endpoint["id"]) == "STOPPED"
    refused(api.chat(model_id), "endpoint_not_running")


def test_the_endpoint_takes_its_adapters_along(api, endpoint, adapter):
    """Once it is deleted, nothing answers by them."""
    model_id = add(api, endpoint, adapter)
    assert api.chat(model_id).status_code == 200
    api.delete(f"/v1/endpoints/{endpoint['id']}")
    refused(api.chat(model_id), "unknown_model_chat")
    refused(api.get(path(endpoint)), "unknown_endpoint")


def test_what_cannot_be_bound_is_refused(api, endpoint, adapter):
    """Each of the documented reasons, with its status, and nothing is bound."""
    name = endpoint["name"]
    model = ready(api, "a-model", "org/model-7b")
    wrong = ready(api, "for-another", "org/lora", **LORA | {"lora_model": OTHER})
    unready = upload(api, "unready", "org/lora", **LORA)["model_name"]
    cases = [
        ("no colon", "bad_adapter_id"),
        (f"{name}:", "bad_adapter_id"),
        (f":{adapter}", "bad_adapter_id"),
        (f"other/endpoint:{adapter}", "adapter_of_another_endpoint"),
        (f"{name}:no/such", "unknown_adapter"),
        (f"{name}:{unready}", "unknown_adapter"),
        (f"{name}:{model}", "unknown_adapter"),
        (f"{name}:{wrong}", "incompatible_adapter"),
    ]
    for model_id, case in cases:
        answer = api.post(path(endpoint), json={"model_id": model_id})
        assert refused(answer, case)["param"] == "model_id"
    assert api.get(path(endpoint)).json()["data"] == []


def test_an_adapter_is_bound_once_and_unbound_once(api, endpoint, adapter):
    """A second time is refused, either way."""
    model_id = add(api, endpoint, adapter)
    refused(api.post(path(endpoint), json={"model_id": model_id}), "adapter_bound")
    remove(api, endpoint, model_id)
    refused(remove(api, endpoint, model_id), "adapter_not_bound")


def test_endpoints_of_other_types_take_no_adapters(api, adapter):
    """LoRA is for text."""
    rerank = "Salesforce/Llama-Rank-V1"
    models = api.get("/v1/models?dedicated=true").json()
    other = next(row["id"] for row in models if row["type"] not in ("chat", "language"))
    assert other != rerank
    hardware = api.get("/v1/hardware", params={"model": other}).json()["data"][0]["id"]
    made = api.create(model=other, hardware=hardware)
    body = {"model_id": f"{made['name']}:{adapter}"}
    refused(api.post(path(made), json=body), "lora_not_enabled")


def test_an_adapter_of_another_project_is_not_owned(server, api, endpoint):
    """403, as documented."""
    theirs = ready(server.api(), "their-lora", "org/lora", **LORA)
    body = {"model_id": f"{endpoint['name']}:{theirs}"}
    refused(api.post(path(endpoint), json=body), "unknown_adapter")


def test_adapters_survive_a_round_trip(server, api, endpoint, adapter):
    """The state document has them with their endpoint."""
    model_id = add(api, endpoint, adapter)
    other = server.api()
    document = api.state()
    [shown] = document["endpoints"][0]["adapters"]
    assert shown["model"] == adapter
    assert other.put_state(document).json() == document
    assert other.chat(model_id).status_code == 200


def test_an_adapter_in_a_document_must_be_one_of_its_models(api):
    """The field is named."""
    entry = {"model": MIXTRAL, "hardware": "2x_nvidia_h100_80gb_sxm", "adapters": ["no/such"]}
    answer = api.put_state({"endpoints": [entry]})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "endpoints.0.adapters.0"


def test_another_name_of_an_adapter_counts_at_once(v2, endpoint, adapter):
    """Renamed in v2, it is asked for by its new name alone; deleted, by none."""
    old = add(v2.api, endpoint, adapter)
    assert v2.chat(old).status_code == v2.chat(adapter).status_code == 200
    [model] = v2.got(f"{v2.root}/models")["data"]
    path_of_model = f"{v2.root}/models/{model['id']}"
    assert v2.patch(path_of_model, json={"name": "renamed"}).status_code == 200
    renamed = adapter.replace("my-lora", "renamed")
    for name in (old, adapter):
        refused(v2.chat(name), "unknown_model_chat")
    for name in (renamed, f"{endpoint['name']}:{renamed}"):
        assert v2.chat(name).status_code == 200
    assert v2.delete(path_of_model).status_code == 200
    refused(v2.chat(renamed), "unknown_model_chat")
