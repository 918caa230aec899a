"""Every generated value: a hash of (seed, kind, parts), so that no call shifts another's.

There is no shared generator. The same seed and the same calls give the same bytes everywhere.
"""

from hashlib import blake2b

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# A letter for each byte: some come up a little more often, which nobody can tell from an id.
_LETTERS = bytes(_BASE62[byte % 62] for byte in range(256))


def digest(seed: str, kind: str, *parts: object, size: int = 16) -> bytes:
    """The bytes that stand for one generated value."""
    text = "\x1f".join((seed, kind, *map(str, parts)))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


def fraction(seed: str, kind: str, *parts: object) -> float:
    """A number in [0, 1), for jitter."""
    return int.from_bytes(digest(seed, kind, *parts, size=8)) / 2**64


def uuid4(seed: str, kind: str, *parts: object) -> str:
    """A version 4 UUID, as in `endpoint-<uuid4>`."""
    raw = bytearray(digest(seed, kind, *parts))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def hex8(seed: str, kind: str, *parts: object) -> str:
    """Eight hex digits, as at the end of an endpoint's name."""
    return digest(seed, kind, *parts, size=4).hex()


def prefixed(prefix: str, seed: str, *parts: object) -> str:
    """A v2 id: the prefix and 22 base58 characters, as in `dep_CbzGdmn14t3HYrXXitmKaQ`."""
    return f"{prefix}_{_base58(digest(seed, prefix, *parts, size=20), 22)}"


def request_id(seed: str, number: int) -> str:
    """An inference answer's id in the form of 2025-26: base62{7}-base62{6}-hex16."""
    raw = blake2b(f"{seed}\x1frequest\x1f{number}".encode(), digest_size=21).digest()
    letters = raw[:13].translate(_LETTERS).decode()
    return f"{letters[:7]}-{letters[7:]}-{raw[13:].hex()}"


def _base58(raw: bytes, length: int) -> str:
    number = int.from_bytes(raw)
    letters = []
    for _ in range(length):
        number, rest = divmod(number, 58)
        letters.append(_BASE58[rest])
    return "".join(letters)
