"""Request ids: in every answer, the client's own where it sends a fit one, and in the journal."""

import re

import httpx
import pytest
from support import Api, Running, refused

FORM = r"[0-9A-Za-z]{7}-[0-9A-Za-z]{6}-[0-9a-f]{16}"
CHAT = "/v1/chat/completions"
QWEN = "Qwen/Qwen2.5-7B-Instruct-Turbo"
ASKED = {"model": QWEN, "messages": [{"role": "user", "content": "Hi"}]}
# What is asked, and the status it is answered with.
REQUESTS = {
    "lane": ("GET", "/v1/endpoints/nobody", None, 404),
    "framework": ("GET", "/v1/hardware", None, 200),
    "unknown": ("GET", "/v1/nowhere", None, 404),
    "v2": ("GET", "/v2/supported-models", None, 200),
    "legacy": ("GET", "/v0/models", None, 200),
    "chat": ("POST", CHAT, ASKED, 200),
    "stream": ("POST", CHAT, {**ASKED, "stream": True}, 200),
    "refused chat": ("POST", CHAT, {**ASKED, "model": "nobody"}, 404),
    "control": ("GET", "/_mock/clock", None, 200),
    "probe": ("GET", "/_mock/health", None, 200),
    "metrics": ("GET", "/metrics", None, 200),
}


@pytest.mark.parametrize("case", REQUESTS)
@pytest.mark.parametrize("own", [None, "test-run/42:step=7"])
def test_every_answer_says_what_its_request_is_called(api, case, own):
    """By the client's word, which the journal has as well, or by an id in the service's form."""
    method, path, body, status = REQUESTS[case]
    headers = {} if own is None else {"X-Request-Id": own}
    answer = api.request(method, path, json=body, headers=headers)
    assert answer.status_code == status
    told = answer.headers.get_list("x-request-id")
    assert len(told) == 1
    assert told == [own] if own else re.fullmatch(FORM, told[0])
    if own is None and case in ("chat", "refused chat"):
        assert told == [answer.json()["id"]]
    entries = api.get("/_mock/requests").json()["data"]
    is_ours = path.startswith("/_mock") or path == "/metrics"
    assert [entry["response"]["headers"]["x-request-id"] for entry in entries] == (
        [] if is_ours else told
    )


@pytest.mark.parametrize("unfit", ["two words", "é", "x" * 129, "", "tab\there"])
@pytest.mark.parametrize("case", ["lane", "chat", "stream", "refused chat", "control"])
def test_an_unfit_id_is_replaced(api, case, unfit):
    """What could break a header or a log line is not taken over."""
    method, path, body, status = REQUESTS[case]
    headers = {b"X-Request-Id": unfit.encode("latin-1")}
    answer = api.request(method, path, json=body, headers=headers)
    assert answer.status_code == status
    assert re.fullmatch(FORM, answer.headers["x-request-id"])


def test_the_ids_follow_from_the_project(start_server):
    """The same requests of the same project have the same ids, whoever else asks in between."""

    def ids(running: Running, *, disturbed: bool) -> list[str]:
        first, other = running.api("same key"), running.api("another")
        told = []
        for path in ("/v1/endpoints", "/v1/hardware", "/v1/nowhere"):
            told.append(first.get(path).headers["x-request-id"])
            if disturbed:
                other.get(path)
                first.get("/_mock/clock")
        return told

    alone = ids(start_server(), disturbed=False)
    assert alone == ids(start_server(), disturbed=True)
    assert len(set(alone)) == 3


def test_whoever_has_no_key_has_an_id(server):
    """Refused before there is a project, on either plane."""
    for answer in (
        httpx.get(f"{server.root}/v1/endpoints"),
        httpx.post(f"{server.root}{CHAT}", json=ASKED),
        httpx.get(f"{server.root}/_mock/clock"),
    ):
        assert answer.status_code == 401
        assert re.fullmatch(FORM, answer.headers["x-request-id"])


def test_a_fault_s_answer_has_an_id(api: Api):
    """Of management and of inference; the fault's own headers stay."""
    headers = {"X-Mock-Fault": "429;retry-after=2", "X-Request-Id": "mine"}
    for method, path, body in (("GET", "/v1/endpoints", None), ("POST", CHAT, ASKED)):
        api.http.event_hooks = {}
        answer = api.request(method, path, json=body, headers=headers)
        refused(answer, "rate_limited") if path != CHAT else None
        assert answer.status_code == 429
        assert answer.headers.get_list("x-request-id") == ["mine"]
        assert answer.headers["retry-after"] == "2"
