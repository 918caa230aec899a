"""Every operation of v2 answers as documented: a call for each documented status to be had.

That the body fits is checked by `support.Api`, here as in every other test.
"""

from typing import Any

import pytest
from contract.conformance import CONTRACTS
from contract.known import (
    ADAPTER,
    ADAPTERS,
    DEPLOYMENT,
    DEPLOYMENTS,
    ENDPOINT,
    ENDPOINTS,
    FILE,
    INSTANCE_TYPES,
    MODEL,
    MODELS,
    NEW_DEPLOYMENT,
    NEW_MODEL,
    REMOTE,
    UPLOADED,
    UPLOADS,
    Known,
    P,
)
from rehearsal import put_balance

ORGANIZATION = "/v2/organizations/{organization}"
STALE = {"name": "renamed", "etag": "stale"}
REVISED = {"adapterRevisionId": "{attached_revision}", "etag": "{attached_etag}"}
RESTART = {"autoscaling": {"minReplicas": 1, "maxReplicas": 1}}
HUGE = {"content": b" " * (16 * 1024 * 1024 + 1)}
TEXT = {"content": "{}", "headers": {"Content-Type": "text/plain"}}
ANONYMOUS = {"headers": {"Authorization": "Basic dXNlcjpwYXNz"}}

Call = tuple[str, dict[str, Any]]


def plain(path: str, bad: str = "") -> dict[int, Call]:
    """A call without a body; `bad` is a query that is refused."""
    return {200: (path, {}), **({400: (path + bad, {})} if bad else {})}


def sent(path: str, body: Any, bad: Any, conflict: Any = None) -> dict[int, Call]:
    """A call with a body, one that is refused, and one that conflicts with what is there."""
    calls: dict[int, Call] = {200: (path, {"json": body}), 400: (path, {"json": bad})}
    return calls if conflict is None else calls | {409: (path, {"json": conflict})}


