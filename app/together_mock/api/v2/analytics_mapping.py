"""v2's wire shape of analytics. Counters are strings, as all its 64-bit integers."""

from typing import Any

from together_mock.api.v2.wire import instant
from together_mock.core.clock import DAY, MINUTE, SECOND
from together_mock.core.errors import MockError
from together_mock.core.instants import parse_duration, to_iso
from together_mock.core.meter import Durations, Measure, Span, Totals
from together_mock.services.v2.analytics import Analytics, Asked, Summary

_PERCENTILES = {"P50": 0.5, "P90": 0.9, "P99": 0.99}
_DURATIONS = {"ttft": Measure.TTFT, "latency": Measure.LATENCY, "itl": Measure.ITL}


def asked(
    *,
    deployment_id: str | None,
    start_time: str | None,
    end_time: str | None,
    granularity: str,
    series: bool,
    lenient: bool,
) -> Asked:
    """What analytics are asked for.

    Raises:
        MockError: `bad_instant`, `bad_duration`; `v2_bad_value` for a granularity that is none of
            whole minutes.
    """
    start = instant(start_time, "startTime") if start_time else None
    end = instant(end_time, "endTime") if end_time else None
    # The generated suites of SDKs send one instant twice, and a word in the place of a duration.
    if lenient and start == end:
        start = None
    return Asked(
        deployment=deployment_id or None,
        start=start,
        end=end,
        width=_width(granularity, lenient=lenient),
        series=series,
    )


def _width(granularity: str, *, lenient: bool) -> int:
    try:
        width = round(parse_duration(granularity, "granularity") * SECOND)
    except MockError:
        if not lenient:
            raise
        return DAY
    if width < MINUTE or width % MINUTE:
        detail = "must be one or more whole minutes, such as 1m, 1h or 1d"
        raise MockError("v2_bad_value", param="granularity", detail=detail)
    return width


def analytics(found: Analytics) -> dict[str, Any]:
    """The analytics of an endpoint."""
    common = {"endpointId": found.endpoint_id, "timeRange": _time_range(found.span)}
    parts = {
        id_: {"deploymentId": id_, **common, **_metrics(part.totals, found.span)}
        for id_, part in found.deployments.items()
    }
    return {
        **common,
        "metrics": {
            **common,
            **_metrics(found.whole.totals, found.span),
            "deploymentMetrics": list(parts.values()),
        },
        "deploymentAnalytics": [
            {
                "deploymentId": id_,
                **common,
                "metrics": parts[id_],
                **_series(found.buckets, part),
            }
            for id_, part in found.deployments.items()
        ],
        **_series(found.buckets, found.whole),
    }


def _time_range(span: Span) -> dict[str, str]:
    return {"startTime": to_iso(span.start), "endTime": to_iso(span.end)}


def _metrics(totals: Totals, span: Span) -> dict[str, Any]:
    return {
        "requestMetrics": {
            "totalRequests": str(totals.requests),
            "successfulRequests": str(totals.successful),
            "failedRequests": str(totals.failed),
            "requestsPerSecond": totals.requests / span.seconds,
            "requestsByStatusCode": _counters(totals.statuses),
        },
        "latencyMetrics": _latencies(totals),
        "tokenMetrics": _tokens(totals),
        "throughputMetrics": {
            "tokensPerSecond": totals.tokens.get(Measure.OUTPUT, 0) / span.seconds,
            "requestsPerSecond": totals.successful / span.seconds,
        },
        "errorMetrics": {
            "errorRate": _error_rate(totals),
            "errorsByType": _counters(totals.errors),
        },
    }


def _counters(counts: dict[Any, int]) -> dict[str, str]:
    return {str(name): str(count) for name, count in sorted(counts.items())}


def _error_rate(totals: Totals) -> float:
    """Failed requests as a percentage of all."""
    return 100 * totals.failed / totals.requests if totals.requests else 0.0


def _latencies(totals: Totals) -> dict[str, float]:
    """Percentiles in milliseconds; none where nothing was answered."""
    found = {
        f"{name}{percentile}Ms": totals.durations.get(measure, Durations()).percentile(share)
        for name, measure in _DURATIONS.items()
        for percentile, share in _PERCENTILES.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def _tokens(totals: Totals) -> dict[str, Any]:
    read, said = (totals.tokens.get(name, 0) for name in (Measure.INPUT, Measure.OUTPUT))
    tokens: dict[str, Any] = {"totalInputTokens": str(read), "totalOutputTokens": str(said)}
    if totals.successful:
        tokens["avgInputTokens"] = read / totals.successful
        tokens["avgOutputTokens"] = said / totals.successful
    return tokens


def _series(buckets: list[Span], summary: Summary) -> dict[str, Any]:
    if not buckets:
        return {}
    points = zip(buckets, summary.series, strict=True)
    return {
        "timeSeries": [
            {"timestamp": to_iso(bucket.start), "values": _values(totals, bucket)}
            for bucket, totals in points
        ]
    }


def _values(totals: Totals, bucket: Span) -> dict[str, float]:
    """The values of a bucket, named as the metrics are."""
    return {
        "totalRequests": totals.requests,
        "successfulRequests": totals.successful,
        "failedRequests": totals.failed,
        "requestsPerSecond": totals.requests / bucket.seconds,
        "totalInputTokens": totals.tokens.get(Measure.INPUT, 0),
        "totalOutputTokens": totals.tokens.get(Measure.OUTPUT, 0),
        "cachedInputTokens": totals.tokens.get(Measure.CACHED, 0),
        "tokensPerSecond": totals.tokens.get(Measure.OUTPUT, 0) / bucket.seconds,
        "errorRate": _error_rate(totals),
        **_latencies(totals),
    }
