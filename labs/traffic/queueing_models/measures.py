"""Measures of this lab's own: how long people stand in line, and how many do."""

from collections.abc import Callable

from harness.measures.series import increase
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


def _for_each(metric: str, start_s: float, end_s: float) -> Callable[[Recording], float]:
    """Give what computes a counter's gain for each of those who came meanwhile."""
    gained, came = (increase(name, int(start_s), int(end_s)) for name in (metric, CAME))

    def compute(recording: Recording) -> float:
        people = came.compute(recording)
        if not people:
            raise NoDataError(f"nobody came in {start_s:g}-{end_s:g} s")
        return gained.compute(recording) / people

    return compute
