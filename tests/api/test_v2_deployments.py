"""v2's deployments: what a creation may say, what is only validated, and numbers."""

import pytest
from support import refused

STOPPED = {"minReplicas": 0, "maxReplicas": 0}
IN_FLIGHT = {
    "name": "inflight_requests",
    "type": "METRIC_TARGET_TYPE_AVERAGE_VALUE",
    "target": 8.0,
}


# Creation --------------------------------------------------------------------------------


def test_a_new_deployment_shows_all_that_is_known_of_it(v2, endpoint):
    """Bare minimum in, every default out; and the same when it is read again and listed."""
    profile = v2.profiles()[0]
    v2.advance(by=1)
    made = v2.deploy(endpoint)
    assert v2.now(made) == made
    assert v2.deployments(endpoint) == [made]
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
        refused(v2.ask_deployment(endpoint, **v2.asked(name)), "v2_name_exists")
    for name in (f"{v2.slug}/a", f"{v2.slug}/other/a", f"other/{endpoint['name']}/a"):
        refused(v2.ask_deployment(endpoint, **v2.asked(name)), "v2_foreign_slug")
    for name in ("", "-a", "a b", "x" * 257):
        refused(v2.ask_deployment(endpoint, **v2.asked(name)), "v2_bad_name")
    assert v2.deploy(v2.create("other"), "a")["name"] == f"{v2.slug}/other/a"


@pytest.mark.parametrize("field", ["validateOnly", "foo", "desiredReplicas", "trafficMode"])
def test_an_unknown_field_is_refused(v2, endpoint, field):
    """What is only shown is none that can be said."""
    error = refused(v2.ask_deployment(endpoint, **v2.asked(**{field: 1})), "v2_unknown_field")
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
    answer = v2.ask_deployment(endpoint, **v2.asked(**fields))
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == "INVALID_ARGUMENT"
    assert (error["param"] or "").startswith(param)
    assert v2.deployments(endpoint) == []


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
    assert v2.deployments(endpoint) == []
    assert v2.now(endpoint) == endpoint
    made = v2.deploy(endpoint)
    # What would have been created: the very deployment that is created next.
    assert told[0] == told[1] == made
    assert v2.advance(by="1h")["transitions"][0]["deployment"] == made["id"]
    assert len(v2.deployments(endpoint)) == 1


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
    assert len(v2.deployments(endpoint)) == 1


def test_neither_true_nor_false_is_refused(v2, endpoint):
    """A flag is one of the two."""
    path = v2.at(endpoint, "deployments")
    answer = v2.post(path, params={"validateOnly": "maybe"}, json=v2.asked())
    assert answer.json()["error"]["param"] == "validateOnly"
    assert v2.deployments(endpoint) == []


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
    refused(v2.ask_deployment(endpoint, **v2.asked(autoscaling=said)), case)
    assert v2.deployments(endpoint) == []
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 3, "maxReplicas": 4})
    refused(v2.ask_change(made, autoscaling=said), case)
    assert v2.now(made) == made


def test_a_bound_that_an_update_leaves_out_stays(v2, endpoint):
    """And is held against the other one."""
    made = v2.deploy(endpoint, autoscaling={"minReplicas": 2, "maxReplicas": 4})
    refused(v2.ask_change(made, autoscaling={"minReplicas": 5}), "v2_min_exceeds_max")
    refused(v2.ask_change(made, autoscaling={"maxReplicas": 1}), "v2_min_exceeds_max")
    refused(v2.ask_change(made, autoscaling={"minReplicas": 0}), "v2_min_zero")
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
    refused(v2.ask_change(made, inactiveTimeout=29), "v2_bad_value")
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
