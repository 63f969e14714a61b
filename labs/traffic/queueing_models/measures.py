"""Measures of this lab's own: how long people stand in line, and how long all of it takes."""

from collections.abc import Callable
from statistics import fmean

from harness.measures.series import increase
from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

WAITED, CAME, STOOD = "waited_seconds_total", "came_total", "stood_total"


def mean_wait_ms(start_s: float, end_s: float) -> Measure:
    """Mean time in line of those who came between two whole seconds of the run."""
    waited_s = _for_each(WAITED, start_s, end_s)
    return Measure(
        name=f"mean wait, {start_s:g}-{end_s:g} s",
        unit="ms",
        compute=lambda recording: 1000 * waited_s(recording),
        over=mean_wait_ms,
        reads=Reads(window=(start_s, end_s), metrics=(WAITED, CAME)),
    )


def waiting_share(start_s: float, end_s: float) -> Measure:
    """Share of those who came between two whole seconds that found no free desk."""
    return Measure(
        name=f"people who wait, {start_s:g}-{end_s:g} s",
        compute=_for_each(STOOD, start_s, end_s),
        over=waiting_share,
        reads=Reads(window=(start_s, end_s), metrics=(STOOD, CAME)),
        is_share=True,
    )


def mean_time_ms(start_s: float, end_s: float) -> Measure:
    """Mean time from when a request was due until its answer, of those due in a window.

    One that is not answered by the end of the recording does not count.
    """

    def compute(recording: Recording) -> float:
        times_s = [one.latency_s for one in requests_due(recording, start_s, end_s) if one.good]
        if not times_s:
            raise NoDataError(f"no request due in {start_s:g}-{end_s:g} s had a good answer")
        return 1000 * fmean(times_s)

    return Measure(
        name=f"mean time, {start_s:g}-{end_s:g} s",
        unit="ms",
        compute=compute,
        over=mean_time_ms,
        reads=Reads(window=(start_s, end_s)),
    )


def _for_each(metric: str, start_s: float, end_s: float) -> Callable[[Recording], float]:
    """Give what computes a counter's gain for each of those who came meanwhile."""
    gained, came = (increase(name, int(start_s), int(end_s)) for name in (metric, CAME))

    def compute(recording: Recording) -> float:
        people = came.compute(recording)
        if not people:
            raise NoDataError(f"nobody came in {start_s:g}-{end_s:g} s")
        return gained.compute(recording) / people

    return compute
