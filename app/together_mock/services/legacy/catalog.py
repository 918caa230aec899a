"""What the 2024 API publishes: the models for text, under ids of their own, and where they run.

Source: the 2024 documentation of dedicated endpoints; which model runs where is a rule of ours, in
`fixtures/eligibility.json`, and how chats are written down is in `fixtures/chat_configs.json`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from together_mock.core import ids
from together_mock.core.catalog import Eligibility, Hardware, Model
from together_mock.core.wildcards import is_like

if TYPE_CHECKING:
    from together_mock.services.catalog import Catalog

_TEXT = frozenset({"chat", "language", "code", "moderation", "embedding", "rerank"})


@dataclass(frozen=True)
class ChatConfig:
    """How a conversation is written down for a model: a Jinja template, and special tokens."""

    chat_template: str
    bos_token: str | None
    eos_token: str | None
    stop: tuple[str, ...]


class LegacyCatalog:
    """Models and their hardware as the 2024 API has them."""

    def __init__(self, catalog: "Catalog") -> None:
        self._catalog = catalog
        rule = catalog.read("eligibility.json")
        # A catalogue of one's own may have one rule for all.
        overhead = rule.get("legacy", rule)["overhead"]
        self._rule = Eligibility(overhead, frozenset(rule["gpu_types"]))
        families = catalog.read("chat_configs.json")["families"]
        self._families = [(row["models"], _chat_config(row)) for row in families]
        self.deployable = [model for model in catalog.models.values() if self.eligible(model)]
        self._names: dict[str, str] = {model_id(name): name for name in catalog.models}

    def name_of(self, reference: str) -> str:
        """The name of a model of the catalogue that is given by id; a name is what it is."""
        return self._names.get(reference, reference)

    def eligible(self, model: Model) -> list[Hardware]:
        """The hardware that a model can be deployed on; none where it is not one for text."""
        if model.type not in _TEXT:
            return []
        named = model.hardware or ()
        return [
            hardware
            for hardware in self._catalog.hardware.values()
            if hardware.id in named or self._rule.allows(model, hardware)
        ]

    def chat_config(self, model: Model) -> ChatConfig | None:
        """How conversations are written down for a model; None where it has none."""
        if model.type != "chat":
            return None
        name = model.id.lower()
        for patterns, config in self._families:
            if any(is_like(name, pattern) for pattern in patterns):
                return config
        return None


def model_id(name: str) -> str:
    """The id of a model, `model-<uuid4>`; it follows from the name alone."""
    return f"model-{ids.uuid4('', 'legacy-model', name)}"


def _chat_config(row: dict[str, Any]) -> ChatConfig:
    return ChatConfig(
        chat_template=row["chat_template"],
        bos_token=row["bos_token"],
        eos_token=row["eos_token"],
        stop=tuple(row["stop"]),
    )
