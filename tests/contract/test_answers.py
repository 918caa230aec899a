"""Every operation answers as documented: a call for each documented status that can be had.

That the body fits is checked by `support.Api`, here as in every other test.
"""

from typing import Any

import pytest
from contract.conformance import CONTRACT
from support import H100X2, MIXTRAL

HERE = "/v1/endpoints/{id}"
GONE = "/v1/endpoints/endpoint-00000000-0000-4000-8000-000000000000"
NEW = {"model": MIXTRAL, "hardware": H100X2}
SERVERLESS = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
ASK = {"model": SERVERLESS, "messages": [{"role": "user", "content": "Hi"}]}
INFERENCE = {
    "completions": {"model": SERVERLESS, "prompt": "Hi"},
    "embeddings": {"model": "BAAI/bge-base-en-v1.5", "input": "Hi"},
    "rerank": {"model": "Salesforce/Llama-Rank-V1", "query": "Hi", "documents": ["Hi", "Ho"]},
}
UPLOAD = {"model_name": "mine", "model_source": "org/mine-7b"}
ADAPTERS = f"{HERE}/adapters"
TEXT = {"content": "{}", "headers": {"Content-Type": "text/plain"}}
HUGE = {"content": b" " * (16 * 1024 * 1024 + 1)}
ANONYMOUS = {"headers": {"Authorization": "Basic dXNlcjpwYXNz"}}
# Status -> path and options, of calls that neither add nor remove an adapter.
NO_ADAPTER: dict[int, tuple[str, dict[str, Any]]] = {
    400: (ADAPTERS, {"json": {"model_id": "no colon"}}),
    401: (ADAPTERS, {"json": {"model_id": "a:b"}, **ANONYMOUS}),
    403: (ADAPTERS, {"json": {"model_id": "{name}:no/such-adapter"}}),
    404: (f"{GONE}/adapters", {"json": {"model_id": "a:b"}}),
    413: (ADAPTERS, HUGE),
    415: (ADAPTERS, TEXT),
}

# operation -> status -> path and options of the call
CALLS: dict[str, dict[int, tuple[str, dict[str, Any]]]] = {
    "listEndpoints": {
        200: ("/v1/endpoints?type=serverless&mine=False", {}),
        400: ("/v1/endpoints?type=shared", {}),
        401: ("/v1/endpoints", ANONYMOUS),
    },
    "createEndpoint": {
        200: ("/v1/endpoints", {"json": NEW}),
        400: ("/v1/endpoints", {"json": NEW | {"model": "no/such-model"}}),
        401: ("/v1/endpoints", {"json": NEW, **ANONYMOUS}),
        404: ("/v1/endpoints", {"json": NEW | {"hardware": "1x_nvidia_h100_80gb_sxm"}}),
        413: ("/v1/endpoints", HUGE),
        415: ("/v1/endpoints", TEXT),
    },
    "getEndpoint": {200: (HERE, {}), 401: (HERE, ANONYMOUS), 404: (GONE, {})},
    "updateEndpoint": {
        200: (HERE, {"json": {"display_name": "Renamed"}}),
        400: (HERE, {"json": {"state": "PENDING"}}),
        401: (HERE, {"json": {}, **ANONYMOUS}),
        404: (GONE, {"json": {}}),
        413: (HERE, HUGE),
        415: (HERE, TEXT),
    },
    "deleteEndpoint": {204: (HERE, {}), 401: (HERE, ANONYMOUS), 404: (GONE, {})},
    "listHardware": {
        200: (f"/v1/hardware?model={MIXTRAL}", {}),
        401: ("/v1/hardware", ANONYMOUS),
    },
    "availabilityZones": {
        200: ("/v1/clusters/availability-zones", {}),
        401: ("/v1/clusters/availability-zones", ANONYMOUS),
    },
    "models": {
        200: ("/v1/models", {}),
        400: ("/v1/models?dedicated=perhaps", {}),
        401: ("/v1/models", ANONYMOUS),
    },
    "uploadModel": {
        200: ("/v1/models", {"json": UPLOAD}),
        400: ("/v1/models", {"json": UPLOAD | {"model_source": "here"}}),
        401: ("/v1/models", {"json": UPLOAD, **ANONYMOUS}),
        413: ("/v1/models", HUGE),
        415: ("/v1/models", TEXT),
    },
    "listJobs": {200: ("/v1/jobs", {}), 401: ("/v1/jobs", ANONYMOUS)},
    "getJob": {
        200: ("/v1/jobs/{job}", {}),
        401: ("/v1/jobs/job-1", ANONYMOUS),
        404: ("/v1/jobs/job-1", {}),
    },
    "listAdapters": {
        200: (ADAPTERS, {}),
        401: (ADAPTERS, ANONYMOUS),
        404: (f"{GONE}/adapters", {}),
    },
    "addAdapter": {
        200: (ADAPTERS, {"json": {"model_id": "{adapter}"}}),
        **NO_ADAPTER,
    },
    "removeAdapter": {
        200: (ADAPTERS, {"json": {"model_id": "{bound}"}}),
        **NO_ADAPTER,
    },
    "listAutoscaleModels": {
        200: ("/v1/autoscale/models", {}),
        401: ("/v1/autoscale/models", ANONYMOUS),
    },
    "whoami": {200: ("/v1/whoami", {}), 401: ("/v1/whoami", ANONYMOUS)},
    "whoamiV3": {200: ("/v3/whoami", {}), 401: ("/v3/whoami", ANONYMOUS)},
    "listProjects": {
        200: ("/v1/projects", {}),
        400: ("/v1/projects?limit=-1", {}),
        401: ("/v1/projects", ANONYMOUS),
    },
    "chat-completions": {
        200: ("/v1/chat/completions", {"json": ASK}),
        400: ("/v1/chat/completions", {"json": ASK | {"messages": []}}),
        401: ("/v1/chat/completions", {"json": ASK, **ANONYMOUS}),
        404: ("/v1/chat/completions", {"json": ASK | {"model": "no/such-model"}}),
        413: ("/v1/chat/completions", HUGE),
        415: ("/v1/chat/completions", TEXT),
    },
    **{
        name: {
            200: (f"/v1/{name}", {"json": body}),
            400: (f"/v1/{name}", {"json": {"model": body["model"]}}),
            401: (f"/v1/{name}", {"json": body, **ANONYMOUS}),
            404: (f"/v1/{name}", {"json": body | {"model": "no/such-model"}}),
            413: (f"/v1/{name}", HUGE),
            415: (f"/v1/{name}", TEXT),
        }
        for name, body in INFERENCE.items()
    },
}
# Documented, and not to be had from a strict server by a call of one's own choice.
UNREACHED = {
    ("createEndpoint", 402),  # see the tests of a spent balance
    ("updateEndpoint", 402),
    ("createEndpoint", 403),  # see the test of a retired server
    ("updateEndpoint", 403),
    ("getEndpoint", 400),
    ("deleteEndpoint", 400),
    ("listHardware", 400),
    ("availabilityZones", 400),
    ("listAutoscaleModels", 400),
    ("listJobs", 400),
    ("getJob", 400),
    ("listAdapters", 400),
    ("whoami", 400),
    ("whoamiV3", 400),
    ("chat-completions", 429),  # see the tests of rate limits
    *((name, 429) for name in INFERENCE),
    ("chat-completions", 503),
    *((name, 503) for name in INFERENCE),
}
METHODS = {
    operation["operationId"]: method
    for item in CONTRACT["paths"].values()
    for method, operation in item.items()
    if method != "parameters"
}


