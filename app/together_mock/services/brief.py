"""The common case of a chat in few steps: one question, no more asked of the answer than a limit.

What is said follows from plain values alone, and tests ask the same thing again and again. It is
what `services.generation` would say; a test holds the two against each other.
"""

from dataclasses import dataclass
from functools import lru_cache

from together_mock.core import messages, replies, sampling
from together_mock.core.answers import Usage
from together_mock.core.conversation import Conversation
from together_mock.core.requests import ChatRequest
from together_mock.services.generation import LEAST_CACHED
from together_mock.services.inference import Admitted
from together_mock.services.projects import Project
from together_mock.services.world import World

# Characters; longer questions are too big to be kept.
_SHORT = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Brief:
    """What is said in one choice; kept and compared by identity."""

    content: str
    finish_reason: str
    seed: int
    usage: Usage


def brief(world: World, project: Project, admitted: Admitted, request: ChatRequest) -> Brief | None:
    """What a model says that just answers a question at once; None where more is to be decided."""
    kind, facts = admitted.kind, project.facts
    if not request.simple or request.messages[1:] or kind is None or project.scripts:
        return None
    if kind.engine != "tie" or kind.reasoning != "none" or kind.type == "moderation":
        return None
    if not world.catalog.is_instant(facts.preset, facts.rules.inference):
        return None
    said = request.messages[0]
    content = said.get("content")
    if said.get("role") != "user" or not isinstance(content, str) or len(content) > _SHORT:
        return None
    if len(said) > len(("role", "content")):
        return None
    limit = request.options.max_tokens
    return _brief(facts.seed, admitted.model, kind.context_length, content, limit)


@lru_cache(maxsize=2048)
def _brief(
    project_seed: str, model: str, context: int, content: str, limit: int | None
) -> Brief | None:
    prompt = messages.prompt_tokens([{"role": "user", "content": content}])
    if prompt >= LEAST_CACHED or 0 < context < prompt + (limit or 1):
        return None
    pieces, ended = replies.compose(Conversation(model, model, content, turn=1)), "stop"
    if limit is not None and limit < len(pieces):
        pieces, ended = pieces[:limit], "length"
    seed = sampling.sampled_seed(project_seed, prompt)
    return Brief("".join(pieces), ended, seed, Usage(prompt, len(pieces)))
