"""What of the service a row of the catalogues of fidelity is about.

An error says so by its faces. A behaviour says so by how its case begins; a case that begins in a
way of its own needs a line in `BEHAVIOURS`, and `make docs` asks for it.
"""

from collections import Counter
from typing import Any

GRADES = ("confirmed", "documented", "reported", "inferred")
# Area -> how the cases of its behaviours begin. The longest beginning decides.
BEHAVIOURS = {
    "v1: endpoints and their life": (
        "autoscaling_ availability_zone_ cache_ cli_ create_ delete_ display_ endpoint_ "
        "error_state inactive_ list_ missing_ nulls_ owner_ patch_ retrieve_ start_ state_ v1_"
    ),
    "v1: hardware and models": "hardware_ model_ models_",
    "Capacity, autoscaling and cost": (
        "autoscaler_ balance_ billing_ capacity_ in_flight_ partial_ queue_ reject_ replica_"
    ),
    "Inference": (
        "answering_ auto_ cf_ chat_ completion_ context_ deep_ embedding_ engine_ hybrid_ inline_ "
        "json_ logprobs_ media_ moderation_ prompt_ raw_ replicas_ rerank_ retrieval_ seed_ stop_ "
        "stream_ thinking_ top_ truncated_ two_ usage_"
    ),
    "Own models, uploads and adapters": "adapter_ own_ upload_",
    "v2: endpoints, deployments, traffic": "v2_",
    "The 2024 API": "legacy_",
    "Keys, limits, faults, trouble": (
        "error_ fault_ limits_ management_ no_rate_ project_ request_ store_ unknown_"
    ),
}
# The faces that answer with an error -> area. Where several do, it is common to them.
ERRORS = {
    "management": "Errors: v1's routes",
    "inference": "Errors: inference",
    "v2": "Errors: v2",
    "legacy": "Errors: the 2024 API",
    "control": "Errors: the control plane, which is ours",
}
COMMON = "Errors: common to several"


def counts(catalogue: dict[str, list[dict[str, Any]]]) -> dict[str, Counter[str]]:
    """How many rows of each grade there are in every area; areas in the order above."""
    found = {area: Counter[str]() for area in (*BEHAVIOURS, *ERRORS.values(), COMMON)}
    for row in catalogue["behaviours"]:
        found[_area(row["case"])][row["grade"]] += 1
    for row in catalogue["errors"]:
        only = row["faces"][0] if len(row["faces"]) == 1 else ""
        found[ERRORS.get(only, COMMON)][row["grade"]] += 1
    return found


def _area(case: str) -> str:
    fitting = [
        (len(beginning), area)
        for area, beginnings in BEHAVIOURS.items()
        for beginning in beginnings.split()
        if case.startswith(beginning)
    ]
    if not fitting:
        raise LookupError(f"add how {case} begins to an area of {__name__}.BEHAVIOURS")
    return max(fitting)[1]
