"""v2's analytics of an endpoint: sums of what was really answered and refused, by minutes."""

import asyncio
from collections import Counter

import httpx
import pytest
from rehearsal import add_fault, patch
from support import MIXTRAL, V2, Running, refused
from talk import QWEN, chunks

EMBEDDER = "BAAI/bge-base-en-v1.5"
RANKER = "Salesforce/Llama-Rank-V1"


def analytics(v2, endpoint, **params):
    return v2.got(v2.at(endpoint, "analytics"), **params)


def metrics(v2, endpoint, **params):
    return analytics(v2, endpoint, **params)["metrics"]


def requests(v2, endpoint, **params):
    """Requests by status."""
    told = metrics(v2, endpoint, **params)["requestMetrics"]
    by_status = {code: int(count) for code, count in told["requestsByStatusCode"].items()}
    failed = sum(count for code, count in by_status.items() if code >= "400")
    assert int(told["totalRequests"]) == sum(by_status.values())
    assert int(told["failedRequests"]) == failed
    assert int(told["successfulRequests"]) == sum(by_status.values()) - failed
    return by_status


def tokens(v2, endpoint, **params):
    """Tokens read and said."""
    told = metrics(v2, endpoint, **params)["tokenMetrics"]
    return int(told["totalInputTokens"]), int(told["totalOutputTokens"])


def errors(v2, endpoint):
    return metrics(v2, endpoint)["errorMetrics"]


def used(*answers):
    """Tokens read and said, as answers tell them."""
    told = [answer.json()["usage"] for answer in answers]
    return tuple(
        sum(usage[f"{kind}_tokens"] for usage in told) for kind in ("prompt", "completion")
    )


# Sums ---------------------------------------------------------------------------------------


def test_an_endpoint_without_requests_has_none(v2):
    """Everything is there, of the day up to now, and 0."""
    endpoint = v2.create()
    span = {"startTime": "2025-12-31T00:01:00.000Z", "endTime": "2026-01-01T00:01:00.000Z"}
    common = {"endpointId": endpoint["id"], "timeRange": span}
    assert analytics(v2, endpoint) == {
        **common,
        "metrics": {
            **common,
            "requestMetrics": {
                "totalRequests": "0",
                "successfulRequests": "0",
                "failedRequests": "0",
                "requestsPerSecond": 0,
                "requestsByStatusCode": {},
            },
            "latencyMetrics": {},
            "tokenMetrics": {"totalInputTokens": "0", "totalOutputTokens": "0"},
            "throughputMetrics": {"tokensPerSecond": 0, "requestsPerSecond": 0},
            "errorMetrics": {"errorRate": 0, "errorsByType": {}},
            "deploymentMetrics": [],
        },
        "deploymentAnalytics": [],
    }


def test_answers_add_up_to_what_they_told(v2):
    """Requests, tokens, rates and shares, of the endpoint and of its deployment."""
    endpoint, deployment = v2.served()
    name = endpoint["name"]
    answers = [v2.chat(name, "Tell me " * number) for number in (1, 3, 200)]
    answers += [v2.chat(name, n=2), v2.chat(name, max_tokens=3)]
    streamed = chunks(v2.chat(name, "And you?", stream=True))[-1]["usage"]
    told = metrics(v2, endpoint)
    read = used(*answers)[0] + streamed["prompt_tokens"]
    said = used(*answers)[1] + streamed["completion_tokens"]
    assert requests(v2, endpoint) == {"200": 6}
    assert told["tokenMetrics"] == {
        "totalInputTokens": str(read),
        "totalOutputTokens": str(said),
        "avgInputTokens": pytest.approx(read / 6),
        "avgOutputTokens": pytest.approx(said / 6),
    }
    day = 86400
    assert told["requestMetrics"]["requestsPerSecond"] == pytest.approx(6 / day)
    assert told["throughputMetrics"] == {
        "tokensPerSecond": pytest.approx(said / day),
        "requestsPerSecond": pytest.approx(6 / day),
    }
    assert told["errorMetrics"] == {"errorRate": 0, "errorsByType": {}}
    assert set(told["latencyMetrics"].values()) == {0.0}
    assert len(told["latencyMetrics"]) == 9
    (part,) = told["deploymentMetrics"]
    own = {name: value for name, value in told.items() if name != "deploymentMetrics"}
    assert part == {**own, "deploymentId": deployment["id"]}
    (again,) = analytics(v2, endpoint)["deploymentAnalytics"]
    assert again == {
        "deploymentId": deployment["id"],
        "endpointId": endpoint["id"],
        "timeRange": told["timeRange"],
        "metrics": part,
    }


