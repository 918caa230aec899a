"""Texts that the fake model proposes: two readable words, or what a format looks like."""

import re
from base64 import b64encode
from collections.abc import Callable
from itertools import cycle
from string import ascii_lowercase, digits

from together_mock.structured.dice import Dice
from together_mock.structured.limits import LONGEST_DOCUMENT
from together_mock.structured.places import Place

_FIRST = (
    *("simulated", "sample", "amber", "bright", "calm", "clever", "early", "gentle"),
    *("golden", "little", "modern", "northern", "quiet", "rapid", "silver", "steady"),
)
_MORE = ("with", "another", "plain", "word", "about", "the", "same", "simple", "thing")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_]+")
_EMOJI = ("\U0001f680", "\U0001f600", "\U0001f31f", "\U0001f389")
_DIGITS = digits + ascii_lowercase
_LONGEST_NAME = 30


class Proposals:
    """What may stand as text at one place: the property's name says what it is about."""

    def __init__(self, place: Place, dice: Dice, path: str, name: str, count: int = 0) -> None:
        self._place = place
        self._dice = dice
        self._path = path
        self._name = _readable(name)
        self._count = count

    def fitting(self) -> list[str]:
        """Texts for what the schemas say about the place, the most fitting first."""
        place, dice, path = self._place, self._dice, self._path
        formats = [name for name in place.values("format") if name in _FORMATS]
        if formats:
            return [self._numbered(_FORMATS[name](dice, path)) for name in formats]
        first = word(dice, path)
        least, most = place.least("minLength"), place.most("maxLength", LONGEST_DOCUMENT)
        plain = f"{first} {self._name}"
        if "base64" in place.values("contentEncoding"):
            return [b64encode(plain.encode()).decode()]
        texts = self._counted(plain, least, most)
        texts.append(_fitted(plain if len(plain) <= most else first, least, most))
        if place.values("pattern"):
            both = re.sub(r"\W+", "-", plain)
            texts += [first, both, both.replace("-", "_"), first.capitalize(), first.upper()]
        return texts

    def _numbered(self, sample: str) -> str:
        """The sample of a format with the count after its word, if it has one."""
        first = word(self._dice, self._path)
        return sample.replace(first, f"{first}{self._count}", 1) if self._count else sample

    def _counted(self, plain: str, least: int, most: int) -> list[str]:
        """Texts that end with the count, or are nothing else, for an item of a set."""
        if not self._count:
            return []
        end = f" {self._count}"
        texts = [_fitted(plain, least - len(end), most - len(end)) + end] if most > len(end) else []
        return [*texts, str(self._count).rjust(least, "0"), _code(self._count).rjust(least, "0")]


def anything(dice: Dice, path: str) -> list[str]:
    """Texts of every kind: words, and what each known format looks like."""
    first, second = word(dice, path), word(dice, path, "second")
    phrases = [first, f"{first} {second}", f"{first}-{second}", f"{first.title()} {second.title()}"]
    return phrases + [propose(dice, path) for propose in _FORMATS.values()]


def _readable(name: str) -> str:
    """A property's name as words: `zipCode` and `zip_code` are both `zip code`."""
    return " ".join(_WORD.findall(name)).lower()[:_LONGEST_NAME].strip() or "text"


def singular(name: str) -> str:
    """What one item of an array is called that is called so."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name


def _code(count: int) -> str:
    """The count in as few letters and digits as there can be."""
    text = ""
    while count:
        count, digit = divmod(count, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text


def _fitted(text: str, least: int, most: int) -> str:
    """The text with as many words as the least length takes, cut at the most."""
    for more in cycle(_MORE):
        if len(text) >= least:
            break
        text = f"{text} {more}"
    return text[:most].rstrip().ljust(least, "x")


def word(dice: Dice, *place: object) -> str:
    """A word that may stand for anything."""
    return dice.pick(_FIRST, *place, "word")


def _date(dice: Dice, path: str) -> str:
    return f"2026-{1 + dice.roll(12, path, 'm'):02}-{1 + dice.roll(28, path, 'd'):02}"


def _time(dice: Dice, path: str) -> str:
    hour, rest = dice.roll(24, path, "h"), dice.roll(3600, path, "s")
    return f"{hour:02}:{rest // 60:02}:{rest % 60:02}Z"


def _page(dice: Dice, path: str) -> str:
    return f"https://example.com/{word(dice, path)}"


def _email(dice: Dice, path: str) -> str:
    return f"{word(dice, path)}@example.com"


def _host(dice: Dice, path: str) -> str:
    return f"{word(dice, path)}.example.com"


def _relative(dice: Dice, path: str) -> str:
    return f"/{word(dice, path)}"


# The networks are those that RFC 5737 and RFC 3849 set aside for examples.
_FORMATS: dict[str, Callable[[Dice, str], str]] = {
    "date-time": lambda dice, path: f"{_date(dice, path)}T{_time(dice, path)}",
    "date": _date,
    "time": _time,
    "emoji": lambda dice, path: dice.pick(_EMOJI, path, "emoji"),
    "duration": lambda dice, path: f"P{1 + dice.roll(30, path)}D",
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "uuid": lambda dice, path: dice.uuid(path),
    "ipv4": lambda dice, path: f"192.0.2.{1 + dice.roll(254, path)}",
    "ipv6": lambda dice, path: f"2001:db8::{1 + dice.roll(65535, path):x}",
    "uri": _page,
    "iri": _page,
    "uri-reference": _relative,
    "iri-reference": _relative,
    "uri-template": lambda dice, path: f"https://example.com/{{{word(dice, path)}}}",
    "json-pointer": _relative,
    "relative-json-pointer": lambda dice, path: f"0/{word(dice, path)}",
    "regex": lambda dice, path: f"^{word(dice, path)}$",
}
