"""A project shown as a state document; put into another project, it makes an equal one."""

from typing import Any

from together_mock.core.billing import exact_dollars
from together_mock.core.deployment import Deployment
from together_mock.core.instants import to_exact_iso
from together_mock.core.limits import Window
from together_mock.core.states import V1_STATES
from together_mock.services import (
    adapter_documents,
    engine,
    job_documents,
    model_documents,
    progress,
)
from together_mock.services.birth import V1
from together_mock.services.projects import Project
from together_mock.services.rows import value_of
from together_mock.services.unit import Unit
from together_mock.services.v2 import settings
from together_mock.services.v2 import state as fleet_state
from together_mock.services.v2.settings import UNTOLD
from together_mock.services.world import World
from together_mock.store import adapters, fleet, history, queries
from together_mock.store.records import EndpointRecord


def show(world: World, project: Project) -> dict[str, Any]:
    """The project as a document. Put into another project, it makes an equal one."""
    with world.write(project) as unit:
        engine.book(unit)
        facts, rules = unit.facts, unit.facts.rules
        plain = rules.model_dump(mode="json", by_alias=True)
        return {
            "version": 1,
            "seed": facts.seed,
            "counters": {
                "endpoints": facts.endpoint_count,
                "requests": project.request_count,
                "faults": rules.fault_count,
                "scripts": rules.script_count,
                **_minute(rules.window.at(unit.now)),
            },
            "clock": {
                "now": to_exact_iso(unit.now),
                "rate": facts.clock.rate,
                "on_poll": rules.on_poll,
            },
            "preset": facts.preset,
            "inference": rules.inference,
            "propagation": rules.propagation,
            "endpoints": _endpoints(unit),
            "models": model_documents.show(unit),
            "jobs": job_documents.show(unit),
            "profiles": plain["profiles"],
            "capacity": plain["capacity"],
            "planned_capacity": plain["planned"],
            "faults": plain["faults"],
            "limits": plain["limits"],
            "scripts": [
                script | {"hits": project.script_hits.get(script["id"], 0)}
                for script in plain["scripts"]
            ],
            "billing": {
                "balance": None if rules.balance is None else exact_dollars(rules.balance),
                "balance_at": to_exact_iso(rules.balance_at),
                "usage": [
                    {
                        "endpoint": row.endpoint_id,
                        "hardware": row.hardware,
                        "day": row.day,
                        "replica_time": row.replica_time,
                        "idle_time": row.idle_time,
                    }
                    for row in history.usage(unit.connection, project.key)
                ],
            },
        }


def _minute(window: Window) -> dict[str, Any]:
    """What counts for rate limits, if there is any."""
    if window.requests == window.tokens == 0:
        return {}
    told = {"number": window.minute, "requests": window.requests, "tokens": window.tokens}
    return {"minute": told}


def _endpoints(unit: Unit) -> list[dict[str, Any]]:
    connection, key = unit.connection, unit.project.key
    deployments: dict[int, list[Deployment]] = {}
    for endpoint, row in queries.endpoints_oldest_first(connection, key):
        value = value_of(unit.catalog, endpoint, row)
        deployments.setdefault(endpoint.key, []).append(value)
    loaded: dict[int, list[dict[str, Any]]] = {}
    for name, adapter in adapters.of_project(connection, key):
        shown = adapter_documents.show(name, adapter)
        loaded.setdefault(adapter.deployment_key, []).append(shown)
    entries = []
    for endpoint in fleet.endpoints_oldest_first(connection, key):
        known = deployments.get(endpoint.key, [])
        plain = fleet_state.is_plain(unit, endpoint, known)
        if plain:
            entry = _entry(unit, endpoint, known[0])
            # Few endpoints have any.
            entry |= {"adapters": found} if (found := loaded.get(known[0].key)) else {}
        else:
            entry = fleet_state.show(unit, endpoint, known, loaded)
        entries.append(entry)
    return entries


def _entry(unit: Unit, endpoint: EndpointRecord, deployment: Deployment) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "name": endpoint.name,
        "display_name": endpoint.display_name,
        "model": deployment.model,
        "hardware": deployment.hardware,
        "state": V1_STATES[deployment.state],
        "autoscaling": {
            "min_replicas": deployment.minimum,
            "max_replicas": deployment.maximum,
        },
        "inactive_timeout": deployment.inactive_minutes,
        "availability_zone": deployment.zone,
        "disable_prompt_cache": bool(endpoint.disable_prompt_cache),
        "disable_speculative_decoding": bool(endpoint.disable_speculative_decoding),
        "created_at": to_exact_iso(endpoint.created_at),
        "deployment_id": deployment.id,
        **_own_model(unit, deployment),
        "progress": progress.show(deployment).model_dump(mode="json"),
        **({} if endpoint.birth == V1 else {"birth": endpoint.birth}),
    }


def _own_model(unit: Unit, deployment: Deployment) -> dict[str, Any]:
    """What a deployment was made from, if that is a model of the project's own."""
    if deployment.label.settings == UNTOLD:
        return {}
    made = settings.of(unit.catalog, deployment)
    base = deployment.label.base
    return {"base": base, "model_id": made.model_id, "revision": made.revision}
