"""Where requests to v2's endpoints go: the traffic split, its keys, its headers, its delay."""

import json
import math
from collections import Counter

import pytest
from rehearsal import HOUR, add_fault
from support import V2, refused
from talk import QWEN, chunks, text_of

RANK = "Salesforce/Llama-Rank-V1"
BGE = "BAAI/bge-base-en-v1.5"
TEXTS = ["Oslo is the capital of Norway", "The llama is a camelid"]


class Split:
    """An endpoint with deployments that are ready, by name, and a split by their names."""

    def __init__(self, v2, replicas, of=QWEN):
        self.v2 = v2
        self.endpoint = v2.create("routed")
        self.name = self.endpoint["name"]
        self.deployments = {
            name: v2.deploy(self.endpoint, name, of=of, autoscaling={"minReplicas": count})
            for name, count in replicas.items()
        }
        for made in self.deployments.values():
            v2.run_until(made["id"], "STARTED")
        self.by_cluster = {self._cluster(name): name for name in replicas} if of == QWEN else {}

    def weigh(self, **weights):
        """Set the split, by the deployments' names."""
        by_id = {self.deployments[name]["id"]: weight for name, weight in weights.items()}
        self.endpoint = self.v2.split(self.endpoint, by_id)
        return self

    def ask(self, key=None, said="Hello!", **fields):
        """The name of the deployment that answers a chat."""
        keyed = {} if key is None else {"prompt_cache_key": key}
        answer = self.v2.chat(self.name, said, **keyed, **fields)
        assert answer.status_code == 200, answer.text
        return self.by_cluster[answer.headers["x-cluster"]]

    def counted(self, keys):
        """By key: the deployment that answers it."""
        return {key: self.ask(key) for key in keys}

    def shares(self):
        """What the deployments show as their shares."""
        return {
            name: self.v2.now(made)["estimatedEffectiveTrafficShare"]
            for name, made in self.deployments.items()
        }

    def _cluster(self, name):
        answer = self.v2.chat(f"{self.name}/{name}")
        assert answer.status_code == 200, answer.text
        return answer.headers["x-cluster"]


@pytest.fixture
def two(v2):
    """Two deployments of one replica each, of equal weight."""
    return Split(v2, {"a": 1, "b": 1}).weigh(a=1, b=1)


def keys(count):
    return [f"key {number}" for number in range(count)]


# Shares ----------------------------------------------------------------------------------


def test_the_share_is_weight_times_ready_replicas(v2):
    """Of 1,500 requests, within three standard deviations; what is shown is what is meant."""
    split = Split(v2, {"a": 3, "b": 1, "c": 2}).weigh(a=1, b=2, c=0)
    assert split.shares() == {"a": 0.6, "b": 0.4, "c": 0.0}
    told = Counter(split.counted(keys(1500)).values())
    assert told.keys() == {"a", "b"}
    assert abs(told["a"] - 900) < 3 * math.sqrt(1500 * 0.6 * 0.4)


def test_only_the_ratio_of_weights_counts(two):
    """Percentages, parts of one, or the largest and smallest numbers there are."""
    before = two.counted(keys(40))
    assert set(before.values()) == {"a", "b"}
    for weight in (50, 0.5, 1e308, 5e-324):
        two.weigh(a=weight, b=weight)
        assert two.counted(keys(40)) == before
        assert two.shares() == {"a": 0.5, "b": 0.5}


def test_a_change_moves_no_more_keys_than_it_has_to(two):
    """A heavier deployment takes keys, and gives none away; so does one with more replicas."""
    before = two.counted(keys(200))
    two.weigh(a=3, b=1)
    after = two.counted(keys(200))
    moved = {(before[key], after[key]) for key in before if before[key] != after[key]}
    assert moved == {("b", "a")}
    assert 25 < sum(before[key] != after[key] for key in before) < 75
    # Three replicas at weight 1 are one at weight 3.
    two.weigh(a=1, b=1)
    two.v2.bounds(two.deployments["a"], 3, 3)
    two.v2.advance(by=2)
    assert two.counted(keys(200)) == after


