"""Which tools a model calls: those that the user's words point to, or those it is told to."""

import re
from collections.abc import Sequence

from together_mock.core.requests import Tool

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_a-zA-Z]+")
# Words that many tools' names share, and words that say nothing about what is wanted.
_COMMON_WORDS = """
    a about after all also an and any are as at be before by call can check compute create current
    data delete do does fetch find for from function get give given has have how if in info
    information into is it its list look make me my no not of on one or other perform please
    provide query read result return returns run search send set should some string tell that the
    their them then this to tool true up update use used user value values want was what when where
    which who will with would write you your
"""
_GENERIC = frozenset(_COMMON_WORDS.split())
_LONG = 4


def chosen(tools: Sequence[Tool], choice: str, said: str, *, parallel: bool) -> list[Tool]:
    """The tools to call, in the order of the request; none means an answer in words.

    Args:
        tools: what may be called.
        choice: "auto", "required", "none", or "=" and a name.
        said: the user's last words.
        parallel: whether several may be called at once.
    """
    if choice == "none" or not tools:
        return []
    if choice.startswith("="):
        return [tool for tool in tools if tool.name == choice[1:]][:1]
    wanted = _wanted(tools, said)
    if not wanted and choice == "required":
        wanted = [tools[0]]
    return wanted if parallel else wanted[:1]


def _wanted(tools: Sequence[Tool], said: str) -> list[Tool]:
    spoken = _words(said)
    named = [tool for tool in tools if _name_words(tool) & spoken]
    if named:
        return named
    described = [(len(_told_words(tool) & spoken), -number) for number, tool in enumerate(tools)]
    best, place = max(described)
    return [tools[-place]] if best else []


def _name_words(tool: Tool) -> set[str]:
    words = _words(tool.name)
    return {word for word in words if word not in _GENERIC} or words


def _told_words(tool: Tool) -> set[str]:
    properties = tool.parameters.get("properties") if isinstance(tool.parameters, dict) else None
    names = " ".join(properties) if isinstance(properties, dict) else ""
    words = _words(f"{tool.description} {names}")
    return {word for word in words if len(word) >= _LONG and word not in _GENERIC}


def _words(text: str) -> set[str]:
    return {word.lower().removesuffix("s") for word in _WORD.findall(text)}
