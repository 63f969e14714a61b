"""A measure of this lab's own: how long after a moment somebody still waits too long."""

from functools import partial

from harness.measures.windows import requests_due
from harness.model.expect import Measure, Reads
from harness.recording import Recording


def late_for_s(limit_ms: float, start_s: float, end_s: float) -> Measure:
    """From a window's start until the last request in it that is due and gets no quick answer.

    Quick is a good answer within the limit; 0 where all are.
    """

    def compute(recording: Recording) -> float:
        due = requests_due(recording, start_s, end_s)
        late = (one for one in due if not one.good or 1000 * one.latency_s > limit_ms)
        return max((one.intended_s - start_s for one in late), default=0.0)

    return Measure(
        name=f"later than {limit_ms:g} ms for, from {start_s:g} s",
        unit="s",
        compute=compute,
        over=partial(late_for_s, limit_ms),
        reads=Reads(window=(start_s, end_s)),
    )
