"""A measure of this lab's own: which share of its time a service works for callers that left."""

from functools import partial

from harness.measures.waste import given_up_s
from harness.measures.windows import check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording
from services.tracing import Span


def late_share(callee: str, start_s: float, end_s: float) -> Measure:
    """Share of the time a callee spends on calls that lies after a call above it was given up.

    Each call counts for the time in which it lies within the window, and a callee that works on
    several at a time for the time of each: as many slots, or machines, are taken.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        served = [
            one
            for one in recording.spans
            if one.kind == "server" and one.callee == callee and _within(one, start_s, end_s)
        ]
        total_s = sum(_within(one, start_s, end_s) for one in served)
        if not total_s:
            raise NoDataError(f"{callee} worked on nothing in {start_s:g}-{end_s:g} s")
        # The calls above a call are in its trace. Looking at no other trace makes the plot, which
        # measures each second by itself, five times as fast.
        asked = {one.trace for one in served}
        given_up = given_up_s(one for one in recording.spans if one.trace in asked)
        late_s = sum(_within(one, max(start_s, given_up[one.span]), end_s) for one in served)
        return late_s / total_s

    return Measure(
        name=f"time of {callee} for nobody, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(late_share, callee),
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
        is_share=True,
    )


def _within(span: Span, start_s: float, end_s: float) -> float:
    return max(0.0, min(span.end_s, end_s) - max(span.start_s, start_s))
