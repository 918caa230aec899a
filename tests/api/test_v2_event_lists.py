"""v2's events of an endpoint in pages, and by filters."""

import pytest
from chronicle import CONDITION, PHASE, STATUS, ids, info, listed, story, told, types
from rehearsal import add_fault, seconds
from support import MIXTRAL, V2, refused

# Pages --------------------------------------------------------------------------------------


def paged(v2, endpoint, limit, between=lambda: None, **params):
    """Everything in pages, newest first."""
    found, after = [], None
    while True:
        page = listed(v2, endpoint, limit=limit, **params, **({"after": after} if after else {}))
        found += page["data"]
        after = page["next_cursor"]
        if after is None:
            return found
        assert len(page["data"]) == limit
        between()


@pytest.fixture
def busy(v2):
    """An endpoint of which much happens at once: starts that overlap, stops, a deletion."""
    endpoint = v2.create()
    slow = [{"from": "STARTING", "to": "STARTED", "after": "100s"}]
    v2.put("/_mock/profiles/slow", json={"select": {"model": "*Qwen*"}, "stages": slow})
    v2.deploy(endpoint, "slow", of="Qwen/Qwen2.5-7B-Instruct-Turbo")
    for number in range(3):
        v2.advance(by=20)
        one = v2.deploy(endpoint, f"quick-{number}")
        v2.split(endpoint, {one["id"]: 1})
        v2.advance(by=3)
    v2.bounds(one, 2, 2)
    v2.split(endpoint, {})
    v2.bounds(one, 0, 0)
    v2.advance(by=1)
    v2.delete(v2.at(one))
    # Two more are under way: one of them has begun to load.
    v2.advance(by=50)
    v2.deploy(endpoint, "later", of="Qwen/Qwen2.5-7B-Instruct-Turbo")
    v2.advance(by=60)
    v2.deploy(endpoint, "last")
    v2.advance(by=1)
    return endpoint


def test_events_are_in_the_order_of_their_instants(v2, busy):
    """The newest first, also where the phases of one start lie between changes of others."""
    events = listed(v2, busy, limit=10_000)["data"]
    instants = [event["createdAt"] for event in events]
    assert instants == sorted(instants, reverse=True)
    assert len(set(ids(events))) == len(events) > 50
    loading = [event for event in events if event.get("reason") == "LoadingWeights"]
    begun = [seconds(event["createdAt"]) for event in loading]
    assert begun == [160.5, 67.1, 44.1, 40.5, 21.1]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_put_together_are_the_whole(v2, busy, limit):
    """Each event stands on one of them, whatever their size."""
    assert paged(v2, busy, limit) == listed(v2, busy, limit=10_000)["data"]


@pytest.mark.parametrize("limit", [1, 4])
def test_pages_stay_the_same_while_more_happens(v2, busy, limit):
    """What happens between two pages is on neither of them, and moves nothing."""
    before = listed(v2, busy, limit=10_000)["data"]

    def happen():
        v2.advance(by=7)
        v2.change(busy, visibility="VISIBILITY_INTERNAL")

    assert paged(v2, busy, limit, happen) == before
    assert len(told(v2, busy)) > len(before) + len(before) // limit - 1


@pytest.mark.parametrize(
    "params",
    [
        {"types": PHASE},
        {"types": "deployment.created,deployment.deleted"},
        {"minLevel": "LEVEL_INFO", "until": "2026-01-01T00:00:50Z"},
        {"since": "2026-01-01T00:00:30Z", "until": "2026-01-01T00:01:10Z"},
        {"sourceKinds": "SOURCE_KIND_ENDPOINT"},
        {"subjectId": "Ready"},
    ],
)
def test_filters_leave_the_order_and_the_pages_as_they_are(v2, busy, params):
    """What is left of the whole feed, page by page."""
    found = paged(v2, busy, 2, **params)
    assert found
    assert found == [event for event in listed(v2, busy, limit=10_000)["data"] if event in found]


def test_fifty_unless_more_are_asked_for(v2):
    """Up to ten thousand on a page; no limit of 0 is a limit."""
    endpoint = v2.create()
    for number in range(130):
        v2.change(endpoint, name=f"name-{number}")
    stopped = v2.deploy(endpoint, autoscaling={"minReplicas": 0, "maxReplicas": 0})
    for number in range(400):
        v2.change(stopped, inactiveTimeout=30 + number)
    assert len(listed(v2, endpoint)["data"]) == 50
    assert len(listed(v2, endpoint, limit=0)["data"]) == 50
    assert len(listed(v2, endpoint, limit=10**12)["data"]) == 1 + 130 + 3 + 400


# Filters ------------------------------------------------------------------------------------


def test_events_are_chosen_by_type(v2):
    """Several types by commas, or one by one; a type that nothing is of finds nothing."""
    endpoint, _ = v2.served()
    both = ["endpoint.created", "deployment.created"]
    assert types(told(v2, endpoint, types=",".join(both))) == both
    assert types(told(v2, endpoint, types=both)) == both
    assert told(v2, endpoint, types="rollout.started") == []
    assert told(v2, endpoint, types="") == told(v2, endpoint)