def test_weight_0_takes_nothing(two):
    """And nothing moves between those that keep their weights."""
    two.weigh(a=0, b=1)
    assert set(two.counted(keys(30)).values()) == {"b"}
    assert two.shares() == {"a": 0.0, "b": 1.0}
    two.weigh(b=1)
    assert set(two.counted(keys(30)).values()) == {"b"}
    two.weigh(a=0, b=0)
    refused(two.v2.chat(two.name), "routing_error")


def test_the_order_of_the_split_means_nothing(two):
    """Nor does the order of creation."""
    before = two.counted(keys(40))
    two.weigh(b=1, a=1)
    assert two.counted(keys(40)) == before


def test_what_is_not_ready_takes_nothing(two):
    """What starts, stops or has crashed lends its keys to the others, and then has them back."""
    v2, deployment = two.v2, two.deployments["a"]
    before = two.counted(keys(40))
    v2.bounds(deployment, 0, 0)
    assert set(two.counted(keys(40)).values()) == {"b"}
    assert two.shares() == {"a": 0.0, "b": 1.0}
    v2.advance(by=1)
    v2.bounds(deployment, 1, 1)
    assert set(two.counted(keys(40)).values()) == {"b"}
    v2.advance(by=2)
    assert two.counted(keys(40)) == before
    add_fault(v2.api, "replica_crash", times=1)
    left = set(two.counted(keys(40)).values())
    assert len(left) == 1
    v2.advance(by=1.5)
    assert two.counted(keys(40)) == before


# Keys ------------------------------------------------------------------------------------


def kept(ask, count=25):
    """The one deployment to which everything goes that is asked; fails where there are two."""
    (only,) = {ask(number) for number in range(count)}
    return only


def spread(ask, count=25):
    """Whether what is asked goes to several deployments."""
    return len({ask(number) for number in range(count)}) > 1


def test_equal_keys_go_to_the_same_deployment(two):
    """Whatever else is in the request."""
    for key in keys(4):
        kept(lambda n, key=key: two.ask(key, f"said {n}", user=f"user {n}", temperature=n / 100))
    assert spread(lambda n: two.ask(f"key {n}", "the same", user="one"))


def test_the_user_counts_where_there_is_no_key(two):
    """The content does not, then."""
    kept(lambda n: two.ask(None, f"said {n}", user="one"))
    assert spread(lambda n: two.ask(None, "the same", user=f"user {n}"))


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_key_is_none(two, empty):
    """The next one in line counts."""
    fields = {"prompt_cache_key": empty}
    kept(lambda n: two.ask(None, f"said {n}", user="one", **fields))
    assert spread(lambda n: two.ask(None, f"said {n}", user=empty, **fields))


def test_the_content_counts_where_nothing_else_is_said(two):
    """The same question goes the same way, others elsewhere."""
    kept(lambda n: two.ask(None, "the same", temperature=n / 100, max_tokens=n + 1))
    assert spread(lambda n: two.ask(None, f"said {n}"))


@pytest.mark.parametrize("system", [[], [{"role": "system", "content": "Be brief."}]])
def test_a_conversation_stays_where_it_began(two, system):
    """However long it grows."""
    for topic in range(4):
        messages = [*system, {"role": "user", "content": f"Tell me of {topic}."}]

        def ask(turn, messages=messages):
            body = {"model": two.name, "messages": messages}
            answer = two.v2.post("/v1/chat/completions", json=body)
            messages.append(answer.json()["choices"][0]["message"] | {"tool_calls": None})
            messages.append({"role": "user", "content": f"And then, {turn}?"})
            return two.by_cluster[answer.headers["x-cluster"]]

        kept(ask, 6)


def test_keys_are_drawn_for_each_endpoint(v2):
    """Two endpoints, alike in all but their ids, send keys each in its own way."""
    first = Split(v2, {"a": 1, "b": 1}).weigh(a=1, b=1)
    v2.change(first.endpoint, name="other")
    first.name = f"{v2.slug}/other"
    second = Split(v2, {"a": 1, "b": 1}).weigh(a=1, b=1)
    assert first.counted(keys(40)) != second.counted(keys(40))


