"""Measures of the load's requests: good answers, failures, latency, and the time to recover."""

import math
from collections.abc import Iterable
from functools import partial
from statistics import fmean

from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording, Request

HEALTHY = 0.95
"""The share of good answers from which on a second counts as healthy."""


def success_ratio(start_s: float, end_s: float, *, path: str = "") -> Measure:
    """Good answers over requests due in a window, 0 to 1; of those whose path begins with one."""

    def compute(recording: Recording) -> float:
        due = requests_due(recording, start_s, end_s, path)
        return sum(one.good for one in due) / len(due)

    return Measure(
        name=f"good answers{_whose(path)}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(success_ratio, path=path),
        reads=_reads(start_s, end_s, path),
        is_share=True,
    )


def failed_ratio(start_s: float, end_s: float, *, path: str = "") -> Measure:
    """Count the requests without a good answer over those due in a window, 0 to 1."""
    good = success_ratio(start_s, end_s, path=path)

    def compute(recording: Recording) -> float:
        return 1 - good.compute(recording)

    return Measure(
        name=f"share of requests failed{_whose(path)}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(failed_ratio, path=path),
        reads=good.reads,
        is_share=True,
    )


def failures(start_s: float, end_s: float, *, path: str = "") -> Measure:
    """Count the requests due in a window that got no good answer: the blast radius."""

    def compute(recording: Recording) -> float:
        return sum(not one.good for one in requests_due(recording, start_s, end_s, path))

    return Measure(
        name=f"requests failed{_whose(path)}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(failures, path=path),
        reads=_reads(start_s, end_s, path),
    )


def answer_ratio(text: str, start_s: float, end_s: float, *, path: str = "") -> Measure:
    """Share of the requests due in a window whose answer contains a text, 0 to 1.

    The load must `keep_answers`, and the requests are those whose path begins with `path`.
    """

    def compute(recording: Recording) -> float:
        due = requests_due(recording, start_s, end_s, path)
        return sum(text in one.answer for one in due) / len(due)

    whose = f" from {path}" if path else ""
    return Measure(
        name=f"answers {text!r}{whose}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(answer_ratio, text, path=path),
        reads=Reads(window=(start_s, end_s), paths=(path,) if path else (), answers=True),
        is_share=True,
    )


def goodput_rps(start_s: float, end_s: float, *, path: str = "") -> Measure:
    """Good answers a second, over the requests due in a window."""

    def compute(recording: Recording) -> float:
        good = sum(one.good for one in requests_due(recording, start_s, end_s, path))
        return good / (end_s - start_s)

    return Measure(
        name=f"goodput{_whose(path)}, {start_s:g}-{end_s:g} s",
        unit="/s",
        compute=compute,
        over=partial(goodput_rps, path=path),
        reads=_reads(start_s, end_s, path),
    )


def late_ratio(limit_ms: float, start_s: float, end_s: float) -> Measure:
    """Share of the requests due in a window without a good answer within a time."""

    def compute(recording: Recording) -> float:
        due = requests_due(recording, start_s, end_s)
        return sum(not one.good or 1000 * one.latency_s > limit_ms for one in due) / len(due)

    return Measure(
        name=f"later than {limit_ms:g} ms, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(late_ratio, limit_ms),
        reads=Reads(window=(start_s, end_s)),
        is_share=True,
    )


def latency_ms(quantile: float, start_s: float, end_s: float, *, path: str = "") -> Measure:
    """Take a quantile of the good answers' latency, from the intended time on, in milliseconds."""

    def compute(recording: Recording) -> float:
        found = percentile_ms(requests_due(recording, start_s, end_s, path), quantile)
        if math.isnan(found):
            which = f"request{f' for {path}' if path else ''}"
            raise NoDataError(f"no {which} due in {start_s:g}-{end_s:g} s got a good answer")
        return found

    return Measure(
        name=f"p{100 * quantile:g} latency{_whose(path)}, {start_s:g}-{end_s:g} s",
        unit="ms",
        compute=compute,
        over=partial(latency_ms, quantile, path=path),
        reads=_reads(start_s, end_s, path),
    )


