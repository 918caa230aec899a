"""Which names stand for secrets: the one list, for headers, fields and query parameters alike.

Names are compared without case and without anything but letters and digits, mostly by their ends:
`hf_token`, `X-HF-Token` and `token[]` are one kind of thing.
"""

import re
from functools import lru_cache
from urllib.parse import unquote

# Signs of a name that are looked at, from its end.
_LONGEST = 100
_ANYWHERE = re.compile(r"secret|credential|passw|passphrase|authorization")
_END = re.compile(r"(?:apikeys?|accesskeys?|privatekeys?|token|signature|cookie|pwd)\Z")
_WHOLE = frozenset({"sig", "bearer"})
# A key that is nothing but that is one where it is a parameter: in a URL, in a form.
_OF_PARAMETERS = frozenset({"key"})
# Tokens of pages, of texts and of their prices.
_NO_SECRET = re.compile(
    r"(?:page|next|continuation|per|input|output|prompt|completion|first|last|stop|new"
    r"|bos|eos|eot|pad|unk|sep|cls|mask|special)token\Z"
)
_OTHER = re.compile(r"[^a-z0-9]+")


def is_secret(name: str, *, is_parameter: bool = False) -> bool:
    """Whether the value of a header, a field or a parameter of this name is a secret."""
    return _is_secret(name[-_LONGEST:], is_parameter)


@lru_cache(maxsize=1024)
def _is_secret(name: str, is_parameter: bool) -> bool:
    plain = _OTHER.sub("", unquote(name).lower())
    if plain in _WHOLE or (is_parameter and plain in _OF_PARAMETERS):
        return True
    if _ANYWHERE.search(plain):
        return True
    return bool(_END.search(plain)) and not _NO_SECRET.search(plain)
