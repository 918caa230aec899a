"""The pages for people: whoever opens the server in a browser needs nothing else of the network."""

import re

import httpx
from support import H100X2, MIXTRAL, fresh_key, refused

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_the_documentation_needs_no_network(server):
    """What its page is made of comes from the server itself."""
    # The first to ask for the API's document has it made.
    with httpx.Client(base_url=server.root, verify=False, timeout=60) as browser:
        page = browser.get("/docs", headers=BROWSER)
        assert page.status_code == 200
        parts = re.findall(r"""(?:src|href|url)[=:]\s*["']([^"']+)["']""", page.text)
        assert {"/openapi.json"} < set(parts)
        assert len(parts) == len(["style", "icon", "script", "document"])
        for part in parts:
            answer = browser.get(part)
            assert answer.status_code == 200, part
            assert len(answer.content) > 1_000
    assert "//" not in page.text.replace("// `SwaggerUIBundle`", "")


def test_a_browser_that_opens_the_server_finds_its_page(server):
    """Programs hear that nothing is there, of the parts of the documentation too."""
    with httpx.Client(base_url=server.root, verify=False) as client:
        found = client.get("/", headers=BROWSER)
        assert (found.status_code, found.headers["location"]) == (307, "/_mock/ui")
        for path, headers in (
            ("/", {}),
            ("/docs/nowhere", BROWSER),
            ("/docs/static/no.js", BROWSER),
        ):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "unknown_path"


def test_the_page_asks_for_nothing_but_the_control_plane(server):
    """It is one file, without keys, and its policy lets it go nowhere else."""
    page = httpx.get(f"{server.root}/_mock/ui", verify=False)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert not re.findall(r"""https?://|(?:src|href)=["'](?!/docs|data:,)""", page.text)
    assert re.findall(r"fetch\((.*?),", page.text) == ["`/_mock/${path}`"]


def test_projects_are_listed_newest_first(start_server):
    """As many as are asked for, with their clocks, and how many there are."""
    server = start_server()
    slugs = []
    for _ in range(3):
        api = server.api(fresh_key())
        slugs.insert(0, api.get("/_mock/project").json()["slug"])
    api.create()
    told = api.get("/_mock/projects", params={"limit": 2}).json()
    assert [project["slug"] for project in told["data"]] == slugs[:2]
    assert [project["endpoints"] for project in told["data"]] == [1, 0]
    assert told["data"][0]["now"] == api.get("/_mock/clock").json()["now"]
    assert told["total"] == 3
    refused(api.get("/_mock/projects", params={"limit": 0}), "out_of_range")


def test_where_keys_are_listed_projects_take_one_of_them(start_server):
    """Or the admin token, where there is one."""
    server = start_server(api_keys=("listed=team",))
    told = server.api("listed").get("/_mock/projects").json()
    assert [project["slug"] for project in told["data"]] == ["team"]
    refused(server.api("other").get("/_mock/projects"), "unauthorized_management")
    guarded = start_server(api_keys=("listed=team",), admin_token="hush")
    refused(guarded.api("listed").get("/_mock/projects"), "admin_token")
    headers = {"x-mock-admin-token": "hush"}
    told = httpx.get(f"{guarded.root}/_mock/projects", headers=headers, verify=False).json()
    assert [project["slug"] for project in told["data"]] == ["team"]


def test_endpoints_are_listed_with_what_comes_next(api):
    """Deployment by deployment, newest first, as the timeline of each has it."""
    first = api.create(model=MIXTRAL, hardware=H100X2)
    second = api.create(model=MIXTRAL, hardware=H100X2, state="STOPPED")
    told = api.get("/_mock/endpoints").json()["data"]
    assert [(shown["id"], shown["name"], shown["state"]) for shown in told] == [
        (second["id"], second["name"], "STOPPED"),
        (first["id"], first["name"], "PENDING"),
    ]
    for shown in told:
        timeline = api.get(f"/_mock/endpoints/{shown['deployment']}/timeline").json()
        assert {name: shown[name] for name in ("state", "next", "why")} == {
            name: timeline[name] for name in ("state", "next", "why")
        }
        assert (shown["model"], shown["hardware"]) == (MIXTRAL, H100X2)
        assert (shown["ready"], shown["desired"]) == (0, timeline["replicas"][-1]["desired"])
    (only,) = api.get("/_mock/endpoints", params={"limit": 1}).json()["data"]
    assert only["id"] == second["id"]
    refused(api.get("/_mock/endpoints", params={"limit": 1_001}), "out_of_range")
