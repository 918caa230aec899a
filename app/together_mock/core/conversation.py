"""A conversation as rules see it: which model is asked, what was said last, how far it is."""

from typing import NamedTuple


class Conversation(NamedTuple):
    """What of a chat or completion request decides the answer's text.

    `asked` is the model's name as the client wrote it, `model` the catalogue model behind it.
    `turn` counts the user's messages. `tool_result` is the text of the tool messages that end the
    conversation, None when it does not end with one. `media` names what came with the last message
    of the user, such as "2 images".
    """

    asked: str
    model: str
    last_user: str
    turn: int
    tool_result: str | None = None
    media: str = ""
