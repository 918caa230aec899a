"""Reads v2's events of an endpoint."""

from rehearsal import seconds

STATUS, CONDITION = "deployment.status_updated", "condition.set"
PHASE, LOG = "pod.startup_phase_changed", "pod.log"


def listed(v2, endpoint, **params):
    """One page of events."""
    return v2.got(v2.at(endpoint, "events"), **params)


def told(v2, endpoint, **params):
    """All events that are asked for, oldest first."""
    page = listed(v2, endpoint, limit=10_000, **params)
    assert page["next_cursor"] is None
    return page["data"][::-1]


def short(event):
    """When, which level, which type, and what tells events of one type from each other."""
    said = event["message"] if event["type"] == STATUS else event.get("reason")
    return seconds(event["createdAt"]), event["level"][6:], event["type"], said


def story(v2, endpoint, **params):
    """All events in short, oldest first."""
    return [short(event) for event in told(v2, endpoint, **params)]


def types(events):
    """The types of events."""
    return [event["type"] for event in events]


def ids(events):
    """The ids of events."""
    return [event["id"] for event in events]


def info(at, type_, said=None):
    """An event of level INFO in short."""
    return at, "INFO", type_, said
