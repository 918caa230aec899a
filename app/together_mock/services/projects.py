"""Projects in memory: who a key belongs to, each project's clock, snapshot and activity."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from together_mock.core import ids, names
from together_mock.core.clock import MINUTE, SECOND, VirtualClock
from together_mock.core.http_faults import Counts, RequestFault
from together_mock.core.instants import parse_instant
from together_mock.core.limits import Limits, Window
from together_mock.core.meter import Traffic
from together_mock.core.prefixes import PrefixCache
from together_mock.core.scripts import Script, in_order
from together_mock.services.fault_counts import compiled, left
from together_mock.services.rules import Rules
from together_mock.services.script_documents import StoredScript
from together_mock.services.targets import Target
from together_mock.settings import Settings
from together_mock.store.records import ProjectRecord

if TYPE_CHECKING:
    from together_mock.services.journal import Journal

FOREVER = 2**63 - 1
CLOSED = -1
# First and last of requests that follow each other within a minute.
Spans = list[tuple[int, int]]
# Script id -> how often it answered. Replaced, never changed, so that a reader has one state of it.
ScriptHits = dict[str, int]


# Facts that are columns as they are.
_PLAIN = ("slug", "seed", "preset", "endpoint_count", "due_at")


@dataclass(frozen=True)
class Facts:
    """What the store keeps of a project itself; replaced as a whole when a unit is committed."""

    slug: str
    seed: str
    preset: str
    clock: VirtualClock
    endpoint_count: int = 0
    due_at: int | None = None
    rules: Rules = field(default_factory=Rules)

    def columns(self) -> dict[str, Any]:
        """The columns of the project's row."""
        return {
            "slug": self.slug,
            "seed": self.seed,
            "preset": self.preset,
            "endpoint_count": self.endpoint_count,
            "due_at": self.due_at,
            "clock_base_at": self.clock.base_at,
            "clock_base_real": self.clock.base_real,
            "clock_rate": self.clock.rate,
            "rules": self.rules.model_dump_json(by_alias=True, exclude_defaults=True),
        }

    def changes_from(self, before: "Facts") -> dict[str, Any]:
        """The columns that differ from what they were."""
        if self is before:
            return {}
        if self.rules is before.rules and self.clock is before.clock:
            # The common case by far: rules are expensive to write out.
            changes = {name: getattr(self, name) for name in _PLAIN}
            return {name: new for name, new in changes.items() if new != getattr(before, name)}
        old = before.columns()
        return {name: new for name, new in self.columns().items() if new != old[name]}

    def with_rules(self, rules: Rules) -> "Facts":
        """The same with other rules."""
        return replace(self, rules=rules)

    def with_window(self, window: Window) -> "Facts":
        """The same with what counts for rate limits."""
        if window == self.rules.window:
            return self
        return self.with_rules(self.rules.model_copy(update={"window": window}))

    def with_due(self, due_at: int | None) -> "Facts":
        """The same with another instant of the next thing due to the project as a whole."""
        return replace(self, due_at=due_at)


@dataclass
class Activity:
    """What inference noted of a deployment since the last settle.

    `spans` are first and last requests less than a minute apart; `flights` are the instants at
    which the number of requests in flight changed, with that number; `traffic` is what came of
    requests. What belongs to no deployment, as requests that were turned away before one was
    chosen, is noted of deployment 0.
    """

    spans: Spans = field(default_factory=list)
    flights: list[tuple[int, int]] = field(default_factory=list)
    traffic: Traffic = field(default_factory=Traffic)

    def request(self, at: int) -> None:
        """Note a request."""
        if self.spans and at - self.spans[-1][1] < MINUTE:
            self.spans[-1] = (self.spans[-1][0], at)
        else:
            self.spans.append((at, at))

    def extend(self, later: "Activity") -> None:
        """Add what was noted after this."""
        self.spans += later.spans
        self.flights += later.flights
        self.traffic.extend(later.traffic)