# Nothing to route to ---------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_an_empty_split_is_not_configured(v2, stream):
    """400, whether there are deployments or not."""
    endpoint = v2.create()
    error = refused(v2.chat(endpoint["name"], stream=stream), "endpoint_not_configured")
    assert error["param"] == "model"
    deployment = v2.deploy(endpoint)
    v2.run_until(deployment["id"], "STARTED")
    refused(v2.chat(endpoint["name"], stream=stream), "endpoint_not_configured")
    v2.split(endpoint, {deployment["id"]: 1})
    assert v2.chat(endpoint["name"], stream=stream).status_code == 200
    v2.split(endpoint, {})
    refused(v2.chat(endpoint["name"], stream=stream), "endpoint_not_configured")


@pytest.mark.parametrize("state", ["PENDING", "STARTING", "STOPPING", "STOPPED", "ERROR"])
def test_a_split_with_nothing_ready_is_a_routing_error(v2, state):
    """503, by the endpoint's name and by the deployment's own."""
    endpoint, deployment = v2.served()
    if state in ("STOPPING", "STOPPED"):
        v2.bounds(deployment, 0, 0)
        v2.run_until(deployment["id"], state)
    elif state == "ERROR":
        v2.post(f"/_mock/endpoints/{deployment['id']}/transition", json={"to": "ERROR"})
    else:
        v2.bounds(deployment, 0, 0)
        v2.run_until(deployment["id"], "STOPPED")
        v2.bounds(deployment, 1, 1)
        v2.run_until(deployment["id"], state)
    for name in (endpoint["name"], f"{endpoint['name']}/main"):
        error = refused(v2.chat(name), "routing_error")
        assert error["param"] == "model"
        assert name in error["message"]


def test_refused_requests_are_no_activity(v2):
    """What nobody answered keeps nothing alive."""
    endpoint, deployment = v2.served(inactiveTimeout=30)
    other = v2.deploy(endpoint, "other", inactiveTimeout=30)
    v2.run_until(other["id"], "STARTED")
    v2.split(endpoint, {})
    v2.advance(by="20m")
    refused(v2.chat(endpoint["name"]), "endpoint_not_configured")
    v2.advance(by="11m")
    assert v2.status(deployment)[0] == v2.status(other)[0] == "STOPPED"


# Names -----------------------------------------------------------------------------------


def test_a_deployments_name_bypasses_the_split(two):
    """Also at weight 0, and outside of it; the answer names what was asked."""
    for weights in ({"a": 1, "b": 0}, {"a": 1}, {}):
        two.weigh(**weights)
        for name in ("a", "b"):
            answer = two.v2.chat(f"{two.name}/{name}", prompt_cache_key="any")
            assert answer.json()["model"] == f"{two.name}/{name}"
            assert two.by_cluster[answer.headers["x-cluster"]] == name


def test_the_answer_names_the_endpoint_that_was_asked(two):
    """Not the deployment, nor the model."""
    assert two.v2.chat(two.name).json()["model"] == two.name


@pytest.mark.parametrize(
    "name",
    [
        "{id}",
        "{slug}/{id}",
        "{deployment}",
        "routed",
        "{name}/",
        "{name}/{deployment}",
        "{name}/a/b",
        "{name}/c",
        "/routed",
        "{slug}/",
        "{slug}",
        "{NAME}",
    ],
)
def test_other_names_are_unknown_models(two, name):
    """Ids, bare names, halves of names, other cases."""
    known = {
        "id": two.endpoint["id"],
        "slug": two.v2.slug,
        "deployment": two.deployments["a"]["id"],
        "name": two.name,
        "NAME": two.name.upper(),
    }
    refused(two.v2.chat(name.format(**known)), "unknown_model_chat")


# Headers ---------------------------------------------------------------------------------


def workers(answer):
    """The URLs of the workers that a header names."""
    return [event["worker_url"] for event in json.loads(answer.headers["x-i-router-log-event"])]


def test_each_deployment_has_a_cluster_of_its_own(two):
    """The same for every request and after a rename; another one for another deployment."""
    assert len(two.by_cluster) == 2
    two.v2.change(two.deployments["a"], name="renamed")
    answer = two.v2.chat(f"{two.name}/renamed")
    assert two.by_cluster[answer.headers["x-cluster"]] == "a"