@pytest.mark.parametrize(
    ("operation", "status"), [(name, status) for name in CALLS for status in CALLS[name]]
)
def test_an_operation_answers_as_documented(api, operation, status):
    """The call is answered with the documented status, and its body has the documented shape."""
    path, options = CALLS[operation][status]
    known = _known(api, f"{path} {options.get('json')}")
    if "json" in options:
        body = {
            name: value.format(**known) if isinstance(value, str) else value
            for name, value in options["json"].items()
        }
        options = options | {"json": body}
    answer = api.request(METHODS[operation], path.format(**known), **options)
    assert answer.status_code == status


def _known(api, text):
    """What the names in braces stand for, made where a call has them."""
    known = {}
    if "{" in text:
        endpoint = api.create()
        known = {"id": endpoint["id"], "name": endpoint["name"]}
    if "{job}" in text:
        known["job"] = api.post("/v1/models", json=UPLOAD).json()["data"]["job_id"]
    if "{adapter}" in text or "{bound}" in text:
        lora = UPLOAD | {"model_type": "adapter", "lora_model": MIXTRAL}
        adapter = api.post("/v1/models", json=lora).json()["data"]["model_name"]
        api.advance(by="1h")
        known["adapter"] = known["bound"] = f"{known['name']}:{adapter}"
    if "{bound}" in text:
        path = ADAPTERS.format(**known)
        assert api.post(path, json={"model_id": known["bound"]}).status_code == 200
    return known


def test_a_retired_server_refuses_as_documented(start_server):
    """403 on creation and on restart."""
    api = start_server(api="v1-retired").api()
    api.put_state({"endpoints": [NEW | {"id": "endpoint-1", "state": "STOPPED"}]})
    assert api.post("/v1/endpoints", json=NEW).status_code == 403
    start = {"state": "STARTED"}
    assert api.patch("/v1/endpoints/endpoint-1", json=start).status_code == 403


def test_every_documented_status_has_a_call():
    """The table above misses no operation and no status."""
    promised = {
        (operation["operationId"], int(status))
        for item in CONTRACT["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
        for status in operation["responses"]
    }
    called = {(name, status) for name, calls in CALLS.items() for status in calls}
    assert called | UNREACHED == promised
    assert not called & UNREACHED


def test_a_stream_is_made_of_chunks_with_the_fields_of_the_answer(api):
    """Streams are documented as text; each frame is a chunk, and `[DONE]` ends them."""
    answer = api.chat(SERVERLESS, stream=True)
    assert answer.headers["content-type"] == "text/event-stream;charset=utf-8"
    frames = answer.text.split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    assert all(frame.startswith('data: {"id":"') for frame in frames[:-2])
