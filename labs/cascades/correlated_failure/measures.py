"""A measure of this lab's own: whether the second replica fails where the first one has failed."""

from functools import partial

from harness.measures.windows import check_called_by, requests_due, traces
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

TRACE_DIGITS = 16
"""How many of a trace's last digits are the number of its request."""


def second_fails_ratio(caller: str, start_s: float, end_s: float) -> Measure:
    """Share of a caller's second tries that fail, 0 to 1, for requests due in a window.

    A second try is made where the first has failed: if replicas fail independently, this is the
    share of all tries that fail, and else it is higher.
    """

    def compute(recording: Recording) -> float:
        due = traces(requests_due(recording, start_s, end_s))
        check_called_by(recording, caller)
        ends = [
            span.status
            for span in recording.spans
            if (span.kind, span.caller, span.attempt) == ("client", caller, 2)
            and span.trace[-TRACE_DIGITS:] in due
        ]
        if not ends:
            raise NoDataError(f"{caller} tried nothing twice for what was due in its window")
        return sum(not status.startswith("2") for status in ends) / len(ends)

    return Measure(
        name=f"second tries that fail, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(second_fails_ratio, caller),
        reads=Reads(window=(start_s, end_s), hosts=(caller,)),
        is_share=True,
    )