# operation -> status -> path and options of the call; without what all operations refuse alike
CALLS: dict[str, dict[int, Call]] = {
    "listEndpointsV2": plain(ENDPOINTS, "?filter=name"),
    "createEndpointV2": sent(
        ENDPOINTS, {"name": "second"}, {"title": "second"}, {"name": "{endpoint_name}"}
    ),
    "getEndpointV2": plain(ENDPOINT),
    "updateEndpointV2": sent(ENDPOINT, {"name": "renamed"}, {}, STALE),
    "deleteEndpointV2": {
        200: (ENDPOINT, {}),
        400: (f"{ENDPOINTS}/{{served}}", {}),
        409: (f"{ENDPOINT}?etag=stale", {}),
    },
    "getEndpointAnalyticsV2": plain(f"{ENDPOINT}/analytics", "?startTime=noon"),
    "listEndpointEventsV2": plain(f"{ENDPOINT}/events", "?minLevel=LOUD"),
    "listOrganizationEndpointsV2": plain(f"{ORGANIZATION}/endpoints", "?orderBy=name"),
    "listPublicEndpointsV2": plain("/v2/public/endpoints", "?limit=-1"),
    "listDeploymentsV2": plain(DEPLOYMENTS, "?limit=-1"),
    "createDeploymentV2": sent(
        DEPLOYMENTS,
        NEW_DEPLOYMENT,
        NEW_DEPLOYMENT | {"autoscaling": {"minReplicas": 2, "maxReplicas": 1}},
        NEW_DEPLOYMENT | {"name": "{deployment_name}"},
    ),
    "getDeploymentV2": plain(DEPLOYMENT),
    "updateDeploymentV2": sent(DEPLOYMENT, {"autoscaling": {"maxReplicas": 3}}, {}, STALE),
    "deleteDeploymentV2": {
        200: (f"{DEPLOYMENTS}/{{stopped}}", {}),
        400: (DEPLOYMENT, {}),
        409: (f"{DEPLOYMENTS}/{{stopped}}?etag=stale", {}),
    },
    "listRolloutsV2": plain(f"{ENDPOINT}/rollouts", "?limit=-1"),
    "listABExperimentsV2": plain(f"{ENDPOINT}/abExperiments", "?limit=-1"),
    "listShadowExperimentsV2": plain(f"{ENDPOINT}/shadowExperiments", "?limit=-1"),
    "listAdaptersV2": plain(ADAPTERS, "?limit=-1"),
    "addAdapterV2": sent(
        ADAPTERS,
        {"adapterModelId": "{adapter}"},
        {"adapterModelId": "{uploaded}"},
        {"adapterModelId": "{attached_model}"},
    ),
    "getAdapterV2": plain(ADAPTER),
    "updateAdapterV2": sent(
        ADAPTER,
        REVISED,
        {"adapterRevisionId": "{attached_revision}"},
        REVISED | {"etag": "stale"},
    ),
    "removeAdapterV2": {
        200: (f"{ADAPTER}?etag={{attached_etag}}", {}),
        400: (ADAPTER, {}),
        404: (f"{ADAPTERS}/nothing?etag=stale", {}),
        409: (f"{ADAPTER}?etag=stale", {}),
    },
    "listPlacementProfilesV2": plain(f"{P}/placement-profiles", "?limit=-1"),
    "getPlacementProfileV2": plain(f"{P}/placement-profiles/{{profile}}"),
    "listModelsV2": plain(MODELS, "?visibility=VISIBILITY_PUBLIC"),
    "createModelV2": sent(
        MODELS, NEW_MODEL, NEW_MODEL | {"type": "dataset"}, NEW_MODEL | {"name": "{model_name}"}
    ),
    "getModelV2": plain(MODEL),
    "updateModelV2": sent(
        f"{MODEL}?updateMask=name",
        {"name": "renamed"},
        {"visibility": "VISIBILITY_PUBLIC"},
        {"name": "{uploaded_name}"},
    ),
    "deleteModelV2": {200: (MODEL, {}), 400: (f"{MODELS}/{{used}}", {})},
    "listModelFilesV2": plain(f"{UPLOADED}/files"),
    "listModelRevisionsV2": plain(f"{UPLOADED}/revisions"),
    "getRevisionByModelTypeV2": plain(f"{UPLOADED}/revisions/{{revision}}"),
    "listOrganizationModelsV2": plain(f"{ORGANIZATION}/models", "?limit=-1"),
    "listRemoteModelUploadsV2": plain(UPLOADS, "?limit=-1"),
    "createRemoteModelUploadV2": sent(UPLOADS, REMOTE, {"modelId": "{model}"}),
    "getRemoteModelUploadV2": plain(f"{UPLOADS}/{{job}}"),
    "listRemoteModelUploadEventsV2": plain(f"{UPLOADS}/{{job}}/events", "?limit=-1"),
    "createModelUploadV2": sent(
        f"{MODELS}/upload/create",
        {"objectId": "{model}", "files": [FILE | {"numParts": 1}]},
        {"objectId": "{model}", "files": [FILE]},
    ),
    "completeModelUploadV2": sent(
        f"{MODELS}/upload/complete",
        {"objectId": "{model}", "files": [FILE | {"uploadDetails": "{put}"}]},
        {"objectId": "{model}"},
    ),
    "downloadModelV2": sent(
        f"{MODELS}/download",
        {"objectId": "{uploaded}", "paths": [], "revisionId": "{revision}"},
        {"objectId": "{uploaded}", "paths": "all"},
    ),
    "listProjectConfigsV2": plain(f"{P}/configs?referenceModelId={{base}}", "&limit=-1"),
    "getProjectConfigV2": plain(f"{P}/configs/{{config_id}}"),
    "listSupportedModelsV2": plain("/v2/supported-models?search=mixtral", "&modality=SMELL"),
    "getSupportedModelV2": plain("/v2/supported-models/{architecture}"),
    "listInferenceInstanceTypesV2": plain(INSTANCE_TYPES),
    "getInferenceInstanceTypeV2": plain(f"{INSTANCE_TYPES}/{{instance_type}}"),
}
# Documented, and not to be had by a call of one's own choice.
UNREACHED = {
    ("createDeploymentV2", 402),  # see the tests of a spent balance and of full pools
    ("updateDeploymentV2", 402),
    ("updateDeploymentV2", 403),  # see the test of a retired v1
    ("createDeploymentV2", 429),
    ("updateDeploymentV2", 429),
    ("addAdapterV2", 429),  # see the tests of adapters
    # There is nothing but ids, and every text is one.
    *((name, 400) for name, calls in CALLS.items() if 400 not in calls),
}
OPERATIONS = {
    operation["operationId"]: (method, operation)
    for item in CONTRACTS["v2"]["paths"].values()
    for method, operation in item.items()
    if method != "parameters"
}
# RPC statuses that an HTTP status stands for.
CODES = {
    400: {"INVALID_ARGUMENT", "FAILED_PRECONDITION"},
    401: {"UNAUTHENTICATED"},
    402: {"FAILED_PRECONDITION"},
    403: {"PERMISSION_DENIED"},
    404: {"NOT_FOUND"},
    409: {"ALREADY_EXISTS", "ABORTED"},
    413: {"INVALID_ARGUMENT"},
    415: {"INVALID_ARGUMENT"},
    429: {"RESOURCE_EXHAUSTED"},
}