def test_events_are_chosen_by_level(v2):
    """That level and above."""
    add_fault(v2.api, "start_error")
    endpoint = v2.create()
    v2.deploy(endpoint)
    v2.advance(by=10)
    levels = {
        level: [event["level"][6:] for event in told(v2, endpoint, minLevel=f"LEVEL_{level}")]
        for level in ("DEBUG", "INFO", "WARN", "ERROR")
    }
    assert levels["ERROR"] == ["ERROR"] * 2
    assert levels["WARN"] == ["WARN", "ERROR", "ERROR"]
    assert levels["INFO"] == levels["DEBUG"]
    assert len(levels["INFO"]) == len(told(v2, endpoint))


def test_events_are_chosen_by_time(v2):
    """From an instant on, up to another and without it; also parts of a start."""
    endpoint, _ = v2.served()
    everything = story(v2, endpoint)
    for since in (0.0, 0.5, 0.95, 1.0, 2.0, 3.0):
        instant = f"2026-01-01T00:00:0{since}Z"
        later = [event for event in everything if event[0] >= since]
        assert story(v2, endpoint, since=instant) == later
        assert story(v2, endpoint, until=instant) == everything[: len(everything) - len(later)]
    part = story(
        v2, endpoint, since="2026-01-01T01:00:00.95+01:00", until="2026-01-01T01:00:01.1+01:00"
    )
    assert part == [info(0.95, PHASE, "Starting")]


def test_events_are_chosen_by_deployment(v2):
    """Which hides those of the endpoint, unless they are asked for as well."""
    endpoint, main = v2.served()
    other = v2.deploy(endpoint, "other")
    v2.advance(by=10)
    of_main = told(v2, endpoint, deploymentIds=main["id"])
    assert {event.get("deploymentId") for event in of_main} == {main["id"]}
    kinds = "SOURCE_KIND_ENDPOINT,SOURCE_KIND_DEPLOYMENT"
    with_endpoint = told(v2, endpoint, deploymentIds=main["id"], sourceKinds=kinds)
    assert {event.get("deploymentId") for event in with_endpoint} == {None, main["id"]}
    both = told(v2, endpoint, deploymentIds=[main["id"], other["id"]])
    assert both == told(v2, endpoint, sourceKinds="SOURCE_KIND_DEPLOYMENT")
    of_endpoint = told(v2, endpoint, sourceKinds="SOURCE_KIND_ENDPOINT")
    assert types(of_endpoint) == ["endpoint.created", "endpoint.updated"]
    assert {event["sourceKind"] for event in of_endpoint} == {"SOURCE_KIND_ENDPOINT"}


def test_events_are_chosen_by_subject(v2):
    """A type of condition; with other filters, both must hold."""
    endpoint, _ = v2.served()
    assert set(types(told(v2, endpoint, subjectId="Ready"))) == {CONDITION}
    assert told(v2, endpoint, subjectId="Placed") == []
    assert told(v2, endpoint, subjectId="Ready", types=STATUS) == []


def test_an_endpoint_shows_its_own_events(v2):
    """Not those of others, in the project or outside of it; the older path shows the same."""
    first, _ = v2.served("first")
    second, _ = v2.served("second")
    events = told(v2, first)
    assert {event["endpointId"] for event in events} == {first["id"]}
    assert not set(ids(events)) & set(ids(told(v2, second)))
    alias = v2.at(first, "events").replace("/v2/", "/v1/", 1)
    assert v2.got(alias)["data"] == events[::-1]
    stranger = V2(type(v2.api)(v2.api.root))
    refused(stranger.get(stranger.at(first, "events")), "v2_unknown_endpoint")
    stranger.api.http.close()


def test_the_events_of_a_deleted_endpoint_are_gone(v2):
    """With the endpoint itself."""
    endpoint = v2.create()
    v2.delete(v2.at(endpoint))
    error = refused(v2.get(v2.at(endpoint, "events")), "v2_unknown_endpoint")
    assert error["param"] == "id"


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"minLevel": "LOUD"}, "minLevel"),
        ({"minLevel": "INFO"}, "minLevel"),
        ({"since": "noon"}, "since"),
        ({"until": "2026-13-01T00:00:00Z"}, "until"),
        ({"sourceKinds": "SOURCE_KIND_ENDPOINT,SOURCE_KIND_MOON"}, "sourceKinds"),
        ({"deploymentIds": "dep_none"}, "deploymentIds"),
        ({"limit": -1}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"after": "nothing"}, "after"),
        ({"after": "WzFd"}, "after"),
        ({"after": "WzEsMiwzLDk5OTk5OTk5OTk5OTk5OTk5OTk5OV0"}, "after"),
        ({"after": "WzEsMiwzLC0xXQ"}, "after"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(v2, params, name):
    """With 400, and the parameter's own name."""
    endpoint, _ = v2.served()
    answer = v2.get(v2.at(endpoint, "events"), params=params)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == (name, "INVALID_ARGUMENT")


def test_a_deployment_of_another_endpoint_is_none_of_this_one(v2):
    """Every id must belong to the endpoint."""
    endpoint, other = v2.create("one"), v2.create("other")
    foreign = v2.deploy(other)
    answer = v2.get(v2.at(endpoint, "events"), params={"deploymentIds": foreign["id"]})
    error = refused(answer, "v2_bad_value")
    assert error["param"] == "deploymentIds"


def test_a_lenient_server_takes_what_clients_make_up(lenient):
    """Cursors and deployments that are none."""
    v2 = V2(lenient.api())
    endpoint, _ = v2.served(of=MIXTRAL)
    everything = listed(v2, endpoint)
    for after in ("after", "WzFd"):
        assert listed(v2, endpoint, after=after) == everything
    assert listed(v2, endpoint, deploymentIds="string")["data"] == []
