"""Whatever is done to endpoints and deployments, by any face: their names answer by it.

What inference remembers of a name is checked after every step against what v2 shows, for all names
that there are, that there were, and that there might be.
"""

import json
from contextlib import closing
from http.client import HTTPConnection
from random import Random

import pytest
from support import H100X2, MIXTRAL, V2

ENDPOINTS, DEPLOYMENTS = "abc", ("x", "y", "default")
ZERO = {"minReplicas": 0, "maxReplicas": 0}
ONE = {"minReplicas": 1, "maxReplicas": 1}
STEPS = 120


class Story:
    """Random doings in one project; the seed tells which."""

    def __init__(self, api, line, seed):
        self.v2 = V2(api)
        self.line = line
        self.random = Random(seed)
        slug = self.v2.slug
        # The oldest deployment of each endpoint: of v1's endpoints, the one that v1 made.
        self.firsts = {}
        self.names = {f"{slug}/{name}" for name in ENDPOINTS}
        self.names |= {f"{name}/{below}" for name in self.names for below in DEPLOYMENTS}
        self.doings = [getattr(self, name) for name in vars(Story) if name.startswith("do_")]

    def step(self):
        """Do something: it may be refused, but nothing fails."""
        shown = self.v2.got(self.v2.endpoints)["data"]
        self.endpoint = self.random.choice(shown) if shown else None
        rows = self.endpoint["deployments"] if self.endpoint else []
        below = [{**row, "endpointId": self.endpoint["id"]} for row in rows]
        self.deployments = below
        self.deployment = self.random.choice(below) if below else None
        doing = self.random.choice(self.doings)
        answer = doing()
        assert answer is None or answer.status_code < 500, (doing, answer.text)

    def check(self):
        """Every name answers as what it names stands."""
        expected = {}
        for endpoint in self.v2.got(self.v2.endpoints)["data"]:
            of_v1 = endpoint["id"].startswith("endpoint-")
            idle = {400, 503} if of_v1 else {503}
            ready = {row["id"]: row["readyReplicas"] for row in endpoint["deployments"]}
            for row in endpoint["deployments"]:
                expected[row["name"]] = {200} if row["readyReplicas"] else idle
            split = endpoint["trafficSplit"]
            live = any(entry["weight"] and ready[entry["deploymentId"]] for entry in split)
            # One of v1's answers as v1 does until v2 has changed its split.
            expected[endpoint["name"]] = {200} if live else idle if split else {400}
            seen = self.v2.get(f"/v1/endpoints/{endpoint['id']}").status_code
            first = self.firsts.setdefault(endpoint["id"], [*ready][-1] if ready else "")
            assert seen == (200 if len(ready) == 1 or (of_v1 and first in ready) else 404)
        self.names |= expected.keys()
        told = {name: self.status_of(name) for name in self.names}
        wrong = {name for name in told if told[name] not in expected.get(name, {404})}
        assert not wrong, {name: (told[name], expected.get(name)) for name in wrong}

    def status_of(self, name):
        """What chat by a name answers. There are thousands, so they take the shortest way."""
        body = {"model": name, "messages": [{"role": "user", "content": "Hello!"}]}
        headers = {"Authorization": f"Bearer {self.v2.key}"}
        self.line.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        answer = self.line.getresponse()
        answer.read()
        return answer.status

    def do_create(self):
        return self.v2.post(self.v2.endpoints, json={"name": self.random.choice(ENDPOINTS)})

    def do_create_by_v1(self):
        return self.v2.post("/v1/endpoints", json={"model": MIXTRAL, "hardware": H100X2})

    def do_rename(self):
        if self.endpoint:
            body = {"name": self.random.choice(ENDPOINTS)}
            return self.v2.patch(self.v2.at(self.endpoint), json=body)
        return None

    def do_deploy(self):
        if self.endpoint:
            body = self.v2.asked(self.random.choice(DEPLOYMENTS))
            return self.v2.post(self.v2.at(self.endpoint, "deployments"), json=body)
        return None

    def do_rename_below(self):
        if self.deployment:
            body = {"name": self.random.choice(DEPLOYMENTS)}
            return self.v2.patch(self.v2.at(self.deployment), json=body)
        return None

    def do_split(self):
        if self.endpoint:
            split = [
                {"deploymentId": row["id"], "weight": self.random.choice([0, 1, 2])}
                for row in self.deployments
                if self.random.random() < 0.8
            ]
            path, mask = self.v2.at(self.endpoint), {"updateMask": "trafficSplit"}
            return self.v2.patch(path, params=mask, json={"trafficSplit": split})
        return None

    do_split_again = do_split

    def do_bounds(self):
        if self.deployment:
            body = {"autoscaling": self.random.choice([ZERO, ONE])}
            return self.v2.patch(self.v2.at(self.deployment), json=body)
        return None

    def do_delete_below(self):
        return self.v2.delete(self.v2.at(self.deployment)) if self.deployment else None

    def do_delete(self):
        return self.v2.delete(self.v2.at(self.endpoint)) if self.endpoint else None

    def do_change_by_v1(self):
        if self.endpoint:
            body = {"state": self.random.choice(["STARTED", "STOPPED"])}
            return self.v2.patch(f"/v1/endpoints/{self.endpoint['id']}", json=body)
        return None

    def do_delete_by_v1(self):
        if self.endpoint and self.random.random() < 0.3:
            return self.v2.delete(f"/v1/endpoints/{self.endpoint['id']}")
        return None

    def do_pass_time(self):
        self.v2.advance(by=self.random.choice([0.3, 1, 2]))

    do_pass_more_time = do_pass_time

    def do_fail(self):
        if self.deployment:
            path = f"/_mock/endpoints/{self.deployment['id']}/transition"
            return self.v2.post(path, json={"to": "ERROR"})
        return None

    def do_crash(self):
        body = {"effect": {"lifecycle": "replica_crash"}, "times": 1}
        return self.v2.post("/_mock/faults", json=body)

    def do_put_state(self):
        document = self.v2.state()
        assert self.v2.put_state(document).status_code == 200
        assert self.v2.state() == document


@pytest.mark.parametrize("seed", range(2))
def test_names_answer_as_the_endpoints_stand(api, seed):
    """After every one of many steps."""
    with closing(HTTPConnection(api.root.removeprefix("http://"))) as line:
        story = Story(api, line, seed)
        for _ in range(STEPS):
            story.step()
            story.check()
