"""Sets faults of requests, and looks at what they did."""

from support import H100X2, MIXTRAL
from talk import QWEN

CREATE = {"model": MIXTRAL, "hardware": H100X2}
ASK = {"model": QWEN, "messages": [{"role": "user", "content": "Hello!"}]}


def add(api, effect, **fields):
    """Set a fault; it, as it is shown."""
    answer = api.post("/_mock/faults", json={"effect": effect, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def counts(api):
    """Of each fault, how often it was met, struck, and may still strike."""
    shown = api.get("/_mock/faults").json()["data"]
    return [(fault["seen"], fault["hits"], fault["remaining"]) for fault in shown]


def last(api):
    """The journal's last entry."""
    return api.get("/_mock/requests", params={"limit": 1}).json()["data"][0]
