"""What runs of pytest within the tests of the plugin begin with."""

from support import H100X2, MIXTRAL

ONE = {"min_replicas": 1, "max_replicas": 1}
# The first lines of a module of tests: how they create endpoints.
PRELUDE = f"""
import httpx, json, os, pytest

def create(mock, **fields):
    body = {{"model": "{MIXTRAL}", "hardware": "{H100X2}", "autoscaling": {ONE}, **fields}}
    answer = call(mock, "POST", "/v1/endpoints", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()

def call(mock, method, path, **options):
    headers = {{"Authorization": f"Bearer {{mock.api_key}}"}}
    with httpx.Client(base_url=mock.root_url, headers=headers, verify=False) as client:
        return client.request(method, path, **options)
"""
