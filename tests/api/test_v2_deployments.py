"""v2's deployments: what a creation may name, updates by mask, deletion, capacity and money."""

import pytest
from rehearsal import pool, put_balance, put_pools
from support import MIXTRAL, V2, refused

GEMMA = "google/gemma-3-27b-it"
QWEN = "Qwen/Qwen2.5-7B-Instruct-Turbo"
SERVERLESS = "meta-llama/Llama-3-70b-chat-hf"
ONE = {"minReplicas": 1}
STOPPED = {"minReplicas": 0, "maxReplicas": 0}
IN_FLIGHT = {
    "name": "inflight_requests",
    "type": "METRIC_TARGET_TYPE_AVERAGE_VALUE",
    "target": 8.0,
}


@pytest.fixture
def endpoint(v2):
    return v2.create()


def post(v2, endpoint, **body):
    return v2.post(v2.at(endpoint, "deployments"), json=body)


def patch(v2, deployment, mask=None, **body):
    params = {} if mask is None else {"updateMask": mask}
    return v2.patch(v2.at(deployment), params=params, json=body)


def listed(v2, endpoint):
    return v2.got(v2.at(endpoint, "deployments"))["data"]


# Creation --------------------------------------------------------------------------------


def test_a_new_deployment_shows_all_that_is_known_of_it(v2, endpoint):
    """Bare minimum in, every default out; and the same when it is read again and listed."""
    profile = v2.profiles()[0]
    v2.advance(by=1)
    made = v2.deploy(endpoint)
    assert v2.now(made) == made
    assert listed(v2, endpoint) == [made]
    assert made.pop("id").startswith("dep_")
    assert made.pop("etag")
    *_, model, _, revision = profile["model"].split("/")
    runs_on = v2.got(f"{v2.root}/configs/{made['configId']}")["selectors"]
    selected = {row["key"]: row["value"] for row in runs_on}
    assert made == {
        "projectId": v2.project,
        "endpointId": endpoint["id"],
        "name": f"{endpoint['name']}/main",
        "createdAt": "2026-01-01T00:00:01.000Z",
        "updatedAt": "2026-01-01T00:00:01.000Z",
        "model": profile["model"],
        "modelId": model,
        "modelRevisionId": revision,
        "config": profile["config"],
        "configId": profile["config"].rpartition("/")[2],
        "hardware": f"{selected['accelerator_count']}x{selected['accelerator_type']}",
        "autoscaling": {
            "minReplicas": 1,
            "maxReplicas": 1,
            "scaleUpWindow": "0s",
            "scaleDownWindow": "300s",
            "scalingMetrics": [IN_FLIGHT],
        },
        "desiredReplicas": 1,
        "trafficMode": "TRAFFIC_MODE_LIVE",
        "estimatedEffectiveTrafficShare": 0.0,
        "status": {
            "state": "DEPLOYMENT_STATE_PROVISIONING",
            "message": "Scheduling replicas",
            "readyReplicas": 0,
            "scheduledReplicas": 1,
            "details": {
                "region": [{"region": "us-central-4b", "readyReplicas": 0, "scheduledReplicas": 1}]
            },
        },
        "runtimeInfo": made["runtimeInfo"],
    }


def test_everything_that_can_be_said_comes_back(v2, endpoint):
    """Of a creation with every field, under each one's own name."""
    said = {
        "inactiveTimeout": 45,
        "maxConcurrentRequestsPerReplica": "16",
        "enableLora": True,
        "placement": {
            "inline": {
                "regions": ["us-east-1a", "us-central-4b"],
                "constraint": "ENFORCEMENT_PREFERRED",
                "compliancePolicy": {"hipaa": True},
            }
        },
        "autoscaling": {
            "minReplicas": 2,
            "maxReplicas": 5,
            "scaleUpWindow": "10s",
            "scaleDownWindow": "1.5s",
            "scaleToZeroWindow": "3600s",
            "scaleUp": {
                "policies": [
                    {"type": "SCALING_POLICY_TYPE_PODS", "value": 2, "periodSeconds": 60},
                    {"type": "SCALING_POLICY_TYPE_PERCENT", "value": 50, "periodSeconds": 1800},
                ],
                "selectPolicy": "SCALING_POLICY_SELECT_MIN",
            },
            "scaleDown": {"policies": [], "selectPolicy": "SCALING_POLICY_SELECT_DISABLED"},
            "scalingMetrics": [
                {"name": "ttft", "type": "METRIC_TARGET_TYPE_VALUE", "target": 0.5}
                | {"percentile": "p95"},
                {**IN_FLIGHT, "target": 3.0},
            ],
        },
    }
    made = v2.deploy(endpoint, **said)
    assert {name: made[name] for name in said} == said
    assert v2.now(made) == made
    (summary,) = v2.now(endpoint)["deployments"]
    assert summary["autoscaling"] == said["autoscaling"]


def snake(value):
    """A body with its fields in snake_case."""
    if isinstance(value, dict):
        return {
            "".join("_" + c.lower() if c.isupper() else c for c in name): snake(part)
            for name, part in value.items()
        }
    return [snake(part) for part in value] if isinstance(value, list) else value


