"""Uploads in parts, and downloads, as the command line does them: plans, tags, and stand-ins.

Nothing of an upload is kept until it is complete. A part's tag, which the client hands back, has
its MD5 and its size; the URL of a part is signed, since nobody sends a key along with it.
Source: together 3.1.1, lib/cli/api/models; that a file which a model has already is skipped, that
hashes are checked, and that a download gives stand-ins of a few KB is inferred or ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from together_mock.core import ids, weights
from together_mock.core.errors import MockError
from together_mock.core.weights import File
from together_mock.services import model_views, models
from together_mock.services.model_views import Held, Revision
from together_mock.services.projects import Project
from together_mock.services.unit import Unit
from together_mock.services.world import World
from together_mock.store import models as store
from together_mock.store.records import ModelRecord

LONGEST_PATH = 1024


@dataclass(frozen=True)
class NewFile:
    """A file that is to be uploaded in so many parts; `hash` as `core.weights` builds it."""

    path: str
    hash: str
    parts: int


@dataclass(frozen=True)
class Part:
    """A part to be put: its number, from 1, and the signature in its URL."""

    number: int
    signature: str


@dataclass(frozen=True)
class PlannedFile:
    """What is to be put of a file; nothing of one that the model has already."""

    path: str
    upload_id: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class SentFile:
    """A file that was put: the tag of each part by its number, or nothing where it was skipped."""

    path: str
    hash: str
    upload_id: str | None
    tags: Mapping[int, str]


@dataclass(frozen=True)
class Download:
    """The files of a revision to be got; `size` and `hash` are of what is given for each."""

    revision: str
    files: tuple[File, ...]


def plan(
    world: World, project: Project, model_id: str, files: Sequence[NewFile]
) -> list[PlannedFile]:
    """What is to be put for a model's next revision.

    Raises:
        MockError: `v2_unknown_model`, `v2_bad_value`.
    """
    _check_paths([file.path for file in files])
    with world.read(project) as connection:
        record = models.owned(connection, project, model_id, "objectId")
    seed, known = project.facts.seed, _known(record)
    planned = []
    for file in files:
        if (file.path, file.hash) in known:
            planned.append(PlannedFile(file.path, None, ()))
            continue
        upload_id = _upload_id(seed, record, file.path, file.hash, file.parts)
        parts = tuple(
            Part(number, signature(seed, upload_id, number)) for number in range(1, file.parts + 1)
        )
        planned.append(PlannedFile(file.path, upload_id, parts))
    return planned


def signature(seed: str, upload_id: str, number: int) -> str:
    """What a part's URL proves with that it was given out here."""
    return ids.digest(seed, "part", upload_id, number).hex()


def is_signed(project: Project, upload_id: str, number: int, given: str) -> bool:
    """Whether a part's URL was given out by the project."""
    return signature(project.facts.seed, upload_id, number) == given


def complete(world: World, project: Project, model_id: str, files: Sequence[SentFile]) -> str:
    """Make a revision of what was put; its id.

    Raises:
        MockError: `v2_unknown_model`, `v2_bad_value`.
    """
    _check_paths([file.path for file in files])
    with world.write(project) as unit:
        record = models.owned(unit.connection, project, model_id, "objectId")
        known = _known(record)
        made = [
            _made(unit, record, known, file, f"files.{index}") for index, file in enumerate(files)
        ]
        files_by_path = tuple(sorted(made, key=lambda file: file.path))
        revision = Revision(
            ids.prefixed("rv", unit.facts.seed, unit.next_number()), unit.now, files_by_path
        )
        revisions = [*model_views.read_revisions(record.revisions), revision]
        written = model_views.write_revisions(revisions)
        store.update_model(unit.connection, record._replace(revisions=written, updated_at=unit.now))
        unit.stale.add(record.name)
    return revision.id


def _made(
    unit: Unit, record: ModelRecord, known: Mapping[tuple[str, str], File], sent: SentFile, at: str
) -> File:
    if sent.upload_id is None:
        file = known.get((sent.path, sent.hash))
        if file is None:
            detail = "may be skipped only where the model has the file already"
            raise MockError("v2_bad_value", param=f"{at}.skipUpload", detail=detail)
        return file
    count = len(sent.tags)
    expected = _upload_id(unit.facts.seed, record, sent.path, sent.hash, count)
    if sent.upload_id != expected or set(sent.tags) != set(range(1, count + 1)):
        detail = "is no upload of this file in these parts"
        raise MockError("v2_bad_value", param=f"{at}.uploadDetails.uploadId", detail=detail)
    parts = []
    for number in range(1, count + 1):
        tag = weights.read_part_tag(sent.tags[number])
        if tag is None:
            detail = f"the hash of part {number} is not the ETag that its PUT was answered with"
            raise MockError("v2_bad_value", param=f"{at}.uploadDetails.parts", detail=detail)
        parts.append(tag)
    if weights.whole_hash([digest for digest, _ in parts]) != sent.hash:
        detail = "is not the hash of what was uploaded"
        raise MockError("v2_bad_value", param=f"{at}.hash", detail=detail)
    return File(sent.path, sent.hash, sum(size for _, size in parts))


def download(held: Held, revision_id: str | None, paths: Sequence[str]) -> Download:
    """What is to be got of a revision, the latest unless one is named; all files or some.

    Raises:
        MockError: `v2_no_revisions`, `v2_unknown_item`.
    """
    revision = held.revision(revision_id)
    if revision is None:
        raise MockError("v2_no_revisions", param="objectId")
    by_path = {file.path: file for file in held.files(revision)}
    for path in paths:
        if path not in by_path:
            raise MockError("v2_unknown_item", param="paths", kind="File", id=path)
    chosen = dict.fromkeys(paths) or by_path
    return Download(revision.id, tuple(_given(revision, by_path[path]) for path in chosen))


def _given(revision: Revision, file: File) -> File:
    content = weights.stand_in(revision.id, file.path, file.size)
    return File(file.path, weights.hash_of(content), len(content))


def _known(record: ModelRecord) -> dict[tuple[str, str], File]:
    return {
        (file.path, file.hash): file
        for revision in model_views.read_revisions(record.revisions)
        for file in revision.files or ()
    }


def _upload_id(seed: str, record: ModelRecord, path: str, digest: str, parts: int) -> str:
    return ids.prefixed("upl", seed, record.id, path, digest, parts)


def _check_paths(paths: Sequence[str]) -> None:
    seen: set[str] = set()
    for index, path in enumerate(paths):
        param = f"files.{index}.path"
        steps = path.split("/")
        if len(path) > LONGEST_PATH or not all(steps) or {".", ".."} & set(steps) or "\0" in path:
            detail = "must be a path below the model's directory"
            raise MockError("v2_bad_value", param=param, detail=detail)
        if path in seen:
            raise MockError("v2_bad_value", param=param, detail="is named a second time")
        seen.add(path)
