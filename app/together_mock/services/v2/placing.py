"""Where a deployment may be placed: the regions that a placement names or follows from."""

from dataclasses import dataclass

from together_mock.core import ids
from together_mock.core.errors import MockError
from together_mock.services.catalog import Catalog
from together_mock.services.projects import Project
from together_mock.services.v2.settings import Placement

DEFAULT_PROFILE = "default"
PREFERRED = "ENFORCEMENT_PREFERRED"


@dataclass(frozen=True)
class PlacementProfile:
    """A saved preference of regions, the first one most preferred."""

    id: str
    name: str
    regions: tuple[str, ...]


def profiles(catalog: Catalog, seed: str) -> list[PlacementProfile]:
    """The placement profiles of a project's seed: one for any region, and one for each region."""
    zones = catalog.zones
    saved = {DEFAULT_PROFILE: zones, **{zone: (zone,) for zone in zones}}
    return [
        PlacementProfile(ids.prefixed("pp", seed, name), name, regions)
        for name, regions in saved.items()
    ]


def check(catalog: Catalog, seed: str, placement: Placement | None) -> None:
    """Refuse a placement by a profile or in regions that there are none of.

    Raises:
        MockError: `v2_unknown_item`, `v2_bad_value`.
    """
    if placement is None:
        return
    known = [profile.id for profile in profiles(catalog, seed)]
    if placement.profile is not None and placement.profile not in known:
        raise MockError(
            "v2_unknown_item",
            param="placement.profile",
            kind="Placement profile",
            id=placement.profile,
        )
    for index, region in enumerate(placement.regions or ()):
        if region not in catalog.zones:
            detail = f"{region} is no region. Regions: {', '.join(catalog.zones)}"
            raise MockError(
                "v2_bad_value", param=f"placement.inline.regions.{index}", detail=detail
            )
    if not _allowed(catalog, placement):
        detail = "none of the regions is attested for HIPAA"
        raise MockError("v2_bad_value", param="placement.inline.compliancePolicy", detail=detail)


def zone(catalog: Catalog, placement: Placement | None) -> str | None:
    """The zone that a deployment is bound to; None is any.

    The engine knows one zone or any, so several that are allowed out of more are any to it.
    """
    allowed = catalog.zones if placement is None else _allowed(catalog, placement)
    return allowed[0] if placement is not None and len(allowed) == 1 else None


def _allowed(catalog: Catalog, placement: Placement) -> tuple[str, ...]:
    bound = placement.constraint != PREFERRED and placement.regions
    regions = placement.regions if bound and placement.regions else catalog.zones
    if placement.hipaa:
        regions = tuple(region for region in regions if region in catalog.platform.hipaa)
    return regions


def preferred(catalog: Catalog, project: Project, placement: Placement | None) -> str | None:
    """The region in which replicas are placed that could be placed in any."""
    regions = placement.regions if placement else None
    if placement is not None and placement.profile is not None:
        saved = {profile.id: profile.regions for profile in profiles(catalog, project.facts.seed)}
        regions = saved.get(placement.profile)
    return next(iter(regions or catalog.zones), None)
