"""What a Python SDK makes of faults, printed as JSON: `faults.py sync|async MODEL`.

The faults are in force already, one for each operation that is called here, in their order.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable
from typing import Any

import spelling


async def main(kind: str, model: str) -> dict[str, Any]:
    """Ask, whole and as a stream."""
    patient = spelling.client(kind)
    hasty = spelling.client(kind, max_retries=0)
    return {
        "whole": await _outcome(spelling.chat(patient, model)),
        "whole, no retries": await _outcome(spelling.chat(hasty, model)),
        "stream": await _outcome(spelling.chunks(hasty, model)),
    }


async def _outcome(call: Awaitable[Any]) -> str:
    try:
        answer = await call
    except Exception as error:
        return type(error).__name__
    return f"{len(answer)} chunks" if isinstance(answer, list) else "answered"


print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
