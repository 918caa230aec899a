"""Streams: as fast as they go, and at a pace."""

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from benchmarks.client import Load, timed_streams
from benchmarks.processes import bare, mock
from benchmarks.project import Project
from benchmarks.registry import Figure, benchmark

CONNECTIONS = 32
ROUNDS = 7
ROUND_SECONDS = 1.5
CHUNKS = 50
PARALLEL = 500
TOKENS_PER_SECOND = 50
TOKENS = 500


@benchmark
def streams() -> Iterator[Figure]:
    """Streams of 50 chunks without delay, beside an app that awaits each chunk."""
    with mock() as served, Project(served, "streams") as project:
        name = project.started_endpoint()
        # Role, pieces, end, [DONE].
        project.script(reply={"chunks": ["word "] * (CHUNKS - 3)})
        message = project.chat(name, stream=True)
        size = len(project.connection.send(message)) // CHUNKS
        with (
            bare(size, CHUNKS) as constant,
            Load(served.url, message, CONNECTIONS) as ours,
            Load(constant.url, message, CONNECTIONS) as theirs,
        ):
            rounds = range(ROUNDS + 1)
            rates = [(ours.rate(ROUND_SECONDS), theirs.rate(ROUND_SECONDS)) for _ in rounds][1:]
    shares = median(our / their for our, their in rates)
    yield Figure("streams: share of a bare app, an await a chunk", shares, above=3)
    yield Figure("streams: of 50 chunks", median(our for our, _ in rates), "/s")
    yield Figure("streams: bare app's", median(their for _, their in rates), "/s")


@benchmark
def paced() -> Iterator[Figure]:
    """500 parallel streams at 50 tokens a second each: how late the latest ends."""
    with mock() as served, Project(served, "paced") as project:
        name = project.started_endpoint()
        timing = {"tokens_per_second": TOKENS_PER_SECOND}
        project.script(reply={"chunks": ["x"] * TOKENS}, timing=timing)
        message = project.chat(name, stream=True)
        runs = timed_streams(served.url, message, PARALLEL)
    ideal = TOKENS / TOKENS_PER_SECOND
    yield Figure(
        "paced: latest end, in ideal times", max(run.seconds for run in runs) / ideal, below=1.05
    )
    yield Figure("paced: median end, in ideal times", median(run.seconds for run in runs) / ideal)
    late = max(run.arrivals[0] for run in runs)
    yield Figure("paced: latest start of 500 requests at once", late * 1e3, "ms")
    gaps = [after - before for run in runs for before, after in pairwise(run.arrivals)]
    yield Figure("paced: longest gap between arrivals", max(gaps) * 1e3, "ms")
