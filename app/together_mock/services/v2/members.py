"""The deployments that an endpoint has or had, by the keys that its history knows them by."""

from functools import cached_property
from sqlite3 import Connection

import orjson

from together_mock.core.endpoint_events import Named
from together_mock.store import feed, fleet
from together_mock.store.records import EndpointRecord


class Members:
    """The deployments of an endpoint; those that were deleted are known by what tells of that."""

    def __init__(self, connection: Connection, endpoint: EndpointRecord) -> None:
        self._connection = connection
        self._endpoint = endpoint
        self._named: dict[int, Named | None] = {}

    def named(self, key: int) -> Named | None:
        """The deployment of a key; None for one that the endpoint never had in its present life."""
        if key not in self._named:
            self._named[key] = self._find(key)
        return self._named[key]

    def key_of(self, deployment_id: str) -> int | None:
        """The key of a deployment; None for one that the endpoint never had."""
        row = fleet.deployment_by_id(self._connection, self._endpoint.key, deployment_id)
        if row is not None:
            return row.key
        found = (key for key, named in self._deleted.items() if named.id == deployment_id)
        return next(found, None)

    def _find(self, key: int) -> Named | None:
        row = feed.deployment_by_key(self._connection, self._endpoint.key, key)
        if row is not None:
            return Named(row.id, f"{self._endpoint.name}/{row.name}")
        return self._deleted.get(key)

    @cached_property
    def _deleted(self) -> dict[int, Named]:
        endpoint = self._endpoint
        rows = feed.deletions(self._connection, endpoint.project_key, endpoint.id)
        notes = {row.deployment_key: orjson.loads(row.note or "{}") for row in rows}
        return {key: Named(note["id"], note["name"]) for key, note in notes.items()}