def test_fields_may_be_spelled_in_snake_case(v2, endpoint):
    """All the way down."""
    said = {
        "inactiveTimeout": 45,
        "autoscaling": {
            "minReplicas": 2,
            "scaleDownWindow": "7s",
            "scaleUp": {
                "policies": [
                    {"type": "SCALING_POLICY_TYPE_PODS", "value": 2, "periodSeconds": 60},
                ],
            },
        },
        "placement": {"inline": {"compliancePolicy": {"hipaa": False}}},
    }
    made = v2.deploy(endpoint, "camel", **said)
    body = snake(v2.asked("snake", **said))
    assert "min_replicas" in body["autoscaling"]
    other = v2.post(v2.at(endpoint, "deployments"), json=body).json()
    assert {name: other[name] for name in said} == {name: made[name] for name in said}


def test_names_are_bare_or_qualified_by_the_endpoint(v2, endpoint):
    """And taken once in it; another endpoint may have the same."""
    assert v2.deploy(endpoint, f"{endpoint['name']}/a")["name"] == f"{endpoint['name']}/a"
    for name in ("a", f"{endpoint['name']}/a"):
        refused(post(v2, endpoint, **v2.asked(name)), "v2_name_exists")
    for name in (f"{v2.slug}/a", f"{v2.slug}/other/a", f"other/{endpoint['name']}/a"):
        refused(post(v2, endpoint, **v2.asked(name)), "v2_foreign_slug")
    for name in ("", "-a", "a b", "x" * 257):
        refused(post(v2, endpoint, **v2.asked(name)), "v2_bad_name")
    assert v2.deploy(v2.create("other"), "a")["name"] == f"{v2.slug}/other/a"


@pytest.mark.parametrize("field", ["validateOnly", "foo", "desiredReplicas", "trafficMode"])
def test_an_unknown_field_is_refused(v2, endpoint, field):
    """What is only shown is none that can be said."""
    error = refused(post(v2, endpoint, **v2.asked(**{field: 1})), "v2_unknown_field")
    assert error["message"] == f'unknown field "{field}"'


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"autoscaling": None}, "autoscaling"),
        ({"autoscaling": []}, "autoscaling"),
        ({"autoscaling": {"minReplicas": "one"}}, "autoscaling.minReplicas"),
        ({"autoscaling": {"minReplicas": True}}, "autoscaling.minReplicas"),
        ({"autoscaling": {"minReplicas": 1.5}}, "autoscaling.minReplicas"),
        ({"autoscaling": {"minReplicas": -1}}, "autoscaling.minReplicas"),
        ({"autoscaling": {"minReplicas": 2**31}}, "autoscaling.minReplicas"),
        ({"autoscaling": {"minReplicas": 10**30}}, "autoscaling.minReplicas"),
        ({"autoscaling": {"min": 1}}, "autoscaling.min"),
        ({"autoscaling": {"scaleUpWindow": 5}}, "autoscaling.scaleUpWindow"),
        ({"autoscaling": {"scaleUpWindow": "5m"}}, "autoscaling.scaleUpWindow"),
        ({"autoscaling": {"scaleUpWindow": "5"}}, "autoscaling.scaleUpWindow"),
        ({"autoscaling": {"scaleUpWindow": "05s"}}, "autoscaling.scaleUpWindow"),
        ({"autoscaling": {"scaleUpWindow": "9999999999999s"}}, "autoscaling.scaleUpWindow"),
        ({"autoscaling": {"scaleDownWindow": "-5s"}}, "autoscaling.scaleDownWindow"),
        ({"autoscaling": {"scaleUp": {"policies": {}}}}, "autoscaling.scaleUp.policies"),
        (
            {"autoscaling": {"scaleUp": {"policies": [{}]}}},
            "autoscaling.scaleUp.policies.0.type",
        ),
        (
            {"autoscaling": {"scaleUp": {"selectPolicy": "MAX"}}},
            "autoscaling.scaleUp.selectPolicy",
        ),
        (
            {"autoscaling": {"scalingMetrics": [{**IN_FLIGHT, "name": "cpu"}]}},
            "autoscaling.scalingMetrics.0.name",
        ),
        (
            {"autoscaling": {"scalingMetrics": [{**IN_FLIGHT, "target": 0}]}},
            "autoscaling.scalingMetrics.0.target",
        ),
        (
            {"autoscaling": {"scalingMetrics": [{**IN_FLIGHT, "target": "NaN"}]}},
            "autoscaling.scalingMetrics.0.target",
        ),
        (
            {
                "autoscaling": {
                    "scalingMetrics": [{**IN_FLIGHT, "type": "METRIC_TARGET_TYPE_VALUE"}]
                }
            },
            "autoscaling.scalingMetrics.0.type",
        ),
        ({"inactiveTimeout": 29}, "inactiveTimeout"),
        ({"inactiveTimeout": 1441}, "inactiveTimeout"),
        ({"inactiveTimeout": -1}, "inactiveTimeout"),
        ({"inactiveTimeout": "30m"}, "inactiveTimeout"),
        ({"inactiveTimeout": True}, "inactiveTimeout"),
        ({"maxConcurrentRequestsPerReplica": "many"}, "maxConcurrentRequestsPerReplica"),
        ({"maxConcurrentRequestsPerReplica": "-1"}, "maxConcurrentRequestsPerReplica"),
        ({"maxConcurrentRequestsPerReplica": -1}, "maxConcurrentRequestsPerReplica"),
        ({"maxConcurrentRequestsPerReplica": "1.5"}, "maxConcurrentRequestsPerReplica"),
        ({"maxConcurrentRequestsPerReplica": "\u0661"}, "maxConcurrentRequestsPerReplica"),
        ({"maxConcurrentRequestsPerReplica": str(2**63)}, "maxConcurrentRequestsPerReplica"),
        ({"maxConcurrentRequestsPerReplica": True}, "maxConcurrentRequestsPerReplica"),
        ({"maxConcurrentRequestsPerReplica": ""}, "maxConcurrentRequestsPerReplica"),
        ({"placement": {"inline": {}, "profile": "pp_1"}}, "placement"),
        ({"placement": {"inline": {"regions": ["mars"]}}}, "placement.inline.regions.0"),
        ({"placement": {"inline": {"regions": "us-east-1a"}}}, "placement.inline.regions"),
        ({"placement": {"inline": {"constraint": "HARD"}}}, "placement.inline.constraint"),
        (
            {
                "placement": {
                    "inline": {"regions": ["us-central-4b"], "compliancePolicy": {"hipaa": True}}
                }
            },
            "placement.inline.compliancePolicy",
        ),
        ({"placement": "us-east-1a"}, "placement"),
        ({"enableLora": "yes"}, "enableLora"),
    ],
)
def test_a_bad_value_is_refused_by_field(v2, endpoint, fields, param):
    """Nothing is made of it."""
    answer = post(v2, endpoint, **v2.asked(**fields))
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == "INVALID_ARGUMENT"
    assert (error["param"] or "").startswith(param)
    assert listed(v2, endpoint) == []


