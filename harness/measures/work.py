"""Measures of work: how often that of one request is done."""

from functools import partial

from harness.measures.windows import is_host_of, requests_due, traces
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

WORD = "/tied"
"""The route by which one host tells another that it has begun: no work of a request."""


def executions_per_request(service: str, start_s: float, end_s: float) -> Measure:
    """Count how often a service's hosts do the work of the requests due in a window, over these.

    Work for an answer that nobody waits for any more counts; a copy that was dropped does not.
    """

    def compute(recording: Recording) -> float:
        due = traces(requests_due(recording, start_s, end_s))
        words = {span.span for span in recording.spans if span.route == WORD}
        done = sum(
            span.kind == "server"
            and span.parent not in words
            and is_host_of(span.callee, service)
            and span.status.startswith("2")
            and span.trace[16:] in due
            for span in recording.spans
        )
        if not done:
            raise NoDataError(f"{service} did none of the requests due in {start_s:g}-{end_s:g} s")
        return done / len(due)

    return Measure(
        name=f"executions in {service} per request, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=partial(executions_per_request, service),
        reads=Reads(window=(start_s, end_s), hosts=(service,)),
    )
