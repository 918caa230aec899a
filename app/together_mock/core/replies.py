"""What the fake model says: readable text, decided by the conversation, the model and a variant."""

from functools import lru_cache

from together_mock.core.conversation import Conversation
from together_mock.core.tokens import tokens

_QUOTED = 200
_RESULT_QUOTED = 2000
# Characters; longer texts are too big to be kept.
_SHORT = 1000

# The first of each is the plain answer; a seed or a further choice picks others.
_OPENINGS = (
    "You asked: {asked}",
    "Your question was {asked}.",
    "You said {asked}.",
    "Regarding {asked}:",
    "You wanted to know about {asked}.",
    "About {asked}:",
    "Here is a reply to {asked}.",
    "On the subject of {asked}:",
)
_CLOSINGS = (
    "This is turn {turn} with {model}, as simulated by together-mock.",
    "It is turn {turn}, answered by {model} as simulated by together-mock.",
    "Turn {turn}, from {model} in together-mock's simulation.",
    "So says {model} on turn {turn}, simulated by together-mock.",
    "{model} replies on turn {turn}, by way of together-mock.",
    "A simulated answer of {model}, turn {turn}, from together-mock.",
    "In turn {turn}, {model} as simulated by together-mock has no more to add.",
    "That was turn {turn} of {model}, simulated by together-mock.",
)
VARIANTS = len(_OPENINGS) * len(_CLOSINGS)

_THOUGHTS = (
    "The user says {asked}.",
    "This is turn {turn} of the conversation.",
    "I should quote what was asked, so that whoever reads the answer can tell what it is for.",
    "I should also name the model, which is {model}.",
    "A single sentence for each of these will do.",
    "Nothing else is known to a simulated model, so nothing else should be said.",
)
# How many thoughts an effort is worth.
_EFFORTS = {"minimal": 1, "low": 1, "medium": 3, "high": len(_THOUGHTS)}


def compose(conversation: Conversation, variant: int = 0) -> tuple[str, ...]:
    """The reply to a conversation, in tokens: says what was asked, and by which model."""
    _, model, asked, turn, result, media = conversation
    if result is not None:
        return _found(model, result, turn)
    composed = _composed_of_short if len(model) + len(asked) <= _SHORT else _composed
    return composed(model, asked, turn, media, variant)


def _composed(model: str, asked: str, turn: int, media: str, variant: int) -> tuple[str, ...]:
    opening = _OPENINGS[variant % len(_OPENINGS)]
    closing = _CLOSINGS[variant // len(_OPENINGS) % len(_CLOSINGS)]
    quoted = _quoted(asked, _QUOTED) + (f" (with {media})" if media else "")
    said = opening.format(asked=quoted), closing.format(turn=turn, model=model)
    return tokens(" ".join(said))


_composed_of_short = lru_cache(maxsize=2048)(_composed)


def _found(model: str, result: str, turn: int) -> tuple[str, ...]:
    closing = _CLOSINGS[0].format(turn=turn, model=model)
    return tokens(f"The tool answered: {_quoted(result, _RESULT_QUOTED)} {closing}")


def think(conversation: Conversation, effort: str) -> str:
    """The thoughts before a reply; more of them for a higher effort."""
    count = _EFFORTS.get(effort, _EFFORTS["medium"])
    asked = _quoted(conversation.last_user, _QUOTED)
    return " ".join(_THOUGHTS[:count]).format(
        asked=asked, turn=conversation.turn, model=conversation.model
    )


def _quoted(text: str, most: int) -> str:
    # As many words make more characters than are quoted; the rest of a huge text stays as it is.
    plain = " ".join(text.split(None, most)[:most])
    if len(plain) > most:
        plain = plain[:most].rstrip() + "..."
    return f'"{plain}"'