def test_every_route_counts(v2):
    """Completions, embeddings and rerankings, each with the tokens that it read."""
    texts = v1_endpoint(v2, MIXTRAL)
    body = {"model": texts["id"], "prompt": ["Once", "upon a time"], "max_tokens": 5}
    completed = v2.post("/v1/completions", json=body)
    assert (requests(v2, texts), tokens(v2, texts)) == ({"200": 1}, used(completed))

    vectors = v1_endpoint(v2, EMBEDDER)
    for inputs in ("Hello there!", ["Hello", "there", "!"], [1, 2, 3, 4]):
        body = {"model": vectors["id"], "input": inputs}
        assert v2.post("/v1/embeddings", json=body).status_code == 200
    assert requests(v2, vectors) == {"200": 3}
    read, said = tokens(v2, vectors)
    assert (read > 10, said) == (True, 0)
    assert "ttftP50Ms" not in metrics(v2, vectors)["latencyMetrics"]
    assert metrics(v2, vectors)["latencyMetrics"]["latencyP99Ms"] == 0

    ranks = v1_endpoint(v2, RANKER)
    body = {"model": ranks["id"], "query": "What?", "documents": ["This.", "That one."]}
    ranked = v2.post("/v1/rerank", json=body)
    assert (requests(v2, ranks), tokens(v2, ranks)) == ({"200": 1}, used(ranked))


def v1_endpoint(v2, model):
    """An endpoint of v1, that answers by a model; it takes the place of all others."""
    id_ = v2.put_endpoint("STARTED", model=model, hardware="1x_nvidia_h100_80gb_sxm")
    return {"id": id_}


def test_an_endpoint_that_v1_made_has_analytics(v2):
    """By its name and by its id."""
    made = v2.api.create()
    v2.advance(by=10)
    answers = [v2.chat(made[word]) for word in ("name", "id", "name")]
    assert (requests(v2, made), tokens(v2, made)) == ({"200": 3}, used(*answers))
    patch(v2.api, made, state="STOPPED")
    v2.chat(made["name"])
    assert requests(v2, made) == {"200": 3, "400": 1}
    assert errors(v2, made) == {
        "errorRate": 25,
        "errorsByType": {"dedicated_endpoint_not_running": "1"},
    }


def test_cached_tokens_are_read_too(v2):
    """They count as read; the series tells how many of them were cached."""
    endpoint, _ = v2.served()
    answers = [v2.chat(endpoint["name"], "The same long question? " * 40) for _ in range(2)]
    cached = answers[1].json()["usage"]["cached_tokens"]
    assert cached > 0
    (point,) = analytics(v2, endpoint, includeTimeSeries=True)["timeSeries"]
    assert tokens(v2, endpoint) == used(*answers)
    assert point["values"]["cachedInputTokens"] == cached


def test_a_scripts_tokens_are_those_that_it_tells(v2):
    """Whatever a script says that was used."""
    endpoint, _ = v2.served()
    reply = {"text": "Hm.", "usage": {"prompt_tokens": 1000, "completion_tokens": 77}}
    v2.post("/_mock/scripts", json={"reply": reply})
    answer = v2.chat(endpoint["name"])
    assert tokens(v2, endpoint) == used(answer) == (1000, 77)


# Refusals -----------------------------------------------------------------------------------


