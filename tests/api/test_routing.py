"""Who answers a chat: endpoints by name or id, serverless models, and nobody else."""

import pytest
from support import refused

QWEN72 = "Qwen/Qwen2.5-72B-Instruct"


@pytest.fixture
def serving(api):
    """The name of an endpoint that serves."""
    api.put_endpoint("STARTED", name="me/mixtral-0a1b2c3d")
    return "me/mixtral-0a1b2c3d"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("state", ["PENDING", "STARTING", "STOPPING", "STOPPED", "ERROR"])
def test_an_endpoint_that_does_not_serve_is_refused(api, state, stream):
    """In every state but STARTED: 400, and as an ordinary answer even when a stream was asked."""
    endpoint = api.put_endpoint(state)
    answer = api.chat(endpoint, stream=stream)
    error = refused(answer, "endpoint_not_running")
    assert error["param"] == "model"
    assert answer.headers["content-type"].startswith("application/json")


def test_models_that_need_an_endpoint_are_refused_by_their_id(api, serving):
    """A plain model id is never routed to a dedicated endpoint, even a running one."""
    error = refused(api.chat(QWEN72), "non_serverless_model")
    assert f"https://api.together.ai/models/{QWEN72} " in error["message"]


def test_serverless_models_answer_without_an_endpoint(server, api):
    """Every serverless model of the catalogue answers by its id, the others do not."""
    for model in server.world.catalog.models.values():
        answer = api.chat(model.id)
        if not model.serverless:
            refused(answer, "non_serverless_model")
        elif model.type not in ("chat", "language", "moderation"):
            refused(answer, "wrong_model_type")
        else:
            assert answer.json()["model"] == model.id
            said = "safe" if model.type == "moderation" else model.id
            assert said in answer.json()["choices"][0]["message"]["content"]


def test_a_lenient_server_answers_for_any_model(lenient):
    """Unknown and non-serverless models answer; an endpoint that is stopped does not."""
    api = lenient.api()
    assert api.chat("unknown/model").json()["model"] == "unknown/model"
    assert api.chat(QWEN72).status_code == 200
    refused(api.chat(api.create(state="STOPPED")["name"]), "endpoint_not_running")


def test_a_deleted_endpoints_name_is_unknown(api, serving):
    """Once deleted, the name is a model that nobody knows."""
    assert api.chat(serving).status_code == 200
    api.delete("/v1/endpoints/endpoint-1")
    refused(api.chat(serving), "unknown_model_chat")


def test_a_name_that_was_unknown_answers_once_it_exists(api):
    """A refusal is not remembered longer than it is true."""
    refused(api.chat("me/later-00000000"), "unknown_model_chat")
    api.put_endpoint("STARTED", name="me/later-00000000")
    assert api.chat("me/later-00000000").status_code == 200


def test_two_projects_are_separate(server):
    """The same name may serve in one project and be stopped in another."""
    first, second = server.api(), server.api()
    first.put_endpoint("STARTED", name="shared")
    second.put_endpoint("STOPPED", name="shared")
    assert first.chat("shared").status_code == 200
    refused(second.chat("shared"), "endpoint_not_running")
    assert first.state()["counters"]["requests"] == 1