def test_an_unknown_endpoint_has_no_deployments(v2, endpoint):
    """Nor has one of another id that exists."""
    made = v2.deploy(endpoint)
    other = v2.create("other")
    for owner in ("ep_unknown", other["id"]):
        at = f"{v2.endpoints}/{owner}/deployments/{made['id']}"
        case = "v2_unknown_deployment" if owner == other["id"] else "v2_unknown_endpoint"
        refused(v2.get(at), case)
        refused(v2.patch(at, json={"inactiveTimeout": 30}), case)
        refused(v2.delete(at), case)
    assert v2.now(made) == made


# Only to validate ------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["true", "1", "True"])
def test_a_validation_keeps_nothing(v2, endpoint, flag):
    """No deployment, no event, no id that later ones go without."""
    path = v2.at(endpoint, "deployments")
    before = v2.state()
    told = [
        v2.post(path, params={"validateOnly": flag}, json=v2.asked(name)).json()
        for name in ("main", "main", "other")
    ]
    assert v2.state() == before
    assert listed(v2, endpoint) == []
    assert v2.now(endpoint) == endpoint
    made = v2.deploy(endpoint)
    # What would have been created: the very deployment that is created next.
    assert told[0] == told[1] == made
    assert v2.advance(by="1h")["transitions"][0]["deployment"] == made["id"]
    assert len(listed(v2, endpoint)) == 1


def test_a_validation_loses_no_activity(v2):
    """A request that came before it still puts off the idle stop."""
    endpoint, deployment = v2.served(inactiveTimeout=30)
    v2.advance(by="20m")
    assert v2.chat(endpoint["name"]).status_code == 200
    path = v2.at(endpoint, "deployments")
    for body in (v2.asked("other"), v2.asked("-")):
        v2.post(path, params={"validateOnly": "true"}, json=body)
    v2.advance(by="29m")
    assert v2.status(deployment)[0] == "READY"
    v2.advance(by="1m")
    assert v2.status(deployment)[0] == "STOPPING"


def test_a_validation_refuses_what_a_creation_would(v2, endpoint):
    """By the same answer."""
    path = v2.at(endpoint, "deployments")
    v2.deploy(endpoint)
    for body in (v2.asked(), v2.asked("-"), v2.asked("a", config="projects/p/configs/cr_1")):
        checked = v2.post(path, params={"validateOnly": "true"}, json=body)
        assert checked.status_code >= 400
        assert checked.json() == v2.post(path, json=body).json()


@pytest.mark.parametrize("flag", ["false", "0"])
def test_what_is_not_only_validated_is_created(v2, endpoint, flag):
    """Also when that is said."""
    path = v2.at(endpoint, "deployments")
    assert v2.post(path, params={"validateOnly": flag}, json=v2.asked()).status_code == 200
    assert len(listed(v2, endpoint)) == 1


def test_neither_true_nor_false_is_refused(v2, endpoint):
    """A flag is one of the two."""
    path = v2.at(endpoint, "deployments")
    answer = v2.post(path, params={"validateOnly": "maybe"}, json=v2.asked())
    assert answer.json()["error"]["param"] == "validateOnly"
    assert listed(v2, endpoint) == []


# Model and config ------------------------------------------------------------------------