def mean_latency_ms(start_s: float, end_s: float) -> Measure:
    """Mean latency of the good answers, from the intended time on, of requests due in a window.

    One that has not been answered by the end of the recording does not count.
    """

    def compute(recording: Recording) -> float:
        times_s = [one.latency_s for one in requests_due(recording, start_s, end_s) if one.good]
        if not times_s:
            raise NoDataError(f"no request due in {start_s:g}-{end_s:g} s got a good answer")
        return 1000 * fmean(times_s)

    return Measure(
        name=f"mean latency, {start_s:g}-{end_s:g} s",
        unit="ms",
        compute=compute,
        over=mean_latency_ms,
        reads=Reads(window=(start_s, end_s)),
    )


def told_after_s(start_s: float, end_s: float) -> Measure:
    """Mean time from when a request was due until its error, of those due in a window.

    One that ended without any answer does not count.
    """

    def compute(recording: Recording) -> float:
        due = requests_due(recording, start_s, end_s)
        told = [one for one in due if one.status.isdigit() and not one.good]
        if not told:
            raise NoDataError(f"no request due in {start_s:g}-{end_s:g} s was told an error")
        return fmean(one.answered_s - one.intended_s for one in told)

    return Measure(
        name=f"time until an error, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=told_after_s,
        reads=Reads(window=(start_s, end_s)),
    )


def _whose(path: str) -> str:
    return f" of {path}" if path else ""


def _reads(start_s: float, end_s: float, path: str) -> Reads:
    return Reads(window=(start_s, end_s), paths=(path,) if path else ())


def recovery_s() -> Measure:
    """From the last fault's or surge's end to the first healthy second after the last sick one.

    Infinite when the last second with requests is sick. A second without requests is neither.
    """

    def compute(recording: Recording) -> float:
        if not (triggers := recording.triggers()):
            raise NoDataError("there was no fault or surge to recover from")
        end_s = max(one.end_s for one in triggers)
        if not any(recording.due(end_s, math.inf)):
            raise NoDataError(
                f"no request was due after the last trigger, which ended at {end_s:g} s"
            )
        return max(0.0, well_from_s(recording) - end_s)

    return Measure(name="time to recover", unit="s", compute=compute)


def well_from_s(recording: Recording) -> float:
    """Give the start of the first healthy second after the last sick one; infinite if none is.

    0 when no second is sick. Seconds without requests are neither healthy nor sick.
    """
    shares = by_second(recording)
    sick = [second for second, share in enumerate(shares) if share < HEALTHY]
    if not sick:
        return 0.0
    healthy = (second for second, share in enumerate(shares) if share >= HEALTHY)
    return next((float(second) for second in healthy if second > sick[-1]), math.inf)


def by_second(recording: Recording) -> list[float]:
    """Give the share of good answers for the requests due in each second; NaN where none was."""
    due = [0] * math.ceil(recording.duration_s)
    good = list(due)
    for request in recording.requests:
        due[int(request.intended_s)] += 1
        good[int(request.intended_s)] += request.good
    return [
        answered / asked if asked else math.nan for answered, asked in zip(good, due, strict=True)
    ]


def percentile_ms(requests: Iterable[Request], quantile: float) -> float:
    """Give a quantile of the good answers' latency, NaN when there are none."""
    return 1000 * quantile_of((one.latency_s for one in requests if one.good), quantile)


def quantile_of(values: Iterable[float], quantile: float) -> float:
    """Give a quantile (nearest rank), NaN of nothing."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    # Rounded first: 0.07 x 100 is a little more than 7 in binary.
    rank = max(0, math.ceil(round(quantile * len(ordered), 9)) - 1)
    return ordered[rank]
