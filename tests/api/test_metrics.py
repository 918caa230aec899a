"""GET /metrics: what it shows follows what was done, and it stays small however much there is."""

import re
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support import Running, refused
from together_mock.api.control.metrics import METRICS, PREFIX
from together_mock.services.figures import MOST_PROJECTS
from together_mock.services.measures import MOST_PENDING

CHAT = "/v1/chat/completions"
Sample = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(root: str, query: str = "", **headers: str) -> Sample:
    """Every sample, by its name without the prefix and its labels."""
    answer = httpx.get(f"{root}/metrics{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name.removeprefix(PREFIX), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def one(samples: Sample, name: str, **labels: str) -> float:
    """The value of a sample."""
    return samples[name, tuple(sorted(labels.items()))]


@pytest.fixture
def running(start_server) -> Running:
    """A server that nobody else asks, its clocks standing still."""
    return start_server(preset="instant")


def test_every_metric_is_there_and_no_other(running):
    """The names, kinds and labels that the table in docs/operations.md has."""
    api = running.api()
    api.chat(api.create()["name"])
    text = httpx.get(f"{running.root}/metrics").text
    found = {
        family.name.removeprefix(PREFIX): family for family in text_string_to_metric_families(text)
    }
    assert found.keys() == METRICS.keys()
    for name, metric in METRICS.items():
        family = found[name]
        assert (family.type, family.documentation) == (metric.kind, metric.help)
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        # No fault has struck.
        assert labels == set(metric.labels) or name == "faults_fired"


def test_requests_are_counted_by_operation_and_status(running):
    """Whole and streamed, by lanes and by the framework, refused and unknown; control calls not."""
    api = running.api()
    api.http.event_hooks = {}
    made = api.create()
    for stream in (False, True):
        api.chat(made["name"], stream=stream)
    api.chat("nobody")
    api.get("/v1/endpoints")
    api.endpoint(made["id"])
    api.get("/v1/endpoints/nobody")
    api.get("/v1/nowhere")
    api.get("/_mock/clock")
    project = api.get("/_mock/project").json()["id"]
    api.get(f"/v2/projects/{project}/endpoints")
    httpx.get(f"{running.root}/v1/endpoints")
    httpx.post(f"{running.root}{CHAT}", json={})
    counted = {
        labels: value
        for (name, labels), value in scraped(running.root).items()
        if (name == "requests_total")
    }
    assert {tuple(dict(labels).values()): value for labels, value in counted.items()} == {
        ("inference", "chat-completions", "200"): 2,
        ("inference", "chat-completions", "401"): 1,
        ("inference", "chat-completions", "404"): 1,
        ("v1", "createEndpoint", "200"): 1,
        ("v1", "listEndpoints", "200"): 1,
        ("v1", "listEndpoints", "401"): 1,
        ("v1", "getEndpoint", "200"): 1,
        ("v1", "getEndpoint", "404"): 1,
        ("v2", "listEndpointsV2", "200"): 1,
        ("unknown", "unknown", "404"): 1,
    }


def test_durations_are_a_histogram(running):
    """Buckets grow up to the count; the sum is no more than all that passed."""
    api = running.api()
    api.preset("fast")
    script = {"match": {}, "reply": {"text": "x"}, "timing": {"ttft": "60ms"}}
    api.post("/_mock/scripts", json=script)
    for _ in range(3):
        api.chat("Qwen/Qwen2.5-7B-Instruct-Turbo")
    samples = scraped(running.root)
    where = {"generation": "inference", "operation": "chat-completions"}
    name = "request_duration_seconds"
    buckets = [
        value
        for (sample, labels), value in samples.items()
        if sample == f"{name}_bucket" and where.items() <= dict(labels).items()
    ]
    assert buckets == sorted(buckets)
    assert one(samples, f"{name}_bucket", **where, le="0.05") == 0
    assert one(samples, f"{name}_bucket", **where, le="+Inf") == 3
    assert one(samples, f"{name}_count", **where) == 3
    # Timers may be a millisecond early.
    assert 0.15 <= one(samples, f"{name}_sum", **where) < 60


def test_what_there_is_and_what_it_costs(running):
    """Deployments by state, the bill of all and of each, clocks: as the control plane has them."""
    bills, apis = [], [running.api() for _ in range(2)]
    for number, api in enumerate(apis):
        for _ in range(number + 1):
            api.create()
        api.create(state="STOPPED")
        api.advance(by="90m")
        bills.append(api.get("/_mock/billing").json())
    samples = scraped(running.root)
    assert one(samples, "deployments", generation="v1", state="STARTED") == 3
    assert one(samples, "deployments", generation="v1", state="STOPPED") == 2
    assert one(samples, "deployments", generation="v2", state="STARTED") == 0
    assert one(samples, "endpoints", generation="v1") == 5
    assert one(samples, "projects") == 2
    for api, bill in zip(apis, bills, strict=True):
        slug = api.get("/_mock/project").json()["slug"]
        cost, rate = float(bill["total"]), float(bill["running_cents_per_minute"])
        assert one(samples, "project_cost_dollars", project=slug) == pytest.approx(cost)
        assert one(samples, "project_running_cents_per_minute", project=slug) == rate
        assert one(samples, "project_clock_seconds", project=slug) == 1767225600 + 5400
        assert one(samples, "project_clock_rate", project=slug) == 0
    total = sum(float(bill["total"]) for bill in bills)
    assert one(samples, "cost_dollars") == pytest.approx(total)
    assert total > 0
    # --- what nobody has booked yet is in it as well
    before = one(samples, "cost_dollars")
    apis[0].advance(by="1h")
    spent = 60 * float(bills[0]["running_cents_per_minute"]) / 100
    assert one(scraped(running.root), "cost_dollars") == pytest.approx(before + spent)


def test_faults_are_counted_by_what_they_do(running):
    """Of requests, by rule and by header, and of lifecycles."""
    api = running.api()
    api.http.event_hooks = {}
    api.preset("fast")
    rules: list[dict[str, Any]] = [
        {"match": {"operation": "listEndpoints"}, "times": 1, "effect": {"status": 503}},
        {"effect": {"lifecycle": "start_error"}},
    ]
    for rule in rules:
        assert api.post("/_mock/faults", json=rule).status_code in (200, 201)
    assert api.get("/v1/endpoints").status_code == 503
    assert api.get("/v1/endpoints", headers={"X-Mock-Fault": "429"}).status_code == 429
    assert api.get("/v1/endpoints", headers={"X-Mock-Latency": "1ms"}).status_code == 200
    api.create()
    api.advance(by="1m")
    samples = scraped(running.root)
    fired = {
        dict(labels)["effect"]: value
        for (name, labels), value in samples.items()
        if name == "faults_fired_total"
    }
    assert fired == {"status": 2, "latency": 1, "start_error": 1}


def test_open_streams_are_counted_while_they_are_open(running):
    """A paced answer and a follower of events."""
    api = running.api()
    timing = {"tokens_per_second": 0.01}
    api.post("/_mock/scripts", json={"match": {}, "reply": {"chunks": ["x"] * 9}, "timing": timing})
    body = {"model": "Qwen/Qwen2.5-7B-Instruct-Turbo", "stream": True}
    body["messages"] = [{"role": "user", "content": "Hi"}]
    with ExitStack() as stack:
        chat = stack.enter_context(api.http.stream("POST", CHAT, json=body))
        said = chat.iter_lines()
        next(said)
        events = stack.enter_context(api.http.stream("GET", "/_mock/events"))
        listened = events.iter_lines()
        next(listened)
        api.create()
        while "event:" not in next(listened):
            pass
        samples = scraped(running.root)
        assert one(samples, "open_streams", kind="inference") == 1
        assert one(samples, "open_streams", kind="events") == 1


def test_many_projects_do_not_make_it_long(running):
    """The oldest have figures of their own, and whoever is named; the totals are of all."""
    api, slugs = running.api(), []
    for number in range(MOST_PROJECTS + 5):
        made = api.post("/_mock/projects", json={"api_key": f"many-{number}"})
        slugs.append(made.json()["slug"])
    samples = scraped(running.root)
    shown = [dict(labels)["project"] for name, labels in samples if name == "project_clock_rate"]
    assert shown == slugs[:MOST_PROJECTS]
    assert one(samples, "projects") == MOST_PROJECTS + 5
    samples = scraped(running.root, f"?project={slugs[-1]}&project={slugs[0]}")
    shown = [dict(labels)["project"] for name, labels in samples if name == "project_clock_rate"]
    assert shown == [slugs[-1], slugs[0]]
    refused(httpx.get(f"{running.root}/metrics?project=nobody"), "unknown_project")
    query = "&".join(f"project={slug}" for slug in slugs)
    refused(httpx.get(f"{running.root}/metrics?{query}"), "out_of_range")


def test_operations_are_looked_up_behind_many_requests(running):
    """More requests than are kept to be looked up: none is lost."""
    api = running.api()
    for _ in range(MOST_PENDING + 10):
        api.get("/v1/endpoints/nobody")
    counted = {"generation": "v1", "operation": "getEndpoint", "status": "404"}
    assert one(scraped(running.root), "requests_total", **counted) == MOST_PENDING + 10
    assert len(running.world.measures._pending) == 0


def test_a_token_guards_it(start_server):
    """The header of the control plane, or the bearer's token that scrapers can send."""
    root = start_server(admin_token="hush").root
    refused(httpx.get(f"{root}/metrics"), "admin_token")
    refused(httpx.get(f"{root}/metrics", headers={"Authorization": "Bearer wrong"}), "admin_token")
    for headers in ({"X-Mock-Admin-Token": "hush"}, {"Authorization": "Bearer hush"}):
        assert one(scraped(root, **headers), "projects") == 0


def test_it_is_no_request_of_the_service(running):
    """Not in the journal, never struck by a fault, not among the requests it counts."""
    api = running.api()
    api.post("/_mock/faults", json={"match": {"path": "*"}, "effect": {"status": 500}})
    key = {"Authorization": f"Bearer {api.key}"}
    assert not [name for name, _ in scraped(running.root, **key) if name == "requests_total"]
    assert api.get("/_mock/requests").json() == {"data": []}
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    answer = httpx.get(f"{running.root}/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert re.search(r"# EOF\n\Z", answer.text)


@pytest.mark.parametrize(
    "accept", ["text/plain;version=x", "application/openmetrics-text; version=abc; escaping=foo"]
)
def test_an_accept_that_cannot_be_read_is_answered_all_the_same(running, accept):
    """As text of the oldest form."""
    answer = httpx.get(f"{running.root}/metrics", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
