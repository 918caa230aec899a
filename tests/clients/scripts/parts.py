"""Programs of several parts: `PROGRAM PART [ARGUMENT...]` prints what the part tells, as JSON."""

import asyncio
import inspect
import json
import sys
from collections.abc import Callable
from typing import Any


def run(*parts: Callable[..., Any]) -> None:
    """Run the part that the command line names."""
    told = {part.__name__: part for part in parts}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(asyncio.run(told) if inspect.iscoroutine(told) else told))