def test_a_model_is_named_by_resource_or_by_ids(v2, endpoint):
    """With a revision or without, which pins the latest; all of them come out the same."""
    profile = v2.profiles()[0]
    made = v2.deploy(endpoint, "a")
    model, config = profile["model"].partition("/revisions")[0], profile["config"]
    ids = {"modelId": made["modelId"], "configId": made["configId"]}
    ways = [
        {"model": made["model"], "config": config},
        {"model": model, "configId": made["configId"]},
        {**ids},
        {**ids, "modelRevisionId": made["modelRevisionId"]},
        {"model": model, "modelRevisionId": made["modelRevisionId"], "config": config},
        # The older ids are looked at where there is no resource name.
        {"model": model, "modelId": "ml_other", "config": config, "configId": "cr_other"},
    ]
    for number, way in enumerate(ways):
        other = post(v2, endpoint, name=f"b{number}", autoscaling=ONE, **way).json()
        for name in ("model", "modelId", "modelRevisionId", "config", "configId", "hardware"):
            assert other[name] == made[name]


def test_the_platforms_models_go_by_ones_own_project_too(v2, endpoint):
    """As the documented example has them; what is shown is the platform's own name."""
    profile = v2.profiles()[0]
    _, platform, rest = profile["model"].split("/", 2)
    model = f"projects/{v2.project}/{rest}"
    config = profile["config"].replace(platform, v2.project)
    made = v2.deploy(endpoint, model=model, config=config)
    assert made["model"] == profile["model"]
    assert made["config"] == profile["config"]


def test_a_resource_of_another_project_is_unknown(v2, endpoint, server):
    """Of a model and of a config; whether there is such a project or not."""
    profile = v2.profiles()[0]
    platform = profile["model"].split("/")[1]
    for project in (V2(server.api()).project, "proj_unknown"):
        model = profile["model"].replace(platform, project)
        refused(post(v2, endpoint, **v2.asked(model=model)), "v2_unknown_model")
        config = profile["config"].replace(platform, project)
        refused(post(v2, endpoint, **v2.asked(config=config)), "v2_unknown_config")
    assert listed(v2, endpoint) == []


@pytest.mark.parametrize(
    ("way", "case", "param"),
    [
        ({"model": "projects/{platform}/models/ml_unknown"}, "v2_unknown_model", "model"),
        ({"model": "{model}/revisions/rv_unknown"}, "v2_unknown_item", "model"),
        ({"model": MIXTRAL}, "v2_bad_value", "model"),
        ({"model": "{model}/revisions"}, "v2_bad_value", "model"),
        ({"model": "{model}/"}, "v2_bad_value", "model"),
        ({"model": "{config}"}, "v2_bad_value", "model"),
        ({"model": ""}, "v2_bad_value", "model"),
        ({"model": None}, "missing_field", "model"),
        ({"model": None, "modelId": "ml_unknown"}, "v2_unknown_model", "model"),
        ({"config": "projects/{platform}/configs/cr_unknown"}, "v2_unknown_config", "config"),
        ({"config": "cr_unknown"}, "v2_bad_value", "config"),
        ({"config": "{model}"}, "v2_bad_value", "config"),
        ({"config": "{other}"}, "v2_config_mismatch", "config"),
        ({"config": None}, "missing_field", "config"),
        ({"config": None, "configId": "cr_unknown"}, "v2_unknown_config", "config"),
    ],
)
def test_what_cannot_be_deployed_is_refused(v2, endpoint, way, case, param):
    """Unknown, misspelled, of another model, or left open where there are several configs."""
    profile, other = v2.profiles()[0], v2.profiles(QWEN)[0]
    model = profile["model"].partition("/revisions")[0]
    platform = model.split("/")[1]
    known = {**profile, "model": model, "other": other["config"], "platform": platform}
    filled = {name: text and text.format(**known) for name, text in way.items()}
    answer = post(v2, endpoint, **(v2.asked() | filled))
    if case == "v2_bad_value" or not case.startswith("v2_"):
        assert answer.status_code == 400, answer.text
    else:
        refused(answer, case)
    assert answer.json()["error"]["param"] == param
    assert listed(v2, endpoint) == []


def test_a_models_only_config_needs_no_naming(v2, endpoint):
    """Where it has several, one has to be named."""
    assert len(v2.profiles(QWEN)) == 1
    assert len(v2.profiles(GEMMA)) > 1
    body = v2.asked(of=QWEN)
    del body["config"]
    made = post(v2, endpoint, **body).json()
    assert made["config"] == v2.profiles(QWEN)[0]["config"]
    body = v2.asked("other", of=GEMMA)
    del body["config"]
    answer = post(v2, endpoint, **body)
    assert refused(answer, "missing_field", "INVALID_ARGUMENT")["param"] == "config"


def test_each_profile_of_a_model_can_be_deployed(v2, endpoint):
    """On the hardware of its config."""
    for number, profile in enumerate(v2.profiles()):
        made = v2.deploy(endpoint, f"d{number}", config=profile["config"])
        assert made["hardware"].startswith(f"{profile['gpuCount']}x")


def test_a_model_without_a_profile_cannot_be_deployed(v2, endpoint):
    """Whatever config is named."""
    assert v2.profiles(SERVERLESS) == []
    (row,) = [
        row
        for row in v2.got("/v2/supported-models", search=SERVERLESS)["data"]
        if row["name"] == SERVERLESS
    ]
    for config in ({}, {"config": v2.profiles()[0]["config"]}):
        body = {"name": "main", "autoscaling": ONE, "model": row["baseModel"], **config}
        refused(post(v2, endpoint, **body), "v2_not_deployable")


# Numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "bounds"),
    [
        ({}, (1, 1)),
        ({"minReplicas": 3}, (3, 3)),
        ({"maxReplicas": 3}, (1, 3)),
        ({"minReplicas": 2, "maxReplicas": 3}, (2, 3)),
        ({"minReplicas": None, "maxReplicas": 2}, (1, 2)),
        ({"minReplicas": 0}, (0, 0)),
        (STOPPED, (0, 0)),
    ],
)
def test_bounds_that_are_left_out_follow(v2, endpoint, said, bounds):
    """The maximum defaults to the minimum."""
    made = v2.deploy(endpoint, autoscaling=said)["autoscaling"]
    assert (made["minReplicas"], made["maxReplicas"]) == bounds


@pytest.mark.parametrize(
    ("said", "case"),
    [
        ({"minReplicas": 0, "maxReplicas": 1}, "v2_min_zero"),
        ({"minReplicas": 2, "maxReplicas": 1}, "v2_min_exceeds_max"),
        ({"minReplicas": 2, "maxReplicas": 0}, "v2_min_exceeds_max"),
    ],
)
def test_bounds_that_cannot_be_meant_are_refused(v2, endpoint, said, case):
    """At creation and at an update, which changes nothing then."""
    refused(post(v2, endpoint, **v2.asked(autoscaling=said)), case)
    assert listed(v2, endpoint) == []
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 3, "maxReplicas": 4})
    refused(patch(v2, made, autoscaling=said), case)
    assert v2.now(made) == made


def test_a_bound_that_an_update_leaves_out_stays(v2, endpoint):
    """And is held against the other one."""
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 2, "maxReplicas": 4})
    refused(patch(v2, made, autoscaling={"minReplicas": 5}), "v2_min_exceeds_max")
    refused(patch(v2, made, autoscaling={"maxReplicas": 1}), "v2_min_exceeds_max")
    refused(patch(v2, made, autoscaling={"minReplicas": 0}), "v2_min_zero")
    assert v2.now(made) == made
    changed = v2.change(made, autoscaling={"minReplicas": 3})["autoscaling"]
    assert (changed["minReplicas"], changed["maxReplicas"]) == (3, 4)
    changed = v2.change(made, "autoscaling", autoscaling={"maxReplicas": 6})["autoscaling"]
    assert (changed["minReplicas"], changed["maxReplicas"]) == (3, 6)


@pytest.mark.parametrize(
    ("said", "shown"),
    [("16", "16"), (16, "16"), ("0", "0"), (2**63 - 1, str(2**63 - 1))],
)
def test_a_64_bit_count_is_text(v2, endpoint, said, shown):
    """However it came; at creation and at an update."""
    made = v2.deploy(endpoint, maxConcurrentRequestsPerReplica=said)
    assert made["maxConcurrentRequestsPerReplica"] == shown
    other = v2.deploy(endpoint, "other")
    assert "maxConcurrentRequestsPerReplica" not in other
    changed = v2.change(other, maxConcurrentRequestsPerReplica=said)
    assert changed["maxConcurrentRequestsPerReplica"] == shown
    cleared = v2.change(other, "maxConcurrentRequestsPerReplica")
    assert "maxConcurrentRequestsPerReplica" not in cleared
    assert cleared["etag"] != changed["etag"]


@pytest.mark.parametrize("minutes", [0, 30, 1440])
def test_a_timeout_is_none_or_half_an_hour_to_a_day(v2, endpoint, minutes):
    """Bounds included; a mask that names it and nothing said takes it off."""
    made = v2.deploy(endpoint, inactiveTimeout=minutes)
    assert made["inactiveTimeout"] == minutes
    assert v2.change(made, "inactiveTimeout")["inactiveTimeout"] == 0
    assert v2.change(made, "inactive_timeout", inactiveTimeout=60)["inactiveTimeout"] == 60
    refused(patch(v2, made, inactiveTimeout=29), "v2_bad_value")
    assert v2.now(made)["inactiveTimeout"] == 60


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("0s", "0s"),
        ("0.0s", "0s"),
        ("300.000s", "300s"),
        ("0.000001s", "0.000001s"),
        ("1.5s", "1.5s"),
        ("86400s", "86400s"),
        ("3162240000s", "3162240000s"),
    ],
)
def test_durations_come_back_as_seconds(v2, endpoint, said, shown):
    """To the microsecond, without zeros at the end."""
    scaling = {"minReplicas": 1, "scaleUpWindow": said, "scaleDownWindow": said}
    made = v2.deploy(endpoint, autoscaling=scaling)["autoscaling"]
    assert (made["scaleUpWindow"], made["scaleDownWindow"]) == (shown, shown)
    v2.advance(by="1h")


# Placement -------------------------------------------------------------------------------


def test_a_deployment_is_placed_by_profile(v2, endpoint):
    """One of the project's own, by id; the region is the one that it prefers."""
    profiles = v2.got(f"{v2.root}/placement-profiles")["data"]
    for number, profile in enumerate(profiles):
        placement = {"profile": profile["id"]}
        made = v2.deploy(endpoint, f"d{number}", placement=placement)
        assert made["placement"] == placement
        (region,) = made["status"]["details"]["region"]
        assert region["region"] == profile["preferredRegions"][0]


