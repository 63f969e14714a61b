"""Measures over the sampled metrics of services."""

import math
from itertools import pairwise

from harness.model.expect import Measure
from harness.recording import Recording, SeriesKey


def increase(metric: str, start_s: int, end_s: int, *, labels: str = "") -> Measure:
    """Sum what a counter of all hosts gained from one second of the run to another.

    Only series whose labels contain `labels` count, such as `result="miss"`. A counter that starts
    again from 0 with its process loses nothing; what a process gained after its last sample does.
    """

    def of(recording: Recording) -> float:
        counters = chosen(recording, metric, labels).values()
        if not counters:
            return math.nan
        return math.fsum(gain(values[int(start_s) : int(end_s) + 1]) for values in counters)

    what = f"{metric}{{{labels}}}" if labels else metric
    return Measure(
        name=f"{what}, {start_s:g}-{end_s:g} s",
        of=of,
        over=lambda start_s, end_s: increase(metric, int(start_s), int(end_s), labels=labels),
    )


def chosen(recording: Recording, metric: str, labels: str) -> dict[SeriesKey, list[float]]:
    """Give the series of a metric whose labels contain a text."""
    return {
        key: values
        for key, values in recording.series.items()
        if key.metric == metric and labels in key.labels
    }


def gain(values: list[float]) -> float:
    """Sum the rises of a counter; after a fall it has begun again at 0."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(
        after - before if after >= before else after for before, after in pairwise(known)
    )
