"""Measures of this lab's own: what the origin is asked for, and how long a miss takes."""

import math
from functools import partial

from harness.measures import series
from harness.measures.windows import check_called_by, check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

COUNTER, OF_ORIGIN = "routed_total", 'node="origin"'


def fetches() -> Measure:
    """Count how often caches have asked the origin for a page by the end of the run.

    By their counters, which began at 0 before the first visitor: a call that is under way when the
    run ends is in no trace, and a window from second 0 on would begin with the first sample, which
    comes up to half a second later on containers.
    """
    return Measure(name="requests at the origin", compute=_fetched, reads=Reads(metrics=(COUNTER,)))


def hit_ratio() -> Measure:
    """Share of all visitors for whom the origin was not asked, 0 to 1."""

    def compute(recording: Recording) -> float:
        if not recording.requests:
            raise NoDataError("there were no visitors")
        return 1 - _fetched(recording) / len(recording.requests)

    return Measure(
        name="hit ratio", compute=compute, reads=Reads(metrics=(COUNTER,)), is_share=True
    )


def miss_ms(edge: str, start_s: float, end_s: float) -> Measure:
    """Time that the quickest good answer takes to an edge that asks in a window, in milliseconds.

    It has waited for nothing on its way: a median of few calls may be of others alone.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called_by(recording, edge)
        took_s = [
            span.end_s - span.start_s
            for span in recording.spans
            if (span.kind, span.caller, span.status) == ("client", edge, "200")
            and start_s <= span.start_s < end_s
        ]
        if not took_s:
            raise NoDataError(
                f"{edge} got no good answer to what it asked in {start_s:g}-{end_s:g} s"
            )
        return 1000 * min(took_s)

    return Measure(
        name=f"the quickest miss in {edge}, {start_s:g}-{end_s:g} s",
        unit="ms",
        compute=compute,
        over=partial(miss_ms, edge),
        reads=Reads(window=(start_s, end_s), hosts=(edge,)),
    )


def _fetched(recording: Recording) -> float:
    counters = series.sampled(recording, COUNTER, OF_ORIGIN).values()
    known = [[value for value in one if not math.isnan(value)] for one in counters]
    return math.fsum(one[-1] for one in known if one)
