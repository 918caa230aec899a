"""Scripts over HTTP: set, listed, removed, refused by the field's name, and part of the state."""

import json

import pytest
from support import refused

FULL = {
    "match": {
        "model": "devuser/*",
        "last_user": {"contains": "weather", "regex": "^What"},
        "turn": 1,
        "tool_result": None,
    },
    "priority": 3,
    "times": 2,
    "strict": True,
    "reply": [
        {
            "text": "Cold in {{ last_user }}.",
            "tool_calls": [
                {"name": "get_weather", "arguments": {"city": "Oslo"}},
                {"name": "get_time", "arguments": '{"zone": ', "id": "call_1"},
            ],
            "reasoning": "{{ turn }} is the turn.",
            "finish_reason": "stop",
            "usage": {"completion_tokens": 12},
            "chunks": ["Cold in ", "{{ last_user }}", "."],
        },
        {"json": {"degrees": [-3, 0.5, None]}},
        {},
    ],
    "timing": {"ttft": "200ms", "tokens_per_second": 40},
}

EVERY_FIELD = {
    "match": {
        "model": "devuser/*",
        "last_user": {"contains": "weather"},
        "turn": 1,
        "tool_result": None,
    },
    "priority": 0,
    "times": None,
    "reply": {
        "text": "Cold.",
        "tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}],
        "reasoning": "…",
        "json": {"a": 1},
        "finish_reason": "stop",
        "usage": {"completion_tokens": 12},
        "chunks": ["Co", "ld."],
    },
    "timing": {"ttft": "200ms", "tokens_per_second": 40},
}


