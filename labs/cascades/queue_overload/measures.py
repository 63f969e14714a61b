"""Measures of this lab's own: the share of work done in time, and how soon others are told."""

from functools import partial
from statistics import fmean

from harness.measures.windows import check_called, check_window, requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


def told_after_s(start_s: float, end_s: float) -> Measure:
    """Mean time from when a request was due until its error, of those due in a window.

    One that ended without any answer does not count.
    """

    def compute(recording: Recording) -> float:
        due = requests_due(recording, start_s, end_s)
        told = [one for one in due if one.status.isdigit() and not one.good]
        if not told:
            raise NoDataError(f"no request due in {start_s:g}-{end_s:g} s was told an error")
        return fmean(one.answered_s - one.intended_s for one in told)

    return Measure(
        name=f"time until an error, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=told_after_s,
        reads=Reads(window=(start_s, end_s)),
    )


def in_time_ratio(callee: str, start_s: float, end_s: float) -> Measure:
    """Share of what a callee has done well that its caller waited for, of calls begun in a window.

    What it turns away does not count: that was no work.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called(recording, (callee,))
        done = {
            span.parent
            for span in recording.spans
            if span.kind == "server" and span.callee == callee and span.status.startswith("2")
        }
        answered = [
            span.status.startswith("2")
            for span in recording.spans
            if span.kind == "client" and span.span in done and start_s <= span.start_s < end_s
        ]
        if not answered:
            raise NoDataError(f"{callee} did no work for calls of {start_s:g}-{end_s:g} s")
        return sum(answered) / len(answered)

    return Measure(
        name=f"done in time by {callee}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(in_time_ratio, callee),
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
        is_share=True,
    )
