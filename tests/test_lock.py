"""What the lock file has can be installed wherever the project says that it runs."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from clients.environments import PYTHONS, ROOT
from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

LOCK = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# System and machine -> the platforms of wheels that run on Debian 11, Ubuntu 20.04 and macOS 11.
PLATFORMS = {
    ("linux", machine): [
        *(f"manylinux_2_{minor}_{machine}" for minor in range(31, 16, -1)),
        f"manylinux2014_{machine}",
    ]
    for machine in ("x86_64", "aarch64")
}
PLATFORMS["darwin", "arm64"] = list(mac_platforms((11, 0), "arm64"))


def package(name: str) -> dict[str, Any]:
    """A package of the lock file, of which it has one version."""
    (found,) = (one for one in LOCK["package"] if one["name"] == name)
    return found


def needed(environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Every package that the project needs where markers have these values, itself left out."""
    to_see, seen = [PROJECT["project"]["name"]], set()
    while to_see:
        name = to_see.pop()
        if name in seen:
            continue
        seen.add(name)
        found = package(name)
        if "registry" in found["source"]:
            yield found
        to_see += [
            one["name"]
            for one in found.get("dependencies", ())
            if "marker" not in one or Marker(one["marker"]).evaluate(environment)
        ]


def tags_of(found: dict[str, Any]) -> set[Tag]:
    """What the wheels of a package are for."""
    names = (wheel["url"].rpartition("/")[2] for wheel in found.get("wheels", ()))
    return {tag for name in names for tag in parse_wheel_filename(name)[3]}


@pytest.mark.parametrize("platform", PLATFORMS, ids="-".join)
@pytest.mark.parametrize("python", PYTHONS)
def test_nothing_has_to_be_compiled(python, platform):
    """Every package has a wheel for every Python of the classifiers, on each of the platforms."""
    system, machine = platform
    version = tuple(int(part) for part in python.split("."))
    interpreter = f"cp{version[0]}{version[1]}"
    runs = {
        *cpython_tags(version, platforms=PLATFORMS[platform]),
        *compatible_tags(version, interpreter, PLATFORMS[platform]),
    }
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": system,
        "platform_system": system.title(),
        "platform_machine": machine,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    found = list(needed(environment))
    assert {"fastapi", "pydantic-core", "uvloop"} <= {one["name"] for one in found}
    assert [one["name"] for one in found if not tags_of(one) & runs] == []


def test_the_build_backend_is_the_locked_one():
    """What `build-system` asks for is what is locked to build releases and the image."""
    assert PROJECT["dependency-groups"]["build"] == PROJECT["build-system"]["requires"]
    (ours,) = (one for one in LOCK["package"] if one["name"] == PROJECT["project"]["name"])
    assert [one["name"] for one in ours["dev-dependencies"]["build"]] == ["hatchling"]