def test_refusals_of_an_endpoint_are_its_failures(v2):
    """Before it routes, before it serves, of a wrong type, of too much; each by its kind."""
    endpoint = v2.create()
    name = endpoint["name"]
    v2.chat(name)
    deployment = v2.deploy(endpoint)
    v2.split(endpoint, {deployment["id"]: 1})
    v2.chat(name)
    v2.chat(f"{name}/main")
    v2.advance(by=10)
    v2.chat(name)
    v2.post("/v1/embeddings", json={"model": name, "input": "Hello"})
    v2.chat(name, max_tokens=10**6)
    assert requests(v2, endpoint) == {"200": 1, "400": 3, "503": 2}
    assert errors(v2, endpoint) == {
        "errorRate": pytest.approx(500 / 6),
        "errorsByType": {
            "endpoint_not_configured": "1",
            "invalid_request_error": "1",
            "model_not_available": "1",
            "routing_error": "2",
        },
    }
    # What no deployment was chosen for is none's; the one that is named, or chosen, has the rest.
    (part,) = analytics(v2, endpoint)["deploymentAnalytics"]
    assert part["deploymentId"] == deployment["id"]
    counts = part["metrics"]["requestMetrics"]["requestsByStatusCode"]
    assert counts == {"200": "1", "400": "2", "503": "1"}
    only = requests(v2, endpoint, deploymentId=deployment["id"])
    assert only == {"200": 1, "400": 2, "503": 1}


def test_what_names_no_endpoint_is_nobodys(v2):
    """Serverless models, unknown ones, and requests that cannot be read."""
    endpoint, _ = v2.served()
    v2.chat(QWEN)
    v2.chat("nothing/of-the-kind")
    v2.post("/v1/chat/completions", json={"model": endpoint["name"]})
    assert requests(v2, endpoint) == {}


def test_a_client_that_goes_is_a_failure(v2):
    """Of a stream or of a whole answer: 499, without the tokens that nobody was told."""
    endpoint, _ = v2.served()
    v2.post("/_mock/scripts", json={"reply": {"chunks": ["x"] * 50}, "timing": {"ttft": "30s"}})
    for streamed in (True, False):
        body = {
            "model": endpoint["name"],
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": streamed,
        }
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{v2.api.root}/v1/chat/completions",
                headers={"Authorization": f"Bearer {v2.api.key}"},
                json=body,
                timeout=0.3,
            )
    gone = wait_for(lambda: requests(v2, endpoint), {"499": 2})
    assert gone == {"499": 2}
    assert tokens(v2, endpoint) == (0, 0)
    assert errors(v2, endpoint)["errorsByType"] == {"client_closed_request": "2"}


def wait_for(look, wanted):
    """Look until it is so, or a hundred times: who has gone is noticed when the server reads on."""
    for _ in range(100):
        if (seen := look()) == wanted:
            break
    return seen


# Deployments --------------------------------------------------------------------------------


def test_each_deployment_has_its_own(v2):
    """Those of a split add up to the endpoint's; a pinned request is its deployment's."""
    endpoint = v2.create()
    one, two = v2.deploy(endpoint, "one"), v2.deploy(endpoint, "two")
    v2.split(endpoint, {one["id"]: 1, two["id"]: 1})
    v2.advance(by=10)
    answers = [v2.chat(endpoint["name"], f"Question {number}") for number in range(20)]
    answers.append(v2.chat(two["name"]))
    parts = analytics(v2, endpoint)["deploymentAnalytics"]
    assert [part["deploymentId"] for part in parts] == [one["id"], two["id"]]
    counts = [int(part["metrics"]["requestMetrics"]["totalRequests"]) for part in parts]
    assert all(counts)
    assert sum(counts) == 21
    said = [int(part["metrics"]["tokenMetrics"]["totalOutputTokens"]) for part in parts]
    assert (sum(said), requests(v2, endpoint)) == (used(*answers)[1], {"200": 21})
    alone = analytics(v2, endpoint, deploymentId=two["id"])
    assert alone["deploymentAnalytics"] == parts[1:]
    assert alone["metrics"]["requestMetrics"] == parts[1]["metrics"]["requestMetrics"]


def test_a_deleted_deployments_requests_stay(v2):
    """With its id, in the endpoint's sums and for who asks for it."""
    endpoint, deployment = v2.served()
    v2.chat(endpoint["name"])
    v2.split(endpoint, {})
    v2.bounds(deployment, 0, 0)
    v2.advance(by=10)
    v2.delete(v2.at(deployment))
    (part,) = analytics(v2, endpoint)["deploymentAnalytics"]
    assert part["deploymentId"] == deployment["id"]
    assert requests(v2, endpoint, deploymentId=deployment["id"]) == {"200": 1}


