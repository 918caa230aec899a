"""A prompt cache: which beginnings of prompts an engine has seen, in blocks of text."""

from collections import OrderedDict
from hashlib import blake2b

# About 64 tokens; what is shorter than one is never cached.
BLOCK = 256


class PrefixCache:
    """Blocks by what leads up to and includes them; the longest unused are forgotten first."""

    def __init__(self, most: int = 8192) -> None:
        self._most = most
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def look(self, owner: str, text: str) -> int:
        """How many of a prompt's first characters were seen before; all are remembered."""
        if len(text) < BLOCK:
            return 0
        chain = blake2b(owner.encode("utf-8", "surrogatepass"), digest_size=12)
        found, hit = 0, True
        for start in range(0, len(text) - BLOCK + 1, BLOCK):
            chain.update(text[start : start + BLOCK].encode("utf-8", "surrogatepass"))
            block = chain.digest()
            hit = hit and block in self._seen
            found += BLOCK * hit
            self._remember(block)
        return found

    def _remember(self, block: bytes) -> None:
        self._seen[block] = None
        self._seen.move_to_end(block)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