def test_an_unknown_profile_is_refused(v2, endpoint):
    """By its id."""
    body = v2.asked(placement={"profile": "pp_unknown"})
    refused(post(v2, endpoint, **body), "v2_unknown_item")
    assert listed(v2, endpoint) == []


@pytest.mark.parametrize(
    ("inline", "region"),
    [
        ({}, "us-central-4b"),
        ({"regions": ["us-east-1a"]}, "us-east-1a"),
        ({"regions": ["us-east-1a"], "constraint": "ENFORCEMENT_PREFERRED"}, "us-east-1a"),
        ({"regions": ["us-east-1a", "us-central-4b"]}, "us-east-1a"),
        ({"compliancePolicy": {"hipaa": True}}, "us-east-1a"),
        ({"compliancePolicy": {"hipaa": False}}, "us-central-4b"),
    ],
)
def test_a_deployment_is_placed_inline(v2, endpoint, inline, region):
    """In a region that it names."""
    made = v2.deploy(endpoint, placement={"inline": inline})
    assert made["placement"] == {"inline": inline}
    (place,) = made["status"]["details"]["region"]
    assert place["region"] == region


@pytest.mark.parametrize("placement", [None, {}, {"inline": None}, {"profile": None}])
def test_a_placement_that_says_nothing_is_none(v2, endpoint, placement):
    """And is not shown."""
    assert "placement" not in v2.deploy(endpoint, placement=placement)


@pytest.mark.parametrize(
    ("constraint", "state"),
    [
        (None, "DEGRADED"),
        ("ENFORCEMENT_REQUIRED", "DEGRADED"),
        ("ENFORCEMENT_PREFERRED", "PROVISIONING"),
    ],
)
def test_a_required_region_is_waited_for_and_a_preferred_one_is_not(
    v2, endpoint, constraint, state
):
    """Where only another one has hardware."""
    put_pools(v2.api, pool(1, "us-central-4b"))
    inline = {"regions": ["us-east-1a"], "constraint": constraint}
    made = v2.deploy(endpoint, placement={"inline": inline})
    assert v2.status(made)[0] == state
    put_pools(v2.api, pool(1, "us-central-4b"), pool(1, "us-east-1a"))
    v2.run_until(made["id"], "STARTED")
    (place,) = v2.now(made)["status"]["details"]["region"]
    expected = "us-central-4b" if state == "PROVISIONING" else "us-east-1a"
    assert place["region"] == expected


# Updates ---------------------------------------------------------------------------------


def test_an_update_sets_what_is_populated(v2, endpoint):
    """Of all that is mutable, in one write; the rest stays."""
    made = v2.deploy(endpoint)
    v2.advance(by=1)
    before = v2.now(made)
    changed = v2.change(
        made,
        name="second",
        inactiveTimeout=30,
        maxConcurrentRequestsPerReplica="9",
        autoscaling={"maxReplicas": 2, "scaleUpWindow": "9s"},
    )
    assert changed == {
        **before,
        "name": f"{endpoint['name']}/second",
        "inactiveTimeout": 30,
        "maxConcurrentRequestsPerReplica": "9",
        "autoscaling": {**before["autoscaling"], "maxReplicas": 2, "scaleUpWindow": "9s"},
        "updatedAt": "2026-01-01T00:00:01.000Z",
        "etag": changed["etag"],
    }
    assert changed["etag"] != before["etag"]
    assert v2.now(made) == changed


@pytest.mark.parametrize("body", [{}, {"name": None}, {"autoscaling": None}])
def test_nothing_said_is_no_update(v2, endpoint, body):
    """And leaves the tag as it is."""
    made = v2.deploy(endpoint)
    refused(patch(v2, made, **body), "v2_no_fields")
    assert v2.now(made) == made


@pytest.mark.parametrize("field", ["model", "config", "placement", "modelId", "enableLora"])
def test_what_is_fixed_at_creation_cannot_be_changed(v2, endpoint, field):
    """It is no field of an update."""
    made = v2.deploy(endpoint)
    refused(patch(v2, made, **{field: made.get(field)}), "v2_unknown_field")
    refused(patch(v2, made, field), "v2_bad_mask")
    assert v2.now(made) == made


@pytest.mark.parametrize(
    "mask", ["foo", "status", "autoscaling.foo", "autoscaling.scaleUp.foo", "autoscaling."]
)
def test_an_unknown_path_is_refused(v2, endpoint, mask):
    """Nothing of the update is made."""
    made = v2.deploy(endpoint)
    error = refused(patch(v2, made, f"name,{mask}", name="second"), "v2_bad_mask")
    assert error["param"] == "updateMask"
    assert v2.now(made) == made


RULES = {
    "policies": [{"type": "SCALING_POLICY_TYPE_PODS", "value": 2, "periodSeconds": 60}],
    "selectPolicy": "SCALING_POLICY_SELECT_MIN",
}


