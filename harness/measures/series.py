"""Measures over the sampled metrics of services."""

import math
from itertools import pairwise

from harness.measures.windows import check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.model.names import nearest
from harness.recording import Recording, SeriesKey

SAMPLES = 2
"""How many samples of a counter it takes to see it grow."""


def increase(metric: str, start_s: int, end_s: int, *, labels: str = "") -> Measure:
    """Sum what a counter of all hosts gained from one second of the run to another.

    Only series whose labels contain `labels` count, such as `result="miss"`. A counter that starts
    again from 0 with its process loses nothing; what a process gained after its last sample does.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        counters = sampled(recording, metric, labels).values()
        windows = [_known(values[start_s : end_s + 1]) for values in counters]
        if all(len(window) < SAMPLES for window in windows):
            raise NoDataError(f"fewer than two samples of {what} in {start_s:g}-{end_s:g} s")
        return math.fsum(gain(window) for window in windows)

    what = f"{metric}{{{labels}}}" if labels else metric
    return Measure(
        name=f"{what}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: increase(metric, int(start_s), int(end_s), labels=labels),
        reads=Reads(window=(start_s, end_s), metrics=(metric,)),
    )


def sampled(recording: Recording, metric: str, labels: str) -> dict[SeriesKey, list[float]]:
    """Give the series of a metric whose labels contain a text.

    Raises:
        NoDataError: no host has such a metric.

    """
    found = chosen(recording, metric, labels)
    if not found:
        of_it = [key.labels for key in recording.series if key.metric == metric]
        if of_it:
            raise NoDataError(f"no series of {metric} has labels with {labels}")
        known = {key.metric for key in recording.series}
        raise NoDataError(f"no host has a metric {metric!r}{nearest(metric, known)}")
    return found


def chosen(recording: Recording, metric: str, labels: str) -> dict[SeriesKey, list[float]]:
    """Give the series of a metric whose labels contain a text, if there are any."""
    return {
        key: values
        for key, values in recording.series.items()
        if key.metric == metric and labels in key.labels
    }


def gain(values: list[float]) -> float:
    """Sum the rises of a counter; after a fall it has begun again at 0."""
    return math.fsum(
        after - before if after >= before else after for before, after in pairwise(_known(values))
    )


def _known(values: list[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]