def test_each_replica_is_a_worker(v2):
    """As many URLs as there are ready replicas."""
    split = Split(v2, {"a": 3}).weigh(a=1)
    answers = [v2.chat(split.name, f"said {number}") for number in range(30)]
    assert len({url for answer in answers for url in workers(answer)}) == 3
    assert all(len(workers(answer)) == 1 for answer in answers)
    v2.bounds(split.deployments["a"], 1, 1)
    v2.advance(by=1)
    assert len({workers(v2.chat(split.name, f"said {number}"))[0] for number in range(10)}) == 1


def test_refusals_and_serverless_models_name_no_cluster(two):
    """There is none."""
    two.weigh()
    for answer in (two.v2.chat(two.name), two.v2.chat(QWEN), two.v2.chat("unknown")):
        assert "x-cluster" not in answer.headers
        assert "x-i-router-log-event" not in answer.headers


# Streams and other routes ----------------------------------------------------------------


def test_streams_are_routed_like_whole_answers(two):
    """By the same keys, with the same headers; the text is the model's."""
    for key in keys(6):
        answer = two.v2.chat(two.name, stream=True, prompt_cache_key=key)
        stream = chunks(answer)
        assert two.by_cluster[answer.headers["x-cluster"]] == two.ask(key)
        assert stream[0]["model"] == two.name
        assert QWEN in text_of(stream)
        assert len(workers(answer)) == 1


def test_completions_are_routed(two):
    """By key and by prompt."""

    def ask(**fields):
        body = {"model": two.name, "prompt": "Once upon", "max_tokens": 5, **fields}
        answer = two.v2.post("/v1/completions", json=body)
        assert answer.status_code == 200, answer.text
        return two.by_cluster[answer.headers["x-cluster"]]

    for key in keys(6):
        assert ask(prompt_cache_key=key) == two.ask(key)
    kept(lambda n: ask(temperature=n / 100))
    assert spread(lambda n: ask(prompt=f"Once upon {n}"))