@pytest.mark.parametrize("direction", ["scaleUp", "scaleDown"])
@pytest.mark.parametrize("empty", [None, {}, {"policies": []}, {"policies": None}])
def test_policies_are_cleared_by_their_own_path(v2, endpoint, direction, empty):
    """With an empty object, or none; the selector stays until its own path is named."""
    scaling = {"minReplicas": 1, "scaleUp": RULES, "scaleDown": RULES}
    made = v2.deploy(endpoint, autoscaling=scaling)
    said = {direction: empty}
    kept = v2.change(made, "autoscaling", autoscaling=said)
    assert kept["autoscaling"] == made["autoscaling"]
    cleared = v2.change(made, f"autoscaling.{direction}.policies", autoscaling=said)
    assert cleared["autoscaling"] == {
        **made["autoscaling"],
        direction: {"policies": [], "selectPolicy": "SCALING_POLICY_SELECT_MIN"},
    }
    cleared = v2.change(made, f"autoscaling.{direction}.selectPolicy", autoscaling=said)
    expected = dict(made["autoscaling"])
    del expected[direction]
    assert cleared["autoscaling"] == expected


def test_nested_paths_set_what_they_name(v2, endpoint):
    """In either spelling, several at a time, and nothing beside them."""
    made = v2.deploy(endpoint)
    said = {"minReplicas": 2, "maxReplicas": 9, "scaleUpWindow": "9s", "scaleUp": RULES}
    mask = "autoscaling.max_replicas,autoscaling.scaleUpWindow,autoscaling.scale_up.policies"
    changed = v2.change(made, mask, autoscaling=said)["autoscaling"]
    assert changed == {
        **made["autoscaling"],
        "maxReplicas": 9,
        "scaleUpWindow": "9s",
        "scaleUp": {**RULES, "selectPolicy": "SCALING_POLICY_SELECT_MAX"},
    }
    changed = v2.change(made, "autoscaling.scaleToZeroWindow,autoscaling.scaleUpWindow")
    assert changed["autoscaling"]["scaleUpWindow"] == "0s"
    assert changed["autoscaling"]["maxReplicas"] == 9


def test_a_stale_tag_is_refused(v2, endpoint):
    """Of an update and of a deletion; the present one is taken."""
    made = v2.deploy(endpoint, autoscaling=STOPPED)
    changed = v2.change(made, inactiveTimeout=30, etag=made["etag"])
    assert refused(patch(v2, made, inactiveTimeout=60, etag=made["etag"]), "v2_stale_etag")
    refused(v2.delete(v2.at(made), params={"etag": made["etag"]}), "v2_stale_etag")
    assert v2.now(made) == changed
    assert v2.delete(v2.at(made), params={"etag": changed["etag"]}).json() == {}


def test_a_renamed_deployment_answers_to_its_new_name_alone(v2):
    """Also where that was asked for in vain before; its endpoint goes on as it was."""
    endpoint, deployment = v2.served()
    old, new = f"{endpoint['name']}/main", f"{endpoint['name']}/second"
    assert v2.chat(old).status_code == 200
    refused(v2.chat(new), "unknown_model_chat")
    v2.deploy(endpoint, "third")
    refused(patch(v2, deployment, name="third"), "v2_name_exists")
    assert v2.change(deployment, name=new)["name"] == new
    assert v2.chat(new).status_code == 200
    refused(v2.chat(old), "unknown_model_chat")
    assert v2.chat(endpoint["name"]).status_code == 200


def test_all_parts_of_an_update_or_none(v2, endpoint):
    """A timeout that is refused leaves bounds, name and state as they were."""
    made = v2.deploy(endpoint)
    answer = patch(v2, made, name="second", autoscaling=STOPPED, inactiveTimeout=5)
    refused(answer, "v2_bad_value")
    assert v2.now(made) == made
    refused(v2.chat(f"{endpoint['name']}/second"), "unknown_model_chat")


# Deletion --------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [1, 0])
def test_what_stands_in_the_split_is_not_deleted(v2, endpoint, weight):
    """Not even at weight 0, and stopped; out of it, it is."""
    made = v2.deploy(endpoint, autoscaling=STOPPED)
    v2.split(endpoint, {made["id"]: weight})
    refused(v2.delete(v2.at(made)), "v2_delete_in_split")
    v2.split(endpoint, {})
    assert v2.delete(v2.at(made)).json() == {}
    refused(v2.get(v2.at(made)), "v2_unknown_deployment")
    refused(v2.delete(v2.at(made)), "v2_unknown_deployment")
    assert v2.now(endpoint)["deployments"] == listed(v2, endpoint) == []


@pytest.mark.parametrize(
    ("state", "word"),
    [("PENDING", "PROVISIONING"), ("STARTING", "SCALING"), ("STARTED", "READY")],
)
def test_what_runs_is_not_deleted(v2, endpoint, state, word):
    """The refusal says what it does."""
    made = v2.deploy(endpoint)
    v2.run_until(made["id"], state)
    error = refused(v2.delete(v2.at(made)), "v2_delete_running")
    assert word in error["message"]
    assert v2.status(made)[0] == word


def test_what_waits_for_hardware_is_not_deleted(v2, endpoint):
    """DEGRADED is live."""
    put_pools(v2.api, pool(0))
    made = v2.deploy(endpoint)
    assert "DEGRADED" in refused(v2.delete(v2.at(made)), "v2_delete_running")["message"]


