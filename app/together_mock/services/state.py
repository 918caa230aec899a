"""The state document put into a project, and gone back to on reset."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import orjson

from together_mock.core.billing import Usage, units
from together_mock.core.clock import VirtualClock
from together_mock.core.errors import MockError
from together_mock.core.limits import Window
from together_mock.services import (
    engine,
    entries,
    faults,
    job_documents,
    journal,
    model_documents,
    models,
    projects,
    scripts,
    setups,
)
from together_mock.services.documents import EndpointEntry, StateDocument, read_document
from together_mock.services.projects import Project, hash_of
from together_mock.services.rules import Rules
from together_mock.services.unit import Unit
from together_mock.services.v2 import restoring
from together_mock.services.v2.documents import RoutedEntry
from together_mock.services.world import World
from together_mock.store import accounts, adapters, history, queries, traffic

# What a reset can be told to bring back; each is a part of the project.
Resettable = Literal[
    "endpoints",
    "models",
    "jobs",
    "clock",
    "profiles",
    "capacity",
    "faults",
    "scripts",
    "journal",
    "billing",
]
RESETTABLE: tuple[Resettable, ...] = get_args(Resettable)


def put(world: World, project: Project, value: dict[str, Any]) -> None:
    """Replace everything of a project by a document, or nothing of it.

    Raises:
        MockError: the document is at fault.
    """
    document = read_document(value)
    if document.api_key and world.project_of(hash_of(document.api_key)) is not project:
        raise MockError(
            "invalid_value", param="api_key", detail="is not a key of the project it is put into"
        )
    with world.move_clock(project) as unit:
        replace_by(world, unit, document)


def reset(world: World, project: Project, only: Collection[str] | None) -> list[Resettable]:
    """Bring a project, or parts of it, back to how it started.

    The clock's instant goes back only together with the endpoints; alone, its rate does.
    """
    parts = [part for part in RESETTABLE if only is None or part in only]
    with world.move_clock(project) as unit:
        start = read_document(
            orjson.loads(accounts.initial_state(unit.connection, project.key) or "{}")
        )
        if only is None:
            replace_by(world, unit, start)
        else:
            _reset_parts(world, unit, start, set(parts))
    if only is None:
        journal.begin_anew(project)
    elif "journal" in parts:
        journal.clear(project)
    return parts


def _reset_parts(world: World, unit: Unit, start: StateDocument, parts: set[str]) -> None:
    # What was used so far is owed, whoever looked at the bill before.
    engine.book(unit)
    fresh = _rules(start, unit.now, unit.facts.seed)
    changes: dict[str, Any] = {}
    if "capacity" in parts:
        setups.put_in_force(unit, fresh.capacity)
        changes["planned"] = fresh.planned
    if "faults" in parts:
        changes |= {name: getattr(fresh, name) for name in ("faults", "limits", "window")}
    if "scripts" in parts:
        changes["scripts"] = fresh.scripts
        unit.script_hits = scripts.hits_of(fresh, start.scripts)
    if "billing" in parts:
        changes["balance"] = fresh.balance
        history.delete_usage(unit.connection, unit.project.key)
    if "profiles" in parts:
        changes |= {"profiles": fresh.profiles, "inference": fresh.inference}
        unit.facts = replace(unit.facts, preset=start.preset or world.settings.preset)
    if "clock" in parts:
        clock = _start_clock(world, start)
        unit.move_to(clock.base_at if "endpoints" in parts else unit.now)
        unit.facts = replace(unit.facts, clock=replace(unit.facts.clock, rate=clock.rate))
        changes["on_poll"] = fresh.on_poll
    # It was settled above, and what is left counts from where the clock stands.
    changes["balance_at"] = unit.now
    engine.set_facts(unit, rules=unit.facts.rules.model_copy(update=changes))
    _reset_models(unit, start, parts & {"models", "jobs"})
    if "endpoints" in parts:
        _replace_endpoints(world, unit, start)


def _reset_models(unit: Unit, start: StateDocument, parts: set[str]) -> None:
    if not parts:
        return
    # What names of models lead to may be another thing now.
    unit.forget_routes = True
    if "models" in parts:
        model_documents.restore(unit, start.models)
        models.follow_names(unit)
        adapters.delete_orphans(unit.connection, unit.project.key)
    else:
        job_documents.keep_imports(unit)
    if "jobs" in parts:
        job_documents.restore(unit, start.jobs)
    else:
        job_documents.drop_orphans(unit)


def replace_by(world: World, unit: Unit, document: StateDocument) -> None:
    """Put a project into the state of a document.

    Raises:
        MockError: the document is at fault.
    """
    project, settings = unit.project, world.settings
    slug = document.project.slug if document.project else None
    if slug and slug != project.slug and world.project_named(slug):
        raise MockError("invalid_value", param="project.slug", detail=f"{slug} is already in use")
    clock = _start_clock(world, document)
    _check_setups(world, document)
    history.delete_usage(unit.connection, project.key)
    history.delete_events(unit.connection, project.key)
    unit.discard_simulation()
    seed = document.seed or projects.project_seed(settings.seed, slug or project.slug)
    rules = _rules(document, clock.base_at, seed)
    unit.facts = replace(
        unit.facts,
        slug=slug or project.slug,
        seed=seed,
        preset=world.catalog.preset(
            settings.preset if document.preset is None else document.preset
        ).name,
        clock=clock,
        endpoint_count=document.counters.endpoints,
        rules=rules,
    )
    unit.now = clock.base_at
    unit.request_count = document.counters.requests
    unit.script_hits = scripts.hits_of(rules, document.scripts)
    model_documents.restore(unit, document.models)
    job_documents.restore(unit, document.jobs)
    _replace_endpoints(world, unit, document)
    usage = {
        (used.endpoint, used.hardware, used.day): Usage(used.replica_time, used.idle_time)
        for used in document.billing.usage
    }
    history.add_usage(unit.connection, project.key, usage)


def _check_setups(world: World, document: StateDocument) -> None:
    named = {"capacity": document.capacity}
    for index, plan in enumerate(document.planned_capacity):
        named[f"planned_capacity.{index}.capacity"] = plan.capacity
    for prefix, capacity in named.items():
        try:
            setups.check_capacity(world, capacity)
        except MockError as error:
            error.param = f"{prefix}.{error.param}"
            raise
    seen: set[str] = set()
    for index, fault in enumerate(document.faults):
        faults.check(fault, f"faults.{index}.")
        if fault.id in seen:
            detail = f"{fault.id} stands twice in the document"
            raise MockError("invalid_value", param=f"faults.{index}.id", detail=detail)
        seen.add(fault.id)
    for index, used in enumerate(document.billing.usage):
        known = world.catalog.platform.instance_types
        if used.hardware not in world.catalog.hardware and used.hardware not in known:
            param = f"billing.usage.{index}.hardware"
            raise MockError("invalid_value", param=param, detail="is no hardware of the catalogue")


def _rules(document: StateDocument, now: int, seed: str) -> Rules:
    billing, counters = document.billing, document.counters
    rules = Rules(
        profiles=document.profiles,
        capacity=document.capacity,
        planned=sorted(document.planned_capacity, key=lambda plan: plan.at),
        faults=document.faults,
        fault_count=max(counters.faults, len(document.faults)),
        limits=document.limits,
        window=Window() if counters.minute is None else counters.minute.value(),
        balance=None if billing.balance is None else units(billing.balance),
        balance_at=now if billing.balance_at is None else billing.balance_at,
        on_poll=document.clock.on_poll if document.clock else "none",
        inference=document.inference,
        propagation=document.propagation,
    )
    return scripts.with_entries(rules, document.scripts, counters.scripts, seed)


def _start_clock(world: World, document: StateDocument) -> VirtualClock:
    clock = projects.starting_clock(world.settings, world.real_now())
    if document.clock and document.clock.now is not None:
        clock = replace(clock, base_at=document.clock.now)
    if document.clock and document.clock.rate is not None:
        clock = replace(clock, rate=document.clock.rate)
    return clock


def _replace_endpoints(world: World, unit: Unit, document: StateDocument) -> None:
    engine.save(unit)
    unit.discard_simulation()
    queries.delete_endpoints(unit.connection, unit.project.key)
    traffic.delete_traffic(unit.connection, unit.project.key)
    unit.forget_routes, unit.routes = True, {}
    unit.taken = _names(document.endpoints)
    # Also where there are no endpoints: it knows when planned pools are due.
    engine.simulation(unit)
    for index, entry in enumerate(document.endpoints):
        try:
            if isinstance(entry, RoutedEntry):
                restoring.restore(world, unit, entry)
            else:
                entries.restore(world, unit, entry)
        except MockError as error:
            error.param = f"endpoints.{index}.{error.param}"
            raise


def _names(entries: Sequence[EndpointEntry | RoutedEntry]) -> set[str]:
    """The ids and names that a document gives.

    Raises:
        MockError: one of them stands there twice, or one of v2's deployments does.
    """
    seen: set[tuple[str, str]] = set()
    for index, entry in enumerate(entries):
        for kind, field, value in [
            ("id", "id", entry.id),
            ("name", "name", entry.name),
            *_deployment_ids(entry),
        ]:
            if value is None:
                continue
            if (kind, value) in seen:
                raise MockError(
                    "invalid_value",
                    param=f"endpoints.{index}.{field}",
                    detail=f"{value} stands twice in the document",
                )
            seen.add((kind, value))
    return {value for kind, value in seen if kind != "deployment"}


def _deployment_ids(entry: EndpointEntry | RoutedEntry) -> list[tuple[str, str, str | None]]:
    if isinstance(entry, EndpointEntry):
        # Whoever writes many endpoints copies one, and v1 never shows this id.
        return []
    return [
        ("deployment", f"deployments.{index}.id", given.id)
        for index, given in enumerate(entry.deployments)
    ]
