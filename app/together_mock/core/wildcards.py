"""Patterns of texts: `*` is any text, `?` any one sign, and every other sign is itself."""

import re
from functools import lru_cache


def is_like(text: str, pattern: str) -> bool:
    """Whether a whole text is as a pattern has it; case counts."""
    return pattern == "*" or _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    first, *others = (
        "".join("." if sign == "?" else re.escape(sign) for sign in part)
        for part in pattern.split("*")
    )
    if others:
        # What stands between stars is found at its first place, and never looked for again.
        between = "".join(f"(?>.*?{part})" for part in others[:-1])
        first += f"{between}.*{others[-1]}"
    return re.compile(first, re.DOTALL)
