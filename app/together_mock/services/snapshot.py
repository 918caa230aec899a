"""A project shown as a state document; put into another project, it makes an equal one."""

from typing import Any

from together_mock.core.billing import exact_dollars
from together_mock.core.deployment import Deployment
from together_mock.core.instants import to_exact_iso
from together_mock.core.states import V1_STATES
from together_mock.services import engine, model_documents, progress
from together_mock.services.projects import Project
from together_mock.services.rows import value_of
from together_mock.services.unit import Unit
from together_mock.services.v2 import state as fleet_state
from together_mock.services.world import World
from together_mock.store import fleet, history, queries
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
            "uploads": model_documents.show_uploads(unit),
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


def _endpoints(unit: Unit) -> list[dict[str, Any]]:
    connection, key = unit.connection, unit.project.key
    deployments: dict[int, list[Deployment]] = {}
    for endpoint, row in queries.endpoints_oldest_first(connection, key):
        value = value_of(unit.catalog, endpoint, row)
        deployments.setdefault(endpoint.key, []).append(value)
    return [
        _entry(endpoint, known[0])
        if fleet_state.is_plain(endpoint, known := deployments.get(endpoint.key, []))
        else fleet_state.show(unit, endpoint, known)
        for endpoint in fleet.endpoints_oldest_first(connection, key)
    ]


def _entry(endpoint: EndpointRecord, deployment: Deployment) -> dict[str, Any]:
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
        "progress": progress.show(deployment).model_dump(mode="json"),
    }