def test_rerank_is_routed(v2):
    """By query, without a key."""
    split = Split(v2, {"a": 1, "b": 1}, of=RANK).weigh(a=1, b=1)

    def ask(name=split.name, **fields):
        body = {"model": name, "query": "capital of Norway", "documents": TEXTS, **fields}
        answer = v2.post("/v1/rerank", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["model"] == name
        return answer.headers["x-cluster"]

    clusters = {ask(f"{split.name}/{name}") for name in ("a", "b")}
    assert {ask(query=f"capital of {number}") for number in range(25)} == clusters
    kept(lambda n: ask(documents=[f"document {n}"]))
    split.weigh()
    answer = v2.post("/v1/rerank", json={"model": split.name, "query": "x", "documents": TEXTS})
    refused(answer, "endpoint_not_configured")
    refused(v2.chat(f"{split.name}/a"), "wrong_model_type")


def test_embeddings_are_routed(v2):
    """By an endpoint of v1 that v2 has given a split."""
    v2.put_endpoint("STARTED", model=BGE, hardware="1x_nvidia_h100_80gb_sxm", name="me/embeds")
    (old,) = v2.got(v2.endpoints)["data"]
    v2.split(old, {old["deployments"][0]["id"]: 2})

    def ask(name):
        return v2.post("/v1/embeddings", json={"model": name, "input": TEXTS})

    for name in ("me/embeds", "me/embeds/default", old["id"]):
        assert ask(name).json()["model"] == name
    v2.split(old, {})
    refused(ask("me/embeds"), "endpoint_not_configured")


# The time it takes -----------------------------------------------------------------------


def propagate(v2, after):
    """How long changes of the split take from now on."""
    answer = v2.put("/_mock/routing", json={"propagation": after})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_change_takes_its_time(v2):
    """The split is shown at once; routers go by it to the microsecond later, and shares follow."""
    two = Split(v2, {"a": 1, "b": 1}).weigh(a=1)
    propagate(v2, "30s")
    two.weigh(b=1)
    assert [row["deploymentId"] for row in two.endpoint["trafficSplit"]] == [
        two.deployments["b"]["id"]
    ]
    v2.advance(by=29.999999)
    assert (two.ask(), two.shares()) == ("a", {"a": 1.0, "b": 0.0})
    v2.advance(by=0.000001)
    assert (two.ask(), two.shares()) == ("b", {"a": 0.0, "b": 1.0})
    rows = v2.now(two.endpoint)["deployments"]
    assert [row["estimatedEffectiveTrafficShare"] for row in rows] == [1.0, 0.0]


def test_a_first_split_takes_its_time_too(v2):
    """Until then nothing is configured; clearing one takes as long."""
    propagate(v2, 10)
    endpoint, deployment = v2.served()
    v2.advance(by=7.999999)
    refused(v2.chat(endpoint["name"]), "endpoint_not_configured")
    v2.advance(by=0.000001)
    assert v2.chat(endpoint["name"]).status_code == 200
    v2.split(endpoint, {})
    assert v2.chat(endpoint["name"]).status_code == 200
    # What no split shows any longer may be deleted, whatever the routers still go by.
    v2.bounds(deployment, 0, 0)
    assert v2.delete(v2.at(deployment)).status_code == 200
    refused(v2.chat(endpoint["name"]), "routing_error")
    v2.advance(by=10)
    refused(v2.chat(endpoint["name"]), "endpoint_not_configured")


def test_several_changes_come_one_after_the_other(v2):
    """Each after its own delay."""
    two = Split(v2, {"a": 1, "b": 1, "c": 1}).weigh(a=1)
    propagate(v2, "30s")
    two.weigh(b=1)
    v2.advance(by=10)
    two.weigh(c=1)
    seen = []
    for pause in (0, 20, 9.999999, 0.000001):
        v2.advance(by=pause)
        seen.append(two.ask())
    assert seen == ["a", "b", "b", "c"]


def test_the_preset_gives_the_delay_where_nothing_is_said(v2):
    """At once by the fast preset; in 10 to 60 s by the realistic one."""
    two = Split(v2, {"a": 1, "b": 1}).weigh(a=1)
    assert two.ask() == "a"
    v2.preset("realistic")
    two.weigh(b=1)
    v2.advance(by=9.999999)
    assert two.ask() == "a"
    v2.advance(by=50.000001)
    assert two.ask() == "b"
    propagate(v2, 0)
    two.weigh(a=1)
    assert two.ask() == "a"


def test_a_delay_is_not_waited_for_by_other_changes(v2):
    """A rename is in force at once, by either split."""
    two = Split(v2, {"a": 1, "b": 1}).weigh(a=1)
    propagate(v2, "1m")
    two.weigh(b=1)
    v2.change(two.endpoint, name="renamed")
    refused(v2.chat(two.name), "unknown_model_chat")
    two.name = f"{v2.slug}/renamed"
    assert two.ask() == "a"
    v2.advance(by="1m")
    assert two.ask() == "b"


def test_a_clock_that_is_set_back_to_its_start_keeps_the_split(v2):
    """A reset of the clock alone leaves endpoints as they route."""
    v2.advance(by=HOUR)
    endpoint, _ = v2.served()
    assert v2.post("/_mock/reset", json={"only": ["clock"]}).status_code == 200
    assert v2.chat(endpoint["name"]).status_code == 200
    assert v2.now(endpoint)["deployments"][0]["estimatedEffectiveTrafficShare"] == 1.0


def test_every_server_sends_a_key_the_same_way(start_server):
    """What is drawn follows from the ids, and they from the seed."""
    told = []
    for server in (start_server(), start_server()):
        two = Split(V2(server.api("same")), {"a": 1, "b": 1}).weigh(a=1, b=1)
        told.append((two.counted(keys(30)), two.by_cluster))
    assert told[0] == told[1]


def test_content_may_be_nested_as_deep_as_bodies(v2):
    """The sampling key is made of whatever comes: the split answers as its deployment does."""
    endpoint, first = v2.served()
    second = v2.deploy(endpoint, "second")
    v2.split(endpoint, {first["id"]: 1, second["id"]: 1})
    v2.run_until(second["id"], "STARTED")
    content = "Hi"
    for _ in range(252):
        content = [content]
    alone = v2.chat(first["name"], content).status_code
    assert v2.chat(endpoint["name"], content).status_code == alone < 500