def test_a_deployment_without_requests_is_shown_when_it_is_asked_for(v2):
    """With zeros."""
    endpoint, deployment = v2.served()
    assert analytics(v2, endpoint)["deploymentAnalytics"] == []
    (part,) = analytics(v2, endpoint, deploymentId=deployment["id"])["deploymentAnalytics"]
    assert part["metrics"]["requestMetrics"]["totalRequests"] == "0"


# Time ---------------------------------------------------------------------------------------


def test_a_series_tells_each_bucket(v2):
    """From the start on, empty ones too; it adds up to the whole."""
    endpoint, _ = v2.served()
    said = []
    for minutes, count in ((0, 1), (1, 2), (3, 3)):
        v2.advance(to=f"2026-01-01T00:0{minutes}:30Z")
        said.append(sum(used(*[v2.chat(endpoint["name"]) for _ in range(count)])[1:]))
    v2.advance(to="2026-01-01T00:04:30Z")
    v2.chat(endpoint["name"], max_tokens=10**6)
    series = {"startTime": "2026-01-01T00:00:00Z", "includeTimeSeries": True}
    told = analytics(v2, endpoint, granularity="1m", **series)
    points = told["timeSeries"]
    assert [point["timestamp"][11:16] for point in points] == [f"00:0{n}" for n in range(5)]
    values = [point["values"] for point in points]
    assert [value["totalRequests"] for value in values] == [1, 2, 0, 3, 1]
    assert [value["totalOutputTokens"] for value in values] == [*said[:2], 0, said[2], 0]
    assert [value["errorRate"] for value in values] == [0, 0, 0, 0, 100]
    assert [value["requestsPerSecond"] for value in values] == pytest.approx(
        [1 / 60, 2 / 60, 0, 3 / 60, 1 / 60]
    )
    assert [value.get("latencyP50Ms") for value in values] == [0, 0, None, 0, None]
    (part,) = told["deploymentAnalytics"]
    assert part["timeSeries"] == points
    coarse = analytics(v2, endpoint, granularity="2m", **series)
    assert coarse["metrics"] == told["metrics"]
    counts = [point["values"]["totalRequests"] for point in coarse["timeSeries"]]
    assert counts == [3, 3, 1]
    assert "timeSeries" not in analytics(v2, endpoint, startTime=series["startTime"])


def test_a_bucket_is_a_day_unless_it_is_said(v2):
    """From the day before now."""
    endpoint, _ = v2.served()
    v2.advance(by="3d")
    v2.chat(endpoint["name"])
    (point,) = analytics(v2, endpoint, includeTimeSeries="true")["timeSeries"]
    assert point["timestamp"] == "2026-01-03T00:01:00.000Z"
    assert point["values"]["totalRequests"] == 1
    series = analytics(v2, endpoint, includeTimeSeries=True, startTime="2026-01-01T00:00:00Z")[
        "timeSeries"
    ]
    assert [point["values"]["totalRequests"] for point in series] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({}, 1),
        ({"startTime": "2026-01-01T00:00:00Z"}, 3),
        ({"startTime": "2026-01-01T00:00:59.9Z", "endTime": "2026-01-01T12:00:00Z"}, 1),
        ({"startTime": "2026-01-01T00:01:00Z", "endTime": "2026-01-01T12:00:00Z"}, 0),
        ({"startTime": "2026-01-01T00:01:00Z", "endTime": "2026-01-01T12:00:01Z"}, 1),
        ({"endTime": "2026-01-01T12:01:00Z"}, 2),
        ({"endTime": "2026-01-01T13:00:00+01:00"}, 1),
        ({"endTime": "2025-01-01T00:00:00Z"}, 0),
        ({"startTime": "2026-01-02T13:00:00Z"}, 1),
    ],
)
def test_a_time_range_takes_the_minutes_that_it_lies_in(v2, params, count):
    """Up to now, from a day before its end, unless it is said otherwise."""
    endpoint, _ = v2.served()
    v2.chat(endpoint["name"])
    for at in ("2026-01-01T12:00:00Z", "2026-01-02T13:00:42Z"):
        v2.advance(to=at)
        v2.chat(endpoint["name"])
    assert sum(requests(v2, endpoint, **params).values()) == count


