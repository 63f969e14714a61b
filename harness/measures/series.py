"""Measures over the sampled metrics of services."""

import math
from collections.abc import Sequence
from itertools import pairwise, zip_longest

from harness.measures.windows import check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.model.names import nearest
from harness.recording import Recording, SeriesKey

STARTED = "process_start_time_seconds"
"""What a process tells of itself, as Prometheus' own clients do."""
SAMPLES = 2
"""How many samples of a counter it takes to see it grow."""


def increase(metric: str, start_s: int, end_s: int, *, labels: str = "") -> Measure:
    """Sum what a counter of all hosts gained from one second of the run to another.

    Only series whose labels contain `labels` count, such as `result="miss"`. A counter that starts
    again from 0 with its process loses nothing, also where it is past its old value by the next
    sample; what a process gained after its last sample is lost.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        window = slice(int(start_s), int(end_s) + 1)
        counters = sampled(recording, metric, labels)
        if all(len(_known(values[window])) < SAMPLES for values in counters.values()):
            raise NoDataError(f"fewer than two samples of {what} in {start_s:g}-{end_s:g} s")
        return math.fsum(
            gain(values[window], starts(recording, key.host)[window])
            for key, values in counters.items()
        )

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


def starts(recording: Recording, host: str) -> list[float]:
    """Give for each sample when the host's process had started; empty where it does not tell."""
    return recording.series.get(SeriesKey(host, STARTED, ""), [])


def gain(values: Sequence[float], starts: Sequence[float] = ()) -> float:
    """Sum the rises of a counter; after a fall, or a start of its process, it has begun at 0.

    `starts` says for each sample when the process that gave it had started: a counter that has
    begun again and is past its old value by the next sample has not fallen.
    """
    pairs = zip_longest(values, starts, fillvalue=math.nan)
    samples = [(value, start) for value, start in pairs if not math.isnan(value)]
    return math.fsum(
        after if after < before or _differ(started, starts_anew) else after - before
        for (before, started), (after, starts_anew) in pairwise(samples)
    )


def _differ(one: float, other: float) -> bool:
    return not (math.isnan(one) or math.isnan(other)) and one != other


def _known(values: list[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]