@pytest.mark.parametrize("state", ["STOPPING", "STOPPED", "ERROR"])
def test_what_runs_no_longer_is_deleted(v2, endpoint, state):
    """From STOPPING on, as the command line's --force does it; its hardware is free at once."""
    put_pools(v2.api, pool(1))
    made = v2.deploy(endpoint)
    v2.run_until(made["id"], "STARTED")
    if state == "ERROR":
        v2.post(f"/_mock/endpoints/{made['id']}/transition", json={"to": "ERROR"})
    else:
        v2.bounds(made, 0, 0)
        v2.run_until(made["id"], state)
    assert v2.delete(v2.at(made)).status_code == 200
    other = v2.deploy(endpoint, "main")
    assert other["id"] != made["id"]
    assert v2.status(other)[0] == "PROVISIONING"


# Capacity and money ----------------------------------------------------------------------


def test_a_queue_is_left_when_hardware_comes(v2, endpoint):
    """DEGRADED while nothing can be placed; PROVISIONING or on, once it can."""
    put_pools(v2.api, pool(1))
    first, second = v2.deploy(endpoint, "first"), v2.deploy(endpoint, "second")
    assert v2.status(second) == ("DEGRADED", "Cannot place replicas: insufficient GPU capacity")
    shown = v2.now(second)
    assert (shown["desiredReplicas"], shown["status"]["scheduledReplicas"]) == (1, 0)
    v2.advance(by="1h")
    assert v2.status(second)[0] == "DEGRADED"
    v2.bounds(first, 0, 0)
    v2.run_until(first["id"], "STOPPED")
    assert v2.status(second) == ("SCALING", "Starting replicas")
    v2.run_until(second["id"], "STARTED")


def test_a_smaller_minimum_leaves_the_queue(v2, endpoint):
    """So does another pool."""
    put_pools(v2.api, pool(1))
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 2, "maxReplicas": 4})
    other = v2.deploy(endpoint, "other", autoscaling={"minReplicas": 3})
    assert v2.status(made)[0] == v2.status(other)[0] == "DEGRADED"
    assert v2.change(made, autoscaling={"minReplicas": 1})["status"]["state"] == (
        "DEPLOYMENT_STATE_PROVISIONING"
    )
    put_pools(v2.api, pool(4))
    assert v2.status(other)[0] == "PROVISIONING"


def test_growth_that_finds_no_hardware_is_degraded(v2, endpoint):
    """It serves with what it has, until there is more."""
    put_pools(v2.api, pool(1))
    made = v2.deploy(endpoint)
    v2.run_until(made["id"], "STARTED")
    v2.bounds(made, 2, 2)
    assert v2.status(made) == ("DEGRADED", "Cannot place replicas: insufficient GPU capacity")
    assert v2.now(made)["status"]["readyReplicas"] == 1
    assert v2.chat(f"{endpoint['name']}/main").status_code == 200
    put_pools(v2.api, pool(2))
    assert v2.status(made) == ("SCALING", "Starting replicas")
    v2.advance(by=2)
    assert v2.status(made) == ("READY", "All replicas ready")


def test_a_quota_is_refused_with_its_figures(v2, endpoint):
    """In GPUs, of what there would be and of what there is; at creation and at a restart."""
    put_pools(v2.api, pool(3), on_exhausted="reject")
    first = v2.deploy(endpoint, "first", autoscaling={"minReplicas": 2})
    stopped = v2.deploy(endpoint, "stopped", autoscaling=STOPPED)
    body = v2.asked("second", autoscaling={"minReplicas": 2})
    text = "this deployment would put your project at 8 of 6 H100 GPUs"
    for answer in (
        post(v2, endpoint, **body),
        v2.post(v2.at(endpoint, "deployments"), params={"validateOnly": "true"}, json=body),
        patch(v2, stopped, autoscaling={"minReplicas": 2, "maxReplicas": 2}),
    ):
        assert text in refused(answer, "v2_quota")["message"]
    assert v2.now(stopped) == stopped
    assert len(listed(v2, endpoint)) == 2
    assert v2.deploy(endpoint, "third")
    v2.bounds(first, 0, 0)


def test_a_spent_balance_is_refused(v2, endpoint):
    """At creation and at a restart; what is stopped may be made all the same."""
    stopped = v2.deploy(endpoint, "stopped", autoscaling=STOPPED)
    put_balance(v2.api, "0")
    refused(post(v2, endpoint, **v2.asked()), "insufficient_balance", "FAILED_PRECONDITION")
    answer = patch(v2, stopped, autoscaling={"minReplicas": 1, "maxReplicas": 1})
    refused(answer, "insufficient_balance", "FAILED_PRECONDITION")
    assert v2.now(stopped) == stopped
    put_balance(v2.api, "5")
    assert v2.bounds(stopped, 1, 1)["status"]["state"] == "DEPLOYMENT_STATE_PROVISIONING"


def test_a_balance_that_is_spent_stops_deployments(v2):
    """At the instant to which it lasts, at v2's price; with the bounds that they had."""
    _, deployment = v2.served()
    v2.advance(by=1)
    (line,) = v2.get("/_mock/billing").json()["items"]
    assert line["hardware"] == deployment["hardware"]
    cents = float(v2.get("/_mock/billing").json()["running_cents_per_minute"])
    put_balance(v2.api, str(cents / 100))
    v2.advance(by=59.999)
    assert v2.status(deployment)[0] == "READY"
    v2.advance(by=0.001)
    assert v2.status(deployment)[0] == "STOPPING"
    assert v2.now(deployment)["autoscaling"] == deployment["autoscaling"]
