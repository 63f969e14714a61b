"""Gauges: the level of a sampled metric in a window, and the rate of a counter.

A gauge is summed over all hosts and series that fit, second by second; seconds in which no host
answered are left out.
"""

import math
from collections.abc import Callable, Sequence

from harness.measures.series import increase, sampled
from harness.measures.windows import check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


def level(metric: str, start_s: float, end_s: float, *, labels: str = "") -> Measure:
    """Mean of a gauge over the samples of a window, its end included."""
    return _gauge("mean", metric, (start_s, end_s), labels, _mean)


def peak(metric: str, start_s: float, end_s: float, *, labels: str = "") -> Measure:
    """Highest sample of a gauge in a window."""
    return _gauge("highest", metric, (start_s, end_s), labels, max)


def lowest(metric: str, start_s: float, end_s: float, *, labels: str = "") -> Measure:
    """Lowest sample of a gauge in a window."""
    return _gauge("lowest", metric, (start_s, end_s), labels, min)


def growth_rps(metric: str, start_s: float, end_s: float, *, labels: str = "") -> Measure:
    """Divide what a counter gains by the time it takes, between whole seconds of the run."""
    gained = increase(metric, int(start_s), int(end_s), labels=labels)

    def compute(recording: Recording) -> float:
        return gained.compute(recording) / (int(end_s) - int(start_s))

    return Measure(
        name=f"{_what(metric, labels)} a second, {start_s:g}-{end_s:g} s",
        unit="/s",
        compute=compute,
        over=lambda start_s, end_s: growth_rps(metric, start_s, end_s, labels=labels),
        reads=gained.reads,
    )


def samples(
    recording: Recording, metric: str, start_s: float, end_s: float, labels: str = ""
) -> list[float]:
    """Give the samples of a gauge in a window, summed over what fits.

    Raises:
        NoDataError: there is no such metric, or no sample of it in the window.

    """
    check_window(recording, start_s, end_s)
    end_s = min(end_s, recording.duration_s)
    columns = zip(*sampled(recording, metric, labels).values(), strict=False)
    window = list(columns)[math.ceil(start_s) : int(end_s) + 1]
    known = [[value for value in column if not math.isnan(value)] for column in window]
    found = [math.fsum(column) for column in known if column]
    if not found:
        raise NoDataError(f"no sample of {_what(metric, labels)} in {start_s:g}-{end_s:g} s")
    return found


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _gauge(
    word: str,
    metric: str,
    window: tuple[float, float],
    labels: str,
    take: Callable[[Sequence[float]], float],
) -> Measure:
    start_s, end_s = window

    def compute(recording: Recording) -> float:
        return take(samples(recording, metric, start_s, end_s, labels))

    return Measure(
        name=f"{word} {_what(metric, labels)}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: _gauge(word, metric, (start_s, end_s), labels, take),
        reads=Reads(window=(start_s, end_s), metrics=(metric,)),
    )


def _what(metric: str, labels: str) -> str:
    return f"{metric}{{{labels}}}" if labels else metric
