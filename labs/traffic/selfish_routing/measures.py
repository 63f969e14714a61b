"""A measure of this lab's own: how many times as long as before a trip takes."""

from functools import partial

from harness.measures import mean_latency_ms
from harness.model.expect import Measure, Reads
from harness.recording import Recording


def times_as_long(before: tuple[float, float], start_s: float, end_s: float) -> Measure:
    """Mean time of the trips due in a window, over that of an earlier window."""
    then, now = mean_latency_ms(*before), mean_latency_ms(start_s, end_s)

    def compute(recording: Recording) -> float:
        return now.compute(recording) / then.compute(recording)

    return Measure(
        name=f"mean trip, {start_s:g}-{end_s:g} s, over that of {before[0]:g}-{before[1]:g} s",
        compute=compute,
        over=partial(times_as_long, before),
        reads=Reads(window=(before[0], end_s)),
    )
