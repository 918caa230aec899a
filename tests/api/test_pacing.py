"""Answers that take their time: paced streams, delayed answers, clients that go, replicas in use.

Real time is only ever bounded from below, or waited for by asking the server.
"""

import asyncio
import time
from contextlib import ExitStack

import httpx
import pytest
from talk import QWEN, chunks, content, text_of

FIRST, RATE = 0.15, 100


@pytest.fixture
def slow(api):
    """Let the model answer slowly: ten tokens, so about a quarter of a second."""

    def script(timing, **reply):
        reply = reply or {"chunks": ["x"] * 10}
        body = {"reply": reply, "timing": timing}
        assert api.post("/_mock/scripts", json=body).status_code in (200, 201)

    return script


def stream(api, model=QWEN, **options):
    """Open a stream over a connection of its own; as an iterator over lines with their times."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    return httpx.stream(
        "POST",
        f"{api.root}/v1/chat/completions",
        headers={"Authorization": f"Bearer {api.key}"},
        json=body | options,
        timeout=30,
    )


def test_chunks_leave_at_their_instants(api, slow):
    """The first after `ttft`, the others at `tokens_per_second`: none before, none held back."""
    slow({"ttft": f"{int(FIRST * 1000)}ms", "tokens_per_second": RATE})
    started = time.monotonic()
    times = []
    with stream(api) as answer:
        for line in answer.iter_lines():
            times += [time.monotonic() - started] * bool(line)
    # Role, ten pieces, the end, [DONE].
    assert len(times) == 13
    for number, at in enumerate(times[1:11]):
        assert at >= FIRST + number / RATE
    assert times[-1] >= FIRST + 10 / RATE
    # It was a stream: the first was there well before the last was due.
    assert times[0] < times[-1] - 5 / RATE


def test_a_paced_stream_says_what_an_unpaced_one_says(api, slow):
    """Pacing changes nothing but time."""
    plain = chunks(api.chat(QWEN, stream=True))
    slow({"tokens_per_second": 1000}, text="{{ last_user }}")
    paced = chunks(api.chat(QWEN, text_of(plain), stream=True))
    assert text_of(paced) == text_of(plain)


@pytest.mark.parametrize(
    ("timing", "least"),
    [({"ttft": "200ms"}, 0.2), ({"ttft": 0.1, "tokens_per_second": 100}, 0.2)],
)
def test_an_answer_in_one_piece_takes_as_long(api, slow, timing, least):
    """As the last token of a stream."""
    slow(timing)
    started = time.monotonic()
    assert content(api.chat(QWEN)) == "x" * 10
    assert time.monotonic() - started >= least


def test_a_stream_may_say_that_it_is_alive(api, slow):
    """Comments before the first token, which clients skip."""
    slow({"ttft": "250ms", "keep_alive": "100ms"}, text="Here.")
    with stream(api) as answer:
        lines = [line for line in answer.iter_lines() if line]
    assert lines[:2] == [": keepalive"] * 2
    assert all(line.startswith("data: ") for line in lines[2:])
    assert content(api.chat(QWEN)) == "Here."


def test_pace_is_off_by_default(api):
    """Without a script's timing or a realistic preset nothing waits: a stream is one write."""
    with stream(api) as answer:
        pieces = [piece for piece in answer.iter_raw() if piece]
    assert len(pieces) == 1


@pytest.mark.parametrize(
    ("body", "speed"),
    [
        ({"preset": "fast"}, "instant"),
        ({"preset": "realistic"}, "realistic"),
        ({"preset": "realistic", "inference": "instant"}, "instant"),
        ({"preset": "instant", "inference": "realistic"}, "realistic"),
        ({"preset": "manual"}, "instant"),
    ],
)
def test_the_preset_says_how_fast_models_answer(api, body, speed):
    """Unless the request says it; the state document keeps it."""
    answer = api.put("/_mock/preset", json=body)
    assert answer.json() == body
    assert api.state()["inference"] == body.get("inference")
    started = time.monotonic()
    api.chat("Qwen/Qwen2.5-72B-Instruct-Turbo", max_tokens=20)
    took = time.monotonic() - started
    # 72 GB of weights on eight H100s: some four milliseconds a token, and 50 before the first.
    assert speed == "instant" or took > 0.1


