"""Measures of this lab's own: how long a trip takes, and how many times as long as before."""

from functools import partial
from statistics import fmean

from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


def trip_ms(start_s: float, end_s: float) -> Measure:
    """Mean time of the trips due in a window that arrived, in milliseconds."""

    def compute(recording: Recording) -> float:
        arrived = [one for one in requests_due(recording, start_s, end_s) if one.good]
        if not arrived:
            raise NoDataError(f"no trip due in {start_s:g}-{end_s:g} s arrived")
        return 1000 * fmean(one.latency_s for one in arrived)

    return Measure(
        name=f"mean trip, {start_s:g}-{end_s:g} s",
        unit="ms",
        compute=compute,
        over=trip_ms,
        reads=Reads(window=(start_s, end_s)),
    )


def times_as_long(before: tuple[float, float], start_s: float, end_s: float) -> Measure:
    """Mean time of the trips due in a window, over that of an earlier window."""
    then, now = trip_ms(*before), trip_ms(start_s, end_s)

    def compute(recording: Recording) -> float:
        return now.compute(recording) / then.compute(recording)

    return Measure(
        name=f"mean trip, {start_s:g}-{end_s:g} s, over that of {before[0]:g}-{before[1]:g} s",
        compute=compute,
        over=partial(times_as_long, before),
        reads=Reads(window=(before[0], end_s)),
    )
