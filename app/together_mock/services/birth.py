"""How an endpoint comes into being: its ids and its name, its record and its deployment."""

from dataclasses import dataclass

from together_mock.core import ids, names
from together_mock.core.catalog import Hardware
from together_mock.core.deployment import Deployment, Label
from together_mock.core.visibility import PRIVATE
from together_mock.services.served import Served
from together_mock.services.unit import Unit
from together_mock.store import queries
from together_mock.store.records import EndpointRecord

# The name of the one deployment of an endpoint that v1 or the 2024 API made.
ONLY = "default"
# What an endpoint's record has as its birth: the generation that made it.
V1, V2, LEGACY = "v1", "v2", "legacy"


@dataclass(frozen=True)
class NewEndpoint:
    """What a creation asks for; `inactive_timeout` in minutes, None and 0 mean never."""

    model: str
    hardware: str
    display_name: str | None = None
    min_replicas: int = 1
    max_replicas: int = 1
    inactive_timeout: int | None = None
    availability_zone: str | None = None
    disable_prompt_cache: bool = False
    disable_speculative_decoding: bool = False
    started: bool = True
    birth: str = V1


@dataclass(frozen=True)
class Identity:
    """What tells an endpoint from others; what is None is generated."""

    id: str | None = None
    name: str | None = None
    deployment_id: str | None = None
    created_at: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to generate."""
        return bool(self.id and self.name and self.deployment_id)


def make(
    unit: Unit,
    new: NewEndpoint,
    served: Served,
    hardware: Hardware,
    identity: Identity | None = None,
) -> tuple[EndpointRecord, Deployment]:
    """A new endpoint and its deployment, stopped; neither is in the simulation yet."""
    identity = identity or Identity()
    if not identity.is_whole:
        identity = _completed(unit, new.model, identity)
    assert identity.id and identity.name and identity.deployment_id  # noqa: PT018 - for the types
    endpoint_key, deployment_key = unit.new_keys()
    created_at = unit.now if identity.created_at is None else identity.created_at
    endpoint = EndpointRecord(
        key=endpoint_key,
        project_key=unit.project.key,
        id=identity.id,
        name=identity.name,
        birth=new.birth,
        display_name=new.display_name or new.model,
        disable_prompt_cache=new.disable_prompt_cache,
        disable_speculative_decoding=new.disable_speculative_decoding,
        visibility=PRIVATE,
        traffic="",
        etag="",
        created_at=created_at,
        updated_at=created_at,
    )
    deployment = Deployment(
        key=deployment_key,
        id=identity.deployment_id,
        endpoint_id=endpoint.id,
        endpoint_name=endpoint.name,
        model=new.model,
        hardware=hardware.id,
        zone=new.availability_zone or None,
        minimum=new.min_replicas,
        maximum=new.max_replicas,
        inactive_minutes=new.inactive_timeout,
        sku=hardware.id,
        price=unit.catalog.price_of(hardware.id),
        label=Label(ONLY, served.base, "", served.settings, "", created_at, created_at),
    )
    return endpoint, deployment


def _completed(unit: Unit, model: str, given: Identity) -> Identity:
    """An identity with what is missing generated from the number of the project's next endpoint."""
    facts, project = unit.facts, unit.project.key
    while True:
        number = unit.next_number()
        endpoint_id = given.id or "endpoint-" + ids.uuid4(facts.seed, "endpoint", number)
        suffix = ids.hex8(facts.seed, "endpoint-name", number)
        name = given.name or names.endpoint_name(facts.slug, model, suffix)
        fresh = {endpoint_id, name} - {given.id, given.name}
        # A state document may have brought an id of ours; two names may end in the same digits.
        known = queries.endpoint_exists(unit.connection, project, endpoint_id, name)
        if not known and not fresh & unit.taken:
            unit.taken |= fresh
            deployment_id = given.deployment_id or ids.prefixed("dep", facts.seed, number)
            return Identity(endpoint_id, name, deployment_id, given.created_at)
