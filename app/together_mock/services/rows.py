"""Between a deployment as a value and its row."""

from typing import Any

import orjson

from together_mock.core.deployment import Deployment, Label, Policy, Rules, Scaling
from together_mock.core.load import parse_curve
from together_mock.core.states import State
from together_mock.services.catalog import Catalog
from together_mock.store.records import DeploymentRecord, EndpointRecord

_NO_SCALING = Scaling()


def value_of(catalog: Catalog, endpoint: EndpointRecord, row: DeploymentRecord) -> Deployment:
    """A row as a value."""
    detail = orjson.loads(row.detail)
    hold, next_state = detail["hold_before"], detail["next_state"]
    sku = catalog.sku(row.hardware, row.config)
    return Deployment(
        key=row.key,
        id=row.id,
        endpoint_id=endpoint.id,
        endpoint_name=endpoint.name,
        model=row.model,
        hardware=row.hardware,
        zone=row.availability_zone,
        minimum=row.min_replicas,
        maximum=row.max_replicas,
        inactive_minutes=row.inactive_timeout,
        sku=sku,
        price=catalog.price_of(sku),
        label=Label(
            row.name,
            row.base,
            row.config,
            row.settings,
            row.etag,
            row.created_at,
            row.updated_at,
        ),
        patience=detail["patience"],
        state=State(row.state),
        since=row.since,
        steps=row.step_count,
        next_at=detail["next_at"],
        next_state=State(next_state) if next_state else None,
        next_cause=detail["next_cause"],
        cause=detail["cause"],
        struck=detail["struck"],
        hold_before=State(hold) if hold else None,
        arrived_at=detail["arrived_at"],
        waiting=bool(row.waiting),
        pool=row.pool,
        allocated=row.allocated,
        desired=row.desired_replicas,
        ready=row.ready_replicas,
        starting=[(at, count) for at, count in detail["starting"]],
        draining=[(at, count) for at, count in detail["draining"]],
        active_at=row.active_at,
        active_until=detail["active_until"],
        billed_at=detail["billed_at"],
        scaling=_scaling(detail["scaling"]),
    )


def _scaling(stored: dict[str, Any] | None) -> Scaling:
    if stored is None:
        return Scaling()
    curve, start = stored.pop("curve"), stored.pop("curve_start")
    return Scaling(
        curve=parse_curve(curve, start, "curve") if curve else None,
        seen=[(at, level) for at, level in stored.pop("seen")],
        moves=[(at, change) for at, change in stored.pop("moves")],
        up=rules_of(stored.pop("up")),
        down=rules_of(stored.pop("down")),
        **stored,
    )


def rules_of(stored: list[Any]) -> Rules:
    """The limits of one direction as they are stored: the selector, then the policies."""
    select, *policies = stored
    return Rules(tuple(Policy(*policy) for policy in policies), select)


def stored_rules(rules: Rules) -> list[Any]:
    """The limits of one direction, to be stored."""
    return [rules.select, *map(list, rules.policies)]


def row_of(value: Deployment, endpoint: EndpointRecord) -> DeploymentRecord:
    """A value as a row; an endpoint's key is its deployment's as well."""
    detail = {
        "next_at": value.next_at,
        "next_state": value.next_state,
        "next_cause": value.next_cause,
        "cause": value.cause,
        "patience": value.patience,
        "struck": value.struck,
        "hold_before": value.hold_before,
        "arrived_at": value.arrived_at,
        "starting": value.starting,
        "draining": value.draining,
        "active_until": value.active_until,
        "billed_at": value.billed_at,
        "scaling": None if value.scaling == _NO_SCALING else _stored(value.scaling),
    }
    return DeploymentRecord(
        key=value.key,
        project_key=endpoint.project_key,
        endpoint_key=endpoint.key,
        id=value.id,
        name=value.label.name,
        model=value.model,
        base=value.label.base,
        config=value.label.config,
        settings=value.label.settings,
        etag=value.label.etag,
        created_at=value.label.created_at,
        updated_at=value.label.updated_at,
        hardware=value.hardware,
        availability_zone=value.zone,
        min_replicas=value.minimum,
        max_replicas=value.maximum,
        inactive_timeout=value.inactive_minutes,
        state=value.state,
        since=value.since,
        step_count=value.steps,
        due_at=value.due_at(),
        active_at=value.active_at,
        waiting=value.waiting,
        pool=value.pool,
        allocated=value.allocated,
        desired_replicas=value.desired,
        ready_replicas=value.ready,
        detail=orjson.dumps(detail).decode(),
    )


def _stored(scaling: Scaling) -> dict[str, Any]:
    curve = scaling.curve
    return {
        "target": scaling.target,
        "up_window": scaling.up_window,
        "down_window": scaling.down_window,
        "up": stored_rules(scaling.up),
        "down": stored_rules(scaling.down),
        "follows_load": scaling.follows_load,
        "zero_window": scaling.zero_window,
        "moves": scaling.moves,
        "curve": curve.text if curve else None,
        "curve_start": curve.start if curve else None,
        "in_flight": scaling.in_flight,
        "level": scaling.level,
        "level_until": scaling.level_until,
        "diverged_at": scaling.diverged_at,
        "seen": scaling.seen,
        "decide_at": scaling.decide_at,
    }
