"""Who sees which endpoints of v2: the organization, everybody, other projects."""

from support import V2, refused

# Visibility ------------------------------------------------------------------------------


def shared(v2, **params):
    """The names that the organization's list has."""
    path = f"/v2/organizations/{v2.organization}/endpoints"
    return [row["name"] for row in v2.got(path, **params)["data"]]


def test_the_organization_sees_what_is_internal(v2):
    """Only that, while it is; in full."""
    private = v2.create("private")
    internal = v2.create("internal", visibility="VISIBILITY_INTERNAL")
    assert shared(v2) == [internal["name"]]
    v2.change(private, visibility="VISIBILITY_INTERNAL")
    assert shared(v2) == [internal["name"], private["name"]]
    v2.change(internal, visibility="VISIBILITY_PRIVATE")
    assert shared(v2) == [private["name"]]
    assert shared(v2, filter='name="internal"') == []
    path = f"/v2/organizations/{v2.organization}/endpoints"
    assert v2.got(path)["data"] == [v2.now(private)]


def test_another_organization_is_unknown(v2, server):
    """By any id but one's own."""
    other = V2(server.api())
    for organization in (other.organization, "org_unknown", v2.project):
        answer = v2.get(f"/v2/organizations/{organization}/endpoints")
        assert refused(answer, "v2_unknown_organization")["param"] == "organizationId"
    other.create(visibility="VISIBILITY_INTERNAL")
    assert shared(v2) == []


def test_everybody_sees_the_serverless_models(v2):
    """And none of anybody's own endpoints, shared or not."""
    v2.create(visibility="VISIBILITY_INTERNAL")
    rows = v2.got("/v2/public/endpoints", limit=500)["data"]
    assert {row["visibility"] for row in rows} == {"VISIBILITY_PUBLIC"}
    assert f"{v2.slug}/first" not in [row["name"] for row in rows]
    asked = [row["name"] for row in rows if row["name"] == "Qwen/Qwen2.5-7B-Instruct-Turbo"]
    assert v2.chat(*asked).status_code == 200
    assert len({row["id"] for row in rows}) == len(rows)
    assert v2.project not in {row["projectId"] for row in rows}


# Other projects --------------------------------------------------------------------------


def test_another_projects_path_is_unknown(v2, server):
    """With any method, whether what is named exists or not; and nothing of it is told."""
    other = V2(server.api())
    endpoint, deployment = other.served("secret")
    paths = [other.endpoints, other.at(endpoint), other.at(deployment)]
    paths += [f"{other.at(endpoint)}/deployments", f"{other.endpoints}/ep_unknown"]
    for path in paths:
        for method in ("GET", "POST", "PATCH", "DELETE"):
            answer = v2.request(method, path, json={"name": "x"})
            if answer.status_code == 405:
                continue
            error = refused(answer, "v2_unknown_project")
            assert error["param"] == "projectId"
            assert "secret" not in answer.text
            assert endpoint["id"] not in answer.text
    assert other.now(endpoint) == endpoint


def test_another_projects_endpoint_is_unknown_in_ones_own(v2, server):
    """By id, in every route; its deployments can neither be read, split nor deployed to."""
    other = V2(server.api())
    endpoint, deployment = other.served("secret")
    at = f"{v2.endpoints}/{endpoint['id']}"
    refused(v2.get(at), "v2_unknown_endpoint")
    refused(v2.patch(at, json={"name": "x"}), "v2_unknown_endpoint")
    refused(v2.delete(at), "v2_unknown_endpoint")
    refused(v2.get(f"{at}/deployments"), "v2_unknown_endpoint")
    refused(v2.post(f"{at}/deployments", json=v2.asked()), "v2_unknown_endpoint")
    refused(v2.get(f"{at}/deployments/{deployment['id']}"), "v2_unknown_endpoint")
    mine = v2.create("mine")
    entries = [{"deploymentId": deployment["id"], "weight": 1}]
    refused(v2.ask_change(mine, trafficSplit=entries), "v2_bad_split")
    refused(v2.chat(endpoint["name"]), "unknown_model_chat")
    assert v2.create("secret")["name"] == f"{v2.slug}/secret"
    assert other.now(endpoint) == endpoint


def test_the_slug_is_no_project_id(v2):
    """Paths take ids alone."""
    refused(v2.get(f"/v2/projects/{v2.slug}/endpoints"), "v2_unknown_project")
