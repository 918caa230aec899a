"""The pages for people: whoever opens the server in a browser needs nothing else of the network."""

import re

import httpx

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_the_documentation_needs_no_network(server):
    """What its page is made of comes from the server itself."""
    with httpx.Client(base_url=server.root, verify=False) as browser:
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


def test_a_browser_that_opens_the_server_finds_the_documentation(server):
    """Programs hear that nothing is there, of the parts of the documentation too."""
    with httpx.Client(base_url=server.root, verify=False) as client:
        found = client.get("/", headers=BROWSER)
        assert (found.status_code, found.headers["location"]) == (307, "/docs")
        for path, headers in (
            ("/", {}),
            ("/docs/nowhere", BROWSER),
            ("/docs/static/no.js", BROWSER),
        ):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "unknown_path"
