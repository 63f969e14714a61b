"""Measures of this lab's own: how wide a gauge swings, and how long one swing takes."""

from functools import partial
from itertools import pairwise

from harness.measures.gauges import samples
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


def swing(metric: str, start_s: float, end_s: float) -> Measure:
    """Highest sample of a gauge in a window, less the lowest."""

    def compute(recording: Recording) -> float:
        found = samples(recording, metric, start_s, end_s)
        return max(found) - min(found)

    return Measure(
        name=f"swing of {metric}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(swing, metric),
        reads=Reads(window=(start_s, end_s), metrics=(metric,)),
    )


def swing_period_s(metric: str, level: float, start_s: float, end_s: float) -> Measure:
    """Mean time between a gauge's ways up through a level, in seconds.

    A way up lies between two samples in proportion to them. Without two of them there is no period.
    """

    def compute(recording: Recording) -> float:
        found = samples(recording, metric, start_s, end_s)
        ups = [
            second + (level - before) / (after - before)
            for second, (before, after) in enumerate(pairwise(found))
            if before < level <= after
        ]
        if len(ups) < 2:  # noqa: PLR2004 - a period lies between two
            raise NoDataError(f"{metric} did not go up through {level:g} twice in its window")
        return (ups[-1] - ups[0]) / (len(ups) - 1)

    return Measure(
        name=f"period of {metric}, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=partial(swing_period_s, metric, level),
        reads=Reads(window=(start_s, end_s), metrics=(metric,)),
    )