@dataclass(eq=False)
class Project:
    """The live part of a project. The store holds the rest.

    `routes` caches what requests asked for: None stands for "no endpoint of that name". It is
    exact while the project's time is before `valid_until`. `gate` makes "read the clock, check,
    note the activity" one step, so that no decision is taken on stale activity.
    """

    key: int
    id: str
    organization_id: str
    facts: Facts
    # Inference requests so far, from which their ids come; flushed with the activity.
    request_count: int
    stored_request_count: int
    # What scripts answered so far; flushed likewise.
    script_hits: ScriptHits
    stored_script_hits: ScriptHits
    # In the order in which they are tried.
    scripts: tuple[Script, ...] = ()
    # Likewise, those of requests; and what they counted since it was stored.
    request_faults: tuple[RequestFault, ...] = ()
    fault_counts: Counts = field(default_factory=dict)
    # What serverless models may be asked in a minute, and what they were asked in the last one.
    limits: Limits | None = None
    window: Window = field(default_factory=Window)
    # None before the first request.
    journal: "Journal | None" = None
    next_due: int | None = None
    valid_until: int = CLOSED
    routes: dict[str, Target] = field(default_factory=dict)
    # What comes before the last slash of a name in `routes` -> the names that begin with it.
    names_below: dict[str, set[str]] = field(default_factory=dict)
    activity: dict[int, Activity] = field(default_factory=dict)
    # Deployment key -> requests in flight on each replica.
    in_flight: dict[int, list[int]] = field(default_factory=dict)
    prefixes: PrefixCache = field(default_factory=PrefixCache)
    gate: threading.Lock = field(default_factory=threading.Lock)
    # Set when it was deleted: who still holds it changes nothing any more.
    gone: bool = False

    @classmethod
    def from_row(cls, row: ProjectRecord) -> "Project":
        """The live part of a stored project."""
        clock = VirtualClock(row.clock_base_at, row.clock_base_real, row.clock_rate)
        rules, hits = Rules.model_validate_json(row.rules), orjson.loads(row.script_hits)
        return cls(
            key=row.key,
            id=row.id,
            organization_id=row.organization_id,
            facts=Facts(
                slug=row.slug,
                seed=row.seed,
                preset=row.preset,
                clock=clock,
                endpoint_count=row.endpoint_count,
                due_at=row.due_at,
                rules=rules,
            ),
            request_count=row.request_count,
            stored_request_count=row.request_count,
            script_hits=hits,
            stored_script_hits=hits,
            scripts=_tried(rules),
            request_faults=compiled(rules),
            limits=rules.limits.value(),
            window=rules.window,
        )

    @property
    def slug(self) -> str:
        """The project's slug: v1's `owner`."""
        return self.facts.slug

    @property
    def has_activity(self) -> bool:
        """Whether inference noted something that the store does not hold yet."""
        return bool(
            self.activity
            or self.request_count != self.stored_request_count
            or self.script_hits != self.stored_script_hits
            or self.fault_counts
            or self.window != self.facts.rules.window
        )

    def hits_under(self, facts: Facts, anew: ScriptHits | None) -> ScriptHits:
        """The counts of the scripts in force by some facts: the project's, or those of `anew`."""
        hits = self.script_hits if anew is None else anew
        if facts.rules.scripts is self.facts.rules.scripts:
            return hits
        known = {script["id"] for script in facts.rules.scripts}
        return {script: count for script, count in hits.items() if script in known}

    def unstored(self, requests: int, hits: ScriptHits) -> dict[str, Any]:
        """The columns of the counts that the store has other values of."""
        changed: dict[str, Any] = {}
        if requests != self.stored_request_count:
            changed["request_count"] = requests
        if hits != self.stored_script_hits:
            changed["script_hits"] = orjson.dumps(hits).decode()
        return changed

    def take_routes(
        self, routes: Mapping[str, Target], stale: Iterable[str], *, anew: bool
    ) -> None:
        """Take over the routes that a unit of work changed; the caller has the gate."""
        if anew:
            self.routes.clear()
            self.names_below.clear()
            self.prefixes = PrefixCache()
        for name, target in routes.items():
            self.routes[name] = target
            self.names_below.setdefault(_above(name), set()).add(name)
        for name in self.routes.keys() & set(stale):
            del self.routes[name]
            above = _above(name)
            self.names_below[above].remove(name)
            if not self.names_below[above]:
                del self.names_below[above]

    def go_by(
        self, facts: Facts, requests: int | None, hits: ScriptHits | None, counts: Counts
    ) -> None:
        """Take over what a unit of work committed, `counts` of faults among it.

        The caller has the gate.
        """
        self.script_hits = self.hits_under(facts, hits)
        if facts.rules.scripts is not self.facts.rules.scripts:
            self.scripts = _tried(facts.rules)
        if facts.rules.faults is not self.facts.rules.faults:
            self.request_faults = compiled(facts.rules)
            known = {fault.id for fault in facts.rules.faults}
            self.fault_counts = left(self.fault_counts, counts, known)
        if facts.rules.limits is not self.facts.rules.limits:
            self.limits, self.window = facts.rules.limits.value(), facts.rules.window
        self.facts = facts
        if requests is not None:
            self.request_count = requests


def _above(name: str) -> str:
    return name.rpartition("/")[0]


def _tried(rules: Rules) -> tuple[Script, ...]:
    return in_order([StoredScript.model_validate(script).value() for script in rules.scripts])


def hash_of(key: str) -> str:
    """What is kept of a bearer key."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def starting_clock(settings: Settings, real: float) -> VirtualClock:
    """The clock of a project that begins at the machine's time `real` (seconds)."""
    start = settings.start_at
    at = parse_instant(start, "start-at") if start else int(real * SECOND)
    return VirtualClock(at, real, settings.clock_rate)


def project_seed(server_seed: int, slug: str) -> str:
    """The seed of a project's generated values, when nobody gave it one."""
    return ids.digest(str(server_seed), "project", slug).hex()


def key_id(key_hash: str) -> str:
    """The public id of a key."""
    return ids.prefixed("key", key_hash)


def default_slug(key_hash: str) -> str:
    """The slug of a key that was given none."""
    return names.project_slug(key_hash)
