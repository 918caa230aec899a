"""What a model's name, source and description say of it, where nobody else does.

Nothing is ever fetched, so a size is a matter of words: `8x7B`, `70b`, `335M`. Grade: ours.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SIZE = re.compile(r"(?<![a-z0-9.])(?:(\d{1,3})x)?(\d{1,4}(?:\.\d{1,3})?)([bm])(?![a-z0-9])")
_PER = {"b": 1.0, "m": 0.001}
LONGEST_SOURCE = 4096

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_URL = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?([/?#]\S*)?")
_BUCKET = re.compile(r"s3://[A-Za-z0-9][A-Za-z0-9.-]*/\S+")
_HUB = re.compile(r"https://(?:www\.)?huggingface\.co/([^/?#]+/[^/?#]+)", re.IGNORECASE)
_USER = re.compile(r"^([A-Za-z0-9+.-]+://)[^/@]*@")
# Words of so few letters stand alone; longer ones may go on.
_SHORT = 4
HUGGING_FACE = "huggingface"
ARCHIVE = "remote_archive"


@dataclass(frozen=True)
class Vocabulary:
    """Words that tell what a model is: of which type, or of one that cannot be deployed."""

    types: tuple[tuple[str, str], ...]
    supported: tuple[str, ...]
    unsupported: tuple[str, ...]
    usual_type: str
    usual_billions: float


def is_source(text: str, *, bucket: bool = False) -> bool:
    """Whether files can be imported from there: an https URL or `org/repository`.

    With `bucket`, `s3://bucket/key` as well.
    """
    if len(text) > LONGEST_SOURCE:
        return False
    known = _URL.fullmatch(text) or _REPOSITORY.fullmatch(text)
    return bool(known or (bucket and _BUCKET.fullmatch(text)))


def kind_of(source: str) -> str:
    """`huggingface` for a repository of the hub, by id or by URL; else `remote_archive`."""
    return HUGGING_FACE if repository_of(source) else ARCHIVE


def repository_of(source: str) -> str | None:
    """The repository of the hub that a source names, as `org/repository`."""
    if _REPOSITORY.fullmatch(source):
        return source
    found = _HUB.match(source)
    return found[1] if found else None


def without_secrets(source: str) -> str:
    """A source without what may sign it: a presigned URL lets anyone in who has it whole."""
    return _USER.sub(r"\1", re.split(r"[?#]", source, maxsplit=1)[0])


def billions(texts: Iterable[str]) -> float | None:
    """How many billion parameters the first text says that says any; None where none does."""
    for text in texts:
        found = _SIZE.search(re.sub(r"[_/\s-]+", " ", text.lower()))
        if found is not None:
            each = float(found[2]) * _PER[found[3]]
            total = each * int(found[1] or 1)
            if total:
                return round(total, 6)
    return None


def type_of(vocabulary: Vocabulary, texts: Sequence[str]) -> str:
    """The type of a model by the words in what is said of it."""
    for word, kind in vocabulary.types:
        if any(_has(word, text) for text in texts):
            return kind
    return vocabulary.usual_type


def unsupported_word(vocabulary: Vocabulary, texts: Sequence[str]) -> str | None:
    """The word that says a model is of a type that cannot be uploaded."""
    words = vocabulary.unsupported
    return next((word for word in words if any(_has(word, text) for text in texts)), None)


def _has(word: str, text: str) -> bool:
    end = "(?![a-z])" if len(word) <= _SHORT else ""
    return re.search(rf"(?<![a-z0-9]){re.escape(word)}{end}", text.lower()) is not None
