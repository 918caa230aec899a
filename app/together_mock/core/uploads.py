"""The course of an upload job: closed-form in virtual time, from the instants that begin it.

Nothing is ever fetched. Whether an import fails is a matter of words in its source, or of a
profile. Statuses and the event type `download.started` are documented (together 3.1.1); the other
types, the messages and the words are inferred.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from together_mock.core import ids
from together_mock.core.lifecycle import Stage
from together_mock.core.profiles import JobStage

MAX_RESTARTS = 3
# The share of a job's whole time, in percent, for which it waits.
_WAITING_PERCENT = 10
# And the share of the rest in which files are fetched; what is left is validation.
_FETCHING_PERCENT = 80
_TOLD_AT = (25, 50, 75)


class Status(StrEnum):
    """Where a job stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ERROR = "ERROR"


# v1's words, of which there are fewer.
V1_STATUSES = {
    Status.PENDING: "Queued",
    Status.RUNNING: "Running",
    Status.SUCCEEDED: "Complete",
    Status.FAILED: "Failed",
    Status.ERROR: "Failed",
}


@dataclass(frozen=True)
class Failure:
    """How an import ends that does not succeed; `word` in the source calls for it."""

    word: str
    status: Status
    message: str


FAILURES = {
    "not_found": Failure("not-found", Status.FAILED, "The source does not exist"),
    "gated": Failure(
        "gated", Status.FAILED, "Access to the source is restricted; give a token that may read it"
    ),
    "corrupt": Failure(
        "corrupt", Status.FAILED, "Validation failed: a weight file is cut short or damaged"
    ),
    "unavailable": Failure(
        "unavailable",
        Status.ERROR,
        f"The source could not be reached; given up after {MAX_RESTARTS} restarts",
    ),
}


@dataclass(frozen=True)
class Job:
    """An upload job; an instant that is None never comes.

    `failure` is one of FAILURES, which its source calls for; `reason` is why a profile fails it.
    """

    id: str
    model_id: str
    remote_url: str
    revision: str
    failure: str | None
    reason: str | None
    created_at: int
    running_at: int | None
    ends_at: int | None


@dataclass(frozen=True)
class Happening:
    """One event of a job's course; `number` counts from 0."""

    number: int
    at: int
    level: str
    type: str
    message: str


@dataclass(frozen=True)
class Progress:
    """How far a job is at an instant."""

    status: Status
    message: str
    restarts: int
    updated_at: int


def outcome(remote_url: str, *, has_token: bool) -> str | None:
    """Which failure an import from a source comes to; None is success."""
    source = remote_url.lower()
    for name, failure in FAILURES.items():
        if name == "gated" and has_token:
            continue
        if re.search(rf"(?<![a-z0-9]){failure.word}(?![a-z0-9])", source):
            return name
    return None


def instants(
    stage: Stage | None, fraction: float, created_at: int
) -> tuple[int | None, int | None]:
    """When a job begins to run and when it ends, by a preset's stage and a draw in [0, 1)."""
    if stage is None:
        return None, None
    length = stage.length(fraction)
    return created_at + length * _WAITING_PERCENT // 100, created_at + length


def profiled(
    usual: tuple[int | None, int | None],
    waiting: JobStage | None,
    running: JobStage | None,
    fraction: float,
    created_at: int,
) -> tuple[int | None, int | None]:
    """The instants of a job by the stages of a profile, and by the `usual` ones where it has none.

    A stage without a length is never over.
    """
    began, ended = usual
    length = None if began is None or ended is None else ended - began
    if waiting is not None:
        began = _after(created_at, waiting, fraction)
    if running is not None:
        return began, None if began is None else _after(began, running, fraction)
    return began, None if began is None or length is None else began + length


def _after(at: int, stage: JobStage, fraction: float) -> int | None:
    return None if stage.stage is None else at + stage.stage.length(fraction)


def failure_of(job: Job) -> Failure | None:
    """How a job fails, if it does: by its source, or else for the reason that a profile has."""
    if job.failure is not None:
        return FAILURES[job.failure]
    return None if job.reason is None else Failure("", Status.FAILED, job.reason)


def milestones(job: Job, at: int | None) -> list[tuple[Status, int]]:
    """The statuses that a job has had by an instant, with their own; the last is its present one.

    None is the moment of its creation.
    """
    reached = [(Status.PENDING, job.created_at)]
    if at is None or job.running_at is None or at < job.running_at:
        return reached
    reached.append((Status.RUNNING, job.running_at))
    if job.ends_at is not None and at >= job.ends_at:
        failure = failure_of(job)
        reached.append((failure.status if failure else Status.SUCCEEDED, job.ends_at))
    return reached


def imported_at(job: Job) -> int | None:
    """The instant at which the job makes its revision; None is never."""
    return None if failure_of(job) else job.ends_at


def is_imported(job: Job, at: int) -> bool:
    """Whether the job has made its revision by an instant."""
    made_at = imported_at(job)
    return made_at is not None and made_at <= at


def progress(job: Job, at: int | None) -> Progress:
    """How far a job is at an instant; None is the moment of its creation, before anything else."""
    told = happenings(job, at)
    last = told[-1]
    restarts = sum(event.type == "upload.restarted" for event in told)
    return Progress(milestones(job, at)[-1][0], last.message, restarts, last.at)


def happenings(job: Job, at: int | None) -> list[Happening]:
    """What has happened to a job by an instant, in order; None is the moment of its creation."""
    course = [(job.created_at, "INFO", "upload.created", "Waiting for an import worker")]
    if at is not None and job.running_at is not None:
        source = job.remote_url.partition("?")[0]
        course.append((job.running_at, "INFO", "download.started", f"Downloading {source}"))
        if job.ends_at is not None:
            course += _run(job, job.running_at, job.ends_at)
    return [
        Happening(number, when, level, type_, message)
        for number, (when, level, type_, message) in enumerate(course)
        # A clock that was set back may stand before the job was made.
        if at is None or when <= at or number == 0
    ]


def _run(job: Job, start: int, end: int) -> list[tuple[int, str, str, str]]:
    failure = failure_of(job)
    told: list[tuple[int, str, str, str]] = []
    if job.failure == "unavailable":
        told += [
            (
                start + (end - start) * number // (MAX_RESTARTS + 1),
                "WARN",
                "upload.restarted",
                f"The source did not answer; restart {number} of {MAX_RESTARTS}",
            )
            for number in range(1, MAX_RESTARTS + 1)
        ]
    if failure is None or job.failure == "corrupt":
        told += _fetched(start, start + (end - start) * _FETCHING_PERCENT // 100)
    if failure is None:
        told.append((end, "INFO", "validation.succeeded", "Model files are valid"))
        told.append((end, "INFO", "upload.succeeded", f"Imported as revision {job.revision}"))
    else:
        if job.failure == "corrupt":
            told.append((end, "ERROR", "validation.failed", failure.message))
        told.append((end, "ERROR", "upload.failed", failure.message))
    return told


def _fetched(start: int, end: int) -> list[tuple[int, str, str, str]]:
    told = [
        (
            start + (end - start) * percent // 100,
            "INFO",
            "download.progress",
            f"Downloaded {percent} % of the files",
        )
        for percent in _TOLD_AT
    ]
    told.append((end, "INFO", "download.succeeded", "Downloaded every file"))
    return [*told, (end, "INFO", "validation.started", "Validating model files")]


def event_id(job: Job, number: int) -> str:
    """The id of an event of a job."""
    return ids.prefixed("evt", job.id, number)