def add(api, script=None, **fields):
    answer = api.post("/_mock/scripts", json=script or {"reply": {"text": "Hi."}, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def listed(api):
    return api.get("/_mock/scripts").json()["data"]


def test_a_script_is_answered_as_it_was_asked_for(api):
    """With an id and its counts; a null that was given stays, what was left out stays out."""
    added = add(api, FULL)
    assert added.pop("id").startswith("scr_")
    assert added == FULL | {
        "timing": {"ttft": 0.2, "tokens_per_second": 40},
        "hits": 0,
        "remaining": 2,
    }
    assert [{**one, "id": None} for one in listed(api)] == [{**added, "id": None}]


def test_a_script_needs_a_reply_and_nothing_else(api):
    """Every other field has a default."""
    added = add(api, {"reply": {}})
    del added["id"]
    assert added == {
        "match": {},
        "priority": 0,
        "times": None,
        "strict": False,
        "reply": {},
        "timing": None,
        "hits": 0,
        "remaining": None,
    }


def test_a_null_is_as_if_left_out(api):
    """Over the route and in a state document."""
    nulls = {"match": None, "timing": None, "times": None, "reply": {"text": "Hi."}}
    shown, plain = add(api, nulls), add(api)
    assert {**shown, "id": None} == {**plain, "id": None}
    api.put_state({"scripts": [nulls, {"reply": {"text": "Hi."}}]})
    one, other = api.state()["scripts"]
    assert {**one, "id": None} == {**other, "id": None}
    assert one["match"] == {}


def test_every_field_of_a_reply_goes_with_every_other(api):
    """A script with all of them is shown with all of them."""
    added = add(api, EVERY_FIELD)
    assert (added["match"], added["reply"]) == (EVERY_FIELD["match"], EVERY_FIELD["reply"])


def test_a_null_tool_result_says_something_else_than_none(api):
    """Listed and in the state, the one is there and the other is not."""
    add(api, match={"tool_result": None})
    add(api, match={"tool_result": {"contains": "3"}})
    add(api, match={"turn": None})
    matches = [{"tool_result": None}, {"tool_result": {"contains": "3"}}, {"turn": None}]
    assert [one["match"] for one in listed(api)] == matches
    assert [one["match"] for one in api.state()["scripts"]] == matches


def test_scripts_are_listed_as_they_were_added(api):
    """Whatever their priority; ids are not used twice."""
    added = [add(api, priority=priority)["id"] for priority in (0, 5, -5)]
    assert [one["id"] for one in listed(api)] == added
    assert len(set(added)) == 3
    assert api.delete(f"/_mock/scripts/{added[2]}").status_code == 204
    assert add(api)["id"] not in added


def test_a_script_is_removed_by_its_id_or_with_all(api):
    """An unknown id is 404."""
    first, second = add(api)["id"], add(api)["id"]
    answer = api.delete(f"/_mock/scripts/{first}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert [one["id"] for one in listed(api)] == [second]
    error = refused(api.delete(f"/_mock/scripts/{first}"), "unknown_item")
    assert error["message"] == f"Unknown script {first}"
    assert api.delete("/_mock/scripts").status_code == 204
    assert listed(api) == []
    assert api.delete("/_mock/scripts").status_code == 204


def test_scripts_of_one_project_leave_others_alone(api, server):
    """Each has its own, with ids of its own."""
    added = add(api)
    other = server.api()
    assert listed(other) == []
    refused(other.delete(f"/_mock/scripts/{added['id']}"), "unknown_item")
    assert add(other)["id"] != added["id"]
    named = {"X-Mock-Project": api.get("/_mock/project").json()["slug"]}
    assert other.get("/_mock/scripts", headers=named).json()["data"] == [added]
    other.http.close()


def test_an_admin_token_guards_scripts(start_server):
    """As all of the control plane."""
    api = start_server(admin_token="secret").api()
    for call in (api.get, api.delete):
        refused(call("/_mock/scripts"), "admin_token")
    refused(api.post("/_mock/scripts", json={"reply": {}}), "admin_token")


BAD = [
    ({}, "reply"),
    ({"reply": None}, "reply"),
    ({"reply": "Cold."}, "reply"),
    ({"reply": []}, "reply"),
    ({"reply": [{}, 5]}, "reply.1"),
    ({"reply": {"content": "Cold."}}, "reply.content"),
    ({"reply": {"json_value": 1}}, "reply.json_value"),
    ({"reply": {}, "id": "scr_1"}, "id"),
    ({"reply": {}, "hits": 1}, "hits"),
    ({"reply": {}, "name": "x"}, "name"),
    ({"reply": {}, "priority": "high"}, "priority"),
    ({"reply": {}, "priority": 1.5}, "priority"),
    ({"reply": {}, "times": 0}, "times"),
    ({"reply": {}, "times": True}, "times"),
    ({"reply": {}, "strict": 1}, "strict"),
    ({"reply": {}, "match": []}, "match"),
    ({"reply": {}, "match": {"user": "x"}}, "match.user"),
    ({"reply": {}, "match": {"model": 5}}, "match.model"),
    ({"reply": {}, "match": {"turn": 0}}, "match.turn"),
    ({"reply": {}, "match": {"turn": True}}, "match.turn"),
    ({"reply": {}, "match": {"last_user": "weather"}}, "match.last_user"),
    ({"reply": {}, "match": {"last_user": {}}}, "match.last_user"),
    ({"reply": {}, "match": {"last_user": {"equals": None}}}, "match.last_user"),
    ({"reply": {}, "match": {"last_user": {"equals": 5}}}, "match.last_user.equals"),
    ({"reply": {}, "match": {"last_user": {"starts": "x"}}}, "match.last_user.starts"),
    ({"reply": {}, "match": {"last_user": {"regex": "("}}}, "match.last_user.regex"),
    ({"reply": {}, "match": {"last_user": {"regex": "a{99999999999}"}}}, "match.last_user.regex"),
    ({"reply": {}, "match": {"last_user": {"regex": "a(?!b)"}}}, "match.last_user.regex"),
    ({"reply": {}, "match": {"last_user": {"regex": r"(a)\1"}}}, "match.last_user.regex"),
    ({"reply": {}, "match": {"last_user": {"regex": r"(?:\w{99}){99}"}}}, "match.last_user.regex"),
    ({"reply": {}, "match": {"tool_result": "x"}}, "match.tool_result"),
    ({"reply": {}, "match": {"tool_result": {"regex": "*"}}}, "match.tool_result.regex"),
    ({"reply": {"text": 5}}, "reply.text"),
    ({"reply": {"text": "{{ weather }}"}}, "reply.text"),
    ({"reply": [{}, {"reasoning": "{{ last_user.upper() }}"}]}, "reply.1.reasoning"),
    ({"reply": {"chunks": ["{{}}"]}}, "reply.chunks"),
    ({"reply": {"chunks": "Cold."}}, "reply.chunks"),
    ({"reply": {"chunks": ["Cold", ""]}}, "reply.chunks.1"),
    ({"reply": {"text": "Cold.", "chunks": ["Cold"]}}, "reply.chunks"),
    ({"reply": {"text": "Cold.", "chunks": []}}, "reply.chunks"),
    ({"reply": {"text": "{{ turn }}", "chunks": ["{{ tu", "rn }}"]}}, "reply.chunks"),
    ({"reply": {"json": json.loads("[" * 70 + "]" * 70)}}, "reply.json"),
    ({"reply": {"tool_calls": {}}}, "reply.tool_calls"),
    ({"reply": {"tool_calls": [{"arguments": {}}]}}, "reply.tool_calls.0.name"),
    ({"reply": {"tool_calls": [{"name": "", "arguments": {}}]}}, "reply.tool_calls.0.name"),
    ({"reply": {"tool_calls": [{"name": "a"}]}}, "reply.tool_calls.0.arguments"),
    (
        {"reply": [{"tool_calls": [{"name": "a", "arguments": [1]}]}]},
        "reply.0.tool_calls.0.arguments",
    ),
    (
        {"reply": {"tool_calls": [{"name": "a", "arguments": {}, "id": ""}]}},
        "reply.tool_calls.0.id",
    ),
    (
        {"reply": {"tool_calls": [{"name": "a", "arguments": {}, "type": "x"}]}},
        "reply.tool_calls.0.type",
    ),
    ({"reply": {"finish_reason": "done"}}, "reply.finish_reason"),
    ({"reply": {"finish_reason": ["stop"]}}, "reply.finish_reason"),
    ({"reply": {"usage": {"total_tokens": 1}}}, "reply.usage.total_tokens"),
    ({"reply": {"usage": {"prompt_tokens": -1}}}, "reply.usage.prompt_tokens"),
    ({"reply": {"usage": {"prompt_tokens": 1.5}}}, "reply.usage.prompt_tokens"),
    ({"reply": {}, "timing": {"ttft": -1}}, "timing.ttft"),
    ({"reply": {}, "timing": {"ttft": "soon"}}, "timing.ttft"),
    ({"reply": {}, "timing": {"tokens_per_second": 0}}, "timing.tokens_per_second"),
    ({"reply": {}, "timing": {"latency": 1}}, "timing.latency"),
    ({"reply": {}, "timing": {"keep_alive": "1ms"}}, "timing.keep_alive"),
]


@pytest.mark.parametrize(("script", "param"), BAD, ids=[json.dumps(bad[0])[:60] for bad in BAD])
def test_a_bad_script_is_refused(api, script, param):
    """400 naming the field, over the route and in a state document, and nothing is changed."""
    add(api)
    before = api.state()
    answer = api.post("/_mock/scripts", json=script)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    if param not in ("id", "hits"):
        answer = api.put_state({"scripts": [{"reply": {}}, script]})
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["param"] == f"scripts.1.{param}"
    assert api.state() == before


def test_a_refusal_says_what_is_taken(api):
    """The words of a finish reason, and the dialect of a pattern."""
    bad = {"reply": [{}, {"finish_reason": "done"}]}
    assert refused(api.post("/_mock/scripts", json=bad), "invalid_value")["message"] == (
        "reply.1.finish_reason has an invalid value: must be one of stop, eos, length,"
        " tool_calls, function_call, error"
    )
    bad = {"match": {"last_user": {"regex": "(?=a)"}}, "reply": {}}
    assert refused(api.post("/_mock/scripts", json=bad), "invalid_value")["message"] == (
        "match.last_user.regex has an invalid value: must be a regular expression in the syntax of"
        " Rust's regex, which has no look-around and no back-references, and not a huge one"
    )


@pytest.mark.parametrize("body", [[FULL], "x", None, 5])
def test_what_is_no_script_at_all_is_refused(api, body):
    """One object a call."""
    answer = api.post("/_mock/scripts", json=body)
    assert answer.status_code == 400, answer.text
    assert listed(api) == []


class TestState:
    """Scripts in the state document, in resets, and over a restart."""

    @staticmethod
    def put(api, *scripts, **fields):
        answer = api.put_state({"scripts": list(scripts), **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def test_a_document_shows_scripts_with_their_hits(self, api):
        """Ids and hits may be given; an id that is left out is generated."""
        given = FULL | {"id": "mine", "hits": 1}
        shown = self.put(api, given, {"reply": {}})["scripts"]
        assert shown[0] == given | {"timing": {"ttft": 0.2, "tokens_per_second": 40.0}}
        assert shown[1]["id"].startswith("scr_")
        assert shown[1]["hits"] == 0
        assert [(one["hits"], one["remaining"]) for one in listed(api)] == [(1, 1), (0, None)]

    def test_a_document_put_into_another_project_makes_an_equal_one(self, server):
        """Ids, hits and the ids to come included."""
        mine, other = server.api(), server.api()
        self.put(mine, FULL | {"hits": 5}, {"reply": {}, "id": "given"})
        mine.delete(f"/_mock/scripts/{add(mine)['id']}")
        add(other, times=4)
        document = mine.state()
        assert document["counters"]["scripts"] == 2
        assert other.put_state(document).json() == document == other.state() == mine.state()
        assert listed(mine) == listed(other)
        assert listed(mine)[0]["remaining"] == 0
        assert add(mine)["id"] == add(other)["id"]

    def test_ids_are_given_once(self, api):
        """One that stands twice is refused; a generated one keeps clear of those given."""
        before = api.state()
        twice = [{"reply": {}, "id": "a"}, {"reply": {}}, {"reply": {}, "id": "a"}]
        error = refused(api.put_state({"scripts": twice}), "invalid_value")
        assert error["param"] == "scripts.2.id"
        assert api.state() == before
        first = add(api)["id"]
        shown = self.put(api, {"reply": {}}, {"reply": {}, "id": first})["scripts"]
        assert shown[1]["id"] == first != shown[0]["id"]
        third = add(api)["id"]
        assert third not in (first, shown[0]["id"])

    @pytest.mark.parametrize("hits", [-1, "1", True, None])
    def test_hits_are_a_count(self, api, hits):
        """Anything else is refused."""
        answer = api.put_state({"scripts": [{"reply": {}, "hits": hits}]})
        assert refused(answer, "invalid_value")["param"] == "scripts.0.hits"

    def test_scripts_have_to_be_a_list(self, api):
        """A null is none."""
        for value in (None, {}, "x"):
            answer = api.put_state({"scripts": value})
            assert refused(answer, "invalid_value")["param"] == "scripts"

    def test_a_put_replaces_scripts_and_their_hits(self, api):
        """The same id starts to count anew."""
        self.put(api, {"reply": {}, "id": "a", "hits": 3})
        assert self.put(api, {"reply": {}, "id": "a"})["scripts"][0]["hits"] == 0
        assert self.put(api)["scripts"] == []

    @pytest.mark.parametrize("body", [None, {"only": ["scripts"]}, {"only": ["faults"]}])
    def test_a_reset_brings_the_first_scripts_back(self, start_server, tmp_path, body):
        """With the hits of the start document; unless other parts were named."""
        file = tmp_path / "state.json"
        start = {"scripts": [{"reply": {}}, {"reply": {}, "id": "given", "hits": 2}]}
        file.write_text(json.dumps(start), encoding="utf-8")
        api = start_server(state=(str(file),)).api()
        first = api.state()["scripts"]
        assert [one["hits"] for one in first] == [0, 2]
        gone = first[0]["id"]
        assert api.delete(f"/_mock/scripts/{gone}").status_code == 204
        added = add(api)["id"]
        assert api.post("/_mock/reset", json=body).status_code == 200
        ids = [one["id"] for one in api.state()["scripts"]]
        if body == {"only": ["faults"]}:
            assert ids == ["given", added]
        else:
            assert api.state()["scripts"] == first
            assert add(api)["id"] not in (gone, "given")

    def test_scripts_survive_a_restart(self, start_server, tmp_path):
        """As they were, with their hits and the next id."""
        file = str(tmp_path / "store.db")
        server = start_server(database=file)
        api = server.api("restart")
        add(api, FULL)
        self.put(api, *(one | {"hits": 1} for one in api.state()["scripts"]))
        add(api)
        before, views = api.state(), listed(api)
        server.stop()
        again = start_server(database=file).api("restart")
        assert (again.state(), listed(again)) == (before, views)
        assert views[0]["remaining"] == 1
        assert len({add(again)["id"], *(one["id"] for one in views)}) == 3

    @pytest.mark.parametrize(
        ("text", "field"),
        [
            ("json: {1: 2}", "json"),
            ("json: 2026-01-01", "json"),
            ("json: .nan", "json"),
            (f"json: {10**30}", "json"),
            ("tool_calls: [{name: a, arguments: {at: 2026-01-01}}]", "tool_calls.0.arguments"),
        ],
    )
    def test_yaml_that_is_no_json_is_refused(self, start_server, tmp_path, text, field):
        """Nobody could be answered with it."""
        from together_mock.bootstrap import StartError

        file = tmp_path / "state.yaml"
        file.write_text(f"scripts:\n  - reply:\n      {text}\n", encoding="utf-8")
        with pytest.raises(StartError, match=rf"scripts\.0\.reply\.{field}"):
            start_server(state=(str(file),))
