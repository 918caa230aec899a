"""How often faults of requests struck: counted in memory, and added to the facts that are stored.

A request that is struck costs no SQL. Every unit of work starts from facts that have the counts,
and takes them off those in memory when it is committed.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from together_mock.core.http_faults import Counts, RequestFault
from together_mock.services.fault_documents import Fault
from together_mock.services.rules import Rules

if TYPE_CHECKING:
    from together_mock.services.projects import Facts


def compiled(rules: Rules) -> tuple[RequestFault, ...]:
    """The faults of requests in the order in which they were set."""
    found = (fault.of_requests() for fault in rules.faults)
    return tuple(fault for fault in found if fault is not None)


def folded(facts: "Facts", counts: Counts) -> "Facts":
    """The facts with counts added to their faults."""
    if not counts:
        return facts
    faults = [_counted(fault, *counts.get(fault.id, (0, 0))) for fault in facts.rules.faults]
    return facts.with_rules(facts.rules.model_copy(update={"faults": faults}))


def _counted(fault: Fault, seen: int, hits: int) -> Fault:
    if not seen:
        return fault
    return fault.model_copy(update={"seen": fault.seen + seen, "hits": fault.hits + hits})


def left(counts: Counts, taken: Counts, known: Collection[str]) -> Counts:
    """What is left of counts, of the faults that are known, after others were taken off them."""
    rest = {}
    for name, (seen, hits) in counts.items():
        before = taken.get(name, (0, 0))
        if name in known and seen > before[0]:
            rest[name] = (seen - before[0], hits - before[1])
    return rest
