"""Every statement on traffic: what was noted of inference requests, minute by minute."""

from collections.abc import Iterable
from sqlite3 import Connection
from typing import NamedTuple

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import SQLModel, col

from together_mock.store.prepared import Prepared
from together_mock.store.records import TrafficRecord
from together_mock.store.tables import TrafficRow

_TRAFFIC = SQLModel.metadata.tables["traffic"]
_NEW = insert(_TRAFFIC)
_ADD = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=[column.name for column in _TRAFFIC.primary_key],
        set_={"amount": _TRAFFIC.c.amount + _NEW.excluded.amount},
    )
)


def add_traffic(connection: Connection, rows: Iterable[TrafficRecord]) -> None:
    """Add to what was noted before."""
    _ADD.run_many(connection, rows)


class Amount(NamedTuple):
    """How much of a measure there was of a deployment in a part of a time range, by its number."""

    part: int
    deployment_key: int
    measure: str
    which: str
    amount: int


_SUMS = (
    "SELECT (minute - :since) / :width, deployment_key, measure, which, sum(amount) FROM traffic "
    "WHERE project_key = :project AND endpoint_id = :endpoint "
    "AND minute >= :since AND minute < :until GROUP BY 1, 2, 3, 4"
)


def sums(
    connection: Connection,
    project_key: int,
    endpoint_id: str,
    *,
    since: int,
    until: int,
    width: int,
) -> list[Amount]:
    """What there was of an endpoint in the minutes from one up to another, by parts of a width."""
    values = {
        "project": project_key,
        "endpoint": endpoint_id,
        "since": since,
        "until": until,
        "width": width,
    }
    return [Amount._make(row) for row in connection.execute(_SUMS, values)]


_DELETE = Prepared(delete(_TRAFFIC).where(col(TrafficRow.project_key) == bindparam("project")))


def delete_traffic(connection: Connection, project_key: int) -> None:
    """Forget a project's traffic."""
    _DELETE.run(connection, project=project_key)