def calls_of(operation: str) -> dict[int, Call]:
    """The calls of an operation, with those that all operations refuse alike."""
    path, options = CALLS[operation][200]
    resource = path.partition("?")[0]
    calls = {401: (path, options | ANONYMOUS)}
    if "{" in resource:
        before, _, after = resource.rpartition("{")
        calls[404] = (f"{before}nothing{after.partition('}')[2]}", options)
    if "requestBody" in OPERATIONS[operation][1]:
        calls |= {413: (path, HUGE), 415: (path, TEXT)}
    return calls | CALLS[operation]


def refused(answer: Any, status: int) -> None:
    """Check that an answer is a refusal in v2's envelope, with a code of its status."""
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] in CODES[status]


@pytest.mark.parametrize(
    ("operation", "status"), [(name, status) for name in CALLS for status in calls_of(name)]
)
def test_an_operation_answers_as_documented(api, operation, status):
    """The call is answered with the documented status, and its body has the documented shape."""
    known = Known(api)
    path, options = calls_of(operation)[status]
    if "json" in options:
        options = options | {"json": known.filled_in(options["json"])}
    answer = api.request(OPERATIONS[operation][0], known.filled_in(path), **options)
    if status == 200:
        assert answer.status_code == 200, answer.text
    else:
        refused(answer, status)


def test_who_has_nothing_left_to_spend_is_refused_as_documented(api):
    """402 on creation and on restart."""
    known = Known(api)
    path, options = known.filled_in(list(CALLS["createDeploymentV2"][200]))
    stopped = known.filled_in(f"{DEPLOYMENTS}/{{stopped}}")
    put_balance(api, "0")
    refused(api.post(path, **options), 402)
    refused(api.patch(stopped, json=RESTART), 402)


def test_who_has_no_gpus_left_is_refused_as_documented(api):
    """429 on creation and on restart."""
    known = Known(api)
    path, options = known.filled_in(list(CALLS["createDeploymentV2"][200]))
    stopped = known.filled_in(f"{DEPLOYMENTS}/{{stopped}}")
    ids = [item["id"] for item in api.get("/v1/hardware").json()["data"]]
    zones = api.get("/v1/clusters/availability-zones").json()["avzones"]
    pools = [{"hardware": id_, "zone": zone, "replicas": 0} for id_ in ids for zone in zones]
    capacity = {"pools": pools, "on_exhausted": "reject"}
    assert api.put("/_mock/capacity", json=capacity).status_code == 200
    refused(api.post(path, **options), 429)
    refused(api.patch(stopped, json=RESTART), 429)


def test_every_documented_status_has_a_call():
    """The table above misses no operation and no status."""
    promised = {
        (name, int(status))
        for name, (_, operation) in OPERATIONS.items()
        for status in operation["responses"]
    }
    called = {(name, status) for name in CALLS for status in calls_of(name)}
    assert called | UNREACHED == promised
    assert not called & UNREACHED
