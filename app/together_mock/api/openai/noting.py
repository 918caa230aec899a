"""Notes what came of requests: for analytics what was admitted, for the journal everything."""

from logging import DEBUG

from together_mock.api.guard import Message
from together_mock.api.openai.exchange import Exchange
from together_mock.api.recording import Recorder
from together_mock.api.telling import log, log_request
from together_mock.core.clock import stopwatch
from together_mock.core.errors import MockError
from together_mock.core.meter import Sample
from together_mock.services import metering
from together_mock.services.journal import SMALL, Record, journal_of
from together_mock.services.keeping import packed
from together_mock.services.measures import Measures
from together_mock.services.projects import Project
from together_mock.services.world import World


def note_end(world: World, project: Project, exchange: Exchange, sample: Sample | None) -> None:
    """Note an answer, or without one that the client has gone before it was sent."""
    admitted, exchange.admitted = exchange.admitted, None
    if admitted is not None and sample is not None:
        metering.answered(world, project, admitted.target, admitted.at, sample)
    elif admitted is not None:
        metering.abandoned(world, project, admitted.target, admitted.at)


def note_refusal(world: World, project: Project, exchange: Exchange, error: MockError) -> None:
    """Note an error that is the answer to a request, if it had been admitted."""
    admitted, client = exchange.admitted, exchange.client
    if admitted is None:
        return
    if client is not None and not client.waits and not client.dismissed:
        # Whatever the error is, nobody is told of it.
        note_end(world, project, exchange, None)
    else:
        metering.refused(world, project, admitted.target, admitted.at, error)


async def send_whole(world: World, exchange: Exchange, head: Message, body: bytes) -> None:
    """Send an answer in one piece, noted in the journal before anybody has it."""
    note_whole(world.measures, exchange, head, body)
    await exchange.send(head)
    await exchange.send({"type": "http.response.body", "body": body})


def note_whole(measures: Measures, exchange: Exchange, head: Message, body: bytes) -> None:
    """Count a request, and note it and its answer in one piece in its project's journal.

    The hot path: references to what is there anyway, and no names of fields.
    """
    project, raw, sent = exchange.project, exchange.raw, exchange.sent
    if exchange.recorder is not None:
        return
    scope, seconds = exchange.scope, stopwatch() - exchange.arrived
    measures.inference(scope["path"], head["status"], seconds)
    if log.isEnabledFor(DEBUG):
        log_request(project, ("POST", scope["path"]), head, exchange.lines, seconds)
    if project is None:
        return
    journal = project.journal or journal_of(project)
    journal.count = number = journal.count + 1
    target = sent.target if sent is not None else None
    record = (
        number,
        exchange.refused_at if sent is None else sent.at,
        "POST",
        path := scope["path"],
        query := scope["query_string"],
        told := packed(exchange.headers),
        raw,
        head,
        exchange.lines,
        body,
        seconds,
        exchange.refused_by if target is None else target.endpoint_id,
    )
    if len(path) + len(query) + len(told) + len(raw) + len(body) <= SMALL:
        journal.records.append(record)
    else:
        journal.add(Record(*record))


def record_parts(world: World, project: Project, exchange: Exchange) -> Recorder:
    """Have what is sent from now on noted part by part."""
    if exchange.recorder is None:
        recorder = Recorder(world, project, exchange.scope, exchange.receive, exchange.send)
        recorder.take_over(exchange.headers, exchange.raw)
        recorder.arrived = exchange.arrived
        exchange.recorder, exchange.send = recorder, recorder.send
        note_place(exchange)
    return exchange.recorder


def note_place(exchange: Exchange) -> None:
    """Tell what notes a request part by part where and when it was sent, or was refused."""
    recorder, sent = exchange.recorder, exchange.sent
    if recorder is None:
        return
    if sent is not None:
        recorder.at = sent.at
    target = sent.target if sent is not None else None
    recorder.endpoint = exchange.refused_by if target is None else target.endpoint_id
