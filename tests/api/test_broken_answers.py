"""Answers that a fault delays, breaks off or resets, over HTTP and through the SDK."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import together
from faulty import ASK, CREATE, add, counts, last
from support import Running
from together_mock.asgi import Application


@pytest.fixture
def sdk(api):
    """The SDK of 2.42.0 on the project."""
    with together.Together(base_url=f"{api.root}/v1", api_key=api.key) as client:
        yield client


def stream(client, **fields):
    """What arrives of a stream, and how it ended."""
    told = []
    with client.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as answer:
        try:
            for line in answer.iter_lines():
                told += [line] if line else []
        except httpx.TransportError as error:
            return answer, told, error
    return answer, told, None


class TestLatencyAndReset:
    @pytest.mark.parametrize("path", ["/v1/endpoints", "/v1/chat/completions"])
    def test_an_answer_is_delayed_in_real_time(self, api, raw, path):
        """What was asked is done at once; the answer comes later."""
        began = time.monotonic()
        body = CREATE if path == "/v1/endpoints" else ASK
        answer = raw.post(path, json=body, headers={"X-Mock-Latency": "50ms"})
        assert answer.status_code == 200
        assert 0.045 <= time.monotonic() - began < 5
        assert 45 <= last(api)["duration_ms"] < 5000
        assert last(api)["at"] == "2026-01-01T00:00:00.000Z"

    def test_a_client_that_gives_up_has_asked_all_the_same(self, api, raw):
        """As with a slow network: the endpoint is there, the answer is not."""
        with pytest.raises(httpx.ReadTimeout):
            raw.post("/v1/endpoints", json=CREATE, headers={"X-Mock-Latency": "1h"}, timeout=0.2)
        assert len(api.get("/v1/endpoints", params={"type": "dedicated"}).json()["data"]) == 1

    @pytest.mark.parametrize("effect", [{}, {"status": 503}, {"reset": True}])
    @pytest.mark.parametrize("path", ["/v1/hardware", "/v1/chat/completions"])
    def test_an_answer_that_nobody_had_is_noted_as_broken(self, api, raw, path, effect, caplog):
        """The journal has no status, and nothing fails."""
        fault = add(api, {"latency": "1h", **effect})
        method = "POST" if "chat" in path else "GET"
        with pytest.raises(httpx.ReadTimeout):
            raw.request(method, path, json=ASK if method == "POST" else None, timeout=0.2)
        while not (shown := api.get("/_mock/requests").json()["data"]):
            pass
        (entry,) = shown
        assert (entry["path"], entry["status"]) == (path, None)
        assert entry["response"]["broken"] is True
        assert entry["response"]["headers"] == {"x-mock-fault": fault["id"]}
        assert not [record for record in caplog.records if record.levelname == "ERROR"]

    def test_a_delay_keeps_no_server_from_stopping(self):
        """It ends with the server: the answers are sent then."""
        running = Running()
        api = running.api()
        headers = {"Authorization": f"Bearer {api.key}", "X-Mock-Latency": "1h"}

        def ask(path, body):
            return httpx.post(f"{running.root}{path}", json=body, headers=headers, timeout=30)

        with ThreadPoolExecutor(2) as threads:
            answers = [
                threads.submit(ask, "/v1/endpoints", CREATE),
                threads.submit(ask, "/v1/chat/completions", ASK),
            ]
            while not ((shown := api.state())["endpoints"] and shown["counters"]["requests"]):
                pass
            began = time.monotonic()
            running.stop()
            assert time.monotonic() - began < 2
            assert [answer.result().status_code for answer in answers] == [200, 200]

    @pytest.mark.parametrize("path", ["/v1/endpoints", "/v1/chat/completions", "/v1/nowhere"])
    def test_a_connection_is_reset_before_any_byte(self, api, raw, path):
        """Nothing is done, the next request is answered, and the journal has it."""
        fault = add(api, {"reset": True}, times=1, match={"path": path})
        before = api.state()
        with pytest.raises(httpx.ReadError):
            raw.post(path, json=CREATE)
        entry = last(api)
        assert (entry["status"], entry["response"]["body"]) == (None, None)
        assert entry["response"]["broken"] is True
        assert entry["response"]["headers"]["x-mock-fault"] == fault["id"]
        assert entry["request"]["body"] == CREATE
        assert {**api.state(), "faults": []} == {**before, "faults": []}
        assert raw.get("/v1/endpoints").status_code == 200

    def test_in_one_process_a_reset_is_an_exception(self, api, server):
        """Where there is no connection to be ended."""
        transport = httpx.ASGITransport(Application(server.world))

        async def ask(path, **fields):
            async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
                client.headers["Authorization"] = f"Bearer {api.key}"
                await client.post(path, json={**ASK, **fields})

        add(api, {"reset": True}, times=2)
        for path in ("/v1/endpoints", "/v1/chat/completions"):
            with pytest.raises(ConnectionResetError):
                asyncio.run(ask(path))
        add(api, {"stream": {"cut_after": 1}})
        with pytest.raises(ConnectionResetError):
            asyncio.run(ask("/v1/chat/completions", stream=True))


class TestStream:
    @pytest.mark.parametrize("timing", [None, {"tokens_per_second": 5000}], ids=["once", "paced"])
    def test_a_stream_is_cut(self, api, raw, timing):
        """After so many chunks the connection drops; they arrive."""
        reply = {"chunks": ["a", "b", "c", "d"]}
        api.post("/_mock/scripts", json={"reply": reply, **({"timing": timing} if timing else {})})
        add(api, {"stream": {"cut_after": 2}})
        answer, told, error = stream(raw)
        assert answer.status_code == 200
        assert answer.headers["x-mock-fault"].startswith("flt_")
        assert len(told) == 2
        assert isinstance(error, httpx.RemoteProtocolError)
        entry = last(api)
        assert (entry["status"], entry["response"]["broken"]) == (200, True)
        assert entry["response"]["body"].count("data: ") == 2
        assert raw.post("/v1/chat/completions", json=ASK).status_code == 200
        assert counts(api) == [(1, 1, None)]

    def test_a_stream_stalls_and_goes_on(self, api, raw):
        """All of it arrives, later."""
        _, whole, _ = stream(raw)
        add(api, {"stream": {"stall_after": 1, "for": "50ms"}})
        began = time.monotonic()
        _, told, error = stream(raw)
        assert time.monotonic() - began >= 0.045
        assert (len(told), error) == (len(whole), None)

    def test_a_stream_that_its_client_left_is_noted_as_broken(self, api, raw):
        """What came before the stall is what it had."""
        add(api, {"stream": {"stall_after": 1, "for": "1h"}})
        asked = {**ASK, "stream": True}
        with (
            pytest.raises(httpx.ReadTimeout),
            raw.stream("POST", "/v1/chat/completions", json=asked, timeout=0.3) as answer,
        ):
            answer.read()
        while not (shown := api.get("/_mock/requests").json()["data"]):
            pass
        assert (shown[0]["status"], shown[0]["response"]["broken"]) == (200, True)
        assert shown[0]["response"]["body"].count("data:") == 1

    def test_a_chunk_is_no_json(self, api, raw):
        """The others are there."""
        _, whole, _ = stream(raw)
        add(api, {"stream": {"bad_chunk_after": 1}})
        _, told, error = stream(raw)
        assert (len(told), error) == (len(whole) + 1, None)
        assert told[1].endswith('{"con')

    def test_an_error_comes_inside_the_stream(self, api, raw):
        """As the last event, without [DONE]."""
        add(api, {"stream": {"error_after": 2}})
        _, told, error = stream(raw)
        assert (len(told), error) == (3, None)
        assert '"error":{"message":"Internal server error"' in told[2]

    @pytest.mark.parametrize("after", [0, 10_000])
    def test_nothing_or_everything_comes_before_a_cut(self, api, raw, after):
        """A cut that lies behind the end of a stream is none."""
        add(api, {"stream": {"cut_after": after}})
        _, told, error = stream(raw)
        assert (error is None) is (after > 0)
        assert ("data: [DONE]" in told) is (after > 0)

    def test_a_refused_stream_is_refused(self, api, raw):
        """An error has no chunks."""
        add(api, {"stream": {"cut_after": 0}})
        body = {"model": "nobody/nothing", "stream": True, "messages": ASK["messages"]}
        answer = raw.post("/v1/chat/completions", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_available")


class TestSdk:
    def test_a_429_and_a_503_are_retried(self, api, sdk):
        """As the SDK does by itself, which `retry-after-ms` keeps from waiting."""
        add(api, {"status": 429, "headers": {"retry-after-ms": "1"}}, times=1)
        add(api, {"status": 503, "headers": {"retry-after-ms": "1"}}, times=1)
        answer = sdk.chat.completions.create(**ASK)
        assert answer.choices[0].message.content
        shown = api.get("/_mock/requests").json()["data"]
        assert [entry["status"] for entry in shown] == [200, 503, 429]
        counted = [entry["request"]["headers"]["x-stainless-retry-count"] for entry in shown]
        assert counted == ["2", "1", "0"]

    @pytest.mark.parametrize(
        ("status", "raised"),
        [(429, "RateLimitError"), (503, "InternalServerError"), (409, "ConflictError")],
    )
    def test_what_is_not_retried_is_raised(self, api, sdk, status, raised):
        """With the message that the fault gave."""
        add(api, {"status": status, "message": "By a fault"})
        with pytest.raises(together.APIStatusError, match="By a fault") as caught:
            sdk.with_options(max_retries=0).endpoints.list()
        assert type(caught.value).__name__ == raised

    def test_a_reset_is_a_connection_error(self, api, sdk):
        """And is retried like one."""
        add(api, {"reset": True}, times=1)
        with pytest.raises(together.APIConnectionError):
            sdk.with_options(max_retries=0).endpoints.list()
        assert sdk.endpoints.list().data

    def test_a_latency_is_a_timeout(self, api, sdk):
        """Of whoever waits no longer."""
        add(api, {"latency": "1h"})
        with pytest.raises(together.APITimeoutError):
            sdk.with_options(max_retries=0, timeout=0.1).endpoints.list()

    def test_a_broken_stream_raises(self, api, sdk):
        """Cut: the transport's error; an error event: the SDK's own; no JSON: a decoder's."""

        def read():
            seen = 0
            for _ in sdk.chat.completions.create(**ASK, stream=True):
                seen += 1
            return seen

        for effect, raised in (
            ({"cut_after": 1}, httpx.RemoteProtocolError),
            ({"error_after": 1}, together.APIError),
            ({"bad_chunk_after": 1}, ValueError),
        ):
            api.delete("/_mock/faults")
            add(api, {"stream": effect})
            with pytest.raises(raised):
                read()
