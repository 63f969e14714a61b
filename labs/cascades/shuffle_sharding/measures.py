"""A measure of this lab's own: how often the first worker that is tried is a dead one."""

from functools import partial

from harness.measures.windows import check_called_by, requests_due, traces
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

TRACE_DIGITS = 16
"""How many of a trace's last digits are the number of its request."""


def first_try_failed_ratio(caller: str, path: str, start_s: float, end_s: float) -> Measure:
    """Share of the requests whose first call by a caller failed, 0 to 1.

    Of the requests due in a window whose path begins with one, and for which the caller has called
    somebody at all.
    """

    def compute(recording: Recording) -> float:
        due = traces(requests_due(recording, start_s, end_s, path))
        check_called_by(recording, caller)
        ends = [
            span.status
            for span in recording.spans
            if (span.kind, span.caller, span.attempt) == ("client", caller, 1)
            and span.trace[-TRACE_DIGITS:] in due
        ]
        if not ends:
            raise NoDataError(f"{caller} made no call for {path} due in {start_s:g}-{end_s:g} s")
        return sum(not status.startswith("2") for status in ends) / len(ends)

    return Measure(
        name=f"first tries that fail, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(first_try_failed_ratio, caller, path),
        reads=Reads(window=(start_s, end_s), hosts=(caller,), paths=(path,)),
        is_share=True,
    )