def test_inference_speed_is_reset_with_the_profiles(api):
    """It is part of how the project is timed."""
    api.put("/_mock/preset", json={"preset": "fast", "inference": "realistic"})
    api.post("/_mock/reset", json={"only": ["profiles"]})
    assert api.state()["inference"] is None


def in_flight(api, endpoint):
    """The requests in flight on each replica."""
    return api.get(f"/_mock/endpoints/{endpoint}/timeline").json()["in_flight"]


def wait_for(condition):
    """Ask again and again, which takes as long as it takes."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
    return True


@pytest.fixture
def endpoint(api):
    """An endpoint with two replicas ready."""
    return api.put_endpoint("STARTED", autoscaling={"min_replicas": 2, "max_replicas": 2})


def test_a_client_that_goes_frees_its_slot(api, endpoint, slow):
    """The stream would go on for an hour; it ends with its client."""
    slow({"tokens_per_second": 1}, chunks=["x"] * 3600)
    assert in_flight(api, endpoint) == [0, 0]
    with stream(api, endpoint) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert sorted(in_flight(api, endpoint)) == [0, 1]
    assert wait_for(lambda: in_flight(api, endpoint) == [0, 0])


def test_a_client_that_goes_before_its_answer_frees_its_slot(api, endpoint, slow):
    """Also where the answer would have come in one piece."""
    slow({"ttft": "1h"})
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{api.root}/v1/chat/completions",
            headers={"Authorization": f"Bearer {api.key}"},
            json={"model": endpoint, "messages": [{"role": "user", "content": "Hi"}]},
            timeout=0.2,
        )
    assert wait_for(lambda: in_flight(api, endpoint) == [0, 0])


def test_requests_are_spread_over_the_replicas(api, endpoint, slow):
    """The least busy one takes the next."""
    slow({"tokens_per_second": 1}, chunks=["x"] * 3600)
    with ExitStack() as stack:
        streams = []
        for number in range(1, 6):
            streams.append(stack.enter_context(stream(api, endpoint)).iter_lines())
            next(streams[-1])
            assert sorted(in_flight(api, endpoint)) == [number // 2, number - number // 2]
    assert wait_for(lambda: in_flight(api, endpoint) == [0, 0])


def test_streams_in_flight_scale_an_endpoint(api, slow):
    """What clients have open is what the autoscaler counts: eight on a replica are enough."""
    endpoint = api.put_endpoint("STARTED", autoscaling={"min_replicas": 1, "max_replicas": 3})
    slow({"tokens_per_second": 1}, chunks=["x"] * 3600)
    with ExitStack() as stack:
        streams = [stack.enter_context(stream(api, endpoint)).iter_lines() for _ in range(9)]
        assert all(next(lines) for lines in streams)
        assert in_flight(api, endpoint) == [9]
        api.advance(by="1m")
        assert in_flight(api, endpoint) == [9, 0]
        streams.append(stack.enter_context(stream(api, endpoint)).iter_lines())
        assert next(streams[-1])
        assert in_flight(api, endpoint) == [9, 1]
    assert wait_for(lambda: sum(in_flight(api, endpoint)) == 0)


def test_a_thousand_streams_at_once(api, endpoint, slow):
    """All in flight together, each of them whole in the end."""
    # As long as a busy machine may take to open all of them.
    slow({"ttft": "5s", "tokens_per_second": 1000}, chunks=["x"] * 20)
    request = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {api.key}\r\n"
        "connection: close\r\n"
    )
    body = f'{{"model":"{endpoint}","stream":true,"messages":[{{"role":"user","content":"Hi"}}]}}'
    message = f"{request}content-length: {len(body)}\r\n\r\n{body}".encode()

    async def read(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(message)
        whole = await reader.read()
        writer.close()
        return whole.count(b'"content":"x"')

    async def read_all():
        streams = [asyncio.create_task(read(httpx.URL(api.root).port)) for _ in range(1000)]
        most = 0
        while not all(one.done() for one in streams):
            counts = await asyncio.to_thread(in_flight, api, endpoint)
            most = max(most, sum(counts))
        return most, [one.result() for one in streams]

    most, counts = asyncio.run(read_all())
    assert set(counts) == {20}
    assert most == 1000
    assert in_flight(api, endpoint) == [0, 0]
