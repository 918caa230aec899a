"""The options of a server as Python code gives them, checked where a command line would."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from together_mock.settings import Settings

Files: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_HIGHEST_PORT = 65535


def settings_of(port: int | None, state: Files, options: Mapping[str, Any]) -> Settings:
    """The settings that the options of a server amount to.

    Args:
        port: to listen on; None is no socket.
        state: a file of state documents, or several.
        options: the others, by their names in `Settings`.

    Raises:
        TypeError: there is no such option, or it takes another type.
        ValueError: an option does not take the value. Either names both.
    """
    known = {field.name for field in fields(Settings)}
    strange = sorted(options.keys() - known)
    if strange:
        there = ", ".join(sorted(known | {"port", "state"}))
        raise TypeError(f"MockServer has no option {strange[0]}; it has {there}")
    keys = options.get("api_keys", ())
    listed = [state] if isinstance(state, str | os.PathLike) else state
    places = {
        name: os.fspath(options[name])
        for name in ("database", "fixtures")
        if isinstance(options.get(name), os.PathLike)
    }
    given = {
        **options,
        **places,
        "port": 0 if port is None else port,
        "state": _tuple("state", listed, (str, os.PathLike)),
        "api_keys": _tuple("api_keys", [keys] if isinstance(keys, str) else keys, (str,)),
    }
    hints = get_type_hints(Settings)
    for name, value in given.items():
        _check(name, value, hints[name])
    if not 0 <= given["port"] <= _HIGHEST_PORT:
        raise ValueError(f"MockServer takes 0 to {_HIGHEST_PORT} as port, not {port}")
    return Settings(**{**given, "state": tuple(os.fspath(file) for file in given["state"])})


def _tuple(name: str, values: Any, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    if not isinstance(values, Sequence) or isinstance(values, bytes):
        raise TypeError(f"MockServer takes a list as {name}, not {values!r}")
    for value in values:
        if not isinstance(value, kinds):
            raise TypeError(f"MockServer takes a list of texts as {name}, not one of {value!r}")
    return tuple(values)


def _check(name: str, value: object, hint: Any) -> None:
    if get_origin(hint) is tuple:
        return
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            choices = ", ".join(get_args(hint))
            raise ValueError(f"MockServer takes one of {choices} as {name}, not {value!r}")
        return
    kinds = get_args(hint) or (hint,)
    # A whole number is one with a fraction too; a truth value is no number.
    allowed = (*kinds, int) if float in kinds else kinds
    is_allowed = isinstance(value, allowed) and (bool in kinds or not isinstance(value, bool))
    if not is_allowed:
        names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
        raise TypeError(f"MockServer takes {names} as {name}, not {value!r}")
