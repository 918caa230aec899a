"""How often a request should have been made, and an explanation when it was not."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN = 5
_WIDEST = 200


def times(
    exactly: int | Mapping[str, int] | None, at_least: int | None, at_most: int | None
) -> dict[str, int]:
    """A number of times as the control plane takes it; nothing said is once.

    Raises:
        TypeError: a number was given in two ways.
    """
    bounds = {"at_least": at_least, "at_most": at_most}
    given = {name: value for name, value in bounds.items() if value is not None}
    if exactly is None:
        return given or {"exactly": 1}
    if given:
        raise TypeError("times says exactly how often; at_least and at_most do without it")
    return dict(exactly) if isinstance(exactly, Mapping) else {"exactly": exactly}


def explained(
    match: Mapping[str, Any],
    how_often: Mapping[str, int],
    verdict: Mapping[str, Any],
    requests: Sequence[Mapping[str, Any]],
) -> str:
    """What was wanted, what was found, and the requests that come closest.

    Args:
        match: what was looked for.
        how_often: as `times` gives it.
        verdict: what the control plane answered: `count` and `closest`.
        requests: the journal, newest first.
    """
    wanted = " and ".join(f"{name.replace('_', ' ')} {n}" for name, n in how_often.items())
    lines = [f"wanted {wanted} of {_match(match)}; there were {verdict['count']}"]
    known = {request["id"]: request for request in requests}
    closest = verdict.get("closest") or []
    if closest:
        lines.append("closest:")
    for near in closest[:_SHOWN]:
        found = known.get(near["id"])
        lines.append(f"  {near['id']}" if found is None else f"  {summary(found)}")
        lines += [f"      differs: {difference}" for difference in near["differs"]]
    if not closest and requests:
        lines.append("what was requested, newest first:")
        lines += [f"  {summary(request)}" for request in requests[:_SHOWN]]
    if not requests:
        lines.append("nothing was requested of this project: is the client aimed at it?")
    return "\n".join(lines)


def _match(match: Mapping[str, Any]) -> str:
    names = [str(match[name]) for name in ("method", "path", "operation") if name in match]
    names += [f"-> {match['status']}"] if "status" in match else []
    names += [f"about {match['endpoint']}"] if "endpoint" in match else []
    if "body" in match:
        names.append(f"with {cut(match['body'])}")
    return " ".join(names) or "any request"


def summary(request: Mapping[str, Any]) -> str:
    """A request of the journal in one line."""
    line = f"{request['at']} {request['method']} {request['path']} -> {request['status']}"
    sent = request.get("request") or {}
    body = sent.get("body") if isinstance(sent, Mapping) else None
    return line if body in (None, "", {}) else f"{line}  {cut(body)}"


def cut(value: Any) -> str:
    """A value as JSON, not all of a long one."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."
