"""Measures of this lab's own: how many calls are under way, and how long they wait for a slot."""

from functools import partial

from harness.measures.windows import check_called, check_window
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording


def calls_under_way(callee: str, start_s: float, end_s: float) -> Measure:
    """Mean number of calls to a callee that are under way in a window: L of Little's law.

    Each call counts for the time in which it lies within the window.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called(recording, (callee,))
        inside_s = sum(
            max(0.0, min(span.end_s, end_s) - max(span.start_s, start_s))
            for span in recording.spans
            if span.kind == "client" and span.callee == callee
        )
        return inside_s / (end_s - start_s)

    return Measure(
        name=f"calls to {callee} under way, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(calls_under_way, callee),
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
    )


def slot_wait_s(callee: str, start_s: float, end_s: float) -> Measure:
    """Mean time from a request's arrival at the caller to its call, of calls begun in a window.

    A call whose request is not answered by the end of the recording does not count.
    """

    def compute(recording: Recording) -> float:
        check_window(recording, start_s, end_s)
        check_called(recording, (callee,))
        came_s = {span.span: span.start_s for span in recording.spans if span.kind == "server"}
        waits_s = [
            span.start_s - came_s[span.parent]
            for span in recording.spans
            if span.kind == "client"
            and span.callee == callee
            and span.parent in came_s
            and start_s <= span.start_s < end_s
        ]
        if not waits_s:
            raise NoDataError(f"no call to {callee} began in {start_s:g}-{end_s:g} s")
        return sum(waits_s) / len(waits_s)

    return Measure(
        name=f"wait before a call to {callee}, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=partial(slot_wait_s, callee),
        reads=Reads(window=(start_s, end_s), callees=(callee,)),
    )
