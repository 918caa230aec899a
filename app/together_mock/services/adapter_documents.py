"""The part of the state document that is about the adapters of a deployment."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from together_mock.core.instants import to_exact_iso
from together_mock.services.fields import Entry, Instant
from together_mock.store.records import AdapterRecord

_LONGEST = 300


def _entry(value: Any) -> Any:
    return {"model": value} if isinstance(value, str) else value


class AdapterEntry(Entry):
    """An adapter; `model` is the name of the one of the document's models that it is.

    What is left out gets what adding it would give, `revision` the newest one that there is.
    """

    model: str = Field(min_length=1)
    id: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    revision: str | None = Field(default=None, min_length=1, max_length=_LONGEST)
    etag: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


# An entry, or the name of its model alone.
Adapter = Annotated[
    AdapterEntry, BeforeValidator(_entry, json_schema_input_type=str | AdapterEntry)
]


def show(name: str, adapter: AdapterRecord) -> dict[str, Any]:
    """An adapter as an entry; `name` is that of its model."""
    return {
        "model": name,
        "id": adapter.id,
        "revision": adapter.revision,
        "etag": adapter.etag,
        "created_at": to_exact_iso(adapter.created_at),
        "updated_at": to_exact_iso(adapter.updated_at),
    }
