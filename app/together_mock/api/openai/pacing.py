"""Sends answers when they are due, in real time, and stops when nobody waits any more."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from together_mock.api.clients import Client
from together_mock.api.guard import Send

# As recorded before the first chunk of slow models (together-v1 reference, 5.3).
KEEP_ALIVE = b": keepalive\n\n"


class Paced(NamedTuple):
    """Parts of an answer: how many tokens come before each, when those are due, what it is.

    The first token is due `start` seconds after the request, every other `each` seconds later.

    Before the first is due, a comment is sent every `keep_alive` seconds, if it is to be.
    """

    places: Sequence[float]
    start: float
    each: float
    between: Callable[[int, int], bytes]
    keep_alive: float | None = None


async def send_paced(client: Client, send: Send, paced: Paced) -> bool:
    """Send each part at its instant; those that are due at one instant, or late, in one write.

    Gives whether all of it was sent: not where the client has gone, or is waited for no longer.
    """
    places, start, each = paced.places, paced.start, paced.each
    if paced.keep_alive is not None:
        await _keep_alive(client, send, start + each * places[0], paced.keep_alive)
    first, count = 0, len(places)
    while first < count:
        due = start + each * places[first]
        if not await client.stays(due):
            break
        now = max(due, client.elapsed())
        last = first + 1
        while last < count and start + each * places[last] <= now:
            last += 1
        body = paced.between(first, last)
        first = last
        await send({"type": "http.response.body", "body": body, "more_body": last < count})
    if first < count:
        # Cut off without [DONE], but as an end of the answer that HTTP knows.
        await send({"type": "http.response.body", "body": b""})
    return first == count


async def _keep_alive(client: Client, send: Send, until: float, every: float) -> None:
    """Send comments, which clients skip, while there is nothing else to send."""
    at = every
    while at < until and await client.stays(at):
        await send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
        at += every
