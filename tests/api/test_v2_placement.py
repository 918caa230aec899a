"""What a deployment of v2 runs and where: model and config, regions, capacity, money."""

import pytest
from rehearsal import pool, put_balance, put_pools
from support import MIXTRAL, V2, refused

GEMMA = "google/gemma-3-27b-it"
QWEN = "Qwen/Qwen2.5-7B-Instruct-Turbo"
SERVERLESS = "meta-llama/Llama-3-70b-chat-hf"
ONE = {"minReplicas": 1}
STOPPED = {"minReplicas": 0, "maxReplicas": 0}


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
        other = v2.ask_deployment(endpoint, name=f"b{number}", autoscaling=ONE, **way).json()
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
        refused(v2.ask_deployment(endpoint, **v2.asked(model=model)), "v2_unknown_model")
        config = profile["config"].replace(platform, project)
        refused(v2.ask_deployment(endpoint, **v2.asked(config=config)), "v2_unknown_config")
    assert v2.deployments(endpoint) == []


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
    answer = v2.ask_deployment(endpoint, **(v2.asked() | filled))
    if case == "v2_bad_value" or not case.startswith("v2_"):
        assert answer.status_code == 400, answer.text
    else:
        refused(answer, case)
    assert answer.json()["error"]["param"] == param
    assert v2.deployments(endpoint) == []


def test_a_models_only_config_needs_no_naming(v2, endpoint):
    """Where it has several, one has to be named."""
    assert len(v2.profiles(QWEN)) == 1
    assert len(v2.profiles(GEMMA)) > 1
    body = v2.asked(of=QWEN)
    del body["config"]
    made = v2.ask_deployment(endpoint, **body).json()
    assert made["config"] == v2.profiles(QWEN)[0]["config"]
    body = v2.asked("other", of=GEMMA)
    del body["config"]
    answer = v2.ask_deployment(endpoint, **body)
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
        refused(v2.ask_deployment(endpoint, **body), "v2_not_deployable")


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
    refused(v2.ask_deployment(endpoint, **body), "v2_unknown_item")
    assert v2.deployments(endpoint) == []


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
        v2.ask_deployment(endpoint, **body),
        v2.post(v2.at(endpoint, "deployments"), params={"validateOnly": "true"}, json=body),
        v2.ask_change(stopped, autoscaling={"minReplicas": 2, "maxReplicas": 2}),
    ):
        assert text in refused(answer, "v2_quota")["message"]
    assert v2.now(stopped) == stopped
    assert len(v2.deployments(endpoint)) == 2
    assert v2.deploy(endpoint, "third")
    v2.bounds(first, 0, 0)


def test_a_spent_balance_is_refused(v2, endpoint):
    """At creation and at a restart; what is stopped may be made all the same."""
    stopped = v2.deploy(endpoint, "stopped", autoscaling=STOPPED)
    put_balance(v2.api, "0")
    refused(
        v2.ask_deployment(endpoint, **v2.asked()), "insufficient_balance", "FAILED_PRECONDITION"
    )
    answer = v2.ask_change(stopped, autoscaling={"minReplicas": 1, "maxReplicas": 1})
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
