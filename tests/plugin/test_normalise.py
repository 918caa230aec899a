"""Answers that differ from run to run only in what is generated are the same once normalised."""

import json

import pytest
from support import MIXTRAL
from together_mock.testing import normalised


@pytest.fixture
def story(together_mock_factory, calling):
    """What a project of a name answers to the same calls."""

    def tell(name):
        with together_mock_factory(name) as mock:
            caller = calling(mock)
            endpoint = caller.create(inactive_timeout=60)
            mock.clock.run_until(endpoint, "STARTED")
            chat = caller.chat(endpoint["name"]).json()
            # A number like any other, which follows from the project's seed.
            chat["choices"][0].pop("seed")
            root = f"/v2/projects/{mock.project}"
            made = caller.http.post(f"{root}/endpoints", json={"name": "mine"}).json()
            found = caller.http.get("/v2/supported-models", params={"search": MIXTRAL}).json()
            profile = found["data"][0]["deploymentProfiles"][0]
            body = {"name": "main", "model": profile["model"], "config": profile["config"]}
            body["autoscaling"] = {"minReplicas": 1}
            deployed = caller.http.post(f"{root}/endpoints/{made['id']}/deployments", json=body)
            whoami = caller.http.get("/v1/whoami").json()
            bill = mock.billing()
            return [
                endpoint,
                chat,
                made,
                deployed.json(),
                whoami,
                mock.events(),
                mock.state(),
                bill,
            ]

    return tell


def test_two_projects_tell_the_same_story(story):
    """Ids, names, owners, suffixes and instants are placeholders; all else stays."""
    one, two = story("one"), story("two")
    assert one != two
    # The name, which was chosen.
    for told in (one, two):
        told[6].pop("seed")
    assert normalised(one) == normalised(two)
    text = json.dumps(normalised(one))
    assert "endpoint-" not in text.replace("<endpoint-1>", "").replace("endpoint-unavailable", "")


def test_placeholders_say_what_is_the_same(together_mock, caller):
    """The same id is the same placeholder, another id another one."""
    first, second = caller.create(), caller.create()
    shown = normalised({"made": [first, second], "again": second})
    assert [one["id"] for one in shown["made"]] == ["<endpoint-1>", "<endpoint-2>"]
    assert shown["again"] == shown["made"][1]
    assert shown["made"][0]["name"] == f"<owner-1>/{MIXTRAL}-<suffix-1>"
    assert shown["made"][0]["created_at"] == "<instant-1>"
    assert shown["made"][0]["hardware"] == first["hardware"]


def test_what_is_not_generated_stays():
    """Numbers, names of models and hardware, plain words, booleans."""
    value = {
        "model": MIXTRAL,
        "hardware": "2x_nvidia_h100_80gb_sxm",
        "created": True,
        "n": [1, 2.5, None, "2026", "deadbeef", "in_flight"],
        "zone": "us-central-4b",
    }
    assert normalised(value) == value


def test_an_sdks_models_are_taken_as_what_they_dump_to(together_client, together_mock):
    """Epoch seconds, too, are instants where the field is one."""
    answer = together_client.chat.completions.create(
        model=MIXTRAL, messages=[{"role": "user", "content": "Hello!"}]
    )
    shown = normalised(answer)
    assert (shown["created"], shown["model"]) == ("<instant-1>", MIXTRAL)
    assert shown["id"].startswith("<request-")
    assert normalised("http://127.0.0.1:4010/v1") == "<url-1>/v1"
