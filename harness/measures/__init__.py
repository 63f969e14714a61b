"""Measures: pure functions from a recording to a number, named for people, by subject.

Windows are half-open and in seconds of the run; a request belongs to the second in which it was
due, however late it was sent or answered. A measure that finds nothing to measure raises
`NoDataError`, so that its value is NaN and a person reads what was missing.
"""

from harness.measures.calls import (
    attempts_per_request,
    attempts_rps,
    calls_per_burst,
    failed_tries_ratio,
    first_good_call_s,
    largest_share,
    longest_silence_s,
    wasted_ratio,
)
from harness.measures.requests import (
    HEALTHY,
    answer_ratio,
    by_second,
    failed_ratio,
    failures,
    goodput_rps,
    late_ratio,
    latency_ms,
    mean_latency_ms,
    percentile_ms,
    quantile_of,
    recovery_s,
    success_ratio,
    told_after_s,
)
from harness.measures.work import executions_per_request

__all__ = [
    "HEALTHY",
    "answer_ratio",
    "attempts_per_request",
    "attempts_rps",
    "by_second",
    "calls_per_burst",
    "executions_per_request",
    "failed_ratio",
    "failed_tries_ratio",
    "failures",
    "first_good_call_s",
    "goodput_rps",
    "largest_share",
    "late_ratio",
    "latency_ms",
    "longest_silence_s",
    "mean_latency_ms",
    "percentile_ms",
    "quantile_of",
    "recovery_s",
    "success_ratio",
    "told_after_s",
    "wasted_ratio",
]