def test_a_range_says_what_it_covers(v2):
    """Whole minutes, whatever was asked for."""
    endpoint, _ = v2.served()
    told = analytics(v2, endpoint, startTime="2026-01-01T00:00:30Z", endTime="2026-01-01T00:02:30Z")
    span = {"startTime": "2026-01-01T00:00:00.000Z", "endTime": "2026-01-01T00:03:00.000Z"}
    assert told["timeRange"] == told["metrics"]["timeRange"] == span


def test_who_looks_and_when_changes_nothing(server):
    """The same requests, looked at in between or not, by seconds or in one jump."""
    told = []
    for steps in (1, 30):
        v2 = V2(server.api())
        endpoint, _ = v2.served()
        for _ in range(3):
            v2.chat(endpoint["name"])
            for _ in range(steps):
                v2.advance(by=90 / steps)
                if steps > 1:
                    analytics(v2, endpoint)
        shown = analytics(v2, endpoint, includeTimeSeries=True, granularity="1m")
        points = [point["values"] for point in shown["timeSeries"]]
        told.append(([value["totalRequests"] for value in points][-8:], sum_of(points)))
        v2.api.http.close()
    assert told[0] == told[1]
    assert told[0][1]["totalRequests"] == 3


def sum_of(points):
    """The counters of some points, added up."""
    total = Counter()
    for values in points:
        total.update({name: values[name] for name in ("totalRequests", "totalInputTokens")})
    return total


# Durations ----------------------------------------------------------------------------------


def test_paced_answers_have_the_percentiles_of_their_pace(v2):
    """Ten answers at once, of which one takes much longer: due times, to one per cent."""
    endpoint, _ = v2.served()
    slow = {"ttft": "300ms", "tokens_per_second": 100}
    quick = {"ttft": "50ms", "tokens_per_second": 200}
    reply = {"chunks": ["x"] * 10}
    match = {"last_user": {"contains": "slowly"}}
    for script in ({"match": match, "timing": slow}, {"timing": quick}):
        answer = v2.post("/_mock/scripts", json={"reply": reply, **script})
        assert answer.status_code in (200, 201), answer.text

    async def ask(client, number):
        body = {
            "model": endpoint["name"],
            "messages": [{"role": "user", "content": "slowly" if number == 0 else "quickly"}],
            "stream": number % 2 == 0,
        }
        answer = await client.post("/v1/chat/completions", json=body)
        assert answer.status_code == 200

    async def ask_all():
        headers = {"Authorization": f"Bearer {v2.api.key}"}
        async with httpx.AsyncClient(base_url=v2.api.root, headers=headers, timeout=30) as client:
            await asyncio.gather(*[ask(client, number) for number in range(10)])

    asyncio.run(ask_all())
    assert requests(v2, endpoint) == {"200": 10}
    assert metrics(v2, endpoint)["latencyMetrics"] == pytest.approx(
        {
            "ttftP50Ms": 50,
            "ttftP90Ms": 50,
            "ttftP99Ms": 300,
            "latencyP50Ms": 100,
            "latencyP90Ms": 100,
            "latencyP99Ms": 400,
            "itlP50Ms": 5,
            "itlP90Ms": 5,
            "itlP99Ms": 10,
        },
        rel=0.01,
    )


def test_refusals_have_no_durations(v2):
    """Only what was answered counts."""
    endpoint = v2.create()
    v2.chat(endpoint["name"])
    assert metrics(v2, endpoint)["latencyMetrics"] == {}


# What stays ---------------------------------------------------------------------------------


def test_a_restarted_server_knows_what_was_answered(start_server, tmp_path):
    """What was noted is stored when the server stops."""
    database = str(tmp_path / "store.db")
    before = Running(database=database)
    try:
        v2 = V2(before.api("key"))
        endpoint, _ = v2.served()
        answers = [v2.chat(endpoint["name"], str(number)) for number in range(3)]
    finally:
        before.stop()
    again = V2(start_server(database=database).api("key"))
    assert requests(again, endpoint) == {"200": 3}
    assert tokens(again, endpoint) == used(*answers)


