"""What is told of a project: when its test fails, and when a test leaves something running."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from together_mock.testing.line import ControlError, UnreachableError
from together_mock.testing.project import MockProject
from together_mock.testing.verdicts import summary

_MOST_ENDPOINTS = 8
_MOST_STEPS = 12
_MOST_REQUESTS = 10


def leaked(running: Sequence[dict[str, Any]]) -> str:
    """The endpoints that a test leaves behind, and what they would cost."""
    count = "an endpoint" if len(running) == 1 else f"{len(running)} endpoints"
    total = sum((Decimal(row["month"]) for row in running), Decimal(0))
    lines = [f"the test leaves {count} running, which would cost ${total:,.2f} a month:"]
    for row in running:
        replicas = max(row["ready"], row["desired"])
        price = Decimal(row["cents_per_minute"]) * 60 / 100
        lines.append(f"  {row['name']} ({row['endpoint']}) is {row['state']}")
        lines.append(
            f"      {replicas} x {row['hardware']} at ${price:,.2f} an hour:"
            f" ${Decimal(row['month']):,.2f} a month (30 days)"
        )
        if row["inactive_timeout"]:
            minutes = row["inactive_timeout"]
            lines.append(f"      it stops by itself after {minutes} minutes without a request")
    lines.append("stop or delete what a test has started, also when the test fails half-way")
    return "\n".join(lines)


def about(project: MockProject) -> str:
    """What a failed test's project was about, as far as its server still tells."""
    parts: list[Callable[[MockProject], Iterator[str]]] = [
        _clock,
        _timelines,
        _requests,
        _unmatched,
        _cost,
    ]
    lines: list[str] = []
    for part in parts:
        try:
            lines += part(project)
        except (ControlError, UnreachableError) as error:
            lines.append(f"not known: {error}")
    return "\n".join(lines)


def _clock(project: MockProject) -> Iterator[str]:
    shown = project.call("GET", "/clock")
    rate = "frozen" if shown["rate"] == 0 else f"running at {shown['rate']:g}"
    due = f", next due {shown['next_due']}" if shown["next_due"] else ", nothing is due"
    yield f"project {project.project.slug}: {shown['now']}, {rate}{due}"


def _timelines(project: MockProject) -> Iterator[str]:
    endpoints = project.state()["endpoints"]
    yield "" if endpoints else "no endpoints"
    for endpoint in endpoints[:_MOST_ENDPOINTS]:
        yield f"{endpoint['id']} {endpoint['name']}"
        # One of v1 has no deployments, and hardware of its own.
        parts = [endpoint] if "hardware" in endpoint else endpoint.get("deployments", [])
        if not parts:
            yield "    it has no deployment"
        for part in parts:
            name = "" if part is endpoint else f"{part['id']}: "
            try:
                yield from _timeline(project, part, name)
            except (ControlError, UnreachableError) as error:
                yield f"    {name}not known: {error}"
    if len(endpoints) > _MOST_ENDPOINTS:
        yield f"... and {len(endpoints) - _MOST_ENDPOINTS} more endpoints"


def _timeline(project: MockProject, part: Mapping[str, Any], name: str) -> Iterator[str]:
    shown = project.timeline(part["id"])
    yield f"    {name}{shown['state']} on {part['hardware']}; {shown['why']}"
    for step in shown["history"][-_MOST_STEPS:]:
        before = step["from"] or "new"
        yield f"      {step['at']}  {before} -> {step['to']}  ({step['cause']})"


def _requests(project: MockProject) -> Iterator[str]:
    requests = project.requests(limit=_MOST_REQUESTS)
    yield ""
    yield "last requests, newest first:" if requests else "nothing was requested"
    yield from (f"    {summary(request)}" for request in requests)


def _unmatched(project: MockProject) -> Iterator[str]:
    for kind, rows in (("script", project.scripts()), ("fault", project.faults())):
        for row in rows:
            if not row["hits"]:
                wanted = row.get("match") or "anything"
                yield f"{kind} {row['id']} was never used: it matches {wanted}"


def _cost(project: MockProject) -> Iterator[str]:
    bill = project.billing()
    hourly = Decimal(bill["running_cents_per_minute"]) * 60 / 100
    yield f"cost so far ${bill['total']}, running at ${hourly:,.2f} an hour"
