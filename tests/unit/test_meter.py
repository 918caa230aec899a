"""The meter: what is noted adds up, and percentiles are what they say, to one per cent."""

import math
from itertools import pairwise
from random import Random

import pytest
from together_mock.core.answers import Usage
from together_mock.core.clock import MINUTE, SECOND
from together_mock.core.meter import (
    Durations,
    Measure,
    Sample,
    Span,
    Tally,
    Totals,
    Traffic,
    milliseconds,
    step_of,
    whole_minutes,
)


def totals_of(*tallies):
    """What some tallies come to."""
    made = Totals()
    for tally in tallies:
        for cell, amount in tally.amounts().items():
            made.add(cell, amount)
    return made


def durations_of(seconds):
    made = Durations()
    for one in seconds:
        made.steps[step_of(one)] = made.steps.get(step_of(one), 0) + 1
    return made


@pytest.mark.parametrize("seconds", [1e-5, 3e-5, 0.001, 0.05, 0.25, 1.0, 7.3, 600.0, 1e6])
def test_a_step_stands_for_its_durations(seconds):
    """To one per cent."""
    assert milliseconds(step_of(seconds)) == pytest.approx(1000 * seconds, rel=0.01)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 9e-6])
def test_what_takes_no_time_is_told_as_none(seconds):
    """Nothing is shorter than ten microseconds but that."""
    assert milliseconds(step_of(seconds)) == 0.0


def test_steps_go_up_with_the_durations():
    """No longer duration is in a lower step, and two that differ much are never in one."""
    durations = [1e-5 * 1.01**power for power in range(2000)]
    steps = [step_of(one) for one in durations]
    assert steps == sorted(steps)
    assert all(step_of(one * 1.05) > step_of(one) for one in durations)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_percentiles_are_those_of_the_durations(share):
    """By the nearest rank, whatever the durations are."""
    random = Random(7)
    durations = sorted(random.lognormvariate(-2, 1.5) for _ in range(997))
    exact = durations[math.ceil(share * len(durations)) - 1]
    assert durations_of(durations).percentile(share) == pytest.approx(1000 * exact, rel=0.01)


def test_percentiles_of_few_durations():
    """Of one it is that one, of ten the ninth; of none there is none."""
    assert durations_of([]).percentile(0.5) is None
    assert durations_of([0.2]).percentile(0.99) == pytest.approx(200, rel=0.01)
    ten = durations_of([0.1 * number for number in range(1, 11)])
    told = [ten.percentile(share) for share in (0.5, 0.9, 0.91, 1.0)]
    assert told == pytest.approx([500, 900, 1000, 1000], rel=0.01)
    assert durations_of([0.0, 0.0, 0.3]).percentile(0.5) == 0.0


def test_a_tally_adds_up():
    """Answers at once, answers that took their time, and refusals."""
    tally = Tally()
    for _ in range(3):
        tally.answered_at_once(Usage(10, 5))
    tally.answered_at_once(Usage(30, 1, cached=20))
    tally.answered(Sample(Usage(7, 2, cached=4), 0.5, 0.1, 0.2))
    tally.answered(Sample(Usage(9, 0)))
    tally.refused(503, "routing_error")
    tally.refused(400, "invalid_request_error")
    tally.refused(400, "model_not_available")
    made = totals_of(tally)
    assert made.statuses == {200: 6, 400: 2, 503: 1}
    assert (made.requests, made.successful, made.failed) == (9, 6, 3)
    assert made.errors == {
        "routing_error": 1,
        "invalid_request_error": 1,
        "model_not_available": 1,
    }
    assert made.tokens == {Measure.INPUT: 76, Measure.OUTPUT: 18, Measure.CACHED: 24}
    counts = {name: sum(taken.steps.values()) for name, taken in made.durations.items()}
    # Nothing was generated for one of the answers.
    assert counts == {Measure.LATENCY: 6, Measure.TTFT: 5, Measure.ITL: 5}


def test_an_empty_tally_has_no_amounts():
    """So that nothing is stored of it."""
    assert Tally().amounts() == {}
    refused = Tally()
    refused.refused(400, "x")
    assert set(refused.amounts()) == {(Measure.STATUS, "400"), (Measure.ERROR, "x")}


def test_traffic_is_kept_by_endpoint_and_minute():
    """A minute begins with its first microsecond."""
    traffic = Traffic()
    for at in (0, MINUTE - 1, MINUTE, 5 * MINUTE):
        traffic.tally("a", at).answered_at_once(Usage(1, 1))
    traffic.tally("b", 0).refused(400, "x")
    assert {place: totals_of(tally).requests for place, tally in traffic.items()} == {
        ("a", 0): 2,
        ("a", 1): 1,
        ("a", 5): 1,
        ("b", 0): 1,
    }


def test_what_is_put_back_loses_nothing():
    """Two accounts of the same time come to what one would have come to."""
    random = Random(3)
    first, second, both = Traffic(), Traffic(), Traffic()
    for number in range(200):
        half = first if number < 120 else second
        place = random.choice("ab"), random.randrange(4) * MINUTE
        usage = Usage(random.randrange(50), random.randrange(50), cached=random.randrange(9))
        took = random.random()
        for traffic in (half, both):
            tally = traffic.tally(*place)
            if number % 3 == 0:
                tally.answered_at_once(usage)
            elif number % 3 == 1:
                tally.answered(Sample(usage, took, took / 2, took / 100))
            else:
                tally.refused(400 + number % 2, "x")
    first.extend(second)
    amounts = [
        {place: tally.amounts() for place, tally in traffic.items()} for traffic in (first, both)
    ]
    assert amounts[0] == amounts[1]


def test_a_time_range_is_of_whole_minutes():
    """The minutes that it lies in; one that is of whole minutes stays as it is."""
    assert whole_minutes(MINUTE + 1, 2 * MINUTE + 1) == Span(MINUTE, 3 * MINUTE)
    assert whole_minutes(MINUTE, 2 * MINUTE) == Span(MINUTE, 2 * MINUTE)
    assert Span(MINUTE, 3 * MINUTE).seconds == 120


def test_buckets_cover_a_time_range():
    """From its start on, the last one as long as it can be."""
    span = Span(10 * SECOND, 70 * SECOND)
    assert span.buckets(60 * SECOND) == [span]
    assert span.buckets(600 * SECOND) == [span]
    parts = span.buckets(25 * SECOND)
    assert [part.seconds for part in parts] == [25, 25, 10]
    assert (parts[0].start, parts[-1].end) == span
    assert all(one.end == other.start for one, other in pairwise(parts))