def test_a_new_state_begins_without_requests(v2):
    """What is billed may be reset alone."""
    id_ = v2.put_endpoint("STARTED")
    endpoint = {"id": id_}
    v2.chat(id_)
    assert requests(v2, endpoint) == {"200": 1}
    v2.put_endpoint("STARTED")
    assert requests(v2, endpoint) == {}
    v2.chat(id_)
    v2.post("/_mock/reset", json={"only": ["billing"]})
    assert requests(v2, endpoint) == {"200": 1}
    v2.post("/_mock/reset")
    refused(v2.get(v2.at(endpoint, "analytics")), "v2_unknown_endpoint")


def test_a_refused_change_loses_no_requests(v2):
    """What was noted is put back when a unit of work is undone."""
    endpoint, deployment = v2.served()
    v2.chat(endpoint["name"])
    for _ in range(2):
        refused(v2.delete(v2.at(deployment)), "v2_delete_in_split")
    v2.chat(endpoint["name"])
    add_fault(v2.api, "slow_start")
    assert requests(v2, endpoint) == {"200": 2}


# Bad values ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"startTime": "noon"}, "startTime"),
        ({"endTime": "2026-02-30T00:00:00Z"}, "endTime"),
        ({"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T00:00:00Z"}, "endTime"),
        ({"startTime": "2026-01-02T00:00:00Z", "endTime": "2026-01-01T00:00:00Z"}, "endTime"),
        ({"startTime": "2027-01-01T00:00:00Z"}, "startTime"),
        ({"granularity": "weekly"}, "granularity"),
        ({"granularity": "30s"}, "granularity"),
        ({"granularity": "90s"}, "granularity"),
        ({"granularity": "0m"}, "granularity"),
        ({"granularity": "-1m"}, "granularity"),
        (
            {"startTime": "2025-01-01T00:00:00Z", "granularity": "1m", "includeTimeSeries": True},
            "granularity",
        ),
        ({"includeTimeSeries": "perhaps"}, "includeTimeSeries"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(v2, params, name):
    """With 400, and the parameter's own name."""
    endpoint = v2.create()
    answer = v2.get(v2.at(endpoint, "analytics"), params=params)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == (name, "INVALID_ARGUMENT")


def test_any_whole_minutes_are_a_granularity(v2):
    """Also in seconds, or in parts."""
    endpoint = v2.create()
    for granularity, count in (("5m", 288), ("1h30m", 16), ("3600s", 24), ("2d", 1), ("", 1)):
        series = analytics(v2, endpoint, granularity=granularity, includeTimeSeries=True)
        assert len(series["timeSeries"]) == count


def test_what_is_not_there_is_not_found(v2):
    """Endpoints, and deployments of others."""
    endpoint, other = v2.create("one"), v2.create("other")
    foreign = v2.deploy(other)
    refused(v2.get(f"{v2.endpoints}/ep_none/analytics"), "v2_unknown_endpoint")
    path = v2.at(endpoint, "analytics")
    answer = v2.get(path, params={"deploymentId": foreign["id"]})
    assert refused(answer, "v2_unknown_deployment")["param"] == "deploymentId"


@pytest.mark.parametrize("fields", [{}, {"stream": True}, {"stop": ["\n"]}])
def test_an_answer_that_nobody_waited_for_is_none(api, v2, fields):
    """A fault held it back for longer than its client waited."""
    endpoint, _ = v2.served()
    headers = {"X-Mock-Latency": "1h"}
    body = {"model": f"{v2.slug}/first", "messages": [{"role": "user", "content": "Hi"}], **fields}
    with pytest.raises(httpx.ReadTimeout):
        api.post("/v1/chat/completions", json=body, headers=headers, timeout=0.2)
    while not (found := requests(v2, endpoint)):
        pass
    assert found == {"499": 1}
    assert tokens(v2, endpoint) == (0, 0)
