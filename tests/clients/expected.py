"""What the clients' tests expect in common; generated names as `processes.plain` writes them."""

import json
from typing import Any

from support import H100X2, MIXTRAL
from together_mock.resources import directory

NAME = f"OWNER/{MIXTRAL}-SUFFIX"
UNKNOWN = "endpoint-00000000-0000-4000-8000-000000000000"
ZONES = ["us-central-4b", "us-east-1a"]
# Hardware for Mixtral: id, cents a minute, number of GPUs, availability.
ELIGIBLE = [
    ["2x_nvidia_a100_80gb_sxm", 5.42, 2, "available"],
    ["2x_nvidia_h100_80gb_sxm", 18.0, 2, "available"],
    ["4x_nvidia_a100_80gb_sxm", 10.84, 4, "available"],
    ["4x_nvidia_h100_80gb_sxm", 36.0, 4, "available"],
    ["8x_nvidia_a100_80gb_sxm", 21.68, 8, "available"],
    ["8x_nvidia_h100_80gb_sxm", 72.0, 8, "available"],
]
ELIGIBLE_IDS = [row[0] for row in ELIGIBLE]

_CASES = {
    row["case"]: row
    for row in json.loads((directory("fixtures") / "errors.json").read_text("utf-8"))["errors"]
}


def refusal(case: str, **values: Any) -> tuple[int, str]:
    """The status and the message of a case of the error catalogue."""
    row = _CASES[case]
    return row["status"], row["message"].format(**values)


def failed(case: str, **values: Any) -> str:
    """What the command lines of 2.42 and 3.x print of a refusal."""
    return f"× Error\n{refusal(case, **values)[1]}"  # noqa: RUF001


def hardware_table(*columns: str) -> str:
    """The eligible hardware as 2.x tabulates it, availability when its column is asked for."""
    heading = " ".join(("Hardware ID GPU Memory Count Price (per minute)", *columns))
    rows = [
        f"{name} {name.split('_')[2]} 80GB {count} ${cents / 100:.2f}"
        + (f" ✓ {status}" if columns else "")
        for name, cents, count, status in ELIGIBLE
    ]
    return "\n".join([heading, *rows])


def details(state: str) -> str:
    """An endpoint as 1.5.35's `get` and 2.0.0's `retrieve` print it."""
    return f"""\
ID: ENDPOINT
Name: {NAME}
Display Name: Mine
Hardware: {H100X2}
Autoscaling: Min=1, Max=2
Model: {MIXTRAL}
Type: dedicated
Owner: OWNER
State: {state}
Created: 2026-01-01 00:00:00+00:00"""


def summary(state: str) -> str:
    """An endpoint as their `list` prints it: without display name, hardware and bounds."""
    left_out = ("Display Name:", "Hardware:", "Autoscaling:")
    lines = details(state).splitlines()
    return "\n".join(line for line in lines if not line.startswith(left_out))
