"""What was requested, whether it was as it should be, and faults of requests."""

import httpx
import pytest
from support import MIXTRAL
from together_mock.testing import MockServer

KEYED = {"headers": {"Authorization": "Bearer key"}, "base_url": "http://together-mock.invalid"}
QUESTION = {"model": MIXTRAL, "messages": [{"role": "user", "content": "Hello!"}]}


def test_requests_are_listed_newest_first(together_mock, caller):
    """Those of the test alone; control calls are none."""
    endpoint = caller.create()
    caller.state_of(endpoint)
    caller.http.get("/v1/endpoints/endpoint-none")
    together_mock.clock.advance(hours=1)
    listed = together_mock.requests()
    assert [(one["method"], one["status"]) for one in listed] == [
        ("GET", 404),
        ("GET", 200),
        ("POST", 200),
    ]
    assert together_mock.requests(method="POST")[0]["request"]["body"]["model"] == MIXTRAL
    assert len(together_mock.requests(path="/v1/endpoints/*")) == 2
    assert len(together_mock.requests(status=404)) == 1
    assert len(together_mock.requests(endpoint=endpoint, limit=1)) == 1
    assert together_mock.api_key not in str(listed)


def test_what_was_requested_is_verified(together_mock, caller):
    """Once unless said otherwise, by method, path, operation and a part of the body."""
    endpoint = caller.create()
    path = f"/v1/endpoints/{endpoint['id']}"
    caller.http.patch(path, json={"state": "STOPPED"})
    together_mock.verify(method="PATCH", path="/v1/endpoints/*", body={"state": "STOPPED"})
    together_mock.verify(operation="createEndpoint", times=1)
    together_mock.verify(method="DELETE", times=0)
    together_mock.verify(at_least=1, at_most=2)
    together_mock.verify(times={"at_least": 2})
    together_mock.verify(status=200, endpoint=endpoint, operation="updateEndpoint")
    together_mock.verify(endpoint=endpoint["id"], status=404, times=0)


def test_what_was_not_requested_is_explained(together_mock, caller):
    """What was wanted, how often it was there, and what came close."""
    endpoint = caller.create()
    caller.http.patch(f"/v1/endpoints/{endpoint['id']}", json={"state": "STARTED"})
    with pytest.raises(AssertionError) as caught:
        together_mock.verify("PATCH", "/v1/endpoints/*", {"state": "STOPPED"})
    lines = str(caught.value).splitlines()
    wanted = 'PATCH /v1/endpoints/* with {"state": "STOPPED"}'
    assert lines[:2] == [f"wanted exactly 1 of {wanted}; there were 0", "closest:"]
    assert f"PATCH /v1/endpoints/{endpoint['id']} -> 200" in lines[2]
    assert any("differs: body.state" in line and "STARTED" in line for line in lines)


def test_what_shares_nothing_is_not_close(together_mock, caller):
    """Another method on another path would only be in the way."""
    caller.http.get("/v1/hardware")
    endpoint = caller.create()
    with pytest.raises(AssertionError) as caught:
        together_mock.verify("POST", "/v1/chat/*", status=200, endpoint="endpoint-x")
    lines = str(caught.value).splitlines()
    assert lines[0] == ("wanted exactly 1 of POST /v1/chat/* -> 200 about endpoint-x; there were 0")
    assert [line for line in lines if "differs: path" in line] == [
        "      differs: path: /v1/endpoints",
        "      differs: path: /v1/hardware",
    ]
    with pytest.raises(AssertionError) as caught:
        together_mock.verify("DELETE", f"/v1/endpoints/{endpoint['id']}")
    assert "closest:" not in str(caught.value)
    assert "what was requested, newest first:" in str(caught.value)


def test_what_was_requested_too_often_is_explained(together_mock, caller):
    """There is nothing close then; the last requests are shown."""
    caller.create()
    caller.create()
    with pytest.raises(AssertionError, match="wanted at most 1 of any request; there were 2"):
        together_mock.verify(at_most=1)
    with pytest.raises(AssertionError) as caught:
        together_mock.verify("POST", times=1)
    assert str(caught.value).count("POST /v1/endpoints -> 200") == 2


def test_where_nothing_was_requested_the_client_is_in_question(together_mock):
    """It may be aimed at something else."""
    with pytest.raises(AssertionError, match="is the client aimed at it"):
        together_mock.verify(path="/v1/endpoints")


def test_how_often_is_said_once(together_mock):
    """Not in two ways."""
    with pytest.raises(TypeError, match="at_least"):
        together_mock.verify(times=1, at_least=1)


def test_a_fault_of_a_request_is_met_and_outlived(together_mock, together_client):
    """The SDK tries again by itself."""
    together_mock.fault(
        match={"operation": "createEndpoint"}, times=1, effect={"status": 503, "code": "capacity"}
    )
    together_mock.fault(effect={"status": 500}, match={"operation": "deleteEndpoint"})
    endpoint = together_client.with_options(max_retries=2).endpoints.create(
        model=MIXTRAL,
        hardware="2x_nvidia_h100_80gb_sxm",
        autoscaling={"min_replicas": 1, "max_replicas": 1},
    )
    assert together_client.endpoints.retrieve(endpoint.id).state == "STARTED"
    together_mock.verify(operation="createEndpoint", times=2)
    assert [(fault["hits"], fault["remaining"]) for fault in together_mock.faults()] == [
        (1, 0),
        (0, None),
    ]


def test_faults_that_end_a_connection_reach_clients_without_a_socket():
    """A reset before any byte, and a stream that is cut off: what was sent before arrives."""
    with (
        MockServer(port=None) as server,
        httpx.Client(transport=server.transport(), **KEYED) as client,
    ):
        project = server.existing("key")
        project.fault(times=1, effect={"reset": True})
        with pytest.raises(httpx.ReadError):
            client.get("/v1/endpoints")
        project.fault(effect={"stream": {"cut_after": 2}})
        lines = []
        with (
            client.stream("POST", "/v1/chat/completions", json=QUESTION | {"stream": True}) as one,
            pytest.raises(httpx.RemoteProtocolError),
        ):
            lines.extend(one.iter_lines())
        assert len([line for line in lines if line.startswith("data: {")]) == 2
