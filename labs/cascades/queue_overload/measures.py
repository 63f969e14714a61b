"""A measure of this lab's own: the share of work done in time."""

from functools import partial

from harness.measures.windows import check_called, check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


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
